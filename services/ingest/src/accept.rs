//! The one way in: files become originals, then facts, then a receipt.

use std::io;
use std::sync::{Arc, LazyLock};
use std::time::{SystemTime, UNIX_EPOCH};

use access::{Action, Caller, Problem};
use anyhow::Context as _;
use blobs::{Blobs, PutError};
use bus::{Bus, Published};
use document::archive::{self, ArchiveError, ArchiveLimits};
use document::{Kind, sniff};
use futures::{StreamExt, TryStreamExt};
use proto::v1::{Blob, ReportSubmitted};
use proto::{RefusalClass, ReportId};
use serde::{Deserialize, Serialize, Serializer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::{Ingest, name};

/// Largest upload: a province's archive. One report in it may have [`document::limits::BYTES`].
const UPLOAD_BYTES: u64 = 4 << 30;
/// What a file is told from; every signature stands in its first or last bytes.
const SAMPLE_BYTES: usize = 64 << 10;
/// Originals stored at once, and facts on their way to the log at once.
const AT_ONCE: usize = 16;

/// Archives opened at once; each may hold a large file of each archive inside the other in memory.
static ARCHIVES: Semaphore = Semaphore::const_new(2);
/// Bytes taken out of archives and not stored yet, in KB, of all uploads together.
const UNPACKED_KB: u32 = 32 << 10;
static UNPACKED: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(UNPACKED_KB as usize)));

/// Everything that came in one act of sending.
pub(crate) struct Accepting {
    ingest: Ingest,
    caller: Caller,
    way: &'static str,
    again: bool,
    files: Vec<Stored>,
    refused: Vec<RefusedFile>,
}

/// A file whose bytes are durable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) file_name: String,
    pub(crate) original: String,
    pub(crate) size_bytes: u64,
    pub(crate) media_type: String,
}

/// A file that was not accepted, and why.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RefusedFile {
    pub(crate) file_name: String,
    #[serde(serialize_with = "class_name")]
    pub(crate) class: RefusalClass,
    /// Chinese, for the sender.
    pub(crate) message: String,
}

fn class_name<S: Serializer>(class: &RefusalClass, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(class.name())
}

/// A [`RefusedFile`] in a stored manifest; another version may have written a class that this one does not
/// know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredRefusal {
    pub(crate) file_name: String,
    pub(crate) class: String,
    pub(crate) message: String,
}

impl From<&RefusedFile> for StoredRefusal {
    fn from(refused: &RefusedFile) -> Self {
        let RefusedFile { file_name, class, message } = refused.clone();
        Self { file_name, class: class.name().to_owned(), message }
    }
}

/// Why an upload could not be accepted as a whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AcceptError {
    /// The bytes of the sender ended before the file did.
    #[error("the upload ended before the file did")]
    BrokenUpload(#[source] io::Error),
    /// A fault of this installation.
    #[error(transparent)]
    System(#[from] anyhow::Error),
}

/// What the sender is told.
#[derive(Debug, Serialize)]
pub(crate) struct Receipt {
    pub(crate) submission: String,
    pub(crate) reports: Vec<Taken>,
    pub(crate) refused: Vec<RefusedFile>,
}

/// A report that is on its way.
#[derive(Debug, Serialize)]
pub(crate) struct Taken {
    pub(crate) id: String,
    pub(crate) file_name: String,
    /// SHA-256 of its bytes.
    pub(crate) original: String,
    /// The same bytes were sent before; that report stands for this one too.
    pub(crate) duplicate: bool,
}

/// The content of a submission, stored under its own hash: that hash is the submission's id.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The sender's Idempotency-Key, or the time in milliseconds: the same key with the same files is
    /// the same submission.
    pub(crate) key: String,
    pub(crate) files: Vec<Stored>,
    pub(crate) refused: Vec<StoredRefusal>,
    #[serde(default)]
    pub(crate) terms: Terms,
}

/// What else the facts of a submission need, so that the log can be rebuilt from the originals. The same for
/// the same submission, so nothing of time.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// As in `ReportSubmitted`, and so are the others.
    pub(crate) door: String,
    #[serde(default)]
    pub(crate) sender: String,
    /// Bytes that were sent before count as sent anew.
    #[serde(default)]
    pub(crate) again: bool,
    #[serde(default)]
    pub(crate) regions: Vec<String>,
    #[serde(default)]
    pub(crate) agencies: Vec<String>,
}

impl Manifest {
    /// The reports of the submission: their ids with the names of their files.
    pub(crate) fn reports(&self) -> impl Iterator<Item = (String, &str)> {
        self.files.iter().filter_map(|file| {
            let id = ReportId::of(&file.original, 0).ok()?;
            Some((id.to_string(), file.file_name.as_str()))
        })
    }
}

impl Accepting {
    /// `way` is that in which it comes: `http` or `folder`.
    pub(crate) fn new(ingest: Ingest, caller: Caller, way: &'static str) -> Self {
        Self { ingest, caller, way, again: false, files: Vec::new(), refused: Vec::new() }
    }

