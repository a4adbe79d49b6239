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
use deliver::check::{self, Reconciled};
use serde_json::{Value, json};
use worker::{OutletStates, Worker};

use super::connection::Connection;
use crate::language::{text, word};
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
            let rebuilt =
                rebuild::rebuild(worker.bus(), &worker.config().bus, &report.store, self.bus.who()).await?;
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
            Some(folder) => {
                let patience = Duration::from_secs(self.patience);
                Some(Indexed::settle(&folder, worker.bus(), &mut ledger, patience).await?)
            }
            None => None,
        };
        let outlets = outlets(worker).await.context("counting what outlets delivered")?;
        Ok(Report { deleted: log.deleted, dropped: log.first > 1, ledger, store, index, outlets })
    }

    fn index_folder(&self, worker: &Worker) -> Option<PathBuf> {
        let of_settings =
            || Some(worker.config().index.clone()).filter(|folder| self.bus.is_local() && folder.is_dir());
        self.index.clone().or_else(of_settings)
    }
}

/// What each outlet of the settings has delivered of the log, by its name.
async fn outlets(worker: &Worker) -> Result<Vec<(String, Reconciled)>> {
    let (bus, mut found) = (worker.bus(), Vec::new());
    let log = bus.extent().await?;
    for outlet in &worker.config().routes.outlets {
        let position = OutletStates::new(bus).read(&outlet.name).await?.position;
        let to = if position.log_made_at_ms == log.made_at_ms { position.sequence } else { 0 };
        found.push((outlet.name.clone(), check::count(bus, outlet, to).await?));
    }
    Ok(found)
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
    outlets: Vec<(String, Reconciled)>,
}

/// A kind of fault.
struct Fault {
    name: &'static str,
    /// Its meaning and the remedy, in Chinese and in English.
    zh: &'static str,
    en: &'static str,
    count: u64,
    /// The first items.
    named: Vec<String>,
}

impl Fault {
    fn named<'a>(
        name: &'static str,
        zh: &'static str,
        en: &'static str,
        items: impl IntoIterator<Item = &'a String, IntoIter: ExactSizeIterator>,
    ) -> Self {
        let items = items.into_iter();
        Self { name, zh, en, count: items.len() as u64, named: items.take(NAMED).cloned().collect() }
    }

    fn counted(name: &'static str, zh: &'static str, en: &'static str, count: u64) -> Self {
        Self { name, zh, en, count, named: Vec::new() }
    }
}

impl Report {
    /// Every kind of fault that was found.
    fn faults(&self) -> Vec<Fault> {
        let (ledger, store) = (&self.ledger, &self.store);
        // The log drops the submission before the facts that follow it.
        let unsent: &[String] = if self.dropped { &[] } else { &ledger.unsent };
        let mut faults = vec![
            Fault::named(
                "lost",
                "既未办结也不在途；用 gouji replay 重新读取",
                "neither ended nor on their way; `gouji replay` reads them again",
                &ledger.lost,
            ),
            Fault::named(
                "unsent",
                "已办结，但日志中没有报送记录",
                "ended, and nothing on the log says that they were sent",
                unsent,
            ),
            Fault::counted(
                "deleted",
                "有人手工删除了日志中的消息",
                "messages were deleted from the log by hand",
                self.deleted,
            ),
            Fault::named(
                "missing",
                "原件库中缺少原件或文本；请从备份恢复",
                "originals or texts are not in the store; put them back from the backup",
                &store.missing,
            ),
            Fault::named(
                "corrupt",
                "原件或文本的内容已变；请从备份恢复",
                "originals or texts have other bytes than they had; put them back from the backup",
                &store.corrupt,
            ),
            Fault::named(
                "unlogged",
                "原件中有报送记录而日志中没有；--rebuild 重新发布",
                "sent by what the originals say, and not on the log; --rebuild puts them there",
                &store.unlogged,
            ),
        ];
        if let Some(index) = &self.index {
            faults.extend([
                Fault::named(
                    "not in the index",
                    "日志中已入库而检索库中没有；用 gouji reindex 重建",
                    "indexed by the log and not in the index; `gouji reindex` builds it again",
                    &index.missing,
                ),
                Fault::named(
                    "another version",
                    "检索库中不是最后报送的版本",
                    "the index has another version than was sent last",
                    &index.other,
                ),
                Fault::named(
                    "doubled",
                    "检索库中的报告多于日志所载；用 gouji reindex 重建",
                    "in the index, and nothing on the log accounts for them; `gouji reindex` builds it again",
                    &index.doubled,
                ),
            ]);
        }
        faults.retain(|fault| fault.count > 0);
        faults
    }

