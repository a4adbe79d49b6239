//! The tests of the crate, in one binary.

#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod cells;
mod laws;
mod seeds;
mod version;
