//! Builds a submission: stores its files and its manifest, publishes its facts, and returns a receipt.

use std::io;
use std::sync::{Arc, LazyLock};
use std::time::{SystemTime, UNIX_EPOCH};

use access::{Action, Caller, Code, Problem, Recorded};
use anyhow::Context as _;
use blobs::{BlobGroup, PutError};
use bus::{Announced, Bus, Published};
use data_encoding::HEXLOWER;
use document::archive::{self, ArchiveError, ArchiveLimits};
use document::{Kind, sniff};
use futures::{StreamExt, TryStreamExt};
use proto::v1::{Publication, ReportRefused, ReportSubmitted};
use proto::{Fault, RefusalClass, ReportId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::manifest::{Manifest, RefusedFile, StoredFile, StoredRefusal, Terms};
use crate::{Ingest, name};

/// Largest upload: the archive of a province. One report in it may have [`document::limits::BYTES`].
const UPLOAD_BYTES: u64 = 4 << 30;
/// The format is detected in so many bytes at each end of a file; every signature is there.
const SAMPLE_BYTES: usize = 64 << 10;
/// Files stored concurrently; four times as many facts are published concurrently.
const CONCURRENCY: usize = 16;
/// Facts that wait for the log at once: two groups that share a flush.
const FACTS_AT_ONCE: usize = 512;

/// Archives opened concurrently; each may hold one large file for each level of archives inside it.
static ARCHIVES: Semaphore = Semaphore::const_new(2);
/// Bytes unpacked and not stored yet, in KB, of all uploads together.
const UNPACKED_KB: u32 = 32 << 10;
static UNPACKED: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(UNPACKED_KB as usize)));

/// A submission in the making.
pub(crate) struct SubmissionBuilder {
    ingest: Ingest,
    caller: Caller,
    channel: &'static str,
    again: bool,
    published: Option<Publication>,
    /// The files and the manifest: durable together, before the first fact is published.
    group: BlobGroup,
    files: Vec<StoredFile>,
    refused: Vec<RefusedFile>,
}

/// The receipt of a submission.
#[derive(Debug, Serialize)]
pub(crate) struct Receipt {
    pub(crate) submission: String,
    pub(crate) reports: Vec<AcceptedReport>,
    pub(crate) refused: Vec<RefusedFile>,
}

impl Receipt {
    /// Whether the upload had no file at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.reports.is_empty() && self.refused.is_empty()
    }
}

