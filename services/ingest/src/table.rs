//! A table of files as a way in: each row is a submission, and its state and its receipt are written into it.
//!
//! A row is `new`, then `taken` once its submission is durable on the log, then `done` or `refused` once every report
//! of it is indexed or refused. A kill in between repeats a row and doubles nothing: its id is the Idempotency-Key.
//! While there is no room, rows stay as they are.

mod definition;
mod outcome;

use std::collections::HashMap;
use std::time::Duration;

use access::{Caller, Code, Problem};
use anyhow::{Context as _, anyhow};
use data_encoding::HEXLOWER;
use odbc::{Bytes, Database, OdbcError, Session, qualified};
use report::beijing;
use sha2::{Digest as _, Sha256};
use worker::outlets::{InletConfig, SourceKind, TableConfig};

pub use self::definition::schema;
use self::definition::{FILE, LONGEST_REASON};
use self::outcome::Outcome;
use crate::builder::{Receipt, SubmissionBuilder, now_ms};
use crate::{Ingest, name};

/// Time between two looks at the table.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Rows that are looked at in one go; their bytes are fetched one after the other.
const ROWS: usize = 200;

/// Largest file of a row, in bytes: the driver and this process hold it in memory. An archive of a county has less.
const CONTENT_BYTES: usize = 256 << 20;

/// Checks the settings of an inlet, if it is a table.
///
/// # Errors
/// The first setting that cannot be used.
pub(crate) fn check(inlet: &InletConfig) -> anyhow::Result<()> {
    if inlet.from != SourceKind::Table {
        return Ok(());
    }
    settings(inlet).map(drop)
}

fn settings(inlet: &InletConfig) -> anyhow::Result<(TableConfig, Option<String>)> {
    let about = || format!("the inlet {}", inlet.name);
    let table = inlet.table.clone().context("a section `table` is missing").with_context(about)?;
    let schema = table.schema.as_deref().map(odbc::schema_name).transpose().with_context(about)?;
    Ok((table, schema))
}

/// A table that submissions come from.
struct Inlet {
    ingest: Ingest,
    config: InletConfig,
    /// The table, with its schema.
    table: String,
    session: Session,
    /// Where its submissions come from, in the audit trail.
    origin: String,
    /// The last row whose outcome was looked for, so that each has its turn.
    looked_at: String,
    /// What was said about the table or a row, so that every look does not repeat it.
    complaints: HashMap<String, String>,
}

/// A row that was not taken yet.
struct Row {
    id: String,
    sender: Option<String>,
    name: Option<String>,
    sha256: Option<String>,
}

/// Why a row is refused; Chinese, for the sender.
struct Refusal(String);

/// Takes rows from a table until shutdown.
///
/// # Errors
/// If the settings cannot be used.
pub(crate) async fn poll(ingest: Ingest, config: InletConfig) -> anyhow::Result<()> {
    let (TableConfig { dsn, timeout_seconds, .. }, schema) = settings(&config)?;
    let mut inlet = Inlet {
        table: qualified(schema.as_deref(), FILE.name),
        session: Session::new(dsn, Duration::from_secs(timeout_seconds)),
        origin: format!("table:{}", config.name),
        looked_at: String::new(),
        complaints: HashMap::new(),
        ingest,
        config,
    };
    let shutdown = inlet.ingest.worker().shutdown().clone();
    while !shutdown.is_requested() {
        match inlet.look().await {
            Ok(()) => drop(inlet.complaints.remove("")),
            Err(error) => inlet.complain("", &format!("{error:#}")),
        }
        shutdown.unless_requested(tokio::time::sleep(POLL_INTERVAL)).await;
    }
    Ok(())
}

impl Inlet {
    async fn look(&mut self) -> anyhow::Result<()> {
        let shutdown = self.ingest.worker().shutdown().clone();
        for row in self.new_rows().await? {
            if shutdown.is_requested() {
                return Ok(());
            }
            // The same admission control as for HTTP; the rows wait.
            if let Err(problem) = self.ingest.admission().check_capacity().await {
                self.complain("", &format!("the rows wait until there is capacity: {}", problem.code));
                break;
            }
            let id = row.id.clone();
            match self.take(row).await {
                Ok(()) => drop(self.complaints.remove(&id)),
                // The row stays as it is, and is tried again with the next look.
                Err(error) => self.complain(&id, &format!("{error:#}")),
            }
        }
        self.write_outcomes().await
    }

    /// Rows that were not taken, the first ids first.
    async fn new_rows(&mut self) -> anyhow::Result<Vec<Row>> {
        let sql =
            format!("SELECT id, sender, name, sha256 FROM {} WHERE state = 'new' ORDER BY id", self.table);
        let read = self.session.run("looking for new rows", move |database| {
            database.rows("looking for new rows", &sql, &[], ROWS)
        });
        let rows = read.await?.into_iter();
        Ok(rows.filter_map(row_of).collect())
    }

