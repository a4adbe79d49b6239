//! `/api/v1/letters`: the letters to many agencies in one ZIP file, which is written while it is sent.

use std::io::{self, Write};

use access::{Caller, Requires};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use futures::StreamExt as _;
use policy::InForce;
use proto::v1::ReportValidated;
use render::Addresser;
use report::Verdict;
use report::workflow::{ActKind, ReviewState};
use report::{Finding, Judgement, Problem as ReportProblem, Review, Severity, Year, beijing};
use rules::Check;
use search::{Card, IndexError, Reader, StoredParts};
use tokio::sync::mpsc;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::app::App;
use crate::download::{base_name, download};
use crate::letter::{judged, report_of_last_year};
use crate::office::Office;
use crate::params::{Params, is_filter};
use crate::problem::Problem;
use crate::{reviews, search_query};

/// The media type of the answer.
pub(crate) const ZIP: &str = "application/zip";
/// How many letters the file has.
const LETTERS: HeaderName = HeaderName::from_static("gouji-letters");
/// How many reports need none.
const SKIPPED: HeaderName = HeaderName::from_static("gouji-skipped");
/// Pieces of the file in flight to a client that is slower than the index.
const BUFFER: usize = 16;
/// The size of a piece.
const PIECE_BYTES: usize = 64 << 10;
/// The longest name of a file in the ZIP, in characters: some systems take 255 bytes.
const LONGEST_NAME: usize = 60;

/// `GET`: the letters of the reports that the filters find, or of those with the given keys.
pub(crate) async fn letters(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let office = Office::of(&app, &caller, &params)?;
    let chosen = choose(&app, &caller, &params).await?;
    let policy = app.policy().await?;
    stream(&app, chosen, move |reader, file, chosen| write(reader, file, chosen, &office, &policy, &[])).await
}

/// `POST`: the same with the parameters in the body, where there are too many keys for an address. With
/// `return=true` each report is returned to its agency (退回修改) with the deadline and the number of its letter; the
/// list says which could not be.
pub(crate) async fn letters_of_form(
    state: State<App>,
    caller: Caller,
    body: String,
) -> Result<Response, Problem> {
    let params = Params::parse(&body);
    if params.get("return") != Some("true") {
        return letters(state, caller, params).await;
    }
    if !caller.can(Requires::Review) {
        return Err(Problem::bad_parameter("return", "退回修改由审核人员办理。".into()));
    }
    let State(app) = state;
    let office = Office::of(&app, &caller, &params)?.with_deadline();
    let chosen = choose(&app, &caller, &params).await?;
    let mut outcomes = Vec::with_capacity(chosen.letters.len());
    for (position, card) in chosen.letters.iter().enumerate() {
        outcomes.push(return_report(&app, &caller, &card.key, &office.addresser(position)).await);
    }
    let policy = app.policy().await?;
    stream(&app, chosen, move |reader, file, chosen| write(reader, file, chosen, &office, &policy, &outcomes))
        .await
}

/// Returns a report to its agency; what the list says of it.
async fn return_report(app: &App, caller: &Caller, key: &str, addresser: &Addresser) -> String {
    let kind = ActKind::Returned {
        deadline: addresser.deadline,
        note: RETURNED.to_owned(),
        letter: addresser.number.clone().unwrap_or_default(),
    };
    let request = reviews::Request { seen: None, version: None, kind, findings: Vec::new() };
    match reviews::act(app, caller, key, &request).await {
        Ok(_) => "已生成，已退回修改".to_owned(),
        Err(problem) => format!("已生成，未能退回：{}", problem.detail),
    }
}

/// What an agency reads beside the return of its report.
const RETURNED: &str = "请按整改意见更正、核实后重新报送。";

/// The reports that were asked for.
pub(crate) struct Chosen {
    /// Those with something to correct or to verify, by region, agency and year.
    pub(crate) letters: Vec<Card>,
    /// Those without.
    pub(crate) skipped: Vec<Card>,
}

