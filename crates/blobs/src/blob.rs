//! What the stores have in common: listings, names, and blocking work.

use std::io;
use std::time::SystemTime;

/// What is read, hashed and written at a time. Two chunks fit into the default `max_payload` of the bus of
/// 1 MiB, and it is four times the default chunk of its object store: fewer round trips.
pub(crate) const CHUNK_BYTES: usize = 512 << 10;

/// A blob in a listing; its bytes were not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name: the SHA-256 that it had when it was stored.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
    /// When it was stored.
    pub stored: SystemTime,
}

/// A blob that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256, 64 lower-case hex digits.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
    /// False where the same bytes were stored before.
    pub new: bool,
}

/// Runs blocking work on a thread for blocking work.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    Ok(tokio::task::spawn_blocking(work).await??)
}

/// Whether `text` can be the name of a blob.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
