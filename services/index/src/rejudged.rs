//! Reports whose findings changed after they were indexed: which of them the log does not tell of yet, and the
//! facts that tell of them.
//!
//! Each commit stores the reports that it judged again together with their findings, so a process that is killed
//! between a commit and the facts that follow from it publishes these facts when it starts again. What the log has
//! is compared with what the index has before anything is published, so a restart, another leader, a replay and a
//! rebuilt index publish nothing twice.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use bus::{Appended, Bus, failpoint};
use futures::StreamExt;
use policy::InForce;
use proto::subject;
use proto::v1::{self, Finding, RejudgementCause, ReportIndexed, ReportRejudged, ReportValidated};
use report::Report;
use search::{IndexError, Reader};

use crate::neighbours;
use crate::state::IndexState;

/// A commit stores so many reports by their keys, some 300 KB. With more, it stores only that there are some, and
/// the process compares the whole index with the log once no report is left to be indexed.
const MOST_KEYS: usize = 4096;
/// Facts published at once: the bus flushes for each of them.
const CONCURRENCY: usize = 16;
/// Reports that a comparison of the whole index publishes before it looks for a shutdown.
const PART: usize = 400;

/// Why a report was judged again, as [`ReportRejudged`] says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    kind: RejudgementCause,
    /// The id of the reading or of the change of the policy; empty where it is not known.
    id: String,
}

impl Cause {
    fn new(kind: RejudgementCause, id: &str) -> Self {
        Self { kind, id: id.to_owned() }
    }

    /// The reading of another year's report arrived, or was compared with for the first time.
    pub(crate) fn other_year(id: &str) -> Self {
        Self::new(RejudgementCause::OtherYear, id)
    }

    /// The reading is another version of the report.
    pub(crate) fn other_version(id: &str) -> Self {
        Self::new(RejudgementCause::OtherVersion, id)
    }

    /// The change of the rule policy came into force.
    pub(crate) fn policy(id: &str) -> Self {
        Self::new(RejudgementCause::Policy, id)
    }

    /// The reading assigned the original to another report.
    pub(crate) fn reassigned(id: &str) -> Self {
        Self::new(RejudgementCause::Reassigned, id)
    }

    fn unknown() -> Self {
        Self::new(RejudgementCause::Unspecified, "")
    }
}

/// The reports that were judged again and that the log may not tell of yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    /// Whether there may be more than those in `reports`: the whole index has to be compared with the log.
    pub(crate) others: bool,
    reports: BTreeMap<String, Cause>,
}

/// An index of which nothing is known.
impl Default for Pending {
    fn default() -> Self {
        Self { others: true, reports: BTreeMap::new() }
    }
}

impl Pending {
    /// Adds reports that a commit judged again.
    pub(crate) fn extend(&mut self, reports: BTreeMap<String, Cause>) {
        for (key, cause) in reports {
            match self.reports.get(&key) {
                // A reading that left is reported even where the findings are the same again.
                Some(known) if known.kind == RejudgementCause::Reassigned => (),
                _ => {
                    self.reports.insert(key, cause);
                }
            }
        }
        if self.reports.len() > MOST_KEYS {
            self.reports.clear();
            self.others = true;
        }
    }

    /// Reads what a commit stored. A commit of an earlier version stored nothing.
    pub(crate) fn read(stored: &str) -> Option<Self> {
        let (others, reports) = match stored.strip_prefix(OTHERS) {
            Some(reports) => (true, reports),
            None => (false, stored),
        };
        let reports = reports.split(',').filter(|report| !report.is_empty()).map(|report| {
            let mut parts = report.split(':');
            let (key, kind, id) = (parts.next()?, parts.next()?, parts.next()?);
            let kind = RejudgementCause::try_from(kind.parse::<i32>().ok()?).ok()?;
            parts.next().is_none().then(|| (key.to_owned(), Cause::new(kind, id)))
        });
        Some(Self { others, reports: reports.collect::<Option<_>>()? })
    }
}

/// The mark of [`Pending::others`] in what a commit stores.
const OTHERS: char = '*';

impl std::fmt::Display for Pending {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.others {
            write!(formatter, "{OTHERS}")?;
        }
        for (number, (key, cause)) in self.reports.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(formatter, "{comma}{key}:{}:{}", cause.kind as i32, cause.id)?;
        }
        Ok(())
    }
}

