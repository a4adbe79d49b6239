//! Compares the stored originals and texts with those that the log names.

use std::collections::{BTreeSet, HashMap};
use std::time::UNIX_EPOCH;

use anyhow::Result;
use blobs::GetError;
use bus::Event;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use futures::{StreamExt, TryStreamExt};
use ingest::Recovered;
use proto::Fact as _;
use proto::v1::{Blob, ReportParsed, ReportSubmitted, ReportValidated, RosterImported};
use worker::Worker;

use super::ledger::Ledger;

type Sha256 = [u8; 32];

/// Every stored blob, and what the log says of it: about sixty bytes each.
#[derive(Debug, Default)]
pub(super) struct Store {
    known: HashMap<Sha256, Known>,
    /// Texts that travelled in a fact and do not unpack.
    damaged_texts: BTreeSet<String>,
    /// Blobs that are missing, and blobs with other bytes than they had.
    pub(super) missing: Vec<String>,
    pub(super) corrupt: Vec<String>,
    /// Files of submissions that the log does not have.
    pub(super) unlogged: Vec<String>,
    /// Submissions that the log lacks, in whole or in part; only for a rebuild.
    pub(super) sent: Vec<Recovered>,
    /// Blobs that nothing on the log names.
    pub(super) orphans: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    stored: bool,
    is_text: bool,
    is_original: bool,
    is_submission: bool,
    /// Seconds since 1970.
    stored_at: u32,
    size_kb: u32,
}

/// A manifest of a hundred thousand files has some 20 MB.
const LARGEST_MANIFEST_KB: u32 = 64 << 10;
/// Originals that are read at once.
const AT_ONCE: usize = 8;

impl Store {
    pub(super) async fn list(worker: &Worker) -> Result<Self> {
        let mut store = Self::default();
        let mut list = worker.blobs().list();
        while let Some(listed) = list.try_next().await? {
            let Some(sha256) = parsed(&listed.sha256) else { continue };
            let known = store.known.entry(sha256).or_default();
            known.stored = true;
            let age = listed.stored.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
            known.stored_at = u32::try_from(age).unwrap_or(u32::MAX);
            known.size_kb = u32::try_from(listed.size_bytes >> 10).unwrap_or(u32::MAX);
        }
        Ok(store)
    }

    pub(super) fn note(&mut self, event: &Event) {
        match event.fact() {
            ReportSubmitted::NAME => {
                let Some(fact) = event.decode::<ReportSubmitted>() else { return };
                self.name(fact.original.as_ref(), |known| known.is_original = true);
                if let Some(known) = parsed(&fact.submission).and_then(|sha256| self.known.get_mut(&sha256)) {
                    known.is_submission = true;
                }
            }
            ReportParsed::NAME => {
                let fact = event.decode::<ReportParsed>().unwrap_or_default();
                self.name_text(fact.text.as_ref(), &fact.text_zstd);
            }
            ReportValidated::NAME => {
                let fact = event.decode::<ReportValidated>().unwrap_or_default();
                self.name_text(fact.text.as_ref(), &fact.text_zstd);
            }
            RosterImported::NAME => {
                let fact = event.decode::<RosterImported>().unwrap_or_default();
                self.name(fact.original.as_ref(), |known| known.is_original = true);
            }
            _ => (),
        }
    }

    /// The text of a fact. One that travelled in the fact needs no blob; an earlier version may have stored it besides.
    fn name_text(&mut self, text: Option<&Blob>, zstd: &[u8]) {
        match text {
            Some(text) if !zstd.is_empty() => {
                if let Some(known) = parsed(&text.sha256).and_then(|sha256| self.known.get_mut(&sha256)) {
                    known.is_text = true;
                }
                if blobs::unpack_text(zstd).is_err() {
                    self.damaged_texts.insert(text.sha256.clone());
                }
            }
            text => self.name(text, |known| known.is_text = true),
        }
    }

    fn name(&mut self, blob: Option<&Blob>, mark: impl Fn(&mut Known)) {
        if let Some(sha256) = blob.and_then(|blob| parsed(&blob.sha256)) {
            mark(self.known.entry(sha256).or_default());
        }
    }

