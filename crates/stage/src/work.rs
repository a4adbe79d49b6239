//! The work loop: fetch, decode, handle, publish, acknowledge, for as many messages at once as there
//! are permits.
//!
//! A handler may be killed at any instruction: the message comes again, and what it had published is
//! found to be there.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt;
use opentelemetry::KeyValue;
use proto::v1::{Attempt, ReportSubmitted};
use proto::{Fact, subject};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::Stage;
use crate::delivery::{Delivery, with_progress};
use crate::failpoint;
use crate::fetch::Source;
use crate::outcome::{self, Done, Handled, Refusal, Trouble};
use crate::publish::{NotPublished, Outgoing};
use crate::retry::{ATTEMPTS, DELIVERIES, PROBE_EVERY, delay};
use crate::seats::panic_message;
use crate::telemetry::{metrics, stage_attribute};
use crate::topology::durable_of;

/// Beyond sixteen messages a fetch gains nothing.
const LARGEST_FETCH: usize = 16;
/// What one fetch may bring.
const LARGEST_FETCH_BYTES: usize = 16 << 20;

impl Stage {
    /// Handles every fact `F` until it is time to stop, then lets what is in flight end.
    ///
    /// # Errors
    /// If no stage takes such a fact, or its place on the log cannot be had.
    pub async fn work<F, N, H, R>(&self, handle: H) -> anyhow::Result<()>
    where
        F: Fact + Clone,
        N: Fact,
        H: Fn(Stage, F) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Handled<N>> + Send + 'static,
    {
        let mut source = Source::bind(self, place_of::<F>()?).await?;
        let permits = Arc::new(Semaphore::new(self.config().permits));
        let mut tasks = JoinSet::new();
        while let Some(room) = self.room(&permits).await {
            while tasks.try_join_next().is_some() {}
            if !source.ask(room, LARGEST_FETCH_BYTES).await {
                break;
            }
            let mut any = false;
            while let Some(message) = source.next().await {
                any = true;
                // There is room: nobody else takes permits, and no more was asked for than is free.
                let permit = permits.clone().acquire_owned().await.expect("the semaphore is never closed");
                let (stage, handle) = (self.clone(), handle.clone());
                let delivery = Delivery::new::<F>(self.name(), message);
                tasks.spawn(async move {
                    one(&stage, delivery, handle).await;
                    drop(permit);
                });
            }
            let idle = permits.available_permits() == self.config().permits;
            if !any && idle && self.breaker().is_open() && self.bus().trouble().is_none() {
                // What failed was done by others meanwhile, so nothing is left to probe with; the next
                // failure opens it again.
                self.breaker().succeeded();
            }
        }
        self.drain(tasks).await;
        Ok(())
    }

    /// Tries until it succeeds, as often as the breaker lets: for what must be done and is nobody's fault
    /// where it fails. None where it is time to stop.
    pub async fn persist<T, R>(&self, mut attempt: impl FnMut() -> R) -> Option<T>
    where
        R: Future<Output = anyhow::Result<T>>,
    {
        while unless_stopped(self, self.breaker().admit()).await {
            match attempt().await {
                Ok(done) => {
                    self.breaker().succeeded();
                    return Some(done);
                }
                Err(error) => self.breaker().blocked(&error),
            }
        }
        None
    }

    /// How many messages to ask for; none where it is time to stop.
    async fn room(&self, permits: &Semaphore) -> Option<usize> {
        let one_free = async {
            drop(permits.acquire().await);
            if !self.breaker().is_open() {
                return;
            }
            // While most attempts fail, what is in flight probes; where nothing is, one message does.
            let all = u32::try_from(self.config().permits).unwrap_or(u32::MAX);
            tokio::select! {
                () = self.breaker().closed() => (),
                none_in_flight = permits.acquire_many(all) => drop(none_in_flight),
            }
        };
        tokio::select! {
            () = one_free => (),
            () = self.stop().wished() => return None,
        }
        Some(if self.breaker().is_open() { 1 } else { permits.available_permits().clamp(1, LARGEST_FETCH) })
    }

    async fn drain(&self, mut tasks: JoinSet<()>) {
        let all_ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(self.config().drain, all_ended).await.is_err() {
            tracing::warn!(
                stage = self.name(),
                left = tasks.len(),
                "stopped in the middle; these will come again"
            );
            tasks.shutdown().await;
        }
    }
}

