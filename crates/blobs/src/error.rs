//! How storing and reading fail.

use std::io;

/// Why a blob could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// It has more bytes than allowed; nothing was stored.
    #[error("larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit that the caller gave.
        limit_bytes: u64,
    },
    /// The source failed or was cut off.
    #[error("reading what is sent")]
    Source(#[source] io::Error),
    /// The store failed.
    #[error("storing an original")]
    Store(#[source] anyhow::Error),
}

/// Why a blob could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// It does not exist.
    #[error("there is no original {0}")]
    Missing(String),
    /// Its bytes changed since they were stored.
    #[error("original {0} is corrupt: its bytes have another hash")]
    Corrupt(String),
    /// The store failed.
    #[error("reading original {0}")]
    Store(String, #[source] anyhow::Error),
}

impl PutError {
    /// A short name, for traces.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Source(_) => "source",
            Self::Store(_) => "store",
        }
    }
}

impl GetError {
    /// A short name, for traces.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing",
            Self::Corrupt(_) => "corrupt",
            Self::Store(..) => "store",
        }
    }
}
