//! The work loop for work that is cheaper in bulk: one commit of the index for hundreds of facts.
//!
//! A batch is what is available. A single message is handled at once; while one batch is handled, the
//! next one accumulates on the log. A failed message is retried with a later batch, so that it delays no
//! other message.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bus::{Consumer, Delivery, FETCH_WAIT, Position, with_progress};
use futures::{FutureExt, StreamExt};
use opentelemetry::trace::TraceContextExt;
use proto::Fact;
use tokio::time::Instant;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::attempts::Ending;
use crate::backlog::{Backlog, Entry, end_of, is_success};
use crate::cpu::panic_message;
use crate::metrics::InFlight;
use crate::outcome::{Handled, HandlerError};
use crate::settle::{receive, settle};
use crate::worker::Worker;

/// How large a batch may become, and how often there is one.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// At most this many facts.
    pub messages: usize,
    /// At most about this many bytes of facts.
    pub bytes: usize,
    /// How long to go on fetching while more messages are pending on the log.
    pub linger: Duration,
    /// The pause between the end of a batch that was not full and the next one, so that messages that arrive
    /// meanwhile share the cost of a batch. A message that arrives after the pause is handled at once.
    pub pause: Duration,
}

/// Publishes and acknowledgements of one batch in progress at once: enough for groups that share a flush.
const SETTLE_CONCURRENCY: usize = 512;
/// The server accepts no shorter wait for a fetch.
const MIN_FETCH_WAIT: Duration = Duration::from_millis(20);

/// The facts `F` on the log, batch by batch. When this is dropped, the server redelivers the unsettled
/// messages half a minute later; [`Batches::close`] returns them at once.
pub struct Batches<F> {
    worker: Worker,
    limits: BatchLimits,
    consumer: Consumer,
    backlog: Backlog<Message<F>>,
    /// No new batch before this time.
    paused_until: Instant,
    received: Received,
}

/// How far the consumer of a stage is, and whether this process is the only one that consumes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The ack floor: everything up to this sequence on the log is acknowledged, by any worker.
    pub acknowledged: u64,
    /// Whether every message delivered since the last [`Batches::reset_progress`] arrived here. If not,
    /// another worker got it, or it was lost on its way.
    pub exclusive: bool,
    delivered: u64,
}

/// Which deliveries of the consumer arrived here.
#[derive(Debug, Clone, Copy, Default)]
struct Received {
    /// The consumer sequence of the last one.
    last: u64,
    /// Whether an earlier one is missing.
    gap: bool,
}

/// A fact and the delivery to acknowledge.
struct Message<F> {
    fact: F,
    delivery: Arc<Delivery>,
    in_flight: InFlight,
}

/// A message whose outcome is known.
struct Ended<N> {
    delivery: Arc<Delivery>,
    ending: Ending<N>,
    in_flight: InFlight,
}

impl Worker {
    /// Consumes the facts `F` in batches.
    ///
    /// # Errors
    /// If no stage consumes such a fact, or the consumer cannot be found.
    pub async fn batches<F: Fact + Clone>(&self, limits: BatchLimits) -> anyhow::Result<Batches<F>> {
        let consumer = self.bus().consumer::<F>().await?;
        self.health().started_consuming(consumer.problem());
        Ok(Batches {
            worker: self.clone(),
            backlog: Backlog::new(limits.messages),
            limits,
            consumer,
            paused_until: Instant::now(),
            received: Received::default(),
        })
    }
}

impl<F: Fact + Clone> Batches<F> {
    /// Fetches a batch and handles it once. The handler returns one outcome for each fact, in their order; a
    /// failed fact comes again with a later batch. Returns after a few seconds also where no message
    /// arrived, and at once where the process shuts down.
    pub async fn next<N, H, R>(&mut self, handle: H)
    where
        N: Fact,
        H: FnOnce(Vec<F>) -> R,
        R: Future<Output = Vec<Handled<N>>>,
    {
        let worker = self.worker.clone();
        let control = worker.control();
        if !control.shutdown.unless_requested(tokio::time::sleep_until(self.paused_until)).await {
            return;
        }
        let undecodable = self.fetch::<N>().await;
        settle_all::<F, N>(&worker, undecodable).await;
        let is_open = control.breaker.is_open();
        if self.backlog.is_empty() || control.shutdown.is_requested() || !control.admit().await {
            return;
        }
        let due = self.backlog.take_due(is_open, Instant::now());
        if due.is_empty() {
            return;
        }
        let count = due.len();
        let deliveries: Vec<_> = due.iter().map(|entry| Arc::clone(&entry.message.delivery)).collect();
        let retried = with_progress(&deliveries, handle_batch::<F, N, H, R>(&worker, due, handle)).await;
        self.backlog.put_back(retried);
        // A full batch has shared its costs, and more messages are pending: do not pause.
        if count < self.limits.messages && !is_open {
            self.paused_until = Instant::now() + self.limits.pause;
        }
    }

