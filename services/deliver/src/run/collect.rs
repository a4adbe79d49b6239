//! From facts to batches.

use bus::Feed;
use futures::StreamExt as _;
use tokio::time::Instant;

use super::refused::AtFault;
use super::{LOOK_EVERY, Session, Stop};
use crate::change::{Batch, Change};
use crate::outward::{Notice, Outward, Unreadable};
use crate::target::Target as _;

/// Notices whose figures are fetched at once.
const CHUNK: usize = 32;
/// Figures that are asked for at the same time.
const FETCHES: usize = 8;

/// What was read of the log and is in no batch yet.
#[derive(Default)]
pub(super) struct Collecting {
    notices: Vec<Notice>,
    /// Of the payloads that are ready.
    bytes: usize,
    /// When the first of them was read.
    since: Option<Instant>,
}

impl Session<'_> {
    /// The next batch, once it is full or its time has come; none where neither happens for a moment.
    pub(super) async fn collect(
        &mut self,
        feed: &mut Feed,
        outward: &mut Outward,
        collecting: &mut Collecting,
    ) -> Result<Option<Batch>, Stop> {
        let batching = self.target()?.batching();
        let look_at = Instant::now() + LOOK_EVERY;
        loop {
            let is_full = self.ready.len() >= batching.changes || collecting.bytes >= batching.bytes;
            let is_due = collecting.since.is_some_and(|since| since.elapsed() >= batching.wait);
            let is_idle = collecting.notices.is_empty() && feed.left() == 0;
            if !self.ready.is_empty() && (is_full || (is_due && is_idle)) {
                return Ok(Some(self.take(batching.changes, batching.bytes, collecting)));
            }
            if collecting.notices.len() >= CHUNK || (feed.left() == 0 && !collecting.notices.is_empty()) {
                self.fetch(collecting).await?;
                continue;
            }
            let due_at = collecting.since.map(|since| since + batching.wait).filter(|_| is_idle);
            let until = due_at.map_or(look_at, |due_at| due_at.min(look_at));
            tokio::select! {
                event = feed.next() => {
                    let event = event.ok_or(Stop::Shutdown)?;
                    self.left = feed.left();
                    self.read_to = event.sequence;
                    if let Some(notice) = outward.note(&event) && !self.set_aside.contains(notice.sequence) {
                        collecting.since.get_or_insert_with(Instant::now);
                        collecting.notices.push(notice);
                    } else if self.ready.is_empty() && collecting.notices.is_empty() && self.is_kept_on_bus {
                        self.place.sequence = event.sequence;
                    }
                }
                () = tokio::time::sleep_until(until) => {
                    if Instant::now() >= look_at {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Makes changes of the notices that wait.
    async fn fetch(&mut self, collecting: &mut Collecting) -> Result<(), Stop> {
        let notices = std::mem::take(&mut collecting.notices);
        let bus = self.worker.bus();
        let fetched: Vec<_> = futures::stream::iter(notices)
            .map(|notice| async move { (notice.fetch(bus).await, notice) })
            .buffered(FETCHES)
            .collect()
            .await;
        let carry = self.outlet.carry;
        let mut whole = Vec::new();
        for (validated, notice) in fetched {
            whole.push((validated?, notice));
        }
        let make = move || -> Vec<(Notice, Result<Change, Unreadable>)> {
            let made = whole.into_iter().map(|(validated, notice)| {
                let change = notice.change(validated, carry);
                (notice, change)
            });
            made.collect()
        };
        for (notice, change) in self.worker.cpu().run(make).await? {
            match change {
                Ok(change) => {
                    collecting.bytes += change.json.len();
                    self.ready.push_back(change);
                }
                Err(why) => {
                    let fact = AtFault::from(&notice).undelivered(&self.outlet.name, &why.to_string(), 1);
                    self.set_aside(fact).await?;
                }
            }
        }
        Ok(())
    }

    /// The changes at the front, as many as a batch may have.
    fn take(&mut self, changes: usize, bytes: usize, collecting: &mut Collecting) -> Batch {
        let mut taken = Vec::new();
        let mut size = 0;
        while let Some(change) = self.ready.front() {
            if taken.len() >= changes || (!taken.is_empty() && size + change.json.len() > bytes) {
                break;
            }
            size += change.json.len();
            taken.extend(self.ready.pop_front());
        }
        collecting.bytes = collecting.bytes.saturating_sub(size);
        let is_all = self.ready.is_empty() && collecting.notices.is_empty();
        collecting.since = (!is_all).then(Instant::now);
        let last = taken.last().map_or(self.read_to, |change| change.sequence);
        Batch {
            log_made_at_ms: self.place.log_made_at_ms,
            from: self.place.sequence + 1,
            to: if is_all { self.read_to } else { last },
            changes: taken,
        }
    }
}
