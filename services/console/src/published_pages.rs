//! Where reports were published, by the ledger of ingest: what became of each page, and what its report says of that.

use std::collections::HashMap;

use access::Caller;
use bus::{Bus, PUBLISHED};
use report::{Finding, Region};
use search::{Clause, Query, Record};
use serde::Deserialize;

use crate::app::App;
use crate::params::Params;
use crate::problem::Problem;
use crate::regional;

/// An address at which a report was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublishedPage {
    /// The page that people can open.
    pub(crate) address: String,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) first_fetched_at_ms: i64,
}

/// The part of a record of the ledger that is read here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct LedgerRecord {
    pub(crate) address: String,
    pub(crate) agency: String,
    pub(crate) region: String,
    pub(crate) year: Option<u16>,
    pub(crate) title: String,
    /// The list where it was found; empty where somebody named the address.
    pub(crate) found_in: String,
    pub(crate) state: PageState,
    pub(crate) checked_at_ms: i64,
    pub(crate) problem: Option<Trouble>,
    pub(crate) first: Option<Sighting>,
    pub(crate) standing: Option<Sighting>,
    pub(crate) pending: Option<Sighting>,
    pub(crate) missing: Option<Missing>,
    /// How many reports a list has.
    pub(crate) listed: usize,
}

/// What the last visit found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PageState {
    #[default]
    Waiting,
    Fetched,
    Unchanged,
    Changed,
    List,
    Gone,
    Failed,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Trouble {
    /// For officials.
    pub(crate) zh: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Sighting {
    /// The id of its reading.
    pub(crate) id: String,
    pub(crate) original: String,
    pub(crate) fetched_at_ms: i64,
    /// Where the bytes are: the page itself or its attachment.
    pub(crate) document: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Missing {
    pub(crate) since_ms: i64,
}

impl PageState {
    pub(crate) const ALL: [Self; 7] =
        [Self::Waiting, Self::Fetched, Self::Unchanged, Self::Changed, Self::List, Self::Gone, Self::Failed];

    /// Its name in addresses and in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Fetched => "fetched",
            Self::Unchanged => "unchanged",
            Self::Changed => "changed",
            Self::List => "list",
            Self::Gone => "gone",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Waiting => "待访问",
            Self::Fetched => "已抓取",
            Self::Unchanged => "与上次相同",
            Self::Changed => "与上次不同",
            Self::List => "目录",
            Self::Gone => "无法访问",
            Self::Failed => "未成功",
        }
    }
}

/// A page with the report that it publishes.
pub(crate) struct LedgerEntry {
    pub(crate) record: LedgerRecord,
    /// The report whose current version is the snapshot that stands.
    report: Option<Record>,
    /// What changed after the publication, as findings on the report.
    pub(crate) changes: Vec<Finding>,
}

impl LedgerEntry {
    /// As the report has it, else as the ledger has it.
    pub(crate) fn agency(&self) -> &str {
        let of_report = self.report.as_ref().and_then(|report| report.agency.as_deref());
        of_report.unwrap_or(&self.record.agency)
    }

    /// The code; empty where it is not known.
    pub(crate) fn region(&self) -> &str {
        let of_report = self.report.as_ref().and_then(|report| report.region.as_deref());
        of_report.map_or(&self.record.region, |region| &region.code)
    }

    pub(crate) fn year(&self) -> Option<u16> {
        self.report.as_ref().and_then(|report| report.year).map(report::Year::get).or(self.record.year)
    }

    /// What an address of the report ends with; none before a snapshot was submitted.
    pub(crate) fn report(&self) -> Option<&str> {
        let sighting = || self.record.standing.as_ref().or(self.record.pending.as_ref());
        let id = || sighting().map(|sighting| sighting.id.as_str()).filter(|id| !id.is_empty());
        self.report.as_ref().map(|report| report.key.as_str()).or_else(id)
    }

    /// Where and when its report was seen first.
    pub(crate) fn first(&self) -> Option<&Sighting> {
        let LedgerRecord { first, standing, pending, .. } = &self.record;
        [first, standing, pending].into_iter().find_map(Option::as_ref)
    }
}

/// Which pages are asked for.
#[derive(Default)]
pub(crate) struct LedgerFilter {
    /// A part of the address, the agency or the title.
    text: String,
    region: Option<Region>,
    year: Option<u16>,
    state: Option<PageState>,
    /// Whether something changed after the publication.
    changed: bool,
}

impl LedgerFilter {
    pub(crate) fn parse(caller: &Caller, params: &Params) -> Result<Self, Problem> {
        let region = params.get("region").map(|_| regional::region(params)).transpose()?;
        if let Some(region) = &region {
            regional::check_scope(caller, region)?;
        }
        let year = params.get("year").map(|_| regional::year(params)).transpose()?;
        let state = params.get("state").map(|wanted| {
            let mut all = PageState::ALL.into_iter();
            all.find(|state| state.as_str() == wanted)
                .ok_or_else(|| Problem::bad_parameter("state", format!("没有情况“{wanted}”。")))
        });
        Ok(Self {
            text: params.get("q").unwrap_or_default().trim().to_owned(),
            region,
            year: year.map(report::Year::get),
            state: state.transpose()?,
            changed: params.get("changed") == Some("true"),
        })
    }

