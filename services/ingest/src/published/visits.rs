//! Visits the addresses that are due: one process does, the one with the lease, several hosts at a time.
//!
//! A kill at any instruction loses nothing: a record is written before its snapshot is submitted and after. In between
//! the same bytes, fetched again, are the same act of sending.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access::Caller;
use anyhow::Context as _;
use bus::{Bucket, FETCH_LEASE, Published, Written};
use data_encoding::HEXLOWER;
use fetch::{Fetcher, FetcherConfig, Found, ListedAddress, Snapshot, Visit, stated_year, web_address};
use proto::v1::{Publication, ReportRefused, ReportSubmitted};
use proto::{Fault, RefusalClass, ReportId, ReportState};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;
use worker::Config;

use super::record::{Missing, PageState, Record, Sighting, key_of};
use super::{CONFLICTS, add, ledger, networks};
use crate::Ingest;
use crate::builder::{SubmissionBuilder, now_ms};

/// Time between two looks at the ledger.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Hosts that are visited at once.
const HOSTS: usize = 8;
/// One request with its body; a slow site with a large PDF takes a minute.
const TIMEOUT: Duration = Duration::from_secs(120);
/// A page waits so long while ingest accepts nothing.
const NO_CAPACITY_MS: i64 = 60_000;
/// What the site answers where the page has something else than a report.
const OTHER_CONTENT: u16 = 200;

/// Visits until shutdown.
///
/// # Errors
/// If the settings are wrong.
pub(crate) async fn run(ingest: Ingest) -> anyhow::Result<()> {
    let config = ingest.worker().config().fetch.clone();
    let fetcher = Fetcher::new(FetcherConfig {
        networks: networks(ingest.worker().config())?,
        delay: config.delay,
        timeout: TIMEOUT,
        contact: config.contact,
    });
    let visitor = Visitor {
        ledger: ledger(ingest.bus()),
        fetcher: fetcher.context("setting up the HTTP client")?,
        every_ms: config.every.map(millis),
        gone_after_ms: millis(config.gone_after),
        ingest,
    };
    let shutdown = visitor.ingest.worker().shutdown();
    let mut lease = visitor.ingest.bus().lease(FETCH_LEASE, candidate_name(visitor.ingest.worker().config()));
    tokio::select! {
        () = shutdown.requested() => {}
        () = async {
            lease.acquired().await;
            visitor.follow(lease.observer()).await;
        } => {}
    }
    lease.release().await;
    Ok(())
}

