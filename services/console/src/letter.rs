//! What leaves the house on paper: `GET /api/v1/reports/{id}/letter`.

use access::Caller;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use proto::v1::{ReportKept, ReportValidated};
use render::Addresser;
use report::{Date, Report, Review};

use crate::download::{bad_format, download, last_part};
use crate::params::{Id, Params};
use crate::problem::Problem;
use crate::report_lookup::load;
use crate::{App, regional, report_stream};

/// The letter to the agency (整改意见), as a page or, with `format=docx`, as a document.
pub(crate) async fn letter(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    params: Params,
) -> Result<Response, Problem> {
    let text = |name: &str| params.get(name).map(str::to_owned);
    let addresser = Addresser {
        name: text("name"),
        contact: text("contact"),
        telephone: text("telephone"),
        deadline: day(&params, "deadline")?,
    };
    let date = match day(&params, "date")? {
        Some(date) => Some(date),
        None => today(),
    };
    let (mut review, file_name) = judged(&app, &caller, &id).await?;
    if params.get("across") == Some("true") {
        add_what_others_tell(&app, &caller, &id, &mut review).await?;
    }
    let letter = render::letter(&review, Some(&file_name), &addresser, date);
    match params.get("format").unwrap_or("html") {
        "html" => Ok(axum::response::Html(letter.html()).into_response()),
        "docx" => {
            let bytes = letter.docx().map_err(|error| Problem::internal(&error.into()))?;
            Ok(download(bytes, DOCX, &format!("{}.docx", letter.title())))
        }
        other => Err(bad_format(other, "可用 html、docx。")),
    }
}

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// A report with everything that was found in it, and the name of its file. Earlier versions are judged by
/// themselves.
async fn judged(app: &App, caller: &Caller, id: &str) -> Result<(Review, String), Problem> {
    let Some(loaded) = load(app, caller, id).await? else { return Err(Problem::no_such_report(id)) };
    let key = loaded.key.clone().filter(|_| loaded.is_current());
    let kept = app.read(move |reader| {
        let parts = key.map(|key| reader.parts(&key)).transpose()?.flatten();
        parts.map(|parts| report_stream::message(reader, &parts)).transpose()
    });
    let ReportKept { validated, last_year, .. } = kept.await?.unwrap_or_default();
    let validated = match validated {
        Some(validated) => validated,
        None => {
            let fact = app.bus().last_of_id::<ReportValidated>(loaded.field("id")).await;
            fact.map_err(|error| Problem::bus(&error))?.ok_or_else(|| Problem::no_such_report(id))?
        }
    };
    let review = Review::try_from(&validated).map_err(|error| Problem::internal(&error.into()))?;
    let submitted = validated.submitted.unwrap_or_default();
    let review = match last_year.and_then(|report| Report::try_from(&report).ok()) {
        Some(last_year) => rules::beside(review, &last_year, app.policy(), submitted.day()),
        None => review,
    };
    Ok((review, last_part(&submitted.file_name).to_owned()))
}

/// Adds what the rules among agencies find, which takes a look at every report of the province.
async fn add_what_others_tell(
    app: &App,
    caller: &Caller,
    id: &str,
    review: &mut Review,
) -> Result<(), Problem> {
    let key = load(app, caller, id).await?.and_then(|loaded| loaded.key);
    let report = &review.report;
    let province = report.region.as_ref().and_then(|region| reading::division(region.code.get(..2)?));
    let (Some(key), Some(province), Some(year)) = (key, province, report.year) else { return Ok(()) };
    let (_, mut found) = regional::findings(app, &province, year).await?;
    review.findings.extend(found.remove(&key).unwrap_or_default());
    rules::sort(&mut review.findings);
    Ok(())
}

fn day(params: &Params, name: &str) -> Result<Option<Date>, Problem> {
    let Some(text) = params.get(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Problem::bad_parameter(name, format!("“{text}”不是日期。")).hint("日期写作 2025-03-01。")
    })
}

/// Today in Beijing.
fn today() -> Option<Date> {
    report::beijing::day(Timestamp::now().as_millisecond())
}
