//! `gouji resume`: ends a pause.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::connection::Connection;
use crate::language::text;
use crate::print::say;

/// End the pause of a stage.
#[derive(Debug, Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    bus: Connection,
    /// parse, validate or index.
    stage: String,
}

impl Resume {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.resume())))
    }

    async fn resume(&self) -> Result<()> {
        let bus = self.bus.open().await?;
        bus.record_action(self.bus.who(), "resume", &self.stage, "").await?;
        bus.resume(&self.stage).await?;
        let stage = &self.stage;
        say(&text!("{stage} 已恢复", "{stage} is resumed"));
        bus.close().await;
        Ok(())
    }
}
