//! Shutdown: one request for the whole process, which every loop observes.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The request to shut down; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Not requested yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shuts down at SIGTERM or SIGINT; the second signal ends the process at once.
    ///
    /// # Errors
    /// If the process cannot register signal handlers.
    pub fn on_signals() -> std::io::Result<Self> {
        let shutdown = Self::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let requested = shutdown.clone();
        tokio::spawn(async move {
            let mut either =
                async || tokio::select! { _ = terminate.recv() => (), _ = interrupt.recv() => () };
            either().await;
            tracing::info!("shutting down; a second signal ends at once");
            requested.trigger();
            either().await;
            std::process::exit(EXIT_INTERRUPTED);
        });
        Ok(shutdown)
    }

    /// Requests the shutdown.
    pub fn trigger(&self) {
        self.0.cancel();
    }

    /// Whether the shutdown is requested.
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until the shutdown is requested.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }

    /// Waits for `event`. False where the shutdown is requested first.
    pub async fn unless_requested(&self, event: impl Future<Output = ()>) -> bool {
        tokio::select! {
            () = event => true,
            () = self.requested() => false,
        }
    }

    /// The same request, for crates that know no services.
    pub fn token(&self) -> CancellationToken {
        self.0.clone()
    }
}

/// The exit status that a shell shows for a process that SIGINT ended.
const EXIT_INTERRUPTED: i32 = 130;
