//! The work loop: fetch, decode, handle, publish, acknowledge, for as many messages at once as there
//! are permits.
//!
//! A handler may be killed at any instruction: the message is delivered again, and the facts that were
//! published before are found on the log.

use std::sync::Arc;
use std::time::Duration;

use bus::{Consumer, Delivery, FETCH_WAIT, with_progress};
use proto::Fact;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::attempts::{Ending, attempt_until_ended};
use crate::control::Control;
use crate::metrics::InFlight;
use crate::outcome::{Handled, Lane};
use crate::settle::{receive, settle};
use crate::slow_lane::SlowLane;
use crate::worker::Worker;

/// Fetching more messages at once is no faster.
const MAX_FETCH: usize = 64;
/// The most bytes that one fetch may bring.
const MAX_FETCH_BYTES: usize = 16 << 20;
/// How long to wait until half of the permits are free, so that not every message needs a fetch of its own. The other
/// half is enough to do meanwhile.
const REFILL_WAIT: Duration = Duration::from_millis(50);
/// Messages that are handled and wait until the log has their outcomes, beside those in the permits: a group
/// that shares a flush, and the next one.
const MAX_SETTLING: usize = 256;

impl Worker {
    /// Handles every fact `F` until the process shuts down, then lets the messages in flight finish.
    ///
    /// # Errors
    /// If no stage consumes such a fact, or the consumer cannot be found.
    pub async fn work<F, N, H, R>(&self, handle: H) -> anyhow::Result<()>
    where
        F: Fact + Clone,
        N: Fact,
        H: Fn(F) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Handled<N>> + Send + 'static,
    {
        self.work_in_lanes(move |fact, _| handle(fact)).await
    }

    /// Does the same with a handler that may defer a fact to the slow lane; see [`HandlerError::Deferred`].
    ///
    /// [`HandlerError::Deferred`]: crate::HandlerError::Deferred
    ///
    /// # Errors
    /// Those of [`Worker::work`].
    pub async fn work_in_lanes<F, N, H, R>(&self, handle: H) -> anyhow::Result<()>
    where
        F: Fact + Clone,
        N: Fact,
        H: Fn(F, Lane) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Handled<N>> + Send + 'static,
    {
        let slow_lane = Arc::new(SlowLane::new());
        let mut consumers = self.bus().consumers::<F>().await?;
        if let Some(consumer) = consumers.first() {
            self.health().started_consuming(consumer.problem());
        }
        // Each consumer has permits of its own, so that a single report never waits for a bulk one to finish.
        let permits: Vec<Permits> = consumers.iter().map(|_| Permits::new(self.config().permits)).collect();
        let work = consumers
            .iter_mut()
            .enumerate()
            .map(|(number, consumer)| self.work_on(consumer, &permits, number, &slow_lane, handle.clone()));
        futures::future::join_all(work).await;
        Ok(())
    }

    /// Handles the facts of one consumer; `all` are the permits of each.
    async fn work_on<F, N, H, R>(
        &self,
        consumer: &mut Consumer,
        all: &[Permits],
        number: usize,
        slow_lane: &Arc<SlowLane>,
        handle: H,
    ) where
        F: Fact + Clone,
        N: Fact,
        H: Fn(F, Lane) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Handled<N>> + Send + 'static,
    {
        let Some(permits) = all.get(number) else { return };
        let mut tasks = JoinSet::new();
        while let Some(wanted) = permits.wanted(self.control()).await {
            while tasks.try_join_next().is_some() {}
            if !consumer.turn().await || !consumer.fetch(wanted, MAX_FETCH_BYTES, FETCH_WAIT).await {
                break;
            }
            self.health().fetched();
            let mut any = false;
            while let Some(delivery) = consumer.next().await {
                any = true;
                // Never waits: only this loop takes permits, and it fetches no more than there are.
                let permit = permits.acquire().await;
                let settling = permits.settling.clone();
                let (worker, slow_lane, handle) = (self.clone(), slow_lane.clone(), handle.clone());
                tasks.spawn(async move {
                    handle_one::<F, N, H, R>(&worker, &slow_lane, permit, settling, delivery, handle).await;
                });
            }
            let is_open = self.control().breaker.is_open();
            if !any && all.iter().all(Permits::all_free) && is_open && self.bus().problem().is_none() {
                // Other workers handled the messages that failed here, so nothing is left to probe with.
                // The next failure opens the breaker again.
                self.control().breaker.succeeded();
            }
        }
        let aborted = drain(tasks, self.config().drain).await;
        if aborted > 0 {
            tracing::warn!(
                stage = self.name(),
                aborted,
                "stopped while handling messages; they will be delivered again"
            );
        }
    }
}