pub(crate) fn place_of<F: Fact>() -> anyhow::Result<&'static str> {
    durable_of::<F>().ok_or_else(|| anyhow::anyhow!("no stage takes {}", subject::filter::<F>()))
}

/// How a message ends.
pub(crate) enum Ending<N> {
    Done(Vec<N>),
    Refused(Refusal, Vec<Attempt>),
    /// It is time to stop, and another worker may try.
    GivenBack,
}

async fn one<F, N, H, R>(stage: &Stage, delivery: Delivery, handle: H)
where
    F: Fact + Clone,
    N: Fact,
    H: Fn(Stage, F) -> R,
    R: Future<Output = Handled<N>>,
{
    let span = delivery.span.clone();
    let handled = async {
        let guard = InFlight::new::<F>(stage, &delivery);
        let ending = match receive::<F>(&delivery) {
            Ok(fact) => attempts(stage, fact, handle).await,
            Err(refusal) => Ending::Refused(refusal, Vec::new()),
        };
        settle::<F, N>(stage, &delivery, ending).await;
        drop(guard);
    };
    with_progress(std::slice::from_ref(&delivery), handled.instrument(span)).await;
}

/// The fact of a delivery, unless it must not be tried.
pub(crate) fn receive<F: Fact>(delivery: &Delivery) -> Result<F, Refusal> {
    failpoint("taken");
    if delivery.times > DELIVERIES {
        return Err(Refusal::killed_worker(delivery.times - 1));
    }
    delivery.decode()
}

async fn attempts<F, N, H, R>(stage: &Stage, fact: F, handle: H) -> Ending<N>
where
    F: Fact + Clone,
    H: Fn(Stage, F) -> R,
    R: Future<Output = Handled<N>>,
{
    let mut failed = Vec::new();
    loop {
        if !unless_stopped(stage, stage.breaker().admit()).await {
            return Ending::GivenBack;
        }
        let pause = match guarded(|| handle(stage.clone(), fact.clone())).await {
            Ok(Done(facts)) => {
                stage.breaker().succeeded();
                return Ending::Done(facts);
            }
            Err(Trouble::Refused(refusal)) => {
                stage.breaker().succeeded();
                return Ending::Refused(refusal, failed);
            }
            Err(Trouble::Failed(error)) => {
                stage.breaker().failed(&error);
                if let Some(refusal) = note_failure(stage, fact.id(), &mut failed, &error) {
                    return Ending::Refused(refusal, failed);
                }
                delay(failed.len())
            }
            Err(Trouble::Blocked(error)) => {
                stage.breaker().blocked(&error);
                note_blocked(stage, fact.id(), &error);
                PROBE_EVERY
            }
        };
        if !unless_stopped(stage, tokio::time::sleep(pause)).await {
            return Ending::GivenBack;
        }
    }
}

/// Adds to the history of one message; a refusal where it is time to give up. While most attempts fail it
/// is not held against the message.
pub(crate) fn note_failure(
    stage: &Stage,
    id: &str,
    failed: &mut Vec<Attempt>,
    error: &anyhow::Error,
) -> Option<Refusal> {
    metrics().attempts_failed.add(1, &[stage_attribute(stage.name())]);
    let attempt = failed.len() + 1;
    tracing::warn!(
        stage = stage.name(),
        report.id = id,
        attempt,
        "attempt {attempt} at {id} failed: {error:#}"
    );
    if stage.breaker().is_open() {
        return None;
    }
    let told = outcome::bounded(format!("{error:#}"));
    failed.push(Attempt { at_ms: jiff::Timestamp::now().as_millisecond(), error: told });
    (attempt >= ATTEMPTS).then(|| Refusal::gave_up(error))
}

pub(crate) fn note_blocked(stage: &Stage, id: &str, error: &anyhow::Error) {
    metrics().attempts_failed.add(1, &[stage_attribute(stage.name())]);
    tracing::warn!(stage = stage.name(), report.id = id, "{id} has to wait: {error:#}");
}

/// True where `wait` ended before it was time to stop.
pub(crate) async fn unless_stopped(stage: &Stage, wait: impl Future<Output = ()>) -> bool {
    tokio::select! {
        () = wait => true,
        () = stage.stop().wished() => false,
    }
}

/// Runs a handler; a panic in it is a failure like others.
async fn guarded<N, R: Future<Output = Handled<N>>>(handle: impl FnOnce() -> R) -> Handled<N> {
    let run = AssertUnwindSafe(async move { handle().await });
    run.catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(Trouble::Failed(anyhow::anyhow!("panicked: {}", panic_message(&*panic)))))
}

