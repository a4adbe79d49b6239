//! Runs CPU-bound work on blocking threads, one per core at a time, so that it never blocks async threads.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// A limit on computations that run at the same time; clones share it.
#[derive(Debug, Clone)]
pub struct CpuPool(Arc<Semaphore>);

impl CpuPool {
    /// At most `threads` computations at a time.
    pub fn new(threads: usize) -> Self {
        Self(Arc::new(Semaphore::new(threads)))
    }

    /// One computation per core at a time.
    pub fn for_each_core() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// Waits until a thread is free and runs `work` on it, inside the current span.
    ///
    /// # Errors
    /// If `work` panics: the panic becomes the error, and the process continues.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        let permit = self.0.clone().acquire_owned().await.expect("the semaphore is never closed");
        let span = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || {
            let result = span.in_scope(work);
            drop(permit);
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
    async fn a_panic_is_an_error_and_frees_the_thread() {
        let pool = CpuPool::new(1);
        let error = pool.run(|| panic!("table 3 is {}", "odd")).await.unwrap_err();
        assert_eq!(error.to_string(), "panicked: table 3 is odd");
        assert_eq!(pool.run(|| 2 + 2).await.unwrap(), 4);
    }
}
