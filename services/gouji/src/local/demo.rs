//! `gouji demo`: everything once, for somebody who sees it for the first time.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use report::Verdict;
use serde_json::Value;

use crate::agency::{search, submit};
use crate::client::Server;
use crate::local::up::{ADDRESS, Pipeline, Up};
use crate::print::say;

/// Start the pipeline on a throw-away folder, send files through it, show verdicts and a search.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End when everything was shown.
    #[arg(long)]
    once: bool,
    /// Files to send.
    #[arg(default_value = "samples/reports")]
    paths: Vec<PathBuf>,
}

/// What the demonstration searches for.
const QUERY: &str = "收到政府信息公开申请";

impl Demo {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(self.show())
    }

    fn show(&self) -> Result<()> {
        let runtime = crate::runtime()?;
        let folder = tempfile::tempdir().context("making a folder")?;
        let up = Up {
            data: folder.path().to_owned(),
            listen: Some(free_address()?),
            config: None,
            nats: None,
            inbox: None,
        };
        let pipeline = up.start(&runtime, "error")?;
        runtime.block_on(async {
            let shown = self.shown(&pipeline).await;
            if shown.is_ok() && !self.once {
                say("Ctrl-C 结束。");
                return pipeline.ended().await;
            }
            pipeline.end().await.and(shown)
        })
    }

    async fn shown(&self, pipeline: &Pipeline) -> Result<()> {
        let server = Server::at_address(format!("http://{}", pipeline.address).parse()?);
        ready(pipeline, &server).await?;
        let mut sent = submit::send(&server, &self.paths, false).await?;
        submit::follow(&server, &mut sent).await?;
        for one in sent.iter().filter(|one| one.state == "indexed") {
            say(&verdict(&server, one).await?);
        }
        say("");
        submit::summary(&sent);
        let page = search::find(&server, QUERY, "relevance", 3).await?;
        say(&format!("\n$ gouji search {QUERY}\n{}\n", search::hits(&page)));
        say(&format!("控制台：{}", server.url));
        Ok(())
    }
}

/// The usual address, or any other if that is taken.
fn free_address() -> Result<SocketAddr> {
    let usual: SocketAddr = ADDRESS.parse()?;
    if TcpListener::bind(usual).is_ok() {
        return Ok(usual);
    }
    Ok(TcpListener::bind(SocketAddr::new(usual.ip(), 0)).context("finding a free port")?.local_addr()?)
}

/// Waits until every stage is ready.
async fn ready(pipeline: &Pipeline, server: &Server) -> Result<()> {
    let client = server.client()?;
    let url = server.at("/readyz", &[])?;
    for _ in 0..600 {
        if pipeline.is_over() {
            bail!("the pipeline ended while it started");
        }
        if client.get(url.clone()).send().await.is_ok_and(|response| response.status().is_success()) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("the pipeline was not ready within 30 s")
}

/// A report's verdict with what was found.
async fn verdict(server: &Server, one: &submit::Sent) -> Result<String> {
    let record = server.get(&format!("/api/v1/reports/{}", one.id), &[]).await?;
    let verdict = Verdict::title_of(record["verdict"].as_str().and_then(Verdict::parse));
    // Padded to the width of three characters, two columns each.
    let verdict = format!("{verdict}{}", "  ".repeat(3 - verdict.chars().count()));
    let name = record["title"].as_str().unwrap_or(&one.file);
    let mut lines = vec![format!("{verdict}  {name}")];
    let findings = record["findings"].as_array().into_iter().flatten();
    lines.extend(findings.map(|finding: &Value| {
        let text = |field: &str| finding[field].as_str().unwrap_or_default();
        format!("        {} {}", text("rule"), text("message"))
    }));
    Ok(lines.join("\n"))
}
