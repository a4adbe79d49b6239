//! When something of ours fails: how often it is tried again, and when a stage stops trying for a while.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::telemetry::{metrics, stage_attribute};

/// Attempts at one message within one delivery: 200 ms, 1 s, 5 s and 10 s lie between them, so that a
/// restart of what we lean on is outlived.
pub const ATTEMPTS: usize = 5;
const FIRST_DELAY: Duration = Duration::from_millis(200);
const LONGEST_DELAY: Duration = Duration::from_secs(10);

/// Deliveries of one message that nobody lived to answer, before it is refused. Generous, because a
/// killed worker takes its neighbours with it.
pub const DELIVERIES: i64 = 10;

/// Attempts that the breaker looks back at.
const WINDOW: usize = 20;
/// While it is open, one attempt is let through in this time.
const PROBE_EVERY: Duration = Duration::from_secs(5);

/// How long to wait after `failed` attempts.
pub(crate) fn delay(failed: usize) -> Duration {
    let growth = 5_u32.saturating_pow(u32::try_from(failed.saturating_sub(1)).unwrap_or(u32::MAX));
    FIRST_DELAY.saturating_mul(growth).min(LONGEST_DELAY)
}

/// Opens when more than half of the last twenty attempts failed: then it is not the reports, and going
/// on would refuse a whole queue. While it is open, single attempts probe whether the trouble is over.
pub(crate) struct Breaker {
    stage: &'static str,
    recent: Mutex<Recent>,
    open: watch::Sender<bool>,
}

struct Recent {
    /// Newest last; true where it failed.
    attempts: VecDeque<bool>,
    next_probe: Instant,
}

impl Breaker {
    pub(crate) fn new(stage: &'static str) -> Self {
        let recent = Recent { attempts: VecDeque::with_capacity(WINDOW), next_probe: Instant::now() };
        Self { stage, recent: Mutex::new(recent), open: watch::channel(false).0 }
    }

    pub(crate) fn is_open(&self) -> bool {
        *self.open.borrow()
    }

    /// Waits until it is closed.
    pub(crate) async fn closed(&self) {
        let mut open = self.open.subscribe();
        open.wait_for(|open| !open).await.expect("the sender lives in self");
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

    /// Notes how an attempt ended.
    pub(crate) fn record(&self, failed: bool) {
        let mut recent = self.recent();
        if self.is_open() {
            if !failed {
                recent.attempts.clear();
                self.open.send_replace(false);
                tracing::info!(stage = self.stage, "the trouble is over, fetching again");
            }
            return;
        }
        if recent.attempts.len() == WINDOW {
            recent.attempts.pop_front();
        }
        recent.attempts.push_back(failed);
        let failures = recent.attempts.iter().filter(|failed| **failed).count();
        if recent.attempts.len() == WINDOW && failures * 2 > WINDOW {
            recent.next_probe = Instant::now() + PROBE_EVERY;
            self.open.send_replace(true);
            metrics().breaker_opened.add(1, &[stage_attribute(self.stage)]);
            tracing::error!(
                stage = self.stage,
                failures,
                "most attempts fail, fetching no more until one succeeds"
            );
        }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[tokio::test(start_paused = true)]
    async fn the_breaker_opens_probes_and_closes() {
        let breaker = Breaker::new("parse");
        for attempt in 0..WINDOW {
            assert!(!breaker.is_open(), "after {attempt}");
            breaker.admit().await;
            breaker.record(attempt % 3 != 0);
        }
        assert!(breaker.is_open());
        let opened = Instant::now();
        breaker.admit().await;
        assert_eq!(opened.elapsed(), PROBE_EVERY);
        breaker.record(true);
        breaker.admit().await;
        assert_eq!(opened.elapsed(), 2 * PROBE_EVERY);
        breaker.record(false);
        assert!(!breaker.is_open());
        breaker.admit().await;
        assert_eq!(opened.elapsed(), 2 * PROBE_EVERY);
    }

    #[test]
    fn half_failing_is_not_most() {
        let breaker = Breaker::new("parse");
        for attempt in 0..10 * WINDOW {
            breaker.record(attempt % 2 == 0);
        }
        assert!(!breaker.is_open());
    }
}
