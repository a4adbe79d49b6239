//! Originals: the bytes as they were sent, stored once under their SHA-256 and never changed.
//!
//! What `put` has answered is on disk, with every replica of the bus, or with the S3 service.

mod bucket;
mod folder;
mod s3;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use async_nats::jetstream::object_store::ObjectStore;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt};
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::config::{OriginalsAt, S3At};
use crate::connect::Bus;
use crate::telemetry::metrics;
use crate::topology::BUCKET;

/// Where originals are kept; clones share it.
#[derive(Clone)]
pub enum Originals {
    /// A folder: `ab/abcd…`, with all 256 folders made beforehand.
    Folder(PathBuf),
    /// An object store on the bus.
    Bucket(Box<ObjectStore>),
    /// A bucket of a service that speaks S3.
    S3(S3),
}

pub use s3::S3;

/// An original as a list of all of them has it; nothing of it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What it is named, which is the SHA-256 that it had when it was stored.
    pub sha256: String,
    /// How many bytes.
    pub size_bytes: u64,
    /// When it was stored.
    pub stored: SystemTime,
}

/// An original that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256, 64 lower-case hex digits.
    pub sha256: String,
    /// How many bytes.
    pub size_bytes: u64,
    /// False where the same bytes were there already.
    pub new: bool,
}