    /// Bytes that were sent before count as sent anew: after a report was taken back, or when an earlier
    /// version has to stand again.
    pub(crate) fn again(self, again: bool) -> Self {
        Self { again, ..self }
    }

    /// Takes in one file, or every file of an archive.
    ///
    /// # Errors
    /// If the bytes break off or cannot be stored. What is wrong with the file itself is kept for the
    /// receipt.
    pub(crate) async fn take(
        &mut self,
        name: &str,
        mut source: impl AsyncRead + Unpin + Send,
    ) -> Result<(), AcceptError> {
        let name = &name::plain(name);
        let mut head = Vec::with_capacity(SAMPLE_BYTES);
        let mut beginning = (&mut source).take(SAMPLE_BYTES as u64);
        beginning.read_to_end(&mut head).await.map_err(AcceptError::BrokenUpload)?;
        let source = io::Cursor::new(head.clone()).chain(source);
        if head.starts_with(b"PK") {
            self.take_packed(name, source).await
        } else {
            self.store(name, &head, source).await
        }
    }

    /// Something packed: an archive of reports, or a document that is packed inside.
    async fn take_packed(
        &mut self,
        name: &str,
        source: impl AsyncRead + Unpin + Send,
    ) -> Result<(), AcceptError> {
        let spool = tempfile::tempfile().context("making a temporary file")?;
        let mut spool = tokio::fs::File::from_std(spool);
        let copied = tokio::io::copy(&mut source.take(UPLOAD_BYTES + 1), &mut spool)
            .await
            .map_err(AcceptError::BrokenUpload)?;
        if copied > UPLOAD_BYTES {
            self.refuse(name, RefusalClass::TooLarge, too_large(UPLOAD_BYTES));
            return Ok(());
        }
        let sample = ends(&mut spool, copied).await?;
        spool.rewind().await.context("rewinding the temporary file")?;
        if sniff(&sample) != Kind::Zip {
            return self.store(name, &sample, spool).await;
        }
        let spool = spool.into_std().await;
        let _turn = ARCHIVES.acquire().await.context("waiting for a turn")?;
        let (sender, receiver) = mpsc::channel(AT_ONCE);
        let waiting = tokio::runtime::Handle::current();
        let opening = tokio::task::spawn_blocking(move || {
            archive::open(io::BufReader::new(spool), &ArchiveLimits::default(), &mut |entry| {
                let size_kb = entry.bytes.as_ref().map_or(1, |bytes| bytes.len() >> 10);
                let size_kb = u32::try_from(size_kb).unwrap_or(UNPACKED_KB).clamp(1, UNPACKED_KB);
                let held = waiting.block_on(UNPACKED.clone().acquire_many_owned(size_kb));
                held.is_ok_and(|held| sender.blocking_send((entry, held)).is_ok())
            })
        });
        let entries =
            futures::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
        let blobs = self.ingest.blobs();
        let stored: Vec<_> = entries
            .map(async |(entry, _held): (archive::Entry, OwnedSemaphorePermit)| {
                let name = name::plain(&entry.name);
                let outcome = match entry.bytes {
                    Ok(bytes) => put(blobs, &name, &bytes, &bytes[..]).await?,
                    Err(error) => Err((archive_class(&error), error.message())),
                };
                Ok::<_, AcceptError>((name, outcome))
            })
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        for (inner, outcome) in stored {
            self.keep(&inner, outcome);
        }
        if let Err(error) = opening.await.context("opening the archive")? {
            self.refuse(name, archive_class(&error), error.message());
        }
        Ok(())
    }

    async fn store(
        &mut self,
        name: &str,
        sample: &[u8],
        source: impl AsyncRead + Unpin + Send,
    ) -> Result<(), AcceptError> {
        let outcome = put(self.ingest.blobs(), name, sample, source).await?;
        self.keep(name, outcome);
        Ok(())
    }

    fn keep(&mut self, name: &str, outcome: Result<Stored, Refused>) {
        match outcome {
            Ok(stored) => self.files.push(stored),
            Err((class, message)) => self.refuse(name, class, message),
        }
    }

    fn refuse(&mut self, name: &str, class: RefusalClass, message: String) {
        tracing::info!(file.name = name, %class, "refused a file: {class}");
        self.refused.push(RefusedFile { file_name: name.to_owned(), class, message });
    }

