//! The rules against data: their cases, their entries, their files, and laws.

mod case;
mod cases;
mod entries;
mod files;
mod laws;
mod print;
mod severities;

pub(crate) use case::report;