/// The same for a process that is started again, so that it continues at once.
fn candidate_name(config: &Config) -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    match config.listen {
        Some(address) => format!("{host}:{address}"),
        None => format!("{host}:{}", std::process::id()),
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[derive(Clone)]
struct Visitor {
    ingest: Ingest,
    ledger: Bucket,
    fetcher: Fetcher,
    every_ms: Option<i64>,
    gone_after_ms: i64,
}

impl Visitor {
    /// Visits what is due, for ever. Each host has a task that visits its addresses one after the other.
    async fn follow(&self, is_leader: impl Fn() -> bool) {
        let mut records: HashMap<String, Record> = HashMap::new();
        let (mut last, mut failed) = (0, false);
        let busy: Arc<Mutex<HashSet<String>>> = Arc::default();
        let mut tasks = JoinSet::new();
        loop {
            match self.ledger.changes(">", last).await {
                Ok(changes) => {
                    failed = false;
                    last = changes.last;
                    for entry in changes.entries {
                        match Record::parse(&entry.value) {
                            Some(record) => records.insert(entry.key, record),
                            None => records.remove(&entry.key),
                        };
                    }
                }
                // An installation whose topology is older has no ledger yet.
                Err(error) if !failed => {
                    failed = true;
                    tracing::warn!("cannot read the ledger of published pages: {error:#}");
                }
                Err(_) => {}
            }
            while tasks.try_join_next().is_some() {}
            let now = now_ms();
            let mut due: HashMap<String, Vec<String>> = HashMap::new();
            for (key, record) in records.iter().filter(|(_, record)| is_leader() && record.is_due(now)) {
                due.entry(record.host()).or_default().push(key.clone());
            }
            for (host, mut keys) in due {
                let is_free = {
                    let mut busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
                    busy.len() < HOSTS && busy.insert(host.clone())
                };
                if is_free {
                    keys.sort();
                    let (visitor, busy) = (self.clone(), Arc::clone(&busy));
                    tasks.spawn(async move {
                        for key in keys {
                            visitor.visit_key(&key).await;
                        }
                        busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&host);
                    });
                }
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    async fn visit_key(&self, key: &str) {
        if let Err(error) = self.try_visit(key).await {
            // The record is as it was, so the page is still due.
            tracing::warn!("cannot record a visit: {error:#}");
        }
    }

    /// Visits an address if it is still due, and writes its record.
    async fn try_visit(&self, key: &str) -> anyhow::Result<()> {
        let Some(entry) = self.ledger.get(key).await? else { return Ok(()) };
        let Some(before) = Record::parse(&entry.value).filter(|record| record.is_due(now_ms())) else {
            return Ok(());
        };
        let mut record = before.clone();
        self.visit(key, &mut record).await?;
        bus::failpoint("visited");
        self.write(key, &before, record).await
    }

    /// Writes a record. A request that made the address due meanwhile counts.
    async fn write(&self, key: &str, before: &Record, record: Record) -> anyhow::Result<()> {
        for _ in 0..CONFLICTS {
            let Some(entry) = self.ledger.get(key).await? else { return Ok(()) };
            let now = Record::parse(&entry.value).unwrap_or_else(|| before.clone());
            let due_ms = if now.due_ms == before.due_ms { record.due_ms } else { now.due_ms };
            let record = Record { due_ms, ..record.clone() };
            if self.ledger.replace(key, record.bytes(), entry.sequence).await? == Written::Stored {
                return Ok(());
            }
        }
        anyhow::bail!("the record {key} changes all the time")
    }

    async fn visit(&self, key: &str, record: &mut Record) -> anyhow::Result<()> {
        if !self.settle(record).await? {
            record.wait_for_pipeline(now_ms());
            return Ok(());
        }
        let Some(url) = web_address(&record.address) else { return Ok(()) };
        let found = fetch::visit(&self.fetcher, &url, &record.known(), record.found_in.is_empty()).await;
        let now = now_ms();
        match found {
            Ok(Visit::Unchanged) => self.is_there(record, PageState::Unchanged).await,
            Ok(Visit::Snapshot(snapshot)) => self.submit(key, record, snapshot).await,
            Ok(Visit::List(found)) => self.list(record, found).await,
            Ok(Visit::Gone(status)) => {
                tracing::info!(page.address = record.address, status, "a published page is not there");
                self.missed(record, status).await
            }
            Err(error) => {
                tracing::info!(page.address = record.address, "cannot visit a published page: {error}");
                record.failed(&error, now, self.every_ms);
                Ok(())
            }
        }
    }

    /// Finds out what became of the last snapshot; false while it is in the pipeline.
    async fn settle(&self, record: &mut Record) -> anyhow::Result<bool> {
        let Some(pending) = record.pending.clone().filter(|pending| !pending.id.is_empty()) else {
            return Ok(true);
        };
        let bus = self.ingest.bus();
        let history = bus.history(&pending.id).await?;
        match ReportState::furthest(history.iter().map(bus::Event::fact)) {
            Some(ReportState::Indexed) => record.stands(),
            Some(ReportState::Refused) => {
                record.pending = None;
                let refused = bus.last_of_id::<ReportRefused>(&pending.id).await?;
                let class = refused.and_then(|refused| RefusalClass::parse(&refused.class).ok());
                match class {
                    Some(RefusalClass::NotAReport) if record.standing.is_some() => {
                        // The page is there and has something else.
                        record.forget_seen();
                        record.seen = pending.original;
                        record.missed_by(OTHER_CONTENT, pending.fetched_at_ms);
                    }
                    Some(class) if class.info().fault == Fault::Operator => record.forget_seen(),
                    _ => {}
                }
            }
            None => record.pending = None,
            Some(_) => return Ok(false),
        }
        Ok(true)
    }

    /// The report is where it was.
    async fn is_there(&self, record: &mut Record, state: PageState) -> anyhow::Result<()> {
        record.visited(state, now_ms(), self.every_ms);
        let is_back = record.missing.take().is_some_and(|missing| missing.is_reported);
        if is_back { self.report_missing(record, None).await } else { Ok(()) }
    }

    async fn missed(&self, record: &mut Record, status: u16) -> anyhow::Result<()> {
        if record.missed(status, now_ms(), self.gone_after_ms, self.every_ms) {
            let missing = record.missing.clone();
            self.report_missing(record, missing).await?;
            if let Some(missing) = &mut record.missing {
                missing.is_reported = true;
            }
        }
        Ok(())
    }

    /// Has the standing snapshot read again with what became of its page, so that the report has the finding, or has
    /// it no longer. The time of submission stays: a version that was sent later stays the current one.
    async fn report_missing(&self, record: &mut Record, missing: Option<Missing>) -> anyhow::Result<()> {
        let Some(standing) = record.standing.clone() else { return Ok(()) };
        let bus = self.ingest.bus();
        let Some(sent) = bus.last_of_id::<ReportSubmitted>(&standing.id).await? else { return Ok(()) };
        let published = Publication {
            gone_status: missing.as_ref().map_or(0, |missing| u32::from(missing.status)),
            gone_since_ms: missing.as_ref().map_or(0, |missing| missing.since_ms),
            replaces: String::new(),
            ..self.publication(record, &standing)
        };
        let mut generation = sent.generation;
        loop {
            generation += 1;
            let id = ReportId::of(&standing.original, generation)?.to_string();
            let fact = ReportSubmitted {
                id: id.clone(),
                generation,
                replays: standing.id.clone(),
                published: Some(published.clone()),
                ..sent.clone()
            };
            let is_ours = match bus.publish(&fact).await? {
                Published::New => true,
                Published::AlreadyThere => {
                    let there = bus.last_of_id::<ReportSubmitted>(&id).await?;
                    there.is_some_and(|there| there.published == fact.published)
                }
            };
            if is_ours {
                record.pending = Some(Sighting { id, ..standing });
                return Ok(());
            }
        }
    }

    /// Submits a snapshot, unless its bytes are those that stand or those of the last visit.
    async fn submit(&self, key: &str, record: &mut Record, snapshot: Snapshot) -> anyhow::Result<()> {
        let Snapshot { bytes, url, name, known } = snapshot;
        let original = HEXLOWER.encode(&Sha256::digest(&bytes));
        let stands = record.standing.as_ref().is_some_and(|standing| standing.original == original);
        if stands || record.seen == original {
            record.remember(known);
            record.seen = original;
            return match stands || record.missing.is_none() {
                true => self.is_there(record, PageState::Unchanged).await,
                false => self.missed(record, OTHER_CONTENT).await,
            };
        }
        if self.ingest.admission().check_capacity().await.is_err() {
            record.due_ms = Some(now_ms() + NO_CAPACITY_MS);
            return Ok(());
        }
        // The same bytes after a kill are the same act: with the time of the first attempt.
        let begun = record.pending.clone().filter(|pending| pending.original == original);
        let sighting = begun.unwrap_or_else(|| Sighting {
            id: String::new(),
            original: original.clone(),
            fetched_at_ms: now_ms(),
            document: url.into(),
        });
        let before = record.clone();
        record.pending = Some(sighting.clone());
        self.write(key, &before, record.clone()).await?;
        bus::failpoint("sighted");
        let publication = self.publication(record, &sighting);
        let again = record.standing.is_some();
        let builder = SubmissionBuilder::new(self.ingest.clone(), Caller::service("fetch"), "fetch");
        let mut builder = builder.again(again).published(publication);
        builder.add(&name, &bytes[..]).await?;
        let receipt = builder.finish(None).await;
        let receipt =
            receipt.map_err(|problem| anyhow::anyhow!("submitting a snapshot: {}", problem.code))?;
        record.remember(known);
        record.seen = original;
        let state = if again { PageState::Changed } else { PageState::Fetched };
        record.visited(state, now_ms(), self.every_ms);
        if again {
            // Once more after it has gone through the pipeline: it may be no report any longer.
            let settled = now_ms() + self.gone_after_ms;
            record.due_ms = Some(record.due_ms.map_or(settled, |due| due.min(settled)));
        }
        let accepted = receipt.reports.first();
        tracing::info!(
            page.address = record.address,
            report.id = accepted.map_or("", |report| &report.id),
            "fetched a published report"
        );
        record.pending = accepted.map(|report| Sighting { id: report.id.clone(), ..sighting });
        if let Some(refused) = receipt.refused.first().filter(|_| record.pending.is_none()) {
            record.refused(refused);
        }
        Ok(())
    }

    /// What a snapshot says of its page and of the snapshots before it.
    fn publication(&self, record: &Record, sighting: &Sighting) -> Publication {
        let first = record.first.as_ref().filter(|first| first.original != sighting.original);
        let replaces = record.standing.as_ref().filter(|standing| standing.original != sighting.original);
        Publication {
            address: record.address.clone(),
            document: sighting.document.clone(),
            fetched_at_ms: sighting.fetched_at_ms,
            replaces: replaces.map(|standing| standing.id.clone()).unwrap_or_default(),
            first: first.map(|first| first.id.clone()).unwrap_or_default(),
            first_fetched_at_ms: first.map_or(0, |first| first.fetched_at_ms),
            gone_status: 0,
            gone_since_ms: 0,
        }
    }

    /// Adds the reports of a list; those that are known stay as they are.
    async fn list(&self, record: &mut Record, found: Vec<Found>) -> anyhow::Result<()> {
        record.visited(PageState::List, now_ms(), self.every_ms);
        record.listed = found.len();
        for Found { url, title, published } in found {
            let year = stated_year(&title);
            if year.is_some() && record.year.is_some() && year != record.year {
                continue;
            }
            let (agency, region) = (record.agency.clone(), record.region.clone());
            let listed = ListedAddress { address: url.into(), agency, region, year };
            if key_of(&listed.address) == key_of(&record.address) {
                continue;
            }
            let new = Record {
                title,
                found_in: record.address.clone(),
                listed_as: published,
                ..Record::new(listed, now_ms())
            };
            add(&self.ledger, &new).await?;
        }
        Ok(())
    }
}
