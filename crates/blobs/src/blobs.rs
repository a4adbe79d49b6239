//! Storing, reading and listing blobs, whichever store holds them.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use bus::{Bus, ObjectStore};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use opentelemetry::global;
use opentelemetry::metrics::Counter;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt};
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::blob::{CHUNK_BYTES, Listed, Stored, have_hash, is_sha256, off_thread};
use crate::config::{BlobsConfig, S3Config};
use crate::error::{GetError, PutError};
use crate::group::BlobGroup;
use crate::s3::S3;
use crate::{bucket, folder};

/// The store of originals and texts; clones share it.
#[derive(Clone)]
pub struct Blobs(Store);

impl fmt::Debug for Blobs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Blobs").field(&self.kind()).finish()
    }
}

#[derive(Clone)]
enum Store {
    /// A folder: `ab/abcd…`, with all 256 subfolders created in advance.
    Folder(PathBuf),
    /// An object store on the bus.
    Bucket(ObjectStore),
    /// A bucket of an S3 service.
    S3(S3),
}

/// The process must install its meter provider before the first use; what is counted before is lost.
static WRITTEN_BYTES: LazyLock<Counter<u64>> = LazyLock::new(|| {
    global::meter(bus::metrics::SCOPE)
        .u64_counter("gouji.originals.written")
        .with_unit("By")
        .with_description("Bytes of new originals")
        .build()
});

impl Blobs {
    /// Opens the store; creates the folder where it does not exist.
    ///
    /// # Errors
    /// If the folder, the bucket or the credentials cannot be used.
    pub async fn open(config: &BlobsConfig, bus: &Bus) -> anyhow::Result<Self> {
        match config {
            BlobsConfig::Folder(root) => Self::folder(root),
            BlobsConfig::Bucket => Ok(Self(Store::Bucket(bus.object_store().await?))),
            BlobsConfig::S3(config) => Self::s3(config),
        }
    }

    /// Opens the store for an operator's tool, which only reads and therefore creates no folder.
    ///
    /// # Errors
    /// If the bucket or the credentials cannot be used.
    pub async fn open_existing(config: &BlobsConfig, bus: &Bus) -> anyhow::Result<Self> {
        match config {
            BlobsConfig::Folder(root) => Ok(Self(Store::Folder(root.clone()))),
            config => Self::open(config, bus).await,
        }
    }

    /// The blobs in a folder, which is created where it does not exist.
    ///
    /// # Errors
    /// If the folder cannot be created or written.
    pub fn folder(root: &Path) -> anyhow::Result<Self> {
        folder::prepare(root)
            .map(|root| Self(Store::Folder(root)))
            .map_err(|error| anyhow::Error::new(error).context(format!("originals in {}", root.display())))
    }

    /// The blobs in a bucket of an S3 service. Sends no request yet.
    ///
    /// # Errors
    /// If a key or certificate cannot be read, or the address is invalid.
    pub fn s3(config: &S3Config) -> anyhow::Result<Self> {
        S3::open(config).map(|s3| Self(Store::S3(s3)))
    }

    /// Stores everything that `source` gives, at most `limit_bytes`. The same bytes twice are one blob; where
    /// the stored copy was damaged, this one replaces it.
    ///
    /// # Errors
    /// If it is larger, breaks off, or cannot be stored; then nothing is stored.
    pub async fn put(
        &self,
        source: impl AsyncRead + Unpin + Send,
        limit_bytes: u64,
    ) -> Result<Stored, PutError> {
        self.put_in(source, limit_bytes, None).await
    }

    /// An empty group of blobs that become durable together.
    pub fn group(&self) -> BlobGroup {
        BlobGroup::new(self.clone())
    }

    /// The folder, if the store is one.
    pub(crate) fn root(&self) -> Option<&Path> {
        match &self.0 {
            Store::Folder(root) => Some(root),
            Store::Bucket(_) | Store::S3(_) => None,
        }
    }

    /// Stores a blob, in a folder with those of its group.
    pub(crate) async fn put_in(
        &self,
        source: impl AsyncRead + Unpin + Send,
        limit_bytes: u64,
        group: Option<&BlobGroup>,
    ) -> Result<Stored, PutError> {
        let span = tracing::info_span!(
            "put original",
            otel.kind = "client",
            otel.status_code = Empty,
            gouji.originals.store = self.kind(),
            gouji.original = Empty,
            gouji.original.new = Empty,
            size_bytes = Empty,
            error.type = Empty,
        );
        let stored = self.store(source, limit_bytes, group).instrument(span.clone()).await;
        match &stored {
            Ok(Stored { sha256, size_bytes, new }) => {
                span.record("gouji.original", sha256);
                span.record("size_bytes", size_bytes);
                span.record("gouji.original.new", new);
            }
            Err(error) => record_error(&span, error.kind()),
        }
        stored
    }

