//! What became of what was taken: written when every report of a file or a batch is indexed or refused.
//!
//! What has no outcome yet is a file in `done/.pending`, so that it is found again after any kill, whatever happens to
//! the receipts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use bus::{Bus, Event};
use data_encoding::HEXLOWER;
use export::without_formula;
use futures::{StreamExt as _, TryStreamExt as _};
use proto::RefusalClass;
use proto::v1::{IndexOutcome, ReportIndexed, ReportRefused, ReportValidated};
use report::{Finding, Judgement, Review, Severity, Verdict, beijing};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::mailbox::Mailbox;
use super::receipt::{self, Expected, OUTCOME, OUTCOME_TABLE, TAKEN, Taken, TakenReport};
use super::whole_file;
use crate::Ingest;

/// Time between two looks at what has no outcome yet.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Concurrent reads of the log, within one batch.
const CONCURRENCY: usize = 16;
/// Files and batches that are looked at in one go, in turn, so that a backlog of thousands does not flood the log
/// with questions.
const LOOKS: usize = 500;
/// Findings of one report that a receipt spells out.
const FINDINGS: usize = 3;

/// What was taken and has no outcome yet, as `done/.pending` keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// The name of its receipts.
    pub(super) name: String,
    /// Whether the receipt `taken` was written.
    pub(super) has_receipt: bool,
    pub(super) taken: Taken,
}

impl Pending {
    /// Keeps it until its outcome is known.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub(super) fn store(&self, mailbox: &Mailbox) -> std::io::Result<()> {
        whole_file::write(&pending_path(mailbox, &self.name), &receipt::to_json(self))
    }

    /// What has receipts of this name and no outcome yet.
    pub(super) fn read(mailbox: &Mailbox, name: &str) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(pending_path(mailbox, name)).ok()?).ok()
    }
}

fn pending_path(mailbox: &Mailbox, name: &str) -> PathBuf {
    mailbox.pending().join(format!("{}.json", &HEXLOWER.encode(&Sha256::digest(name))[..32]))
}

/// A report that is indexed or refused.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Outcome {
    file_name: String,
    /// None for a file that was refused before it became a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// `indexed` or `refused`.
    state: &'static str,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
    errors: usize,
    warnings: usize,
    /// Chinese, for the sender.
    reason: String,
    duplicate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    year: Option<u16>,
    /// What the report says otherwise than the manifest; Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    differs: Option<String>,
    /// Key of the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<String>,
    /// Its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip)]
    at_ms: i64,
}

#[derive(Serialize)]
struct OutcomeReceipt<'a> {
    receipt: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<&'a str>,
    name: &'a str,
    sender: &'a str,
    submission: &'a str,
    finished_at_ms: i64,
    finished_at: String,
    indexed: usize,
    refused: usize,
    files: &'a [Outcome],
}

/// What is pending, as this process knows it.
struct Known {
    mailbox: Mailbox,
    pending: Pending,
    /// The reports whose outcome is known: the first ones.
    outcomes: Vec<Outcome>,
}

/// Writes outcomes until shutdown.
pub(super) async fn write_all(ingest: Ingest, inbox: PathBuf) -> anyhow::Result<()> {
    let shutdown = ingest.worker().shutdown();
    let mut known: HashMap<PathBuf, Known> = HashMap::new();
    let mut turns: Vec<PathBuf> = Vec::new();
    let mut complaints = Complaints::default();
    while !shutdown.is_requested() {
        let (at, receipts) = (inbox.clone(), ingest.worker().config().inbox_receipts.clone());
        let on_disk = tokio::task::spawn_blocking(move || pending_below(&at, receipts.as_deref()));
        let on_disk = on_disk.await.context("listing what has no outcome")?;
        known.retain(|path, _| on_disk.contains_key(path));
        for (path, mailbox) in on_disk {
            if known.contains_key(&path) {
                continue;
            }
            // Written whole or not at all; what cannot be read is of another version.
            let read = tokio::fs::read(&path).await.ok().and_then(|text| serde_json::from_slice(&text).ok());
            if let Some(pending) = read {
                turns.push(path.clone());
                known.insert(path, Known { mailbox, pending, outcomes: Vec::new() });
            }
        }
        turns.retain(|path| known.contains_key(path));
        for path in turns.iter().take(LOOKS) {
            let Some(one) = known.get_mut(path) else { continue };
            let looked = look(&ingest, one, path).await;
            complaints.report(&one.mailbox.receipts, looked.err());
            if shutdown.is_requested() {
                break;
            }
        }
        let looked_at = turns.len().min(LOOKS);
        turns.rotate_left(looked_at);
        tokio::select! {
            () = shutdown.requested() => break,
            () = tokio::time::sleep(LOOK_INTERVAL) => {}
        }
    }
    Ok(())
}

