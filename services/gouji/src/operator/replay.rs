//! `gouji replay`: has originals read again. It changes no reading: it publishes the next generation of each,
//! with the time at which the original was sent, so that the order of versions stays.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bus::Published;
use clap::Args;
use indicatif::ProgressBar;
use jiff::Timestamp;
use proto::v1::{ActionTaken, ReportSubmitted};
use proto::{ReportId, subject};
use worker::Worker;

use super::connection::Connection;
use super::readings::{End, Reading, Readings, Refused};
use crate::language::text;
use crate::moment;
use crate::print::say;

/// Read reports again: those that are named, those that were refused in some way, or all current ones.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    bus: Connection,
    #[command(flatten)]
    selection: Selection,
    /// Every report that can be searched: after an upgrade of the reader or the rules. New reports go first. If
    /// the run is interrupted, the next run continues it.
    #[arg(long, conflicts_with_all = ["ids", "class", "stage", "since"])]
    all: bool,
    /// Print what would be read again, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Which refused reports.
#[derive(Debug, Clone, Args)]
pub(crate) struct Selection {
    /// Ids of reports.
    pub(crate) ids: Vec<String>,
    /// Only those of this class, e.g. gave-up.
    #[arg(long)]
    pub(crate) class: Option<String>,
    /// Only those that this stage refused: ingest, parse, validate or index.
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// Only those refused since then: 24h, 7d, 2026-11-22, 2026-11-22T09:30 (Beijing).
    #[arg(long, value_name = "TIME", value_parser = moment::since)]
    pub(crate) since: Option<Timestamp>,
}

impl Selection {
    /// Whether it includes a refusal.
    pub(crate) fn includes(&self, reading: &Reading, refused: &Refused) -> bool {
        let matches = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|one| one == found);
        (self.ids.is_empty() || self.ids.contains(&reading.id.to_string()))
            && matches(&self.class, &refused.class)
            && matches(&self.stage, &refused.stage)
            && self.since.is_none_or(|since| refused.at_ms >= since.as_millisecond())
    }

    fn is_everything(&self) -> bool {
        self.ids.is_empty() && self.class.is_none() && self.stage.is_none() && self.since.is_none()
    }
}

impl Replay {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.replay())))
    }

    async fn replay(&self) -> Result<()> {
        let worker = self.bus.worker().await?;
        let readings = Readings::of(worker.bus()).await?;
        let run = Run { worker: &worker, readings: &readings, who: self.bus.who(), dry_run: self.dry_run };
        let done = if self.all {
            run.all().await
        } else if !self.selection.ids.is_empty() {
            run.named(&self.selection.ids).await
        } else if self.selection.is_everything() {
            bail!(text!(
                "请写明重新读取哪些：编号、--class、--stage、--since，或用 --all 表示全部可检索的报告",
                "say which: ids, --class, --stage, --since, or --all for every report that can be searched"
            ))
        } else {
            run.refused(&self.selection).await
        };
        worker.bus().close().await;
        done
    }
}

/// The actions that stand on the log before and after all reports are read again.
const BEGIN: &str = "replay-all-begin";
const END: &str = "replay-all-end";

/// One run of `gouji replay` or `gouji refused replay`.
pub(crate) struct Run<'a> {
    pub(crate) worker: &'a Worker,
    pub(crate) readings: &'a Readings,
    /// Who starts it.
    pub(crate) who: &'a str,
    pub(crate) dry_run: bool,
}

/// What to do with a report that is being read already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InFlight {
    Skip,
    /// It was named, so it may have been lost on its way.
    ReadAgain,
}

