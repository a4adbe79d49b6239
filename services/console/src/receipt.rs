//! The receipt of a submission: which files it had, and what became of each.
//!
//! Ingest stores the manifest of a submission under the hash of its bytes, which is the id of the submission; what
//! became of each file is on the log.

use access::Caller;
use blobs::GetError;
use bus::Event;
use futures::{StreamExt as _, TryStreamExt as _};
use proto::v1::{ReportIndexed, ReportRefused, ReportRejudged, ReportSubmitted, ReportValidated};
use proto::{ReportId, ReportState};
use report::{Review, Verdict};
use serde::Deserialize;

use crate::app::App;
use crate::problem::Problem;

/// Files on one page of a receipt; an archive may have tens of thousands.
pub(crate) const PAGE: usize = 1_000;
/// Concurrent reads of the log.
const CONCURRENCY: usize = 16;
/// Readings of one original that are looked at for the one that this submission began.
const MOST_GENERATIONS: u32 = 20;

/// What a receipt says of a submission.
#[derive(Debug)]
pub(crate) struct Receipt {
    pub(crate) submission: String,
    /// The account that sent it; empty where nobody has to sign in.
    pub(crate) sender: String,
    /// How many files were accepted, on all pages together.
    pub(crate) total: usize,
    /// The accepted files of this page.
    pub(crate) files: Vec<ReceivedFile>,
    /// The files that were not accepted.
    pub(crate) refused: Vec<NotAccepted>,
}

/// A file that was accepted.
#[derive(Debug)]
pub(crate) struct ReceivedFile {
    pub(crate) file_name: String,
    pub(crate) size_bytes: u64,
    /// SHA-256 of its bytes.
    pub(crate) original: String,
    pub(crate) id: String,
    /// When these bytes were received, milliseconds since 1970-01-01 UTC; none while the log does not say.
    pub(crate) received_at_ms: Option<i64>,
    /// The same bytes were received before, in another submission.
    pub(crate) is_repeated: bool,
    pub(crate) state: ReportState,
    /// Why the report went no further, Chinese.
    pub(crate) refusal: Option<String>,
    /// Key of the report, once it is indexed.
    pub(crate) report: Option<String>,
    pub(crate) agency: Option<String>,
    pub(crate) year: Option<u16>,
    pub(crate) verdict: Option<Verdict>,
    /// How many problems count towards the verdict.
    pub(crate) problems: usize,
}

/// A file that was not accepted.
#[derive(Debug, Deserialize)]
pub(crate) struct NotAccepted {
    pub(crate) file_name: String,
    /// Why, Chinese.
    pub(crate) message: String,
}

/// What ingest stores of a submission, as far as a receipt needs it.
#[derive(Debug, Deserialize)]
struct Manifest {
    files: Vec<StoredFile>,
    refused: Vec<NotAccepted>,
    terms: Terms,
}

#[derive(Debug, Deserialize)]
struct StoredFile {
    file_name: String,
    original: String,
    size_bytes: u64,
}

#[derive(Debug, Deserialize)]
struct Terms {
    sender: String,
}

impl Receipt {
    /// The receipt of a submission with its files from position `from` on.
    ///
    /// # Errors
    /// If there is no such submission or another sender made it, or the store or the log does not answer.
    pub(crate) async fn load(app: &App, caller: &Caller, id: &str, from: usize) -> Result<Self, Problem> {
        let Some(Manifest { files, refused, terms }) = manifest(app, id).await? else {
            return Err(unknown(id));
        };
        if !caller.sees_all() && terms.sender != caller.name {
            return Err(unknown(id));
        }
        let total = files.len();
        let page: Vec<StoredFile> = files.into_iter().skip(from).take(PAGE).collect();
        let files = futures::stream::iter(page).map(|file| received(app, id, file)).buffered(CONCURRENCY);
        let files = files.try_collect().await.map_err(|error| Problem::bus(&error))?;
        let refused = if from == 0 { refused } else { Vec::new() };
        Ok(Self { submission: id.to_owned(), sender: terms.sender, total, files, refused })
    }
}