/// Publishes what came of a message, waits until the log has it, and only then acknowledges. A log that
/// cannot take it is never the report's fault: it is asked until it can.
pub(crate) async fn settle<F: Fact, N: Fact>(stage: &Stage, delivery: &Delivery, ending: Ending<N>) {
    failpoint("handled");
    let mut was_blocked = false;
    loop {
        let published = match &ending {
            Ending::GivenBack => return delivery.give_back().await,
            Ending::Done(facts) => publish_done::<F, N>(stage, delivery, facts).await,
            Ending::Refused(refusal, attempts) => {
                publish_refusal::<F>(stage, delivery, refusal.clone(), attempts.clone()).await
            }
        };
        let error = match published {
            Ok(()) => {
                if was_blocked {
                    // What else is held need not wait for its turn to probe.
                    stage.breaker().succeeded();
                }
                delivery.confirm(&stage.bus().client).await;
                return failpoint("acknowledged");
            }
            Err(error) => error,
        };
        tracing::error!(stage = stage.name(), report.id = delivery.id(), "{error}");
        if !matches!(error, NotPublished::Unavailable { .. }) {
            // Not even its refusal fits; it comes again, and is refused in short after ten times.
            return;
        }
        stage.breaker().blocked(&error.into());
        was_blocked = true;
        if !unless_stopped(stage, stage.breaker().admit()).await {
            return delivery.give_back().await;
        }
    }
}

async fn publish_done<F: Fact, N: Fact>(
    stage: &Stage,
    delivery: &Delivery,
    facts: &[N],
) -> Result<(), NotPublished> {
    match publish_all(stage, delivery, facts).await {
        Err(error @ NotPublished::TooLarge { .. }) => {
            publish_refusal::<F>(stage, delivery, Refusal::too_large(error.to_string()), Vec::new()).await
        }
        Err(error @ NotPublished::Unnamed(_)) => {
            publish_refusal::<F>(stage, delivery, Refusal::gave_up(&error.into()), Vec::new()).await
        }
        published => published,
    }
}

async fn publish_all<N: Fact>(stage: &Stage, delivery: &Delivery, facts: &[N]) -> Result<(), NotPublished> {
    for fact in facts {
        let mut outgoing = Outgoing::new(stage.name(), fact)?;
        if fact.id() == delivery.id() {
            outgoing = outgoing.succeeding(delivery.sequence);
        }
        outgoing.publish(stage.bus()).await?;
    }
    Ok(())
}

async fn publish_refusal<F: Fact>(
    stage: &Stage,
    delivery: &Delivery,
    refusal: Refusal,
    attempts: Vec<Attempt>,
) -> Result<(), NotPublished> {
    let class = refusal.class;
    delivery.span.record("error.type", class.name());
    delivery.span.record("otel.status_code", "ERROR");
    metrics().refused.add(1, &[stage_attribute(stage.name()), KeyValue::new("class", class.name())]);
    tracing::info!(
        stage = stage.name(),
        report.id = delivery.id(),
        %class,
        detail = refusal.detail,
        "refused {}: {class}",
        delivery.id()
    );
    let submitted = delivery.submission::<F>();
    let mut fact =
        refusal.into_fact(stage.name(), submitted, attempts, &delivery.subject, delivery.payload.clone());
    match publish_all(stage, delivery, std::slice::from_ref(&fact)).await {
        Err(NotPublished::TooLarge { .. }) => {
            // The event stays on the log; its subject finds it.
            fact.event.clear();
            fact.submitted = Some(ReportSubmitted { id: fact.id().to_owned(), ..Default::default() });
            publish_all(stage, delivery, &[fact]).await
        }
        published => published,
    }
}

/// Counts a message while it lives.
pub(crate) struct InFlight {
    attributes: [KeyValue; 2],
    since: Instant,
}

impl InFlight {
    pub(crate) fn new<F: Fact>(stage: &Stage, delivery: &Delivery) -> Self {
        let attributes =
            [stage_attribute(stage.name()), KeyValue::new("messaging.destination.template", F::NAME)];
        metrics().in_flight.add(1, &attributes);
        metrics().consumed.add(1, &attributes);
        if delivery.times > 1 {
            metrics().redelivered.add(1, &attributes);
        }
        Self { attributes, since: Instant::now() }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics().in_flight.add(-1, &self.attributes);
        metrics().process_seconds.record(self.since.elapsed().as_secs_f64(), &self.attributes);
    }
}