    /// Whatever its state is: the counts of all states stand above the list.
    pub(crate) fn matches_but_state(&self, entry: &LedgerEntry) -> bool {
        let record = &entry.record;
        let has_text = || {
            [record.address.as_str(), entry.agency(), &record.title]
                .iter()
                .any(|text| text.contains(self.text.as_str()))
        };
        has_text()
            && self.year.is_none_or(|year| entry.year() == Some(year))
            && self.region.as_ref().is_none_or(|region| entry.region().starts_with(regional::prefix(region)))
            && (!self.changed || !entry.changes.is_empty())
    }

    pub(crate) fn matches(&self, entry: &LedgerEntry) -> bool {
        self.state.is_none_or(|state| entry.record.state == state) && self.matches_but_state(entry)
    }
}

/// The rules about what happens to a report after its publication.
const RULES: [&str; 2] = ["WEB-01", "WEB-02"];

/// Every page that the caller may see, ordered by address.
///
/// # Errors
/// If the bus or the index does not answer.
pub(crate) async fn ledger(app: &App, caller: &Caller) -> Result<Vec<LedgerEntry>, Problem> {
    let all = app.bus().bucket(PUBLISHED).all(">").await.map_err(|error| Problem::bus(&error))?;
    let records = all.entries.iter().filter_map(|entry| serde_json::from_slice(&entry.value).ok());
    let records: Vec<LedgerRecord> = records.collect();
    let (mut reports, mut changes) = app
        .read(|reader| {
            let reports = reader.records(&Query::default(), &[])?;
            let reports: HashMap<String, Record> =
                reports.into_iter().map(|report| (report.id.clone(), report)).collect();
            let of_rules = RULES.map(|rule| Clause::Rule(rule.to_owned())).to_vec();
            let query = Query { filters: vec![Clause::Or(of_rules)], ..Query::default() };
            let mut changes: HashMap<String, Vec<Finding>> = HashMap::new();
            let mut read = Ok(());
            reader.each(&query, |parts| {
                read = parts.review_alone().map(|review| {
                    let found = review.findings.into_iter();
                    let found = found.filter(|finding| RULES.contains(&finding.rule.as_str()));
                    changes.insert(parts.card.id, found.collect());
                });
                read.is_ok()
            })?;
            read.map(|()| (reports, changes))
        })
        .await?;
    let mut entries: Vec<LedgerEntry> = Vec::with_capacity(records.len());
    for record in records {
        // The ledger learns with the next visit that a snapshot has gone through the pipeline.
        let ids =
            [&record.pending, &record.standing].map(|sighting| sighting.as_ref().map(|one| one.id.clone()));
        let report = ids.into_iter().flatten().find_map(|id| reports.remove(&id));
        let changes = report.as_ref().and_then(|report| changes.remove(&report.id)).unwrap_or_default();
        let entry = LedgerEntry { record, report, changes };
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        if caller.may_see(known(entry.region()).as_deref(), known(entry.agency()).as_deref()) {
            entries.push(entry);
        }
    }
    entries.sort_by(|one, other| one.record.address.cmp(&other.record.address));
    Ok(entries)
}

/// The pages of the reports by the SHA-256 of their originals. Nothing where the ledger cannot be read: the roster is
/// shown without them.
pub(crate) async fn by_original(bus: &Bus) -> HashMap<String, PublishedPage> {
    match bus.bucket(PUBLISHED).all(">").await {
        Ok(all) => all.entries.iter().flat_map(|entry| pages(&entry.value)).collect(),
        Err(error) => {
            tracing::warn!("reading the ledger of published pages: {error:#}");
            HashMap::new()
        }
    }
}

fn pages(record: &[u8]) -> Vec<(String, PublishedPage)> {
    let Ok(LedgerRecord { address, first, standing, .. }) = serde_json::from_slice(record) else {
        return Vec::new();
    };
    let Some(first_fetched_at_ms) = first.as_ref().or(standing.as_ref()).map(|first| first.fetched_at_ms)
    else {
        return Vec::new();
    };
    let page = PublishedPage { address, first_fetched_at_ms };
    [first, standing].into_iter().flatten().map(|one| (one.original, page.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_the_first_and_the_standing_snapshot_have_their_page() {
        let record = br#"{"address":"http://a/","state":"changed","first":{"original":"a","fetched_at_ms":5},
                          "standing":{"original":"b","fetched_at_ms":9}}"#;
        let found: HashMap<String, PublishedPage> = pages(record).into_iter().collect();
        let page = PublishedPage { address: "http://a/".into(), first_fetched_at_ms: 5 };
        assert_eq!(found, HashMap::from([("a".into(), page.clone()), ("b".into(), page)]));
        assert_eq!(pages(br#"{"address":"http://a/"}"#), []);
    }
}
