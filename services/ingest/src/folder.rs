//! The exchange folder: accepts the files and batches that senders put there, and leaves receipts.
//!
//! A folder has the name of a key, whose scope holds for what lies in it; files directly in the exchange folder come
//! from nobody in particular. A file is complete once it has not changed for a while, or once its end mark
//! (`a.docx.ok`) is there; a checksum beside it has to fit. A batch is a folder or an archive with a manifest: all of
//! its files are compared with the manifest before the first is accepted, and they are one submission.
//!
//! What was accepted moves to `done`, what was refused to `refused`. Nothing that is half written is accepted, and
//! any kill leaves it where it is found again: the same file is the same submission.

mod batch;
mod batch_manifest;
mod checksum;
mod listing;
mod mailbox;
mod outcome;
mod reason;
mod receipt;
mod whole_file;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use access::{Action, Caller, Code, Problem};
use anyhow::Context as _;

use self::batch::{Batch, Examined};
use self::listing::{Candidate, END_MARK, Entry, Kind, Quiet, Stamp, beside, candidates, is_absent, shown};
use self::mailbox::Mailbox;
use self::outcome::Pending;
use self::reason::{Class, Reason};
use self::receipt::Taken;
use crate::Ingest;
use crate::builder::{Receipt, SubmissionBuilder, now_ms};

/// Time between two polls. Polling works on every file system, also on network shares; notifications do not.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How files of the exchange folder came, in facts and in the audit trail.
const CHANNEL: &str = "folder";

/// Watches a folder, and writes the outcomes of what was accepted, until shutdown.
///
/// # Errors
/// If its subfolders cannot be created.
pub(crate) async fn watch(ingest: Ingest, inbox: PathBuf) -> anyhow::Result<()> {
    let root = &Mailbox::all(&inbox, None)[0];
    for folder in [root.done(), root.refused()] {
        tokio::fs::create_dir_all(&folder)
            .await
            .with_context(|| format!("GOUJI_INBOX={}", inbox.display()))?;
    }
    let outcomes = outcome::write_all(ingest.clone(), inbox.clone());
    tokio::try_join!(accept_all(Watch::new(ingest, inbox)), outcomes).map(drop)
}

/// What the watch over the exchange folder remembers from one poll to the next.
struct Watch {
    ingest: Ingest,
    inbox: PathBuf,
    quiet: Quiet,
    complaints: Complaints,
    /// What was found when a batch was looked at last, and whether it was complete then.
    examined: HashMap<PathBuf, (Vec<Entry>, bool, Examined)>,
    /// The senders that were known when their folder was looked at last.
    known: HashSet<String>,
    is_paused: bool,
}

