//! `gouji search`: finds reports from the terminal.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use reqwest::StatusCode;

use crate::agency::findings::verdict_title;
use crate::client::answers::Page;
use crate::client::{RefusedRequest, Server, parsed};
use crate::language::{text, word};
use crate::print::say;

/// Find reports.
///
/// Exit status: 0 if the query was understood, 2 if a part of it was not, 1 if the server did not answer.
#[derive(Debug, Args)]
pub(crate) struct Search {
    #[command(flatten)]
    server: Server,
    /// Words, "phrases", -without, OR, year:2024, agency:…, rule:T3-01, cell.requests.received.total:>100
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,
    /// relevance, year, published, submitted or cell.<id>; with `-` before it the greatest first.
    #[arg(long, default_value = "relevance", allow_hyphen_values = true)]
    sort: String,
    /// How many hits.
    #[arg(long, default_value_t = 10)]
    limit: usize,
    /// Print the answer of the API as it is.
    #[arg(long)]
    json: bool,
}

/// The status where the query was not understood.
const NOT_UNDERSTOOD: u8 = 2;

impl Search {
    pub(crate) fn run(&self) -> ExitCode {
        let searched = crate::runtime().and_then(|runtime| runtime.block_on(self.search()));
        searched.unwrap_or_else(|error| {
            eprintln!("{error:#}");
            let refused = error.downcast_ref::<RefusedRequest>();
            let is_misunderstood = refused.is_some_and(|refused| refused.status == StatusCode::BAD_REQUEST);
            if is_misunderstood { ExitCode::from(NOT_UNDERSTOOD) } else { ExitCode::FAILURE }
        })
    }

    async fn search(&self) -> Result<ExitCode> {
        let body = find(&self.server, &self.query.join(" "), &self.sort, self.limit).await?;
        let page: Page = parsed(&body)?;
        if self.json {
            say(&body);
        }
        if !page.warnings.is_empty() {
            // Hits of another query than the one that was typed would mislead.
            eprint!("{}", misunderstood(&page.warnings));
            return Ok(ExitCode::from(NOT_UNDERSTOOD));
        }
        if !self.json {
            say(&hits(&page));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// One page of hits, as the server wrote it.
pub(crate) async fn find(server: &Server, query: &str, sort: &str, limit: usize) -> Result<String> {
    let limit = limit.to_string();
    let query = [("q", query), ("sort", sort), ("limit", &limit), ("highlight", "true")];
    server.get_text("/api/v1/reports", &query).await
}

/// What was not understood, and what can be.
fn misunderstood(warnings: &[String]) -> String {
    let lines =
        warnings.iter().map(|warning| text!("检索式有误：{warning}\n", "not understood: {warning}\n"));
    let fields = text!(
        "可用字段：year:2024、region:6101、agency:机关名称、rule:T3-01、severity:error、verdict:fail、form:2021、published:2025-01、cell.requests.received.total:>100；单元格的编号见 gouji check --format json 输出的 cells。\n",
        "fields: year:2024, region:6101, agency:NAME, rule:T3-01, severity:error, verdict:fail, form:2021, published:2025-01, cell.requests.received.total:>100\n"
    );
    lines.chain([fields]).collect()
}

/// The hits as people read them.
pub(crate) fn hits(page: &Page) -> String {
    let total = page.total;
    let relaxed =
        if page.relaxed { word("（放宽匹配）", " (some words are missing in them)") } else { "" };
    let mut lines = vec![text!("找到{total}份报告{relaxed}", "{total} reports found{relaxed}")];
    for hit in &page.hits {
        let verdict = verdict_title(hit.verdict);
        lines.push(format!("\n{}  [{verdict}]  {}", hit.title.as_deref().unwrap_or_default(), hit.id));
        let snippets = hit.snippets.iter().map(|snippet| snippet.text.replace(['\n', '\t'], " "));
        lines.extend(snippets.map(|snippet| format!("    …{snippet}…")));
    }
    lines.join("\n")
}
