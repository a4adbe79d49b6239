//! Receipts for senders: what was taken at once, what became of it later, and why something waits or was refused.
//!
//! Nobody has to read them: a folder of receipts that is full, read-only or behind a gap only delays receipts.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::batch::Batch;
use super::batch_manifest::Listed;
use super::listing::beside;
use super::mailbox::Mailbox;
use super::reason::Reason;
use super::whole_file;
use crate::builder;
use crate::manifest::StoredRefusal;

/// The suffixes of the receipts, each after the name of the file or of the batch.
pub(super) const TAKEN: &str = ".taken.json";
pub(super) const OUTCOME: &str = ".outcome.json";
pub(super) const OUTCOME_TABLE: &str = ".outcome.csv";
const WAITING: &str = ".waiting.json";
const REFUSED: &str = ".refused.json";

/// Most reasons in one receipt; it says how many there are.
const MOST_REASONS: usize = 100;

/// What was taken: the receipt that is written at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Taken {
    /// `taken`, for programs that read all receipts of a folder.
    receipt: String,
    /// Name of the batch; absent for a single file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) batch: Option<String>,
    /// Name of the file or the batch below the folder of the sender.
    pub(super) name: String,
    /// Empty for files directly in the exchange folder.
    pub(super) sender: String,
    pub(super) taken_at_ms: i64,
    /// The same in Beijing, for people.
    taken_at: String,
    pub(super) submission: String,
    pub(super) reports: Vec<TakenReport>,
    pub(super) refused: Vec<StoredRefusal>,
}

/// A file whose report is on the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TakenReport {
    pub(super) id: String,
    pub(super) file_name: String,
    /// SHA-256 of its bytes.
    pub(super) sha256: String,
    /// The same bytes were sent before, by another submission or under another name.
    pub(super) duplicate: bool,
    /// What the manifest says that the report is about.
    #[serde(default, skip_serializing_if = "Expected::is_empty")]
    pub(super) expected: Expected,
}

/// What a manifest says that a report is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Expected {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) agency: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) year: Option<String>,
}

impl Expected {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Taken {
    /// The receipt of a submission: of a batch, or of a single file.
    pub(super) fn of(
        mailbox: &Mailbox,
        name: String,
        batch: Option<&Batch>,
        receipt: &builder::Receipt,
        taken_at_ms: i64,
    ) -> Self {
        let mut ids = std::collections::HashSet::new();
        let reports = receipt.reports.iter().map(|report| TakenReport {
            id: report.id.clone(),
            file_name: report.file_name.clone(),
            sha256: report.original.clone(),
            // A batch that was being taken when the process was killed is no duplicate of itself.
            duplicate: !ids.insert(&report.id) || report.first_submission != receipt.submission,
            expected: batch.map(|batch| expected(batch, &report.file_name)).unwrap_or_default(),
        });
        Self {
            receipt: "taken".to_owned(),
            batch: batch.map(|batch| batch.name.clone()),
            name,
            sender: mailbox.sender.clone().unwrap_or_default(),
            taken_at_ms,
            taken_at: report::beijing::format_time(taken_at_ms),
            submission: receipt.submission.clone(),
            reports: reports.collect(),
            refused: receipt.refused.iter().map(StoredRefusal::from).collect(),
        }
    }
}

fn expected(batch: &Batch, file_name: &str) -> Expected {
    let of = |listed: &Listed| Expected {
        agency: listed.agency.clone(),
        region: listed.region.clone(),
        year: listed.year.clone(),
    };
    let mut listed = batch.members.iter().map(|member| &member.listed);
    listed.find(|listed| listed.name == file_name).map(of).unwrap_or_default()
}

#[derive(Serialize)]
struct NotTaken<'a> {
    receipt: &'a str,
    name: &'a str,
    sender: &'a str,
    /// How many reasons there are.
    count: usize,
    reasons: &'a [Reason],
}

/// Says why something waits until its sender mends it.
pub(super) fn write_waiting(mailbox: &Mailbox, name: &str, reasons: &[Reason]) -> io::Result<()> {
    write_not_taken(mailbox, name, reasons, "waiting", WAITING)
}

/// Says why something was refused.
pub(super) fn write_refused(mailbox: &Mailbox, name: &str, reasons: &[Reason]) -> io::Result<()> {
    write_not_taken(mailbox, name, reasons, "refused", REFUSED)
}

fn write_not_taken(
    mailbox: &Mailbox,
    name: &str,
    reasons: &[Reason],
    receipt: &str,
    suffix: &str,
) -> io::Result<()> {
    let sender = mailbox.sender.as_deref().unwrap_or_default();
    let first = &reasons[..reasons.len().min(MOST_REASONS)];
    let receipt = NotTaken { receipt, name, sender, count: reasons.len(), reasons: first };
    whole_file::write(&path(mailbox, name, suffix), &to_json(&receipt))
}

/// Says why nothing of a sender is accepted.
pub(super) fn write_no_sender(mailbox: &Mailbox, name: &str, class: &str, message: &str) -> io::Result<()> {
    #[derive(Serialize)]
    struct NoSender<'a> {
        receipt: &'a str,
        sender: &'a str,
        class: &'a str,
        message: &'a str,
    }
    let receipt = NoSender { receipt: "refused", sender: name, class, message };
    whole_file::write(&path(mailbox, name, REFUSED), &to_json(&receipt))
}

/// Removes the receipt that says that something was refused.
pub(super) fn remove_refused(mailbox: &Mailbox, name: &str) {
    std::fs::remove_file(path(mailbox, name, REFUSED)).ok();
}

/// Removes the receipt that says that something waits.
pub(super) fn remove_waiting(mailbox: &Mailbox, name: &str) {
    std::fs::remove_file(path(mailbox, name, WAITING)).ok();
}

/// The path of a receipt.
pub(super) fn path(mailbox: &Mailbox, name: &str, suffix: &str) -> PathBuf {
    beside(&mailbox.receipts.join(short(name)), suffix)
}

pub(super) fn to_json(receipt: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(receipt).expect("a receipt has text as its keys");
    text.push(b'\n');
    text
}

/// Longest last part of a name, in bytes, that leaves room for the suffix of a receipt.
const LONGEST_NAME: usize = 200;

/// A name whose last part is short enough for a receipt: a longer one is cut, with a hash of the whole behind it.
fn short(name: &str) -> String {
    let (folder, last) = name.rsplit_once('/').map_or(("", name), |(folder, last)| (folder, last));
    if last.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(name));
    let last = format!("{}-{}", &last[..last.floor_char_boundary(LONGEST_NAME - 20)], &hash[..12]);
    Path::new(folder).join(last).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_apart() {
        assert_eq!(short("县/a.docx"), "县/a.docx");
        let (one, other) = ("长".repeat(83) + "1.html", "长".repeat(83) + "2.html");
        assert_ne!(short(&one), short(&other));
        assert!(short(&one).len() <= LONGEST_NAME && short(&format!("县/{one}")).starts_with("县/长"));
    }
}
