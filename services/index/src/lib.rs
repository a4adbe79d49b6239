//! `ReportValidated` to `ReportIndexed`: keeps an index in a folder on this host.
//!
//! Every index holds everything on the log: it knows up to where, and reads on from there by a feed. Of
//! several processes on different hosts the one with the lease leads: it takes what waits from the one
//! place that they share, and tells the log what was indexed. The others follow, ready to lead at any time.
//!
//! Every change of a report is a change of what it is held against: with its batch, the reports of the
//! same agency for the year itself and for the year after are judged anew. One process decides what is
//! current, so the outcome depends on what was sent and not on the order in which it came.
//!
//! A batch is committed before anything of it is acknowledged, so a killed writer finds it again; writing
//! it twice changes nothing, because the index compares versions.

mod entry;
mod keep;
mod measures;
mod neighbours;
mod rebuild;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bus::{INDEX_LEASE, Lease};
use proto::v1::{ReportIndexed, ReportValidated};
use rules::RulePolicy;
use search::{Compatibility, FolderLock, Generations, IndexError};
use worker::{BatchLimits, Done, Handled, Service, Worker};

use crate::entry::indexed;
use crate::keep::{BATCH, BATCH_BYTES, Keep};
pub use crate::rebuild::{Rebuilt, rebuild};

/// The service, with its index in a folder on a local disk.
pub fn service() -> Service {
    Service::new("index", serve).checks(|config| {
        RulePolicy::of(config.rule_policy.as_deref())?;
        Ok(())
    })
}

/// A commit costs some 75 ms before its first document; a report is found half a second later at most.
const REST: Duration = Duration::from_millis(500);
/// While more is waiting: a commit is dearer than the wait for a fuller batch.
const LINGER: Duration = Duration::from_millis(150);
/// How often a process that waits looks again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Indexes until it is time to stop.
async fn serve(worker: Worker) -> anyhow::Result<()> {
    let mut house = House {
        policy: Arc::new(RulePolicy::of(worker.config().rule_policy.as_deref())?),
        generations: Generations::new(&worker.config().index),
        worker,
    };
    let Some(_hold) = house.hold().await? else { return Ok(()) };
    // Building a generation takes room before there is an index to measure.
    worker::watch_disk("index", &house.worker.config().index);
    let Some(mut keep) = house.open().await? else { return Ok(()) };
    let mut lease = house.worker.bus().lease(INDEX_LEASE, house.holder()?);
    measures::begin(&house.worker, &lease);
    while !house.worker.shutdown().is_requested() {
        house.follow(&mut keep, &mut lease).await?;
        house.lead(&mut keep, &lease).await?;
    }
    lease.release().await;
    Ok(())
}

/// What the index is kept with.
struct House {
    worker: Worker,
    policy: Arc<RulePolicy>,
    generations: Generations,
}

impl House {
    /// Waits until no other process of this host keeps the index in this folder.
    async fn hold(&mut self) -> anyhow::Result<Option<FolderLock>> {
        let mut told = false;
        loop {
            if let Some(hold) = self.generations.lock_writer()? {
                return Ok(Some(hold));
            }
            if !told {
                let index = self.worker.config().index.display();
                tracing::info!(%index, "another process keeps the index in {index}; standing by");
                told = true;
            }
            if !self.pause().await {
                return Ok(None);
            }
        }
    }