    fn is_sound(&self) -> bool {
        self.faults().is_empty()
    }

    fn lines(&self) -> Vec<String> {
        let (ledger, store) = (&self.ledger, &self.store);
        let in_flight = ledger.in_flight();
        let (texts, orphans) = (store.texts(), store.orphans);
        let note_replayed =
            word("未办结，同一文件后来又读取了一次", "neither, and the same bytes were read once more since");
        let mut lines = vec![
            format!("received   {:>9}", ledger.received),
            format!("indexed    {:>9}", ledger.indexed),
            format!("refused    {:>9}", ledger.refused),
            format!("in flight  {in_flight:>9}"),
            format!("replayed   {:>9}  {note_replayed}", ledger.replayed),
            format!("originals  {:>9}  ", store.count())
                + &text!(
                    "其中文本{texts}份，日志未提及的{orphans}份",
                    "of which {texts} texts, {orphans} of nothing on the log"
                ),
        ];
        lines.push(match &self.index {
            Some(index) => format!("in index   {:>9}  {}", index.count, word("份报告", "reports")),
            None => {
                let note = word("没有核对；在其主机上加 --index", "not looked at; say --index on its host");
                format!("in index           -  {note}")
            }
        });
        for (name, outlet) in &self.outlets {
            let (set_aside, in_flight) = (outlet.set_aside.len() as u64, outlet.in_flight);
            let delivered = outlet.expected.saturating_sub(set_aside);
            let note = text!(
                "出口 {name}，搁置{set_aside}条，在途{in_flight}条",
                "outlet {name}, {set_aside} set aside, {in_flight} in flight"
            );
            lines.push(format!("delivered  {delivered:>9}  {note}"));
        }
        for Fault { name, zh, en, count, named } in self.faults() {
            lines.push(format!("NOT SOUND  {count:>9}  {name}: {}", word(zh, en)));
            lines.extend(named.iter().map(|one| format!("           {one}")));
            let more = count.saturating_sub(named.len() as u64);
            if more > 0 && !named.is_empty() {
                lines.push(text!("           另有{more}项", "           and {more} more"));
            }
        }
        if self.is_sound() {
            lines.push(text!(
                "sound：收到＝入库＋退回＋在途＋重读",
                "sound: received = indexed + refused + in flight + replayed"
            ));
        }
        lines
    }

    fn json(&self) -> Value {
        let ledger = &self.ledger;
        let faults = self.faults().into_iter().map(|Fault { name, en, count, named, .. }| {
            json!({"fault": name, "meaning": en, "count": count, "named": named})
        });
        json!({
            "sound": self.is_sound(),
            "received": ledger.received, "indexed": ledger.indexed, "refused": ledger.refused,
            "in_flight": ledger.in_flight(), "read_anew": ledger.replayed, "lost": ledger.lost.len(),
            "originals": self.store.count(), "texts": self.store.texts(), "orphans": self.store.orphans,
            "in_index": self.index.as_ref().map(|index| index.count),
            "outlets": self.outlets.iter().map(|(name, outlet)| json!({
                "name": name, "expected": outlet.expected, "set_aside": outlet.set_aside.len(),
                "in_flight": outlet.in_flight,
            })).collect::<Vec<_>>(),
            "faults": faults.collect::<Vec<_>>(),
        })
    }
}
