//! An exchange folder: a directory a batch, with tables and a manifest.
//!
//! A batch is written under a name that begins with a dot and flushed to the disk. Then it is noted in a ledger beside
//! the directories (`.<outlet>.ledger`), and then renamed, so a directory without that dot is whole and never changes.
//! The ledger is needed because the reader of the directories may delete them. A process that was killed between
//! the ledger and the rename is followed by one that renames; a directory that is not in the ledger was not finished,
//! and is removed. So nothing is lost and nothing stands twice.

mod ledger;
mod tables;
mod written;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use worker::outlets::{Carry, FolderConfig, OutletConfig};

use crate::change::{Batch, Change, Place};
use crate::items::Group;
use crate::target::{Batching, Kept, Target, TargetError};
use ledger::{Entry, Ledger};
use tables::Table;
use written::Manifest;

/// Payloads of a batch are held in memory; more are in the next batch.
const BATCH_BYTES: usize = 48 << 20;
/// What the settings may ask for beside CSV.
const FORMATS: [&str; 2] = ["parquet", "jsonl"];
/// The name of the manifest.
const MANIFEST: &str = "manifest.json";

/// The target.
#[derive(Debug, Clone)]
pub struct FolderTarget {
    outlet: String,
    folder: PathBuf,
    carry: Carry,
    parquet: bool,
    jsonl: bool,
    batching: Batching,
}

/// The directory of a batch, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Directory {
    name: String,
    log_made_at_ms: i64,
    from: u64,
    to: u64,
}

/// The items of the files of a batch.
pub(crate) fn items(outlet: &OutletConfig) -> Vec<Group> {
    Table::of(outlet.carry).iter().map(|table| table.items()).collect()
}

impl FolderTarget {
    /// The folder of an outlet.
    ///
    /// # Errors
    /// If the settings name a format that there is not.
    pub fn new(outlet: &str, config: &FolderConfig, carry: Carry) -> anyhow::Result<Self> {
        for format in &config.formats {
            ensure!(
                FORMATS.contains(&format.as_str()),
                "outlet {outlet}: formats = {format:?}: expected {}",
                FORMATS.join(" or ")
            );
        }
        let asks = |format: &str| config.formats.iter().any(|asked| asked == format);
        Ok(Self {
            outlet: outlet.to_owned(),
            folder: config.path.clone(),
            carry,
            parquet: asks("parquet"),
            jsonl: asks("jsonl"),
            batching: Batching { changes: config.rows.max(1), bytes: BATCH_BYTES, wait: config.every },
        })
    }

