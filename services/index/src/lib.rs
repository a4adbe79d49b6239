//! `ReportValidated` to `ReportIndexed`: writes an index in a folder on this host.
//!
//! Every index contains everything on the log: it stores the position up to which it is complete, and
//! continues from there by a feed. Of several processes on different hosts the one with the lease leads: it
//! fetches facts from the consumer that they share, and publishes which reports it indexed. The others
//! follow the log, ready to lead at any time.
//!
//! A changed report changes its comparisons: with each batch the service judges the reports of the same
//! agency for that year and for the year after again. One process decides which version is current, so the
//! outcome depends on the submissions and not on the order of their arrival.
//!
//! Where a report was judged again after it was indexed, the leader publishes that too (`rejudged.rs`).
//!
//! What reviewers did is followed beside the reports (`reviews.rs`), into the same documents: so one search finds a
//! report by its figures and by where it stands with its reviewers.
//!
//! The service commits a batch before it acknowledges anything of it, so after a kill the batch is delivered
//! again; writing it twice changes nothing, because the index compares versions.

mod entry;
mod measures;
mod neighbours;
mod position;
mod rebuild;
mod rejudged;
mod reviews;
mod state;

use std::time::Duration;

use anyhow::{Context as _, bail};
use bus::{INDEX_LEASE, Lease};
use policy::{InForce, PolicyFollower};
use proto::v1::{ReportIndexed, ReportValidated};
use rules::RulePolicy;
use search::{Compatibility, FolderLock, Generations, IndexError};
use worker::{BatchLimits, Done, Handled, Service, Worker};

use crate::entry::indexed;
pub use crate::rebuild::{Rebuilt, rebuild};
use crate::rejudged::Role;
use crate::state::{BATCH, BATCH_BYTES, IndexState};

/// The service, with its index in a folder on a local disk.
pub fn service() -> Service {
    Service::new("index", serve).checks(|config| {
        RulePolicy::of(config.rule_policy.as_deref())?;
        Ok(())
    })
}

/// A commit costs some 75 ms before its first document; a report is found half a second later at most.
const REST: Duration = Duration::from_millis(500);
/// While more facts wait: a commit costs more than the wait for a fuller batch.
const LINGER: Duration = Duration::from_millis(150);
/// How often a waiting process tries again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Indexes until shutdown.
async fn serve(worker: Worker) -> anyhow::Result<()> {
    let follower = PolicyFollower::start(&worker)?;
    let mut service =
        IndexService { follower, generations: Generations::new(&worker.config().index), worker };
    let Some(_lock) = service.lock_folder().await? else { return Ok(()) };
    // Building a generation needs disk space before there is an index to measure.
    worker::watch_disk("index", &service.worker.config().index);
    let Some(mut state) = service.open().await? else { return Ok(()) };
    let mut lease = service.worker.bus().lease(INDEX_LEASE, service.candidate_name()?);
    measures::begin(&service.worker, &lease);
    while !service.worker.shutdown().is_requested() {
        service.follow(&mut state, &mut lease).await?;
        service.lead(&mut state, &lease).await?;
    }
    lease.release().await;
    Ok(())
}

/// The service between batches: its runtime, the rule policy, and the folder of the index.
struct IndexService {
    worker: Worker,
    follower: PolicyFollower,
    generations: Generations,
}

impl IndexService {
    /// Waits until no other process of this host writes the index in this folder, and locks it.
    async fn lock_folder(&mut self) -> anyhow::Result<Option<FolderLock>> {
        let mut logged = false;
        loop {
            if let Some(lock) = self.generations.lock_writer()? {
                return Ok(Some(lock));
            }
            if !logged {
                let index = self.worker.config().index.display();
                tracing::info!(%index, "another process writes the index in {index}; waiting for it to end");
                logged = true;
            }
            if !self.pause().await {
                return Ok(None);
            }
        }
    }

