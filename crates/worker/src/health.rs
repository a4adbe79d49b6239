//! What the loops of a worker report about themselves, for `/readyz`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// A worker is healthy if it has fetched within this time; one fetch waits five seconds.
const FETCHED_WITHIN: Duration = Duration::from_secs(60);

pub(crate) struct Health {
    started: Instant,
    consuming: AtomicBool,
    fetched_ms: AtomicU64,
    degraded: Mutex<Option<String>>,
    consumer: Mutex<Option<watch::Receiver<Option<String>>>>,
}

impl Health {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            consuming: AtomicBool::new(false),
            fetched_ms: AtomicU64::new(0),
            degraded: Mutex::default(),
            consumer: Mutex::default(),
        }
    }

    /// A loop starts to consume; `problem` says why its consumer cannot be found.
    pub(crate) fn started_consuming(&self, problem: watch::Receiver<Option<String>>) {
        *self.consumer.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
        self.consuming.store(true, Ordering::Relaxed);
        self.fetched();
    }

    /// No loop consumes any more.
    pub(crate) fn stopped_consuming(&self) {
        self.consuming.store(false, Ordering::Relaxed);
        *self.consumer.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// A loop has fetched.
    pub(crate) fn fetched(&self) {
        self.fetched_ms.store(self.now_ms(), Ordering::Relaxed);
    }

    /// Why the worker does not work in full; none where it does.
    pub(crate) fn set_degraded(&self, reason: Option<String>) {
        *self.degraded.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    /// Why the worker is not ready; none where it is.
    pub(crate) fn problem(&self) -> Option<String> {
        let degraded = self.degraded.lock().unwrap_or_else(PoisonError::into_inner).clone();
        degraded.or_else(|| self.consumer_problem()).or_else(|| {
            let age_ms = self.now_ms().saturating_sub(self.fetched_ms.load(Ordering::Relaxed));
            let is_stale =
                self.consuming.load(Ordering::Relaxed) && u128::from(age_ms) > FETCHED_WITHIN.as_millis();
            is_stale.then(|| "has not fetched for a minute".into())
        })
    }

    fn consumer_problem(&self) -> Option<String> {
        let consumer = self.consumer.lock().unwrap_or_else(PoisonError::into_inner);
        consumer.as_ref().and_then(|problem| problem.borrow().clone())
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_stopped_fetching_is_not_ready() {
        let health = Health::new();
        assert_eq!(health.problem(), None);
        let (consumer, problem) = watch::channel(None);
        health.started_consuming(problem);
        tokio::time::advance(FETCHED_WITHIN).await;
        assert_eq!(health.problem(), None);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(health.problem().as_deref(), Some("has not fetched for a minute"));
        health.fetched();
        assert_eq!(health.problem(), None);
        consumer.send_replace(Some("no consumer".into()));
        assert_eq!(health.problem().as_deref(), Some("no consumer"));
        health.set_degraded(Some("catching up".into()));
        assert_eq!(health.problem().as_deref(), Some("catching up"));
        health.set_degraded(None);
        health.stopped_consuming();
        tokio::time::advance(2 * FETCHED_WITHIN).await;
        assert_eq!(health.problem(), None);
    }
}
