//! `GET /api/v1/reports/{id}/letter`: the letter to an agency (整改意见), as a page or as a Word document.

use access::Caller;
use axum::extract::State;
use axum::response::Response;
use policy::InForce;
use render::Letter;
use report::{Report, Review, beijing};
use search::{Entry, IndexError, Reader, StoredReport};

use crate::app::App;
use crate::download::{DOCX, bad_format, base_name, download, standalone_page};
use crate::office::Office;
use crate::params::{Id, Params};
use crate::problem::Problem;
use crate::report_lookup::LoadedReport;
use crate::reviews::Reviewed;
use crate::{regional, report_lookup};

pub(crate) async fn letter(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    params: Params,
) -> Result<Response, Problem> {
    let mut office = Office::of(&app, &caller, &params)?;
    let loaded = report_lookup::get(&app, &caller, &id).await?;
    // An agency reads the number and the day that its report was returned with.
    if !caller.is_reviewer() && loaded.is_current() {
        let reviewed = Reviewed::load(&app, &caller, &id).await?;
        if let Some((deadline, letter, _)) = reviewed.last_return() {
            office = office.with_return(deadline, letter);
        }
    }
    let file_name = base_name(&loaded.report.version.file_name).to_owned();
    let key = loaded.indexed_key.clone();
    let mut review = review_of(&app, loaded).await?;
    let across = match params.get("across") {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => {
            return Err(Problem::bad_parameter("across", format!("“{other}”不是 true 或 false。")));
        }
    };
    if across && caller.is_reviewer() {
        add_findings_of_comparison(&app, &caller, key.as_deref(), &mut review).await?;
    }
    let letter = render::letter(&review, Some(&file_name), &office.addresser(0), office.date);
    answer(&letter, params.get("format"))
}

/// A document as a page or as a file for Word.
pub(crate) fn answer(letter: &Letter, format: Option<&str>) -> Result<Response, Problem> {
    match format.unwrap_or("html") {
        "html" => Ok(standalone_page(letter.html(), Letter::STYLE)),
        "docx" => {
            let bytes = letter.docx().map_err(|error| Problem::internal(&error.into()))?;
            Ok(download(bytes, DOCX, &format!("{}.docx", letter.title())))
        }
        other => Err(bad_format(other, "可用 html、docx。")),
    }
}

/// The review that the letter shows. That of the current version is compared with the report of the year before
/// under the rule policy of today, without what reviewers dismissed or waived; a superseded or withdrawn version is reviewed alone.
async fn review_of(app: &App, loaded: LoadedReport) -> Result<Review, Problem> {
    if !loaded.is_current() {
        return Ok(loaded.report.review);
    }
    let StoredReport { key, version, review, .. } = loaded.report;
    let found = app.read(move |reader| {
        let Some(parts) = reader.parts(&key)? else { return Ok(None) };
        let review = parts.review_alone()?;
        let last_year = report_of_last_year(reader, &review.report)?;
        Ok(Some((review, last_year, parts.workflow()?)))
    });
    let Some((alone, last_year, workflow)) = found.await? else { return Ok(review) };
    let submitted = beijing::day(version.submitted_at_ms);
    let mut review = judged(alone, last_year.as_ref(), &app.policy().await?, submitted);
    workflow.remove_settled(&mut review.findings);
    Ok(review)
}

/// The review under the policy in force, beside last year's report. Where the log has no change of the policy, the
/// findings of the report by itself stand.
pub(crate) fn judged(
    alone: Review,
    last_year: Option<&Report>,
    in_force: &InForce,
    submitted: Option<report::Date>,
) -> Review {
    match (&in_force.change, last_year) {
        (Some(_), last_year) => rules::under(alone, last_year, &in_force.policy, submitted),
        (None, Some(last_year)) => rules::beside(alone, last_year, &in_force.policy, submitted),
        (None, None) => alone,
    }
}

/// The report of the same agency for the year before; none where it is not indexed or cannot be read.
pub(crate) fn report_of_last_year(reader: &Reader, report: &Report) -> Result<Option<Report>, IndexError> {
    let Some(key) = Entry::key_of_neighbour(report, -1) else { return Ok(None) };
    let parts = reader.parts(&key)?;
    Ok(parts.and_then(|parts| parts.review_alone().ok()).map(|review| review.report))
}

/// Adds what the comparison with the other reports of the province finds, which reads all of them; for a reviewer of
/// some regions, with the other reports of the region.
async fn add_findings_of_comparison(
    app: &App,
    caller: &Caller,
    key: Option<&str>,
    review: &mut Review,
) -> Result<(), Problem> {
    let report = &review.report;
    let code = report.region.as_ref().map(|region| region.code.as_str()).unwrap_or_default();
    let wide = match caller.scope_around(code) {
        Some(own) => reading::division(own),
        None => code.get(..2).and_then(reading::division),
    };
    let (Some(key), Some(wide), Some(year)) = (key, wide, report.year) else { return Ok(()) };
    let mut comparison = regional::compare(app, &wide, year).await?;
    review.findings.extend(comparison.findings.remove(key).unwrap_or_default());
    rules::sort(&mut review.findings);
    Ok(())
}