/// An original that could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum NotStored {
    /// More bytes than allowed; nothing was kept.
    #[error("larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit that was handed in.
        limit_bytes: u64,
    },
    /// The sender broke off or could not be read.
    #[error("reading what is sent")]
    Source(#[source] io::Error),
    /// The store cannot take it.
    #[error("storing an original")]
    Store(#[source] anyhow::Error),
}

/// An original that could not be had.
#[derive(Debug, thiserror::Error)]
pub enum NotGot {
    /// It is not there.
    #[error("there is no original {0}")]
    Missing(String),
    /// It is there, and its bytes are others than they were.
    #[error("original {0} is corrupt: its bytes have another hash")]
    Corrupt(String),
    /// The store cannot be read.
    #[error("reading original {0}")]
    Store(String, #[source] anyhow::Error),
}

/// What is read, hashed and written at a time. Fits the default `max_payload` of the bus of 1 MiB twice, and
/// is four times the default of its object store: fewer round trips.
const CHUNK_BYTES: usize = 512 << 10;

impl Originals {
    pub(crate) async fn open(at: &OriginalsAt, bus: &Bus) -> anyhow::Result<Self> {
        match at {
            OriginalsAt::Folder(root) => Self::folder(root),
            OriginalsAt::Bucket => Ok(Self::Bucket(Box::new(bus.jetstream.get_object_store(BUCKET).await?))),
            OriginalsAt::S3(at) => Self::s3(at),
        }
    }

    /// The originals in a folder, which is made where it is not there.
    ///
    /// # Errors
    /// If the folder cannot be made or written.
    pub fn folder(root: &Path) -> anyhow::Result<Self> {
        folder::prepare(root)
            .map(Self::Folder)
            .map_err(|error| anyhow::Error::new(error).context(format!("originals in {}", root.display())))
    }

    /// The originals in a bucket of an S3 service. Nothing is asked of it yet.
    ///
    /// # Errors
    /// If a key or certificate cannot be read, or the address is none.
    pub fn s3(at: &S3At) -> anyhow::Result<Self> {
        S3::open(at).map(Self::S3)
    }

    /// Stores all that `source` gives, at most `limit_bytes`. The same bytes twice are one original.
    ///
    /// # Errors
    /// If it is larger, breaks off, or cannot be stored; then nothing is kept.
    pub async fn put(
        &self,
        source: impl AsyncRead + Unpin + Send,
        limit_bytes: u64,
    ) -> Result<Stored, NotStored> {
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
        let stored = self.store(source, limit_bytes).instrument(span.clone()).await;
        match &stored {
            Ok(Stored { sha256, size_bytes, new }) => {
                span.record("gouji.original", sha256);
                span.record("size_bytes", size_bytes);
                span.record("gouji.original.new", new);
            }
            Err(error) => note(&span, error.kind()),
        }
        stored
    }

    async fn store(
        &self,
        mut source: impl AsyncRead + Unpin + Send,
        limit_bytes: u64,
    ) -> Result<Stored, NotStored> {
        let spool = match self {
            Self::Folder(root) => folder::incoming(root),
            Self::Bucket(_) | Self::S3(_) => std::env::temp_dir(),
        };
        let mut file = off_thread(move || NamedTempFile::new_in(spool)).await.map_err(NotStored::Store)?;
        let mut hash = Sha256::new();
        let mut size_bytes = 0;
        loop {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES);
            while chunk.len() < CHUNK_BYTES
                && source.read_buf(&mut (&mut chunk)).await.map_err(NotStored::Source)? > 0
            {}
            if chunk.is_empty() {
                break;
            }
            size_bytes += chunk.len() as u64;
            if size_bytes > limit_bytes {
                return Err(NotStored::TooLarge { limit_bytes });
            }
            (file, hash) = off_thread(move || {
                hash.update(&chunk);
                file.write_all(&chunk)?;
                Ok((file, hash))
            })
            .await
            .map_err(NotStored::Store)?;
        }
        let sha256 = hex(&hash.finalize());
        let new = match self {
            Self::Folder(root) => {
                let place = folder::place_of(root, &sha256);
                off_thread(move || folder::keep(file, &place)).await
            }
            Self::Bucket(bucket) => bucket::send(bucket, file, &sha256, size_bytes).await,
            Self::S3(s3) => s3.send(file, &sha256, size_bytes).await,
        }
        .map_err(NotStored::Store)?;
        if new {
            metrics().original_bytes.add(size_bytes, &[]);
        }
        Ok(Stored { sha256, size_bytes, new })
    }

    /// The bytes of an original, proved to be the ones that were stored.
    ///
    /// # Errors
    /// If it is not there, was corrupted, or cannot be read.
    pub async fn get(&self, sha256: &str) -> Result<Bytes, NotGot> {
        if !is_sha256(sha256) {
            return Err(NotGot::Missing(sha256.to_owned()));
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
            Err(error) => note(&span, error.kind()),
        }
        got
    }

    async fn fetch(&self, sha256: &str) -> Result<Bytes, NotGot> {
        let store = |error: anyhow::Error| NotGot::Store(sha256.to_owned(), error);
        let bytes = match self {
            Self::Folder(root) => folder::get(root, sha256).await,
            Self::Bucket(bucket) => bucket::get(bucket, sha256).await,
            Self::S3(s3) => s3.get(sha256).await,
        };
        let bytes = bytes.map_err(store)?.ok_or_else(|| NotGot::Missing(sha256.to_owned()))?;
        let hashed = bytes.clone();
        let found = off_thread(move || Ok(hex(&Sha256::digest(&hashed)))).await.map_err(store)?;
        if found == sha256 { Ok(bytes) } else { Err(NotGot::Corrupt(sha256.to_owned())) }
    }

    /// Whether there is such an original.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn exists(&self, sha256: &str) -> anyhow::Result<bool> {
        if !is_sha256(sha256) {
            return Ok(false);
        }
        match self {
            Self::Folder(root) => Ok(tokio::fs::try_exists(folder::place_of(root, sha256)).await?),
            Self::Bucket(bucket) => bucket::is_in(bucket, sha256).await,
            Self::S3(s3) => Ok(s3.size_of(sha256).await?.is_some()),
        }
    }

    /// Every original, and every text that was made of one, in no order. What is stored meanwhile may be in
    /// it or not.
    pub fn list(&self) -> BoxStream<'_, anyhow::Result<Listed>> {
        match self {
            Self::Folder(root) => folder::list(root).boxed(),
            Self::Bucket(bucket) => bucket::list(bucket).boxed(),
            Self::S3(s3) => s3.list().boxed(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Folder(_) => "folder",
            Self::Bucket(_) => "bucket",
            Self::S3(_) => "s3",
        }
    }
}

impl NotStored {
    fn kind(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Source(_) => "source",
            Self::Store(_) => "store",
        }
    }
}

impl NotGot {
    fn kind(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing",
            Self::Corrupt(_) => "corrupt",
            Self::Store(..) => "store",
        }
    }
}

fn note(span: &tracing::Span, kind: &'static str) {
    span.record("error.type", kind);
    span.record("otel.status_code", "ERROR");
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    Ok(tokio::task::spawn_blocking(work).await??)
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}
