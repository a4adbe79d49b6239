//! `gouji resume`: ends a pause.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::operator::connection::Connection;
use crate::print::say;

/// Go on with a stage that was paused.
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
        let stage = self.bus.open().await?;
        stage.note(self.bus.who(), "resume", &self.stage, "").await?;
        stage.resume(&self.stage).await?;
        say(&format!("{} goes on", self.stage));
        stage.close().await;
        Ok(())
    }
}
