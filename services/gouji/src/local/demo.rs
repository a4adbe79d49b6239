//! `gouji demo`: every step of the pipeline once, for newcomers.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use unicode_width::UnicodeWidthStr as _;

use super::up::{ADDRESS, Pipeline, Up};
use crate::agency::findings::verdict_title;
use crate::agency::submit::Sent;
use crate::agency::{search, submit};
use crate::client::answers::{Record, State};
use crate::client::{Server, parsed};
use crate::language::{text, word};
use crate::print::say;

/// Start the pipeline on a temporary folder, send files through it, show verdicts and a search.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End after that, instead of running until Ctrl-C.
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
                say(word("Ctrl-C 结束。", "Ctrl-C ends it."));
                return pipeline.ended().await;
            }
            pipeline.end().await.and(shown)
        })
    }

    async fn shown(&self, pipeline: &Pipeline) -> Result<()> {
        let server = Server::at_address(format!("http://{}", pipeline.address).parse()?);
        ready(pipeline, &server).await?;
        let mut sent = Vec::new();
        submit::send(&server, &self.paths, false, &mut sent).await?;
        submit::follow(&server, &mut sent).await?;
        for one in sent.iter().filter(|one| one.state == State::Indexed) {
            say(&verdict(&server, one).await?);
        }
        say("");
        submit::summary(&sent);
        let page = parsed(&search::find(&server, QUERY, "relevance", 3).await?)?;
        say(&format!("\n$ gouji search {QUERY}\n{}\n", search::hits(&page)));
        let url = server.url()?;
        say(&text!("控制台：{url}", "console: {url}"));
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

/// A report's verdict with its findings.
async fn verdict(server: &Server, one: &Sent) -> Result<String> {
    let record: Record = server.get(&format!("/api/v1/reports/{}", one.id), &[]).await?;
    let verdict = verdict_title(record.verdict);
    let padding = " ".repeat(VERDICT_WIDTH.saturating_sub(verdict.width()));
    let name = record.title.as_deref().unwrap_or(&one.file);
    let mut lines = vec![format!("{verdict}{padding}  {name}")];
    let findings = record.findings.iter();
    lines.extend(findings.map(|finding| format!("        {} {}", finding.rule, finding.message)));
    Ok(lines.join("\n"))
}

/// Three Chinese characters of two columns each.
const VERDICT_WIDTH: usize = 6;
