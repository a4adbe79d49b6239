//! `gouji audit`: who did what, and who was refused what.

use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use proto::subject;
use proto::v1::ActionTaken;
use serde_json::json;
use stage::Since;

use crate::operator::connection::Connection;
use crate::print::say;

/// List who did what and who was refused what, oldest first.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    bus: Connection,
    /// Only what is not older: a number and `m`, `h` or `d`, e.g. 24h.
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    since: Option<i64>,
    /// Only what the key or the account with this name did; nothing between the quotes for nobody.
    #[arg(long = "by", value_name = "NAME")]
    by: Option<String>,
    /// Only what was refused.
    #[arg(long)]
    refused: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.list())))
    }

    async fn list(&self) -> Result<()> {
        let stage = self.bus.open().await?;
        let Some(last) = stage.latest::<ActionTaken>().await? else { return Ok(()) };
        let after = self.since.map(|since| Timestamp::now().as_millisecond() - since);
        let mut feed = stage.follow(subject::filter::<ActionTaken>(), Since::Start).await?;
        loop {
            let event = feed.next().await.context("the log ended before its last entry")?;
            if let Some(action) = event.decode::<ActionTaken>()
                && after.is_none_or(|after| action.at_ms >= after)
                && self.by.as_ref().is_none_or(|by| action.who == *by)
                && !(self.refused && action.allowed)
            {
                say(&if self.json { as_json(&action) } else { line(&action) });
            }
            if event.id() == last.id {
                return Ok(());
            }
        }
    }
}

fn line(action: &ActionTaken) -> String {
    let beijing = TimeZone::fixed(offset(8));
    let time = Timestamp::from_millisecond(action.at_ms).map(|time| time.to_zoned(beijing));
    let time = time.map_or_else(|_| "-".into(), |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string());
    let or = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let outcome = if action.allowed { "done   " } else { "refused" };
    let ActionTaken { who, role, action, object, detail, origin, .. } = action;
    let told = [&time, outcome, &or(who), &or(role), &or(origin), action, &or(object), detail.as_str()];
    // What somebody wrote as a reason must not look like lines of ours.
    told.join("  ").replace(|letter: char| letter.is_control(), "_").trim_end().to_owned()
}

fn as_json(action: &ActionTaken) -> String {
    json!({
        "id": action.id,
        "at_ms": action.at_ms,
        "who": action.who,
        "role": action.role,
        "action": action.action,
        "object": action.object,
        "allowed": action.allowed,
        "detail": action.detail,
        "origin": action.origin,
    })
    .to_string()
}

fn milliseconds(text: &str) -> Result<i64> {
    let wrong = || anyhow!("expected a number and m, h or d, e.g. 24h");
    let (at, unit) = text.char_indices().last().ok_or_else(wrong)?;
    let number: i64 = text[..at].parse().map_err(|_| wrong())?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return Err(wrong()),
    };
    number.checked_mul(minutes * 60_000).filter(|time| *time >= 0).ok_or_else(wrong)
}
