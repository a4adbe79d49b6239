//! The body of an upload, held to a size and to a pace: whoever sends more, or hardly anything, is cut off,
//! so that nobody holds a place in ingest by being slow.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use futures::{Stream, StreamExt};

/// How long a sender may be silent.
const SILENCE: Duration = Duration::from_secs(20);
/// After this time of waiting a sender has to have kept pace.
const GRACE: Duration = Duration::from_secs(30);
/// Bytes for each second of waiting: a tenth of the slowest line that anybody sends reports over.
const PACE: u64 = 1_000;
/// Bytes that may come without one of them belonging to a file: the heads of the parts of a form.
const BETWEEN_FILES: u64 = 1 << 20;

/// Why a body was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// More than this many bytes.
    TooLarge(u64),
    /// Too slow.
    TooSlow,
    /// A form that is more frame than content.
    NoForm,
}

/// A body under watch. Clones watch the same one.
#[derive(Clone, Default)]
pub(crate) struct Pace {
    cut: Arc<OnceLock<Cut>>,
    unused: Arc<AtomicU64>,
}

impl Pace {
    /// Why the body was cut off, if it was.
    pub(crate) fn cut(&self) -> Option<Cut> {
        self.cut.get().copied()
    }

    /// What came so far was of use.
    pub(crate) fn used(&self) {
        self.unused.store(0, Ordering::Relaxed);
    }

    /// The body, cut off where it is more than `limit` bytes, or too slow.
    pub(crate) fn hold(
        &self,
        body: Body,
        limit: u64,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        let start = Held {
            body: body.into_data_stream(),
            pace: self.clone(),
            limit,
            taken: 0,
            waited: Duration::ZERO,
        };
        futures::stream::unfold(Some(start), async |held| {
            let mut held = held?;
            match held.next().await? {
                Ok(bytes) => Some((Ok(bytes), Some(held))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }
}

struct Held {
    body: axum::body::BodyDataStream,
    pace: Pace,
    limit: u64,
    taken: u64,
    /// For the sender; the time that we take to store is not the sender's.
    waited: Duration,
}

impl Held {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        // A reader that takes all that is ready, as that of forms does, gets one piece at a time.
        tokio::task::yield_now().await;
        let begun = Instant::now();
        let next = tokio::time::timeout(SILENCE, self.body.next()).await;
        self.waited += begun.elapsed();
        let bytes = match next {
            Err(_) => return Some(self.cut(Cut::TooSlow)),
            Ok(None) => return None,
            Ok(Some(Err(error))) => return Some(Err(io::Error::other(error))),
            Ok(Some(Ok(bytes))) => bytes,
        };
        let size = bytes.len() as u64;
        self.taken += size;
        if self.taken > self.limit {
            return Some(self.cut(Cut::TooLarge(self.limit)));
        }
        if self.pace.unused.fetch_add(size, Ordering::Relaxed) > BETWEEN_FILES {
            return Some(self.cut(Cut::NoForm));
        }
        if self.waited > GRACE && self.taken < self.waited.as_secs() * PACE {
            return Some(self.cut(Cut::TooSlow));
        }
        Some(Ok(bytes))
    }

    fn cut(&self, why: Cut) -> io::Result<Bytes> {
        self.pace.cut.set(why).ok();
        Err(io::Error::other("the upload was cut off"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a body of such pieces with such pauses before them.
    async fn take(pieces: Vec<(u64, usize)>, limit: u64, use_them: bool) -> (usize, Option<Cut>) {
        let body = Body::from_stream(futures::stream::iter(pieces).then(async |(pause_s, size)| {
            tokio::time::sleep(Duration::from_secs(pause_s)).await;
            io::Result::Ok(Bytes::from(vec![0; size]))
        }));
        let pace = Pace::default();
        let mut held = std::pin::pin!(pace.hold(body, limit));
        let mut taken = 0;
        while let Some(Ok(bytes)) = held.next().await {
            taken += bytes.len();
            if use_them {
                pace.used();
            }
        }
        (taken, pace.cut())
    }

    #[tokio::test]
    async fn more_than_the_limit_is_cut_off() {
        assert_eq!(take(vec![(0, 60), (0, 40)], 100, true).await, (100, None));
        assert_eq!(take(vec![(0, 60), (0, 41)], 100, true).await, (60, Some(Cut::TooLarge(100))));
    }

    #[tokio::test]
    async fn a_form_that_is_all_frame_is_cut_off() {
        let pieces = vec![(0, 400 << 10); 10];
        assert_eq!(take(pieces.clone(), u64::MAX, false).await.1, Some(Cut::NoForm));
        assert_eq!(take(pieces, u64::MAX, true).await, (4000 << 10, None));
    }
}
