#![doc = include_str!("../README.md")]

mod entry;
mod metrics;
mod neighbours;
mod rebuild;
mod state;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bus::{INDEX_LEASE, Lease};
use proto::v1::{ReportIndexed, ReportValidated};
use rules::RulePolicy;
use search::{Compatibility, FolderLock, Generations, IndexError};
use worker::{BatchLimits, Done, Handled, Service, Worker};

use crate::entry::indexed;
pub use crate::rebuild::{Rebuilt, rebuild};
use crate::state::{BATCH, BATCH_BYTES, IndexState};

/// The service, with its index in a folder on a local disk.
pub fn service() -> Service {
    Service::new("index", serve).checks(|config| {
        RulePolicy::of(config.rule_policy.as_deref())?;
        Ok(())
    })
}

/// The pause between two batches. A commit costs some 75 ms before its first document, and a search finds a
/// report half a second later at most.
const REST: Duration = Duration::from_millis(500);
/// The wait for a fuller batch while more facts are pending: a commit costs more than this wait.
const LINGER: Duration = Duration::from_millis(150);
/// How often a waiting process checks again.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Indexes until shutdown is requested.
async fn serve(worker: Worker) -> anyhow::Result<()> {
    let service = IndexService {
        policy: Arc::new(RulePolicy::of(worker.config().rule_policy.as_deref())?),
        generations: Generations::new(&worker.config().index),
        worker,
    };
    let Some(_lock) = service.lock_folder().await? else { return Ok(()) };
    // A generation takes disk space while it is built, before any index is open.
    worker::watch_disk("index", &service.worker.config().index);
    let Some(mut state) = service.open().await? else { return Ok(()) };
    let mut lease = service.worker.bus().lease(INDEX_LEASE, service.leader_id()?);
    metrics::begin(&service.worker, &lease);
    while !service.worker.shutdown().is_requested() {
        service.follow(&mut state, &mut lease).await?;
        service.lead(&mut state, &lease).await?;
    }
    lease.release().await;
    Ok(())
}

/// The service of one process.
struct IndexService {
    worker: Worker,
    policy: Arc<RulePolicy>,
    generations: Generations,
}

impl IndexService {
    /// Waits until no other process of this host writes the index in this folder. None where shutdown is
    /// requested.
    async fn lock_folder(&self) -> anyhow::Result<Option<FolderLock>> {
        let mut is_logged = false;
        loop {
            if let Some(lock) = self.generations.lock_writer()? {
                return Ok(Some(lock));
            }
            if !is_logged {
                let index = self.worker.config().index.display();
                tracing::info!(%index, "another process writes the index in {index}; standing by");
                is_logged = true;
            }
            if !self.pause().await {
                return Ok(None);
            }
        }
    }

    /// Opens the current generation. Where another schema made it, builds the next one first. None where
    /// shutdown is requested.
    async fn open(&self) -> anyhow::Result<Option<IndexState>> {
        let folder = self.worker.config().index.display();
        loop {
            let open = || async {
                let generations = self.generations.clone();
                match self.worker.cpu().run(move || state::open(&generations)).await? {
                    Ok((generation, writer)) => {
                        Ok(Opened::Ready(IndexState::new(&self.worker, &self.policy, generation, writer)?))
                    }
                    Err(error @ IndexError::NeedsRebuild { .. }) => Ok(Opened::OtherSchema(error)),
                    Err(IndexError::LockBusy) => Ok(Opened::Busy),
                    Err(error) => Err(anyhow::Error::new(error).context(format!(
                        "the index in {folder} cannot be opened; `gouji reindex` builds a new one"
                    ))),
                }
            };
            let Some(opened) = self.worker.retry(open).await else { return Ok(None) };
            match opened {
                Opened::Ready(state) => {
                    self.worker.set_degraded(None);
                    return Ok(Some(state));
                }
                Opened::Busy => {
                    self.worker.set_degraded(Some(format!("another process writes the index in {folder}")))
                }
                Opened::OtherSchema(error) => self.replace(&error).await?,
            }
            if !self.pause().await {
                return Ok(None);
            }
        }
    }

    /// Builds an index of this version and switches to it. Nothing is indexed meanwhile.
    async fn replace(&self, why: &IndexError) -> anyhow::Result<()> {
        let Some(_lock) = self.generations.lock_builder()? else {
            self.worker.set_degraded(Some("`gouji reindex` is building the next index".into()));
            return Ok(());
        };
        tracing::warn!("{why}; building one from the log");
        let tell = |left| self.worker.set_degraded(Some(format!("rebuilding the index, {left} facts left")));
        if let Some(rebuilt) = rebuild::build(&self.worker, &self.policy, &self.generations, tell).await?
            && !rebuilt.is_current
        {
            self.generations.switch_to(rebuilt.generation)?;
        }
        Ok(())
    }

