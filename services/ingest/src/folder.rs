//! The drop folder: files that lie still are taken in and moved to `done`, with a receipt beside them.
//!
//! Senders write under a name that ends in `.part` or begins with a dot and rename; a file that is
//! written in place is taken once its size and time have not changed between two looks.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use access::{Caller, Problem};
use anyhow::Context as _;

use crate::Ingest;
use crate::accept::{Accepting, Receipt};

/// Between two looks. Looking works on every file system, network shares included; notifications do not.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Where what was taken in goes.
const DONE: &str = "done";
/// Where what was not taken in goes.
const REFUSED: &str = "refused";

/// A file as it was last seen.
type Seen = HashMap<PathBuf, (u64, Option<SystemTime>)>;

/// Watches a folder until it is time to stop.
///
/// # Errors
/// If the folder cannot be made.
pub(crate) async fn watch(ingest: Ingest, inbox: PathBuf) -> anyhow::Result<()> {
    for folder in [inbox.join(DONE), inbox.join(REFUSED)] {
        tokio::fs::create_dir_all(&folder)
            .await
            .with_context(|| format!("GOUJI_INBOX={}", inbox.display()))?;
    }
    let shutdown = ingest.worker().shutdown();
    let mut seen = Seen::new();
    let mut held_back = false;
    while !shutdown.is_requested() {
        let at = inbox.clone();
        let files =
            tokio::task::spawn_blocking(move || files(&at)).await.context("looking into the drop folder")?;
        let mut now = Seen::new();
        for (path, size, modified) in files {
            if shutdown.is_requested() {
                break;
            }
            if seen.get(&path) != Some(&(size, modified)) {
                now.insert(path, (size, modified));
                continue;
            }
            // The folder holds back by the same rules as the HTTP door; files that wait are kept by it.
            if let Err(problem) = ingest.admission().room().await {
                if !held_back {
                    tracing::warn!(class = %problem.code, "the drop folder is held back until there is room");
                }
                held_back = true;
                now.insert(path, (size, modified));
                continue;
            }
            held_back = false;
            if let Err(error) = take(&ingest, &inbox, &path).await {
                // It stays where it is and is tried again.
                tracing::warn!(file.name = ?path, "file of the drop folder not taken in: {error:#}");
                now.insert(path, (size, modified));
            }
        }
        seen = now;
        tokio::select! {
            () = shutdown.requested() => break,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    Ok(())
}

/// Every file below the folder that is not on its way in or out.
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

async fn take(ingest: &Ingest, inbox: &Path, path: &Path) -> anyhow::Result<()> {
    // The path is where it goes when it is done, as it is; what it is called for people is another matter.
    let within = path.strip_prefix(inbox).context("a file of the folder lies in it")?;
    let caller = Caller { name: String::new(), role: None, scope: None, origin: "folder".into() };
    let mut accepting = Accepting::new(ingest.clone(), caller, "folder");
    let file = tokio::fs::File::open(path).await.context("opening")?;
    accepting.take(&within.to_string_lossy(), file).await?;
    let told = |problem: Problem| anyhow::anyhow!("{}", problem.code);
    let receipt = accepting.finish(None).await.map_err(told)?;
    let folder = inbox.join(if receipt.reports.is_empty() { REFUSED } else { DONE });
    let target = free_place(&folder.join(within), &receipt);
    if let Some(parent) = target.parent() {
        tokio::fs::create_dir_all(parent).await.context("making the folder of receipts")?;
    }
    let mut told = target.clone().into_os_string();
    told.push(".receipt.json");
    let text = serde_json::to_vec_pretty(&receipt).context("writing the receipt")?;
    tokio::fs::write(&told, text).await.context("writing the receipt")?;
    tokio::fs::rename(path, &target).await.context("moving the file away")
}

/// Longest name, in bytes, that leaves room for what is put before and behind it.
const LONGEST_NAME: usize = 200;

/// A name that is not taken: a second file of the same name gets the submission's id in front, and so does
/// one whose name is too long for a receipt beside it and is cut.
fn free_place(wanted: &Path, receipt: &Receipt) -> PathBuf {
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

/// `.docx` and its like, in bytes.
const LONGEST_EXTENSION: usize = 10;
