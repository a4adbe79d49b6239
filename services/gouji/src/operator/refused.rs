//! `gouji refused`: the reports that a stage refused, why, and how to read them again.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use proto::RefusalClass;
use proto::v1::ReportRefused;
use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

use super::connection::Connection;
use super::readings::{self, Reading, Readings};
use super::replay::{Run, Selection};
use crate::language::{text, word};
use crate::moment;
use crate::print::{one_line, say};

/// List and show refused reports, and have them read again.
#[derive(Debug, Args)]
pub(crate) struct Refused {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Count the refused reports of each class, then list them.
    List {
        #[command(flatten)]
        bus: Connection,
        #[command(flatten)]
        selection: Selection,
        /// Include those that were read again since.
        #[arg(long)]
        all: bool,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print everything about one refusal.
    Show {
        #[command(flatten)]
        bus: Connection,
        /// Id of the report.
        id: String,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Read refused reports again; all that were not read again since, unless the options select some.
    Replay {
        #[command(flatten)]
        bus: Connection,
        #[command(flatten)]
        selection: Selection,
        /// Print what would be read again, and do nothing.
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
                let worker = bus.worker().await?;
                let readings = Readings::of(worker.bus()).await?;
                let run = Run { worker: &worker, readings: &readings, who: bus.who(), dry_run: *dry_run };
                let done = run.refused(selection).await;
                worker.bus().close().await;
                done
            }
        }
    }
}

async fn list(bus: &Connection, selection: &Selection, all: bool, json: bool) -> Result<()> {
    let log = bus.open().await?;
    let readings = Readings::of(&log).await?;
    log.close().await;
    let refused = readings.refused().into_iter();
    let rows: Vec<_> = refused
        .filter(|(reading, refused, is_open)| (all || *is_open) && selection.includes(reading, refused))
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
    print_list(&rows);
    Ok(())
}

/// The counts by class, then a row for each refusal.
fn print_list(rows: &[(&Reading, &readings::Refused, bool)]) {
    let mut classes: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (_, refused, _) in rows {
        *classes.entry((&refused.class, &refused.stage)).or_default() += 1;
    }
    for ((class, by), count) in &classes {
        say(&format!("{count:>7}  {class}  ({by})"));
    }
    say(if rows.is_empty() { word("没有退回的报告", "nothing is refused") } else { "" });
    for (reading, refused, is_open) in rows {
        let again = if *is_open { "" } else { word("  （已重新读取）", "  (tried again since)") };
        say(&format!(
            "{}  {}  {}  {}  {}{again}\n    {}",
            reading.id,
            moment::format(refused.at_ms),
            refused.stage,
            refused.class,
            one_line(&refused.file_name),
            one_line(&refused.message)
        ));
    }
}

async fn show(bus: &Connection, id: &str, json: bool) -> Result<()> {
    let log = bus.open().await?;
    let refused = log.last_of_id::<ReportRefused>(id).await?;
    let at_ms = log.history(id).await?.into_iter().find(|event| event.fact() == "refused");
    log.close().await;
    let missing = || text!("{id} 没有被退回，或者不在日志中", "{id} was not refused, or is not on the log");
    let refused = refused.with_context(missing)?;
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
    let size = original.size_bytes;
    let rows = [
        (word("编号", "id"), id.to_owned()),
        (word("退回时间", "refused"), at_ms.map(|event| moment::format(event.at_ms)).unwrap_or_default()),
        (word("环节", "by"), refused.stage.clone()),
        (word("类别", "class"), refused.class.clone()),
        (word("原因", "message"), refused.message.clone()),
        (word("详情", "detail"), refused.detail.clone()),
        (word("文件", "file"), submitted.file_name),
        (word("原件", "original"), format!("{} ({size} bytes, {})", original.sha256, original.media_type)),
        (word("报送时间", "sent"), moment::format(submitted.submitted_at_ms)),
        (word("报送批次", "submission"), submitted.submission),
        (word("报送者", "sender"), submitted.sender),
        (word("重读自", "replays"), submitted.replays),
        (word("事件", "event"), refused.event_subject.clone()),
    ];
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        say(&format!("{}{}", column(name), one_line(value)));
    }
    for attempt in &refused.attempts {
        let (time, error) = (moment::format(attempt.at_ms), one_line(&attempt.error));
        say(&format!("{}{time}  {error}", column(word("尝试", "attempt"))));
    }
    say(&format!("{}{}", column(word("处理办法", "what to do")), hint(&refused.class)));
    Ok(())
}

/// A name padded to the width of the first column.
fn column(name: &str) -> String {
    format!("{name}{}", " ".repeat(12_usize.saturating_sub(name.width())))
}

/// What an operator does about a refusal.
pub(crate) fn hint(class: &str) -> &'static str {
    match RefusalClass::parse(class) {
        Ok(RefusalClass::GaveUp | RefusalClass::KilledWorker) => word(
            "系统原因：先按 detail 排除故障，再以此类别运行 gouji refused replay --class",
            "internal error: fix the cause named in `detail`, then run `gouji refused replay --class` with this class",
        ),
        Ok(RefusalClass::OriginalLost) => word(
            "系统原因：从备份恢复原件（gouji reconcile 会列出），再重新读取",
            "internal error: restore the original from the backup (`gouji reconcile` names it), then replay",
        ),
        Ok(RefusalClass::UndecodableEvent) => word(
            "系统原因：事件已损坏或来自其他版本，见 detail，处理后重新读取",
            "internal error: an event is damaged or has another version; see `detail`, then replay",
        ),
        Ok(RefusalClass::FactTooLarge) => word(
            "系统原因：总线不接受这么大的事件；调高 max_payload 后重新读取",
            "internal error: the bus accepts no event of this size; raise max_payload, then replay",
        ),
        Ok(RefusalClass::ReaderCrashed | RefusalClass::TooSlow | RefusalClass::TooMuchMemory) => word(
            "读取程序无法处理这份文件；请保留原件交开发人员，并请报送单位改用其他格式",
            "the reader cannot process the document; send the original to the developers, and ask for another format",
        ),
        Ok(_) => word(
            "由报送单位处理：原因中写明了应改之处；修改后的文件作为新的报告报送",
            "for the sender: the message says what to correct; the corrected file is a new report",
        ),
        Err(_) => word(
            "由较新的版本退回；见该版本的 docs/codes.md",
            "a newer version refused it; see docs/codes.md of that version",
        ),
    }
}
