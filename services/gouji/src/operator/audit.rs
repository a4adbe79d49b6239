//! `gouji audit`: the audit trail.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use bus::Since;
use clap::Args;
use jiff::Timestamp;
use proto::subject;
use proto::v1::ActionTaken;
use serde_json::json;

use super::connection::Connection;
use crate::moment;
use crate::print::{is_closed, say};

/// List who did what and who was refused what, oldest first.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    bus: Connection,
    /// Only actions since then: 24h, 7d, 2026-11-22, 2026-11-22T09:30 (Beijing).
    #[arg(long, value_name = "TIME", value_parser = moment::since)]
    since: Option<Timestamp>,
    /// Only actions of the key or the account with this name; "" for those without a name.
    #[arg(long = "by", value_name = "NAME")]
    by: Option<String>,
    /// Only actions that were refused.
    #[arg(long)]
    refused: bool,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.list())))
    }

    async fn list(&self) -> Result<()> {
        let log = self.bus.open().await?;
        let Some(last) = log.latest::<ActionTaken>().await? else { return Ok(()) };
        let after = self.since.map(Timestamp::as_millisecond);
        let mut feed = log.follow(subject::filter::<ActionTaken>(), Since::Start).await?;
        loop {
            let event = feed.next().await.context("the log ended before its last entry")?;
            if let Some(action) = event.decode::<ActionTaken>()
                && after.is_none_or(|after| action.at_ms >= after)
                && self.by.as_ref().is_none_or(|by| action.who == *by)
                && !(self.refused && action.allowed)
            {
                say(&if self.json { as_json(&action) } else { line(&action) });
            }
            if event.id() == last.id || is_closed() {
                return Ok(());
            }
        }
    }
}

fn line(action: &ActionTaken) -> String {
    let time = moment::format(action.at_ms);
    let or = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let outcome = if action.allowed { "done   " } else { "refused" };
    let ActionTaken { who, role, action, object, detail, origin, .. } = action;
    let columns = [&time, outcome, &or(who), &or(role), &or(origin), action, &or(object), detail.as_str()];
    // A reason that a person wrote must not look like more lines of this list.
    columns.join("  ").replace(|letter: char| letter.is_control(), "_").trim_end().to_owned()
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
