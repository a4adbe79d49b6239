//! Handling one fact: attempt after attempt, until it has an outcome. Knows no bus.

use std::panic::AssertUnwindSafe;

use bus::metrics::stage_attribute;
use futures::FutureExt;
use proto::v1::Attempt;

use crate::control::Control;
use crate::cpu::panic_message;
use crate::metrics::METRICS;
use crate::outcome::{Done, Handled, HandlerError, Refusal, truncated};
use crate::retry::{ATTEMPTS, PROBE_EVERY, delay};

/// How the handling of a message ends.
#[derive(Debug)]
pub(crate) enum Ending<N> {
    /// Publish these facts and acknowledge.
    Done(Vec<N>),
    /// Publish the refusal, with the failed attempts, and acknowledge.
    Refused(Refusal, Vec<Attempt>),
    /// The process shuts down: another worker may try.
    Released,
    /// The handler deferred the fact to the slow lane.
    Deferred(anyhow::Error),
    /// The slow lane is full: the server delivers the message again later.
    Postponed,
}

/// Handles the fact of one message, as often as it takes.
pub(crate) async fn attempt_until_ended<F, N, H, R>(
    control: &Control,
    id: &str,
    fact: F,
    handle: H,
) -> Ending<N>
where
    F: Clone,
    H: Fn(F) -> R,
    R: Future<Output = Handled<N>>,
{
    let mut failed = Vec::new();
    loop {
        if !control.admit().await {
            return Ending::Released;
        }
        let pause = match guarded(|| handle(fact.clone())).await {
            Ok(Done(facts)) => {
                control.breaker.succeeded();
                return Ending::Done(facts);
            }
            Err(HandlerError::Refused(refusal)) => {
                control.breaker.succeeded();
                return Ending::Refused(refusal, failed);
            }
            Err(HandlerError::Deferred(error)) => {
                // The report is at fault, and everything that others need works.
                control.breaker.succeeded();
                return Ending::Deferred(error);
            }
            Err(HandlerError::Failed(error)) => {
                control.breaker.failed(&error);
                if let Some(refusal) = record_failure(control, id, &mut failed, &error) {
                    return Ending::Refused(refusal, failed);
                }
                delay(failed.len())
            }
            Err(HandlerError::Blocked(error)) => {
                control.breaker.blocked(&error);
                record_blocked(control, id, &error);
                PROBE_EVERY
            }
        };
        if !control.shutdown.unless_requested(tokio::time::sleep(pause)).await {
            return Ending::Released;
        }
    }
}

/// Adds a failed attempt to the history of a message; a refusal where that was the last one. While the
/// breaker is open the attempt does not count, because the message is probably not at fault.
pub(crate) fn record_failure(
    control: &Control,
    id: &str,
    failed: &mut Vec<Attempt>,
    error: &anyhow::Error,
) -> Option<Refusal> {
    METRICS.attempts_failed.add(1, &[stage_attribute(control.stage)]);
    let attempt = failed.len() + 1;
    tracing::warn!(
        stage = control.stage,
        report.id = id,
        attempt,
        "attempt {attempt} at {id} failed: {error:#}"
    );
    if control.breaker.is_open() {
        return None;
    }
    let error_text = truncated(format!("{error:#}"));
    failed.push(Attempt { at_ms: jiff::Timestamp::now().as_millisecond(), error: error_text });
    (attempt >= ATTEMPTS).then(|| Refusal::gave_up(error))
}

/// Records an attempt that failed because a dependency is unavailable.
pub(crate) fn record_blocked(control: &Control, id: &str, error: &anyhow::Error) {
    METRICS.attempts_failed.add(1, &[stage_attribute(control.stage)]);
    tracing::warn!(stage = control.stage, report.id = id, "{id} blocked: {error:#}");
}

