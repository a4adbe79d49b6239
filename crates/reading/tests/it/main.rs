//! The tests of the crate, in one binary.

#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

mod cells;
mod identity;
mod laws;
mod merged;
mod seeds;
#[path = "../../../../tests/src/skip.rs"]
#[expect(unreachable_pub, reason = "it is public in `tests`, where it belongs")]
mod skip;
mod texts;
mod version;
