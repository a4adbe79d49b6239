//! An object store on the bus, for hosts that share no disk and have no S3.

use std::time::SystemTime;

use async_nats::jetstream::object_store::{GetErrorKind, InfoErrorKind, ObjectMetadata, ObjectStore};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt as _;

use super::{CHUNK_BYTES, Listed, is_sha256, off_thread};

/// Sends a complete file; false where it was there.
pub(super) async fn send(
    bucket: &ObjectStore,
    file: NamedTempFile,
    sha256: &str,
    size_bytes: u64,
) -> anyhow::Result<bool> {
    if is_in(bucket, sha256).await? {
        return Ok(false);
    }
    // A file on disk fills the buffer it is given, and the object store sends what one read gave it.
    let mut reader = tokio::fs::File::from_std(off_thread(move || file.reopen()).await?);
    reader.set_max_buf_size(CHUNK_BYTES);
    let metadata =
        ObjectMetadata { name: sha256.to_owned(), chunk_size: Some(CHUNK_BYTES), ..Default::default() };
    let sent = bucket.put(metadata, &mut reader).await?;
    anyhow::ensure!(sent.size as u64 == size_bytes, "sent {} of {size_bytes} bytes", sent.size);
    Ok(true)
}

/// The bytes; none where there is no such object.
pub(super) async fn get(bucket: &ObjectStore, sha256: &str) -> anyhow::Result<Option<Bytes>> {
    let mut object = match bucket.get(sha256).await {
        Ok(object) => object,
        Err(error) if error.kind() == GetErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::with_capacity(object.info().size);
    object.read_to_end(&mut bytes).await?;
    Ok(Some(bytes.into()))
}

pub(super) async fn is_in(bucket: &ObjectStore, sha256: &str) -> anyhow::Result<bool> {
    match bucket.info(sha256).await {
        Ok(info) => Ok(!info.deleted),
        Err(error) if error.kind() == InfoErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn list(bucket: &ObjectStore) -> impl Stream<Item = anyhow::Result<Listed>> + Send {
    futures::stream::once(bucket.list())
        .map(|listing| anyhow::Ok(listing?.map_err(anyhow::Error::from)))
        .try_flatten()
        .try_filter(|object| std::future::ready(is_sha256(&object.name)))
        .map_ok(|object| Listed {
            size_bytes: object.size as u64,
            stored: object.modified.map_or(SystemTime::UNIX_EPOCH, SystemTime::from),
            sha256: object.name,
        })
}