/// What was reported about each folder of receipts, so that not every look repeats it.
#[derive(Default)]
struct Complaints(HashMap<PathBuf, String>);

impl Complaints {
    fn report(&mut self, folder: &Path, error: Option<anyhow::Error>) {
        match error.map(|error| format!("{error:#}")) {
            Some(why) if self.0.get(folder) != Some(&why) => {
                tracing::warn!(folder = ?folder, "receipts of the exchange folder are late: {why}");
                self.0.insert(folder.to_owned(), why);
            }
            Some(_) => {}
            None => drop(self.0.remove(folder)),
        }
    }
}

/// The files of everything that has no outcome yet. The folder of a sender whose key is gone is among them.
fn pending_below(inbox: &Path, receipts: Option<&Path>) -> HashMap<PathBuf, Mailbox> {
    let mut found = HashMap::new();
    for mailbox in Mailbox::all(inbox, receipts) {
        let entries = std::fs::read_dir(mailbox.pending()).into_iter().flatten().flatten();
        let whole = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        found.extend(whole.map(|path| (path, mailbox.clone())));
    }
    found
}

/// Looks whether the outcome of every report is known, and writes the receipts then.
async fn look(ingest: &Ingest, one: &mut Known, path: &Path) -> anyhow::Result<()> {
    let Known { mailbox, pending, outcomes } = one;
    if !pending.has_receipt {
        let (file, bytes) = (receipt::path(mailbox, &pending.name, TAKEN), receipt::to_json(&pending.taken));
        write(file, bytes).await?;
        pending.has_receipt = true;
        let (stored, mailbox) = (pending.clone(), mailbox.clone());
        tokio::task::spawn_blocking(move || stored.store(&mailbox))
            .await?
            .context("keeping what is pending")?;
    }
    let reports = &pending.taken.reports;
    while let Some(rest) = reports.get(outcomes.len()..).filter(|rest| !rest.is_empty()) {
        let next: Vec<TakenReport> = rest.iter().take(CONCURRENCY).cloned().collect();
        let next: Vec<Option<Outcome>> = futures::stream::iter(next)
            .map(async |report| outcome_of(ingest, &report).await)
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        let count = next.len();
        let known: Vec<Outcome> = next.into_iter().map_while(|outcome| outcome).collect();
        let are_all_known = known.len() == count;
        outcomes.extend(known);
        if !are_all_known {
            return Ok(());
        }
    }
    let at_ingest = pending.taken.refused.iter().map(|refused| Outcome {
        reason: refused.message.clone(),
        class: Some(refused.class.clone()),
        at_ms: pending.taken.taken_at_ms,
        ..Outcome::of(&refused.file_name, "refused")
    });
    let files: Vec<Outcome> = outcomes.iter().cloned().chain(at_ingest).collect();
    let table = table(&files)?;
    let json = receipt::to_json(&receipt_of(&pending.taken, &files));
    write(receipt::path(mailbox, &pending.name, OUTCOME_TABLE), table).await?;
    write(receipt::path(mailbox, &pending.name, OUTCOME), json).await?;
    tokio::fs::remove_file(path).await.context("removing what is no longer pending")
}

async fn write(path: PathBuf, bytes: Vec<u8>) -> anyhow::Result<()> {
    let shown = path.display().to_string();
    let written = tokio::task::spawn_blocking(move || whole_file::write(&path, &bytes)).await?;
    written.with_context(|| format!("writing {shown}"))
}

