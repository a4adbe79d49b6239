//! Work on bytes that nobody vouches for, in child processes under limits: what hangs, bloats or kills
//! the work does so to a child, and the parent is told which limit it was.
//!
//! A child is the program itself, started again with a hidden verb. It limits itself before it takes a
//! byte, answers one question after the other over its pipes, and ends when its parent does. The parent
//! keeps a few children warm, waits for an answer as long as it is willing to, and takes no second
//! answer from a child that failed. What questions and answers say is up to the caller.

mod child;
mod confine;
mod pool;
mod post_mortem;
mod wire;

pub use child::serve;
pub use pool::{Answer, Pool, Program, Try};
pub use post_mortem::NoAnswer;

use std::time::Duration;

/// What one question may cost, and how long a child is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Memory beyond what the program takes before its first question.
    pub memory_bytes: u64,
    /// Seconds of computing for one question.
    pub cpu_seconds: u64,
    /// From the first byte of the question to the last of the answer.
    pub wall: Duration,
    /// Questions that one child answers.
    pub questions: u32,
    /// A child that once took more memory than this is not kept.
    pub keep_bytes: u64,
}
