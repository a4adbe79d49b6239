//! `gouji submit`: sends files and follows each report to its end.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;

use crate::client::{Server, answer_in_time, problem, retry_after};
use crate::files::walk;
use crate::print::say;

/// Send files, folders and archives, and follow each report to its end.
#[derive(Debug, Args)]
pub(crate) struct Submit {
    #[command(flatten)]
    pub(crate) server: Server,
    /// Do not wait until the reports can be found.
    #[arg(long)]
    no_wait: bool,
    /// Files that were sent before count as sent anew: after a report was taken back, or when an earlier
    /// version has to stand again.
    #[arg(long)]
    again: bool,
    /// Files, folders and ZIP archives.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Files in one request: few enough to send again without pain.
const FILES: usize = 100;
/// Bytes in one request, about.
const BYTES: usize = 32 << 20;

/// A report on its way or at its end.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) file: String,
    /// `submitted`, `parsed`, `validated`, `indexed` or `refused`.
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
}

impl Sent {
    fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "indexed" | "refused")
    }
}

impl Submit {
    pub(crate) fn run(&self) -> ExitCode {
        let sent = crate::runtime().and_then(|runtime| runtime.block_on(self.send()));
        match sent {
            Ok(sent) => summary(&sent),
            Err(error) => {
                eprintln!("{error:#}");
                ExitCode::from(2)
            }
        }
    }

    async fn send(&self) -> Result<Vec<Sent>> {
        let mut sent = send(&self.server, &self.paths, self.again).await?;
        if !self.no_wait {
            follow(&self.server, &mut sent).await?;
        }
        Ok(sent)
    }
}

/// Sends every file below the paths; whoever waits for them calls [`follow`].
pub(crate) async fn send(server: &Server, paths: &[PathBuf], again: bool) -> Result<Vec<Sent>> {
    let client = server.client()?;
    let query: &[(&str, &str)] = if again { &[("again", "true")] } else { &[] };
    let url = server.at("/api/v1/reports", query)?;
    let mut sent = Vec::new();
    let mut batch: Vec<(String, Vec<u8>)> = Vec::new();
    let mut bytes = 0;
    let bar = bar(0, "sending");
    for (name, file) in files(paths) {
        match file {
            Ok(file) => {
                bytes += file.len();
                batch.push((name, file));
            }
            Err(reason) => sent.push(Sent {
                id: String::new(),
                file: name,
                state: "refused".into(),
                reason: Some(reason),
            }),
        }
        if batch.len() >= FILES || bytes >= BYTES {
            post(&url, &client, std::mem::take(&mut batch), &mut sent).await?;
            bytes = 0;
            bar.set_position(sent.len() as u64);
        }
    }
    post(&url, &client, batch, &mut sent).await?;
    bar.finish_and_clear();
    Ok(sent)
}

/// Files are read while they are sent, one batch at a time in memory.
fn files(paths: &[PathBuf]) -> impl Iterator<Item = (String, Result<Vec<u8>, String>)> {
    let (sender, receiver) = std::sync::mpsc::sync_channel(FILES);
    let paths = paths.to_vec();
    std::thread::spawn(move || {
        for path in &paths {
            walk(path, &mut |name, bytes| {
                sender.send((name, bytes.map_err(|unreadable| unreadable.message))).ok();
            });
        }
    });
    receiver.into_iter()
}