    /// Opens the current generation, and builds the next one first if another version made it. None at
    /// shutdown.
    async fn open(&self) -> anyhow::Result<Option<IndexState>> {
        let folder = self.worker.config().index.display();
        let Some(policy) = &self.follower.in_force().await else { return Ok(None) };
        loop {
            let open = || async {
                let generations = self.generations.clone();
                match self.worker.cpu().run(move || state::open(&generations)).await? {
                    Ok((generation, writer)) => {
                        Ok(Opened::Here(IndexState::new(&self.worker, policy.clone(), generation, writer)?))
                    }
                    Err(error @ IndexError::NeedsRebuild { .. }) => Ok(Opened::OfAnotherVersion(error)),
                    Err(IndexError::LockBusy) => Ok(Opened::Busy),
                    Err(error) => Err(anyhow::Error::new(error).context(format!(
                        "the index in {folder} cannot be opened; `gouji reindex` makes a new one"
                    ))),
                }
            };
            let Some(opened) = self.worker.retry(open).await else { return Ok(None) };
            match opened {
                Opened::Here(mut state) => {
                    self.worker.set_degraded(None);
                    state.follow_reviews();
                    return Ok(Some(state));
                }
                Opened::Busy => {
                    self.worker.set_degraded(Some(format!("another process writes the index in {folder}")))
                }
                Opened::OfAnotherVersion(error) => self.replace(&error, policy).await?,
            }
            if !self.pause().await {
                return Ok(None);
            }
        }
    }

    /// Replaces an index of another version by one of this version. The service indexes nothing meanwhile.
    async fn replace(&self, why: &IndexError, policy: &InForce) -> anyhow::Result<()> {
        let Some(_lock) = self.generations.lock_builder()? else {
            self.worker.set_degraded(Some("`gouji reindex` is building the next index".into()));
            return Ok(());
        };
        tracing::warn!("{why}; building one from the log");
        let report_progress =
            |left| self.worker.set_degraded(Some(format!("rebuilding the index, {left} facts left")));
        if let Some(rebuilt) =
            rebuild::build(&self.worker, policy, &self.generations, report_progress).await?
            && !rebuilt.is_current
        {
            self.generations.switch_to(rebuilt.generation)?;
        }
        Ok(())
    }

    /// Follows the log into the index, and acknowledges nothing, until this process has the lease or shuts
    /// down.
    async fn follow(&self, state: &mut IndexState, lease: &mut Lease) -> anyhow::Result<()> {
        let mut feed = None;
        let stopped = || self.worker.shutdown().is_requested();
        while !lease.is_held() && !stopped() {
            if self.reopened(state).await? {
                feed = None;
            }
            self.judge_again(state, Role::Follower).await?;
            if feed.is_none() {
                feed = state.feed().await;
            }
            let Some(following) = feed.as_mut() else { break };
            self.report_lag(following.left());
            let event = tokio::select! {
                event = following.next() => event,
                () = lease.acquired() => break,
                () = tokio::time::sleep(LOOK_EVERY) => {
                    state.publish_rejudged(Role::Follower).await;
                    continue;
                }
            };
            let Some(event) = event else { break };
            let is_far_behind = following.left() > BATCH as u64;
            if state.take_in(event, following).await.is_none() {
                break;
            }
            if !is_far_behind {
                tokio::select! {
                    () = tokio::time::sleep(REST) => (),
                    () = lease.acquired() => (),
                }
            }
        }
        Ok(())
    }