    /// Puts the facts on the log; after that the sender may be told.
    ///
    /// # Errors
    /// If the log does not take them: then the sender has to send again.
    pub(crate) async fn finish(self, idempotency_key: Option<&str>) -> Result<Receipt, Problem> {
        let Self { ingest, caller, way, again, files, refused } = self;
        let ours = |error: anyhow::Error| Problem::unavailable(&error);
        let now_ms = now_ms();
        let key = idempotency_key.map_or_else(|| now_ms.to_string(), access::redact);
        let scope = caller.scope.clone().unwrap_or_default();
        let terms = Terms {
            door: way.to_owned(),
            sender: caller.name.clone(),
            again,
            regions: scope.regions,
            agencies: scope.agencies,
        };
        let stored_refusals = refused.iter().map(StoredRefusal::from).collect();
        let manifest = Manifest { key, files, refused: stored_refusals, terms };
        let bytes = serde_json::to_vec(&manifest).context("writing the manifest").map_err(ours)?;
        let stored = ingest.blobs().put(&bytes[..], bytes.len() as u64).await;
        let submission = stored.map_err(|error| ours(error.into()))?.sha256;
        if manifest.files.is_empty() {
            return Ok(Receipt { submission, reports: Vec::new(), refused });
        }
        let detail = format!("{} taken, {} not taken", manifest.files.len(), refused.len());
        ingest.door().note(&caller, Action { name: "submit", object: &submission, detail: &detail }).await?;
        let reports = futures::stream::iter(manifest.files)
            .map(|file| {
                let fact = ReportSubmitted {
                    id: String::new(),
                    submission: submission.clone(),
                    original: Some(Blob {
                        sha256: file.original,
                        size_bytes: file.size_bytes,
                        media_type: file.media_type,
                    }),
                    file_name: file.file_name,
                    submitted_at_ms: now_ms,
                    generation: 0,
                    door: way.to_owned(),
                    withdraws: None,
                    sender: caller.name.clone(),
                    replays: String::new(),
                    scope: caller.scope.clone(),
                };
                publish(ingest.bus(), fact, again)
            })
            .buffered(4 * AT_ONCE)
            .try_collect()
            .await
            .context("putting facts on the log")
            .map_err(ours)?;
        Ok(Receipt { submission, reports, refused })
    }
}

/// Puts one report on the log. The same bytes sent earlier stand for it, but not where they were sent with
/// another reach: what was refused to one sender must not be lost to the one whose it is.
async fn publish(bus: &Bus, mut fact: ReportSubmitted, again: bool) -> anyhow::Result<Taken> {
    let original = fact.original.as_ref().map(|original| original.sha256.clone()).unwrap_or_default();
    loop {
        fact.id = ReportId::of(&original, fact.generation)?.to_string();
        let duplicate = bus.publish(&fact).await? == Published::AlreadyThere;
        if duplicate {
            let earlier = bus.last_of_id::<ReportSubmitted>(&fact.id).await?;
            if again || earlier.is_some_and(|earlier| earlier.scope != fact.scope) {
                fact.generation += 1;
                continue;
            }
        }
        return Ok(Taken { id: fact.id, file_name: fact.file_name, original, duplicate });
    }
}

/// Milliseconds since 1970-01-01 UTC.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as i64)
}

/// The class under which a file of an archive, or the archive, is refused.
fn archive_class(error: &ArchiveError) -> RefusalClass {
    match error {
        ArchiveError::Broken(_) => RefusalClass::BrokenArchive,
        ArchiveError::Encrypted => RefusalClass::Encrypted,
        ArchiveError::Limit { .. } => RefusalClass::ArchiveLimit,
    }
}

type Refused = (RefusalClass, String);

/// Stores one file. The outer error is ours, the inner one the file's.
async fn put(
    blobs: &Blobs,
    name: &str,
    sample: &[u8],
    source: impl AsyncRead + Unpin + Send,
) -> Result<Result<Stored, Refused>, AcceptError> {
    if sample.is_empty() {
        return Ok(Err((
            RefusalClass::Empty,
            "文件是空的，没有任何内容。请确认报告已保存后重新报送。".into(),
        )));
    }
    let limit = document::limits::BYTES as u64;
    let stored = match blobs.put(source, limit).await {
        Ok(stored) => stored,
        Err(PutError::TooLarge { limit_bytes }) => {
            return Ok(Err((RefusalClass::TooLarge, too_large(limit_bytes))));
        }
        Err(PutError::Source(error)) => return Err(AcceptError::BrokenUpload(error)),
        Err(error) => return Err(AcceptError::System(error.into())),
    };
    Ok(Ok(Stored {
        file_name: name.to_owned(),
        original: stored.sha256,
        size_bytes: stored.size_bytes,
        media_type: sniff(sample).media_type().to_owned(),
    }))
}

fn too_large(limit_bytes: u64) -> String {
    format!("文件超过 {} MB 的上限。请去掉图片等附件，或分批压缩后报送。", limit_bytes / 1_000_000)
}

/// The first and the last bytes of a file, one after the other.
async fn ends(file: &mut tokio::fs::File, size: u64) -> anyhow::Result<Vec<u8>> {
    let mut sample = Vec::with_capacity(2 * SAMPLE_BYTES);
    file.rewind().await?;
    (&mut *file).take(SAMPLE_BYTES as u64).read_to_end(&mut sample).await?;
    let rest = size.saturating_sub(SAMPLE_BYTES as u64).min(SAMPLE_BYTES as u64);
    file.seek(io::SeekFrom::End(-(rest as i64))).await?;
    file.read_to_end(&mut sample).await?;
    Ok(sample)
}
