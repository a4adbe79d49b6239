//! The work loop for what is cheaper in bulk: a commit of the index for a thousand facts and not for one.
//!
//! A batch is what is there. A single message goes through at once; while one batch is handled, the
//! next one gathers on the log by itself. What fails is held and tried again with a later batch, so that
//! it keeps nobody waiting.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use opentelemetry::trace::TraceContextExt;
use proto::Fact;
use proto::v1::Attempt;
use tokio::time::Instant;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::Stage;
use crate::delivery::{Delivery, with_progress};
use crate::fetch::{EXPIRES, Source};
use crate::outcome::{Done, Handled, Trouble};
use crate::retry::{PROBE_EVERY, delay};
use crate::seats::panic_message;
use crate::work::{Ending, InFlight, note_blocked, note_failure, place_of, receive, settle, unless_stopped};

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
/// The least that a fetch waits for, as the server takes no less.
const LEAST_PATIENCE: Duration = Duration::from_millis(20);

/// The facts `F` on the log, batch by batch. What is held when this is dropped comes again by itself, half
/// a minute later; [`Batches::leave`] hands it back at once.
pub struct Batches<F> {
    stage: Stage,
    bounds: Bounds,
    source: Source,
    /// What was taken and is not answered.
    held: Vec<Item<F>>,
    /// No new batch before.
    rests_until: Instant,
    taken: Taken,
}

/// What the place of a stage has given out and what we took of it: a difference went to somebody else, or
/// was lost on its way to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Everything up to here on the log was answered, by whomever.
    pub answered: u64,
    /// Whether all that was given out since the last [`Batches::note_standing`] came to us.
    pub ours_alone: bool,
    given_out: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    /// What the place counted when it gave us the last one.
    last: u64,
    /// Whether some of the numbers before never came.
    gap: bool,
}

/// One fact on its way.
struct Item<F> {
    fact: F,
    delivery: Arc<Delivery>,
    failed: Vec<Attempt>,
    /// When it may be tried.
    due: Instant,
    in_flight: InFlight,
}

/// One that has come to its end.
struct Ended<N> {
    delivery: Arc<Delivery>,
    ending: Ending<N>,
    in_flight: InFlight,
}

impl Stage {
    /// The facts `F` batch by batch.
    ///
    /// # Errors
    /// If no stage takes such a fact, or its place on the log cannot be had.
    pub async fn batches<F: Fact + Clone>(&self, bounds: Bounds) -> anyhow::Result<Batches<F>> {
        let source = Source::bind(self, place_of::<F>()?).await?;
        let stage = self.clone();
        let (held, rests_until, taken) = (Vec::new(), Instant::now(), Taken::default());
        Ok(Batches { stage, bounds, source, held, rests_until, taken })
    }
}

impl<F: Fact + Clone> Batches<F> {
    /// Takes what is there, within bounds, and handles it once. The handler gives one outcome for each fact,
    /// in their order; what fails comes to it again with a later batch. Returns after a few seconds also
    /// where nothing came, and at once where it is time to stop.
    pub async fn next<N, H, R>(&mut self, handle: H)
    where
        N: Fact,
        H: FnOnce(Vec<F>) -> R,
        R: Future<Output = Vec<Handled<N>>>,
    {
        let stage = self.stage.clone();
        let rest = tokio::time::sleep_until(self.rests_until);
        if !unless_stopped(&stage, rest).await {
            return;
        }
        let undecodable = self.gather::<N>().await;
        settle_all::<F, N>(&stage, undecodable).await;
        let is_open = stage.breaker().is_open();
        if self.held.is_empty() || stage.stop().is_wished() {
            return;
        }
        if !unless_stopped(&stage, stage.breaker().admit()).await {
            return;
        }
        let now = Instant::now();
        let (ready, later) = self.held.drain(..).partition(|item| is_open || item.due <= now);
        self.held = later;
        if !ready.is_empty() {
            let count = ready.len();
            let deliveries: Vec<_> = ready.iter().map(|item| Arc::clone(&item.delivery)).collect();
            let again = with_progress(&deliveries, batch::<F, N, H, R>(&stage, ready, handle)).await;
            self.held.extend(again);
            // A full batch has shared its costs, and more of the same is waiting.
            if count < self.bounds.messages && !is_open {
                self.rests_until = Instant::now() + self.bounds.rest;
            }
        }
    }

