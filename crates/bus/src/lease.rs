//! Leader election: a lease in a key-value bucket on the bus, renewed by compare-and-set.
//!
//! No wall clocks are compared. A candidate takes over a lease that it has not seen renewed for
//! [`LEASE`] on its own clock, and a holder stops trusting a lease that it could not renew for as long. A process that was
//! suspended may work on for a moment after it lost its lease, so the work that a lease guards has to tolerate that.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::kv::{CreateErrorKind, Operation, Store, UpdateErrorKind};
use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::connect::Bus;
use crate::names::{LEASE, LEASES};
use crate::read;

/// How often the holder renews its lease; two renewals may be lost.
const RENEW_EVERY: Duration = Duration::from_secs(4);
/// How often the other candidates look at it.
const WATCH_EVERY: Duration = Duration::from_secs(2);

/// A candidacy for leadership. Released by [`Lease::release`], or by expiry after a crash.
pub struct Lease {
    held_until: watch::Receiver<Option<Instant>>,
    release: CancellationToken,
    renewing: JoinHandle<()>,
}

/// The holder of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    /// The candidate that holds it; see [`Bus::lease`].
    pub holder: String,
    /// When the lease expires if it is not renewed, milliseconds since 1970-01-01 UTC by the clock of the server.
    pub until_ms: i64,
}

impl Bus {
    /// The holder of the lease of that name; none where it is free.
    ///
    /// # Errors
    /// If the bus does not answer, or has no bucket of leases.
    pub async fn leader(&self, name: &str) -> anyhow::Result<Option<Leader>> {
        let (bucket, key) = (format!("KV_{LEASES}"), format!("$KV.{LEASES}.{name}"));
        // A released lease has an empty value.
        let held = read::latest_in(self, &bucket, &key).await?.filter(|event| !event.payload.is_empty());
        let lasts_ms = i64::try_from(LEASE.as_millis())?;
        Ok(held.map(|event| Leader {
            holder: String::from_utf8_lossy(&event.payload).into_owned(),
            until_ms: event.at_ms.saturating_add(lasts_ms),
        }))
    }

    /// Becomes a candidate for the lease of that name. `holder` identifies the candidate, e.g. by host and
    /// folder; a restarted process with the same `holder` takes its lease over at once.
    pub fn lease(&self, name: impl Into<String>, holder: String) -> Lease {
        let (sender, held_until) = watch::channel(None);
        // Not cancelled by a shutdown: work in flight is still finished under the lease.
        let release = CancellationToken::new();
        let candidate = Candidate {
            bus: self.clone(),
            name: name.into(),
            holder,
            held_until: sender,
            seen: None,
            held: None,
        };
        let renewing = tokio::spawn(candidate.run(release.clone()));
        Lease { held_until, release, renewing }
    }
}

impl Lease {
    /// Whether this process holds the lease.
    pub fn is_held(&self) -> bool {
        is_ahead(&self.held_until.borrow())
    }

    /// A function that says whether this process holds the lease, also after its release.
    pub fn observer(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let held_until = self.held_until.clone();
        move || is_ahead(&held_until.borrow())
    }

    /// Waits until this process holds the lease.
    pub async fn acquired(&mut self) {
        let is_held = self.held_until.wait_for(is_ahead).await.is_ok();
        if !is_held {
            // The renewing task has ended, so the lease is never held again.
            std::future::pending::<()>().await;
        }
    }

    /// Releases the lease, so that another candidate need not wait until it expires.
    pub async fn release(mut self) {
        self.release.cancel();
        (&mut self.renewing).await.ok();
    }
}

fn is_ahead(until: &Option<Instant>) -> bool {
    until.is_some_and(|until| Instant::now() < until)
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.release.cancel();
    }
}

struct Candidate {
    bus: Bus,
    name: String,
    holder: String,
    held_until: watch::Sender<Option<Instant>>,
    /// The revision of another holder, and since when it has not changed.
    seen: Option<(u64, Instant)>,
    /// The revision of our own lease.
    held: Option<u64>,
}

impl Candidate {
    async fn run(mut self, release: CancellationToken) {
        let mut failed = false;
        while !release.is_cancelled() {
            // Measured from before the request, so that we stop trusting the lease before others see it expired.
            let until = Instant::now() + LEASE;
            match self.renew_or_acquire().await {
                Ok(()) => {
                    failed = false;
                    self.held_until.send_replace(self.held.map(|_| until));
                }
                // The last renewal counts until it expires.
                Err(error) if !failed => {
                    failed = true;
                    tracing::warn!(
                        stage = self.bus.stage,
                        "cannot renew or read the lease {}: {error:#}",
                        self.name
                    );
                }
                Err(_) => (),
            }
            let pause = if self.held.is_some() { RENEW_EVERY } else { WATCH_EVERY };
            release.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
        if let Some(revision) = self.held
            && let Ok(bucket) = self.bucket().await
        {
            bucket.delete_expect_revision(&self.name, Some(revision)).await.ok();
        }
    }

    /// Renews our lease; or acquires it where it is free or expired.
    async fn renew_or_acquire(&mut self) -> anyhow::Result<()> {
        let bucket = self.bucket().await?;
        let value = Bytes::from(self.holder.clone());
        if let Some(revision) = self.held {
            match bucket.update(&self.name, value, revision).await {
                Ok(revision) => self.held = Some(revision),
                Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => {
                    tracing::warn!(stage = self.bus.stage, "lost the lease {}", self.name);
                    self.held = None;
                }
                Err(error) => return Err(error).context("renewing"),
            }
            return Ok(());
        }
        let there = bucket.entry(&self.name).await.context("reading")?;
        let acquired = match there.filter(|entry| entry.operation == Operation::Put) {
            None => match bucket.create(&self.name, value).await {
                Ok(revision) => Some(revision),
                Err(error) if error.kind() == CreateErrorKind::AlreadyExists => None,
                Err(error) => return Err(error).context("acquiring"),
            },
            Some(entry) if entry.value == self.holder || self.has_expired(entry.revision) => {
                match bucket.update(&self.name, value, entry.revision).await {
                    Ok(revision) => Some(revision),
                    Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => None,
                    Err(error) => return Err(error).context("taking over"),
                }
            }
            Some(_) => None,
        };
        if acquired.is_some() {
            tracing::info!(stage = self.bus.stage, "acquired the lease {}", self.name);
            self.seen = None;
        }
        self.held = acquired;
        Ok(())
    }

    /// Whether the lease of another holder was not renewed for [`LEASE`].
    fn has_expired(&mut self, revision: u64) -> bool {
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
