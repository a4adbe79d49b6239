//! The drop folder: accepts files that no longer change and moves them to `done`, with a receipt beside each.
//!
//! Senders write under a name that ends in `.part` or begins with a dot, and rename the file when it is complete.
//! A file that is written in place is accepted once its size and time are the same in two polls.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use access::{Caller, Problem};
use anyhow::Context as _;

use crate::Ingest;
use crate::builder::{Receipt, SubmissionBuilder};

/// Time between two polls. Polling works on every file system, also on network shares; notifications do not.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Folder of the accepted files.
const DONE: &str = "done";
/// Folder of the refused files.
const REFUSED: &str = "refused";

/// Size and modification time of each file in the last poll.
type Seen = HashMap<PathBuf, (u64, Option<SystemTime>)>;

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
    let mut seen = Seen::new();
    let mut is_paused = false;
    while !shutdown.is_requested() {
        let at = inbox.clone();
        let files =
            tokio::task::spawn_blocking(move || files(&at)).await.context("listing the drop folder")?;
        let mut now = Seen::new();
        for (path, size, modified) in files {
            if shutdown.is_requested() {
                break;
            }
            if seen.get(&path) != Some(&(size, modified)) {
                now.insert(path, (size, modified));
                continue;
            }
            // The same admission control as for HTTP; the files wait in the folder.
            if let Err(problem) = ingest.admission().check_capacity().await {
                if !is_paused {
                    tracing::warn!(class = %problem.code, "the drop folder is paused until there is capacity");
                }
                is_paused = true;
                now.insert(path, (size, modified));
                continue;
            }
            is_paused = false;
            if let Err(error) = accept(&ingest, &inbox, &path).await {
                // The file stays and is tried again in the next poll.
                tracing::warn!(file.name = ?path, "cannot accept a file of the drop folder: {error:#}");
                now.insert(path, (size, modified));
            }
        }
        seen = now;
        tokio::select! {
            () = shutdown.requested() => break,
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
    }
    Ok(())
}

/// Every complete file below the folder, without those in `done` and `refused`.
fn files(inbox: &Path) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    let mut files = Vec::new();
    let mut folders = vec![inbox.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() && !(folder == inbox && (name == DONE || name == REFUSED)) {
                folders.push(path);
            } else if metadata.is_file()
                && !name.starts_with('.')
                && !name.ends_with(".part")
                && !name.ends_with(".tmp")
            {
                files.push((path, metadata.len(), metadata.modified().ok()));
            }
        }
    }
    files.sort();
    files
}

async fn accept(ingest: &Ingest, inbox: &Path, path: &Path) -> anyhow::Result<()> {
    // The file is moved under its own relative path; the receipt shows a sanitized name.
    let within = path.strip_prefix(inbox).context("the file is not in the drop folder")?;
    let caller = Caller { name: String::new(), role: None, scope: None, origin: "folder".into() };
    let mut builder = SubmissionBuilder::new(ingest.clone(), caller, "folder");
    let file = tokio::fs::File::open(path).await.context("opening")?;
    builder.add(&within.to_string_lossy(), file).await?;
    let failed = |problem: Problem| anyhow::anyhow!("{}", problem.code);
    let receipt = builder.finish(None).await.map_err(failed)?;
    let folder = inbox.join(if receipt.reports.is_empty() { REFUSED } else { DONE });
    let target = free_path(&folder.join(within), &receipt);
    if let Some(parent) = target.parent() {
        tokio::fs::create_dir_all(parent).await.context("creating the folder of the receipt")?;
    }
    let mut receipt_path = target.clone().into_os_string();
    receipt_path.push(".receipt.json");
    let text = serde_json::to_vec_pretty(&receipt).context("writing the receipt")?;
    tokio::fs::write(&receipt_path, text).await.context("writing the receipt")?;
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
