//! What a dead child died of: its question, or the machine.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::Signal;

use crate::Limits;
use crate::child::EXIT_PANICKED;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It computed for too long.
    #[error("reading took more than the limit cpu_seconds = {seconds}")]
    Cpu {
        /// The limit that was handed in.
        seconds: u64,
    },
    /// It took too long, whatever it did.
    #[error("reading did not end within the limit wall_seconds = {seconds}")]
    Wall {
        /// The limit that was handed in.
        seconds: u64,
    },
    /// It asked for too much memory.
    #[error("reading wanted more than the limit memory_bytes = {bytes}")]
    Memory {
        /// The limit that was handed in.
        bytes: u64,
    },
    /// It panicked, overflowed its stack or aborted.
    #[error("the reader died: {how}")]
    Crashed {
        /// Without a word of the document.
        how: String,
    },
    /// No fault of the question: no child could be started, or somebody killed it.
    #[error("{0}")]
    Failed(String),
}

impl NoAnswer {
    /// What it comes under, in one word.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Cpu { .. } => "cpu",
            Self::Wall { .. } => "wall",
            Self::Memory { .. } => "memory",
            Self::Crashed { .. } => "crashed",
            Self::Failed(_) => "failed",
        }
    }

    /// The limit that was reached, if it was one: its name with its unit, and its value.
    pub fn limit(&self) -> Option<(&'static str, u64)> {
        match self {
            Self::Cpu { seconds } => Some(("cpu_seconds", *seconds)),
            Self::Wall { seconds } => Some(("wall_seconds", *seconds)),
            Self::Memory { bytes } => Some(("memory_bytes", *bytes)),
            Self::Crashed { .. } | Self::Failed(_) => None,
        }
    }
}

/// Judges by how it ended and by what the runtime of Rust says before it aborts. What we kill for taking
/// too long never comes here, so that a SIGKILL is somebody else's.
pub(crate) fn cause(status: ExitStatus, last_words: &str, limits: &Limits) -> NoAnswer {
    let crashed = |how: &str| NoAnswer::Crashed { how: how.to_owned() };
    if status.code() == Some(EXIT_PANICKED.into()) {
        return crashed(last_words.trim());
    }
    let Some(signal) = status.signal().and_then(Signal::from_named_raw) else {
        return NoAnswer::Failed(format!("a child ended with {status}: {}", last_words.trim()));
    };
    match signal {
        Signal::XCPU => NoAnswer::Cpu { seconds: limits.cpu_seconds },
        Signal::ABORT if last_words.contains("memory allocation of ") => {
            NoAnswer::Memory { bytes: limits.memory_bytes }
        }
        Signal::ABORT | Signal::SEGV if last_words.contains("has overflowed its stack") => {
            crashed("stack overflow")
        }
        // What a kernel or a processor raises against what a program does.
        Signal::ABORT
        | Signal::SEGV
        | Signal::BUS
        | Signal::ILL
        | Signal::FPE
        | Signal::TRAP
        | Signal::SYS => crashed(&status.to_string()),
        _ => NoAnswer::Failed(format!("a child was killed: {status}")),
    }
}