/// What the index has of a report.
#[derive(Debug, Clone, PartialEq)]
enum Standing {
    /// Nothing: its readings are of other reports.
    Gone,
    /// The reading with this id withdrew it.
    Withdrawn(String),
    Judged(Box<Judged>),
}

#[derive(Debug, Clone, PartialEq)]
struct Judged {
    id: String,
    report: Report,
    findings: Vec<Finding>,
    verdict: v1::Verdict,
    rules_version: String,
    /// Whether they are those of its [`ReportValidated`].
    are_its_own: bool,
}

impl Standing {
    fn read(reader: &Reader, key: &str, policy: &InForce) -> Result<Self, IndexError> {
        let Some(card) = reader.card(key)? else { return Ok(Self::Gone) };
        let Some(parts) = reader.parts(key)? else { return Ok(Self::Withdrawn(card.id)) };
        let (fact, review) = parts.fact_and_review()?;
        let judged_by = match neighbours::is_judged_under(policy, &review) {
            true => review.rules_version.clone(),
            false => policy.policy.version(),
        };
        let findings: Vec<Finding> = review.findings.iter().map(Finding::from).collect();
        Ok(Self::Judged(Box::new(Judged {
            id: parts.card.id.clone(),
            verdict: review.verdict().into(),
            rules_version: judged_by,
            are_its_own: findings == fact.findings,
            report: review.report,
            findings,
        })))
    }

    /// The reading that stands for the report.
    fn id(&self) -> &str {
        match self {
            Self::Gone => "",
            Self::Withdrawn(id) => id,
            Self::Judged(judged) => &judged.id,
        }
    }

    /// Whether the log tells of it: by the last fact about the report, or by what was indexed.
    fn is_reported(&self, cause: &Cause, last: Option<&ReportRejudged>) -> bool {
        let is_reassigned = cause.kind == RejudgementCause::Reassigned;
        match last.filter(|last| last.id == self.id()) {
            Some(last) if is_reassigned && !cause.id.is_empty() && last.caused_by != cause.id => false,
            Some(last) => match self {
                Self::Judged(judged) => {
                    last.findings == judged.findings && last.verdict == i32::from(judged.verdict)
                }
                Self::Gone | Self::Withdrawn(_) => true,
            },
            None if is_reassigned => false,
            None => match self {
                Self::Judged(judged) => judged.are_its_own,
                Self::Gone => last.is_none(),
                Self::Withdrawn(_) => true,
            },
        }
    }

    /// The fact that tells of it after `last`.
    fn fact(&self, key: &str, cause: &Cause, last: Option<&ReportRejudged>) -> ReportRejudged {
        let fact = ReportRejudged {
            report: key.to_owned(),
            number: last.map_or(0, |last| last.number) + 1,
            id: self.id().to_owned(),
            cause: cause.kind.into(),
            caused_by: cause.id.clone(),
            // Where nothing stands, it is filed where the log last reported of the report.
            agency: last.map(|last| last.agency.clone()).unwrap_or_default(),
            year: last.map_or(0, |last| last.year),
            region: last.and_then(|last| last.region.clone()),
            ..ReportRejudged::default()
        };
        let Self::Judged(judged) = self else { return fact };
        ReportRejudged {
            agency: judged.report.agency.clone().unwrap_or_default(),
            year: judged.report.year.map_or(0, |year| year.get().into()),
            region: judged.report.region.as_ref().map(Into::into),
            verdict: judged.verdict.into(),
            findings: judged.findings.clone(),
            rules_version: judged.rules_version.clone(),
            ..fact
        }
    }
}

/// How far an index is, at least.
#[derive(Debug, Clone, Copy)]
struct AsOf<'a> {
    log_position: u64,
    /// The id of the change of the rule policy.
    policy: &'a str,
}

impl AsOf<'_> {
    /// Whether a fact was published by a process whose index was further. A leader that stood still while another
    /// took over would publish again what stood before.
    fn is_behind(&self, fact: &ReportRejudged) -> bool {
        let number =
            |policy: &str| policy.rsplit_once('-').and_then(|(_, number)| number.parse::<u64>().ok());
        self.log_position < fact.log_position || number(self.policy) < number(&fact.policy)
    }
}

/// Whether the log tells of a report that was judged again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reported {
    Yes,
    /// The fact has to come after the one that the reading was indexed, or another process publishes it.
    NotYet,
}

/// Who looks at what the log tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It publishes what is missing.
    Leader,
    /// Another process publishes it.
    Follower,
}

