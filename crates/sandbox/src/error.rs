//! Why a child gave no response: its request, or the machine.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;

use crate::Limits;
use crate::child::EXIT_PANICKED;

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SandboxError {
    /// The child used up its CPU time.
    #[error("reading took more than the limit cpu_seconds = {seconds}")]
    Cpu {
        /// The configured limit.
        seconds: u64,
    },
    /// The child did not respond in time, and computed for at least half of its CPU time: the request is
    /// too much for it.
    #[error(
        "reading did not end within the limit wall_seconds = {seconds}, of which it computed {cpu_ms} ms"
    )]
    Wall {
        /// The configured limit.
        seconds: u64,
        /// What the child computed meanwhile.
        cpu_ms: u64,
    },
    /// No fault of the request: the child did not respond in time because it hardly got to compute.
    #[error(
        "reading did not end within the limit wall_seconds = {seconds} and computed only {cpu_ms} ms: the \
         machine is overloaded or stood still"
    )]
    Starved {
        /// The configured limit.
        seconds: u64,
        /// What the child computed meanwhile.
        cpu_ms: u64,
    },
    /// The child made a system call that no reader needs, and the kernel ended it: the request may have
    /// taken over its reader.
    #[error("the reader made a forbidden system call")]
    Forbidden,
    /// The child asked for too much memory.
    #[error("reading wanted more than the limit memory_bytes = {bytes}")]
    Memory {
        /// The configured limit.
        bytes: u64,
    },
    /// The child panicked, overflowed its stack or aborted.
    #[error("the reader died: {how}")]
    Crashed {
        /// How it ended; quotes nothing of the request.
        how: String,
    },
    /// No fault of the request: no child could be started, or another process killed it.
    #[error("{0}")]
    Failed(String),
}

impl SandboxError {
    /// Its kind, in one word for metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Cpu { .. } => "cpu",
            Self::Wall { .. } => "wall",
            Self::Starved { .. } => "starved",
            Self::Forbidden => "forbidden",
            Self::Memory { .. } => "memory",
            Self::Crashed { .. } => "crashed",
            Self::Failed(_) => "failed",
        }
    }

    /// Name, with unit, and value of the limit that the child reached, if it reached one.
    pub fn limit(&self) -> Option<(&'static str, u64)> {
        match self {
            Self::Cpu { seconds } => Some(("cpu_seconds", *seconds)),
            Self::Wall { seconds, .. } | Self::Starved { seconds, .. } => Some(("wall_seconds", *seconds)),
            Self::Memory { bytes } => Some(("memory_bytes", *bytes)),
            Self::Crashed { .. } | Self::Forbidden | Self::Failed(_) => None,
        }
    }
}

/// A child that ran out of wall time, judged by what it computed meanwhile.
pub(crate) fn out_of_time(cpu: Duration, limits: &Limits) -> SandboxError {
    let (seconds, cpu_ms) = (limits.wall.as_secs(), u64::try_from(cpu.as_millis()).unwrap_or(u64::MAX));
    if 2 * cpu >= Duration::from_secs(limits.cpu_seconds) {
        SandboxError::Wall { seconds, cpu_ms }
    } else {
        SandboxError::Starved { seconds, cpu_ms }
    }
}

/// Finds the cause in the exit status and in what the Rust runtime prints before it aborts. The parent kills
/// a child only after the wall time and never asks for the cause then, so a SIGKILL comes from elsewhere.
pub(crate) fn cause(status: ExitStatus, stderr: &str, limits: &Limits) -> SandboxError {
    let crashed = |how: &str| SandboxError::Crashed { how: how.to_owned() };
    if status.code() == Some(EXIT_PANICKED.into()) {
        return crashed(stderr.trim());
    }
    let Some(signal) = status.signal().and_then(Signal::from_named_raw) else {
        return SandboxError::Failed(format!("a child ended with {status}: {}", stderr.trim()));
    };
    match signal {
        Signal::XCPU => SandboxError::Cpu { seconds: limits.cpu_seconds },
        Signal::ABORT if stderr.contains("memory allocation of ") => {
            SandboxError::Memory { bytes: limits.memory_bytes }
        }
        Signal::ABORT | Signal::SEGV if stderr.contains("has overflowed its stack") => {
            crashed("stack overflow")
        }
        // The kernel or the processor raises these for what the program itself does.
        Signal::ABORT | Signal::SEGV | Signal::BUS | Signal::ILL | Signal::FPE | Signal::TRAP => {
            crashed(&status.to_string())
        }
        Signal::SYS => SandboxError::Forbidden,
        _ => SandboxError::Failed(format!("a child was killed: {status}")),
    }
}
