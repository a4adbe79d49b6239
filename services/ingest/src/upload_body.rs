//! The body of an upload, under a size limit and a minimum data rate, so that a slow sender cannot occupy an
//! upload permit for long.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use futures::{Stream, StreamExt};
use tokio::time::Instant;

/// How long a sender may pause.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// The minimum data rate applies after so much time of waiting for the sender.
const GRACE_PERIOD: Duration = Duration::from_secs(30);
/// Bytes for each second of waiting: a tenth of the slowest line over which reports are sent.
const MIN_BYTES_PER_SECOND: u64 = 1_000;
/// Bytes in a row that belong to no file: the headers of the parts of a form.
const BETWEEN_FILES: u64 = 1 << 20;

/// Why the service stopped reading a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Abort {
    /// It has more than this many bytes.
    TooLarge(u64),
    /// The sender paused for too long, or sent too slowly.
    TooSlow,
    /// A form with too many bytes that belong to no file.
    NoForm,
}

/// Watches one body. Clones watch the same body.
#[derive(Clone, Default)]
pub(crate) struct BodyMonitor {
    abort: Arc<OnceLock<Abort>>,
    unused: Arc<AtomicU64>,
}

impl BodyMonitor {
    /// Why the service stopped reading the body, if it did.
    pub(crate) fn abort(&self) -> Option<Abort> {
        self.abort.get().copied()
    }

    /// All bytes so far were needed.
    pub(crate) fn used(&self) {
        self.unused.store(0, Ordering::Relaxed);
    }

    /// The bytes of the body; the stream ends with an error where the body breaks a limit.
    pub(crate) fn watch(
        &self,
        body: Body,
        limit: u64,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        let transfer = Transfer { limit, received: 0, waited: Duration::ZERO };
        let watched = WatchedBody { body: body.into_data_stream(), monitor: self.clone(), transfer };
        futures::stream::unfold(Some(watched), async |watched| {
            let mut watched = watched?;
            match watched.next().await? {
                Ok(bytes) => Some((Ok(bytes), Some(watched))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }
}

struct WatchedBody {
    body: BodyDataStream,
    monitor: BodyMonitor,
    transfer: Transfer,
}

impl WatchedBody {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        // The parser of forms reads everything that is ready; yielding hands it one chunk at a time.
        tokio::task::yield_now().await;
        let started = Instant::now();
        let next = tokio::time::timeout(IDLE_TIMEOUT, self.body.next()).await;
        let waited = started.elapsed();
        let bytes = match next {
            Err(_) => return Some(self.stop(Abort::TooSlow)),
            Ok(None) => return None,
            Ok(Some(Err(error))) => return Some(Err(io::Error::other(error))),
            Ok(Some(Ok(bytes))) => bytes,
        };
        let size = bytes.len() as u64;
        let unused = self.monitor.unused.fetch_add(size, Ordering::Relaxed);
        match self.transfer.add(waited, size) {
            Err(abort @ Abort::TooLarge(_)) => Some(self.stop(abort)),
            _ if unused > BETWEEN_FILES => Some(self.stop(Abort::NoForm)),
            Err(abort) => Some(self.stop(abort)),
            Ok(()) => Some(Ok(bytes)),
        }
    }

    fn stop(&self, abort: Abort) -> io::Result<Bytes> {
        self.monitor.abort.set(abort).ok();
        Err(io::Error::other("the service stopped reading the upload"))
    }
}

/// The progress of one body.
struct Transfer {
    limit: u64,
    received: u64,
    /// Time spent waiting for the sender, without the time that we take to store the bytes.
    waited: Duration,
}

impl Transfer {
    fn add(&mut self, waited: Duration, bytes: u64) -> Result<(), Abort> {
        self.waited += waited;
        self.received += bytes;
        if self.received > self.limit {
            return Err(Abort::TooLarge(self.limit));
        }
        let is_slow = self.received < self.waited.as_secs() * MIN_BYTES_PER_SECOND;
        if self.waited > GRACE_PERIOD && is_slow { Err(Abort::TooSlow) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes received of a body of such chunks, and why it was aborted.
    async fn receive(chunks: Vec<usize>, limit: u64, use_them: bool) -> (usize, Option<Abort>) {
        let chunks = chunks.into_iter().map(|size| io::Result::Ok(Bytes::from(vec![0; size])));
        let monitor = BodyMonitor::default();
        let body = Body::from_stream(futures::stream::iter(chunks));
        let mut watched = std::pin::pin!(monitor.watch(body, limit));
        let mut received = 0;
        while let Some(Ok(bytes)) = watched.next().await {
            received += bytes.len();
            if use_them {
                monitor.used();
            }
        }
        (received, monitor.abort())
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_aborted() {
        assert_eq!(receive(vec![60, 40], 100, true).await, (100, None));
        assert_eq!(receive(vec![60, 41], 100, true).await, (60, Some(Abort::TooLarge(100))));
    }

    #[tokio::test]
    async fn a_form_without_files_is_aborted() {
        let chunks = vec![400 << 10; 10];
        assert_eq!(receive(chunks.clone(), u64::MAX, false).await.1, Some(Abort::NoForm));
        assert_eq!(receive(chunks, u64::MAX, true).await, (4000 << 10, None));
    }

    #[test]
    fn a_sender_must_keep_the_minimum_data_rate_after_the_grace_period() {
        let check = |chunks: &[(u64, u64)], expected: Result<(), Abort>| {
            let mut transfer = Transfer { limit: u64::MAX, received: 0, waited: Duration::ZERO };
            let mut add = |(seconds, bytes): &(u64, u64)| transfer.add(Duration::from_secs(*seconds), *bytes);
            assert_eq!(chunks.iter().try_for_each(&mut add), expected, "{chunks:?}");
        };
        check(&[(15, 1), (15, 1)], Ok(()));
        check(&[(15, 1), (15, 1), (1, 1)], Err(Abort::TooSlow));
        check(&[(15, 1), (16, 30_999)], Ok(()));
        check(&[(15, 1), (16, 30_998)], Err(Abort::TooSlow));
        check(&[(0, 100_000), (19, 1), (19, 1), (19, 1), (19, 1), (19, 1)], Ok(()));
        check(&[(0, 100_000), (19, 1), (19, 1), (19, 1), (19, 1), (19, 1), (19, 1)], Err(Abort::TooSlow));
    }
}