fn receipt_of<'a>(taken: &'a Taken, files: &'a [Outcome]) -> OutcomeReceipt<'a> {
    let count = |state: &str| files.iter().filter(|file| file.state == state).count();
    let finished_at_ms = files.iter().map(|file| file.at_ms).max().unwrap_or(taken.taken_at_ms);
    OutcomeReceipt {
        receipt: "outcome",
        batch: taken.batch.as_deref(),
        name: &taken.name,
        sender: &taken.sender,
        submission: &taken.submission,
        finished_at_ms,
        finished_at: beijing::format_time(finished_at_ms),
        indexed: count("indexed"),
        refused: count("refused"),
        files,
    }
}

impl Outcome {
    fn of(file_name: &str, state: &'static str) -> Self {
        Self {
            file_name: file_name.to_owned(),
            id: None,
            sha256: None,
            state,
            class: None,
            verdict: None,
            errors: 0,
            warnings: 0,
            reason: String::new(),
            duplicate: false,
            agency: None,
            region: None,
            year: None,
            differs: None,
            report: None,
            link: None,
            at_ms: 0,
        }
    }
}

/// The outcome of a report; none while it is on its way.
async fn outcome_of(ingest: &Ingest, taken: &TakenReport) -> anyhow::Result<Option<Outcome>> {
    let history = history(ingest.bus(), &taken.id).await?;
    let outcome = outcome_by(&history, taken);
    let address = ingest.worker().config().address.as_deref().unwrap_or_default();
    Ok(outcome.map(|outcome| Outcome {
        link: outcome.report.as_ref().map(|key| format!("{address}/reports/{key}")),
        ..outcome
    }))
}

async fn history(bus: &Bus, id: &str) -> anyhow::Result<Vec<Event>> {
    bus.history(id).await.context("asking the log for the state of a report")
}

fn outcome_by(history: &[Event], taken: &TakenReport) -> Option<Outcome> {
    let known = |state, at_ms| Outcome {
        id: Some(taken.id.clone()),
        sha256: Some(taken.sha256.clone()),
        duplicate: taken.duplicate,
        at_ms,
        ..Outcome::of(&taken.file_name, state)
    };
    let indexed = history.iter().find_map(|event| Some((event.decode::<ReportIndexed>()?, event.at_ms)));
    let Some((indexed, at_ms)) = indexed else {
        let refused = history.iter().find_map(|event| Some((event.decode::<ReportRefused>()?, event.at_ms)));
        let (refused, at_ms) = refused?;
        let reason = with_duplicate(taken, refusal(&refused));
        return Some(Outcome { class: Some(refused.class), reason, ..known("refused", at_ms) });
    };
    let validated = history.iter().find_map(Event::decode::<ReportValidated>);
    let review = validated.and_then(|fact| Review::try_from(&fact).ok());
    let findings = review.as_ref().map_or(&[][..], |review| &review.findings);
    let report = review.as_ref().map(|review| &review.report);
    let agency = report.and_then(|report| report.agency.clone());
    let region = indexed.region.as_ref().map(|region| region.code.clone());
    let year = report.and_then(|report| report.year).map(|year| year.get());
    let [errors, warnings] =
        [Severity::Error, Severity::Warning].map(|severity| failing(findings, severity).count());
    Some(Outcome {
        verdict: review.as_ref().map(Review::verdict).map(Verdict::as_str),
        errors,
        warnings,
        reason: with_duplicate(taken, summary(findings, &indexed)),
        differs: differs(&taken.expected, agency.as_deref(), region.as_deref(), year),
        agency,
        region,
        year,
        report: Some(indexed.report),
        ..known("indexed", at_ms)
    })
}

fn refusal(refused: &ReportRefused) -> String {
    match RefusalClass::parse(&refused.class) {
        Ok(_) if !refused.message.is_empty() => refused.message.clone(),
        _ => format!("没有接收（{}）。请与管理员联系。", refused.class),
    }
}

fn with_duplicate(taken: &TakenReport, reason: String) -> String {
    if taken.duplicate {
        format!("{reason}同一文件此前已报送，沿用原来的编号。")
    } else {
        reason
    }
}

