//! What the work loops of a stage decide with, without a server: its breaker and the shutdown.

use crate::retry::Breaker;
use crate::shutdown::Shutdown;

pub(crate) struct Control {
    pub(crate) stage: &'static str,
    pub(crate) breaker: Breaker,
    pub(crate) shutdown: Shutdown,
}

impl Control {
    pub(crate) fn new(stage: &'static str, shutdown: Shutdown) -> Self {
        Self { stage, breaker: Breaker::new(stage), shutdown }
    }

    /// Waits until the breaker admits an attempt. False where the process shuts down first.
    pub(crate) async fn admit(&self) -> bool {
        self.shutdown.unless_requested(self.breaker.admit()).await
    }

    /// Retries until `attempt` succeeds, as often as the breaker admits. None where the process shuts down
    /// first.
    pub(crate) async fn retry<T, R>(&self, mut attempt: impl FnMut() -> R) -> Option<T>
    where
        R: Future<Output = anyhow::Result<T>>,
    {
        while self.admit().await {
            match attempt().await {
                Ok(done) => {
                    self.breaker.succeeded();
                    return Some(done);
                }
                Err(error) => self.breaker.blocked(&error),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::retry::PROBE_EVERY;

    #[tokio::test(start_paused = true)]
    async fn work_that_must_be_done_is_retried_until_it_succeeds() {
        let control = Control::new("index", Shutdown::new());
        let started = Instant::now();
        let mut attempts = 0;
        let done = control.retry(|| {
            attempts += 1;
            let failed = attempts < 4;
            async move { if failed { Err(anyhow::anyhow!("no space")) } else { Ok("done") } }
        });
        assert_eq!(done.await, Some("done"));
        assert_eq!(started.elapsed(), 3 * PROBE_EVERY);
        assert_eq!(control.breaker.reason(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_ends_the_retries() {
        let control = Control::new("index", Shutdown::new());
        let (shutdown, mut attempts) = (control.shutdown.clone(), 0);
        let done = control.retry(|| {
            attempts += 1;
            if attempts == 3 {
                shutdown.trigger();
            }
            async { Err::<(), _>(anyhow::anyhow!("no space")) }
        });
        assert_eq!(done.await, None);
        assert_eq!(attempts, 3);
    }
}