    /// Opens the current generation, and builds the next one first where another version made it. None where
    /// it is time to stop.
    async fn open(&self) -> anyhow::Result<Option<Keep>> {
        let folder = self.worker.config().index.display();
        loop {
            let open = || async {
                let generations = self.generations.clone();
                match self.worker.cpu().run(move || keep::open(&generations)).await? {
                    Ok((generation, writer)) => {
                        Ok(Opened::Here(Keep::new(&self.worker, &self.policy, generation, writer)?))
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
                Opened::Here(keep) => {
                    self.worker.set_degraded(None);
                    return Ok(Some(keep));
                }
                Opened::Busy => {
                    self.worker.set_degraded(Some(format!("another process writes the index in {folder}")))
                }
                Opened::OfAnotherVersion(error) => self.renew(&error).await?,
            }
            if !self.pause().await {
                return Ok(None);
            }
        }
    }

    /// Has an index of this version read in the place of one of another; nothing is indexed meanwhile.
    async fn renew(&self, why: &IndexError) -> anyhow::Result<()> {
        let Some(_hold) = self.generations.lock_builder()? else {
            self.worker.set_degraded(Some("`gouji reindex` is building the next index".into()));
            return Ok(());
        };
        tracing::warn!("{why}; building one from the log");
        let tell =
            |left| self.worker.set_degraded(Some(format!("building the index anew, {left} facts left")));
        if let Some(rebuilt) = rebuild::build(&self.worker, &self.policy, &self.generations, tell).await?
            && !rebuilt.is_current
        {
            self.generations.switch_to(rebuilt.generation)?;
        }
        Ok(())
    }

    /// Keeps the index up to date from the log, and answers nothing, until the lease is held or it is time to stop.
    async fn follow(&self, keep: &mut Keep, lease: &mut Lease) -> anyhow::Result<()> {
        let mut feed = None;
        let stopped = || self.worker.shutdown().is_requested();
        while !lease.is_held() && !stopped() {
            if self.reopened(keep).await? {
                feed = None;
            }
            if feed.is_none() {
                feed = keep.feed().await;
            }
            let Some(following) = feed.as_mut() else { break };
            self.tell_left(following.left());
            let event = tokio::select! {
                event = following.next() => event,
                () = lease.acquired() => break,
                () = tokio::time::sleep(LOOK_EVERY) => continue,
            };
            let Some(event) = event else { break };
            let is_far_behind = following.left() > BATCH as u64;
            if keep.take_in(event, following).await.is_none() {
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

    /// Indexes what waits at the place that all copies share, as long as the lease is held.
    async fn lead(&self, keep: &mut Keep, lease: &Lease) -> anyhow::Result<()> {
        let leads = || lease.is_held() && !self.worker.shutdown().is_requested();
        if !leads() {
            return Ok(());
        }
        let bounds = BatchLimits { messages: BATCH, bytes: BATCH_BYTES, linger: LINGER, pause: REST };
        let mut batches = self.worker.batches::<ReportValidated>(bounds).await?;
        while leads() {
            let reopened = self.reopened(keep).await?;
            match batches.progress().await {
                Ok(standing) if standing.exclusive && !reopened => {
                    if let Err(error) = keep.holds_up_to(standing.acknowledged).await {
                        tracing::debug!("when the log took what the index has: {error:#}");
                    }
                }
                // Somebody else took from our place, before us or beside us: the log has it all.
                Ok(standing) => {
                    if keep.catch_up(|left| self.tell_left(left)).await.is_none() {
                        break;
                    }
                    batches.reset_progress(standing);
                }
                Err(error) => tracing::debug!("where the index stands: {error:#}"),
            }
            self.tell_left(0);
            batches.next(|facts| index(keep, facts)).await;
        }
        batches.close().await;
        Ok(())
    }

    /// Goes over to the generation that is current by now. True where that is another one.
    async fn reopened(&self, keep: &mut Keep) -> anyhow::Result<bool> {
        let current = self.generations.current()?;
        let maker = current.map(|current| self.generations.compatibility(current)).transpose()?;
        if current == Some(keep.generation) && maker == Some(Compatibility::Compatible) {
            return Ok(false);
        }
        if current.is_none() && self.generations.compatibility(keep.generation)? == Compatibility::Compatible
        {
            tracing::warn!(
                generation = keep.generation,
                "nothing said which index is current; it is this one"
            );
            self.generations.switch_to(keep.generation)?;
            return Ok(false);
        }
        if maker == Some(Compatibility::Incompatible) {
            bail!("another version made the index that is current now; start that version of gouji-index");
        }
        tracing::info!(generation = current, "opening the current generation of the index");
        match self.open().await? {
            Some(opened) => *keep = opened,
            None => return Ok(false),
        }
        Ok(true)
    }

    fn tell_left(&self, left: u64) {
        let told = (left > BATCH as u64).then(|| format!("catching up with the log, {left} facts left"));
        self.worker.set_degraded(told);
    }

    /// This place, for others to tell it from theirs.
    fn holder(&self) -> anyhow::Result<String> {
        let folder = self.worker.config().index.canonicalize().context("finding the folder of the index")?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(format!("{host}:{}", folder.display()))
    }

    /// Waits a little. False where it is time to stop.
    async fn pause(&self) -> bool {
        tokio::select! {
            () = self.worker.shutdown().requested() => false,
            () = tokio::time::sleep(LOOK_EVERY) => true,
        }
    }
}

enum Opened {
    Here(Keep),
    OfAnotherVersion(IndexError),
    Busy,
}

async fn index(keep: &Keep, facts: Vec<ReportValidated>) -> Vec<Handled<ReportIndexed>> {
    let written = keep.write(&facts).await;
    let told = facts.iter().zip(written).map(|(fact, written)| {
        let (key, applied) = written?;
        Ok(Done::from(indexed(fact, key, applied)))
    });
    told.collect()
}