async fn accept_all(mut watch: Watch) -> anyhow::Result<()> {
    let shutdown = watch.ingest.worker().shutdown().clone();
    while !shutdown.is_requested() {
        watch.poll().await?;
        tokio::select! {
            () = shutdown.requested() => break,
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
    }
    Ok(())
}

impl Watch {
    fn new(ingest: Ingest, inbox: PathBuf) -> Self {
        Self {
            ingest,
            inbox,
            quiet: Quiet::default(),
            complaints: Complaints::default(),
            examined: HashMap::new(),
            known: HashSet::new(),
            is_paused: false,
        }
    }

    /// Looks once at everything that lies in the exchange folder.
    async fn poll(&mut self) -> anyhow::Result<()> {
        let (inbox, receipts) = (self.inbox.clone(), self.ingest.worker().config().inbox_receipts.clone());
        let found = tokio::task::spawn_blocking(move || {
            let mailboxes = Mailbox::all(&inbox, receipts.as_deref()).into_iter();
            mailboxes.map(|mailbox| (candidates(&mailbox), mailbox)).collect::<Vec<_>>()
        });
        let found = found.await.context("listing the exchange folder")?;
        let mut mailboxes = Vec::new();
        let mut all = Vec::new();
        for (candidates, mailbox) in found {
            let Some(caller) = self.caller(&mailbox, !candidates.is_empty()) else { continue };
            all.extend(candidates.into_iter().map(|candidate| (mailboxes.len(), candidate)));
            mailboxes.push((mailbox, caller));
        }
        let owners: Vec<usize> = all.iter().map(|(owner, _)| *owner).collect();
        let candidates: Vec<Candidate> = all.into_iter().map(|(_, candidate)| candidate).collect();
        let paths: HashSet<&Path> = candidates.iter().map(|candidate| candidate.path.as_path()).collect();
        self.complaints.forget_all_but(&paths);
        self.examined.retain(|path, _| paths.contains(path.as_path()));
        let quiet = self.ingest.worker().config().inbox_quiet;
        let looked_at = self.quiet.complete(candidates, quiet, Instant::now());
        for (owner, (candidate, is_complete)) in owners.into_iter().zip(looked_at) {
            if self.ingest.worker().shutdown().is_requested() {
                break;
            }
            if !is_complete && !candidate.has_json_manifest() {
                continue;
            }
            let (mailbox, caller) = &mailboxes[owner];
            if let Err(error) = self.accept(mailbox, caller, &candidate, is_complete).await {
                // It stays, and is tried again in the next poll.
                self.complaints.report(&candidate.path, format!("{error:#}"));
            }
        }
        Ok(())
    }

    /// The sender of a folder; none if it may not send, which its folder says then.
    fn caller(&mut self, mailbox: &Mailbox, has_files: bool) -> Option<Caller> {
        let Some(name) = &mailbox.sender else { return Some(Caller::service(CHANNEL)) };
        let beside = Mailbox { receipts: self.inbox.clone(), ..mailbox.clone() };
        match self.ingest.access().sender_of_folder(name, CHANNEL) {
            Ok(caller) => {
                // Also what an earlier process wrote.
                if self.known.insert(name.clone()) {
                    receipt::remove_refused(&beside, name);
                    receipt::remove_refused(mailbox, name);
                    self.complaints.forget(&mailbox.root);
                }
                Some(caller)
            }
            Err(problem) => {
                self.known.remove(name);
                if has_files && self.complaints.report(&mailbox.root, problem.code.name().to_owned()) {
                    self.say_unknown(mailbox, &beside, name, &problem);
                }
                None
            }
        }
    }

    /// Says once, in the audit trail and in receipts, that nothing of a sender is accepted: beside its folder, for the
    /// operator, and among its receipts.
    fn say_unknown(&self, mailbox: &Mailbox, beside: &Mailbox, name: &str, problem: &Problem) {
        let unknown = Caller { name: name.to_owned(), ..Caller::service(CHANNEL) };
        let action = Action { name: "submit", object: name, detail: problem.code.name() };
        self.ingest.access().deny(&unknown, action, problem.clone());
        let message = format!("{}{}", problem.detail, problem.hint.unwrap_or_default());
        for mailbox in [beside, mailbox] {
            if let Err(error) = receipt::write_no_sender(mailbox, name, problem.code.name(), &message) {
                tracing::warn!(sender = name, "cannot write the receipt of an unknown sender: {error}");
            }
        }
    }

    async fn accept(
        &mut self,
        mailbox: &Mailbox,
        caller: &Caller,
        candidate: &Candidate,
        is_complete: bool,
    ) -> anyhow::Result<()> {
        let examined = self.examine(mailbox, candidate, is_complete).await?;
        let is_batch = !matches!(examined, Examined::NoBatch);
        let name = if is_batch { batch::name_of(candidate) } else { shown(&candidate.within()) };
        if let Examined::Waits(reasons) = examined {
            if is_complete {
                self.wait(mailbox, candidate, &name, &reasons)?;
            }
            return Ok(());
        }
        if !is_complete && !is_batch {
            return Ok(());
        }
        // The same admission control as for HTTP; the files wait in the folder.
        if let Err(problem) = self.ingest.admission().check_capacity().await {
            if !self.is_paused {
                tracing::warn!(class = %problem.code, "the exchange folder is paused until there is capacity");
            }
            self.is_paused = true;
            return Ok(());
        }
        self.is_paused = false;
        let taking = Taking { ingest: &self.ingest, mailbox, caller, candidate };
        match examined {
            Examined::Batch(batch) => taking.batch(&batch).await,
            _ => match taking.checksum_fits().await? {
                Ok(()) => taking.file().await,
                Err(why) => {
                    let message = "旁边的校验文件与文件内容不符，或没有写明这个文件的校验值。请核对后重传。";
                    taking.wait(&Reason::of_file(&name, Class::WrongHash, message))?;
                    Err(anyhow::Error::msg(why))
                }
            },
        }
    }

    /// Compares a batch with its manifest, again only once something changed.
    async fn examine(
        &mut self,
        mailbox: &Mailbox,
        candidate: &Candidate,
        is_complete: bool,
    ) -> anyhow::Result<Examined> {
        if candidate.kind == Kind::File {
            return Ok(Examined::NoBatch);
        }
        if let Some((entries, was_complete, examined)) = self.examined.get(&candidate.path)
            && *entries == candidate.entries
            && (*was_complete || !is_complete)
        {
            return Ok(examined.clone());
        }
        let (looked_at, sender) = (candidate.clone(), mailbox.sender.clone().unwrap_or_default());
        let examined =
            tokio::task::spawn_blocking(move || batch::examine(&looked_at, &sender, is_complete)).await?;
        let remembered = (candidate.entries.clone(), is_complete, examined.clone());
        self.examined.insert(candidate.path.clone(), remembered);
        Ok(examined)
    }

    /// Leaves a batch where it is, and says why.
    fn wait(
        &mut self,
        mailbox: &Mailbox,
        candidate: &Candidate,
        name: &str,
        reasons: &[Reason],
    ) -> anyhow::Result<()> {
        receipt::write_waiting(mailbox, name, reasons)
            .context("writing the receipt of a batch that waits")?;
        if let Some(Reason { class, file, .. }) = reasons.first() {
            let (class, count) = (class.name(), reasons.len());
            let file = file.as_deref().unwrap_or_default();
            let why = format!(
                "the batch does not fit its manifest: {class} {file:?}, the first of {count} reasons"
            );
            self.complaints.report(&candidate.path, why);
        }
        Ok(())
    }
}

/// What was reported about each path that stays in the folder, so that every poll does not repeat it.
#[derive(Default)]
struct Complaints(HashMap<PathBuf, String>);

impl Complaints {
    /// Reports it unless it was reported before; whether it was reported now.
    fn report(&mut self, path: &Path, why: String) -> bool {
        let is_new = self.0.get(path) != Some(&why);
        if is_new {
            tracing::warn!(file.name = ?path, "cannot accept what lies in the exchange folder: {why}");
            self.0.insert(path.to_owned(), why);
        }
        is_new
    }

    fn forget(&mut self, path: &Path) {
        self.0.remove(path);
    }

    /// Forgets what no longer lies there; the folders of senders are forgotten when they are accepted.
    fn forget_all_but(&mut self, paths: &HashSet<&Path>) {
        if !self.0.is_empty() {
            self.0.retain(|path, _| paths.contains(path.as_path()) || path.is_dir());
        }
    }
}

/// A candidate that is being accepted.
struct Taking<'a> {
    ingest: &'a Ingest,
    mailbox: &'a Mailbox,
    caller: &'a Caller,
    candidate: &'a Candidate,
}