fn unknown(id: &str) -> Problem {
    let problem = Problem::not_found(format!("没有编号为“{id}”的报送。"));
    problem.hint("请核对回执的地址；只能查看本账号报送的文件。")
}

/// The manifest of a submission; none where there is none. Bytes that somebody sent as a report are no manifest,
/// whatever they say.
async fn manifest(app: &App, id: &str) -> Result<Option<Manifest>, Problem> {
    let Ok(as_report) = ReportId::of(id, 0) else { return Ok(None) };
    let sent = app.bus().last_of_id::<ReportSubmitted>(&as_report.to_string()).await;
    if sent.map_err(|error| Problem::bus(&error))?.is_some() {
        return Ok(None);
    }
    match app.blobs().get(id).await {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(GetError::Missing(_)) => Ok(None),
        Err(error) => Err(Problem::internal(&error.into())),
    }
}

/// What became of one file: of the reading that this submission began, else of the first.
async fn received(app: &App, submission: &str, file: StoredFile) -> anyhow::Result<ReceivedFile> {
    let mut first = None;
    for generation in 0..MOST_GENERATIONS {
        let id = ReportId::of(&file.original, generation)?.to_string();
        let history = app.bus().history(&id).await?;
        if history.is_empty() {
            break;
        }
        let submitted = history.iter().find_map(Event::decode::<ReportSubmitted>);
        let is_ours = submitted.is_some_and(|submitted| submitted.submission == submission);
        if is_ours {
            first = Some((id, history));
            break;
        }
        first.get_or_insert((id, history));
    }
    let (id, history) = first.unwrap_or_default();
    let indexed = history.iter().find_map(Event::decode::<ReportIndexed>);
    let rejudged = match &indexed {
        Some(indexed) => app.bus().last_of_id::<ReportRejudged>(&indexed.report).await?,
        None => None,
    };
    let rejudged = rejudged.filter(|rejudged| rejudged.id == id);
    Ok(ReceivedFile::of(submission, file, id, &history, rejudged.as_ref()))
}

impl ReceivedFile {
    /// `rejudged` has what the index found beside other reports, if it judged this reading again.
    fn of(
        submission: &str,
        file: StoredFile,
        id: String,
        history: &[Event],
        rejudged: Option<&ReportRejudged>,
    ) -> Self {
        let submitted = history.iter().find_map(Event::decode::<ReportSubmitted>);
        let refused = history.iter().find_map(Event::decode::<ReportRefused>);
        let indexed = history.iter().find_map(Event::decode::<ReportIndexed>);
        let validated = history.iter().find_map(Event::decode::<ReportValidated>);
        // What another version of the program wrote may not be understood here.
        let review = validated.and_then(|fact| match rejudged {
            Some(rejudged) => rejudged.review(&fact).ok(),
            None => Review::try_from(&fact).ok(),
        });
        let StoredFile { file_name, original, size_bytes } = file;
        Self {
            file_name,
            size_bytes,
            original,
            id,
            received_at_ms: submitted.as_ref().map(|submitted| submitted.submitted_at_ms),
            is_repeated: submitted.is_some_and(|submitted| submitted.submission != submission),
            state: ReportState::furthest(history.iter().map(Event::fact)).unwrap_or(ReportState::Submitted),
            refusal: refused.map(|refused| refused.message),
            report: indexed.map(|indexed| indexed.report),
            agency: review.as_ref().and_then(|review| review.report.agency.clone()),
            year: review.as_ref().and_then(|review| review.report.year).map(|year| year.get()),
            verdict: review.as_ref().map(Review::verdict),
            problems: review.as_ref().map_or(0, |review| report::count_problems(&review.findings)),
        }
    }
}
