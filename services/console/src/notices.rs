//! `/api/v1/reminders` and `/api/v1/bulletin`: letters to those who have not reported (催报函), and the notice of a
//! region and a year (通报).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use access::Caller;
use axum::extract::State;
use axum::response::Response;
use policy::InForce;
use render::{Bulletin, CommonProblem, LateReport, Overdue, Standing, Totals};
use report::{Judgement, Region, Severity, Verdict, Year};
use search::{Clause, IndexError, Query, Reader, StoredParts};
use survey::{Attendance, Attendee};
use tokio::sync::mpsc;

use crate::app::App;
use crate::download::{bad_format, download};
use crate::letter::answer;
use crate::letters::{self, ZIP};
use crate::office::{self, Office};
use crate::params::Params;
use crate::problem::Problem;
use crate::regional::{self, Punctuality};

/// Pieces of a ZIP file in flight.
const BUFFER: usize = 16;
/// A problem of fewer agencies is not common.
const COMMON: usize = 2;
/// Most common problems in a notice.
const MOST_PROBLEMS: usize = 20;

/// The letters to those who have not reported: to one agency as a page or a Word document, or to all in a ZIP file.
pub(crate) async fn reminders(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let (region, year) = regional::region_and_year(&caller, &params)?;
    let office = Office::of(&app, &caller, &params)?;
    let missing = missing(&attendance(&app, &region, year).await?, year);
    let format = params.get("format");
    if let Some(agency) = params.get("agency") {
        let found = missing.iter().find(|overdue| overdue.agency == agency);
        let overdue = found.ok_or_else(|| {
            let problem = Problem::not_found(format!("“{agency}”不在未报送{year}年年度报告的机关中。"));
            problem.field("agency")
        })?;
        return answer(&render::reminder(overdue, &office.addresser(0), office.date), format);
    }
    match format.unwrap_or("zip") {
        "zip" => archive(missing, office).await,
        other => Err(bad_format(other, "写明 agency 时可用 html、docx，否则为 zip。")),
    }
}

async fn archive(missing: Vec<Overdue>, office: Office) -> Result<Response, Problem> {
    if missing.is_empty() {
        return Err(Problem::not_found("没有未报送的机关，不需要催报。".into()));
    }
    let (sender, receiver) = mpsc::channel(BUFFER);
    tokio::task::spawn_blocking(move || {
        letters::send(sender, |archive| {
            let heads = ["序号", "文号", "机关", "年度", "截止日期", "文件"];
            let mut rows = vec![heads.map(str::to_owned).to_vec()];
            for (position, overdue) in missing.iter().enumerate() {
                let addresser = office.addresser(position);
                let letter = render::reminder(overdue, &addresser, office.date);
                let name =
                    letters::file_name(position, &format!("{}{}年", overdue.agency, overdue.year), "催报函");
                letters::add(archive, &name, &letter.docx()?)?;
                let due = overdue.due.map(|due| due.to_string()).unwrap_or_default();
                let number = addresser.number.unwrap_or_default();
                let year = overdue.year.to_string();
                rows.push(vec![(position + 1).to_string(), number, overdue.agency.clone(), year, due, name]);
            }
            letters::add(archive, "目录.csv", letters::list(rows).as_bytes())
        });
    });
    Ok(download(letters::body(receiver), ZIP, "催报函.zip"))
}

/// The notice of a region and a year.
pub(crate) async fn bulletin(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let (region, year) = regional::region_and_year(&caller, &params)?;
    let office = Office::of(&app, &caller, &params)?;
    let bulletin = gather(&app, &region, year).await?;
    answer(&render::bulletin(&bulletin, &office.addresser(0), office.date), params.get("format"))
}

/// Everything that the notice says.
async fn gather(app: &App, region: &Region, year: Year) -> Result<Bulletin, Problem> {
    let now = attendance(app, region, year).await?;
    let records = records(app, region, year).await?;
    let before = match Year::new(i64::from(year.get()) - 1) {
        Some(last) => Some((attendance(app, region, last).await?, self::records(app, region, last).await?)),
        None => None,
    };
    // Without a report of the year before, nothing is compared with it.
    let before = before
        .filter(|(attendance, _)| attendance.agencies.iter().any(|attendee| !attendee.reports.is_empty()));
    let last_year = before.as_ref().map(|(attendance, _)| totals(attendance));
    let earlier = before.as_ref().map(|(attendance, records)| by_problem(attendance, records));
    let standings = now.agencies.iter().filter(|attendee| Punctuality::of(attendee) != Punctuality::Exempt);
    Ok(Bulletin {
        region: region.name.clone(),
        year,
        totals: totals(&now),
        last_year,
        late: now.late().filter_map(late).collect(),
        missing: now.missing().map(|attendee| (attendee.agency.clone(), attendee.deadline)).collect(),
        exempt: now
            .agencies
            .iter()
            .filter(|attendee| Punctuality::of(attendee) == Punctuality::Exempt)
            .map(|attendee| (attendee.agency.clone(), attendee.note.clone()))
            .collect(),
        problems: common(&by_problem(&now, &records), earlier.as_ref()),
        standings: standings.map(|attendee| standing(attendee, &records)).collect(),
        weights: office::weights(app).await?,
    })
}