/// Runs a handler; a panic becomes a failure.
async fn guarded<N, R: Future<Output = Handled<N>>>(handle: impl FnOnce() -> R) -> Handled<N> {
    let run = AssertUnwindSafe(async move { handle().await });
    run.catch_unwind().await.unwrap_or_else(|panic| {
        Err(HandlerError::Failed(anyhow::anyhow!("panicked: {}", panic_message(&*panic))))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use proto::RefusalClass;
    use tokio::time::Instant;

    use super::*;
    use crate::shutdown::Shutdown;

    fn control() -> Control {
        Control::new("parse", Shutdown::new())
    }

    /// Runs a handler that knows the number of its attempt, from 1; how it ended, after how many attempts and
    /// after how long.
    async fn run(
        control: &Control,
        handle: impl Fn(usize) -> Handled<&'static str>,
    ) -> (Ending<&'static str>, usize, Duration) {
        let (attempts, started) = (AtomicUsize::new(0), Instant::now());
        let ending = attempt_until_ended(control, "1-g0", (), |()| {
            let result = handle(attempts.fetch_add(1, Ordering::SeqCst) + 1);
            async { result }
        });
        (ending.await, attempts.load(Ordering::SeqCst), started.elapsed())
    }

    fn failed(text: &'static str) -> HandlerError {
        HandlerError::Failed(anyhow::anyhow!(text))
    }

    #[tokio::test(start_paused = true)]
    async fn success_publishes_what_the_handler_returned() {
        let (ending, attempts, _) = run(&control(), |_| Ok(Done::from("fact"))).await;
        assert!(matches!(&ending, Ending::Done(facts) if facts == &["fact"]), "{ending:?}");
        assert_eq!(attempts, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_not_retried() {
        let (ending, attempts, _) =
            run(&control(), |_| Err(Refusal::new(RefusalClass::NotText, "奇怪", "odd").into())).await;
        let Ending::Refused(refusal, history) = ending else { panic!("{ending:?}") };
        assert_eq!((refusal.class, history.len(), attempts), (RefusalClass::NotText, 0, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_retried_five_times_with_growing_pauses() {
        let (ending, attempts, took) = run(&control(), |_| Err(failed("odd table"))).await;
        let Ending::Refused(refusal, history) = ending else { panic!("{ending:?}") };
        assert_eq!((refusal.class, refusal.detail.as_str()), (RefusalClass::GaveUp, "odd table"));
        assert_eq!((history.len(), attempts), (ATTEMPTS, ATTEMPTS));
        assert!(history.iter().all(|attempt| attempt.error == "odd table"));
        assert_eq!(took, Duration::from_millis(200 + 1_000 + 5_000 + 10_000));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_deferred_never_opens_the_breaker() {
        let control = control();
        for _ in 0..100 {
            let (ending, attempts, _) =
                run(&control, |_| Err(HandlerError::Deferred(anyhow::anyhow!("slow")))).await;
            assert!(matches!(ending, Ending::Deferred(_)), "{ending:?}");
            assert_eq!((attempts, control.breaker.reason()), (1, None));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_a_failure() {
        let (ending, attempts, _) = run(&control(), |attempt| {
            assert!(attempt > 1, "table {}", 3);
            Ok(Done::from("fact"))
        })
        .await;
        assert!(matches!(ending, Ending::Done(_)), "{ending:?}");
        assert_eq!(attempts, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_blocked_report_is_never_refused() {
        let control = control();
        let (ending, attempts, took) = run(&control, |attempt| match attempt {
            1..=20 => Err(HandlerError::Blocked(anyhow::anyhow!("no space"))),
            _ => Ok(Done::from("fact")),
        })
        .await;
        assert!(matches!(ending, Ending::Done(_)), "{ending:?}");
        assert_eq!((attempts, took), (21, 20 * PROBE_EVERY));
        assert_eq!(control.breaker.reason(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_do_not_count_while_the_breaker_is_open() {
        let control = control();
        control.breaker.blocked(&anyhow::anyhow!("no space"));
        let (ending, attempts, _) = run(&control, |attempt| match attempt {
            1..=20 => Err(failed("odd table")),
            _ => Ok(Done::from("fact")),
        })
        .await;
        assert!(matches!(ending, Ending::Done(_)), "{ending:?}");
        assert_eq!(attempts, 21);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_releases_the_message() {
        let control = control();
        let (ending, attempts, _) = run(&control, |attempt| {
            if attempt == 2 {
                control.shutdown.trigger();
            }
            Err(failed("odd table"))
        })
        .await;
        assert!(matches!(ending, Ending::Released), "{ending:?}");
        assert_eq!(attempts, 2);
    }
}
