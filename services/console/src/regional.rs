//! The reports of a region together: roll-up, attendance, and the comparison of the reports with each other.
//!
//! The reports come from the index and the roster from the log. Nothing is cached between two requests, so
//! every answer shows the present state.

use std::ops::Bound;

use access::{Caller, Code};
use report::{Decimal, Region, Report, Year, beijing};
use search::{Clause, IndexError, Query, Reader, Record, StoredParts};
use survey::{Attendance, Attendee, Figures, Findings, Member, Phrases, RollUp, Roster};

use crate::app::App;
use crate::params::Params;
use crate::problem::Problem;
use crate::{region_lookup, roster};

/// Whether an agency of the roster has reported for a year, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Punctuality {
    InTime,
    Late,
    Missing,
    /// It has not reported and need not.
    Exempt,
}

impl Punctuality {
    pub(crate) fn of(attendee: &Attendee) -> Self {
        match (attendee.reports.is_empty(), attendee.is_late()) {
            (true, _) if attendee.is_exempt => Self::Exempt,
            (true, _) => Self::Missing,
            (false, Some(true)) => Self::Late,
            (false, _) => Self::InTime,
        }
    }

    /// Its name in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InTime => "in_time",
            Self::Late => "late",
            Self::Missing => "missing",
            Self::Exempt => "exempt",
        }
    }
}

/// The reports of a region compared with each other.
pub(crate) struct Comparison {
    /// Its reports of all years.
    pub(crate) members: Vec<Member>,
    /// What the comparison found in the reports of the one year, by key.
    pub(crate) findings: Findings,
}

/// The form of a region, filled in from the reports of its agencies; none where the year has no form.
pub(crate) async fn roll_up(app: &App, region: &Region, year: Year) -> Result<Option<RollUp>, Problem> {
    let roster = roster(app).await?;
    let members = members_of_year(app, region, year).await?;
    let (of, total) = (region.clone(), members.len());
    let rolled = tokio::task::spawn_blocking(move || survey::roll_up(roster.as_ref(), &members, &of, year));
    let rolled = rolled.await.map_err(|error| Problem::internal(&error.into()))?;
    tracing::info!(region = region.code, %year, reports = total, "rolled up {total} reports");
    Ok(rolled)
}

/// The roster of a region compared with the reports of a year; none where no roster was imported.
pub(crate) async fn attendance(
    app: &App,
    region: Option<&Region>,
    year: Year,
) -> Result<Option<Attendance>, Problem> {
    let Some(roster) = roster(app).await? else { return Ok(None) };
    let members = app.read(move |reader| members_without_figures(reader, year)).await?;
    let attendance = tokio::task::spawn_blocking(move || survey::attend(&roster, &members, year)).await;
    let mut attendance = attendance.map_err(|error| Problem::internal(&error.into()))?;
    if let Some(prefix) = region.map(prefix) {
        let is_within = |code: &Option<String>| code.as_deref().is_some_and(|code| code.starts_with(prefix));
        attendance.agencies.retain(|agency| is_within(&agency.region));
        attendance.strangers.retain(|stranger| stranger.region.is_none() || is_within(&stranger.region));
    }
    Ok(Some(attendance))
}

/// Compares the reports of a region and a year with each other and with those of other years.
pub(crate) async fn compare(app: &App, region: &Region, year: Year) -> Result<Comparison, Problem> {
    let in_region = filter("region", prefix(region))?;
    let roster = roster(app).await?;
    let query =
        Query { filters: vec![in_region.clone(), filter("year", &year.to_string())?], ..Query::default() };
    let (members, phrases) = members_and_phrases(app, vec![in_region], Some(year)).await?;
    let compared = app.read(move |reader| {
        let findings = find_all(reader, roster.as_ref(), &members, &phrases, &query, year)?;
        Ok(Comparison { members, findings })
    });
    let mut comparison = compared.await?;
    let policy = app.policy().await?.policy;
    for member in &comparison.members {
        if let Some(findings) = comparison.findings.get_mut(&member.key) {
            let report = Report {
                agency: member.agency.clone(),
                year: member.year,
                region: member.region.clone(),
                ..Report::default()
            };
            *findings = policy.apply(&report, member.submitted, std::mem::take(findings));
            rules::sort(findings);
        }
    }
    Ok(comparison)
}

