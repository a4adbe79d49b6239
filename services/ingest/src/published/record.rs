//! The record of one address: what was seen there and when, and when to look again. Pure: the caller brings the clock.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use fetch::{Document, FetchError, Known, ListedAddress, Validators, web_address};
use report::beijing;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::manifest::RefusedFile;

const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600 * SECOND_MS;
/// A page whose last snapshot is still in the pipeline is visited after it has gone through.
const SETTLE_MS: i64 = 2 * SECOND_MS;
/// The first pause after a failure; it doubles.
const RETRY_MS: i64 = HOUR_MS;
/// Visits after failures, before the schedule or somebody asks again.
const RETRIES: u32 = 5;

/// One address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    pub(crate) address: String,
    pub(crate) agency: String,
    pub(crate) region: String,
    pub(crate) year: Option<u16>,
    /// The text of its link in the list where it was found, and that list; empty where somebody named the address.
    pub(crate) title: String,
    pub(crate) found_in: String,
    /// When it was published, as that list says.
    pub(crate) listed_as: Option<String>,
    /// When to visit it next; none until somebody asks.
    pub(crate) due_ms: Option<i64>,
    pub(crate) state: PageState,
    pub(crate) checked_at_ms: i64,
    pub(crate) problem: Option<Trouble>,
    pub(crate) failures: u32,
    pub(crate) page: Validators,
    pub(crate) attachment: Option<Attachment>,
    /// The SHA-256 of the bytes of the last visit.
    pub(crate) seen: String,
    /// The first snapshot, the one that stands, and the one that is in the pipeline.
    pub(crate) first: Option<Sighting>,
    pub(crate) standing: Option<Sighting>,
    pub(crate) pending: Option<Sighting>,
    pub(crate) missing: Option<Missing>,
    /// How many reports a list has.
    pub(crate) listed: usize,
}

/// What the last visit found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PageState {
    /// It was not visited yet.
    #[default]
    Waiting,
    /// A report, for the first time.
    Fetched,
    /// The same bytes as before.
    Unchanged,
    /// Other bytes than before.
    Changed,
    /// A list of reports.
    List,
    /// Nothing any longer.
    Gone,
    /// It could not be visited.
    Failed,
}

/// A snapshot that was submitted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Sighting {
    /// The id of its reading; empty until it was submitted.
    pub(crate) id: String,
    /// The SHA-256 of its bytes.
    pub(crate) original: String,
    pub(crate) fetched_at_ms: i64,
    /// Where the bytes are.
    pub(crate) document: String,
}

/// The attachment that is the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attachment {
    url: String,
    #[serde(flatten)]
    validators: Validators,
}

/// A report that is no longer there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Missing {
    pub(crate) status: u16,
    pub(crate) since_ms: i64,
    /// Visits that missed it.
    pub(crate) visits: u32,
    /// Whether its report says so.
    pub(crate) is_reported: bool,
}

/// Why a visit brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trouble {
    /// A stable name.
    pub(crate) code: String,
    /// For officials.
    pub(crate) zh: String,
    /// For operators.
    pub(crate) en: String,
}

/// The key of an address in the ledger.
pub(crate) fn key_of(address: &str) -> String {
    // As the ledger writes it, e.g. with a slash after the host.
    let address = web_address(address).map_or_else(|| address.to_owned(), String::from);
    HEXLOWER.encode(&Sha256::digest(address)[..16])
}

impl Record {
    /// An address that is due now.
    pub(crate) fn new(listed: ListedAddress, now_ms: i64) -> Self {
        let ListedAddress { address, agency, region, year } = listed;
        Self { address, agency, region, year, due_ms: Some(now_ms), ..Self::default() }
    }

