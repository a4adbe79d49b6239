//! `gouji refused`: what went no further, why, and another try.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use proto::RefusalClass;
use proto::v1::ReportRefused;
use serde_json::json;

use crate::moment;
use crate::operator::connection::Connection;
use crate::operator::readings::Readings;
use crate::operator::replay::{self, Selection};
use crate::print::say;

/// List, show and try again what was refused.
#[derive(Debug, Args)]
pub(crate) struct Refused {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// How many of each class, then each.
    List {
        #[command(flatten)]
        bus: Connection,
        #[command(flatten)]
        selection: Selection,
        /// Also what was tried again since.
        #[arg(long)]
        all: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Everything that is known of one refusal.
    Show {
        #[command(flatten)]
        bus: Connection,
        /// Id of the report.
        id: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read them anew; all that are open where nothing is said.
    Replay {
        #[command(flatten)]
        bus: Connection,
        #[command(flatten)]
        selection: Selection,
        /// Say what would be read anew, and do nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

impl Refused {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.act())))
    }

    async fn act(&self) -> Result<()> {
        match &self.verb {
            Verb::List { bus, selection, all, json } => list(bus, selection, *all, *json).await,
            Verb::Show { bus, id, json } => show(bus, id, *json).await,
            Verb::Replay { bus, selection, dry_run } => {
                let stage = bus.open().await?;
                let readings = Readings::of(&stage).await?;
                let done = replay::refused(&stage, &readings, selection, bus.who(), *dry_run).await;
                stage.close().await;
                done
            }
        }
    }
}

async fn list(bus: &Connection, selection: &Selection, all: bool, json: bool) -> Result<()> {
    let stage = bus.open().await?;
    let readings = Readings::of(&stage).await?;
    stage.close().await;
    let refused = readings.refused().into_iter();
    let rows: Vec<_> = refused
        .filter(|(reading, refused, is_open)| (all || *is_open) && selection.takes(reading, refused))
        .collect();
    if json {
        for (reading, refused, is_open) in &rows {
            let line = json!({
                "id": reading.id.to_string(), "at_ms": refused.at_ms, "stage": refused.stage,
                "class": refused.class, "file_name": refused.file_name, "message": refused.message,
                "open": is_open,
            });
            say(&line.to_string());
        }
        return Ok(());
    }
    let mut classes: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (_, refused, _) in &rows {
        *classes.entry((&refused.class, &refused.stage)).or_default() += 1;
    }
    for ((class, by), count) in &classes {
        say(&format!("{count:>7}  {class}  ({by})"));
    }
    if rows.is_empty() {
        say("nothing is refused");
    } else {
        say("");
    }
    for (reading, refused, is_open) in &rows {
        let again = if *is_open { "" } else { "  (tried again since)" };
        say(&format!(
            "{}  {}  {}  {}  {}{again}\n    {}",
            reading.id,
            moment::told(refused.at_ms),
            refused.stage,
            refused.class,
            one_line(&refused.file_name),
            one_line(&refused.message)
        ));
    }
    Ok(())
}

async fn show(bus: &Connection, id: &str, json: bool) -> Result<()> {
    let stage = bus.open().await?;
    let refused = stage.last_of_id::<ReportRefused>(id).await?;
    let at_ms = stage.history(id).await?.into_iter().find(|event| event.fact() == "refused");
    stage.close().await;
    let refused = refused.with_context(|| format!("{id} was not refused, or is not on the log"))?;
    let submitted = refused.submitted.clone().unwrap_or_default();
    let original = submitted.original.unwrap_or_default();
    if json {
        let attempts = refused.attempts.iter().map(|one| json!({"at_ms": one.at_ms, "error": one.error}));
        say(&json!({
            "id": id, "at_ms": at_ms.map(|event| event.at_ms), "stage": refused.stage,
            "class": refused.class, "message": refused.message, "detail": refused.detail,
            "file_name": submitted.file_name, "original": original.sha256,
            "size_bytes": original.size_bytes, "submission": submitted.submission,
            "submitted_at_ms": submitted.submitted_at_ms, "sender": submitted.sender,
            "replays": submitted.replays, "attempts": attempts.collect::<Vec<_>>(),
            "event_subject": refused.event_subject, "hint": hint(&refused.class),
        })
        .to_string());
        return Ok(());
    }
    let rows = [
        ("id", id.to_owned()),
        ("refused", at_ms.map(|event| moment::told(event.at_ms)).unwrap_or_default()),
        ("by", refused.stage.clone()),
        ("class", refused.class.clone()),
        ("message", refused.message.clone()),
        ("detail", refused.detail.clone()),
        ("file", submitted.file_name),
        ("original", format!("{} ({} bytes, {})", original.sha256, original.size_bytes, original.media_type)),
        ("sent", moment::told(submitted.submitted_at_ms)),
        ("submission", submitted.submission),
        ("sender", submitted.sender),
        ("replays", submitted.replays),
        ("event", refused.event_subject.clone()),
    ];
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        say(&format!("{name:<11} {}", one_line(value)));
    }
    for attempt in &refused.attempts {
        say(&format!("attempt     {}  {}", moment::told(attempt.at_ms), one_line(&attempt.error)));
    }
    say(&format!("what to do  {}", hint(&refused.class)));
    Ok(())
}

/// What an operator does about a refusal.
pub(crate) fn hint(class: &str) -> &'static str {
    match RefusalClass::parse(class) {
        Ok(RefusalClass::GaveUp | RefusalClass::KilledWorker) => {
            "ours: mend what the detail names, then `gouji refused replay --class` with this class"
        }
        Ok(RefusalClass::OriginalLost) => {
            "ours: put the original back from the backup (`gouji reconcile` names it), then replay"
        }
        Ok(RefusalClass::UndecodableEvent) => {
            "ours: an event of another version or a damaged one; see `detail`, then replay"
        }
        Ok(RefusalClass::FactTooLarge) => {
            "ours: the bus takes no fact as large as this; raise max_payload, then replay"
        }
        Ok(RefusalClass::ReaderCrashed | RefusalClass::TooSlow | RefusalClass::TooMuchMemory) => {
            "the document broke its reader; keep the original for the developers, and ask for another format"
        }
        Ok(_) => "the sender's: the message says what to mend; other bytes are another report",
        Err(_) => "a newer version refused it; see docs/codes.md of that version",
    }
}

/// What came from outside must not move the cursor.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect()
}