    /// Asks how far the consumer is, and whether another worker consumes from it.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn progress(&mut self) -> anyhow::Result<Progress> {
        let Position { acknowledged, delivered } = self.consumer.position().await?;
        Ok(Progress { acknowledged, exclusive: self.received.is_all_of(delivered), delivered })
    }

    /// From now on, [`Progress::exclusive`] is about the messages delivered after `progress`.
    pub fn reset_progress(&mut self, progress: Progress) {
        self.received = Received { last: progress.delivered, gap: false };
    }

    /// Returns the unsettled messages to the server.
    pub async fn close(mut self) {
        for entry in self.backlog.take_all() {
            entry.message.delivery.release().await;
        }
        self.worker.health().stopped_consuming();
    }

    /// Fetches available messages into the backlog. Returns the undecodable ones, already ended.
    async fn fetch<N>(&mut self) -> Vec<Ended<N>> {
        let mut ended = Vec::new();
        let worker = self.worker.clone();
        let (breaker, shutdown) = (&worker.control().breaker, &worker.control().shutdown);
        let is_open = breaker.is_open();
        let started = Instant::now();
        let BatchLimits { bytes, linger, .. } = self.limits;
        if self.backlog.room(is_open) == 0 {
            if !is_open {
                let until_due = self.backlog.until_due(started).unwrap_or_default();
                shutdown.unless_requested(tokio::time::sleep(until_due)).await;
            }
        } else {
            let mut fetched_bytes = 0;
            while self.backlog.room(is_open) > 0 && fetched_bytes < bytes {
                let wait = self.backlog.until_due(started).unwrap_or(FETCH_WAIT);
                let wait = wait.clamp(MIN_FETCH_WAIT, FETCH_WAIT);
                if !self.consumer.fetch(self.backlog.room(is_open), bytes - fetched_bytes, wait).await {
                    break;
                }
                worker.health().fetched();
                let mut pending = 0;
                while let Some(delivery) = self.consumer.next().await {
                    pending = delivery.pending;
                    fetched_bytes += delivery.payload.len();
                    self.received.record(delivery.consumer_sequence);
                    self.push(delivery, &mut ended);
                }
                if pending == 0 || started.elapsed() >= linger || shutdown.is_requested() {
                    break;
                }
            }
        }
        let now = Instant::now();
        for entry in self.backlog.iter().filter(|entry| entry.is_retried(now)) {
            entry.message.delivery.extend().await;
        }
        ended
    }

    fn push<N>(&mut self, delivery: Delivery, ended: &mut Vec<Ended<N>>) {
        let in_flight = InFlight::new(self.worker.name(), F::NAME, &delivery);
        let received = receive::<F>(&delivery);
        let delivery = Arc::new(delivery);
        match received {
            Ok(fact) => {
                let key = delivery.subject.clone();
                self.backlog.push(key, Message { fact, delivery, in_flight }, Instant::now());
            }
            Err(refusal) => {
                ended.push(Ended { delivery, ending: Ending::Refused(refusal, Vec::new()), in_flight });
            }
        }
    }
}

impl Received {
    fn record(&mut self, consumer_sequence: u64) {
        self.gap |= consumer_sequence != self.last + 1;
        self.last = consumer_sequence;
    }

    /// Whether every delivery up to this one arrived.
    fn is_all_of(&self, delivered: u64) -> bool {
        !self.gap && delivered == self.last
    }
}