impl IndexState {
    /// Compares the reports that were judged again with the log, and publishes what it does not tell yet, if this
    /// process leads. What could not be published stays pending.
    pub(crate) async fn publish_rejudged(&self, role: Role) {
        let mut pending = self.position.borrow().pending.reports.clone();
        let touched = std::mem::take(&mut *lock(&self.touched));
        if !touched.is_empty() {
            // While more reports arrive, those that wait for others are not looked at each time.
            let postponed = lock(&self.postponed);
            pending.retain(|key, _| touched.contains(key) || !postponed.contains(key));
        }
        if pending.is_empty() {
            return;
        }
        let keys: BTreeSet<String> = pending.keys().cloned().collect();
        match self.publish_those(pending, role).await {
            Ok(reported) => {
                self.position.send_modify(|position| {
                    position.pending.reports.retain(|key, _| !reported.contains(key));
                });
                let mut postponed = lock(&self.postponed);
                postponed.retain(|key| !keys.contains(key));
                postponed.extend(keys.difference(&reported).cloned());
            }
            Err(error) => tracing::warn!("publishing which reports were judged again: {error:#}"),
        }
    }

    /// The fact that something of this report was indexed is published next.
    pub(crate) fn touch(&self, key: &str) {
        lock(&self.touched).insert(key.to_owned());
    }

    /// Whether reports may have been judged again that [`IndexState::publish_rejudged`] does not know of.
    pub(crate) fn is_unsure_of_rejudged(&self) -> bool {
        self.position.borrow().pending.others
    }

    /// Compares every report of the index with the log, and publishes what it does not tell yet.
    ///
    /// # Errors
    /// If the index cannot be read or the bus does not answer; then it has to be called again.
    pub(crate) async fn publish_all_rejudged(&self) -> anyhow::Result<()> {
        let mut last = HashMap::new();
        let filter = subject::filter::<ReportRejudged>();
        let read = self.worker.bus().scan(&filter, |event| {
            if let Some(fact) = event.decode::<ReportRejudged>().filter(|_| event.matches_its_subject()) {
                last.insert(fact.report.clone(), (fact.id.clone(), digest(&fact.findings)));
            }
            Ok(())
        });
        read.await.context("reading which reports were judged again")?;
        let reader = self.reader().await?;
        let policy = self.policy.clone();
        let differing = self.worker.cpu().run(move || differing(&reader, &policy, &last)).await?;
        let differing = differing.context("reading the index")?;
        tracing::info!(reports = differing.len(), "the log does not tell of {} findings", differing.len());
        let mut left = BTreeMap::new();
        for part in differing.chunks(PART) {
            if self.worker.shutdown().is_requested() {
                return Ok(());
            }
            let part: BTreeMap<_, _> = part.iter().map(|key| (key.clone(), Cause::unknown())).collect();
            let reported = self.publish_those(part.clone(), Role::Leader).await?;
            left.extend(part.into_iter().filter(|(key, _)| !reported.contains(key)));
        }
        self.position.send_modify(|position| {
            position.pending.others = false;
            position.pending.extend(left);
        });
        Ok(())
    }

    /// The keys of those that the log tells of now.
    async fn publish_those(
        &self,
        reports: BTreeMap<String, Cause>,
        role: Role,
    ) -> anyhow::Result<BTreeSet<String>> {
        // Read before the index, which has at least this.
        let log_position = self.position.borrow().reports.sequence;
        let as_of = AsOf { log_position, policy: self.policy.id() };
        let (reader, policy) = (self.reader().await?, self.policy.clone());
        let read = self.worker.cpu().run(move || {
            let read =
                reports.into_iter().filter_map(|(key, cause)| match Standing::read(&reader, &key, &policy) {
                    Ok(standing) => Some(Ok((key, cause, standing))),
                    Err(IndexError::Damaged { source, .. }) => {
                        tracing::error!(report.key = key, "its findings cannot be read: {source}");
                        None
                    }
                    Err(error) => Some(Err(error)),
                });
            read.collect::<Result<Vec<_>, _>>()
        });
        let read = read.await?.context("reading what was judged again")?;
        let publish = |(key, cause, standing): (String, Cause, Standing)| async move {
            let reported = publish(self.worker.bus(), &key, &cause, &standing, as_of, role).await;
            (key, reported)
        };
        let mut published =
            futures::stream::iter(read.into_iter().map(publish)).buffer_unordered(CONCURRENCY);
        let mut reported = BTreeSet::new();
        while let Some((key, answer)) = published.next().await {
            match answer {
                Ok(Reported::Yes) => {
                    reported.insert(key);
                }
                Ok(Reported::NotYet) => (),
                Err(error) => tracing::warn!(report.key = key, "a new judgement waits: {error:#}"),
            }
        }
        Ok(reported)
    }

