//! `gouji submit`: sends files and follows each report until it can be found or was refused.

mod verdicts;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode, Url};

use crate::client::answers::{Receipt, ReportState, State};
use crate::client::{RefusedRequest, Server, parsed, retry_after};
use crate::files;
use crate::language::{text, word};
use crate::print::say;
use verdicts::Verdicts;

/// Send files, folders and archives, and follow each report until it can be found or was refused.
///
/// Exit status: 0 if nothing was refused, 1 if something was, 2 if the files could not be sent.
#[derive(Debug, Args)]
pub(crate) struct Submit {
    #[command(flatten)]
    server: Server,
    /// Do not wait until the reports can be found.
    #[arg(long)]
    no_wait: bool,
    /// Accept files again that were sent before: after a report was withdrawn, or to make an earlier version
    /// current.
    #[arg(long)]
    again: bool,
    /// Files, folders and ZIP archives.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Files in one request: few enough to send them twice.
const FILES: usize = 100;
/// Bytes in one request, about.
const BYTES: usize = 32 << 20;

/// A report that was sent, or a file that was refused.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// Empty where the file was refused at once.
    pub(crate) id: String,
    pub(crate) file: String,
    pub(crate) state: State,
    /// Why it was refused.
    pub(crate) reason: Option<String>,
}

impl Sent {
    fn refused(file: String, reason: String) -> Self {
        Self { id: String::new(), file, state: State::Refused, reason: Some(reason) }
    }

    fn is_over(&self) -> bool {
        matches!(self.state, State::Indexed | State::Refused)
    }
}

impl Submit {
    pub(crate) fn run(&self) -> ExitCode {
        let mut sent = Vec::new();
        let submitted = crate::runtime().and_then(|runtime| runtime.block_on(self.submit(&mut sent)));
        submitted.unwrap_or_else(|error| {
            // What was sent before the error is on its way.
            if !sent.is_empty() {
                summary(&sent);
            }
            eprintln!("{error:#}");
            ExitCode::from(2)
        })
    }

    async fn submit(&self, sent: &mut Vec<Sent>) -> Result<ExitCode> {
        send(&self.server, &self.paths, self.again, sent).await?;
        if self.no_wait {
            return Ok(summary(sent));
        }
        follow(&self.server, sent).await?;
        let verdicts = Verdicts::of(&self.server, sent).await;
        let status = summary(sent);
        if let Some(verdicts) = verdicts {
            say(&verdicts.to_string());
        }
        let url = self.server.url()?;
        say(&text!("控制台：{url}", "console: {url}"));
        Ok(status)
    }
}

/// Sends every file below the paths; [`follow`] waits for them.
pub(crate) async fn send(
    server: &Server,
    paths: &[PathBuf],
    again: bool,
    sent: &mut Vec<Sent>,
) -> Result<()> {
    let query: &[(&str, &str)] = if again { &[("again", "true")] } else { &[] };
    let sending = Sending { server, client: server.client()?, url: server.at("/api/v1/reports", query)? };
    let mut all = Vec::new();
    paths.iter().for_each(|path| files::list(path, &mut all));
    let bar = bar(all.len(), word("个文件", "files"));
    let (mut batch, mut bytes, mut files) = (Vec::new(), 0, 0);
    let show = |files: usize, sent: &[Sent]| {
        let reports = sent.len();
        bar.set_position(files as u64);
        bar.set_message(text!("个文件已发送，共{reports}份报告", "files sent, {reports} reports"));
    };
    for read in read_ahead(all) {
        match read {
            Read::Entry(name, Ok(file)) => {
                bytes += file.len();
                batch.push((name, file));
            }
            Read::Entry(name, Err(reason)) => sent.push(Sent::refused(name, reason)),
            Read::EndOfFile => files += 1,
        }
        if batch.len() >= FILES || bytes >= BYTES {
            sending.post(std::mem::take(&mut batch), sent).await?;
            bytes = 0;
            show(files, sent);
        }
    }
    sending.post(batch, sent).await?;
    show(files, sent);
    bar.finish_and_clear();
    Ok(())
}

/// What [`read_ahead`] reads.
enum Read {
    /// A file or an entry of an archive, or why it cannot be read.
    Entry(String, Result<Vec<u8>, String>),
    /// All entries of a file were read.
    EndOfFile,
}

/// Reads files while others are sent, one batch at a time in memory.
fn read_ahead(paths: Vec<PathBuf>) -> Receiver<Read> {
    let (sender, receiver) = sync_channel(FILES);
    std::thread::spawn(move || {
        for path in &paths {
            files::open(path, &mut |name, bytes| {
                let bytes = bytes.map_err(|unreadable| unreadable.message);
                sender.send(Read::Entry(name, bytes)).ok();
            });
            sender.send(Read::EndOfFile).ok();
        }
    });
    receiver
}

