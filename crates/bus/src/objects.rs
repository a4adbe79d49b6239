//! An object store on the bus, for hosts that share no disk and have no S3 service.

use std::io;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use async_nats::jetstream::object_store::{self, GetErrorKind, InfoErrorKind, ObjectMetadata};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::timeout;

use crate::connect::Bus;
use crate::names::BUCKET;

/// How long one part of an object may take; the server never answers for a part that it lost.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(5);

/// The bucket of originals on the bus; clones share the connection.
#[derive(Clone)]
pub struct ObjectStore(Box<object_store::ObjectStore>);

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its name.
    pub name: String,
    /// Its size.
    pub size_bytes: u64,
    /// When it was stored, if the server knows.
    pub modified: Option<SystemTime>,
}

impl Bus {
    /// The bucket of originals.
    ///
    /// # Errors
    /// If the bus does not answer, or has no such bucket.
    pub async fn object_store(&self) -> anyhow::Result<ObjectStore> {
        let bucket = self.jetstream.get_object_store(BUCKET).await;
        bucket
            .map(|bucket| ObjectStore(Box::new(bucket)))
            .with_context(|| format!("the bucket {BUCKET} is not on the bus; run `gouji topology apply`"))
    }
}

impl ObjectStore {
    /// Stores what `reader` gives under `name`, in chunks of `chunk_bytes`; its size.
    ///
    /// # Errors
    /// If it cannot be read or stored.
    pub async fn put(
        &self,
        name: &str,
        reader: &mut (impl AsyncRead + Unpin),
        chunk_bytes: usize,
    ) -> anyhow::Result<u64> {
        let metadata =
            ObjectMetadata { name: name.to_owned(), chunk_size: Some(chunk_bytes), ..Default::default() };
        Ok(self.0.put(metadata, reader).await?.size as u64)
    }

    /// The bytes of an object; none where there is no such object.
    ///
    /// # Errors
    /// If the bus does not answer; an [`io::Error`] of the kind `InvalidData` if the bytes are not those that
    /// were stored.
    pub async fn get(&self, name: &str) -> anyhow::Result<Option<Bytes>> {
        let mut object = match self.0.get(name).await {
            Ok(object) => object,
            Err(error) if error.kind() == GetErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut bytes = Vec::with_capacity(object.info().size);
        loop {
            match timeout(CHUNK_TIMEOUT, object.read_buf(&mut bytes)).await {
                Ok(Ok(0)) => return Ok(Some(bytes.into())),
                Ok(read) => read?,
                // The bus still answers, so it has lost a part.
                Err(_) if self.exists(name).await? => {
                    let error = io::Error::new(io::ErrorKind::InvalidData, "a part is lost");
                    return Err(error.into());
                }
                Err(elapsed) => return Err(elapsed.into()),
            };
        }
    }

    /// Whether there is such an object.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn exists(&self, name: &str) -> anyhow::Result<bool> {
        match self.0.info(name).await {
            Ok(info) => Ok(!info.deleted),
            Err(error) if error.kind() == InfoErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Every object, in no order.
    pub fn list(&self) -> impl Stream<Item = anyhow::Result<Object>> + Send {
        futures::stream::once(self.0.list())
            .map(|listing| anyhow::Ok(listing?.map_err(anyhow::Error::from)))
            .try_flatten()
            .map_ok(|object| Object {
                size_bytes: object.size as u64,
                modified: object.modified.map(SystemTime::from),
                name: object.name,
            })
    }
}
