//! Blobs in the object store on the bus.

use std::time::SystemTime;

use bus::ObjectStore;
use futures::{Stream, TryStreamExt as _};
use tempfile::NamedTempFile;

use crate::blob::{CHUNK_BYTES, Listed, is_sha256, off_thread};

/// Uploads a complete file; false where the blob exists.
pub(crate) async fn upload(
    bucket: &ObjectStore,
    file: NamedTempFile,
    sha256: &str,
    size_bytes: u64,
) -> anyhow::Result<bool> {
    if bucket.exists(sha256).await? {
        return Ok(false);
    }
    // A read from a file fills the whole buffer, and the object store sends the result of one read as one chunk.
    let mut reader = tokio::fs::File::from_std(off_thread(move || file.reopen()).await?);
    reader.set_max_buf_size(CHUNK_BYTES);
    let sent = bucket.put(sha256, &mut reader, CHUNK_BYTES).await?;
    anyhow::ensure!(sent == size_bytes, "sent {sent} of {size_bytes} bytes");
    Ok(true)
}

pub(crate) fn list(bucket: &ObjectStore) -> impl Stream<Item = anyhow::Result<Listed>> + Send {
    bucket.list().try_filter(|object| std::future::ready(is_sha256(&object.name))).map_ok(|object| Listed {
        size_bytes: object.size_bytes,
        stored: object.modified.unwrap_or(SystemTime::UNIX_EPOCH),
        sha256: object.name,
    })
}