/// Sends one batch, coming back later as long as the pipeline asks for it.
async fn post(url: &Url, client: &Client, batch: Vec<(String, Vec<u8>)>, sent: &mut Vec<Sent>) -> Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    loop {
        let mut form = Form::new();
        for (name, bytes) in &batch {
            form = form.part("file", Part::bytes(bytes.clone()).file_name(name.clone()));
        }
        let response = client.post(url.clone()).multipart(form).send().await;
        let response = response.context("is gouji up? start it with `gouji up`, or name it with --server")?;
        let status = response.status();
        let wait = retry_after(&response);
        let body: Value = response.json().await.context("the answer is no JSON; is this a gouji?")?;
        match (status, wait) {
            (StatusCode::ACCEPTED, _) => {
                sent.extend(list(&body["reports"]).map(|report| Sent {
                    id: text(report, "id"),
                    file: text(report, "file_name"),
                    state: "submitted".into(),
                    reason: None,
                }));
                sent.extend(refused(&body["refused"]));
                return Ok(());
            }
            (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, Some(wait)) => {
                eprintln!("{} {}秒后继续报送。", text(&body, "detail"), wait.as_secs());
                tokio::time::sleep(wait).await;
            }
            (StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY, _) => {
                let (file, reason) = (text(&body, "field"), text(&body, "detail"));
                sent.push(Sent { id: String::new(), file, state: "refused".into(), reason: Some(reason) });
                return Ok(());
            }
            _ => bail!("{}", problem(status, &body)),
        }
    }
}

fn refused(list_of: &Value) -> Vec<Sent> {
    let one = |file: &Value| Sent {
        id: String::new(),
        file: text(file, "file_name"),
        state: "refused".into(),
        reason: Some(text(file, "message")),
    };
    list(list_of).map(one).collect()
}

/// Reports whose state is asked for in one request.
const ASKED: usize = 200;

/// How long nothing moves before whoever waits is told.
const QUIET: Duration = Duration::from_secs(30);

/// Follows every report to its end, with a bar.
pub(crate) async fn follow(server: &Server, sent: &mut [Sent]) -> Result<()> {
    let client = server.client()?;
    let bar = bar(sent.len() as u64, "indexed");
    let mut pause = Duration::from_millis(50);
    let mut since = Instant::now();
    loop {
        let open: Vec<usize> = (0..sent.len()).filter(|index| !sent[*index].is_over()).collect();
        bar.set_position((sent.len() - open.len()) as u64);
        if open.is_empty() {
            bar.finish_and_clear();
            return Ok(());
        }
        let mut moved = false;
        for chunk in open.chunks(ASKED) {
            let ids: Vec<&str> = chunk.iter().map(|index| sent[*index].id.as_str()).collect();
            let states = answer_in_time(client.post(server.at("/api/v1/states", &[])?).json(&ids)).await?;
            for (index, state) in chunk.iter().zip(list(&states)) {
                let one = &mut sent[*index];
                moved |= one.state != text(state, "state");
                one.state = text(state, "state");
                one.reason = state["message"].as_str().map(str::to_owned);
            }
        }
        if moved {
            since = Instant::now();
        } else if since.elapsed() > QUIET {
            bar.suspend(|| {
                eprintln!(
                    "还有{}份报告在处理中，已有{}秒没有进展。报告已经接收，不会丢失；可用 gouji status 查看处理情况，\
                     按 Ctrl-C 结束等待，下次加 --no-wait 不等待。",
                    open.len(),
                    QUIET.as_secs(),
                );
            });
            since = Instant::now();
        }
        pause = if moved { Duration::from_millis(50) } else { (pause * 2).min(Duration::from_secs(2)) };
        tokio::time::sleep(pause).await;
    }
}

fn bar(length: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {bar:40} {pos}/{len} {msg} {per_sec} {elapsed}");
    let bar = ProgressBar::new(length).with_message(what);
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

/// Lists what was refused and why; 0 if nothing was, else 1.
pub(crate) fn summary(sent: &[Sent]) -> ExitCode {
    let (refused, others): (Vec<&Sent>, Vec<&Sent>) = sent.iter().partition(|one| one.state == "refused");
    for one in &refused {
        say(&format!("退回  {}：{}", one.file, one.reason.as_deref().unwrap_or_default()));
    }
    let indexed = others.iter().filter(|one| one.state == "indexed").count();
    say(&format!(
        "共{}份：可检索{indexed}份，处理中{}份，退回{}份。",
        sent.len(),
        others.len() - indexed,
        refused.len()
    ));
    if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}
