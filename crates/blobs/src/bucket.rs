//! Blobs in the object store on the bus.

use std::io;
use std::time::SystemTime;

use bus::ObjectStore;
use bytes::Bytes;
use futures::{Stream, TryStreamExt as _};
use tempfile::NamedTempFile;

use crate::blob::{CHUNK_BYTES, Listed, have_hash, is_sha256, off_thread, report_healed};

/// Uploads a complete file; false where a sound copy exists.
pub(crate) async fn upload(
    bucket: &ObjectStore,
    file: NamedTempFile,
    sha256: &str,
    size_bytes: u64,
) -> anyhow::Result<bool> {
    match get(bucket, sha256).await {
        Ok(None) => (),
        Ok(Some(bytes)) if have_hash(&bytes, sha256).await? => return Ok(false),
        Err(error) if !is_damage(&error) => return Err(error),
        // An upload of the same name replaces the object.
        Ok(Some(_)) | Err(_) => report_healed(sha256),
    }
    // A read from a file fills the whole buffer, and the object store sends the result of one read as one chunk.
    let mut reader = tokio::fs::File::from_std(off_thread(move || file.reopen()).await?);
    reader.set_max_buf_size(CHUNK_BYTES);
    let sent = bucket.put(sha256, &mut reader, CHUNK_BYTES).await?;
    anyhow::ensure!(sent == size_bytes, "sent {sent} of {size_bytes} bytes");
    Ok(true)
}

/// The bytes; none where there is no such object.
pub(crate) async fn get(bucket: &ObjectStore, sha256: &str) -> anyhow::Result<Option<Bytes>> {
    bucket.get(sha256).await
}

/// Whether an error of [`get`] says that the object changed since it was stored.
pub(crate) fn is_damage(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData)
}

pub(crate) fn list(bucket: &ObjectStore) -> impl Stream<Item = anyhow::Result<Listed>> + Send {
    bucket.list().try_filter(|object| std::future::ready(is_sha256(&object.name))).map_ok(|object| Listed {
        size_bytes: object.size_bytes,
        stored: object.modified.unwrap_or(SystemTime::UNIX_EPOCH),
        sha256: object.name,
    })
}
