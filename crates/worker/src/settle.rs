//! Settling a message: its outcome is published, and only then it is acknowledged.

use bus::metrics::stage_attribute;
use bus::{Bus, Delivery, PublishError, failpoint};
use opentelemetry::KeyValue;
use proto::Fact;
use proto::v1::{Attempt, ReportRefused, ReportSubmitted};

use crate::attempts::Ending;
use crate::control::Control;
use crate::metrics::METRICS;
use crate::outcome::Refusal;
use crate::retry::DELIVERIES;
use crate::slow_lane::POSTPONEMENT;

/// The fact of a delivery, or why it is refused without an attempt.
pub(crate) fn receive<F: Fact>(delivery: &Delivery) -> Result<F, Refusal> {
    failpoint("taken");
    if delivery.times > DELIVERIES {
        return Err(Refusal::killed_worker(delivery.times - 1));
    }
    delivery.decode().map_err(|error| Refusal::undecodable(error.to_string()))
}

/// Publishes the outcome of a message, waits until the log has stored it, and only then acknowledges. If the
/// log is unavailable, the report is never at fault: publish again until it succeeds.
pub(crate) async fn settle<F: Fact, N: Fact>(
    control: &Control,
    bus: &Bus,
    delivery: &Delivery,
    ending: Ending<N>,
) {
    failpoint("handled");
    let mut was_blocked = false;
    loop {
        let published = match &ending {
            // The work loop ends these itself.
            Ending::Released | Ending::Deferred(_) => return delivery.release().await,
            Ending::Postponed => return delivery.release_after(POSTPONEMENT).await,
            Ending::Done(facts) => publish_done::<F, N>(bus, delivery, facts).await,
            Ending::Refused(refusal, attempts) => {
                publish_refusal::<F>(bus, delivery, refusal.clone(), attempts.clone()).await
            }
        };
        let error = match published {
            Ok(()) => {
                if was_blocked {
                    // Close the breaker, so that other messages need not wait for the next probe.
                    control.breaker.succeeded();
                }
                delivery.acknowledge(bus).await;
                return failpoint("acknowledged");
            }
            Err(error) => error,
        };
        tracing::error!(stage = control.stage, report.id = delivery.id(), "{error}");
        if !matches!(error, PublishError::Unavailable { .. }) {
            // Even the refusal exceeds `max_payload`. Leave it unacknowledged: after `DELIVERIES`
            // redeliveries `receive` refuses it with a short fact.
            return;
        }
        control.breaker.blocked(&error.into());
        was_blocked = true;
        if !control.admit().await {
            return delivery.release().await;
        }
    }
}

async fn publish_done<F: Fact, N: Fact>(
    bus: &Bus,
    delivery: &Delivery,
    facts: &[N],
) -> Result<(), PublishError> {
    match publish_all(bus, delivery, facts).await {
        Err(error @ PublishError::TooLarge { .. }) => {
            publish_refusal::<F>(bus, delivery, Refusal::too_large(error.to_string()), Vec::new()).await
        }
        Err(error @ PublishError::UnsafeId(_)) => {
            publish_refusal::<F>(bus, delivery, Refusal::gave_up(&error.into()), Vec::new()).await
        }
        published => published,
    }
}

async fn publish_all<N: Fact>(bus: &Bus, delivery: &Delivery, facts: &[N]) -> Result<(), PublishError> {
    for fact in facts {
        bus.publish_outcome(fact, delivery).await?;
    }
    Ok(())
}

async fn publish_refusal<F: Fact>(
    bus: &Bus,
    delivery: &Delivery,
    refusal: Refusal,
    attempts: Vec<Attempt>,
) -> Result<(), PublishError> {
    log_refusal(bus.stage(), delivery, &refusal);
    let submitted = delivery.submission::<F>();
    let mut fact: ReportRefused = refusal.into_fact(bus.stage(), submitted, attempts, delivery);
    match publish_all(bus, delivery, std::slice::from_ref(&fact)).await {
        Err(PublishError::TooLarge { .. }) => {
            // Leave the event out; it stays on the log, and its subject finds it.
            fact.event.clear();
            fact.submitted = Some(ReportSubmitted { id: fact.id().to_owned(), ..Default::default() });
            publish_all(bus, delivery, &[fact]).await
        }
        published => published,
    }
}

fn log_refusal(stage: &'static str, delivery: &Delivery, refusal: &Refusal) {
    let class = refusal.class;
    delivery.span.record("error.type", class.name());
    delivery.span.record("otel.status_code", "ERROR");
    METRICS.refused.add(1, &[stage_attribute(stage), KeyValue::new("class", class.name())]);
    tracing::info!(
        stage,
        report.id = delivery.id(),
        %class,
        detail = refusal.detail,
        "refused {}: {class}",
        delivery.id()
    );
}
