//! The encoding of the parts that only the index reads: never published, and replaced with the schema.

use report::{Date, FormId, Region, Report, Verdict, Year};

use crate::millionths::is_exact;
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
    pub(crate) fn of(indexed: &IndexedReport, report: &Report, verdict: Verdict) -> Self {
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
        }
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
