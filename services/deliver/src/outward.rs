//! From facts of the log to outward changes.
//!
//! A report stands from the moment it can be found: each `ReportIndexed` that made a version current is a change, and
//! so is each judgement of the index that followed. The figures are in the `ReportValidated` of the version.
//! Nothing of the sender, the file name, the scope or the acts of reviewers is in a change.

use std::collections::{HashMap, VecDeque};

use anyhow::Context as _;
use bus::{Bus, Event};
use bytes::Bytes;
use proto::v1::{
    IndexOutcome, RejudgementCause, ReportIndexed, ReportRejudged, ReportSubmitted, ReportValidated,
};
use proto::{Fact as _, subject};
use report::{Finding, Form, Judgement, Report, Review, Severity, full_width_brackets, json};
use serde_json::{Map, Value};
use worker::outlets::{Carry, OutletConfig};

use crate::change::{CellRow, Change, FindingRow, Standing, State};

/// The facts that lead to a change, and those that wake an outlet.
pub(crate) fn leading_facts() -> [String; 2] {
    [subject::filter::<ReportIndexed>(), subject::filter::<ReportRejudged>()]
}

/// Follows the facts of the log for one outlet.
pub(crate) struct Outward {
    outlet: OutletConfig,
    /// What stands, by the key of the report. Some two hundred bytes each.
    reports: HashMap<Box<str>, Carried>,
    validated: Recent,
}

/// The last that was said of a report.
struct Carried {
    /// The version that stands; none where it was taken back.
    version: Option<Box<str>>,
    /// Time of submission and generation, which order the versions.
    order: (i64, u32),
    /// The sequence of the last change of it that this outlet carries; 0 where there is none.
    sequence: u64,
}

/// A change before its figures were fetched.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) sequence: u64,
    pub(crate) at_ms: i64,
    pub(crate) id: String,
    pub(crate) report: String,
    /// The reading that led to it; the id of an undelivered change.
    pub(crate) reading: String,
    pub(crate) region: String,
    pub(crate) year: u16,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Stands {
        version: String,
        /// Its `ReportValidated`, if it was read a moment ago.
        validated: Option<Bytes>,
        /// The judgement that followed, if there was one.
        rejudged: Option<Box<ReportRejudged>>,
    },
    Gone,
}

/// Why the log does not yield a change: the reason is one for people, and no target was asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(String);

impl Outward {
    /// Knows everything on the log up to this sequence.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub(crate) async fn catch_up(bus: &Bus, outlet: &OutletConfig, to: u64) -> anyhow::Result<Self> {
        let mut outward = Self::new(outlet);
        if to == 0 {
            return Ok(outward);
        }
        let mut events = Vec::new();
        for facts in leading_facts() {
            bus.scan(&facts, |event| {
                if event.sequence <= to {
                    events.push(event);
                }
                Ok(())
            })
            .await
            .context("reading what was delivered before")?;
        }
        events.sort_by_key(|event| event.sequence);
        for event in &events {
            outward.note(event);
        }
        Ok(outward)
    }

    pub(crate) fn new(outlet: &OutletConfig) -> Self {
        Self { outlet: outlet.clone(), reports: HashMap::new(), validated: Recent::default() }
    }

    /// Takes in the next fact of the log; the change that it leads to.
    pub(crate) fn note(&mut self, event: &Event) -> Option<Notice> {
        match event.fact() {
            ReportValidated::NAME => {
                self.validated.keep(event.id().to_owned(), event.payload.clone());
                None
            }
            ReportIndexed::NAME if event.matches_its_subject() => {
                self.indexed(event, event.decode::<ReportIndexed>()?)
            }
            ReportRejudged::NAME if event.matches_its_subject() => {
                self.rejudged(event, event.decode::<ReportRejudged>()?)
            }
            _ => None,
        }
    }

    /// The sequence of the last change of a report; 0 where there is none.
    pub(crate) fn last_of(&self, report: &str) -> u64 {
        self.reports.get(report).map_or(0, |last| last.sequence)
    }

    fn indexed(&mut self, event: &Event, fact: ReportIndexed) -> Option<Notice> {
        let validated = self.validated.take(event.id());
        let is_current = fact.outcome() == IndexOutcome::Current;
        let submitted = fact.submitted.unwrap_or_default();
        let order = (submitted.submitted_at_ms, submitted.generation);
        let known = self.reports.get(fact.report.as_str());
        // Facts of one batch of the index may be on the log in another order than their versions.
        if !is_current || known.is_some_and(|last| last.order > order) {
            return None;
        }
        let region = fact.region.map(|region| region.code).unwrap_or_default();
        let is_ours = self.outlet.includes(&region);
        let was_carried = known.is_some_and(|last| last.sequence > 0 && last.version.is_some());
        let is_gone = submitted.withdraws.is_some() || !is_ours;
        let what = match is_gone {
            true => What::Gone,
            false => What::Stands { version: submitted.id.clone(), validated, rejudged: None },
        };
        let version = (!is_gone).then(|| submitted.id.as_str().into());
        let is_said = is_ours || was_carried;
        self.remember(&fact.report, version, order, is_said.then_some(event.sequence));
        is_said.then(|| Notice {
            sequence: event.sequence,
            at_ms: event.at_ms,
            id: format!("{}.{}", fact.report, submitted.id),
            report: fact.report,
            reading: submitted.id,
            region,
            year: year(fact.year),
            what,
        })
    }

    fn rejudged(&mut self, event: &Event, fact: ReportRejudged) -> Option<Notice> {
        // An index that was rebuilt does not know the cause.
        let is_reassigned =
            matches!(fact.cause(), RejudgementCause::Reassigned | RejudgementCause::Unspecified);
        let known = self.reports.get(fact.report.as_str());
        let is_of_current = known.is_none_or(|last| last.version.as_deref() == Some(fact.id.as_str()));
        let region = fact.region.as_ref().map(|region| region.code.clone()).unwrap_or_default();
        if !self.outlet.includes(&region) || !(is_reassigned || is_of_current) {
            return None;
        }
        // After another reading took its place, the index alone knows the order.
        let order = if is_of_current { known.map_or((0, 0), |last| last.order) } else { (0, 0) };
        let version: Option<Box<str>> = (!fact.id.is_empty()).then(|| fact.id.as_str().into());
        let id = match &version {
            Some(version) => format!("{}.{version}.{}", fact.report, fact.number),
            None => format!("{}.gone.{}", fact.report, fact.number),
        };
        let reading = if fact.id.is_empty() { fact.report.clone() } else { fact.id.clone() };
        self.remember(&fact.report, version, order, Some(event.sequence));
        Some(Notice {
            sequence: event.sequence,
            at_ms: event.at_ms,
            id,
            report: fact.report.clone(),
            reading,
            region,
            year: year(fact.year),
            what: match fact.id.as_str() {
                "" => What::Gone,
                version => What::Stands {
                    version: version.to_owned(),
                    validated: None,
                    rejudged: Some(Box::new(fact)),
                },
            },
        })
    }

    fn remember(&mut self, report: &str, version: Option<Box<str>>, order: (i64, u32), said: Option<u64>) {
        let before = self.reports.get(report).map_or(0, |last| last.sequence);
        let carried = Carried { version, order, sequence: said.unwrap_or(before) };
        self.reports.insert(report.into(), carried);
    }
}