impl Taking<'_> {
    fn builder(&self) -> SubmissionBuilder {
        SubmissionBuilder::new(self.ingest.clone(), self.caller.clone(), CHANNEL)
    }

    /// Whether the checksums beside a file fit; why not.
    async fn checksum_fits(&self) -> anyhow::Result<Result<(), String>> {
        let path = self.candidate.path.clone();
        Ok(tokio::task::spawn_blocking(move || checksum::verify(&path)).await?)
    }

    /// Says in a receipt why a file by itself waits.
    fn wait(&self, reason: &Reason) -> anyhow::Result<()> {
        let name = shown(&self.candidate.within());
        if self.mailbox.sender.is_none() {
            return Ok(());
        }
        let reasons = std::slice::from_ref(reason);
        receipt::write_waiting(self.mailbox, &name, reasons)
            .context("writing the receipt of a file that waits")
    }

    async fn file(&self) -> anyhow::Result<()> {
        let (path, within) = (&self.candidate.path, shown(&self.candidate.within()));
        let stamp =
            self.candidate.entries.first().map(|entry| entry.stamp).context("a candidate is a file")?;
        let mut builder = self.builder();
        let file = checksum::open(path).or_else(|error| {
            let message =
                format!("文件无法打开：{}。经 SFTP 上传的，请把文件的权限改为 640。", checksum::why(&error));
            self.wait(&Reason::of_file(&within, Class::Unreadable, message))?;
            Err(error).context("opening")
        })?;
        let mut file = tokio::fs::File::from_std(file);
        builder.add(&within, &mut file).await?;
        // What was read is what is there, and whole: nobody wrote meanwhile.
        let read = Stamp::of(&file.metadata().await.context("looking at what was read")?);
        anyhow::ensure!(read == stamp && Stamp::at(path)? == stamp, "it changed while it was read");
        // Where the process is killed before the file has moved away, the next one makes the same submission of it.
        let key = format!("folder {within} {}", stamp.text());
        let receipt = builder.finish(Some(&key)).await.map_err(failed)?;
        let target = self.target(&receipt);
        let name = shown(&target);
        let taken = Taken::of(self.mailbox, within, None, &receipt, now_ms());
        self.leave_receipts(&name, taken).await?;
        let target = self.done_or_refused(&receipt).join(target);
        if let Some(parent) = target.parent() {
            tokio::fs::create_dir_all(parent).await.context("creating the folder of accepted files")?;
        }
        if self.mailbox.sender.is_none() {
            let text = receipt::to_json(&receipt);
            tokio::fs::write(beside(&target, ".receipt.json"), text).await.context("writing the receipt")?;
        }
        // Left in place, it is taken once more when it is complete, as a later version.
        anyhow::ensure!(Stamp::at(path)? == stamp, "it changed after it was read");
        // The end mark first: left behind, it would call the next file of this name complete.
        let control = [END_MARK].into_iter().chain(checksum::ALGORITHMS.map(|(suffix, ..)| suffix));
        for suffix in control {
            move_if_there(&beside(path, suffix), &beside(&target, suffix)).await?;
        }
        tokio::fs::rename(path, &target).await.context("moving the file away")
    }

    async fn batch(&self, batch: &Batch) -> anyhow::Result<()> {
        let builder = batch::add(batch, self.builder()).await?.sorted();
        let receipt = match builder.finish(Some(&batch.name)).await {
            Ok(receipt) => receipt,
            Err(problem) if problem.code == Code::IdempotencyKeyReused => return self.refuse(batch).await,
            Err(problem) => return Err(failed(problem)),
        };
        let taken = Taken::of(self.mailbox, batch.name.clone(), Some(batch), &receipt, now_ms());
        self.leave_receipts(&batch.name, taken).await?;
        // What was sent once more lies beside what was sent first.
        let folder = self.done_or_refused(&receipt);
        self.move_batch(&folder, Some(&receipt)).await
    }

    /// Refuses a batch of a name under which other bytes were taken before.
    async fn refuse(&self, batch: &Batch) -> anyhow::Result<()> {
        let message = "同名的批次此前已经接收，内容与这次不同；这次的文件一个也没有接收。重发同一批文件，内容须完全相同；报送其他文件，请换一个新的批次名。";
        let reason = Reason::of_batch(Class::BatchChanged, message);
        receipt::write_refused(self.mailbox, &batch.name, &[reason]).context("writing the receipt")?;
        receipt::remove_waiting(self.mailbox, &batch.name);
        tracing::warn!(batch = ?batch.name, sender = self.caller.name, "refused a batch of a name that was taken before");
        self.move_batch(&self.mailbox.refused(), None).await
    }

    /// Writes the receipt that says what was taken, and keeps what has no outcome yet. Only the latter has to succeed.
    async fn leave_receipts(&self, name: &str, taken: Taken) -> anyhow::Result<()> {
        let (mailbox, name) = (self.mailbox.clone(), name.to_owned());
        let left = tokio::task::spawn_blocking(move || {
            let path = receipt::path(&mailbox, &name, receipt::TAKEN);
            let written = whole_file::write(&path, &receipt::to_json(&taken));
            receipt::remove_waiting(&mailbox, &name);
            Pending { name, has_receipt: written.is_ok(), taken }.store(&mailbox)
        });
        left.await?.context("keeping what has no outcome yet")
    }

    fn done_or_refused(&self, receipt: &Receipt) -> PathBuf {
        if receipt.reports.is_empty() { self.mailbox.refused() } else { self.mailbox.done() }
    }

    /// Where a file moves, below `done` or `refused`: its own path, or a path that neither a file nor the receipt of
    /// another submission has.
    fn target(&self, receipt: &Receipt) -> PathBuf {
        let folder = self.done_or_refused(receipt);
        free_path(&folder, &self.candidate.within(), receipt, |path| {
            let is_of_other = |taken: &Taken| taken.submission != receipt.submission;
            let name = shown(path);
            let earlier = std::fs::read(receipt::path(self.mailbox, &name, receipt::TAKEN)).ok();
            let earlier = earlier.and_then(|text| serde_json::from_slice::<Taken>(&text).ok());
            let pending = Pending::read(self.mailbox, &name).map(|pending| pending.taken);
            !folder.join(path).exists() && !earlier.iter().chain(&pending).any(is_of_other)
        })
    }

    async fn move_batch(&self, folder: &Path, receipt: Option<&Receipt>) -> anyhow::Result<()> {
        let path = &self.candidate.path;
        let is_same = self
            .candidate
            .entries
            .iter()
            .all(|entry| Stamp::at(&entry.path).is_ok_and(|stamp| stamp == entry.stamp));
        anyhow::ensure!(is_same, "the batch changed after it was read");
        let name = PathBuf::from(path.file_name().unwrap_or_default());
        let target = folder.join(free_name(folder, &name, receipt));
        tokio::fs::create_dir_all(folder).await.context("creating the folder of accepted batches")?;
        // The end mark first: left behind, it would call the next batch of this name complete.
        move_if_there(&beside(path, END_MARK), &beside(&target, END_MARK)).await?;
        if matches!(self.candidate.kind, Kind::Archive { .. }) {
            let mark = beside(&path.with_extension(""), END_MARK);
            move_if_there(&mark, &beside(&target, END_MARK)).await?;
        }
        if let Kind::Archive { manifest: Some(manifest) } = &self.candidate.kind {
            let suffix = shown(manifest).rsplit('.').next().unwrap_or_default().to_owned();
            move_if_there(manifest, &beside(&target, &format!(".manifest.{suffix}"))).await?;
        }
        tokio::fs::rename(path, &target).await.context("moving the batch away")
    }
}