/// Handles a batch once; returns the entries to retry.
async fn handle_batch<F, N, H, R>(
    worker: &Worker,
    entries: Vec<Entry<Message<F>>>,
    handle: H,
) -> Vec<Entry<Message<F>>>
where
    F: Fact + Clone,
    N: Fact,
    H: FnOnce(Vec<F>) -> R,
    R: Future<Output = Vec<Handled<N>>>,
{
    let facts: Vec<F> = entries.iter().map(|entry| entry.message.fact.clone()).collect();
    let deliveries = entries.iter().map(|entry| &*entry.message.delivery);
    let span = batch_span(worker.name(), F::NAME, deliveries);
    let outcomes = guarded(facts.len(), || handle(facts)).instrument(span).await;
    let any_succeeded = outcomes.iter().any(is_success);
    let now = Instant::now();
    let (mut retried, mut ended) = (Vec::new(), Vec::new());
    for (mut entry, outcome) in entries.into_iter().zip(outcomes) {
        let delivery = Arc::clone(&entry.message.delivery);
        let ending = delivery
            .span
            .in_scope(|| end_of(worker.control(), delivery.id(), &mut entry, outcome, any_succeeded, now));
        match ending {
            Some(ending) => ended.push(Ended { delivery, ending, in_flight: entry.message.in_flight }),
            None => retried.push(entry),
        }
    }
    settle_all::<F, N>(worker, ended).await;
    retried
}

async fn settle_all<F: Fact, N: Fact>(worker: &Worker, ended: Vec<Ended<N>>) {
    futures::stream::iter(ended)
        .for_each_concurrent(SETTLE_CONCURRENCY, |Ended { delivery, ending, in_flight }| async move {
            let span = delivery.span.clone();
            settle::<F, N>(worker.control(), worker.bus(), &delivery, ending).instrument(span).await;
            drop(in_flight);
        })
        .await;
}

/// A batch has many parents, so its span has no parent and links to each of them.
fn batch_span<'a>(stage: &str, fact: &str, deliveries: impl ExactSizeIterator<Item = &'a Delivery>) -> Span {
    let span = tracing::info_span!(
        parent: None,
        "process batch",
        otel.name = format!("process gouji.v1.{fact}"),
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.consumer.group.name = stage,
        messaging.batch.message_count = deliveries.len(),
    );
    for delivery in deliveries {
        span.add_link(delivery.span.context().span().span_context().clone());
        delivery.span.add_link(span.context().span().span_context().clone());
    }
    span
}

/// Runs a handler. If it panics, or returns another number of outcomes than of facts, all facts fail.
async fn guarded<N, R: Future<Output = Vec<Handled<N>>>>(
    count: usize,
    handle: impl FnOnce() -> R,
) -> Vec<Handled<N>> {
    let run = AssertUnwindSafe(async move { handle().await });
    let error = match run.catch_unwind().await {
        Ok(outcomes) if outcomes.len() == count => return outcomes,
        Ok(outcomes) => format!("{} outcomes for {count} facts", outcomes.len()),
        Err(panic) => format!("panicked: {}", panic_message(&*panic)),
    };
    (0..count).map(|_| Err(HandlerError::Failed(anyhow::anyhow!("{error}")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Done;

    #[test]
    fn a_gap_in_the_deliveries_is_noticed() {
        let check = |sequences: &[u64], delivered, expected| {
            let mut received = Received { last: 3, gap: false };
            sequences.iter().for_each(|sequence| received.record(*sequence));
            assert_eq!(received.is_all_of(delivered), expected, "{sequences:?} of {delivered}");
        };
        check(&[], 3, true);
        check(&[4, 5], 5, true);
        check(&[4, 5], 6, false);
        check(&[4, 6], 6, false);
        check(&[5], 5, false);
    }

    #[tokio::test]
    async fn a_handler_answers_for_each_fact_or_all_fail() {
        let texts = |outcomes: Vec<Handled<()>>| -> Vec<String> {
            let text = |outcome| match outcome {
                Err(HandlerError::Failed(error)) => format!("{error:#}"),
                outcome => format!("{outcome:?}"),
            };
            outcomes.into_iter().map(text).collect()
        };
        let one = || Ok(Done(vec![()]));
        assert_eq!(texts(guarded(1, || async { vec![one()] }).await), ["Ok(Done([()]))"]);
        let short = guarded(2, || async { vec![one()] }).await;
        assert_eq!(texts(short), ["1 outcomes for 2 facts"; 2]);
        let panicking = guarded(2, || async { panic!("odd") }).await;
        assert_eq!(texts(panicking), ["panicked: odd"; 2]);
    }
}