impl Notice {
    /// Fetches the figures from the log, unless they were read a moment ago.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub(crate) async fn fetch(&self, bus: &Bus) -> anyhow::Result<Option<ReportValidated>> {
        let What::Stands { version, validated, .. } = &self.what else { return Ok(None) };
        let near = validated.clone().and_then(|payload| proto::Message::decode(payload).ok());
        match near {
            Some(validated) => Ok(Some(validated)),
            None => bus.last_of_id::<ReportValidated>(version).await.context("reading figures"),
        }
    }

    /// The change, with what was fetched.
    ///
    /// # Errors
    /// If the log has no figures of it that this version of the program understands.
    pub(crate) fn change(
        &self,
        validated: Option<ReportValidated>,
        carry: Carry,
    ) -> Result<Change, Unreadable> {
        let (state, json) = match &self.what {
            What::Gone => (State::Gone { region: self.region.clone(), year: self.year }, self.gone_json()),
            What::Stands { version, rejudged, .. } => {
                let validated = validated
                    .ok_or_else(|| Unreadable(format!("the log has no figures of {version} any more")))?;
                let review = review(&validated, rejudged.as_deref())?;
                let submitted = validated.submitted.unwrap_or_default();
                let standing = standing(&submitted, &review, carry, rejudged.is_some());
                let json = payload(&self.report, &standing, &submitted, &review, carry);
                (State::Stands(Box::new(standing)), json)
            }
        };
        Ok(Change {
            sequence: self.sequence,
            at_ms: self.at_ms,
            id: self.id.clone(),
            report: self.report.clone(),
            state,
            json,
        })
    }

    fn gone_json(&self) -> String {
        let region = (!self.region.is_empty()).then(|| serde_json::json!({"code": self.region}));
        let year = (self.year != 0).then_some(self.year);
        serde_json::json!({"report": self.report, "region": region, "year": year}).to_string()
    }
}

/// The report with its findings as they stand.
fn review(validated: &ReportValidated, rejudged: Option<&ReportRejudged>) -> Result<Review, Unreadable> {
    let unreadable = |error: proto::ConvertError| Unreadable(format!("its figures cannot be read: {error}"));
    match rejudged {
        Some(rejudged) => rejudged.review(validated).map_err(unreadable),
        None => Review::try_from(validated).map_err(unreadable),
    }
}

