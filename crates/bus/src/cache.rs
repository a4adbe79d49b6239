//! Answers that many requests ask for and that may be two seconds old.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::stats::{Counts, Lag};

/// How old an answer from the cache may be.
const MAX_AGE: Duration = Duration::from_secs(2);

/// The last answers.
#[derive(Default)]
pub(crate) struct Cache {
    pub(crate) lag: Cached<Vec<Lag>>,
    pub(crate) counts: Cached<Counts>,
}

/// One answer and its time.
pub(crate) struct Cached<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Cached<T> {
    /// The cached answer, or a new one from `ask` where that is too old. Concurrent callers share one request.
    pub(crate) async fn get_or_ask(&self, ask: impl AsyncFnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let mut cached = self.0.lock().await;
        if let Some((at, answer)) = &*cached
            && at.elapsed() < MAX_AGE
        {
            return Ok(answer.clone());
        }
        let answer = ask().await?;
        *cached = Some((Instant::now(), answer.clone()));
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_reused_for_two_seconds() {
        let cached = Cached::default();
        let mut answers = 1..;
        let mut ask = async || cached.get_or_ask(async || Ok(answers.next())).await.unwrap();
        assert_eq!(ask().await, Some(1));
        tokio::time::advance(Duration::from_millis(1_900)).await;
        assert_eq!(ask().await, Some(1));
        tokio::time::advance(Duration::from_millis(200)).await;
        assert_eq!(ask().await, Some(2));
    }
}
