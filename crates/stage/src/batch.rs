//! The work loop for what is cheaper in bulk: a commit of the index for a thousand facts and not for one.
//!
//! A batch is what is there. A single message goes through at once; while one batch is handled, the
//! next one gathers on the log by itself.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::{FutureExt, StreamExt};
use opentelemetry::trace::TraceContextExt;
use proto::Fact;
use proto::v1::Attempt;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::Stage;
use crate::delivery::{Delivery, with_progress};
use crate::fetch::Source;
use crate::outcome::{Done, Handled, Trouble};
use crate::retry::delay;
use crate::seats::panic_message;
use crate::work::{Ending, InFlight, note_failure, place_of, receive, settle, unless_stopped};

/// How large a batch may become.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// At most so many facts.
    pub messages: usize,
    /// At most about so many bytes of them.
    pub bytes: usize,
    /// While more is waiting on the log, how long to go on gathering.
    pub linger: Duration,
    /// From the end of one batch to the beginning of the next, so that what a batch costs in itself is
    /// shared by those that arrive meanwhile. What comes after a pause goes through at once.
    pub rest: Duration,
}

impl Default for Bounds {
    /// A thousand facts of a few KB.
    fn default() -> Self {
        Self { messages: 1000, bytes: 16 << 20, linger: Duration::from_millis(50), rest: Duration::ZERO }
    }
}

/// Publishes and acknowledgements of one batch that are under way at once; more gains nothing.
const SETTLING_AT_ONCE: usize = 64;

/// One fact of a batch on its way.
struct Item<'a, F> {
    fact: F,
    delivery: &'a Delivery,
    failed: Vec<Attempt>,
    in_flight: InFlight,
}

/// One that has come to its end.
struct Ended<'a, N> {
    delivery: &'a Delivery,
    ending: Ending<N>,
    in_flight: InFlight,
}

impl Stage {
    /// Handles the facts `F` batch by batch until it is time to stop. The handler gives one outcome for
    /// each fact, in their order.
    ///
    /// # Errors
    /// If no stage takes such a fact, or its place on the log cannot be had.
    pub async fn batches<F, N, H, R>(&self, bounds: Bounds, handle: H) -> anyhow::Result<()>
    where
        F: Fact + Clone,
        N: Fact,
        H: Fn(Stage, Vec<F>) -> R + Send + Sync,
        R: Future<Output = Vec<Handled<N>>> + Send,
    {
        let mut source = Source::bind(self, place_of::<F>()?).await?;
        while !self.stop().is_wished() {
            let messages = if self.breaker().is_open() { 1 } else { bounds.messages.max(1) };
            let deliveries = gather::<F>(self, &mut source, Bounds { messages, ..bounds }).await;
            let handled = batch::<F, N, H, R>(self, &deliveries, &handle);
            with_progress(&deliveries, handled).await;
            // A full batch has shared its costs, and more of the same is waiting.
            if (1..messages).contains(&deliveries.len()) {
                unless_stopped(self, tokio::time::sleep(bounds.rest)).await;
            }
        }
        Ok(())
    }
}

/// What is there, within bounds; nothing where nothing came for a while.
async fn gather<F: Fact>(stage: &Stage, source: &mut Source, bounds: Bounds) -> Vec<Delivery> {
    let begun = Instant::now();
    let (mut deliveries, mut bytes, mut waiting) = (Vec::new(), 0, 0);
    while deliveries.len() < bounds.messages && bytes < bounds.bytes {
        if !source.ask(bounds.messages - deliveries.len(), bounds.bytes - bytes).await {
            break;
        }
        while let Some(message) = source.next().await {
            waiting = message.info().map_or(0, |info| info.pending);
            bytes += message.payload.len();
            deliveries.push(Delivery::new::<F>(stage.name(), message));
        }
        if waiting == 0 || begun.elapsed() >= bounds.linger || stage.stop().is_wished() {
            break;
        }
    }
    deliveries
}