/// What all comparisons find in the reports of a year. `query` finds those reports.
fn find_all(
    reader: &Reader,
    roster: Option<&Roster>,
    members: &[Member],
    phrases: &Phrases,
    query: &Query,
    year: Year,
) -> Result<Findings, IndexError> {
    let of_year = |member: &&Member| member.year == Some(year);
    let this_year: Vec<Member> = members.iter().filter(of_year).cloned().collect();
    let attendance = roster.map(|roster| survey::attend(roster, members, year).findings());
    let found = [
        survey::compare_scopes(roster, members, year),
        copies(reader, &this_year, phrases)?,
        survey::duplicates(&this_year),
        survey::stand_out(&this_year),
        boilerplate(reader, query, phrases)?,
        survey::follow(roster, members),
        attendance.unwrap_or_default(),
    ];
    let mut all = Findings::new();
    for (key, findings) in found.into_iter().flatten() {
        all.entry(key).or_default().extend(findings);
    }
    Ok(all)
}

/// Reports whose text was copied from another.
fn copies(reader: &Reader, members: &[Member], phrases: &Phrases) -> Result<Findings, IndexError> {
    let candidates = survey::candidates(members);
    let mut failed = None;
    let copies = survey::judge(members, &candidates, phrases, |member| {
        let text = text(reader, &member.key);
        text.unwrap_or_else(|error| {
            failed = Some(error);
            None
        })
    });
    failed.map_or(Ok(copies), Err)
}

/// Reports whose text is mostly that of many others.
fn boilerplate(reader: &Reader, query: &Query, phrases: &Phrases) -> Result<Findings, IndexError> {
    let mut findings = Findings::new();
    let mut read = Ok(());
    reader.each(query, |parts| {
        read = parts.text().map(|text| {
            if let Some(finding) = phrases.boilerplate(&text) {
                findings.entry(parts.card.key).or_default().push(finding);
            }
        });
        read.is_ok()
    })?;
    read.map(|()| findings)
}

/// The plain text of a report; none where it was withdrawn.
fn text(reader: &Reader, key: &str) -> Result<Option<String>, IndexError> {
    reader.parts(key)?.map(|parts| parts.text()).transpose()
}

/// The reports that these filters find, and the sentences of those of one year.
async fn members_and_phrases(
    app: &App,
    filters: Vec<Clause>,
    year: Option<Year>,
) -> Result<(Vec<Member>, Phrases), Problem> {
    let query = Query { filters, ..Query::default() };
    app.read(move |reader| {
        let (mut members, mut phrases) = (Vec::new(), Phrases::default());
        let mut read = Ok(());
        reader.each(&query, |parts| {
            if let Some(member) = member(&parts) {
                if year.is_some() && member.year == year {
                    read = parts.text().map(|text| phrases.add(&text));
                }
                members.push(member);
            }
            read.is_ok()
        })?;
        read?;
        Ok((members, phrases))
    })
    .await
}

/// The reports of a year in a region, and those whose region is not known.
async fn members_of_year(app: &App, region: &Region, year: Year) -> Result<Vec<Member>, Problem> {
    let region = region.clone();
    app.read(move |reader| members(reader, Some(&region), year)).await
}

/// The reports of a year in a region, or of all regions, and those whose region is not known.
pub(crate) fn members(
    reader: &Reader,
    region: Option<&Region>,
    year: Year,
) -> Result<Vec<Member>, IndexError> {
    let year = i64::from(year.get());
    let query = Query { filters: vec![Clause::Year(search::Span::exactly(year))], ..Query::default() };
    let prefix = region.map_or("", prefix);
    let mut members = Vec::new();
    reader.each_record_with_cells(&query, |record, values| {
        if record.region.as_ref().is_none_or(|region| region.code.starts_with(prefix)) {
            members.push(member_of_record(record, values));
        }
    })?;
    Ok(members)
}