fn failed(problem: Problem) -> anyhow::Error {
    anyhow::anyhow!("{}", problem.code)
}

async fn move_if_there(from: &Path, to: &Path) -> anyhow::Result<()> {
    match tokio::fs::rename(from, to).await {
        Err(error) if !is_absent(&error) => Err(error).with_context(|| format!("moving {from:?} away")),
        _ => Ok(()),
    }
}

/// Longest name, in bytes, that leaves room for a prefix and for the suffix of the receipt.
const LONGEST_NAME: usize = 200;
/// Longest extension that a shortened name keeps, in bytes.
const LONGEST_EXTENSION: usize = 10;
/// Files of one name and one submission that are kept apart.
const MOST_COPIES: usize = 10_000;

/// A path below `folder` that is free. A second file of the same name gets the id of the submission as a prefix; so
/// does a file whose name is too long for a receipt beside it, and its name is shortened.
fn free_path(folder: &Path, wanted: &Path, receipt: &Receipt, is_free: impl Fn(&Path) -> bool) -> PathBuf {
    let name = shown(Path::new(wanted.file_name().unwrap_or_default()));
    if name.len() <= LONGEST_NAME && is_free(wanted) {
        return wanted.to_owned();
    }
    let (stem, extension) = match name.rfind('.').filter(|dot| name.len() - dot <= LONGEST_EXTENSION) {
        Some(dot) => name.split_at(dot),
        None => (&*name, ""),
    };
    let stem = &stem[..stem.floor_char_boundary(LONGEST_NAME - 2 * LONGEST_EXTENSION)];
    let prefix = &receipt.submission[..12];
    let first = wanted.with_file_name(format!("{prefix}-{stem}{extension}"));
    let others =
        (2..MOST_COPIES).map(|copy| wanted.with_file_name(format!("{prefix}-{copy}-{stem}{extension}")));
    let mut all = std::iter::once(first.clone()).chain(others);
    all.find(|path| !folder.join(path).exists()).unwrap_or(first)
}

/// A name for a batch below `folder` that is free.
fn free_name(folder: &Path, name: &Path, receipt: Option<&Receipt>) -> PathBuf {
    let is_free = |name: &Path| !folder.join(name).exists();
    match receipt {
        Some(receipt) => free_path(folder, name, receipt, is_free),
        None if is_free(name) => name.to_owned(),
        None => {
            let text = shown(name);
            let others = (2..MOST_COPIES).map(|copy| PathBuf::from(format!("{copy}-{text}")));
            others.into_iter().find(|name| is_free(name)).unwrap_or_else(|| name.to_owned())
        }
    }
}