fn late(attendee: &Attendee) -> Option<LateReport> {
    let ((day, _), due) = attendee.first_day().zip(attendee.deadline)?;
    Some(LateReport { agency: attendee.agency.clone(), day, due })
}

fn totals(attendance: &Attendance) -> Totals {
    let count = |wanted: Punctuality| {
        attendance.agencies.iter().filter(|attendee| Punctuality::of(attendee) == wanted).count()
    };
    let verdicts = attendance.agencies.iter().filter_map(|attendee| attendee.reports.first());
    let verdicts: Vec<Verdict> = verdicts.map(|report| report.verdict).collect();
    let [in_time, late, missing] = [Punctuality::InTime, Punctuality::Late, Punctuality::Missing].map(count);
    Totals {
        expected: in_time + late + missing,
        in_time,
        late,
        missing,
        verdicts: [Verdict::Pass, Verdict::Warn, Verdict::Fail]
            .map(|wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count()),
    }
}

/// What a notice needs of one report.
struct Record {
    errors: usize,
    warnings: usize,
    versions: usize,
    /// The rules that it breaks.
    rules: BTreeSet<&'static str>,
}

/// The reports of a region and a year under the policy in force, by key.
async fn records(app: &App, region: &Region, year: Year) -> Result<HashMap<String, Record>, Problem> {
    let filters: Result<Vec<Clause>, _> = [("region", region.code.clone()), ("year", year.to_string())]
        .iter()
        .map(|(name, value)| search::field(name, value))
        .collect();
    let filters = filters.map_err(|error| Problem::bad_parameter("region", error.to_string()))?;
    let query = Query { filters, ..Query::default() };
    let policy = app.policy().await?;
    app.read(move |reader| {
        let mut records = HashMap::new();
        let mut read = Ok(());
        reader.each(&query, |parts| {
            read = record(reader, &parts, &policy).map(|record| {
                records.insert(parts.card.key, record);
            });
            read.is_ok()
        })?;
        read.map(|()| records)
    })
    .await
}

fn record(reader: &Reader, parts: &StoredParts, policy: &InForce) -> Result<Record, IndexError> {
    let (_, review) = letters::review_of_parts(reader, parts, policy)?;
    let (errors, warnings) = letters::counts(&review);
    let broken = review.findings.iter().filter(|finding| {
        finding.judgement == Judgement::Fails && finding.waiver.is_none() && finding.severity > Severity::Info
    });
    let rules = broken.filter_map(|finding| rules::rule(&finding.rule)).map(|rule| rule.id).collect();
    Ok(Record { errors, warnings, versions: parts.card.versions, rules })
}

/// How many agencies break each rule; an agency counts once.
fn by_problem(attendance: &Attendance, records: &HashMap<String, Record>) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for attendee in &attendance.agencies {
        let record = attendee.reports.first().and_then(|report| records.get(&report.key));
        for rule in record.map(|record| &record.rules).into_iter().flatten() {
            *counts.entry(*rule).or_default() += 1;
        }
    }
    counts
}

fn common(
    now: &BTreeMap<&'static str, usize>,
    earlier: Option<&BTreeMap<&'static str, usize>>,
) -> Vec<CommonProblem> {
    let mut common: Vec<(&str, usize)> = now
        .iter()
        .filter(|(_, agencies)| **agencies >= COMMON)
        .map(|(rule, count)| (*rule, *count))
        .collect();
    common.sort_by_key(|(rule, count)| (std::cmp::Reverse(*count), *rule));
    let problem = |(id, agencies): (&str, usize)| CommonProblem {
        name: rules::rule(id).map_or(id, |rule| rule.problem).to_owned(),
        agencies,
        last_year: earlier.map(|earlier| earlier.get(id).copied().unwrap_or_default()),
    };
    common.into_iter().take(MOST_PROBLEMS).map(problem).collect()
}

fn standing(attendee: &Attendee, records: &HashMap<String, Record>) -> Standing {
    let record = attendee.reports.first().and_then(|report| records.get(&report.key));
    let (errors, warnings) = record.map_or((0, 0), |record| (record.errors, record.warnings));
    Standing {
        agency: attendee.agency.clone(),
        has_reported: !attendee.reports.is_empty(),
        is_late: attendee.is_late() == Some(true),
        errors,
        warnings,
        is_corrected: errors == 0 && record.is_some_and(|record| record.versions > 1),
    }
}

/// The agencies that have not reported.
pub(crate) fn missing(attendance: &Attendance, year: Year) -> Vec<Overdue> {
    let overdue = |attendee: &Attendee| Overdue {
        agency: attendee.agency.clone(),
        year,
        due: attendee.deadline,
        missing_years: attendee.missing_years.clone(),
    };
    attendance.missing().map(overdue).collect()
}

/// Who of a region has reported on a year, and who has not.
///
/// # Errors
/// If no roster was imported.
pub(crate) async fn attendance(app: &App, region: &Region, year: Year) -> Result<Attendance, Problem> {
    regional::attendance(app, Some(region), year).await?.ok_or_else(|| {
        let problem = Problem::not_found("还没有导入机关名录，不知道哪些机关应当报送。".into());
        problem.hint("请先在“报送名录”页面导入。")
    })
}