/// The reports that the parameters name, as far as the caller may see them.
///
/// # Errors
/// If a parameter is wrong.
pub(crate) async fn choose(app: &App, caller: &Caller, params: &Params) -> Result<Chosen, Problem> {
    let keys: Vec<String> =
        params.0.iter().filter(|(name, _)| name == "key").map(|(_, key)| key.clone()).collect();
    let filters =
        Params(params.0.iter().filter(|(name, _)| name == "q" || is_filter(name)).cloned().collect());
    if keys.is_empty() && filters.0.is_empty() {
        let problem = Problem::bad_parameter("key", "没有选择年度报告。".to_owned());
        return Err(problem.hint("请用 key 列出年度报告，或写检索条件，例如 region=3704&year=2024。"));
    }
    let query = search_query::restrict_to_scope(search_query::strict(&filters)?, caller)?;
    let caller = caller.clone();
    let mut cards = app
        .read(move |reader| {
            let mut cards: Vec<Card> = Vec::new();
            if keys.is_empty() {
                reader.each(&query, |parts| {
                    cards.push(parts.card);
                    true
                })?;
            }
            for key in &keys {
                cards.extend(reader.card(key)?);
            }
            Ok(cards)
        })
        .await?;
    cards.retain(|card| {
        let region = card.region.as_ref().map(|region| region.code.as_str());
        !card.is_withdrawn && caller.may_see(region, card.agency.as_deref())
    });
    let place = |card: &Card| (card.region.as_ref().map(|region| region.code.clone()), card.agency.clone());
    cards.sort_by_key(|card| (place(card), card.year, card.key.clone()));
    cards.dedup_by(|one, other| one.key == other.key);
    let (letters, skipped) = cards.into_iter().partition(needs_letter);
    Ok(Chosen { letters, skipped })
}

/// Whether a report has something to correct or to verify that no reviewer has settled; one that was accepted has not.
pub(crate) fn needs_letter(card: &Card) -> bool {
    let handling = &card.handling;
    card.verdict != Verdict::Pass && handling.problems > 0 && handling.state != ReviewState::Accepted
}

/// Answers with a ZIP that `write` fills on a blocking thread. If it fails, the body ends early, so that nobody takes
/// it for the whole.
async fn stream(
    app: &App,
    chosen: Chosen,
    write: impl FnOnce(&Reader, &mut Archive, &Chosen) -> anyhow::Result<()> + Send + 'static,
) -> Result<Response, Problem> {
    if chosen.letters.is_empty() {
        let detail =
            format!("所选的{}份年度报告没有需要整改或者核实的问题，没有生成整改意见。", chosen.skipped.len());
        return Err(Problem::not_found(detail));
    }
    let counts = [(LETTERS, chosen.letters.len()), (SKIPPED, chosen.skipped.len())];
    let (sender, receiver) = mpsc::channel(BUFFER);
    app.start_reading(move |reader| send(sender, |archive| write(reader, archive, &chosen))).await?;
    let mut response = download(body(receiver), ZIP, "整改意见.zip");
    for (name, count) in counts {
        response.headers_mut().insert(name, HeaderValue::from(count));
    }
    Ok(response)
}

/// A ZIP file that is sent while it is written.
pub(crate) type Archive = ZipWriter<zip::write::StreamWriter<Pieces>>;

/// Writes a ZIP file into a channel.
pub(crate) fn send(
    sender: mpsc::Sender<io::Result<Bytes>>,
    write: impl FnOnce(&mut Archive) -> anyhow::Result<()>,
) {
    let mut archive = ZipWriter::new_stream(Pieces { sender: sender.clone(), buffer: Vec::new() });
    let finished = write(&mut archive).and_then(|()| {
        let mut pieces = archive.finish()?.into_inner();
        Ok(pieces.flush()?)
    });
    if let Err(error) = finished {
        tracing::warn!("writing a ZIP file: {error:#}");
        let _ = sender.blocking_send(Err(io::Error::other(format!("{error:#}"))));
    }
}

/// The body of a response from a channel.
pub(crate) fn body(receiver: mpsc::Receiver<io::Result<Bytes>>) -> Body {
    let stream =
        futures::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    Body::from_stream(stream.fuse())
}

