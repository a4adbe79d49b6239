//! The files of a batch and their manifest.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, ensure};
use data_encoding::HEXLOWER;
use export::{Format, Names};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sm3::Sm3;

use super::ledger::ranges;
use super::tables::Table;
use super::{FolderTarget, MANIFEST, flush_folder};
use crate::change::{Batch, Change};

/// `manifest.json`: written last, so a directory that has it is whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Written {
    outlet: String,
    /// RFC 3339.
    log_made_at: String,
    from: u64,
    to: u64,
    /// The sequences of the changes, `3,5-9`.
    sequences: String,
    files: Vec<WrittenFile>,
}

/// A file of the batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct WrittenFile {
    name: String,
    rows: u64,
    size: u64,
    sha256: String,
    sm3: String,
}

/// A manifest that was read back.
#[derive(Debug)]
pub(super) struct Manifest {
    files: Vec<WrittenFile>,
}

/// Writes a batch to a new directory and flushes it.
pub(super) fn write_batch(
    directory: &Path,
    target: &FolderTarget,
    batch: &Batch,
    changes: &[&Change],
) -> anyhow::Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| format!("removing {}", directory.display()))?;
    }
    fs::create_dir(directory).with_context(|| format!("making {}", directory.display()))?;
    let mut files = Vec::new();
    for table in Table::of(target.carry) {
        let mut formats = vec![Format::Csv];
        formats.extend(target.parquet.then_some(Format::Parquet));
        for format in formats {
            let name = format!("{}.{}", table.as_str(), format.as_str());
            files.push(write_file(directory, name, |out| {
                let (title, rows) = (table.as_str(), table.rows(changes));
                Ok(export::write_table(title, table.columns(), Names::Id, format, rows, out)?)
            })?);
        }
    }
    if target.jsonl {
        files.push(write_file(directory, "reports.jsonl".into(), |out| {
            for change in changes {
                writeln!(out, "{}", change.json)?;
            }
            Ok(changes.len() as u64)
        })?);
    }
    let made_at = Timestamp::from_millisecond(batch.log_made_at_ms).unwrap_or_default();
    let manifest = Written {
        outlet: target.outlet.clone(),
        log_made_at: made_at.to_string(),
        from: batch.from,
        to: batch.to,
        sequences: ranges(&changes.iter().map(|change| change.sequence).collect()),
        files,
    };
    let text = serde_json::to_vec_pretty(&manifest).context("writing a manifest")?;
    write_file(directory, MANIFEST.into(), |out| {
        out.write_all(&text)?;
        Ok(0)
    })?;
    flush_folder(directory)
}

/// Writes a file and flushes it to the disk.
fn write_file(
    directory: &Path,
    name: String,
    write: impl FnOnce(&mut Hashed) -> anyhow::Result<u64>,
) -> anyhow::Result<WrittenFile> {
    let written = || -> anyhow::Result<WrittenFile> {
        let file = File::create_new(directory.join(&name))?;
        let mut out = Hashed { file: BufWriter::new(file), size: 0, sha256: Sha256::new(), sm3: Sm3::new() };
        let rows = write(&mut out)?;
        let Hashed { file, size, sha256, sm3 } = out;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(WrittenFile {
            name: name.clone(),
            rows,
            size,
            sha256: HEXLOWER.encode(&sha256.finalize()),
            sm3: HEXLOWER.encode(&sm3.finalize()),
        })
    };
    written().with_context(|| format!("writing {name}"))
}

/// A file that is counted and hashed while it is written.
struct Hashed {
    file: BufWriter<File>,
    size: u64,
    sha256: Sha256,
    sm3: Sm3,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.file.write(bytes)?;
        let bytes = bytes.get(..taken).unwrap_or_default();
        self.size += taken as u64;
        self.sha256.update(bytes);
        self.sm3.update(bytes);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Manifest {
    /// Reads that of a directory.
    pub(super) fn read(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join(MANIFEST);
        let read = || -> anyhow::Result<Self> {
            let Written { files, .. } = serde_json::from_slice(&fs::read(&path)?)?;
            Ok(Self { files })
        };
        read().with_context(|| format!("reading {}", path.display()))
    }

    /// Compares the files of the directory with it.
    pub(super) fn compare(&self, directory: &Path) -> anyhow::Result<()> {
        for WrittenFile { name, size, sha256, .. } in &self.files {
            let path = directory.join(name);
            let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            let is_same = bytes.len() as u64 == *size && HEXLOWER.encode(&Sha256::digest(&bytes)) == *sha256;
            ensure!(is_same, "{} is not what was written", path.display());
        }
        Ok(())
    }
}
