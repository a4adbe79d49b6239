//! Follows the log from a recent sequence on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::{Event, Since};
use proto::subject;
use proto::v1::{self, ReportIndexed, ReportRefused, ReportSubmitted};
use report::{Region, Verdict};
use search::CurrentReader;
use worker::Worker;

use super::{Item, Kind, Remembered};

/// Messages of the log that are looked at after a start; a report has five.
const WINDOW: u64 = 60_000;
/// Delay before the log is followed again after an error.
const RECONNECT_DELAY: Duration = Duration::from_secs(5);

/// Remembers what happens until shutdown.
pub(super) async fn follow(worker: Worker, index: Arc<CurrentReader>, remembered: Arc<Mutex<Remembered>>) {
    let Some(from) = first_sequence(&worker, &remembered).await else { return };
    let following =
        |source| Following { worker: worker.clone(), remembered: remembered.clone(), next: from, source };
    let indexed = Source::Indexed(FirstVersions { index, seen: HashMap::new() });
    tokio::join!(following(indexed).run(), following(Source::Refused).run());
}

/// Where to begin; none where a shutdown was requested first.
async fn first_sequence(worker: &Worker, remembered: &Mutex<Remembered>) -> Option<u64> {
    loop {
        match worker.bus().extent().await {
            Ok(log) => {
                let mut remembered = remembered.lock().unwrap_or_else(PoisonError::into_inner);
                remembered.log_made_at_ms = log.made_at_ms;
                return Some(log.last.saturating_sub(WINDOW).max(log.first));
            }
            Err(error) => tracing::warn!("asking for the log for the news: {error:#}"),
        }
        if !worker.shutdown().unless_requested(tokio::time::sleep(RECONNECT_DELAY)).await {
            return None;
        }
    }
}

/// One kind of fact that is followed.
struct Following {
    worker: Worker,
    remembered: Arc<Mutex<Remembered>>,
    /// The sequence that comes next.
    next: u64,
    source: Source,
}

/// A kind of fact that makes news.
enum Source {
    Indexed(FirstVersions),
    Refused,
}

impl Source {
    fn filter(&self) -> String {
        match self {
            Self::Indexed(_) => subject::filter::<ReportIndexed>(),
            Self::Refused => subject::filter::<ReportRefused>(),
        }
    }

    async fn item_of(&mut self, event: &Event) -> Option<Item> {
        match self {
            Self::Indexed(versions) => {
                let fact = event.decode::<ReportIndexed>()?;
                let kind = versions.kind_of(&fact).await;
                Some(of_indexed(event, fact, kind))
            }
            Self::Refused => Some(of_refused(event, event.decode::<ReportRefused>()?)),
        }
    }
}

impl Following {
    async fn run(mut self) {
        let filter = self.source.filter();
        while !self.worker.shutdown().is_requested() {
            match self.worker.bus().follow(filter.clone(), Since::Sequence(self.next)).await {
                Ok(mut feed) => {
                    while let Some(event) = feed.next().await {
                        self.next = event.sequence + 1;
                        let Some(item) = self.source.item_of(&event).await else { continue };
                        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
                        remembered.add(event.sequence, item);
                    }
                }
                Err(error) => tracing::warn!("following {filter} for the news: {error:#}"),
            }
            self.worker.shutdown().unless_requested(tokio::time::sleep(RECONNECT_DELAY)).await;
        }
    }
}

/// Tells the first version of a report from a later one.
struct FirstVersions {
    index: Arc<CurrentReader>,
    /// The version of each report that was seen first, by the key of the report.
    seen: HashMap<String, String>,
}

impl FirstVersions {
    async fn kind_of(&mut self, fact: &ReportIndexed) -> Kind {
        let submitted = fact.submitted.clone().unwrap_or_default();
        if submitted.withdraws.is_some() {
            return Kind::Withdrawn;
        }
        if let Some(first) = self.seen.get(&fact.report) {
            return if *first == submitted.id { Kind::Received } else { Kind::Corrected };
        }
        self.seen.insert(fact.report.clone(), submitted.id.clone());
        match self.has_earlier(fact.report.clone(), submitted.id).await {
            true => Kind::Corrected,
            false => Kind::Received,
        }
    }