/// The findings of this severity that count.
fn failing(findings: &[Finding], severity: Severity) -> impl Iterator<Item = &Finding> {
    let counts = move |finding: &&Finding| {
        finding.severity == severity && finding.judgement == Judgement::Fails && finding.waiver.is_none()
    };
    findings.iter().filter(counts)
}

/// What a clerk reads: how many findings there are, and the first of them.
fn summary(findings: &[Finding], indexed: &ReportIndexed) -> String {
    let (errors, warnings) = (failing(findings, Severity::Error), failing(findings, Severity::Warning));
    let (error_count, warning_count) =
        (failing(findings, Severity::Error).count(), failing(findings, Severity::Warning).count());
    let mut text = match (error_count, warning_count) {
        (0, 0) => "已入库，没有发现问题。".to_owned(),
        (errors, 0) => format!("已入库，有 {errors} 项错误："),
        (0, warnings) => format!("已入库，有 {warnings} 项警告："),
        (errors, warnings) => format!("已入库，有 {errors} 项错误、{warnings} 项警告："),
    };
    let first: Vec<&str> =
        errors.chain(warnings).take(FINDINGS).map(|finding| finding.message.trim_end_matches('。')).collect();
    text.push_str(&first.join("；"));
    if error_count + warning_count > FINDINGS {
        text.push_str("；等");
    }
    if !first.is_empty() {
        text.push('。');
    }
    if indexed.outcome() == IndexOutcome::Superseded {
        text.push_str("此后已报送更新的版本，本件作为历史版本保存。");
    }
    text
}

/// What a report says otherwise than the manifest.
fn differs(
    expected: &Expected,
    agency: Option<&str>,
    region: Option<&str>,
    year: Option<u16>,
) -> Option<String> {
    let year = year.map(|year| year.to_string());
    let pairs = [
        ("机关", expected.agency.as_deref(), agency),
        ("区划代码", expected.region.as_deref(), region),
        ("年度", expected.year.as_deref(), year.as_deref()),
    ];
    let different = pairs.into_iter().filter_map(|(what, stated, found)| {
        let stated = stated.filter(|stated| Some(*stated) != found)?;
        let found = found.filter(|found| !found.is_empty()).unwrap_or("（未写明）");
        Some(format!("{what}：清单为“{stated}”，报告为“{found}”"))
    });
    let different: Vec<String> = different.collect();
    (!different.is_empty()).then(|| different.join("；"))
}

/// The heads of the table for clerks.
const HEADS: [&str; 14] = [
    "文件名",
    "报告编号",
    "SHA-256",
    "状态",
    "结论",
    "错误数",
    "警告数",
    "说明",
    "机关名称",
    "区划代码",
    "年度",
    "与清单不符",
    "重复报送",
    "链接",
];

/// The outcome as a table that a spreadsheet opens.
fn table(files: &[Outcome]) -> anyhow::Result<Vec<u8>> {
    let mut out = "\u{feff}".as_bytes().to_vec();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut out);
    writer.write_record(HEADS)?;
    for file in files {
        let is_indexed = file.state == "indexed";
        let verdict = file.verdict.and_then(Verdict::parse);
        let row = [
            file.file_name.clone(),
            file.id.clone().unwrap_or_default(),
            file.sha256.clone().unwrap_or_default(),
            if is_indexed { "已入库" } else { "未接收" }.to_owned(),
            if is_indexed { Verdict::title_of(verdict) } else { "" }.to_owned(),
            if is_indexed { file.errors.to_string() } else { String::new() },
            if is_indexed { file.warnings.to_string() } else { String::new() },
            file.reason.clone(),
            file.agency.clone().unwrap_or_default(),
            file.region.clone().unwrap_or_default(),
            file.year.map(|year| year.to_string()).unwrap_or_default(),
            file.differs.clone().unwrap_or_default(),
            if file.duplicate { "是" } else { "否" }.to_owned(),
            file.link.clone().unwrap_or_default(),
        ];
        writer.write_record(row.iter().map(|field| without_formula(field).into_owned()))?;
    }
    writer.flush()?;
    drop(writer);
    Ok(out)
}

#[cfg(test)]
mod tests;