fn standing(submitted: &ReportSubmitted, review: &Review, carry: Carry, rejudged: bool) -> Standing {
    let Review { report, findings, .. } = review;
    let count = |severity| {
        let counts = |finding: &&Finding| {
            finding.severity == severity && finding.judgement == Judgement::Fails && finding.waiver.is_none()
        };
        u32::try_from(findings.iter().filter(counts).count()).unwrap_or(u32::MAX)
    };
    Standing {
        version: submitted.id.clone(),
        original: submitted.original.as_ref().map(|original| original.sha256.clone()).unwrap_or_default(),
        region: report.region.as_ref().map(|region| region.code.clone()).unwrap_or_default(),
        region_name: report.region.as_ref().map(|region| region.name.clone()).unwrap_or_default(),
        agency: report.agency.clone().unwrap_or_default(),
        year: report.year.map_or(0, report::Year::get),
        form: report.form.map(|form| form.as_str().to_owned()).unwrap_or_default(),
        published: report.published.map(|day| day.to_string()).unwrap_or_default(),
        verdict: review.verdict().as_str(),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        rejudged,
        cells: if carry >= Carry::Figures { cells(report) } else { Vec::new() },
        findings: if carry >= Carry::Findings { findings.iter().map(finding).collect() } else { Vec::new() },
    }
}

fn cells(report: &Report) -> Vec<CellRow> {
    let Some(form) = report.form.map(Form::get) else { return Vec::new() };
    let row = |(id, cell): (report::CellId, &report::Cell)| CellRow {
        cell: id.as_str().to_owned(),
        label: format!("{}·{}", id.table().short_title(), full_width_brackets(form.label(id))),
        value: cell.known().map(|value| value.normalize().to_string()).unwrap_or_default(),
        state: cell.state.as_str(),
    };
    report.cells.iter().map(row).collect()
}

fn finding(finding: &Finding) -> FindingRow {
    FindingRow {
        rule: finding.rule.clone(),
        severity: finding.severity.as_str(),
        verdict: finding.judgement.as_str(),
        message: finding.message.clone(),
        cells: finding.cells.iter().map(|id| id.as_str().to_owned()).collect(),
    }
}

/// The JSON object: what `gouji check` says of a file, without its name, with the key and the version of the report.
fn payload(
    key: &str,
    standing: &Standing,
    submitted: &ReportSubmitted,
    review: &Review,
    carry: Carry,
) -> String {
    let (status, reason) = json::status(&review.report);
    let media_type = submitted.original.as_ref().map_or("", |original| original.media_type.as_str());
    let mut object = Map::new();
    let mut insert = |name: &str, value: Value| object.insert(name.to_owned(), value);
    insert("report", key.into());
    insert("version", standing.version.as_str().into());
    insert("sha256", standing.original.as_str().into());
    insert("media_type", media_type.into());
    insert("status", status.into());
    insert("reason", reason.into());
    let mut fields = json::review(review);
    let left_out: &[&str] = match carry {
        Carry::Identity => &["stated", "remarks", "cells", "claims", "findings"],
        Carry::Figures => &["stated", "remarks", "findings"],
        Carry::Findings => &["stated", "remarks"],
    };
    fields.retain(|name, _| !left_out.contains(&name.as_str()));
    // Why a finding does not count is carried, and not who decided it.
    if let Some(findings) = fields.get_mut("findings").and_then(Value::as_array_mut) {
        let waivers = findings.iter_mut().filter_map(|finding| finding.get_mut("waiver")?.as_object_mut());
        waivers.for_each(|waiver| drop(waiver.remove("who")));
    }
    object.extend(fields);
    object.insert("errors".into(), standing.errors.into());
    object.insert("warnings".into(), standing.warnings.into());
    object.insert("rejudged".into(), standing.rejudged.into());
    Value::Object(object).to_string()
}

fn year(year: u32) -> u16 {
    u16::try_from(year).unwrap_or_default()
}

/// The `ReportValidated` that were read last, because those of the next `ReportIndexed` are mostly among them.
#[derive(Default)]
struct Recent {
    payloads: HashMap<String, Bytes>,
    order: VecDeque<String>,
    bytes: usize,
}

/// What [`Recent`] holds at most.
const RECENT_BYTES: usize = 16 << 20;

impl Recent {
    fn keep(&mut self, id: String, payload: Bytes) {
        self.bytes += payload.len();
        self.order.push_back(id.clone());
        if let Some(earlier) = self.payloads.insert(id, payload) {
            self.bytes -= earlier.len();
        }
        while self.bytes > RECENT_BYTES {
            let Some(oldest) = self.order.pop_front() else { return };
            self.bytes -= self.payloads.remove(&oldest).map_or(0, |payload| payload.len());
        }
    }

    fn take(&mut self, id: &str) -> Option<Bytes> {
        let payload = self.payloads.remove(id)?;
        self.bytes -= payload.len();
        // Ids of payloads that were taken stay at most until as many came after them.
        if self.order.len() > 2 * self.payloads.len() + 64 {
            self.order.retain(|id| self.payloads.contains_key(id));
        }
        Some(payload)
    }
}

#[cfg(test)]
mod tests;
