//! The messages that a batch loop holds: which are due, how many more fit, and which are retried. Knows no
//! bus; time is passed in.

use std::time::Duration;

use proto::v1::Attempt;
use tokio::time::Instant;

use crate::attempts::{Ending, record_blocked, record_failure};
use crate::control::Control;
use crate::outcome::{Done, Handled, HandlerError};
use crate::retry::{PROBE_EVERY, delay};

/// A message that is not settled yet.
pub(crate) struct Entry<T> {
    /// Identifies the message across redeliveries.
    pub(crate) key: String,
    pub(crate) message: T,
    /// When it may be attempted.
    pub(crate) due: Instant,
    failed: Vec<Attempt>,
}

/// The messages that were fetched and are not settled yet.
pub(crate) struct Backlog<T> {
    entries: Vec<Entry<T>>,
    /// The size of a batch.
    limit: usize,
}

impl<T> Entry<T> {
    /// Whether it waits for another attempt.
    pub(crate) fn is_retried(&self, now: Instant) -> bool {
        !self.failed.is_empty() || self.due > now
    }
}

impl<T> Backlog<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { entries: Vec::new(), limit: limit.max(1) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry<T>> {
        self.entries.iter()
    }

    /// How many more messages to fetch. While the breaker is open, the entries are the probes; where there
    /// are none, one message is fetched.
    pub(crate) fn room(&self, is_open: bool) -> usize {
        let limit = if is_open { 1 } else { self.limit };
        limit.saturating_sub(self.entries.len())
    }

    /// The time until the first entry is due; none where there are no entries.
    pub(crate) fn until_due(&self, now: Instant) -> Option<Duration> {
        self.entries.iter().map(|entry| entry.due.saturating_duration_since(now)).min()
    }

    /// Adds a message. It replaces an earlier delivery of the same message, whose acknowledgement timed out:
    /// only the newest delivery can be acknowledged.
    pub(crate) fn push(&mut self, key: String, message: T, now: Instant) {
        self.entries.retain(|entry| entry.key != key);
        self.entries.push(Entry { key, message, due: now, failed: Vec::new() });
    }

    /// Puts entries back to be retried.
    pub(crate) fn put_back(&mut self, entries: Vec<Entry<T>>) {
        self.entries.extend(entries);
    }

    /// Takes the entries that are due; all of them while the breaker is open, as probes.
    pub(crate) fn take_due(&mut self, is_open: bool, now: Instant) -> Vec<Entry<T>> {
        let (due, later) = self.entries.drain(..).partition(|entry| is_open || entry.due <= now);
        self.entries = later;
        due
    }

    /// Takes all entries.
    pub(crate) fn take_all(&mut self) -> Vec<Entry<T>> {
        std::mem::take(&mut self.entries)
    }
}

/// Decides how an entry ends after an attempt; none where it is retried, with its new due time.
/// `any_succeeded` says whether the same batch handled another message.
pub(crate) fn end_of<T, N>(
    control: &Control,
    id: &str,
    entry: &mut Entry<T>,
    outcome: Handled<N>,
    any_succeeded: bool,
    now: Instant,
) -> Option<Ending<N>> {
    let refusal = match outcome {
        Ok(Done(facts)) => {
            control.breaker.succeeded();
            return Some(Ending::Done(facts));
        }
        Err(HandlerError::Refused(refusal)) => {
            control.breaker.succeeded();
            refusal
        }
        Err(HandlerError::Failed(error) | HandlerError::Deferred(error)) => {
            control.breaker.failed(&error);
            let refusal = record_failure(control, id, &mut entry.failed, &error);
            entry.due = now + delay(entry.failed.len());
            refusal?
        }
        Err(HandlerError::Blocked(error)) => {
            // Other items succeeded, so only this one's dependency is down: do not open the breaker.
            if any_succeeded {
                record_blocked(control, id, &error);
            } else {
                control.breaker.blocked(&error);
            }
            entry.due = now + PROBE_EVERY;
            return None;
        }
    };
    Some(Ending::Refused(refusal, std::mem::take(&mut entry.failed)))
}

/// Whether the outcome is a result of the report, so that the dependencies of the handler work.
pub(crate) fn is_success<N>(outcome: &Handled<N>) -> bool {
    matches!(outcome, Ok(_) | Err(HandlerError::Refused(_)))
}

#[cfg(test)]
mod tests {
    use proto::RefusalClass;