/// The reports of a year and of those before it without their figures, as the roster is compared with them.
fn members_without_figures(reader: &Reader, year: Year) -> Result<Vec<Member>, IndexError> {
    let until = search::Span { lower: Bound::Unbounded, upper: Bound::Included(i64::from(year.get())) };
    let query = Query { filters: vec![Clause::Year(until)], ..Query::default() };
    let records = reader.records(&query, &[])?;
    Ok(records
        .into_iter()
        .map(|record| member_of_record(Record { form: None, ..record }, Vec::new()))
        .collect())
}

/// An indexed report as a roll-up needs it: without the fingerprints of its sections, for which its fact would
/// have to be decoded.
fn member_of_record(record: Record, values: Vec<Option<Decimal>>) -> Member {
    Member {
        submitted: beijing::day(record.submitted_at_ms),
        figures: record.form.map(|form| Figures::new(form, values)),
        key: record.key,
        id: record.id,
        original: record.original,
        agency: record.agency.map(|agency| agency.to_string()),
        region: record.region.map(|region| (*region).clone()),
        year: record.year,
        published: record.published,
        verdict: record.verdict,
        scopes: record.scopes.iter().map(ToString::to_string).collect(),
        fingerprints: Vec::new(),
    }
}

/// An indexed report as comparisons need it; none where another version of the program wrote it and this one
/// cannot read it.
fn member(parts: &StoredParts) -> Option<Member> {
    let card = &parts.card;
    let review = parts.review_alone().ok()?;
    let day = beijing::day(card.submitted_at_ms);
    let mut member = Member::of(&review, &card.key, &card.id, &card.original, day);
    // Unlike the verdict of the review alone, this one counts the findings of comparisons.
    member.verdict = card.verdict;
    Some(member)
}

fn filter(name: &str, value: &str) -> Result<Clause, Problem> {
    search::field(name, value).map_err(|error| Problem::bad_parameter(name, error.to_string()))
}

/// The digits with which every code in a region begins.
pub(crate) fn prefix(region: &Region) -> &str {
    let code = region.code.as_str();
    match code.len() {
        6 if code.ends_with("0000") => &code[..2],
        6 if code.ends_with("00") => &code[..4],
        _ => code,
    }
}

/// The region of the parameter `region`, by its code or its name.
pub(crate) fn region(params: &Params) -> Result<Region, Problem> {
    region_lookup::find(params.get("region").unwrap_or_default().trim())
}

/// The region and the year of the parameters, if the region is in the scope of the caller.
pub(crate) fn region_and_year(caller: &Caller, params: &Params) -> Result<(Region, Year), Problem> {
    let (region, year) = (region(params)?, year(params)?);
    check_scope(caller, &region)?;
    Ok((region, year))
}

/// Refuses a region that is outside the scope of the caller.
pub(crate) fn check_scope(caller: &Caller, region: &Region) -> Result<(), Problem> {
    if caller.may_see_region(&region.code) {
        return Ok(());
    }
    let detail = format!("{}（{}）不在您的地区范围内。", region.name, region.code);
    let hint = "请选择您负责的地区；范围有误时，请联系管理员。";
    Err(Problem::new(Code::OutsideScope, detail, hint).field("region"))
}

/// The year of the parameter `year`.
pub(crate) fn year(params: &Params) -> Result<Year, Problem> {
    let text = params.get("year").unwrap_or_default();
    text.parse().ok().and_then(Year::new).ok_or_else(|| {
        Problem::bad_parameter("year", format!("“{text}”不是年度。")).hint("写一个年度，例如 2024。")
    })
}

/// The roster that was imported last; none where none was.
pub(crate) async fn roster(app: &App) -> Result<Option<Roster>, Problem> {
    let current = roster::current(app).await?;
    Ok(current.imported.map(|_| current.roster))
}
