//! `gouji withdraw`: withdraws a report.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::client::answers::Withdrawal;
use crate::client::{Server, parsed};
use crate::print::say;

/// Withdraw a report; the list of versions shows it with the person and the reason.
#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    server: Server,
    /// Id of the report, as `submit` and `search` print it.
    id: String,
    /// The person who withdraws it.
    #[arg(long)]
    who: String,
    /// The reason.
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
        let request = self.server.client()?.post(url).json(&reason);
        let withdrawal: Withdrawal = parsed(&self.server.answer(request).await?)?;
        say(&withdrawal.id);
        Ok(())
    }
}
