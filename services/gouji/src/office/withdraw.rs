//! `gouji withdraw`: takes a report back.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::client::{Server, answer};
use crate::print::say;

/// Take a report back; it stays in the list of versions with who and why.
#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    server: Server,
    /// Id of the report, as `submit` and `search` print it.
    id: String,
    /// Who takes it back.
    #[arg(long)]
    who: String,
    /// Why.
    #[arg(long)]
    why: String,
}

impl Withdraw {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.withdraw())))
    }

    async fn withdraw(&self) -> Result<()> {
        let url = self.server.at(&format!("/api/v1/reports/{}/withdrawal", self.id), &[])?;
        let reason = json!({"who": self.who, "why": self.why});
        let taken = answer(self.server.client()?.post(url).json(&reason)).await?;
        say(taken["id"].as_str().unwrap_or_default());
        Ok(())
    }
}
