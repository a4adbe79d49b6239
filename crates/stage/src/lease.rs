//! One of several: a lease in a bucket on the bus, renewed by compare-and-set.
//!
//! Nobody's wall clock counts: whoever waits takes a lease that it has not seen renewed for as long as a
//! lease lasts, by its own clock, and a holder stops believing in one that it could not renew for so long.
//! A process that stood still in the middle of its work may go on for a moment after it lost its lease, so
//! whatever is guarded by one has to bear that.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::kv::{CreateErrorKind, Operation, Store, UpdateErrorKind};
use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Stage;
use crate::connect::Bus;
use crate::read;
use crate::topology::{LEASE, LEASES};

/// The lease of whoever indexes for all.
pub const INDEX_LEASE: &str = "index";

/// How often its holder renews it; two renewals may be lost.
const RENEWED_EVERY: Duration = Duration::from_secs(4);
/// How often the others look.
const SEEN_EVERY: Duration = Duration::from_secs(2);

/// The wish to be the one; given up by [`Lease::release`], and by itself some seconds after the process is
/// gone.
pub struct Lease {
    held_until: watch::Receiver<Option<Instant>>,
    leave: CancellationToken,
    keeping: JoinHandle<()>,
}

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    /// Its place; see [`Stage::lease`].
    pub holder: String,
    /// When the lease lapses if it is not renewed, milliseconds since 1970-01-01 UTC by the clock of the bus.
    pub until_ms: i64,
}

impl Stage {
    /// Who holds the lease of that name; none where nobody does.
    ///
    /// # Errors
    /// If the bus does not answer, or has no bucket of leases.
    pub async fn leader(&self, name: &str) -> anyhow::Result<Option<Leader>> {
        let (bucket, key) = (format!("KV_{LEASES}"), format!("$KV.{LEASES}.{name}"));
        // What was given up is there without a holder.
        let held =
            read::latest_in(self.bus(), &bucket, &key).await?.filter(|event| !event.payload.is_empty());
        let lasts_ms = i64::try_from(LEASE.as_millis())?;
        Ok(held.map(|event| Leader {
            holder: String::from_utf8_lossy(&event.payload).into_owned(),
            until_ms: event.at_ms.saturating_add(lasts_ms),
        }))
    }

    /// Takes part in the lease of that name as `holder`, which tells one place from another, e.g. by host
    /// and folder: a process takes over at once from one before it in the same place.
    pub fn lease(&self, name: &'static str, holder: String) -> Lease {
        let (told, held_until) = watch::channel(None);
        // Not ended by a stop: what is in flight then is still done under the lease.
        let leave = CancellationToken::new();
        let keeper = Keeper { bus: self.bus().clone(), name, holder, told, seen: None, held: None };
        let keeping = tokio::spawn(keeper.run(leave.clone()));
        Lease { held_until, leave, keeping }
    }
}

impl Lease {
    /// Whether this process is the one.
    pub fn is_held(&self) -> bool {
        is_ahead(&self.held_until.borrow())
    }

    /// Tells the same later, also after the lease is given up.
    pub fn asked_later(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let held_until = self.held_until.clone();
        move || is_ahead(&held_until.borrow())
    }

    /// Waits until this process is the one.
    pub async fn held(&mut self) {
        let is_kept = self.held_until.wait_for(is_ahead).await.is_ok();
        if !is_kept {
            // Nobody keeps it any more; it is never held again.
            std::future::pending::<()>().await;
        }
    }

    /// Gives it up, so that another need not wait until it lapses.
    pub async fn release(mut self) {
        self.leave.cancel();
        (&mut self.keeping).await.ok();
    }
}

fn is_ahead(until: &Option<Instant>) -> bool {
    until.is_some_and(|until| Instant::now() < until)
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leave.cancel();
    }
}

struct Keeper {
    bus: Bus,
    name: &'static str,
    holder: String,
    told: watch::Sender<Option<Instant>>,
    /// The lease of another, and since when it has not changed.
    seen: Option<(u64, Instant)>,
    /// The revision of our own.
    held: Option<u64>,
}

impl Keeper {
    async fn run(mut self, leave: CancellationToken) {
        let mut failed = false;
        while !leave.is_cancelled() {
            // Counted from before it is asked for: nobody else may count on it for shorter.
            let until = Instant::now() + LEASE;
            match self.turn().await {
                Ok(()) => {
                    failed = false;
                    self.told.send_replace(self.held.map(|_| until));
                }
                // The last word stands until it lapses.
                Err(error) if !failed => {
                    failed = true;
                    tracing::warn!(stage = self.bus.stage, "cannot reach the lease {}: {error:#}", self.name);
                }
                Err(_) => (),
            }
            let pause = if self.held.is_some() { RENEWED_EVERY } else { SEEN_EVERY };
            leave.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
        if let Some(revision) = self.held
            && let Ok(bucket) = self.bucket().await
        {
            bucket.delete_expect_revision(self.name, Some(revision)).await.ok();
        }
    }

    /// Renews what is held; else takes what is free.
    async fn turn(&mut self) -> anyhow::Result<()> {
        let bucket = self.bucket().await?;
        let value = Bytes::from(self.holder.clone());
        if let Some(revision) = self.held {
            match bucket.update(self.name, value, revision).await {
                Ok(revision) => self.held = Some(revision),
                Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => {
                    tracing::warn!(stage = self.bus.stage, "lost the lease {}", self.name);
                    self.held = None;
                }
                Err(error) => return Err(error).context("renewing"),
            }
            return Ok(());
        }
        let there = bucket.entry(self.name).await.context("looking")?;
        let taken = match there.filter(|entry| entry.operation == Operation::Put) {
            None => match bucket.create(self.name, value).await {
                Ok(revision) => Some(revision),
                Err(error) if error.kind() == CreateErrorKind::AlreadyExists => None,
                Err(error) => return Err(error).context("taking"),
            },
            Some(entry) if entry.value == self.holder || self.has_lapsed(entry.revision) => {
                match bucket.update(self.name, value, entry.revision).await {
                    Ok(revision) => Some(revision),
                    Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => None,
                    Err(error) => return Err(error).context("taking over"),
                }
            }
            Some(_) => None,
        };
        if taken.is_some() {
            tracing::info!(stage = self.bus.stage, "took the lease {}", self.name);
            self.seen = None;
        }
        self.held = taken;
        Ok(())
    }

    /// Whether a lease has stood unchanged for as long as one lasts.
    fn has_lapsed(&mut self, revision: u64) -> bool {
        let now = Instant::now();
        let (_, since) = *self.seen.get_or_insert((revision, now));
        if self.seen != Some((revision, since)) {
            self.seen = Some((revision, now));
            return false;
        }
        now - since >= LEASE
    }

    async fn bucket(&self) -> anyhow::Result<Store> {
        self.bus.jetstream.get_key_value(LEASES).await.with_context(|| format!("finding the bucket {LEASES}"))
    }
}
