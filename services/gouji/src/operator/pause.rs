//! `gouji pause`: hands no more facts to a stage.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use jiff::Timestamp;

use crate::moment;
use crate::operator::connection::Connection;
use crate::print::say;

/// Hand nothing more to a stage; what is in its hands ends, and reports wait on the log.
#[derive(Debug, Args)]
pub(crate) struct Pause {
    #[command(flatten)]
    bus: Connection,
    /// parse, validate or index.
    stage: String,
    /// For how long, e.g. 30m or 2h; until `gouji resume` where neither is said.
    #[arg(long = "for", value_name = "TIME", value_parser = moment::until, conflicts_with = "until")]
    length: Option<Timestamp>,
    /// Until when, e.g. 2026-11-22T09:30 (Beijing).
    #[arg(long, value_name = "TIME", value_parser = moment::until)]
    until: Option<Timestamp>,
}

impl Pause {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.pause())))
    }

    async fn pause(&self) -> Result<()> {
        let said = self.length.or(self.until);
        if let Some(end) = said.filter(|end| *end <= Timestamp::now()) {
            bail!("{} (Beijing) is over", moment::told(end.as_millisecond()));
        }
        let stage = self.bus.open().await?;
        let end = match said {
            Some(end) => end,
            None => Timestamp::now().checked_add(stage::FOR_EVER).context("a pause without an end")?,
        };
        let told = match said {
            Some(end) => format!("until {} (Beijing)", moment::told(end.as_millisecond())),
            None => "until it is resumed".to_owned(),
        };
        stage.note(self.bus.who(), "pause", &self.stage, &told).await?;
        stage.pause(&self.stage, end).await?;
        say(&format!("{} is paused {told}; `gouji resume {}` goes on", self.stage, self.stage));
        stage.close().await;
        Ok(())
    }
}
