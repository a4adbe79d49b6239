//! What the stores have in common: listings, names, and blocking work.

use std::io;
use std::time::SystemTime;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

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
    /// False where the same bytes were stored before, and still are.
    pub new: bool,
}

/// Reports that a stored copy was damaged, and is replaced by one that just arrived.
pub(crate) fn report_healed(sha256: &str) {
    tracing::warn!(
        gouji.original = sha256,
        "the stored original {sha256} was damaged: the copy that arrived now replaces it; check the disk"
    );
}

/// Hashes what is written to it.
pub(crate) struct HashWriter<'a>(pub(crate) &'a mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether bytes are those that `sha256` names.
pub(crate) async fn have_hash(bytes: &Bytes, sha256: &str) -> anyhow::Result<bool> {
    let hashed = bytes.clone();
    Ok(off_thread(move || Ok(HEXLOWER.encode(&Sha256::digest(&hashed)))).await? == sha256)
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