async fn batch<F, N, H, R>(stage: &Stage, deliveries: &[Delivery], handle: &H)
where
    F: Fact + Clone,
    N: Fact,
    H: Fn(Stage, Vec<F>) -> R,
    R: Future<Output = Vec<Handled<N>>>,
{
    let (mut items, mut ended) = (Vec::new(), Vec::new());
    for delivery in deliveries {
        let in_flight = InFlight::new::<F>(stage, delivery);
        match receive::<F>(delivery) {
            Ok(fact) => items.push(Item { fact, delivery, failed: Vec::new(), in_flight }),
            Err(refusal) => {
                let ending = Ending::Refused(refusal, Vec::new());
                ended.push(Ended { delivery, ending, in_flight });
            }
        }
    }
    while !items.is_empty() {
        if !unless_stopped(stage, stage.breaker().admit()).await {
            break;
        }
        let facts: Vec<F> = items.iter().map(|item| item.fact.clone()).collect();
        let span = batch_span::<F>(stage, &items);
        let outcomes = guarded(facts.len(), || handle(stage.clone(), facts)).instrument(span).await;
        let mut again = Vec::new();
        for (mut item, outcome) in items.drain(..).zip(outcomes) {
            let span = item.delivery.span.clone();
            match span.in_scope(|| end_of(stage, &mut item, outcome)) {
                Some(ending) => ended.push(item.ended(ending)),
                None => again.push(item),
            }
        }
        items = again;
        settle_all::<F, N>(stage, std::mem::take(&mut ended)).await;
        let failed = items.iter().map(|item| item.failed.len()).max().unwrap_or_default();
        if failed > 0 && !unless_stopped(stage, tokio::time::sleep(delay(failed))).await {
            break;
        }
    }
    ended.extend(items.into_iter().map(|item| item.ended(Ending::GivenBack)));
    settle_all::<F, N>(stage, ended).await;
}

/// How an item ends; none where it is to be tried again.
fn end_of<F, N>(stage: &Stage, item: &mut Item<'_, F>, outcome: Handled<N>) -> Option<Ending<N>> {
    stage.breaker().record(matches!(outcome, Err(Trouble::Failed(_))));
    let refusal = match outcome {
        Ok(Done(facts)) => return Some(Ending::Done(facts)),
        Err(Trouble::Refused(refusal)) => refusal,
        Err(Trouble::Failed(error)) => note_failure(stage, item.delivery.id(), &mut item.failed, &error)?,
    };
    Some(Ending::Refused(refusal, std::mem::take(&mut item.failed)))
}

impl<'a, F> Item<'a, F> {
    fn ended<N>(self, ending: Ending<N>) -> Ended<'a, N> {
        Ended { delivery: self.delivery, ending, in_flight: self.in_flight }
    }
}

async fn settle_all<F: Fact, N: Fact>(stage: &Stage, ended: Vec<Ended<'_, N>>) {
    futures::stream::iter(ended)
        .for_each_concurrent(SETTLING_AT_ONCE, |Ended { delivery, ending, in_flight }| async move {
            let span = delivery.span.clone();
            settle::<F, N>(stage, delivery, ending).instrument(span).await;
            drop(in_flight);
        })
        .await;
}

/// A batch has many parents, so it has none, and links to each.
fn batch_span<F: Fact>(stage: &Stage, items: &[Item<'_, F>]) -> Span {
    let span = tracing::info_span!(
        parent: None,
        "process batch",
        otel.name = format!("process gouji.v1.{}", F::NAME),
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.consumer.group.name = stage.name(),
        messaging.batch.message_count = items.len(),
    );
    for item in items {
        span.add_link(item.delivery.span.context().span().span_context().clone());
        item.delivery.span.add_link(span.context().span().span_context().clone());
    }
    span
}

/// Runs a handler. A panic in it, or another number of outcomes than of facts, is a failure of all.
async fn guarded<N, R: Future<Output = Vec<Handled<N>>>>(
    count: usize,
    handle: impl FnOnce() -> R,
) -> Vec<Handled<N>> {
    let run = AssertUnwindSafe(async move { handle().await });
    let trouble = match run.catch_unwind().await {
        Ok(outcomes) if outcomes.len() == count => return outcomes,
        Ok(outcomes) => format!("{} outcomes for {count} facts", outcomes.len()),
        Err(panic) => format!("panicked: {}", panic_message(&*panic)),
    };
    (0..count).map(|_| Err(Trouble::Failed(anyhow::anyhow!("{trouble}")))).collect()
}