    /// Asks how much of the log is answered, and whether somebody else takes from the same place.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn standing(&mut self) -> anyhow::Result<Standing> {
        let (answered, given_out) = self.source.standing().await?;
        let ours_alone = !self.taken.gap && given_out == self.taken.last;
        Ok(Standing { answered, ours_alone, given_out })
    }

    /// From here on, [`Standing::ours_alone`] is about what was given out after `standing`.
    pub fn note_standing(&mut self, standing: Standing) {
        self.taken = Taken { last: standing.given_out, gap: false };
    }

    /// Hands back what is held.
    pub async fn leave(mut self) {
        for item in self.held.drain(..) {
            item.delivery.give_back().await;
        }
        self.stage.health().left();
    }

    /// Adds what is there to what is held; what cannot be understood has come to its end.
    async fn gather<N>(&mut self) -> Vec<Ended<N>> {
        let mut ended = Vec::new();
        let Bounds { messages, bytes, linger, .. } = self.bounds;
        // While nothing succeeds, what is held probes; where nothing is, one message does.
        let is_open = self.stage.breaker().is_open();
        let room = if is_open { usize::from(self.held.is_empty()) } else { messages.max(1) };
        if room <= self.held.len() {
            if !is_open {
                let due = self.held.iter().map(|item| item.due).min().unwrap_or_else(Instant::now);
                unless_stopped(&self.stage, tokio::time::sleep_until(due)).await;
            }
        } else {
            let begun = Instant::now();
            let (mut waiting, mut gathered_bytes) = (0, 0);
            while self.held.len() < room && gathered_bytes < bytes {
                let due = self.held.iter().map(|item| item.due.saturating_duration_since(begun)).min();
                let patience = due.unwrap_or(EXPIRES).clamp(LEAST_PATIENCE, EXPIRES);
                let wanted = room - self.held.len();
                if !self.source.ask_within(wanted, bytes - gathered_bytes, patience).await {
                    break;
                }
                while let Some(message) = self.source.next().await {
                    waiting = message.info().map_or(0, |info| info.pending);
                    gathered_bytes += message.payload.len();
                    let delivery = Delivery::new::<F>(self.stage.name(), message);
                    self.taken.note(delivery.given_out);
                    self.take(delivery, &mut ended);
                }
                if waiting == 0 || begun.elapsed() >= linger || self.stage.stop().is_wished() {
                    break;
                }
            }
        }
        for item in &self.held {
            if !item.failed.is_empty() || item.due > Instant::now() {
                item.delivery.tell_progress().await;
            }
        }
        ended
    }

    fn take<N>(&mut self, delivery: Delivery, ended: &mut Vec<Ended<N>>) {
        let in_flight = InFlight::new::<F>(&self.stage, &delivery);
        let received = receive::<F>(&delivery);
        let delivery = Arc::new(delivery);
        match received {
            Ok(fact) => {
                // The same message again, because we held it too long: the newer delivery is the one to answer.
                self.held.retain(|item| item.delivery.subject != delivery.subject);
                self.held.push(Item { fact, delivery, failed: Vec::new(), due: Instant::now(), in_flight });
            }
            Err(refusal) => {
                ended.push(Ended { delivery, ending: Ending::Refused(refusal, Vec::new()), in_flight });
            }
        }
    }
}

impl Taken {
    fn note(&mut self, given_out: u64) {
        self.gap |= given_out != self.last + 1;
        self.last = given_out;
    }
}

/// Handles a batch once; gives back what is to be tried again.
async fn batch<F, N, H, R>(stage: &Stage, items: Vec<Item<F>>, handle: H) -> Vec<Item<F>>
where
    F: Fact + Clone,
    N: Fact,
    H: FnOnce(Vec<F>) -> R,
    R: Future<Output = Vec<Handled<N>>>,
{
    let facts: Vec<F> = items.iter().map(|item| item.fact.clone()).collect();
    let span = batch_span::<F>(stage, &items);
    let outcomes = guarded(facts.len(), || handle(facts)).instrument(span).await;
    let any_succeeded = outcomes.iter().any(|outcome| matches!(outcome, Ok(_) | Err(Trouble::Refused(_))));
    let (mut again, mut ended) = (Vec::new(), Vec::new());
    for (mut item, outcome) in items.into_iter().zip(outcomes) {
        let span = item.delivery.span.clone();
        match span.in_scope(|| end_of(stage, &mut item, outcome, any_succeeded)) {
            Some(ending) => ended.push(item.ended(ending)),
            None => again.push(item),
        }
    }
    settle_all::<F, N>(stage, ended).await;
    again
}

/// How an item ends; none where it is to be tried again.
fn end_of<F: Fact, N>(
    stage: &Stage,
    item: &mut Item<F>,
    outcome: Handled<N>,
    any_succeeded: bool,
) -> Option<Ending<N>> {
    let refusal = match outcome {
        Ok(Done(facts)) => {
            stage.breaker().succeeded();
            return Some(Ending::Done(facts));
        }
        Err(Trouble::Refused(refusal)) => {
            stage.breaker().succeeded();
            refusal
        }
        Err(Trouble::Failed(error)) => {
            stage.breaker().failed(&error);
            let refusal = note_failure(stage, item.delivery.id(), &mut item.failed, &error);
            item.due = Instant::now() + delay(item.failed.len());
            refusal?
        }
        Err(Trouble::Blocked(error)) => {
            // What others do not lean on holds up nobody else.
            if any_succeeded {
                note_blocked(stage, item.delivery.id(), &error);
            } else {
                stage.breaker().blocked(&error);
            }
            item.due = Instant::now() + PROBE_EVERY;
            return None;
        }
    };
    Some(Ending::Refused(refusal, std::mem::take(&mut item.failed)))
}

impl<F> Item<F> {
    fn ended<N>(self, ending: Ending<N>) -> Ended<N> {
        Ended { delivery: self.delivery, ending, in_flight: self.in_flight }
    }
}

async fn settle_all<F: Fact, N: Fact>(stage: &Stage, ended: Vec<Ended<N>>) {
    futures::stream::iter(ended)
        .for_each_concurrent(SETTLING_AT_ONCE, |Ended { delivery, ending, in_flight }| async move {
            let span = delivery.span.clone();
            settle::<F, N>(stage, &delivery, ending).instrument(span).await;
            drop(in_flight);
        })
        .await;
}

/// A batch has many parents, so it has none, and links to each.
fn batch_span<F: Fact>(stage: &Stage, items: &[Item<F>]) -> Span {
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
