//! What was written to the folder, one JSON object a line, in the order in which it was written.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::change::Place;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Entry {
    /// A batch, in the directory of that name; an empty name where all of it stood in others.
    Batch {
        directory: String,
        log_made_at_ms: i64,
        from: u64,
        to: u64,
        #[serde(serialize_with = "write_ranges", deserialize_with = "read_ranges")]
        sequences: BTreeSet<u64>,
    },
    /// Everything after this is delivered again.
    Rewound { log_made_at_ms: i64, to: u64 },
}

/// The lines.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    entries: Vec<Entry>,
}

impl Ledger {
    /// Reads it; empty where there is none. A last line that was not finished is removed.
    pub(super) fn open(path: PathBuf) -> anyhow::Result<Self> {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            let file = File::options().write(true).open(&path);
            file.and_then(|file| file.set_len(whole as u64))
                .with_context(|| format!("mending {}", path.display()))?;
        }
        let line = |(number, line): (usize, &str)| {
            serde_json::from_str(line).with_context(|| format!("{}, line {}", path.display(), number + 1))
        };
        let entries = text.get(..whole).unwrap_or_default().lines().enumerate().map(line);
        Ok(Self { entries: entries.collect::<anyhow::Result<_>>()?, path })
    }

    /// Adds a line; it is on the disk when this returns.
    pub(super) fn append(&mut self, entry: Entry) -> anyhow::Result<()> {
        let is_new = !self.path.exists();
        let line = serde_json::to_string(&entry).context("writing a line of the ledger")? + "\n";
        let before = fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        let appended = File::options().create(true).append(true).open(&self.path).and_then(|mut file| {
            file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).inspect_err(|_| {
                // Half a line on a full disk; the next line must not follow it.
                file.set_len(before).ok();
            })
        });
        appended.with_context(|| format!("writing to {}", self.path.display()))?;
        if is_new {
            super::flush_folder(self.path.parent().unwrap_or(Path::new("/")))?;
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Whether a batch was written to the directory of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| matches!(entry, Entry::Batch { directory, .. } if directory == name))
    }

    /// How far the folder has everything; none before the first batch.
    pub(super) fn place(&self) -> Option<Place> {
        let mut place: Option<Place> = None;
        for entry in &self.entries {
            let (made, to, is_rewound) = match entry {
                Entry::Batch { log_made_at_ms, to, .. } => (*log_made_at_ms, *to, false),
                Entry::Rewound { log_made_at_ms, to } => (*log_made_at_ms, *to, true),
            };
            let reached = place.filter(|place| place.log_made_at_ms == made && !is_rewound);
            // A batch that is tried once more ends where the folder stood.
            let sequence = reached.map_or(to, |reached| reached.sequence.max(to));
            place = Some(Place { log_made_at_ms: made, sequence });
        }
        place
    }

    /// The changes of this log in the directories for which `counts` is true.
    pub(super) fn sequences(&self, log_made_at_ms: i64, counts: impl Fn(&str) -> bool) -> BTreeSet<u64> {
        let of_entry = |entry: &Entry| match entry {
            Entry::Batch { directory, log_made_at_ms: made, sequences, .. }
                if *made == log_made_at_ms && counts(directory) =>
            {
                sequences.clone()
            }
            _ => BTreeSet::new(),
        };
        self.entries.iter().flat_map(of_entry).collect()
    }
}

/// `3,5-9,12`.
fn write_ranges<S: serde::Serializer>(sequences: &BTreeSet<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&ranges(sequences))
}

pub(super) fn ranges(sequences: &BTreeSet<u64>) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for sequence in sequences {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *sequence => *last = *sequence,
            _ => ranges.push((*sequence, *sequence)),
        }
    }
    let written = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    written.collect::<Vec<_>>().join(",")
}

fn read_ranges<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_ranges(&text).map_err(serde::de::Error::custom)
}

pub(super) fn parse_ranges(text: &str) -> anyhow::Result<BTreeSet<u64>> {
    let mut sequences = BTreeSet::new();
    for range in text.split(',').filter(|range| !range.is_empty()) {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u64, u64) = (first.parse()?, last.parse()?);
        ensure!(first <= last && last - first < LARGEST_RANGE, "{range} is no range of sequences");
        sequences.extend(first..=last);
    }
    Ok(sequences)
}

/// A batch has fewer changes by far; more in a line that somebody wrote by hand would fill the memory.
const LARGEST_RANGE: u64 = 10_000_000;
