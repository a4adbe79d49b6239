//! The rules against data: one-line cases and laws.

mod case;
mod laws;
mod messages;
mod vectors;

pub(crate) use case::report;