    /// Makes a submission of a row, durable when this returns, and writes its receipt.
    async fn take(&mut self, row: Row) -> anyhow::Result<()> {
        let taken = match self.submit(&row).await? {
            Ok(receipt) => Written::of(&receipt),
            Err(Refusal(reason)) => Written { state: "refused", reason, ..Written::default() },
        };
        let shown = name::sanitize(&row.id);
        tracing::info!(inlet = self.config.name, row = shown, state = taken.state, "took a row of a table");
        self.write(row.id, "new", taken).await
    }

    async fn submit(&mut self, row: &Row) -> anyhow::Result<Result<Receipt, Refusal>> {
        let caller = match self.caller(row)? {
            Ok(caller) => caller,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let limit = CONTENT_BYTES.min(self.ingest.worker().config().upload_mb * 1_000_000);
        let (sql, id) = (format!("SELECT content FROM {} WHERE id = ?", self.table), row.id.clone());
        let read = self.session.run("reading a file", move |database| {
            database.bytes("reading a file", &sql, &[Some(&id)], limit)
        });
        let bytes = match read.await? {
            Bytes::Whole(bytes) => bytes,
            // What an empty file gets over HTTP.
            Bytes::Absent => Vec::new(),
            Bytes::TooMany => {
                let reason =
                    format!("文件超过 {} MB 的上限，请拆分后用新的 id 重新报送。", limit / 1_000_000);
                return Ok(Err(Refusal(reason)));
            }
        };
        if let Some(refusal) = wrong_hash(row.sha256.as_deref(), &bytes) {
            return Ok(Err(refusal));
        }
        let problem = |problem: Problem| anyhow!("{}", problem.code);
        let _permit = self.ingest.admission().upload_permit().await.map_err(problem)?;
        let mut builder = SubmissionBuilder::new(self.ingest.clone(), caller, "table");
        builder.add(row.name.as_deref().unwrap_or_default(), &bytes[..]).await?;
        let key = format!("table:{}:{}", self.config.name, row.id);
        match builder.finish(Some(&key)).await {
            Ok(receipt) => Ok(Ok(receipt)),
            Err(reused) if reused.code == Code::IdempotencyKeyReused => {
                Ok(Err(Refusal("这个 id 已用于内容不同的文件，请用新的 id 重新报送。".into())))
            }
            Err(other) => Err(problem(other)),
        }
    }

    /// Whose submission a row is. The key that the settings name counts for every row; where they name none, the row
    /// may name one.
    fn caller(&self, row: &Row) -> anyhow::Result<Result<Caller, Refusal>> {
        let key = |name: &str| self.ingest.access().sender(name, &self.origin);
        match (&self.config.sender, &row.sender) {
            (Some(sender), Some(named)) if sender != named => {
                Ok(Err(Refusal(format!("这张表属于报送方“{sender}”，不能以“{named}”的名义报送。"))))
            }
            (Some(sender), _) => key(sender).map(Ok).with_context(|| {
                format!(
                    "no valid key has the name {sender}, so nothing is taken; make one with `gouji key new`, or \
                     correct `sender`"
                )
            }),
            (None, Some(named)) => Ok(key(named).ok_or_else(|| {
                Refusal(format!("没有名为“{named}”的有效密钥，请核对 sender，或向主管部门申请。"))
            })),
            (None, None) => Ok(Ok(Caller::service(&self.origin))),
        }
    }

    /// Writes what became of rows whose reports are all indexed or refused.
    async fn write_outcomes(&mut self) -> anyhow::Result<()> {
        let (table, after) = (self.table.clone(), self.looked_at.clone());
        let read = self
            .session
            .run("looking for rows without an outcome", move |database| taken_rows(database, &table, &after));
        let rows = read.await?;
        let last = rows.last().filter(|_| rows.len() == ROWS);
        self.looked_at = last.map(|(id, _)| id.clone()).unwrap_or_default();
        for (id, submission) in rows {
            let outcome = match Outcome::of(&self.ingest, &submission).await {
                Ok(Some(outcome)) => outcome,
                Ok(None) => continue,
                Err(error) => {
                    self.complain(&id, &format!("{error:#}"));
                    continue;
                }
            };
            self.complaints.remove(&id);
            self.write(id, "taken", Written::outcome(submission, outcome)).await?;
        }
        Ok(())
    }

    /// Writes the state and the receipt of a row that is in this state.
    async fn write(&mut self, id: String, from: &'static str, written: Written) -> anyhow::Result<()> {
        let sql = written.update(&self.table, from);
        let write = self.session.run("writing a receipt", move |database| {
            let reason = shortened(&written.reason);
            let receipt = Some(written.receipt.as_str()).filter(|receipt| !receipt.is_empty());
            let texts = [receipt, written.verdict, Some(&*reason), Some(&*id)];
            database.change("writing a receipt", &sql, &texts)?;
            database.commit()
        });
        Ok(write.await?)
    }

    /// Says once what keeps a row, or all of them, from being taken.
    fn complain(&mut self, row: &str, why: &str) {
        if self.complaints.get(row).map(String::as_str) != Some(why) {
            let shown = if row.is_empty() { String::new() } else { name::sanitize(row) };
            tracing::warn!(inlet = self.config.name, row = shown, "the inlet waits: {why}");
            self.complaints.insert(row.to_owned(), why.to_owned());
        }
    }
}

/// What is written into a row.
#[derive(Debug, Default)]
struct Written {
    state: &'static str,
    /// The id of the submission; empty if there is none.
    receipt: String,
    reports: usize,
    refused: usize,
    verdict: Option<&'static str>,
    counts: Option<[usize; 2]>,
    reason: String,
}

impl Written {
    fn of(receipt: &Receipt) -> Self {
        let reasons = receipt.refused.iter().map(|file| format!("{}：{}", file.file_name, file.message));
        let reason = reasons.collect::<Vec<_>>().join("；");
        let is_taken = !receipt.reports.is_empty();
        Self {
            state: if is_taken { "taken" } else { "refused" },
            receipt: receipt.submission.clone(),
            reports: receipt.reports.len(),
            refused: receipt.refused.len(),
            reason: if reason.is_empty() { "已接收，正在核验。".into() } else { reason },
            ..Self::default()
        }
    }