    /// None where another version wrote something else.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(crate) fn bytes(&self) -> Bytes {
        serde_json::to_vec(self).expect("a record has text keys only").into()
    }

    pub(crate) fn is_due(&self, now_ms: i64) -> bool {
        self.due_ms.is_some_and(|due| due <= now_ms)
    }

    /// The host that it is on.
    pub(crate) fn host(&self) -> String {
        web_address(&self.address).and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// What the site is asked to compare with.
    pub(crate) fn known(&self) -> Known {
        let attachment = self.attachment.clone().and_then(|Attachment { url, validators }| {
            Some(Document { url: web_address(&url)?, validators })
        });
        Known { page: self.page.clone(), attachment }
    }

    pub(crate) fn remember(&mut self, known: Known) {
        self.page = known.page;
        self.attachment =
            known.attachment.map(|Document { url, validators }| Attachment { url: url.into(), validators });
    }

    /// Everything is fetched again, whatever the site says of it.
    pub(crate) fn forget_seen(&mut self) {
        self.seen = String::new();
        self.remember(Known::default());
    }

    /// The last snapshot is still in the pipeline.
    pub(crate) fn wait_for_pipeline(&mut self, now_ms: i64) {
        self.due_ms = Some(now_ms + SETTLE_MS);
    }

    /// The snapshot in the pipeline has become a version of the report.
    pub(crate) fn stands(&mut self) {
        let before = std::mem::replace(&mut self.standing, self.pending.take());
        let is_same = |now: &Sighting| before.is_some_and(|before| before.original == now.original);
        // Other bytes are a report that is there; the same ones only say what became of it.
        if !self.standing.as_ref().is_some_and(is_same) {
            self.missing = None;
        }
        self.first = self.first.take().or_else(|| self.standing.clone());
    }

    /// The address answered.
    pub(crate) fn visited(&mut self, state: PageState, now_ms: i64, every_ms: Option<i64>) {
        self.state = state;
        self.checked_at_ms = now_ms;
        self.problem = None;
        self.failures = 0;
        self.due_ms = every_ms.map(|every| now_ms + every);
    }

    /// What was fetched was not accepted.
    pub(crate) fn refused(&mut self, refused: &RefusedFile) {
        let RefusedFile { file_name, class, message } = refused;
        self.state = PageState::Failed;
        self.problem = Some(Trouble {
            code: class.name().to_owned(),
            zh: format!("{}：{message}", self.address),
            en: format!("{}: {file_name} is refused as {class}", self.address),
        });
    }

    /// Counts a visit that found something else there.
    pub(crate) fn missed_by(&mut self, status: u16, at_ms: i64) {
        let missing = Missing { status, since_ms: at_ms, visits: 0, is_reported: false };
        let missing = self.missing.get_or_insert(missing);
        missing.visits += 1;
        missing.status = status;
    }

    /// Counts a visit that missed the report. Whether it is time to report that: twice, so long apart.
    pub(crate) fn missed(
        &mut self,
        status: u16,
        now_ms: i64,
        gone_after_ms: i64,
        every_ms: Option<i64>,
    ) -> bool {
        self.visited(PageState::Gone, now_ms, every_ms);
        self.missed_by(status, now_ms);
        let Some(Missing { since_ms, visits, is_reported, .. }) = self.missing else { return false };
        let confirms_at = since_ms + gone_after_ms;
        let is_certain = visits > 1 && now_ms >= confirms_at;
        if !is_certain && !is_reported {
            self.due_ms = Some(confirms_at);
        }
        is_certain && !is_reported && self.standing.is_some()
    }

    /// A visit failed. It is repeated a few times; what the site or the settings forbid is not.
    pub(crate) fn failed(&mut self, error: &FetchError, now_ms: i64, every_ms: Option<i64>) {
        let failures = self.failures + 1;
        self.visited(PageState::Failed, now_ms, every_ms);
        self.failures = failures;
        self.problem =
            Some(Trouble { code: error.code().into(), zh: error.in_chinese(), en: error.to_string() });
        let again_ms = match error {
            FetchError::Busy { after, .. } => {
                i64::try_from(after.as_millis()).unwrap_or(RETRY_MS).max(60 * SECOND_MS)
            }
            FetchError::Disallowed(_)
            | FetchError::InnerAddress(_)
            | FetchError::NotHttp(_)
            | FetchError::TooLarge { .. }
            | FetchError::TooManyRedirects { .. } => return,
            _ => RETRY_MS << failures.min(RETRIES),
        };
        if failures <= RETRIES {
            let due = now_ms + again_ms;
            self.due_ms = Some(self.due_ms.map_or(due, |scheduled| scheduled.min(due)));
        }
    }

    /// The record in JSON.
    pub(crate) fn shown(&self, now_ms: i64) -> Value {
        let time = |ms: i64| (ms != 0).then(|| beijing::format_time(ms));
        let standing = self.standing.as_ref().or(self.pending.as_ref());
        json!({
            "address": self.address,
            "agency": self.agency,
            "region": self.region,
            "year": self.year,
            "title": self.title,
            "found_in": self.found_in,
            "listed_as": self.listed_as,
            "state": self.state,
            "is_due": self.is_due(now_ms + SETTLE_MS),
            "due": self.due_ms.and_then(time),
            "checked_at": time(self.checked_at_ms),
            "problem": self.problem,
            "id": standing.map(|sighting| &sighting.id).filter(|id| !id.is_empty()),
            "document": standing.map(|sighting| &sighting.document),
            "original": standing.map(|sighting| &sighting.original),
            "first_fetched_at": self.first.as_ref().or(standing).and_then(|first| time(first.fetched_at_ms)),
            "fetched_at": standing.and_then(|standing| time(standing.fetched_at_ms)),
            "gone_since": self.missing.as_ref().and_then(|missing| time(missing.since_ms)),
            "is_gone": self.missing.as_ref().is_some_and(|missing| missing.is_reported),
            "listed": self.listed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * HOUR_MS;

    fn record() -> Record {
        let address = "http://a.gov.cn/1.html".to_owned();
        let listed = ListedAddress { address, agency: String::new(), region: String::new(), year: None };
        Record { standing: Some(Sighting::default()), ..Record::new(listed, 5) }
    }

    #[test]
    fn a_record_survives_being_written() {
        let record = Record { attachment: None, state: PageState::Gone, ..record() };
        assert_eq!(Record::parse(&record.bytes()), Some(record));
        assert_eq!(key_of("http://a.gov.cn"), key_of("http://a.gov.cn/#top"));
    }

    #[test]
    fn a_page_is_gone_when_it_was_missed_twice_a_day_apart() {
        let mut page = record();
        assert!(!page.missed(404, 10, DAY, None));
        assert_eq!(page.due_ms, Some(10 + DAY), "without a schedule too");
        assert!(!page.missed(404, 10 + HOUR_MS, DAY, None), "twice, but too soon");
        assert!(page.missed(410, 10 + DAY, DAY, None));
        assert_eq!(page.missing.as_ref().map(|missing| (missing.status, missing.since_ms)), Some((410, 10)));
        page.missing.as_mut().unwrap().is_reported = true;
        assert!(!page.missed(404, 10 + 2 * DAY, DAY, None), "it was reported");
        assert_eq!(page.due_ms, None);
        let mut unknown = Record { standing: None, ..record() };
        assert!(!unknown.missed(404, 10, 0, None) && !unknown.missed(404, 11, 0, None), "there is no report");
    }

    #[test]
    fn a_failed_visit_is_repeated_later_and_not_forever() {
        let url = web_address("http://a.gov.cn/").unwrap();
        let mut page = record();
        let mut pauses = Vec::new();
        for _ in 0..7 {
            page.failed(&FetchError::TimedOut(url.clone()), 0, None);
            pauses.push(page.due_ms.map(|due| due / HOUR_MS));
        }
        assert_eq!(pauses, [Some(2), Some(4), Some(8), Some(16), Some(32), None, None]);
        let mut page = record();
        page.failed(&FetchError::Disallowed(url), 0, Some(DAY));
        assert_eq!((page.due_ms, page.state), (Some(DAY), PageState::Failed));
    }
}