    async fn reader(&self) -> anyhow::Result<Reader> {
        let writer = self.writer.clone();
        let open = move || writer.lock().unwrap_or_else(PoisonError::into_inner).index().reader();
        self.worker.cpu().run(open).await?.context("opening the index")
    }
}

async fn publish(
    bus: &Bus,
    key: &str,
    cause: &Cause,
    standing: &Standing,
    as_of: AsOf<'_>,
    role: Role,
) -> anyhow::Result<Reported> {
    loop {
        let read = bus.facts_of_id::<ReportRejudged>(key).await?;
        let last = read.facts.last();
        if standing.is_reported(cause, last) {
            return Ok(Reported::Yes);
        }
        if last.is_some_and(|last| as_of.is_behind(last)) {
            return Ok(Reported::NotYet);
        }
        let id = standing.id();
        if !id.is_empty() && bus.last_of_id::<ReportIndexed>(id).await?.is_none() {
            // Where the fact with its figures is no longer on the log either, nobody can carry it anywhere.
            let has_expired = bus.last_of_id::<ReportValidated>(id).await?.is_none();
            return Ok(if has_expired { Reported::Yes } else { Reported::NotYet });
        }
        if role == Role::Follower {
            return Ok(Reported::NotYet);
        }
        let mut fact = ReportRejudged {
            log_position: as_of.log_position,
            policy: as_of.policy.to_owned(),
            ..standing.fact(key, cause, last)
        };
        if fact.id.is_empty()
            && let Some(former) = former(bus, key, &cause.id).await?
        {
            (fact.agency, fact.year, fact.region) = (former.agency, former.year, former.region);
        }
        failpoint("rejudging");
        let appended = bus.append(&fact, &read).await?;
        failpoint("rejudged");
        if appended == Appended::New {
            return Ok(Reported::Yes);
        }
    }
}

/// What was indexed of the report with this key before the reading with this id assigned the original to another.
async fn former(bus: &Bus, key: &str, id: &str) -> anyhow::Result<Option<ReportIndexed>> {
    let Some((original, generation)) = id.rsplit_once("-g") else { return Ok(None) };
    for earlier in (0..generation.parse().unwrap_or(0_u32)).rev().take(MOST_GENERATIONS) {
        let indexed = bus.last_of_id::<ReportIndexed>(&format!("{original}-g{earlier}")).await?;
        if let Some(indexed) = indexed.filter(|indexed| indexed.report == key) {
            return Ok(Some(indexed));
        }
    }
    Ok(None)
}

/// An original is read again once a version of the program at most.
const MOST_GENERATIONS: usize = 32;

/// The keys of the reports that have other findings than the last fact about them, or than what was indexed.
fn differing(
    reader: &Reader,
    policy: &InForce,
    last: &HashMap<String, (String, u64)>,
) -> Result<Vec<String>, IndexError> {
    let mut keys = BTreeSet::new();
    reader.each_card(|card| {
        keys.insert(card.key);
    })?;
    let mut differing: Vec<String> = last
        .iter()
        .filter(|(key, (id, _))| !id.is_empty() && !keys.contains(*key))
        .map(|(key, _)| key.clone())
        .collect();
    for key in keys {
        let standing = match Standing::read(reader, &key, policy) {
            Err(IndexError::Damaged { .. }) => continue,
            standing => standing?,
        };
        let Standing::Judged(judged) = standing else { continue };
        let is_reported = match last.get(&key).filter(|(id, _)| *id == judged.id) {
            Some((_, reported)) => *reported == digest(&judged.findings),
            None => judged.are_its_own,
        };
        if !is_reported {
            differing.push(key);
        }
    }
    Ok(differing)
}

fn lock(keys: &Mutex<BTreeSet<String>>) -> MutexGuard<'_, BTreeSet<String>> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}