    use super::*;
    use crate::outcome::Refusal;
    use crate::retry::ATTEMPTS;
    use crate::shutdown::Shutdown;

    fn control() -> Control {
        Control::new("index", Shutdown::new())
    }

    fn backlog(limit: usize, keys: &[&str], now: Instant) -> Backlog<usize> {
        let mut backlog = Backlog::new(limit);
        for (message, key) in keys.iter().enumerate() {
            backlog.push((*key).to_owned(), message, now);
        }
        backlog
    }

    fn messages(entries: &[Entry<usize>]) -> Vec<usize> {
        entries.iter().map(|entry| entry.message).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_has_so_much_room() {
        let now = Instant::now();
        let check = |limit, keys: &[&str], is_open, expected| {
            assert_eq!(backlog(limit, keys, now).room(is_open), expected, "{limit} {keys:?} {is_open}");
        };
        check(3, &[], false, 3);
        check(3, &["a"], false, 2);
        check(3, &["a", "b", "c"], false, 0);
        check(0, &[], false, 1);
        check(3, &[], true, 1);
        check(3, &["a"], true, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_redelivery_replaces_the_earlier_delivery() {
        let now = Instant::now();
        let mut backlog = backlog(9, &["a", "b", "a"], now);
        assert_eq!(messages(&backlog.take_all()), [1, 2]);
        assert!(backlog.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_failed_is_due_later_and_what_is_new_at_once() {
        let (control, now) = (control(), Instant::now());
        let mut backlog = backlog(9, &["a", "b"], now);
        let mut taken = backlog.take_due(false, now);
        let failed: Handled<()> = Err(HandlerError::Failed(anyhow::anyhow!("odd")));
        assert!(end_of(&control, "a", &mut taken[0], failed, true, now).is_none());
        assert!(taken[0].is_retried(now) && !taken[1].is_retried(now));
        backlog.put_back(taken);
        assert_eq!(backlog.until_due(now), Some(Duration::ZERO));
        assert_eq!(messages(&backlog.take_due(false, now)), [1]);
        assert_eq!(backlog.until_due(now), Some(delay(1)));
        assert_eq!(messages(&backlog.take_due(false, now + delay(1))), [0]);
        assert_eq!(backlog.until_due(now), None);
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_breaker_is_open_everything_is_a_probe() {
        let (control, now) = (control(), Instant::now());
        let mut backlog = backlog(9, &["a"], now);
        let mut taken = backlog.take_due(false, now);
        let blocked: Handled<()> = Err(HandlerError::Blocked(anyhow::anyhow!("no space")));
        assert!(end_of(&control, "a", &mut taken[0], blocked, false, now).is_none());
        assert!(control.breaker.is_open());
        backlog.put_back(taken);
        assert_eq!(messages(&backlog.take_due(true, now)), [0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_blocked_alone_does_not_open_the_breaker() {
        let (control, now) = (control(), Instant::now());
        let mut taken = backlog(9, &["a"], now).take_all();
        let blocked: Handled<()> = Err(HandlerError::Blocked(anyhow::anyhow!("no text")));
        assert!(end_of(&control, "a", &mut taken[0], blocked, true, now).is_none());
        assert!(!control.breaker.is_open());
        assert_eq!(taken[0].due, now + PROBE_EVERY);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_attempt_is_a_refusal_with_its_history() {
        let (control, now) = (control(), Instant::now());
        let mut taken = backlog(9, &["a"], now).take_all();
        let mut fail = || {
            let failed: Handled<()> = Err(HandlerError::Failed(anyhow::anyhow!("odd")));
            end_of(&control, "a", &mut taken[0], failed, false, now)
        };
        for _ in 1..ATTEMPTS {
            assert!(fail().is_none());
        }
        let Some(Ending::Refused(refusal, history)) = fail() else { panic!("not refused") };
        assert_eq!((refusal.class, history.len()), (RefusalClass::GaveUp, ATTEMPTS));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_of_the_handler_ends_an_entry() {
        let (control, now) = (control(), Instant::now());
        let mut taken = backlog(9, &["a"], now).take_all();
        let refused: Handled<()> = Err(Refusal::new(RefusalClass::NotText, "奇怪", "odd").into());
        assert!(is_success(&refused));
        let ending = end_of(&control, "a", &mut taken[0], refused, false, now);
        assert!(matches!(ending, Some(Ending::Refused(..))));
    }
}