/// How files are sent.
struct Sending<'a> {
    server: &'a Server,
    client: Client,
    url: Url,
}

impl Sending<'_> {
    /// Sends one batch, and again as often as the pipeline asks for that.
    async fn post(&self, batch: Vec<(String, Vec<u8>)>, sent: &mut Vec<Sent>) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        loop {
            let mut form = Form::new();
            for (name, bytes) in &batch {
                form = form.part("file", Part::bytes(bytes.clone()).file_name(name.clone()));
            }
            let response = self.server.send(self.client.post(self.url.clone()).multipart(form)).await?;
            let (status, wait) = (response.status(), retry_after(&response));
            let body = response.text().await?;
            if status == StatusCode::ACCEPTED {
                let Receipt { reports, refused } = parsed(&body)?;
                sent.extend(reports.into_iter().map(|report| Sent {
                    id: report.id,
                    file: report.file_name,
                    state: State::Submitted,
                    reason: None,
                }));
                sent.extend(refused.into_iter().map(|file| Sent::refused(file.file_name, file.message)));
                return Ok(());
            }
            let refused = RefusedRequest::of(status, &body);
            match (status, wait) {
                (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, Some(wait)) => {
                    let (detail, seconds) = (refused.problem.detail, wait.as_secs());
                    eprintln!(
                        "{}",
                        text!("{detail} {seconds}秒后继续报送。", "{detail} trying again in {seconds} s")
                    );
                    tokio::time::sleep(wait).await;
                }
                (StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY, _) => {
                    let problem = refused.problem;
                    sent.push(Sent::refused(problem.field.unwrap_or_default(), problem.detail));
                    return Ok(());
                }
                _ => bail!(refused),
            }
        }
    }
}

/// Reports whose state one request asks for.
const ASKED: usize = 200;

/// After this time without progress, the person who waits is informed.
const QUIET: Duration = Duration::from_secs(30);

/// Follows every report to its end, with a progress bar.
pub(crate) async fn follow(server: &Server, sent: &mut [Sent]) -> Result<()> {
    let client = server.client()?;
    let bar = bar(sent.len(), word("份报告已处理完毕", "reports done"));
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
            let asked = client.post(server.at("/api/v1/states", &[])?).json(&ids);
            let states: Vec<ReportState> = server.answer_in_time(asked).await?;
            for (index, state) in chunk.iter().zip(states) {
                let one = &mut sent[*index];
                moved |= one.state != state.state;
                (one.state, one.reason) = (state.state, state.message);
            }
        }
        if moved {
            since = Instant::now();
        } else if since.elapsed() > QUIET {
            let (open, seconds) = (open.len(), QUIET.as_secs());
            bar.suspend(|| {
                eprintln!("{}", text!(
                    "还有{open}份报告在处理中，已有{seconds}秒没有进展。报告已经接收，不会丢失；可用 gouji status 查看处理情况，按 Ctrl-C 结束等待，下次加 --no-wait 不等待。",
                    "{open} reports are in process, without progress for {seconds} s. They were accepted and are not lost. `gouji status` shows the pipeline; Ctrl-C ends the waiting, --no-wait avoids it."
                ));
            });
            since = Instant::now();
        }
        pause = if moved { Duration::from_millis(50) } else { (pause * 2).min(Duration::from_secs(2)) };
        tokio::time::sleep(pause).await;
    }
}

fn bar(length: usize, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {bar:40} {pos}/{len} {msg} {per_sec} {elapsed}");
    let bar = ProgressBar::new(length as u64).with_message(what);
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

/// Prints what was refused and why, and the counts; 0 if nothing was refused, else 1.
pub(crate) fn summary(sent: &[Sent]) -> ExitCode {
    let (refused, others): (Vec<&Sent>, Vec<&Sent>) =
        sent.iter().partition(|one| one.state == State::Refused);
    for one in &refused {
        let (file, reason) = (&one.file, one.reason.as_deref().unwrap_or_default());
        say(&text!("退回  {file}：{reason}", "refused  {file}: {reason}"));
    }
    let indexed = others.iter().filter(|one| one.state == State::Indexed).count();
    let (all, open, refused) = (sent.len(), others.len() - indexed, refused.len());
    say(&text!(
        "共{all}份：可检索{indexed}份，处理中{open}份，退回{refused}份。",
        "{all} sent: {indexed} searchable, {open} in process, {refused} refused"
    ));
    if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
