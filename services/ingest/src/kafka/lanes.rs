//! The partitions of a topic, each with the messages that wait for their turn.

use std::collections::{BTreeMap, VecDeque};

use rdkafka::message::{Message as _, OwnedMessage};

/// A partition is paused when so many of its messages wait. One may have a megabyte.
const MOST: usize = 8;
/// A paused partition is resumed when no more than so many wait, so that there is always one to take.
const FEW: usize = 2;

/// The partitions that are assigned to this process.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    partitions: BTreeMap<i32, Lane>,
    assignments: u64,
}

#[derive(Debug, Default)]
struct Lane {
    /// Tells it from the same partition in another assignment.
    assignment: u64,
    waiting: VecDeque<OwnedMessage>,
    is_busy: bool,
    is_paused: bool,
}

/// A message that is being taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) partition: i32,
    assignment: u64,
    /// Its offset, once it is taken.
    pub(super) offset: Option<i64>,
}

impl Turn {
    /// The message with this offset was taken.
    pub(super) fn taken(self, offset: i64) -> Self {
        Self { offset: Some(offset), ..self }
    }
}

impl Lanes {
    /// A message that was received.
    pub(super) fn push(&mut self, message: OwnedMessage) {
        let lane = self.partitions.entry(message.partition()).or_insert_with(|| {
            self.assignments += 1;
            Lane { assignment: self.assignments, ..Lane::default() }
        });
        lane.waiting.push_back(message);
    }

    /// The partition went to somebody else, who gets what was not committed.
    pub(super) fn remove(&mut self, partition: i32) {
        self.partitions.remove(&partition);
    }

    /// The next message of each partition of which none is being taken.
    pub(super) fn start(&mut self) -> Vec<(Turn, OwnedMessage)> {
        let free = self.partitions.iter_mut().filter(|(_, lane)| !lane.is_busy);
        free.filter_map(|(partition, lane)| {
            let message = lane.waiting.pop_front()?;
            lane.is_busy = true;
            let turn = Turn { partition: *partition, assignment: lane.assignment, offset: None };
            Some((turn, message))
        })
        .collect()
    }

    /// A message was taken, or given up.
    pub(super) fn end(&mut self, turn: &Turn) {
        let lane = self.partitions.get_mut(&turn.partition);
        if let Some(lane) = lane.filter(|lane| lane.assignment == turn.assignment) {
            lane.is_busy = false;
        }
    }

    /// Whether the partition is still assigned as it was then.
    pub(super) fn has(&self, turn: &Turn) -> bool {
        self.partitions.get(&turn.partition).is_some_and(|lane| lane.assignment == turn.assignment)
    }

    /// The partitions to pause now.
    pub(super) fn to_pause(&mut self) -> Vec<i32> {
        self.turn_if(|lane| !lane.is_paused && lane.waiting.len() >= MOST)
    }

    /// The partitions to resume now.
    pub(super) fn to_resume(&mut self) -> Vec<i32> {
        self.turn_if(|lane| lane.is_paused && lane.waiting.len() <= FEW)
    }

    fn turn_if(&mut self, condition: impl Fn(&Lane) -> bool) -> Vec<i32> {
        let lanes = self.partitions.iter_mut().filter(|(_, lane)| condition(lane));
        lanes
            .map(|(partition, lane)| {
                lane.is_paused = !lane.is_paused;
                *partition
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::message::Timestamp;

    use super::*;

    fn message(partition: i32, offset: i64) -> OwnedMessage {
        OwnedMessage::new(None, None, "t".into(), Timestamp::NotAvailable, partition, offset, None)
    }

    #[test]
    fn a_partition_takes_one_message_after_the_other() {
        let mut lanes = Lanes::default();
        for (partition, offset) in [(0, 1), (0, 2), (1, 7)] {
            lanes.push(message(partition, offset));
        }
        let started = lanes.start();
        assert_eq!(started.iter().map(|(_, message)| message.offset()).collect::<Vec<_>>(), [1, 7]);
        assert!(lanes.start().is_empty());
        lanes.end(&started[0].0);
        assert_eq!(lanes.start()[0].1.offset(), 2);
    }

    #[test]
    fn a_partition_is_paused_while_many_wait() {
        let mut lanes = Lanes::default();
        (0..=MOST as i64).for_each(|offset| lanes.push(message(3, offset)));
        let (mut turn, _) = lanes.start().remove(0);
        assert_eq!((lanes.to_pause(), lanes.to_pause(), lanes.to_resume()), (vec![3], vec![], vec![]));
        for _ in 0..MOST - FEW - 1 {
            lanes.end(&turn);
            turn = lanes.start().remove(0).0;
            assert!(lanes.to_resume().is_empty());
        }
        lanes.end(&turn);
        lanes.start();
        assert_eq!((lanes.to_resume(), lanes.to_resume()), (vec![3], vec![]));
    }

    #[test]
    fn what_was_begun_before_a_rebalance_commits_nothing_after_it() {
        let mut lanes = Lanes::default();
        lanes.push(message(0, 1));
        let (before, _) = lanes.start().remove(0);
        assert!(lanes.has(&before));
        lanes.remove(0);
        assert!(!lanes.has(&before));
        lanes.push(message(0, 1));
        let (after, _) = lanes.start().remove(0);
        lanes.end(&before);
        assert!(!lanes.has(&before) && lanes.has(&after));
        lanes.push(message(0, 2));
        assert!(lanes.start().is_empty(), "the later one still takes its message");
    }
}