    /// Indexes from a feed of the log, and publishes nothing, until this process has the lease or shutdown is
    /// requested.
    async fn follow(&self, state: &mut IndexState, lease: &mut Lease) -> anyhow::Result<()> {
        let mut feed = None;
        let stopped = || self.worker.shutdown().is_requested();
        while !lease.is_held() && !stopped() {
            if self.reopened(state).await? {
                feed = None;
            }
            if feed.is_none() {
                feed = state.feed().await;
            }
            let Some(following) = feed.as_mut() else { break };
            self.report_backlog(following.left());
            let event = tokio::select! {
                event = following.next() => event,
                () = lease.acquired() => break,
                () = tokio::time::sleep(POLL_INTERVAL) => continue,
            };
            let Some(event) = event else { break };
            let is_far_behind = following.left() > BATCH as u64;
            if state.write_from_feed(event, following).await.is_none() {
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

    /// Indexes from the durable consumer that all processes share, and publishes what was indexed, as long as
    /// this process has the lease.
    async fn lead(&self, state: &mut IndexState, lease: &Lease) -> anyhow::Result<()> {
        let leads = || lease.is_held() && !self.worker.shutdown().is_requested();
        if !leads() {
            return Ok(());
        }
        let bounds = BatchLimits { messages: BATCH, bytes: BATCH_BYTES, linger: LINGER, pause: REST };
        let mut batches = self.worker.batches::<ReportValidated>(bounds).await?;
        while leads() {
            let reopened = self.reopened(state).await?;
            match batches.progress().await {
                Ok(standing) if standing.exclusive && !reopened => {
                    if let Err(error) = state.advance_to(standing.acknowledged).await {
                        tracing::debug!("reading when the log took the last indexed fact: {error:#}");
                    }
                }
                // Another process took facts from the consumer: read them from the log.
                Ok(standing) => {
                    if state.catch_up(|left| self.report_backlog(left)).await.is_none() {
                        break;
                    }
                    batches.reset_progress(standing);
                }
                Err(error) => tracing::debug!("reading the position of the consumer: {error:#}"),
            }
            self.report_backlog(0);
            batches.next(|facts| index(state, facts)).await;
        }
        batches.close().await;
        Ok(())
    }

    /// Opens the generation that is current now, if that is another one. Returns whether it did.
    async fn reopened(&self, state: &mut IndexState) -> anyhow::Result<bool> {
        let current = self.generations.current()?;
        let compatibility = current.map(|current| self.generations.compatibility(current)).transpose()?;
        if current == Some(state.generation) && compatibility == Some(Compatibility::Compatible) {
            return Ok(false);
        }
        if current.is_none() && self.generations.compatibility(state.generation)? == Compatibility::Compatible
        {
            tracing::warn!(
                generation = state.generation,
                "the pointer to the current index was lost; pointing to the index that is open"
            );
            self.generations.switch_to(state.generation)?;
            return Ok(false);
        }
        if compatibility == Some(Compatibility::Incompatible) {
            bail!("another version made the current index; start that version of gouji-index");
        }
        tracing::info!(generation = current, "opening the current generation of the index");
        match self.open().await? {
            Some(opened) => *state = opened,
            None => return Ok(false),
        }
        Ok(true)
    }

    fn report_backlog(&self, left: u64) {
        let backlog = (left > BATCH as u64).then(|| format!("catching up with the log, {left} facts left"));
        self.worker.set_degraded(backlog);
    }

    /// Identifies this process and its folder to the other candidates for the lease.
    fn leader_id(&self) -> anyhow::Result<String> {
        let folder = self.worker.config().index.canonicalize().context("finding the folder of the index")?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(format!("{host}:{}", folder.display()))
    }

    /// Waits a little. False where shutdown is requested.
    async fn pause(&self) -> bool {
        tokio::select! {
            () = self.worker.shutdown().requested() => false,
            () = tokio::time::sleep(POLL_INTERVAL) => true,
        }
    }
}

enum Opened {
    Ready(IndexState),
    OtherSchema(IndexError),
    Busy,
}

/// Writes a batch, and returns the fact to publish for each report.
async fn index(state: &IndexState, facts: Vec<ReportValidated>) -> Vec<Handled<ReportIndexed>> {
    let written = state.write(&facts).await;
    let handled = facts.iter().zip(written).map(|(fact, written)| {
        let (key, applied) = written?;
        Ok(Done::from(indexed(fact, key, applied)))
    });
    handled.collect()
}
