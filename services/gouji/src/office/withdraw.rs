//! `gouji withdraw`: withdraws a report.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::client::answers::Withdrawal;
use crate::client::{Server, parsed};
use crate::language::text;
use crate::print::{one_line, say};

/// Withdraw a report; the list of versions shows it with the person and the reason.
#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    server: Server,
    /// Id or key of the report, as `submit`, `search` and the browser's address show it.
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
        say(&sentence(&withdrawal));
        Ok(())
    }
}

/// What happened, and how it can be undone.
fn sentence(withdrawal: &Withdrawal) -> String {
    let Withdrawal { id, report, agency, year, already } = withdrawal;
    let agency = one_line(agency);
    let year = year.map_or_else(String::new, |year| year.to_string());
    let (id, report) = (one_line(id), one_line(report));
    if *already {
        return text!(
            "{agency}{year}年度报告（{report}）此前已经撤回，没有再次撤回；撤回说明的编号是 {id}。",
            "the report of {agency} for {year} ({report}) was withdrawn before; nothing was changed; the statement is {id}"
        );
    }
    text!(
        "已撤回{agency}{year}年度报告（{report}）；撤回说明的编号是 {id}。需要恢复时，用 gouji submit --again 重新报送原来的文件。",
        "withdrew the report of {agency} for {year} ({report}); the statement is {id}; `gouji submit --again` with the same file restores it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_said_in_a_sentence() {
        let withdrawal = |already| Withdrawal {
            id: "s-g0".into(),
            report: "0123".into(),
            agency: "某市财政局".into(),
            year: Some(2024),
            already,
        };
        let (first, second) = (sentence(&withdrawal(false)), sentence(&withdrawal(true)));
        for part in ["某市财政局", "2024", "0123", "s-g0"] {
            assert!(first.contains(part) && second.contains(part), "{part} in {first} and {second}");
        }
        assert!(first.contains("--again") && !second.contains("--again"), "{first} {second}");
    }
}
