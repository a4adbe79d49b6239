//! `gouji search`: finds reports from the terminal.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use report::Verdict;
use serde_json::Value;

use crate::client::Server;
use crate::print::say;

/// Find reports.
#[derive(Debug, Args)]
pub(crate) struct Search {
    #[command(flatten)]
    server: Server,
    /// Words, "phrases", -without, OR, year:2024, agency:…, rule:T3-01, cell.requests.received.total:>100
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,
    /// relevance, year, published, submitted or cell.<id>; `-` before it for the greatest first.
    #[arg(long, default_value = "relevance", allow_hyphen_values = true)]
    sort: String,
    /// How many hits.
    #[arg(long, default_value_t = 10)]
    limit: usize,
    /// Print the answer of the API as it is.
    #[arg(long)]
    json: bool,
}

impl Search {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.search())))
    }

    async fn search(&self) -> Result<()> {
        let page = find(&self.server, &self.query.join(" "), &self.sort, self.limit).await?;
        say(&if self.json { page.to_string() } else { hits(&page) });
        Ok(())
    }
}

/// One page of hits.
pub(crate) async fn find(server: &Server, query: &str, sort: &str, limit: usize) -> Result<Value> {
    let limit = limit.to_string();
    server
        .get("/api/v1/reports", &[("q", query), ("sort", sort), ("limit", &limit), ("highlight", "true")])
        .await
}

/// The hits as people read them.
pub(crate) fn hits(page: &Value) -> String {
    let mut lines = vec![format!(
        "找到{}份报告{}",
        page["total"],
        if page["relaxed"] == true { "（放宽匹配）" } else { "" }
    )];
    for warning in page["warnings"].as_array().into_iter().flatten() {
        lines.push(format!("注意：{}", warning.as_str().unwrap_or_default()));
    }
    for hit in page["hits"].as_array().into_iter().flatten() {
        let text = |field: &str| hit[field].as_str().unwrap_or_default();
        let verdict = Verdict::title_of(Verdict::parse(text("verdict")));
        lines.push(format!("\n{}  [{verdict}]  {}", text("title"), text("id")));
        for snippet in hit["snippets"].as_array().into_iter().flatten() {
            let words = snippet["text"].as_str().or(snippet.as_str()).unwrap_or_default();
            lines.push(format!("    …{}…", words.replace(['\n', '\t'], " ")));
        }
    }
    lines.join("\n")
}
