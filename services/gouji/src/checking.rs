//! Reads one file and judges it, without a server.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use parse::Readers;
use report::{Date, Report, Review, beijing};
use rules::RulePolicy;
use search::Entry;
use worker::HandlerError;

use crate::files::Unreadable;

/// One file after its check.
pub(crate) struct Checked {
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    /// Its character encoding, if its format leaves that open.
    pub(crate) encoding: Option<String>,
    pub(crate) outcome: Result<Review, Unreadable>,
}

/// The policy and the day by which reports are judged.
pub(crate) struct Judge {
    pub(crate) policy: RulePolicy,
    /// The day for which waivers have to be valid.
    pub(crate) day: Option<Date>,
}

/// The rule policy in a file; the default policy without one.
pub(crate) fn policy(path: Option<&Path>) -> Result<RulePolicy> {
    let Some(path) = path else { return Ok(RulePolicy::default()) };
    let file = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    RulePolicy::parse(&file).with_context(|| path.display().to_string())
}

/// Today in Beijing.
pub(crate) fn today() -> Option<Date> {
    beijing::day(Timestamp::now().as_millisecond())
}

/// Compares each report with that of the same agency for the year before, if there is exactly one.
pub(crate) fn across_years(mut files: Vec<Checked>, judge: &Judge) -> Vec<Checked> {
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    for (position, checked) in files.iter().enumerate() {
        if let Ok(review) = &checked.outcome {
            by_key.entry(Entry::key_of(&review.report, &checked.file)).or_default().push(position);
        }
    }
    for position in 0..files.len() {
        let Ok(review) = &files[position].outcome else { continue };
        let last_year = Entry::key_of_neighbour(&review.report, -1).and_then(|key| by_key.get(&key));
        let Some([last_year]) = last_year.map(Vec::as_slice) else { continue };
        let Ok(last_year) = &files[*last_year].outcome else { continue };
        let beside = rules::beside(review.clone(), &last_year.report, &judge.policy, judge.day);
        files[position].outcome = Ok(beside);
    }
    files
}

/// Checks one file.
pub(crate) async fn check_bytes(
    readers: &Readers,
    judge: &Judge,
    file: String,
    bytes: Result<Vec<u8>, Unreadable>,
) -> Checked {
    let (bytes, read) = match bytes {
        Ok(bytes) => {
            let read = read(readers, judge, &bytes, &file).await;
            (bytes, read)
        }
        Err(unreadable) => (Vec::new(), Err(unreadable)),
    };
    match read {
        Ok((encoding, review)) => Checked { file, bytes, encoding, outcome: Ok(review) },
        Err(unreadable) => Checked { file, bytes, encoding: None, outcome: Err(unreadable) },
    }
}

async fn read(
    readers: &Readers,
    judge: &Judge,
    bytes: &[u8],
    file: &str,
) -> Result<(Option<String>, Review), Unreadable> {
    let reading = readers.read(bytes, file).await?;
    let report = Report::try_from(&reading.report).map_err(|error| internal(error.to_string()))?;
    Ok((reading.encoding, rules::review_as(report, None, &judge.policy, judge.day)))
}

impl From<HandlerError> for Unreadable {
    fn from(error: HandlerError) -> Self {
        match error {
            HandlerError::Refused(refusal) => Unreadable { message: refusal.message, detail: refusal.detail },
            HandlerError::Failed(error) | HandlerError::Blocked(error) | HandlerError::Deferred(error) => {
                internal(format!("{error:#}"))
            }
        }
    }
}

fn internal(detail: String) -> Unreadable {
    Unreadable { message: "程序出错，未能读取；文件本身未必有误。".into(), detail }
}
