//! The drop folder: accepts files that are complete and moves them to `done`, with a receipt beside each.
//!
//! A file is complete once it has not changed for a while, or once its end mark (`a.docx.ok`) is there. A
//! checksum beside it (`.sha256`, `.sm3`, `.md5`) has to fit, and a file that changed while it was read is not
//! taken. Programs that write under a temporary name and rename the file when it is complete are safe at once.

mod checksum;
mod listing;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use access::{Caller, Problem};
use anyhow::Context as _;

use self::listing::{Candidate, DONE, END_MARK, Quiet, REFUSED, Stamp, beside, candidates, is_absent};
use crate::Ingest;
use crate::builder::{Receipt, SubmissionBuilder};

/// Time between two polls. Polling works on every file system, also on network shares; notifications do not.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Watches a folder until shutdown.
///
/// # Errors
/// If its subfolders cannot be created.
pub(crate) async fn watch(ingest: Ingest, inbox: PathBuf) -> anyhow::Result<()> {
    for folder in [inbox.join(DONE), inbox.join(REFUSED)] {
        tokio::fs::create_dir_all(&folder)
            .await
            .with_context(|| format!("GOUJI_INBOX={}", inbox.display()))?;
    }
    let shutdown = ingest.worker().shutdown();
    let quiet = ingest.worker().config().inbox_quiet;
    let mut seen = Quiet::default();
    let mut complaints = Complaints::default();
    let mut is_paused = false;
    while !shutdown.is_requested() {
        let at = inbox.clone();
        let found =
            tokio::task::spawn_blocking(move || candidates(&at)).await.context("listing the drop folder")?;
        complaints.forget_all_but(&found);
        for candidate in seen.complete(found, quiet, Instant::now()) {
            if shutdown.is_requested() {
                break;
            }
            // The same admission control as for HTTP; the files wait in the folder.
            if let Err(problem) = ingest.admission().check_capacity().await {
                if !is_paused {
                    tracing::warn!(class = %problem.code, "the drop folder is paused until there is capacity");
                }
                is_paused = true;
                continue;
            }
            is_paused = false;
            if let Err(error) = accept(&ingest, &inbox, &candidate).await {
                // The file stays and is tried again in the next poll.
                complaints.report(&candidate, format!("{error:#}"));
            }
        }
        tokio::select! {
            () = shutdown.requested() => break,
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
    }
    Ok(())
}

/// What was reported about each file that stays in the folder, so that every poll does not repeat it.
#[derive(Default)]
struct Complaints(HashMap<PathBuf, String>);

impl Complaints {
    fn report(&mut self, Candidate { path, .. }: &Candidate, why: String) {
        if self.0.get(path) != Some(&why) {
            tracing::warn!(file.name = ?path, "cannot accept a file of the drop folder: {why}");
            self.0.insert(path.clone(), why);
        }
    }

    fn forget_all_but(&mut self, candidates: &[Candidate]) {
        if !self.0.is_empty() {
            self.0.retain(|path, _| candidates.iter().any(|candidate| candidate.path == *path));
        }
    }
}

async fn accept(ingest: &Ingest, inbox: &Path, candidate: &Candidate) -> anyhow::Result<()> {
    let Candidate { path, stamp, .. } = candidate;
    // The file is moved under its own relative path; the receipt shows a sanitized name.
    let within = path.strip_prefix(inbox).context("the file is not in the drop folder")?;
    let checked = path.clone();
    tokio::task::spawn_blocking(move || checksum::verify(&checked)).await?.map_err(anyhow::Error::msg)?;
    let caller = Caller::service("folder");
    let mut builder = SubmissionBuilder::new(ingest.clone(), caller, "folder");
    let mut file = tokio::fs::File::open(path).await.context("opening")?;
    builder.add(&within.to_string_lossy(), &mut file).await?;
    // What was read is what is there, and whole: nobody wrote meanwhile.
    let read = Stamp::of(&file.metadata().await.context("looking at what was read")?);
    anyhow::ensure!(read == *stamp && Stamp::at(path)? == *stamp, "it changed while it was read");
    let failed = |problem: Problem| anyhow::anyhow!("{}", problem.code);
    let receipt = builder.finish(None).await.map_err(failed)?;
    let folder = inbox.join(if receipt.reports.is_empty() { REFUSED } else { DONE });
    let target = free_path(&folder.join(within), &receipt);
    if let Some(parent) = target.parent() {
        tokio::fs::create_dir_all(parent).await.context("creating the folder of the receipt")?;
    }
    let text = serde_json::to_vec_pretty(&receipt).context("writing the receipt")?;
    tokio::fs::write(beside(&target, ".receipt.json"), text).await.context("writing the receipt")?;
    // Left in place, it is taken once more when it is complete, as a later version.
    anyhow::ensure!(Stamp::at(path)? == *stamp, "it changed after it was read");
    // The end mark first: left behind, it would call the next file of this name complete.
    let control = [END_MARK].into_iter().chain(checksum::ALGORITHMS.map(|(suffix, ..)| suffix));
    for suffix in control {
        let moved = tokio::fs::rename(beside(path, suffix), beside(&target, suffix)).await;
        if let Err(error) = moved
            && !is_absent(&error)
        {
            return Err(error).with_context(|| format!("moving the file with {suffix} away"));
        }
    }
    tokio::fs::rename(path, &target).await.context("moving the file away")
}

/// Longest name, in bytes, that leaves room for a prefix and for the suffix of the receipt.
const LONGEST_NAME: usize = 200;

/// A path that does not exist yet. A second file of the same name gets the id of the submission as a prefix; so
/// does a file whose name is too long for a receipt beside it, and its name is shortened.
fn free_path(wanted: &Path, receipt: &Receipt) -> PathBuf {
    let name = wanted.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if name.len() <= LONGEST_NAME && !wanted.exists() {
        return wanted.to_owned();
    }
    let (stem, extension) = match name.rfind('.').filter(|dot| name.len() - dot <= LONGEST_EXTENSION) {
        Some(dot) => name.split_at(dot),
        None => (&*name, ""),
    };
    let stem = &stem[..stem.floor_char_boundary(LONGEST_NAME - LONGEST_EXTENSION)];
    wanted.with_file_name(format!("{}-{stem}{extension}", &receipt.submission[..12]))
}

/// Longest extension that a shortened name keeps, in bytes.
const LONGEST_EXTENSION: usize = 10;
