//! The slow lane of a stage: messages that cost too much to be handled beside others are handled one at a
//! time, and hold no permit of the ordinary work while they wait.

use std::time::Duration;

use bus::metrics::stage_attribute;
use tokio::sync::Semaphore;

use crate::attempts::{Ending, attempt_until_ended};
use crate::control::Control;
use crate::metrics::METRICS;
use crate::outcome::{Handled, Lane, Refusal};

/// Messages that wait for the lane; each keeps its fact of a few KB in memory, and the server hears every
/// few seconds that it is in progress. A quarter of what a consumer may have in progress, so that the
/// ordinary work goes on beside a full lane.
const MAX_WAITING: usize = 2_048;
/// When a message that found the lane full is delivered again. Long, because a full lane takes hours, and a
/// message that was delivered ten times is refused.
pub(crate) const POSTPONEMENT: Duration = Duration::from_secs(3600);

pub(crate) struct SlowLane {
    /// One permit: what runs here may take everything that a report may take.
    turn: Semaphore,
    waiting: Semaphore,
}

impl SlowLane {
    pub(crate) fn new() -> Self {
        Self { turn: Semaphore::new(1), waiting: Semaphore::new(MAX_WAITING) }
    }

    /// Handles a deferred fact once it is its turn.
    pub(crate) async fn handle<F, N, H, R>(
        &self,
        control: &Control,
        id: &str,
        fact: F,
        handle: H,
    ) -> Ending<N>
    where
        F: Clone,
        H: Fn(F, Lane) -> R,
        R: Future<Output = Handled<N>>,
    {
        let Ok(_waiting) = self.waiting.try_acquire() else { return Ending::Postponed };
        let _counted = Counted::new(control.stage);
        let mut turn = None;
        let wait = async { turn = self.turn.acquire().await.ok() };
        if !control.shutdown.unless_requested(wait).await {
            return Ending::Released;
        }
        match attempt_until_ended(control, id, fact, |fact| handle(fact, Lane::Slow)).await {
            // There is no slower one.
            Ending::Deferred(error) => Ending::Refused(Refusal::gave_up(&error), Vec::new()),
            ending => ending,
        }
    }
}

/// Counts a message in the slow lane until it is dropped.
struct Counted(&'static str);

impl Counted {
    fn new(stage: &'static str) -> Self {
        METRICS.slow_lane_waiting.add(1, &[stage_attribute(stage)]);
        Self(stage)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        METRICS.slow_lane_waiting.add(-1, &[stage_attribute(self.0)]);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proto::RefusalClass;

    use super::*;
    use crate::outcome::{Done, HandlerError};
    use crate::shutdown::Shutdown;

    fn control() -> Arc<Control> {
        Arc::new(Control::new("parse", Shutdown::new()))
    }

    async fn pause(fact: usize, _: Lane) -> Handled<usize> {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Ok(Done::from(fact))
    }

    #[tokio::test(start_paused = true)]
    async fn one_is_handled_at_a_time() {
        let (control, lane) = (control(), SlowLane::new());
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let handle = |fact: usize, lane: Lane| {
            let (running, most) = (&running, &most);
            async move {
                assert_eq!(lane, Lane::Slow);
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(10)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(Done::from(fact))
            }
        };
        let started = tokio::time::Instant::now();
        let all = (0..5).map(|fact| lane.handle(&control, "1-g0", fact, handle));
        let endings: Vec<Ending<usize>> = futures::future::join_all(all).await;
        assert!(endings.iter().all(|ending| matches!(ending, Ending::Done(_))), "{endings:?}");
        assert_eq!((most.into_inner(), started.elapsed()), (1, Duration::from_secs(50)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_finds_the_lane_full_is_postponed() {
        let (control, lane) = (control(), SlowLane::new());
        let all = (0..MAX_WAITING + 3).map(|fact| lane.handle(&control, "1-g0", fact, pause));
        let endings: Vec<Ending<usize>> = futures::future::join_all(all).await;
        let postponed = endings.iter().filter(|ending| matches!(ending, Ending::Postponed)).count();
        assert_eq!(postponed, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_releases_what_waits_and_lets_the_running_one_finish() {
        let (control, lane) = (control(), SlowLane::new());
        let trigger = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            control.shutdown.trigger();
        };
        let (first, second, ()) = tokio::join!(
            lane.handle(&control, "1-g0", 1, pause),
            lane.handle(&control, "2-g0", 2, pause),
            trigger
        );
        assert!(matches!((&first, &second), (Ending::Done(_), Ending::Released)), "{first:?} {second:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_no_slower_lane() {
        let defer = async |_: usize, _: Lane| -> Handled<usize> {
            Err(HandlerError::Deferred(anyhow::anyhow!("slow")))
        };
        let ending = SlowLane::new().handle(&control(), "1-g0", 1, defer).await;
        let Ending::Refused(refusal, _) = ending else { panic!("{ending:?}") };
        assert_eq!(refusal.class, RefusalClass::GaveUp);
    }
}