    /// Indexes facts of the consumer that all processes share, as long as this process has the lease.
    async fn lead(&self, state: &mut IndexState, lease: &Lease) -> anyhow::Result<()> {
        let leads = || lease.is_held() && !self.worker.shutdown().is_requested();
        if !leads() {
            return Ok(());
        }
        let bounds = BatchLimits { messages: BATCH, bytes: BATCH_BYTES, linger: LINGER, pause: REST };
        let mut batches = self.worker.batches::<ReportValidated>(bounds).await?;
        // What a process that was killed had judged and not published.
        state.publish_rejudged(Role::Leader).await;
        while leads() {
            let reopened = self.reopened(state).await?;
            self.judge_again(state, Role::Leader).await?;
            let progress = batches.progress().await;
            if let Ok(standing) = &progress {
                self.publish_all_rejudged(state, standing.acknowledged).await;
            }
            match progress {
                Ok(standing) if standing.exclusive && !reopened => {
                    if let Err(error) = state.advance_to(standing.acknowledged).await {
                        tracing::debug!("reading the time of the index's position: {error:#}");
                    }
                }
                // Another process fetched from the consumer before or beside us: read the log up to its end.
                Ok(standing) => {
                    if state.catch_up(|left| self.report_lag(left)).await.is_none() {
                        break;
                    }
                    batches.reset_progress(standing);
                }
                Err(error) => tracing::debug!("reading the progress of the consumer: {error:#}"),
            }
            match state.damage().await {
                None => self.report_lag(0),
                damage => self.worker.set_degraded(damage),
            }
            batches.next(|facts| index(state, facts)).await;
            // After the facts that these reports were indexed, also while the process shuts down.
            state.publish_rejudged(Role::Leader).await;
        }
        batches.close().await;
        Ok(())
    }

    /// Opens the current generation if it is another one now; then true.
    async fn reopened(&self, state: &mut IndexState) -> anyhow::Result<bool> {
        let current = self.generations.current()?;
        let maker = current.map(|current| self.generations.compatibility(current)).transpose()?;
        if current == Some(state.generation) && maker == Some(Compatibility::Compatible) {
            return Ok(false);
        }
        if current.is_none() && self.generations.compatibility(state.generation)? == Compatibility::Compatible
        {
            tracing::warn!(
                generation = state.generation,
                "no pointer names the current index; it is this one"
            );
            self.generations.switch_to(state.generation)?;
            return Ok(false);
        }
        if maker == Some(Compatibility::Incompatible) {
            bail!("another version made the index that is current now; start that version of gouji-index");
        }
        tracing::info!(generation = current, "opening the current generation of the index");
        match self.open().await? {
            Some(opened) => *state = opened,
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Compares the whole index with what the log tells of it, if it may differ: the index was rebuilt, or an
    /// earlier version wrote it. Waits until every report is indexed.
    async fn publish_all_rejudged(&self, state: &IndexState, acknowledged: u64) {
        if !state.is_unsure_of_rejudged() {
            return;
        }
        let published = match self.worker.bus().last_sequence::<ReportValidated>().await {
            Ok(last) if last > acknowledged => return,
            Ok(_) => state.publish_all_rejudged().await,
            Err(error) => Err(error),
        };
        if let Err(error) = published {
            tracing::warn!("comparing the findings of the index with the log: {error:#}");
        }
    }

    /// Judges the reports of the index again where another rule policy came into force.
    async fn judge_again(&self, state: &mut IndexState, role: Role) -> anyhow::Result<()> {
        let Some(in_force) = self.follower.known() else { return Ok(()) };
        let report_progress = |left| {
            let reports = format!("judging reports again under another rule policy, {left} left");
            self.worker.set_degraded(Some(reports));
        };
        state.judge_under(in_force, role, report_progress).await
    }

    fn report_lag(&self, left: u64) {
        let lag = (left > BATCH as u64).then(|| format!("catching up with the log, {left} facts left"));
        self.worker.set_degraded(lag);
    }

    /// The name of this candidate for the lease: host and folder.
    fn candidate_name(&self) -> anyhow::Result<String> {
        let folder = self.worker.config().index.canonicalize().context("finding the folder of the index")?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(format!("{host}:{}", folder.display()))
    }

    /// Waits a little. False at shutdown.
    async fn pause(&self) -> bool {
        tokio::select! {
            () = self.worker.shutdown().requested() => false,
            () = tokio::time::sleep(LOOK_EVERY) => true,
        }
    }
}

enum Opened {
    Here(IndexState),
    OfAnotherVersion(IndexError),
    Busy,
}

async fn index(state: &IndexState, facts: Vec<ReportValidated>) -> Vec<Handled<ReportIndexed>> {
    let written = state.write(&facts).await;
    let handled = facts.into_iter().zip(written).map(|(fact, written)| {
        let (key, applied) = written?;
        state.touch(&key);
        Ok(Done::from(indexed(fact, key, applied)))
    });
    handled.collect()
}
