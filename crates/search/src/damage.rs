//! Why what the index stores cannot be read.

use std::io;

use proto::{ConvertError, DecodeError};

/// Why a stored part cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DamageError {
    /// The compressed bytes are damaged.
    #[error("a part does not unpack")]
    Compression(#[from] io::Error),
    /// The bytes are no message of the expected kind.
    #[error("a part does not decode")]
    Encoding(#[from] DecodeError),
    /// The fact holds what this version of the program does not know.
    #[error("the fact is not understood")]
    Fact(#[from] ConvertError),
    /// The list of versions lacks the current one.
    #[error("the current version is not in the list of versions")]
    Versions,
}