    /// Runs work that waits for a disk on a thread that may wait.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, TargetError> {
        let target = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            // A folder that is not there is not made: it may be a disk that is not mounted.
            let folder = target.folder.display();
            ensure!(target.folder.is_dir(), "there is no folder {folder}; make it, or mount its disk");
            work(&target)
        });
        // Nothing in a batch is at fault for a disk.
        done.await.context("writing to a folder").flatten().map_err(TargetError::Blocked)
    }

    fn ledger(&self) -> anyhow::Result<Ledger> {
        Ledger::open(self.folder.join(format!(".{}.ledger", self.outlet)))
    }

    /// The directories of whole batches that stand in the folder.
    fn directories(&self) -> anyhow::Result<Vec<Directory>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).context("listing the folder")? {
            let name = entry.context("listing the folder")?.file_name();
            let directory = name.to_str().and_then(|name| Directory::parse(&self.outlet, name));
            found.extend(
                directory.filter(|directory| self.folder.join(&directory.name).join(MANIFEST).is_file()),
            );
        }
        found.sort_by_key(|directory| (directory.from, directory.to));
        Ok(found)
    }

    /// Renames what a process noted before it was killed, and removes what it had not finished.
    fn repair(&self) -> anyhow::Result<Ledger> {
        let ledger = self.ledger()?;
        for entry in fs::read_dir(&self.folder).context("listing the folder")? {
            let entry = entry.context("listing the folder")?;
            let hidden = entry.file_name();
            let name = hidden.to_str().and_then(|name| name.strip_prefix('.')).unwrap_or_default();
            if Directory::parse(&self.outlet, name).is_none() {
                continue;
            }
            if ledger.has(name) {
                self.rename(&entry.path(), name)?;
            } else {
                fs::remove_dir_all(entry.path()).with_context(|| format!("removing .{name}"))?;
            }
        }
        Ok(ledger)
    }

    fn write(&self, batch: &Batch) -> anyhow::Result<()> {
        let mut ledger = self.repair()?;
        let before = Place { log_made_at_ms: batch.log_made_at_ms, sequence: batch.from.saturating_sub(1) };
        // A batch that is tried once more begins before the place.
        let follows = ledger.place().is_none_or(|place| {
            place.log_made_at_ms != before.log_made_at_ms || place.sequence >= before.sequence
        });
        ensure!(follows, "the ledger in {} does not reach as far as before", self.folder.display());
        let standing = self.standing(&ledger, batch.log_made_at_ms)?;
        let is_there = |change: &&Change| standing.contains(&change.sequence);
        let changes: Vec<&Change> = batch.changes.iter().filter(|change| !is_there(change)).collect();
        let name = if changes.is_empty() { String::new() } else { self.unused(&ledger, batch) };
        let unfinished = self.folder.join(format!(".{name}"));
        let entry = Entry::Batch {
            directory: name.clone(),
            log_made_at_ms: batch.log_made_at_ms,
            from: batch.from,
            to: batch.to,
            sequences: changes.iter().map(|change| change.sequence).collect(),
        };
        if name.is_empty() {
            return ledger.append(entry);
        }
        let written = written::write_batch(&unfinished, self, batch, &changes)
            .inspect(|()| bus::failpoint("written"))
            .and_then(|()| ledger.append(entry));
        if let Err(error) = written {
            // A disk that is full gets its space back.
            fs::remove_dir_all(&unfinished).ok();
            return Err(error);
        }
        bus::failpoint("noted");
        self.rename(&unfinished, &name)
    }

    /// The changes that stand in directories which nobody has taken away.
    fn standing(&self, ledger: &Ledger, log_made_at_ms: i64) -> anyhow::Result<BTreeSet<u64>> {
        let directories = self.directories()?;
        let is_standing = |name: &str| directories.iter().any(|directory| directory.name == name);
        Ok(ledger.sequences(log_made_at_ms, is_standing))
    }

    fn rename(&self, unfinished: &Path, name: &str) -> anyhow::Result<()> {
        fs::rename(unfinished, self.folder.join(name)).with_context(|| format!("renaming {name}"))?;
        flush_folder(&self.folder)
    }

    /// The name of a directory for the batch, with a number where there was one of that name.
    fn unused(&self, ledger: &Ledger, batch: &Batch) -> String {
        let name = Directory::name(&self.outlet, batch);
        let numbered = (2_u32..).map(|number| format!("{name}.{number}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let is_free = |name: &String| !ledger.has(name) && !self.folder.join(name).exists();
        names.find(is_free).unwrap_or(name)
    }
}

impl Target for FolderTarget {
    async fn test(&mut self) -> Result<Vec<String>, TargetError> {
        self.on_disk(|target| {
            let folder = target.folder.display();
            let probe = target.folder.join(format!(".{}.test", target.outlet));
            let written = fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe));
            written.with_context(|| format!("cannot write to {folder}"))?;
            let standing = target.directories()?.len();
            let mut lines =
                vec![format!("{folder} can be written to"), format!("{standing} batches stand in it")];
            if let Some(place) = target.ledger()?.place() {
                lines.push(format!("it has everything up to {}", place.sequence));
            }
            Ok(lines)
        })
        .await
    }

    fn batching(&self) -> Batching {
        self.batching
    }

    async fn place(&mut self) -> Result<Kept, TargetError> {
        self.on_disk(|target| Ok(Kept::AtTarget(target.repair()?.place()))).await
    }

    async fn deliver(&mut self, batch: &Batch) -> Result<(), TargetError> {
        let batch = batch.clone();
        self.on_disk(move |target| target.write(&batch)).await
    }

    async fn rewind(&mut self, to: Place) -> Result<(), TargetError> {
        self.on_disk(move |target| {
            let entry = Entry::Rewound { log_made_at_ms: to.log_made_at_ms, to: to.sequence };
            target.repair()?.append(entry)
        })
        .await
    }

    async fn delivered(&mut self, log_made_at_ms: i64) -> Result<Option<BTreeSet<u64>>, TargetError> {
        self.on_disk(move |target| {
            for directory in target.directories()? {
                let folder = target.folder.join(&directory.name);
                Manifest::read(&folder)?.compare(&folder)?;
            }
            Ok(Some(target.ledger()?.sequences(log_made_at_ms, |_| true)))
        })
        .await
    }
}

impl Directory {
    fn name(outlet: &str, batch: &Batch) -> String {
        format!("{outlet}-{}-{:012}-{:012}", batch.log_made_at_ms, batch.from, batch.to)
    }

    fn parse(outlet: &str, name: &str) -> Option<Self> {
        let rest = name.strip_prefix(outlet)?.strip_prefix('-')?;
        let (range, number) = rest.split_once('.').unwrap_or((rest, "2"));
        let parts: Vec<&str> = range.split('-').collect();
        let [log_made_at_ms, from, to] = parts.as_slice() else { return None };
        number.parse::<u32>().ok()?;
        Some(Self {
            name: name.to_owned(),
            log_made_at_ms: log_made_at_ms.parse().ok()?,
            from: from.parse().ok()?,
            to: to.parse().ok()?,
        })
    }
}

/// Waits until the names in a folder are on the disk.
fn flush_folder(folder: &Path) -> anyhow::Result<()> {
    let flushed = File::open(folder).and_then(|folder| folder.sync_all());
    flushed.or_else(not_supported).with_context(|| format!("flushing {}", folder.display()))
}

/// Some network file systems flush no folders.
fn not_supported(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::InvalidInput || error.kind() == io::ErrorKind::Unsupported {
        Ok(())
    } else {
        Err(error)
    }
}

#[cfg(test)]
mod tests;
