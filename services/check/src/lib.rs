#![doc = include_str!("../README.md")]

mod json;

use std::collections::HashMap;
use std::io::Cursor;

use document::archive::{self, ArchiveError, ArchiveLimits};
use document::{Kind, sniff};
use jiff::Timestamp;
use parse::Readers;
use report::{Date, Report, Review, beijing};
use rules::RulePolicy;
use search::Entry;
use worker::HandlerError;

/// One file after its check.
#[derive(Debug)]
pub struct CheckedFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its character encoding, if its format leaves that open.
    pub encoding: Option<String>,
    /// What the rules say of it, or why it cannot be read.
    pub outcome: Result<Review, Unreadable>,
}

/// The policy and the day by which reports are judged.
#[derive(Debug, Clone)]
pub struct Judge {
    /// The severities, disabled rules and waivers of an office.
    pub policy: RulePolicy,
    /// The day for which waivers have to be valid.
    pub day: Option<Date>,
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Chinese, for the person who has the file.
    pub message: String,
    /// English, for the operator.
    pub detail: String,
}

/// Today in Beijing.
pub fn today() -> Option<Date> {
    beijing::day(Timestamp::now().as_millisecond())
}

/// Calls `each` with a file, or with every file of an archive, whose names follow that of the archive; `each` returns
/// false to stop.
pub fn open(
    name: &str,
    bytes: Vec<u8>,
    limits: &ArchiveLimits,
    each: &mut dyn FnMut(String, Result<Vec<u8>, Unreadable>) -> bool,
) {
    if sniff(&bytes) != Kind::Zip {
        each(name.to_owned(), Ok(bytes));
        return;
    }
    let opened = archive::open(Cursor::new(&bytes), limits, &mut |entry| {
        each(format!("{name}/{}", entry.name), entry.bytes.map_err(Unreadable::from))
    });
    if let Err(error) = opened {
        each(name.to_owned(), Err(error.into()));
    }
}

impl From<ArchiveError> for Unreadable {
    fn from(error: ArchiveError) -> Self {
        Self { message: error.message(), detail: error.to_string() }
    }
}

/// Compares each report with that of the same agency for the year before, if there is exactly one.
pub fn across_years(mut files: Vec<CheckedFile>, judge: &Judge) -> Vec<CheckedFile> {
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    for (position, checked) in files.iter().enumerate() {
        if let Ok(review) = &checked.outcome {
            by_key.entry(Entry::key_of(&review.report, &checked.name)).or_default().push(position);
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
pub async fn check_file(
    readers: &Readers,
    judge: &Judge,
    name: String,
    bytes: Result<Vec<u8>, Unreadable>,
) -> CheckedFile {
    let (bytes, read) = match bytes {
        Ok(bytes) => {
            let read = read(readers, judge, &bytes, &name).await;
            (bytes, read)
        }
        Err(unreadable) => (Vec::new(), Err(unreadable)),
    };
    match read {
        Ok((encoding, review)) => CheckedFile { name, bytes, encoding, outcome: Ok(review) },
        Err(unreadable) => CheckedFile { name, bytes, encoding: None, outcome: Err(unreadable) },
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