/// Cuts what is written into pieces, and waits until the client takes them.
pub(crate) struct Pieces {
    sender: mpsc::Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.buffer);
        if piece.is_empty() {
            return Ok(());
        }
        self.sender.blocking_send(Ok(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// The letters, then the list of what became of every report.
fn write(
    reader: &Reader,
    archive: &mut Archive,
    chosen: &Chosen,
    office: &Office,
    policy: &InForce,
    outcomes: &[String],
) -> anyhow::Result<()> {
    let heads = ["序号", "文号", "机关", "地区", "年度", "文件", "必须整改", "建议核实", "情况"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for (position, card) in chosen.letters.iter().enumerate() {
        let Some((review, file_name)) = review(reader, &card.key, policy)? else { continue };
        let addresser = office.addresser(position);
        let letter = render::letter(&review, Some(&file_name), &addresser, office.date);
        let name = entry_name(position, card, "整改意见");
        add(archive, &name, &letter.docx()?)?;
        let (errors, warnings) = counts(&review);
        let number = addresser.number.unwrap_or_default();
        let outcome = outcomes.get(position).cloned().unwrap_or_else(|| "已生成".to_owned());
        rows.push(row(position, card, [number, name, errors.to_string(), warnings.to_string(), outcome]));
    }
    for (position, card) in (chosen.letters.len()..).zip(&chosen.skipped) {
        let none = || "0".to_owned();
        rows.push(row(
            position,
            card,
            [String::new(), String::new(), none(), none(), "没有问题，未生成".into()],
        ));
    }
    add(archive, "目录.csv", list(rows).as_bytes())
}

/// The rows as a CSV file for spreadsheets. A cell that a spreadsheet would take for a formula gets a `'` before it.
pub(crate) fn list(rows: Vec<Vec<String>>) -> String {
    let safe = |cell: String| export::without_formula(&cell).into_owned();
    let rows = rows.into_iter().map(|row| row.into_iter().map(safe).collect::<Vec<_>>());
    format!("\u{feff}{}", survey::csv_of(rows))
}

fn row(position: usize, card: &Card, [number, name, errors, warnings, state]: [String; 5]) -> Vec<String> {
    let agency = card.agency.clone().unwrap_or_default();
    let region = card.region.as_ref().map(|region| region.name.clone()).unwrap_or_default();
    let year = card.year.map(|year| year.to_string()).unwrap_or_default();
    vec![(position + 1).to_string(), number, agency, region, year, name, errors, warnings, state]
}

/// Adds a file to the archive. The same letters give the same bytes: no time is stored.
pub(crate) fn add(archive: &mut Archive, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    archive.start_file(name, options)?;
    Ok(archive.write_all(bytes)?)
}

/// The name of a document in the archive: a number, so that no two are alike, the agency and the year.
fn entry_name(position: usize, card: &Card, kind: &str) -> String {
    let agency = card.agency.as_deref().unwrap_or("未写明机关");
    let year = card.year.map(|year| format!("{year}年")).unwrap_or_default();
    file_name(position, &format!("{agency}{year}"), kind)
}

/// A name that every system takes.
pub(crate) fn file_name(position: usize, what: &str, kind: &str) -> String {
    let is_forbidden = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    let what: String =
        what.chars().map(|c| if is_forbidden(c) { '_' } else { c }).take(LONGEST_NAME).collect();
    format!("{:03} {what}{kind}.docx", position + 1)
}

/// The review of a report under the policy in force, and the name of its file; none where it is gone.
pub(crate) fn review(
    reader: &Reader,
    key: &str,
    policy: &InForce,
) -> Result<Option<(Review, String)>, IndexError> {
    let Some(parts) = reader.parts(key)? else { return Ok(None) };
    let (fact, review) = review_of_parts(reader, &parts, policy)?;
    let submitted = fact.submitted.unwrap_or_default();
    Ok(Some((review, base_name(&submitted.file_name).to_owned())))
}

/// The fact of a report, and its review under the policy in force without what reviewers settled.
pub(crate) fn review_of_parts(
    reader: &Reader,
    parts: &StoredParts,
    policy: &InForce,
) -> Result<(ReportValidated, Review), IndexError> {
    let (fact, stored) = parts.fact_and_review()?;
    let mut review = if is_under(&stored, policy) {
        // The index has compared it with the year before already. What is found otherwise, such as several senders of
        // its versions, is for the office to ask, and not in a letter.
        Review { findings: stored.findings.into_iter().filter(is_for_agency).collect(), ..stored }
    } else {
        let alone = parts.review_alone()?;
        let last_year = report_of_last_year(reader, &alone.report)?;
        judged(alone, last_year.as_ref(), policy, beijing::day(parts.card.submitted_at_ms))
    };
    parts.workflow()?.remove_settled(&mut review.findings);
    Ok((fact, review))
}

/// Whether a review was made under the policy in force, so that it need not be made again.
fn is_under(review: &Review, policy: &InForce) -> bool {
    policy.change.is_none() || review.rules_version == policy.policy.version()
}

/// Whether a finding follows from the report and from that of the year before.
fn is_for_agency(finding: &Finding) -> bool {
    let rule = rules::rule(&finding.rule);
    rule.is_none_or(|rule| matches!(rule.check, Check::Report(_) | Check::Years(_)))
}

/// How many problems an agency has to correct, and how many matters it has to verify.
pub(crate) fn counts(review: &Review) -> (usize, usize) {
    let problems = report::problems(&review.findings);
    let is = |problem: &ReportProblem, severity: Severity, judgement: Judgement| {
        problem.severity() == severity
            && problem
                .findings
                .first()
                .is_some_and(|first| first.waiver.is_none() && first.judgement == judgement)
    };
    let errors = problems.iter().filter(|problem| is(problem, Severity::Error, Judgement::Fails)).count();
    let warnings = problems.iter().filter(|problem| is(problem, Severity::Warning, Judgement::Fails)).count();
    (errors, warnings)
}

/// A year in a sentence.
pub(crate) fn of_year(year: Option<Year>) -> String {
    year.map_or_else(|| "—".to_owned(), |year| year.to_string())
}
