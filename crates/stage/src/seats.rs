//! The one door through which CPU work leaves the async threads, with a bounded number of seats.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// As many seats as there are cores; clones share them.
#[derive(Debug, Clone)]
pub struct Seats(Arc<Semaphore>);

impl Seats {
    /// `count` seats.
    pub fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count)))
    }

    /// A seat for each core.
    pub fn for_each_core() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// Waits for a seat and computes on a thread of its own.
    ///
    /// # Errors
    /// If `work` panics: the panic is the error, and the process lives on.
    pub async fn take<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        let seat = self.0.clone().acquire_owned().await.expect("the semaphore is never closed");
        let span = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || {
            let result = span.in_scope(work);
            drop(seat);
            result
        });
        task.await.map_err(|error| match error.try_into_panic() {
            Ok(panic) => anyhow::anyhow!("panicked: {}", panic_message(&*panic)),
            Err(error) => anyhow::Error::new(error).context("computing"),
        })
    }
}

pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_and_leaves_the_seat_free() {
        let seats = Seats::new(1);
        let error = seats.take(|| panic!("table 3 is {}", "odd")).await.unwrap_err();
        assert_eq!(error.to_string(), "panicked: table 3 is odd");
        assert_eq!(seats.take(|| 2 + 2).await.unwrap(), 4);
    }
}