    /// Whether the index has an earlier version of the report. False where the index cannot be read.
    async fn has_earlier(&self, key: String, id: String) -> bool {
        let index = self.index.clone();
        let looked_up = tokio::task::spawn_blocking(move || {
            let reader = index.reader()?;
            let has_several = reader.card(&key)?.is_some_and(|card| card.versions > 1);
            let report = if has_several { reader.get(&key)? } else { None };
            let first = report.and_then(|report| report.versions.into_iter().next());
            Ok::<_, search::IndexError>(first.is_some_and(|first| first.id != id))
        });
        looked_up.await.is_ok_and(|found| found.unwrap_or(false))
    }
}

fn of_indexed(event: &Event, fact: ReportIndexed, kind: Kind) -> Item {
    let verdict = verdict_of(&fact);
    let submitted = fact.submitted.unwrap_or_default();
    let withdrawal = submitted.withdraws.as_ref();
    Item {
        kind,
        id: event.sequence.to_string(),
        sequence: Some(event.sequence),
        at_ms: event.at_ms,
        report: Some(fact.report),
        agency: Some(fact.agency).filter(|agency| !agency.is_empty()),
        region: fact.region.map(|region| Region { code: region.code, name: region.name }),
        year: u16::try_from(fact.year).ok().filter(|year| *year > 0),
        file_name: Some(submitted.file_name.clone()),
        verdict: verdict.filter(|_| kind != Kind::Withdrawn),
        why: withdrawal.map(|withdrawal| withdrawal.why.clone()),
        submitted: Some(Arc::new(without_bytes(submitted))),
    }
}

fn verdict_of(fact: &ReportIndexed) -> Option<Verdict> {
    match fact.verdict() {
        v1::Verdict::Unspecified => None,
        v1::Verdict::Pass => Some(Verdict::Pass),
        v1::Verdict::Warn => Some(Verdict::Warn),
        v1::Verdict::Fail => Some(Verdict::Fail),
    }
}

fn of_refused(event: &Event, fact: ReportRefused) -> Item {
    let submitted = fact.submitted.unwrap_or_default();
    Item {
        kind: Kind::Refused,
        id: event.sequence.to_string(),
        sequence: Some(event.sequence),
        at_ms: event.at_ms,
        report: Some(submitted.id.clone()),
        agency: None,
        region: None,
        year: None,
        file_name: Some(submitted.file_name.clone()).filter(|name| !name.is_empty()),
        verdict: None,
        why: Some(fact.message),
        submitted: Some(Arc::new(without_bytes(submitted))),
    }
}

/// What says who may follow the submission.
fn without_bytes(submitted: ReportSubmitted) -> ReportSubmitted {
    ReportSubmitted { sender: submitted.sender, scope: submitted.scope, ..ReportSubmitted::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_version_is_a_correction_and_the_first_read_again_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let index = Arc::new(CurrentReader::new(folder.path()));
        let mut versions = FirstVersions { index, seen: HashMap::new() };
        let mut check = async |report: &str, id: &str, withdraws: bool, expected: Kind| {
            let withdraws = withdraws.then(v1::Withdrawal::default);
            let submitted = ReportSubmitted { id: id.into(), withdraws, ..Default::default() };
            let fact =
                ReportIndexed { submitted: Some(submitted), report: report.into(), ..Default::default() };
            assert_eq!(versions.kind_of(&fact).await, expected, "{report} {id}");
        };
        check("a", "1", false, Kind::Received).await;
        check("b", "2", false, Kind::Received).await;
        check("a", "3", false, Kind::Corrected).await;
        check("a", "1", false, Kind::Received).await;
        check("a", "4", true, Kind::Withdrawn).await;
    }
}