fn digest(findings: &[Finding]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for finding in findings {
        proto::Message::encode_to_vec(finding).hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(rule: &str) -> Finding {
        Finding { rule: rule.into(), ..Finding::default() }
    }

    fn judged(id: &str, rules: &[&str], are_its_own: bool) -> Standing {
        Standing::Judged(Box::new(Judged {
            id: id.into(),
            report: Report::default(),
            findings: rules.iter().map(|rule| finding(rule)).collect(),
            verdict: v1::Verdict::Warn,
            rules_version: "2026.11".into(),
            are_its_own,
        }))
    }

    /// The facts that follow one another when the log is reported of each standing twice.
    fn facts(standings: &[(Standing, Cause)]) -> Vec<(u32, String, usize)> {
        let mut log: Vec<ReportRejudged> = Vec::new();
        for (standing, cause) in standings {
            for _ in 0..2 {
                if !standing.is_reported(cause, log.last()) {
                    log.push(standing.fact("0123abcd", cause, log.last()));
                }
            }
        }
        log.into_iter().map(|fact| (fact.number, fact.id, fact.findings.len())).collect()
    }

    #[test]
    fn each_change_is_published_once() {
        let other_year = Cause::other_year("b-g0");
        let reported = facts(&[
            (judged("a-g0", &["R1"], true), other_year.clone()),
            (judged("a-g0", &["R1", "XY-01"], false), other_year.clone()),
            (judged("a-g0", &["R1"], true), other_year.clone()),
            // Another version: what was indexed tells its own findings.
            (judged("c-g0", &[], true), Cause::other_version("c-g0")),
            (judged("c-g0", &["XY-01"], false), other_year),
        ]);
        let expected = [(1, "a-g0", 2), (2, "a-g0", 1), (3, "c-g0", 1)]
            .map(|(number, id, count)| (number, id.to_owned(), count));
        assert_eq!(reported, expected);
    }

    #[test]
    fn a_reading_that_leaves_is_published_even_where_the_findings_are_those_of_before() {
        let own = judged("a-g0", &["R1", "XY-01"], false);
        let reported = facts(&[
            (own.clone(), Cause::other_year("b-g0")),
            (own.clone(), Cause::reassigned("c-g1")),
            (own, Cause::unknown()),
            (Standing::Gone, Cause::reassigned("a-g1")),
            (Standing::Gone, Cause::unknown()),
            (Standing::Gone, Cause::reassigned("d-g1")),
        ]);
        let expected = [(1, "a-g0", 2), (2, "a-g0", 2), (3, "", 0), (4, "", 0)]
            .map(|(number, id, count)| (number, id.to_owned(), count));
        assert_eq!(reported, expected);
    }

    #[test]
    fn a_withdrawal_is_published_by_what_was_indexed() {
        let withdrawn = Standing::Withdrawn("w-g0".into());
        assert_eq!(facts(&[(withdrawn.clone(), Cause::other_year("b-g0"))]), []);
        assert_eq!(facts(&[(withdrawn, Cause::reassigned("c-g1"))]), [(1, "w-g0".to_owned(), 0)]);
    }

    #[test]
    fn an_index_that_is_behind_is_published_by_the_fact() {
        let fact =
            ReportRejudged { log_position: 17, policy: "policy-9".into(), ..ReportRejudged::default() };
        let behind = |log_position, policy| AsOf { log_position, policy }.is_behind(&fact);
        assert!(behind(16, "policy-9") && behind(17, "policy-8") && behind(17, ""));
        assert!(!behind(17, "policy-9") && !behind(18, "policy-10"));
    }

    #[test]
    fn what_is_pending_reads_back() {
        let reports = BTreeMap::from([
            ("0123".to_owned(), Cause::reassigned("a-g1")),
            ("4567".to_owned(), Cause::policy("policy-3")),
        ]);
        for others in [true, false] {
            for reports in [reports.clone(), BTreeMap::new()] {
                let pending = Pending { others, reports };
                assert_eq!(Pending::read(&pending.to_string()), Some(pending));
            }
        }
        for other in ["x", "a:b:c", "a:1", "a:99:b", "a:1:b:c"] {
            assert_eq!(Pending::read(other), None, "{other}");
        }
    }

    #[test]
    fn more_than_a_commit_stores_become_all() {
        let mut pending = Pending { others: false, reports: BTreeMap::new() };
        pending.extend((0..=MOST_KEYS).map(|key| (key.to_string(), Cause::unknown())).collect());
        assert_eq!(pending, Pending::default());
    }
}