async fn handle_one<F, N, H, R>(
    worker: &Worker,
    slow_lane: &SlowLane,
    permit: OwnedSemaphorePermit,
    settling: Arc<Semaphore>,
    delivery: Delivery,
    handle: H,
) where
    F: Fact + Clone,
    N: Fact,
    H: Fn(F, Lane) -> R,
    R: Future<Output = Handled<N>>,
{
    let span = delivery.span.clone();
    let handled = async {
        let in_flight = InFlight::new(worker.name(), F::NAME, &delivery);
        let (control, id) = (worker.control(), delivery.id());
        let mut permit = Some(permit);
        let ending = match receive::<F>(&delivery) {
            Ok(fact) => {
                let ordinary = |fact| handle(fact, Lane::Ordinary);
                match attempt_until_ended(control, id, fact.clone(), ordinary).await {
                    Ending::Deferred(error) => {
                        tracing::info!(
                            stage = worker.name(),
                            report.id = id,
                            "{id} goes to the slow lane: {error:#}"
                        );
                        permit = None;
                        slow_lane.handle(control, id, fact, handle).await
                    }
                    ending => ending,
                }
            }
            Err(refusal) => Ending::Refused(refusal, Vec::new()),
        };
        // The next message is handled while this one waits for the log.
        let settling = settling.acquire().await;
        drop(permit);
        settle::<F, N>(worker.control(), worker.bus(), &delivery, ending).await;
        drop((in_flight, settling));
    };
    with_progress(std::slice::from_ref(&delivery), handled.instrument(span)).await;
}

/// A limit on messages in flight.
struct Permits {
    free: Arc<Semaphore>,
    total: usize,
    settling: Arc<Semaphore>,
}

impl Permits {
    fn new(total: usize) -> Self {
        let settling = Arc::new(Semaphore::new(MAX_SETTLING));
        Self { free: Arc::new(Semaphore::new(total)), total, settling }
    }

    /// Waits until messages may be fetched, and says how many; none where the process shuts down. While the
    /// breaker is open, the messages in flight are the probes; where there are none, one is fetched.
    async fn wanted(&self, control: &Control) -> Option<usize> {
        let breaker = &control.breaker;
        let may_fetch = async {
            drop(tokio::time::timeout(REFILL_WAIT, acquire(&self.free, self.total / 2)).await);
            drop(self.free.acquire().await);
            if !breaker.is_open() {
                return;
            }
            let none_in_flight = async {
                (acquire(&self.free, self.total).await, acquire(&self.settling, MAX_SETTLING).await)
            };
            tokio::select! {
                () = breaker.closed() => (),
                none_in_flight = none_in_flight => drop(none_in_flight),
            }
        };
        if !control.shutdown.unless_requested(may_fetch).await {
            return None;
        }
        Some(if breaker.is_open() { 1 } else { self.free.available_permits().clamp(1, MAX_FETCH) })
    }

    async fn acquire(&self) -> tokio::sync::OwnedSemaphorePermit {
        self.free.clone().acquire_owned().await.expect("the semaphore is never closed")
    }

    fn all_free(&self) -> bool {
        self.free.available_permits() == self.total && self.settling.available_permits() == MAX_SETTLING
    }
}

async fn acquire(semaphore: &Semaphore, count: usize) -> Option<SemaphorePermit<'_>> {
    semaphore.acquire_many(u32::try_from(count).unwrap_or(u32::MAX)).await.ok()
}

/// Waits until all tasks have finished, at most `limit`, and aborts the rest; how many it aborted.
async fn drain(mut tasks: JoinSet<()>, limit: Duration) -> usize {
    let all_finished = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(limit, all_finished).await.is_ok() {
        return 0;
    }
    let aborted = tasks.len();
    tasks.shutdown().await;
    aborted
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::shutdown::Shutdown;

    fn control() -> Control {
        Control::new("parse", Shutdown::new())
    }

    #[tokio::test(start_paused = true)]
    async fn a_fetch_asks_for_as_many_as_there_are_permits() {
        let control = control();
        let check = async |permits: &Permits, expected| {
            assert_eq!(permits.wanted(&control).await, Some(expected));
        };
        check(&Permits::new(1), 1).await;
        check(&Permits::new(7), 7).await;
        check(&Permits::new(100), MAX_FETCH).await;
        let permits = Permits::new(7);
        let taken = (permits.acquire().await, permits.acquire().await);
        assert!(!permits.all_free());
        check(&permits, 5).await;
        drop(taken);
        assert!(permits.all_free());
        check(&permits, 7).await;
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_breaker_is_open_one_is_fetched_and_only_when_none_is_in_flight() {
        let (control, permits) = (control(), Permits::new(7));
        control.breaker.blocked(&anyhow::anyhow!("no space"));
        assert_eq!(permits.wanted(&control).await, Some(1));
        let in_flight = permits.acquire().await;
        let wait = tokio::time::timeout(Duration::from_secs(3600), permits.wanted(&control));
        assert!(wait.await.is_err(), "the message in flight is the probe");
        let (wanted, ()) = tokio::join!(permits.wanted(&control), async { control.breaker.succeeded() });
        assert_eq!(wanted, Some(6));
        drop(in_flight);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_ends_the_wait_for_a_permit() {
        let (control, permits) = (control(), Permits::new(1));
        let _in_flight = permits.acquire().await;
        let (wanted, ()) = tokio::join!(permits.wanted(&control), async { control.shutdown.trigger() });
        assert_eq!(wanted, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_waits_for_its_limit_and_no_longer() {
        let check = async |seconds: &[u64], aborted, took| {
            let mut tasks = JoinSet::new();
            for seconds in seconds {
                tasks.spawn(tokio::time::sleep(Duration::from_secs(*seconds)));
            }
            let started = Instant::now();
            assert_eq!(drain(tasks, Duration::from_secs(25)).await, aborted, "{seconds:?}");
            assert_eq!(started.elapsed(), Duration::from_secs(took), "{seconds:?}");
        };
        check(&[], 0, 0).await;
        check(&[3, 24, 7], 0, 24).await;
        check(&[3, 26, 3600], 2, 25).await;
    }
}