impl Run<'_> {
    /// Reads these reports again.
    async fn named(&self, ids: &[String]) -> Result<()> {
        let one = |id: &String| {
            let missing = || text!("日志中没有报告 {id}", "there is no report {id} on the log");
            self.readings.get(id).with_context(missing)
        };
        let chosen: Vec<&Reading> = ids.iter().map(one).collect::<Result<_>>()?;
        self.note(&chosen, "named").await?;
        self.publish(&chosen, InFlight::ReadAgain).await
    }

    /// Reads again what was refused and was not read again since.
    ///
    /// # Errors
    /// If the log cannot be read or does not accept an event.
    pub(crate) async fn refused(&self, selection: &Selection) -> Result<()> {
        let open = self.readings.refused().into_iter().filter(|(_, _, is_open)| *is_open);
        let chosen: Vec<&Reading> = open
            .filter(|(reading, refused, _)| selection.includes(reading, refused))
            .map(|(reading, ..)| reading)
            .collect();
        let given =
            |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name} {value}"));
        let given: Vec<String> = [given("class", &selection.class), given("stage", &selection.stage)]
            .into_iter()
            .flatten()
            .collect();
        self.note(&chosen, &format!("refused {}", given.join(", "))).await?;
        self.publish(&chosen, InFlight::Skip).await
    }

    /// Reads every current report again. It continues the last run if that was interrupted: the readings which
    /// that run published are newer than its beginning.
    async fn all(&self) -> Result<()> {
        let mut begun: Option<i64> = None;
        self.worker
            .bus()
            .scan(&subject::filter::<ActionTaken>(), |event| {
                let Some(action) = event.decode::<ActionTaken>() else { return Ok(()) };
                match action.action.as_str() {
                    BEGIN => begun = Some(begun.unwrap_or(event.at_ms)),
                    END => begun = None,
                    _ => (),
                }
                Ok(())
            })
            .await?;
        let is_done =
            |reading: &Reading| begun.is_some_and(|begun| reading.at_ms >= begun && is_replayed(reading));
        let all = self.readings.current();
        let (count, left): (_, Vec<_>) = (all.len(), all.into_iter().filter(|one| !is_done(one)).collect());
        if let Some(begun) = begun {
            let (begun, left) = (moment::format(begun), left.len());
            say(&text!(
                "继续{begun}开始的重新读取：共{count}份，还剩{left}份",
                "going on with what was begun at {begun}: {left} of {count} are left"
            ));
        }
        if !self.dry_run && begun.is_none() {
            self.worker.bus().record_action(self.who, BEGIN, "all", &format!("{count} reports")).await?;
        }
        self.publish(&left, InFlight::Skip).await?;
        if !self.dry_run {
            self.worker.bus().record_action(self.who, END, "all", &format!("{} reports", left.len())).await?;
        }
        Ok(())
    }

    /// Writes into the audit trail what is read again and why.
    async fn note(&self, chosen: &[&Reading], why: &str) -> Result<()> {
        if self.dry_run || chosen.is_empty() {
            return Ok(());
        }
        let object = match chosen {
            [one] => one.id.to_string(),
            _ => String::new(),
        };
        self.worker
            .bus()
            .record_action(self.who, "replay", &object, &format!("{} reports: {why}", chosen.len()))
            .await?;
        Ok(())
    }

    async fn publish(&self, chosen: &[&Reading], in_flight: InFlight) -> Result<()> {
        let bar = ProgressBar::new(chosen.len() as u64);
        let mut counts = Counts::default();
        for (number, reading) in chosen.iter().enumerate() {
            let last = self.readings.last_of(&reading.id).unwrap_or(reading);
            if matches!(last.end, End::None) && in_flight == InFlight::Skip {
                counts.in_flight += 1;
                continue;
            }
            let next = last.id.next_generation();
            if self.dry_run {
                say(&format!("{} → {next}", reading.id));
                counts.done += 1;
                continue;
            }
            if number % STRIDE == 0 {
                self.wait_for_room().await?;
            }
            match self.publish_one(&reading.id, &next).await? {
                Published::New => counts.done += 1,
                Published::AlreadyThere => counts.by_others += 1,
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        counts.print(self.dry_run);
        Ok(())
    }

    /// Waits until the pipeline has few facts to work on, so that new reports go first.
    async fn wait_for_room(&self) -> Result<()> {
        // A quarter of the mark at which ingest refuses uploads.
        let high_water = self.worker.config().high_water as u64 / 4;
        while self.worker.bus().lag().await?.iter().map(bus::Lag::total).sum::<u64>() > high_water {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Publishes the same act of sending once more, as the next generation.
    async fn publish_one(&self, id: &ReportId, next: &ReportId) -> Result<Published> {
        let fact = self.worker.bus().last_of_id::<ReportSubmitted>(&id.to_string()).await?;
        let gone = || text!("{id} 已不在日志中", "{id} is not on the log any more");
        let fact = ReportSubmitted {
            id: next.to_string(),
            generation: next.generation(),
            replays: id.to_string(),
            sender: self.who.to_owned(),
            // New reports go first.
            bulk: true,
            ..fact.with_context(gone)?
        };
        Ok(self.worker.bus().publish(&fact).await?)
    }
}

/// Reports between two looks at how far the pipeline is behind.
const STRIDE: usize = 50;
const LOOK_EVERY: Duration = Duration::from_secs(1);

fn is_replayed(reading: &Reading) -> bool {
    reading.id.generation() > 0
}

/// How many reports a run read again or skipped.
#[derive(Debug, Default)]
struct Counts {
    done: u64,
    in_flight: u64,
    /// Another run published the same generation meanwhile.
    by_others: u64,
}

impl Counts {
    fn print(&self, dry_run: bool) {
        let Self { done, in_flight, by_others } = self;
        say(&if dry_run {
            text!("将重新读取{done}份", "{done} would be replayed")
        } else {
            text!("已安排重新读取{done}份", "{done} are replayed")
        });
        if *in_flight > 0 {
            say(&text!(
                "{in_flight}份正在读取中，已跳过",
                "{in_flight} are being read already and were skipped"
            ));
        }
        if *by_others > 0 {
            say(&text!(
                "{by_others}份已由他人同时安排",
                "{by_others} were published by another run meanwhile"
            ));
        }
    }
}