    fn outcome(submission: String, outcome: Outcome) -> Self {
        let state = if outcome.indexed > 0 { "done" } else { "refused" };
        Self {
            state,
            receipt: submission,
            reports: outcome.indexed,
            refused: outcome.refused,
            verdict: outcome.verdict,
            counts: Some(outcome.counts),
            reason: outcome.reason,
        }
    }

    /// Texts are parameters, in the order receipt, verdict, reason, id.
    fn update(&self, table: &str, from: &str) -> String {
        let Self { state, reports, refused, .. } = self;
        let [errors, warnings] = self
            .counts
            .map_or(["NULL".into(), "NULL".into()], |counts| counts.map(|count| count.to_string()));
        let now = beijing::format_time(now_ms());
        format!(
            "UPDATE {table} SET state = '{state}', receipt = ?, verdict = ?, reason = ?, report_count = {reports}, \
             refused_count = {refused}, error_count = {errors}, warning_count = {warnings}, \
             changed_at = TIMESTAMP '{now}' WHERE id = ? AND state = '{from}'"
        )
    }
}

/// A row of `id, sender, name, sha256`; empty texts are none, and names may be padded.
fn row_of(values: Vec<Option<String>>) -> Option<Row> {
    let mut texts = values.into_iter().map(|text| text.filter(|text| !text.trim().is_empty()));
    let mut next = || texts.next().flatten();
    Some(Row { id: next()?, sender: next(), name: next(), sha256: next() })
}

/// Rows that are taken, the ones after this id first; id and submission.
fn taken_rows(database: &Database, table: &str, after: &str) -> Result<Vec<(String, String)>, OdbcError> {
    let doing = "looking for rows without an outcome";
    let beginning = format!("SELECT id, receipt FROM {table} WHERE state = 'taken'");
    let rows = if after.is_empty() {
        database.rows(doing, &format!("{beginning} ORDER BY id"), &[], ROWS)?
    } else {
        database.rows(doing, &format!("{beginning} AND id > ? ORDER BY id"), &[Some(after)], ROWS)?
    };
    let pair =
        |row: Vec<Option<String>>| <[_; 2]>::try_from(row).ok().and_then(|[id, receipt]| id.zip(receipt));
    Ok(rows.into_iter().filter_map(pair).collect())
}

/// Whether the bytes are others than the sender hashed.
fn wrong_hash(expected: Option<&str>, bytes: &[u8]) -> Option<Refusal> {
    let expected = expected?.trim().to_ascii_lowercase();
    let found = HEXLOWER.encode(&Sha256::digest(bytes));
    (expected != found).then(|| {
        Refusal(format!(
            "文件内容与 sha256 不符：登记的是 {}，收到的是 {found}。请核对后用新的 id 重新报送。",
            expected.chars().take(64).collect::<String>()
        ))
    })
}

/// A reason that its column holds.
fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(LONGEST_REASON - 1) {
        Some((at, _)) if reason.chars().count() > LONGEST_REASON => format!("{}…", &reason[..at]),
        _ => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_compared_whatever_its_case() {
        let empty = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
        assert!(wrong_hash(None, b"a").is_none());
        assert!(wrong_hash(Some(empty), b"").is_none());
        let Refusal(reason) = wrong_hash(Some(empty), b"a").unwrap();
        assert!(reason.starts_with("文件内容与 sha256 不符"), "{reason}");
        assert!(wrong_hash(Some("no hash"), b"").is_some());
    }

    #[test]
    fn a_reason_fits_its_column() {
        assert_eq!(shortened("短"), "短");
        let exact = "长".repeat(LONGEST_REASON);
        assert_eq!(shortened(&exact), exact);
        let long = shortened(&"长".repeat(LONGEST_REASON + 1));
        assert_eq!(long.chars().count(), LONGEST_REASON);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_row_without_an_id_is_none() {
        let row = |values: [Option<&str>; 4]| row_of(values.map(|value| value.map(str::to_owned)).to_vec());
        assert!(row([None, None, None, None]).is_none());
        let row = row([Some("1"), Some("  "), Some("a.html"), None]).unwrap();
        assert_eq!((row.id.as_str(), row.sender, row.name.as_deref()), ("1", None, Some("a.html")));
    }
}
