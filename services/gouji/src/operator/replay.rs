//! `gouji replay`: originals are read anew. A reading that exists is never changed: the next generation of it
//! goes the whole way, with the time at which it was sent, so that the order of versions stays.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use indicatif::ProgressBar;
use jiff::Timestamp;
use proto::v1::{ActionTaken, ReportSubmitted};
use proto::{ReportId, subject};
use stage::{Published, Stage};

use crate::moment;
use crate::operator::connection::Connection;
use crate::operator::readings::{End, Reading, Readings};
use crate::print::say;

/// Read reports anew: those named, those refused in some way, or all that are current.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    bus: Connection,
    #[command(flatten)]
    selection: Selection,
    /// Every report that can be searched: after an upgrade of the reader or the rules. Beside live traffic,
    /// which goes first; broken off, the next run goes on where this one was.
    #[arg(long, conflicts_with_all = ["ids", "class", "stage", "since"])]
    all: bool,
    /// Say what would be read anew, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Refused reports, by what is told of the refusal.
#[derive(Debug, Clone, Args)]
pub(crate) struct Selection {
    /// Ids of reports.
    pub(crate) ids: Vec<String>,
    /// Only of this class, e.g. gave-up.
    #[arg(long)]
    pub(crate) class: Option<String>,
    /// Only by this stage: ingest, parse, validate or index.
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// Only since then: 24h, 7d, 2026-11-22, 2026-11-22T09:30 (Beijing).
    #[arg(long, value_name = "TIME", value_parser = moment::since)]
    pub(crate) since: Option<Timestamp>,
}

impl Selection {
    /// Whether it takes a refusal.
    pub(crate) fn takes(&self, reading: &Reading, refused: &crate::operator::readings::Refused) -> bool {
        let says = |wanted: &Option<String>, there: &str| wanted.as_ref().is_none_or(|one| one == there);
        (self.ids.is_empty() || self.ids.contains(&reading.id.to_string()))
            && says(&self.class, &refused.class)
            && says(&self.stage, &refused.stage)
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
        let stage = self.bus.open().await?;
        let readings = Readings::of(&stage).await?;
        let done = if self.all {
            self.all(&stage, &readings).await
        } else if !self.selection.ids.is_empty() {
            let named = named(&readings, &self.selection.ids)?;
            several(&stage, &readings, &named, self.bus.who(), NAMED, self.dry_run).await
        } else if self.selection.is_everything() {
            bail!("say which: ids, --class, --stage, --since, or --all for everything that can be searched")
        } else {
            refused(&stage, &readings, &self.selection, self.bus.who(), self.dry_run).await
        };
        stage.close().await;
        done
    }

    /// The run that was begun last goes on if it was broken off: what it has done is newer than its beginning.
    async fn all(&self, stage: &Stage, readings: &Readings) -> Result<()> {
        let mut begun: Option<i64> = None;
        stage
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
        let all = readings.current();
        let (count, left): (_, Vec<_>) = (all.len(), all.into_iter().filter(|one| !is_done(one)).collect());
        if let Some(begun) = begun {
            say(&format!(
                "going on with what was begun at {}: {} of {count} are left",
                moment::told(begun),
                left.len()
            ));
        }
        if !self.dry_run && begun.is_none() {
            stage.note(self.bus.who(), BEGIN, "all", &format!("{count} reports")).await?;
        }
        publish(stage, readings, &left, self.bus.who(), false, self.dry_run).await?;
        if !self.dry_run {
            stage.note(self.bus.who(), END, "all", &format!("{} reports", left.len())).await?;
        }
        Ok(())
    }
}

/// What stands on the log before and after everything is read anew.
const BEGIN: &str = "replay-all-begin";
const END: &str = "replay-all-end";

/// What is written down where reports were named one by one.
const NAMED: &str = "named";

fn is_replayed(reading: &Reading) -> bool {
    reading.id.generation() > 0
}

fn named<'a>(readings: &'a Readings, ids: &[String]) -> Result<Vec<&'a Reading>> {
    let one = |id: &String| readings.get(id).with_context(|| format!("there is no report {id} on the log"));
    ids.iter().map(one).collect()
}

/// Reads anew what was refused and what nobody has tried again since.
///
/// # Errors
/// If the log cannot be read or does not take it.
pub(crate) async fn refused(
    stage: &Stage,
    readings: &Readings,
    selection: &Selection,
    who: &str,
    dry_run: bool,
) -> Result<()> {
    let open = readings.refused().into_iter().filter(|(_, _, is_open)| *is_open);
    let chosen: Vec<&Reading> = open
        .filter(|(reading, refused, _)| selection.takes(reading, refused))
        .map(|(reading, ..)| reading)
        .collect();
    let said = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name} {value}"));
    let told: Vec<String> =
        [said("class", &selection.class), said("stage", &selection.stage)].into_iter().flatten().collect();
    several(stage, readings, &chosen, who, &format!("refused {}", told.join(", ")), dry_run).await
}

async fn several(
    stage: &Stage,
    readings: &Readings,
    chosen: &[&Reading],
    who: &str,
    told: &str,
    dry_run: bool,
) -> Result<()> {
    if !dry_run && !chosen.is_empty() {
        let object = match chosen {
            [one] => one.id.to_string(),
            _ => String::new(),
        };
        stage.note(who, "replay", &object, &format!("{} reports: {told}", chosen.len())).await?;
    }
    publish(stage, readings, chosen, who, told == NAMED, dry_run).await
}

/// Between two looks at how far the pipeline is behind.
const STRIDE: usize = 50;
const LOOK_EVERY: Duration = Duration::from_secs(1);

async fn publish(
    stage: &Stage,
    readings: &Readings,
    chosen: &[&Reading],
    who: &str,
    named: bool,
    dry_run: bool,
) -> Result<()> {
    // A quarter of what makes ingest turn senders away: they go first.
    let high_water = stage.config().high_water as u64 / 4;
    let bar = ProgressBar::new(chosen.len() as u64);
    let (mut done, mut on_its_way, mut there) = (0, 0, 0);
    for (number, reading) in chosen.iter().enumerate() {
        let last = readings.last_of(&reading.id).unwrap_or(reading);
        // Who names a report knows why: it may be lost on its way.
        if matches!(last.end, End::None) && !named {
            on_its_way += 1;
            continue;
        }
        let next = last.id.next_generation();
        if dry_run {
            say(&format!("{} → {next}", reading.id));
            done += 1;
            continue;
        }
        if number % STRIDE == 0 {
            while stage.lag().await?.iter().map(stage::Lag::total).sum::<u64>() > high_water {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        match again(stage, &reading.id, &next, who).await? {
            Published::New => done += 1,
            Published::AlreadyThere => there += 1,
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let would = if dry_run { "would be" } else { "are" };
    say(&format!("{done} {would} read anew"));
    if on_its_way > 0 {
        say(&format!("{on_its_way} are being read already and were left"));
    }
    if there > 0 {
        say(&format!("{there} were taken up by somebody else meanwhile"));
    }
    Ok(())
}

/// The same act of sending, read once more.
async fn again(stage: &Stage, id: &ReportId, next: &ReportId, who: &str) -> Result<Published> {
    let fact = stage.last_of_id::<ReportSubmitted>(&id.to_string()).await?;
    let fact = fact.with_context(|| format!("{id} is not on the log any more"))?;
    let fact = ReportSubmitted {
        id: next.to_string(),
        generation: next.generation(),
        replays: id.to_string(),
        sender: who.to_owned(),
        ..fact
    };
    Ok(stage.publish_once(&fact).await?)
}
