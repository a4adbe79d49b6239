//! Stopping: one wish for the whole process, heard by everything that loops.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The wish to stop; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Stop(CancellationToken);

impl Stop {
    /// Nobody wishes to stop yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops at SIGTERM or SIGINT; the second of them ends the process at once.
    ///
    /// # Errors
    /// If the process may not listen to signals.
    pub fn on_signals() -> std::io::Result<Self> {
        let stop = Self::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let wish = stop.clone();
        tokio::spawn(async move {
            let mut either =
                async || tokio::select! { _ = terminate.recv() => (), _ = interrupt.recv() => () };
            either().await;
            tracing::info!("stopping; a second signal ends at once");
            wish.now();
            either().await;
            std::process::exit(EXIT_INTERRUPTED);
        });
        Ok(stop)
    }

    /// Wishes to stop.
    pub fn now(&self) {
        self.0.cancel();
    }

    /// Whether it is time to stop.
    pub fn is_wished(&self) -> bool {
        self.0.is_cancelled()
    }

    /// A part of it that may stop on its own.
    pub(crate) fn child(&self) -> CancellationToken {
        self.0.child_token()
    }

    /// Waits until it is time to stop.
    pub async fn wished(&self) {
        self.0.cancelled().await;
    }
}

/// What a shell shows for a process that SIGINT ended.
const EXIT_INTERRUPTED: i32 = 130;
