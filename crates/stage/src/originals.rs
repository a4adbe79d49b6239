//! Originals: the bytes as they were sent, stored once under their SHA-256 and never changed.
//!
//! What `put` has answered is on disk, or with every replica of the bus.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_nats::jetstream::object_store::{GetErrorKind, InfoErrorKind, ObjectMetadata, ObjectStore};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::config::OriginalsAt;
use crate::connect::Bus;
use crate::failpoint;
use crate::telemetry::metrics;
use crate::topology::BUCKET;

/// Where originals are kept; clones share it.
#[derive(Clone)]
pub enum Originals {
    /// A folder: `ab/abcd…`, with all 256 folders made beforehand.
    Folder(PathBuf),
    /// An object store on the bus.
    Bucket(Box<ObjectStore>),
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

/// Fits the default `max_payload` of 1 MiB twice, and is four times the default: fewer round trips.
const CHUNK_BYTES: usize = 512 << 10;
/// A temporary file this old was left by a process that died.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 3600);

impl Originals {
    pub(crate) async fn open(at: &OriginalsAt, bus: &Bus) -> anyhow::Result<Self> {
        match at {
            OriginalsAt::Folder(root) => Self::folder(root),
            OriginalsAt::Bucket => Ok(Self::Bucket(Box::new(bus.jetstream.get_object_store(BUCKET).await?))),
        }
    }

    /// The originals in a folder, which is made where it is not there.
    ///
    /// # Errors
    /// If the folder cannot be made or written.
    pub fn folder(root: &Path) -> anyhow::Result<Self> {
        let prepare = || -> io::Result<PathBuf> {
            std::fs::create_dir_all(root.join(INCOMING))?;
            let root = root.canonicalize()?;
            sweep(&root.join(INCOMING))?;
            // Made and synced once, so that an original costs two syncs: its own and its folder's.
            for shard in 0..=u8::MAX {
                std::fs::create_dir_all(root.join(format!("{shard:02x}")))?;
            }
            File::open(&root)?.sync_all()?;
            Ok(root)
        };
        let root = prepare()
            .map_err(|error| anyhow::Error::new(error).context(format!("originals in {}", root.display())))?;
        Ok(Self::Folder(root))
    }

    /// Stores all that `source` gives, at most `limit_bytes`. The same bytes twice are one original.
    ///
    /// # Errors
    /// If it is larger, breaks off, or cannot be stored; then nothing is kept.
    pub async fn put(
        &self,
        mut source: impl AsyncRead + Unpin + Send,
        limit_bytes: u64,
    ) -> Result<Stored, NotStored> {
        let incoming = match self {
            Self::Folder(root) => root.join(INCOMING),
            Self::Bucket(_) => std::env::temp_dir(),
        };
        let mut file = off_thread(move || NamedTempFile::new_in(incoming)).await.map_err(NotStored::Store)?;
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
                let place = place_of(root, &sha256);
                off_thread(move || keep(file, &place)).await.map_err(NotStored::Store)?
            }
            Self::Bucket(bucket) => {
                send(bucket, file, &sha256, size_bytes).await.map_err(NotStored::Store)?
            }
        };
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
        let store = |error: anyhow::Error| NotGot::Store(sha256.to_owned(), error);
        if !is_sha256(sha256) {
            return Err(NotGot::Missing(sha256.to_owned()));
        }
        let bytes = match self {
            Self::Folder(root) => match tokio::fs::read(place_of(root, sha256)).await {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(NotGot::Missing(sha256.to_owned()));
                }
                Err(error) => return Err(store(error.into())),
            },
            Self::Bucket(bucket) => {
                let mut object = match bucket.get(sha256).await {
                    Ok(object) => object,
                    Err(error) if error.kind() == GetErrorKind::NotFound => {
                        return Err(NotGot::Missing(sha256.to_owned()));
                    }
                    Err(error) => return Err(store(error.into())),
                };
                let mut bytes = Vec::with_capacity(object.info().size);
                object.read_to_end(&mut bytes).await.map_err(|error| store(error.into()))?;
                bytes
            }
        };
        let bytes = Bytes::from(bytes);
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
            Self::Folder(root) => Ok(tokio::fs::try_exists(place_of(root, sha256)).await?),
            Self::Bucket(bucket) => is_in(bucket, sha256).await,
        }
    }
}

/// Files on their way in; on the same file system, so that a rename is enough.
const INCOMING: &str = "incoming";

fn place_of(root: &Path, sha256: &str) -> PathBuf {
    root.join(&sha256[..2]).join(sha256)
}

/// Moves a complete file to its place, and has it on disk with its name before it answers.
fn keep(file: NamedTempFile, place: &Path) -> io::Result<bool> {
    let size_bytes = file.as_file().metadata()?.len();
    let shard = place.parent().ok_or_else(|| io::Error::other("a place has a folder"))?;
    let there = std::fs::metadata(place).is_ok_and(|there| there.len() == size_bytes);
    if !there {
        file.as_file().sync_all()?;
        file.persist(place).map_err(|error| error.error)?;
        failpoint("kept");
    }
    // Also where it was there: whoever put it may not have come this far.
    File::open(shard)?.sync_all()?;
    Ok(!there)
}

async fn send(
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

async fn is_in(bucket: &ObjectStore, sha256: &str) -> anyhow::Result<bool> {
    match bucket.info(sha256).await {
        Ok(info) => Ok(!info.deleted),
        Err(error) if error.kind() == InfoErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn sweep(incoming: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(incoming)? {
        let entry = entry?;
        let age = entry.metadata()?.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        if age.is_some_and(|age| age > ABANDONED_AFTER) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
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