    async fn store(
        &self,
        mut source: impl AsyncRead + Unpin + Send,
        limit_bytes: u64,
        group: Option<&BlobGroup>,
    ) -> Result<Stored, PutError> {
        let spool = match &self.0 {
            Store::Folder(root) => folder::incoming(root),
            Store::Bucket(_) | Store::S3(_) => std::env::temp_dir(),
        };
        let mut file = off_thread(move || NamedTempFile::new_in(spool)).await.map_err(PutError::Store)?;
        let mut hash = Sha256::new();
        let mut size_bytes = 0;
        loop {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES);
            while chunk.len() < CHUNK_BYTES
                && source.read_buf(&mut (&mut chunk)).await.map_err(PutError::Source)? > 0
            {}
            if chunk.is_empty() {
                break;
            }
            size_bytes += chunk.len() as u64;
            if size_bytes > limit_bytes {
                return Err(PutError::TooLarge { limit_bytes });
            }
            (file, hash) = off_thread(move || {
                hash.update(&chunk);
                file.write_all(&chunk)?;
                Ok((file, hash))
            })
            .await
            .map_err(PutError::Store)?;
        }
        let sha256 = HEXLOWER.encode(&hash.finalize());
        let new = match &self.0 {
            Store::Folder(root) => {
                let path = folder::path_of(root, &sha256);
                let name = sha256.clone();
                match group {
                    Some(group) => group.stage(file, path, name).await,
                    None => off_thread(move || folder::persist(file, &path, &name)).await,
                }
            }
            Store::Bucket(bucket) => bucket::upload(bucket, file, &sha256, size_bytes).await,
            Store::S3(s3) => s3.upload(file, &sha256, size_bytes).await,
        }
        .map_err(PutError::Store)?;
        if new {
            WRITTEN_BYTES.add(size_bytes, &[]);
        }
        Ok(Stored { sha256, size_bytes, new })
    }

    /// The bytes of a blob, with their hash verified.
    ///
    /// # Errors
    /// If it does not exist, or its bytes changed since they were stored.
    pub async fn get(&self, sha256: &str) -> Result<Bytes, GetError> {
        if !is_sha256(sha256) {
            return Err(GetError::Missing(sha256.to_owned()));
        }
        let span = tracing::info_span!(
            "get original",
            otel.kind = "client",
            otel.status_code = Empty,
            gouji.originals.store = self.kind(),
            gouji.original = sha256,
            size_bytes = Empty,
            error.type = Empty,
        );
        let got = self.fetch(sha256).instrument(span.clone()).await;
        match &got {
            Ok(bytes) => _ = span.record("size_bytes", bytes.len()),
            Err(error) => record_error(&span, error.kind()),
        }
        got
    }

    async fn fetch(&self, sha256: &str) -> Result<Bytes, GetError> {
        let store = |error: anyhow::Error| GetError::Store(sha256.to_owned(), error);
        let bytes = match &self.0 {
            Store::Folder(root) => folder::get(root, sha256).await,
            Store::Bucket(bucket) => match bucket::get(bucket, sha256).await {
                Err(error) if bucket::is_damage(&error) => return Err(GetError::Corrupt(sha256.to_owned())),
                got => got,
            },
            Store::S3(s3) => s3.get(sha256).await,
        };
        let bytes = bytes.map_err(store)?.ok_or_else(|| GetError::Missing(sha256.to_owned()))?;
        let is_sound = have_hash(&bytes, sha256).await.map_err(store)?;
        if is_sound { Ok(bytes) } else { Err(GetError::Corrupt(sha256.to_owned())) }
    }

    /// Whether a blob exists.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn exists(&self, sha256: &str) -> anyhow::Result<bool> {
        if !is_sha256(sha256) {
            return Ok(false);
        }
        match &self.0 {
            Store::Folder(root) => Ok(tokio::fs::try_exists(folder::path_of(root, sha256)).await?),
            Store::Bucket(bucket) => bucket.exists(sha256).await,
            Store::S3(s3) => Ok(s3.size_of(sha256).await?.is_some()),
        }
    }

    /// Every blob, in no order. A blob stored during the listing may be in it or not.
    pub fn list(&self) -> BoxStream<'_, anyhow::Result<Listed>> {
        match &self.0 {
            Store::Folder(root) => folder::list(root).boxed(),
            Store::Bucket(bucket) => bucket::list(bucket).boxed(),
            Store::S3(s3) => s3.list().boxed(),
        }
    }

    fn kind(&self) -> &'static str {
        match &self.0 {
            Store::Folder(_) => "folder",
            Store::Bucket(_) => "bucket",
            Store::S3(_) => "s3",
        }
    }
}

fn record_error(span: &tracing::Span, kind: &'static str) {
    span.record("error.type", kind);
    span.record("otel.status_code", "ERROR");
}