/// A report whose fact is on the log.
#[derive(Debug, Serialize)]
pub(crate) struct AcceptedReport {
    pub(crate) id: String,
    pub(crate) file_name: String,
    /// SHA-256 of its bytes.
    pub(crate) original: String,
    /// The same bytes were sent before, and the id is that of the earlier report.
    pub(crate) duplicate: bool,
    /// The submission that the fact on the log is of: the earlier one of a duplicate.
    #[serde(skip)]
    pub(crate) first_submission: String,
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

impl SubmissionBuilder {
    /// An empty submission. `channel` says how it arrives: `http`, `folder`, `fetch` or `kafka`.
    pub(crate) fn new(ingest: Ingest, caller: Caller, channel: &'static str) -> Self {
        Self {
            group: ingest.blobs().group(),
            ingest,
            caller,
            channel,
            again: false,
            published: None,
            files: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Whether files that were sent before are read again, after a withdrawal or to restore an earlier version.
    pub(crate) fn again(self, again: bool) -> Self {
        Self { again, ..self }
    }

    /// Where the files were published; then they are submitted at the time at which they were fetched.
    pub(crate) fn published(self, published: Publication) -> Self {
        Self { published: Some(published), ..self }
    }

    /// Adds one file, or every file of an archive. A fault of the file itself goes into the receipt.
    ///
    /// # Errors
    /// If the bytes end early or cannot be stored.
    pub(crate) async fn add(
        &mut self,
        name: &str,
        mut source: impl AsyncRead + Unpin + Send,
    ) -> Result<(), AcceptError> {
        let name = &name::sanitize(name);
        let mut head = Vec::with_capacity(SAMPLE_BYTES);
        let mut beginning = (&mut source).take(SAMPLE_BYTES as u64);
        beginning.read_to_end(&mut head).await.map_err(AcceptError::BrokenUpload)?;
        let source = io::Cursor::new(head.clone()).chain(source);
        if head.starts_with(b"PK") {
            self.add_zip(name, source).await
        } else {
            self.store(name, &head, source).await
        }
    }

    /// Sorts the files by name: an archive that lists the same files in another order is the same submission.
    pub(crate) fn sorted(mut self) -> Self {
        self.files.sort_by(|one, other| one.file_name.cmp(&other.file_name));
        self
    }

    /// Whether nothing was accepted; then the first refusal is why.
    pub(crate) fn first_refusal(&self) -> Option<&RefusedFile> {
        self.refused.first().filter(|_| self.files.is_empty())
    }

    /// Keeps bytes that are known to be no report, where nobody gets an answer: parse refuses them, and they are listed
    /// with the others. `detail` is for the operator.
    ///
    /// # Errors
    /// If the bytes cannot be stored.
    pub(crate) async fn keep_refused(
        &mut self,
        refused: RefusedFile,
        detail: &str,
        bytes: &[u8],
    ) -> Result<(), AcceptError> {
        let stored = self.group.put(bytes, bytes.len() as u64).await;
        let stored = stored.map_err(|error| AcceptError::System(error.into()))?;
        let refused = RefusedFile { file_name: name::sanitize(&refused.file_name), ..refused };
        tracing::info!(file.name = refused.file_name, class = %refused.class, "refused a message: {detail}");
        self.files.push(StoredFile {
            file_name: refused.file_name.clone(),
            original: stored.sha256,
            size_bytes: stored.size_bytes,
            media_type: sniff(bytes).media_type().to_owned(),
            refused: Some(StoredRefusal { detail: detail.to_owned(), ..StoredRefusal::from(&refused) }),
        });
        Ok(())
    }

    /// Adds the files of an archive, or a document whose format is a ZIP.
    async fn add_zip(
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
        let sample = both_ends(&mut spool, copied).await?;
        spool.rewind().await.context("rewinding the temporary file")?;
        if sniff(&sample) != Kind::Zip {
            return self.store(name, &sample, spool).await;
        }
        let spool = spool.into_std().await;
        let _permit = ARCHIVES.acquire().await.context("waiting to open an archive")?;
        let (sender, receiver) = mpsc::channel(CONCURRENCY);
        let runtime = tokio::runtime::Handle::current();
        let opening = tokio::task::spawn_blocking(move || {
            archive::open(io::BufReader::new(spool), &ArchiveLimits::default(), &mut |entry| {
                let size_kb = entry.bytes.as_ref().map_or(1, |bytes| bytes.len() >> 10);
                let size_kb = u32::try_from(size_kb).unwrap_or(UNPACKED_KB).clamp(1, UNPACKED_KB);
                let permit = runtime.block_on(UNPACKED.clone().acquire_many_owned(size_kb));
                permit.is_ok_and(|permit| sender.blocking_send((entry, permit)).is_ok())
            })
        });
        let entries =
            futures::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
        let group = &self.group;
        let outcomes: Vec<_> = entries
            .map(async |(entry, _permit): (archive::Entry, OwnedSemaphorePermit)| {
                let name = name::sanitize(&entry.name);
                let outcome = match entry.bytes {
                    Ok(bytes) => put(group, &name, &bytes, &bytes[..]).await?,
                    Err(error) => Err((archive_class(&error), error.message())),
                };
                Ok::<_, AcceptError>((name, outcome))
            })
            .buffered(CONCURRENCY)
            .try_collect::<Vec<_>>()
            .await?;
        for (inner, outcome) in outcomes {
            self.record(&inner, outcome);
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
        let outcome = put(&self.group, name, sample, source).await?;
        self.record(name, outcome);
        Ok(())
    }

    fn record(&mut self, name: &str, outcome: Result<StoredFile, Refused>) {
        match outcome {
            Ok(stored) => self.files.push(stored),
            Err((class, message)) => self.refuse(name, class, message),
        }
    }

    fn refuse(&mut self, name: &str, class: RefusalClass, message: String) {
        tracing::info!(file.name = name, %class, "refused a file: {class}");
        self.refused.push(RefusedFile { file_name: name.to_owned(), class, message });
    }

    /// Stores the manifest and publishes the facts. The submission is accepted once this returns.
    ///
    /// # Errors
    /// If something cannot be stored or published; then the sender has to send the files again.
    pub(crate) async fn finish(self, idempotency_key: Option<&str>) -> Result<Receipt, Problem> {
        let Self { ingest, caller, channel, again, published, group, files, refused } = self;
        let unavailable = |error: anyhow::Error| Problem::unavailable(&error);
        // A snapshot that is submitted again after a kill is the same submission.
        let now_ms = published.as_ref().map_or_else(now_ms, |published| published.fetched_at_ms);
        let key = idempotency_key.map_or_else(|| now_ms.to_string(), access::redact);
        let stored_refusals = refused.iter().map(StoredRefusal::from).collect();
        let terms = Terms::of(&caller, channel, again);
        let terms = Terms { published: published.map(Into::into), ..terms };
        let manifest = Manifest { key, files, refused: stored_refusals, terms };
        let bytes = serde_json::to_vec(&manifest).context("writing the manifest").map_err(unavailable)?;
        let submission = HEXLOWER.encode(&Sha256::digest(&bytes));
        if !manifest.files.is_empty() {
            let detail = format!("{} accepted, {} refused", manifest.files.len(), refused.len());
            let action = Action { name: "submit", object: &submission, detail: &detail };
            // Before the manifest is stored: what is refused here was never submitted.
            match idempotency_key {
                Some(key) => claim_key(&ingest, &caller, key, action).await?,
                None => ingest.access().record(&caller, action).await?,
            }
        }
        let stored = group.put(&bytes[..], bytes.len() as u64).await;
        stored.map_err(|error| unavailable(error.into()))?;
        group.flush().await.map_err(|error| unavailable(error.into()))?;
        if manifest.files.is_empty() {
            return Ok(Receipt { submission, reports: Vec::new(), refused });
        }
        // Where nobody needs a key, the address tells senders apart.
        let sender = if caller.name.is_empty() { &caller.origin } else { &caller.name };
        let room = ingest.lanes().single(ingest.bus(), sender, manifest.files.len()).await;
        let room = room.map_err(unavailable)?;
        let bulk = room.is_none();
        let facts: Vec<_> = manifest.facts(&submission, now_ms).collect();
        let announced = ingest.bus().announce(facts.len());
        let published: Result<Vec<AcceptedReport>, _> =
            futures::stream::iter(facts.into_iter().zip(announced))
                .map(async |(fact, announced)| {
                    publish(ingest.bus(), ReportSubmitted { bulk, ..fact? }, &announced, again).await
                })
                .buffered(FACTS_AT_ONCE)
                .try_collect()
                .await;
        if let Some(room) = room {
            let new = published.iter().flatten().filter(|report| !report.duplicate);
            room.published(new.map(|report| report.id.clone()));
        }
        let reports = published.context("publishing the facts").map_err(unavailable)?;
        Ok(Receipt { submission, reports, refused })
    }
}

/// Records the submission under the sender's Idempotency-Key. A repeated request has the same submission; other files
/// under the same key are refused.
async fn claim_key(ingest: &Ingest, caller: &Caller, key: &str, action: Action<'_>) -> Result<(), Problem> {
    let about = format!("{}\n{key}", caller.name);
    match ingest.access().record_once(caller, "idempotency", &about, action).await? {
        Recorded::Earlier(earlier) if earlier.object != action.object => {
            let detail = "这个 Idempotency-Key 已用于另一次报送，内容与这次不同，文件没有被接收。";
            let hint = "重发同一批文件请用同一个标识；报送其他文件请换一个新的标识。";
            Err(Problem::new(Code::IdempotencyKeyReused, detail, hint))
        }
        Recorded::Earlier(_) => ingest.access().record(caller, action).await,
        Recorded::New => Ok(()),
    }
}

/// Publishes the fact about one file. If the same bytes were sent before, the earlier report counts, unless it
/// is another act: a file that was refused to one sender is read again for the sender whose report it is. Nor does
/// it count if it was refused through a fault of this installation.
async fn publish(
    bus: &Bus,
    mut fact: ReportSubmitted,
    announced: &Announced,
    again: bool,
) -> anyhow::Result<AcceptedReport> {
    let original = fact.original.as_ref().map(|original| original.sha256.clone()).unwrap_or_default();
    while fact.generation < MOST_GENERATIONS {
        fact.id = ReportId::of(&original, fact.generation)?.to_string();
        let published = bus.publish_announced(&fact, announced).await?;
        if published == Published::New {
            return Ok(accepted(fact, original, None));
        }
        if (!again || is_same_visit(bus, &fact).await?)
            && let Some(earlier) = earlier_of_same_act(bus, &fact).await?
            && !was_refused_by_fault_of_ours(bus, &fact.id).await?
        {
            return Ok(accepted(fact, original, Some(earlier.submission)));
        }
        fact.generation += 1;
    }
    anyhow::bail!("{original} was read {MOST_GENERATIONS} times already")
}

/// Each generation costs a publish that the log refuses. Nobody has the same bytes read so often.
const MOST_GENERATIONS: u32 = 1_000;

/// Whether the log shows the same snapshot of the same page under this id: a visit that was killed did not submit it
/// twice.
async fn is_same_visit(bus: &Bus, fact: &ReportSubmitted) -> anyhow::Result<bool> {
    if fact.published.is_none() {
        return Ok(false);
    }
    let earlier = bus.last_of_id::<ReportSubmitted>(&fact.id).await?;
    Ok(earlier.is_some_and(|earlier| earlier.published == fact.published))
}

fn accepted(fact: ReportSubmitted, original: String, earlier: Option<String>) -> AcceptedReport {
    AcceptedReport {
        duplicate: earlier.is_some(),
        first_submission: earlier.unwrap_or(fact.submission),
        id: fact.id,
        file_name: fact.file_name,
        original,
    }
}

/// The fact on the log about these bytes, under this id and the same scope. Another fact under the same id, such as
/// the withdrawal of a report or one about other bytes, is not what the sender asked for.
async fn earlier_of_same_act(bus: &Bus, fact: &ReportSubmitted) -> anyhow::Result<Option<ReportSubmitted>> {
    let named = |fact: &ReportSubmitted| fact.original.as_ref().map(|original| original.sha256.clone());
    let earlier = bus.last_of_id::<ReportSubmitted>(&fact.id).await?;
    let earlier = earlier.with_context(|| format!("{} is not on the log", fact.id))?;
    let is_same = named(&earlier) == named(fact)
        && earlier.withdraws.is_some() == fact.withdraws.is_some()
        && earlier.known_refusal.is_some() == fact.known_refusal.is_some()
        && earlier.scope == fact.scope;
    Ok(is_same.then_some(earlier))
}

/// Whether the report with this id was refused, and the sender could not have helped it: its original was lost,
/// every attempt failed, or the workers died.
async fn was_refused_by_fault_of_ours(bus: &Bus, id: &str) -> anyhow::Result<bool> {
    let refused = bus.last_of_id::<ReportRefused>(id).await?;
    let class = refused.and_then(|refused| RefusalClass::parse(&refused.class).ok());
    Ok(class.is_some_and(|class| class.info().fault == Fault::Operator))
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

/// Stores one file. The inner error is a fault of the file.
async fn put(
    group: &BlobGroup,
    name: &str,
    sample: &[u8],
    source: impl AsyncRead + Unpin + Send,
) -> Result<Result<StoredFile, Refused>, AcceptError> {
    if sample.is_empty() {
        let message = "文件是空的，没有任何内容。请确认报告已保存后重新报送。";
        return Ok(Err((RefusalClass::Empty, message.into())));
    }
    let limit = document::limits::BYTES as u64;
    let stored = match group.put(source, limit).await {
        Ok(stored) => stored,
        Err(PutError::TooLarge { limit_bytes }) => {
            return Ok(Err((RefusalClass::TooLarge, too_large(limit_bytes))));
        }
        Err(PutError::Source(error)) => return Err(AcceptError::BrokenUpload(error)),
        Err(error) => return Err(AcceptError::System(error.into())),
    };
    Ok(Ok(StoredFile {
        file_name: name.to_owned(),
        original: stored.sha256,
        size_bytes: stored.size_bytes,
        media_type: sniff(sample).media_type().to_owned(),
        refused: None,
    }))
}

fn too_large(limit_bytes: u64) -> String {
    format!("文件超过 {} MB 的上限。请去掉图片等附件，或分批压缩后报送。", limit_bytes / 1_000_000)
}

/// The first and the last bytes of a file.
async fn both_ends(file: &mut tokio::fs::File, size: u64) -> anyhow::Result<Vec<u8>> {
    let mut sample = Vec::with_capacity(2 * SAMPLE_BYTES);
    file.rewind().await?;
    (&mut *file).take(SAMPLE_BYTES as u64).read_to_end(&mut sample).await?;
    let rest = size.saturating_sub(SAMPLE_BYTES as u64).min(SAMPLE_BYTES as u64);
    file.seek(io::SeekFrom::End(-(rest as i64))).await?;
    file.read_to_end(&mut sample).await?;
    Ok(sample)
}