    /// Checks missing blobs again, because they may have been stored since. `deep` reads and hashes every blob that
    /// the log names.
    pub(super) async fn look_again(&mut self, worker: &Worker, deep: bool) -> Result<()> {
        let named = |known: &Known| known.is_original || known.is_text || known.is_submission;
        let doubtful = self.known.iter().filter(|(_, known)| named(known) && (deep || !known.stored));
        let looked: Vec<(String, Look)> = futures::stream::iter(doubtful)
            .map(async |(sha256, known)| {
                let name = HEXLOWER.encode(sha256);
                let what = if known.is_text { "text" } else { "original" };
                let look = if deep {
                    match worker.blobs().get(&name).await {
                        Ok(_) => Look::There,
                        Err(GetError::Missing(_)) => Look::Missing,
                        Err(GetError::Corrupt(_)) => Look::Corrupt,
                        Err(error @ GetError::Store(..)) => return Err(error.into()),
                    }
                } else if worker.blobs().exists(&name).await? {
                    Look::There
                } else {
                    Look::Missing
                };
                anyhow::Ok((format!("{what} {name}"), look))
            })
            .buffer_unordered(AT_ONCE)
            .try_filter(|(_, look)| std::future::ready(*look != Look::There))
            .try_collect()
            .await?;
        for (name, look) in looked {
            match look {
                Look::There => (),
                Look::Missing => self.missing.push(name),
                Look::Corrupt => self.corrupt.push(name),
            }
        }
        self.corrupt.extend(self.damaged_texts.iter().map(|sha256| format!("text {sha256}")));
        self.missing.sort();
        self.corrupt.sort();
        Ok(())
    }

    /// Looks for submissions among the blobs that the log does not name; for a rebuild among all of them.
    pub(super) async fn read_unnamed(&mut self, worker: &Worker, all: bool, ledger: &Ledger) -> Result<()> {
        let unnamed = |known: &Known| {
            known.stored && !known.is_original && !known.is_text && known.size_kb <= LARGEST_MANIFEST_KB
        };
        let candidates: Vec<(String, Known)> = self
            .known
            .iter()
            .filter(|(_, known)| unnamed(known) && (all || !known.is_submission))
            .map(|(sha256, known)| (HEXLOWER.encode(sha256), *known))
            .collect();
        self.orphans =
            self.known.values().filter(|known| unnamed(known) && !known.is_submission).count() as u64;
        for (name, known) in candidates {
            let bytes = match worker.blobs().get(&name).await {
                Ok(bytes) => bytes,
                Err(GetError::Missing(_)) => continue,
                Err(GetError::Corrupt(_)) => {
                    self.corrupt.push(format!("original {name}"));
                    continue;
                }
                Err(error @ GetError::Store(..)) => return Err(error.into()),
            };
            if !bytes.starts_with(b"{") {
                continue;
            }
            let Some(sent) = ingest::recover(&name, &bytes, i64::from(known.stored_at) * 1000) else {
                continue;
            };
            let mut lacks: Vec<String> = Vec::new();
            for fact in sent.facts.iter().filter(|fact| !ledger.has(&fact.id)) {
                // It may have been published since the log was read.
                if worker.bus().last_of_id::<ReportSubmitted>(&fact.id).await?.is_none() {
                    lacks.push(format!("{}  {}", fact.id, crate::print::one_line(&fact.file_name)));
                }
            }
            if all && (sent.again || !lacks.is_empty()) {
                self.sent.push(sent);
            }
            self.unlogged.extend(lacks);
        }
        self.unlogged.sort();
        self.unlogged.dedup();
        Ok(())
    }

    pub(super) fn count(&self) -> usize {
        self.known.values().filter(|known| known.stored).count()
    }

    pub(super) fn texts(&self) -> usize {
        self.known.values().filter(|known| known.stored && known.is_text).count()
    }
}

#[derive(PartialEq)]
enum Look {
    There,
    Missing,
    Corrupt,
}

fn parsed(hex: &str) -> Option<Sha256> {
    HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?.try_into().ok()
}
