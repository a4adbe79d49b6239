//! The encoding of the parts that only the index reads: never published, and replaced with the schema.

use report::workflow::{Act, ReviewState};
use report::{Date, FormId, Region, Report, Verdict, Year};

use crate::millionths::is_exact;
use crate::reviews::Acts;
use crate::stored::CardHandling;
use crate::versions::IndexedReport;
use crate::{Version, Withdrawal, stored};

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Card {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(string, tag = "2")]
    pub(crate) id: String,
    #[prost(string, tag = "3")]
    pub(crate) title: String,
    #[prost(string, optional, tag = "4")]
    pub(crate) agency: Option<String>,
    #[prost(uint32, tag = "5")]
    pub(crate) year: u32,
    #[prost(message, optional, tag = "6")]
    pub(crate) region: Option<proto::v1::Region>,
    #[prost(string, tag = "7")]
    pub(crate) form: String,
    #[prost(enumeration = "proto::v1::Verdict", tag = "8")]
    pub(crate) verdict: i32,
    #[prost(string, tag = "9")]
    pub(crate) published: String,
    #[prost(uint64, tag = "10")]
    pub(crate) versions: u64,
    #[prost(bool, tag = "11")]
    pub(crate) is_withdrawn: bool,
    #[prost(int64, tag = "12")]
    pub(crate) submitted_at_ms: i64,
    #[prost(string, tag = "13")]
    pub(crate) original: String,
    #[prost(string, repeated, tag = "14")]
    pub(crate) scopes: Vec<String>,
    /// The columns hold a cell of this report rounded or cut off; the fact has its value.
    #[prost(bool, tag = "15")]
    pub(crate) has_rounded_cells: bool,
    #[prost(message, optional, tag = "16")]
    pub(crate) handling: Option<StoredHandling>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredHandling {
    #[prost(string, tag = "1")]
    state: String,
    #[prost(int64, tag = "2")]
    since_ms: i64,
    #[prost(string, tag = "3")]
    due: String,
    #[prost(string, optional, tag = "4")]
    assignee: Option<String>,
    #[prost(uint32, tag = "5")]
    open_errors: u32,
    #[prost(uint32, tag = "6")]
    open_warnings: u32,
    #[prost(string, optional, tag = "7")]
    first_rule: Option<String>,
    #[prost(uint32, tag = "8")]
    problems: u32,
    #[prost(uint32, tag = "9")]
    acts: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredActs {
    #[prost(message, repeated, tag = "1")]
    acts: Vec<StoredAct>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredAct {
    #[prost(uint64, tag = "1")]
    sequence: u64,
    #[prost(message, optional, tag = "2")]
    event: Option<proto::v1::ReportReviewed>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct History {
    #[prost(message, repeated, tag = "1")]
    pub(crate) versions: Vec<StoredVersion>,
    #[prost(message, optional, tag = "2")]
    pub(crate) withdrawal: Option<StoredWithdrawal>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredVersion {
    #[prost(uint64, tag = "1")]
    number: u64,
    #[prost(string, tag = "2")]
    id: String,
    #[prost(string, tag = "3")]
    original: String,
    #[prost(string, tag = "4")]
    submission: String,
    #[prost(int64, tag = "5")]
    submitted_at_ms: i64,
    #[prost(string, tag = "6")]
    file_name: String,
    #[prost(enumeration = "proto::v1::Verdict", tag = "7")]
    verdict: i32,
    #[prost(string, tag = "8")]
    sender: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StoredWithdrawal {
    #[prost(string, tag = "1")]
    who: String,
    #[prost(string, tag = "2")]
    why: String,
}

impl Card {
    pub(crate) fn of(
        indexed: &IndexedReport,
        report: &Report,
        verdict: Verdict,
        handling: &CardHandling,
    ) -> Self {
        let title = report.title.as_ref().filter(|title| !title.is_empty());
        let mut values = report.cells.iter().filter_map(|(_, cell)| cell.value);
        let is_scope = |remark: &&report::Remark| remark.kind == report::RemarkKind::Scope;
        Self {
            key: indexed.key.clone(),
            id: indexed.current.id.clone(),
            title: title.unwrap_or(&indexed.current.file_name).clone(),
            agency: report.agency.clone(),
            year: report.year.map_or(0, |year| year.get().into()),
            region: report.region.as_ref().map(Into::into),
            form: report.form.map(|form| form.as_str().to_owned()).unwrap_or_default(),
            verdict: proto::v1::Verdict::from(verdict).into(),
            published: report.published.map(|day| day.to_string()).unwrap_or_default(),
            versions: indexed.versions.len() as u64,
            is_withdrawn: indexed.withdrawal.is_some(),
            submitted_at_ms: indexed.current.submitted_at_ms,
            original: indexed.current.original.clone(),
            scopes: report.remarks.iter().filter(is_scope).map(|remark| remark.text.clone()).collect(),
            has_rounded_cells: values.any(|value| !is_exact(value)),
            handling: Some(handling.into()),
        }
    }
}

impl From<Card> for stored::Card {
    fn from(card: Card) -> Self {
        Self {
            year: Year::new(card.year.into()),
            form: FormId::parse(&card.form),
            verdict: verdict(card.verdict),
            published: card.published.parse::<Date>().ok(),
            key: card.key,
            id: card.id,
            title: card.title,
            agency: card.agency,
            region: card.region.map(|region| Region { code: region.code, name: region.name }),
            versions: card.versions as usize,
            is_withdrawn: card.is_withdrawn,
            submitted_at_ms: card.submitted_at_ms,
            original: card.original,
            scopes: card.scopes,
            handling: card.handling.unwrap_or_default().into(),
        }
    }
}

impl From<&CardHandling> for StoredHandling {
    fn from(handling: &CardHandling) -> Self {
        let CardHandling {
            state,
            since_ms,
            due,
            assignee,
            open_errors,
            open_warnings,
            first_rule,
            problems,
            acts,
        } = handling.clone();
        Self {
            state: state.as_str().to_owned(),
            since_ms,
            due: due.map(|day| day.to_string()).unwrap_or_default(),
            assignee,
            open_errors,
            open_warnings,
            first_rule,
            problems,
            acts,
        }
    }
}

impl From<StoredHandling> for CardHandling {
    fn from(stored: StoredHandling) -> Self {
        let StoredHandling {
            state,
            since_ms,
            due,
            assignee,
            open_errors,
            open_warnings,
            first_rule,
            problems,
            acts,
        } = stored;
        Self {
            state: ReviewState::parse(&state).unwrap_or(ReviewState::Pending),
            since_ms,
            due: due.parse().ok(),
            assignee,
            open_errors,
            open_warnings,
            first_rule,
            problems,
            acts,
        }
    }
}

impl From<&Acts> for StoredActs {
    fn from(acts: &Acts) -> Self {
        let acts = acts.0.values();
        let acts = acts.map(|(sequence, act)| StoredAct { sequence: *sequence, event: Some(act.into()) });
        Self { acts: acts.collect() }
    }
}

impl TryFrom<StoredActs> for Acts {
    type Error = proto::ConvertError;

    fn try_from(stored: StoredActs) -> Result<Self, Self::Error> {
        let acts = stored.acts.into_iter().map(|stored| {
            let act = Act::try_from(&stored.event.unwrap_or_default())?;
            Ok((act.number, (stored.sequence, act)))
        });
        acts.collect::<Result<_, _>>().map(Self)
    }
}

impl From<&IndexedReport> for History {
    fn from(indexed: &IndexedReport) -> Self {
        let withdrawal = indexed.withdrawal.as_ref();
        Self {
            versions: indexed.versions.values().map(StoredVersion::from).collect(),
            withdrawal: withdrawal
                .map(|Withdrawal { who, why }| StoredWithdrawal { who: who.clone(), why: why.clone() }),
        }
    }
}

impl From<&Version> for StoredVersion {
    fn from(version: &Version) -> Self {
        Self {
            number: version.number,
            id: version.id.clone(),
            original: version.original.clone(),
            submission: version.submission.clone(),
            submitted_at_ms: version.submitted_at_ms,
            file_name: version.file_name.clone(),
            verdict: proto::v1::Verdict::from(version.verdict).into(),
            sender: version.sender.clone(),
        }
    }
}

impl From<StoredVersion> for Version {
    fn from(version: StoredVersion) -> Self {
        Self {
            verdict: verdict(version.verdict),
            number: version.number,
            id: version.id,
            original: version.original,
            submission: version.submission,
            submitted_at_ms: version.submitted_at_ms,
            file_name: version.file_name,
            sender: version.sender,
        }
    }
}

impl From<StoredWithdrawal> for Withdrawal {
    fn from(withdrawal: StoredWithdrawal) -> Self {
        Self { who: withdrawal.who, why: withdrawal.why }
    }
}

fn verdict(number: i32) -> Verdict {
    let known = proto::v1::Verdict::try_from(number).ok();
    known.and_then(|verdict| verdict.try_into().ok()).unwrap_or(Verdict::Pass)
}
