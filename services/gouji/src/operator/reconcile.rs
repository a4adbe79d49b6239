//! `gouji reconcile`: proves that nothing is lost. Every report that was received is in the index, refused, or on
//! its way; the store has every original and text; the index has every report that was indexed.
//!
//! It reads the log once. The pipeline runs meanwhile, so it checks again whatever looks lost.

mod index;
mod ledger;
mod rebuild;
mod store;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};
use worker::Worker;

use super::connection::Connection;
use crate::language::text;
use crate::print::say;
use index::Indexed;
use ledger::Ledger;
use store::Store;

/// Prove that nothing is lost: received = indexed + refused + in flight, no original missing, the index complete.
///
/// Exit status: 0 if nothing is lost, 1 if something is, 2 if that could not be checked.
#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    #[command(flatten)]
    bus: Connection,
    /// Also read and hash every original and text.
    #[arg(long)]
    deep: bool,
    /// The folder of the index, on the host of the index; with --data that of the running `gouji up`.
    #[arg(long, value_name = "FOLDER")]
    index: Option<PathBuf>,
    /// After the log was lost: publish again what the originals know and the log lacks.
    #[arg(long)]
    rebuild: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Seconds to wait for reports that may be lost or on their way.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    patience: u64,
}

/// The status where nothing could be proved.
const UNKNOWN: u8 = 2;
/// Items of each kind that are named; more are counted.
const NAMED: usize = 20;

impl Reconcile {
    pub(crate) fn run(&self) -> ExitCode {
        let reconciled = crate::runtime().and_then(|runtime| runtime.block_on(self.reconcile()));
        match reconciled {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("{}", text!("无法核对：{error:#}", "could not be judged: {error:#}"));
                ExitCode::from(UNKNOWN)
            }
        }
    }

    async fn reconcile(&self) -> Result<bool> {
        let worker = self.bus.worker().await?;
        let mut report = self.look(&worker).await?;
        if self.rebuild {
            let rebuilt = rebuild::rebuild(worker.bus(), &report.store, self.bus.who()).await?;
            if !self.json {
                say(&rebuilt.text());
            }
            report = self.look(&worker).await?;
        }
        worker.bus().close().await;
        if self.json {
            say(&report.json().to_string());
        } else {
            report.lines().iter().for_each(|line| say(line));
        }
        Ok(report.is_sound())
    }

    async fn look(&self, worker: &Worker) -> Result<Report> {
        // The originals are listed first, so that the log names none that is too new for the list.
        let folder = self.index_folder(worker);
        let log = worker.bus().extent().await?;
        let mut store = Store::list(worker).await.context("listing the originals")?;
        let mut ledger = Ledger::default();
        worker
            .bus()
            .scan(proto::subject::ALL, |event| {
                store.note(&event);
                ledger.note(&event);
                Ok(())
            })
            .await
            .context("reading the log")?;
        ledger.settle(worker.bus(), Duration::from_secs(self.patience)).await?;
        store.look_again(worker, self.deep).await.context("looking at the originals")?;
        store.read_unnamed(worker, self.rebuild, &ledger).await.context("looking at the originals")?;
        let index = match folder {
            Some(folder) => Some(Indexed::look(&folder, &ledger)?),
            None => None,
        };
        Ok(Report { deleted: log.deleted, dropped: log.first > 1, ledger, store, index })
    }

    fn index_folder(&self, worker: &Worker) -> Option<PathBuf> {
        let of_settings =
            || Some(worker.config().index.clone()).filter(|folder| self.bus.is_local() && folder.is_dir());
        self.index.clone().or_else(of_settings)
    }
}

/// The result.
struct Report {
    /// Messages that somebody deleted from the log.
    deleted: u64,
    /// Whether the log has dropped its oldest messages.
    dropped: bool,
    ledger: Ledger,
    store: Store,
    index: Option<Indexed>,
}

impl Report {
    /// Every kind of fault: its name, its meaning, its count, some items.
    fn faults(&self) -> Vec<(&'static str, &'static str, u64, Vec<String>)> {
        let (ledger, store) = (&self.ledger, &self.store);
        let of = |list: &[String]| (list.len() as u64, list.iter().take(NAMED).cloned().collect::<Vec<_>>());
        let mut faults = Vec::new();
        let mut add = |name, meaning, (count, named): (u64, Vec<String>)| {
            if count > 0 {
                faults.push((name, meaning, count, named));
            }
        };
        add("lost", "neither ended nor on their way; `gouji replay` reads them anew", of(&ledger.lost));
        add("unsent", "ended, and nothing on the log says that they were sent", {
            // The log drops the submission before the facts that follow it.
            if self.dropped { (0, Vec::new()) } else { of(&ledger.unsent) }
        });
        add("deleted", "messages were deleted from the log by hand", (self.deleted, Vec::new()));
        add(
            "missing",
            "originals or texts are not in the store; put them back from the backup",
            of(&store.missing),
        );
        add(
            "corrupt",
            "originals or texts have other bytes than they had; put them back from the backup",
            of(&store.corrupt),
        );
        add(
            "unlogged",
            "sent by what the originals say, and not on the log; --rebuild puts them there",
            of(&store.unlogged),
        );
        if let Some(index) = &self.index {
            add(
                "not in the index",
                "indexed by the log and not in the index; `gouji reindex` builds it anew",
                of(&index.missing),
            );
            add("another version", "the index has another version than was sent last", of(&index.other));
            add("doubled", "more reports in the index than the log tells of", (index.doubled, Vec::new()));
        }
        faults
    }

    fn is_sound(&self) -> bool {
        self.faults().is_empty()
    }

    fn lines(&self) -> Vec<String> {
        let ledger = &self.ledger;
        let mut lines = vec![
            format!("received   {:>9}", ledger.received),
            format!("indexed    {:>9}", ledger.indexed),
            format!("refused    {:>9}", ledger.refused),
            format!("in flight  {:>9}", ledger.in_flight()),
            format!(
                "read anew  {:>9}  neither, and the same bytes were read once more since",
                ledger.read_anew
            ),
            format!(
                "originals  {:>9}  of which {} texts, {} of nothing on the log",
                self.store.count(),
                self.store.texts(),
                self.store.orphans
            ),
        ];
        match &self.index {
            Some(index) => lines.push(format!("in index   {:>9}  reports", index.count)),
            None => lines.push("in index           -  not looked at; say --index on its host".into()),
        }
        for (name, meaning, count, named) in self.faults() {
            lines.push(format!("NOT SOUND  {count:>9}  {name}: {meaning}"));
            lines.extend(named.iter().map(|one| format!("           {one}")));
            if count > named.len() as u64 && !named.is_empty() {
                lines.push(format!("           and {} more", count - named.len() as u64));
            }
        }
        if self.is_sound() {
            lines.push("sound: received = indexed + refused + in flight + read anew".into());
        }
        lines
    }

    fn json(&self) -> Value {
        let ledger = &self.ledger;
        let faults = self.faults().into_iter().map(|(name, meaning, count, named)| {
            json!({"fault": name, "meaning": meaning, "count": count, "named": named})
        });
        json!({
            "sound": self.is_sound(),
            "received": ledger.received, "indexed": ledger.indexed, "refused": ledger.refused,
            "in_flight": ledger.in_flight(), "read_anew": ledger.read_anew, "lost": ledger.lost.len(),
            "originals": self.store.count(), "texts": self.store.texts(), "orphans": self.store.orphans,
            "in_index": self.index.as_ref().map(|index| index.count),
            "faults": faults.collect::<Vec<_>>(),
        })
    }
}
