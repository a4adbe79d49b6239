//! `gouji pause`: stops the delivery of facts to a stage.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use jiff::Timestamp;

use super::connection::Connection;
use crate::language::text;
use crate::moment;
use crate::print::say;

/// Pause a stage: reports in flight are finished, new ones wait on the log.
#[derive(Debug, Args)]
pub(crate) struct Pause {
    #[command(flatten)]
    bus: Connection,
    /// parse, validate or index.
    stage: String,
    /// How long, e.g. 30m or 2h; until `gouji resume` if neither option is given.
    #[arg(long = "for", value_name = "TIME", value_parser = moment::until, conflicts_with = "until")]
    length: Option<Timestamp>,
    /// The end of the pause, e.g. 2026-11-22T09:30 (Beijing).
    #[arg(long, value_name = "TIME", value_parser = moment::until)]
    until: Option<Timestamp>,
}

impl Pause {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.pause())))
    }

    async fn pause(&self) -> Result<()> {
        let given = self.length.or(self.until);
        if let Some(end) = given.filter(|end| *end <= Timestamp::now()) {
            let end = moment::format(end.as_millisecond());
            bail!(text!("{end}（北京时间）已经过去", "{end} (Beijing) is over"));
        }
        let bus = self.bus.open().await?;
        let end = match given {
            Some(end) => end,
            None => Timestamp::now().checked_add(bus::PAUSE_WITHOUT_END).context("a pause without an end")?,
        };
        let until = given.map(|end| moment::format(end.as_millisecond()));
        let note = match &until {
            Some(until) => format!("until {until} (Beijing)"),
            None => "until it is resumed".to_owned(),
        };
        bus.record_action(self.bus.who(), "pause", &self.stage, &note).await?;
        bus.pause(&self.stage, end).await?;
        let stage = &self.stage;
        say(&match until {
            Some(until) => text!(
                "{stage} 已暂停至{until}（北京时间）；gouji resume {stage} 恢复",
                "{stage} is paused until {until} (Beijing); `gouji resume {stage}` ends the pause"
            ),
            None => text!(
                "{stage} 已暂停；gouji resume {stage} 恢复",
                "{stage} is paused until it is resumed; `gouji resume {stage}` ends the pause"
            ),
        });
        bus.close().await;
        Ok(())
    }
}
