#![doc = include_str!("../README.md")]

mod child;
mod confine;
mod confinement;
mod error;
mod pool;
#[cfg(target_os = "linux")]
mod seccomp;
mod wire;

use std::time::Duration;

pub use child::serve;
pub use confinement::Confinement;
pub use error::SandboxError;
pub use pool::{Attempt, Pool, Program, Response};

/// What one request may cost, and how long a child is reused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Memory beyond what the program takes before its first request.
    pub memory_bytes: u64,
    /// Seconds of CPU time for one request.
    pub cpu_seconds: u64,
    /// From the first byte of the request to the last of the response.
    pub wall: Duration,
    /// Requests that one child answers before another replaces it.
    pub requests: u32,
    /// A child whose peak memory exceeds this is not reused.
    pub reuse_bytes: u64,
    /// Whether the children compute only where no other process wants to (nice 19).
    pub background: bool,
}
