//! Retries: how often a message is tried, how long between attempts, and the circuit breaker of a stage.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use bus::metrics::stage_attribute;

use crate::metrics::METRICS;
use crate::outcome::truncated;

/// Attempts at one message within one delivery, with pauses of 200 ms, 1 s, 5 s and 10 s between them:
/// longer than a dependency takes to restart.
pub const ATTEMPTS: usize = 5;
const FIRST_DELAY: Duration = Duration::from_millis(200);
const MAX_DELAY: Duration = Duration::from_secs(10);

/// Deliveries of one message without an acknowledgement before it is refused. Generous, because a worker
/// that crashes takes all its messages in flight with it.
pub const DELIVERIES: i64 = 10;

/// How many of the last attempts the breaker considers.
const WINDOW: usize = 20;
/// While the breaker is open, it admits one attempt in this time.
pub(crate) const PROBE_EVERY: Duration = Duration::from_secs(5);

/// The pause after `failed` attempts.
pub(crate) fn delay(failed: usize) -> Duration {
    let growth = 5_u32.saturating_pow(u32::try_from(failed.saturating_sub(1)).unwrap_or(u32::MAX));
    FIRST_DELAY.saturating_mul(growth).min(MAX_DELAY)
}

/// A circuit breaker. Opens when more than half of the last twenty attempts failed, or at once when a
/// dependency of all of them is unavailable: then the reports are not at fault, and continuing would refuse a whole queue.
/// While it is open no message is given up, and single attempts probe whether the dependency works again.
pub(crate) struct Breaker {
    stage: &'static str,
    recent: Mutex<Recent>,
    /// Why it is open; none while it is closed.
    open: watch::Sender<Option<String>>,
}

struct Recent {
    /// Newest last; true means failed.
    attempts: VecDeque<bool>,
    next_probe: Instant,
}

impl Breaker {
    pub(crate) fn new(stage: &'static str) -> Self {
        let recent = Recent { attempts: VecDeque::with_capacity(WINDOW), next_probe: Instant::now() };
        Self { stage, recent: Mutex::new(recent), open: watch::channel(None).0 }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.borrow().is_some()
    }

    /// The error that opened it; none while it is closed.
    pub(crate) fn reason(&self) -> Option<String> {
        self.open.borrow().clone()
    }

    /// Waits until it is closed.
    pub(crate) async fn closed(&self) {
        let mut open = self.open.subscribe();
        open.wait_for(Option::is_none).await.expect("the sender lives in self");
    }

    /// Waits until an attempt may be made.
    pub(crate) async fn admit(&self) {
        while self.is_open() {
            let next_probe = {
                let mut recent = self.recent();
                let now = Instant::now();
                if now >= recent.next_probe {
                    recent.next_probe = now + PROBE_EVERY;
                    return;
                }
                recent.next_probe
            };
            tokio::select! {
                () = self.closed() => return,
                () = tokio::time::sleep_until(next_probe) => (),
            }
        }
    }

    /// Records an attempt that ended with a result, also with a refusal.
    pub(crate) fn succeeded(&self) {
        let mut recent = self.recent();
        if self.is_open() {
            recent.attempts.clear();
            self.open.send_replace(None);
            tracing::info!(stage = self.stage, "an attempt succeeded, fetching again");
        } else {
            recent.record(false);
        }
    }

    /// Records a failed attempt; the report may be at fault or not.
    pub(crate) fn failed(&self, error: &anyhow::Error) {
        let mut recent = self.recent();
        recent.record(true);
        let failures = recent.attempts.iter().filter(|failed| **failed).count();
        if self.is_open() || (recent.attempts.len() == WINDOW && failures * 2 > WINDOW) {
            self.open_for(&mut recent, error);
        }
    }

    /// Records that a dependency of all attempts is unavailable.
    pub(crate) fn blocked(&self, error: &anyhow::Error) {
        self.open_for(&mut self.recent(), error);
    }

    fn open_for(&self, recent: &mut Recent, error: &anyhow::Error) {
        let error = truncated(format!("{error:#}"));
        if !self.is_open() {
            recent.next_probe = Instant::now() + PROBE_EVERY;
            METRICS.breaker_opened.add(1, &[stage_attribute(self.stage)]);
            tracing::error!(stage = self.stage, "fetching no more until an attempt succeeds: {error}");
        }
        self.open.send_replace(Some(error));
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn record(&mut self, failed: bool) {
        if self.attempts.len() == WINDOW {
            self.attempts.pop_front();
        }
        self.attempts.push_back(failed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_are_bounded() {
        let check = |failed, milliseconds| assert_eq!(delay(failed), Duration::from_millis(milliseconds));
        check(1, 200);
        check(2, 1_000);
        check(3, 5_000);
        check(4, 10_000);
        check(99, 10_000);
    }

    fn attempt(breaker: &Breaker, fails: bool) {
        if fails { breaker.failed(&anyhow::anyhow!("odd")) } else { breaker.succeeded() }
    }

    #[tokio::test(start_paused = true)]
    async fn the_breaker_opens_probes_and_closes() {
        let breaker = Breaker::new("parse");
        for number in 0..WINDOW {
            assert!(!breaker.is_open(), "after {number}");
            breaker.admit().await;
            attempt(&breaker, number % 3 != 0);
        }
        assert_eq!(breaker.reason().as_deref(), Some("odd"));
        let opened = Instant::now();
        breaker.admit().await;
        assert_eq!(opened.elapsed(), PROBE_EVERY);
        attempt(&breaker, true);
        breaker.admit().await;
        assert_eq!(opened.elapsed(), 2 * PROBE_EVERY);
        attempt(&breaker, false);
        assert!(!breaker.is_open());
        breaker.admit().await;
        assert_eq!(opened.elapsed(), 2 * PROBE_EVERY);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unavailable_dependency_opens_it_at_once() {
        let breaker = Breaker::new("parse");
        breaker.blocked(&anyhow::anyhow!("no space").context("storing an original"));
        assert_eq!(breaker.reason().as_deref(), Some("storing an original: no space"));
        let opened = Instant::now();
        breaker.admit().await;
        assert_eq!(opened.elapsed(), PROBE_EVERY);
        breaker.succeeded();
        assert_eq!(breaker.reason(), None);
    }

    #[test]
    fn it_stays_closed_while_half_of_the_attempts_fail() {
        let breaker = Breaker::new("parse");
        for number in 0..10 * WINDOW {
            attempt(&breaker, number % 2 == 0);
        }
        assert!(!breaker.is_open());
    }
}
