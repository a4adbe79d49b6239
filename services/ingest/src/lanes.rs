//! Lanes: which submissions wait with many others, so that the archive of one sender does not stand before the
//! single reports of all others.
//!
//! A sender has at most [`SINGLES`] unfinished reports in the single lane; everything beyond goes to the bulk
//! lane. `parse` takes turns between the two, so a single report waits for a handful of others from each sender,
//! however much anybody sends.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bus::Bus;
use proto::ReportState;

/// The most unfinished reports of one sender in the single lane: what somebody uploads by hand at a time. Each of
/// them may take as long as a document may, so there are few.
pub(crate) const SINGLES: usize = 4;
/// Senders that are remembered. Beyond that all are forgotten, and each may have four more.
const SENDERS: usize = 10_000;

/// The unfinished reports of each sender in the single lane, as far as this process took them.
#[derive(Debug, Default)]
pub(crate) struct Lanes(Mutex<HashMap<String, Sender>>);

/// Room in the single lane for the reports of one submission, until it is dropped.
#[derive(Debug)]
pub(crate) struct Room<'a> {
    lanes: &'a Lanes,
    sender: &'a str,
    reports: usize,
}

impl Room<'_> {
    /// The reports that are new on the log.
    pub(crate) fn published(self, ids: impl Iterator<Item = String>) {
        if let Some(sender) = self.lanes.senders().get_mut(self.sender) {
            sender.unfinished.extend(ids);
        }
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if let Some(sender) = self.lanes.senders().get_mut(self.sender) {
            sender.reserved = sender.reserved.saturating_sub(self.reports);
        }
    }
}

#[derive(Debug, Default)]
struct Sender {
    /// Ids of reports that were unfinished when somebody looked last.
    unfinished: Vec<String>,
    /// Reports that are being published.
    reserved: usize,
}

impl Lanes {
    /// Room in the single lane for a submission of so many reports; none if it goes to the bulk lane.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub(crate) async fn single<'a>(
        &'a self,
        bus: &Bus,
        sender: &'a str,
        reports: usize,
    ) -> anyhow::Result<Option<Room<'a>>> {
        if reports > SINGLES {
            return Ok(None);
        }
        if let Some(room) = self.reserve(sender, reports) {
            return Ok(Some(room));
        }
        let mut finished = Vec::new();
        for id in self.unfinished(sender) {
            let history = bus.history(&id).await?;
            let state = ReportState::furthest(history.iter().map(bus::Event::fact));
            if matches!(state, None | Some(ReportState::Refused | ReportState::Indexed)) {
                finished.push(id);
            }
        }
        if let Some(sender) = self.senders().get_mut(sender) {
            sender.unfinished.retain(|id| !finished.contains(id));
        }
        Ok(self.reserve(sender, reports))
    }

    fn reserve<'a>(&'a self, sender: &'a str, reports: usize) -> Option<Room<'a>> {
        let mut senders = self.senders();
        if senders.len() >= SENDERS && !senders.contains_key(sender) {
            senders.clear();
        }
        let state = senders.entry(sender.to_owned()).or_default();
        if state.unfinished.len() + state.reserved + reports > SINGLES {
            return None;
        }
        state.reserved += reports;
        Some(Room { lanes: self, sender, reports })
    }

    fn unfinished(&self, sender: &str) -> Vec<String> {
        self.senders().get(sender).map(|sender| sender.unfinished.clone()).unwrap_or_default()
    }

    fn senders(&self) -> std::sync::MutexGuard<'_, HashMap<String, Sender>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_four_unfinished_reports_in_the_single_lane() {
        let lanes = Lanes::default();
        let first = lanes.reserve("a", 3).unwrap();
        assert!(lanes.reserve("a", 2).is_none());
        let second = lanes.reserve("a", 1).unwrap();
        assert!(lanes.reserve("a", 1).is_none());
        assert!(lanes.reserve("b", SINGLES).is_some(), "another sender has room");
        // One of the three was on the log before, and the other submission was given up.
        first.published(["1", "2"].map(String::from).into_iter());
        drop(second);
        assert_eq!(lanes.unfinished("a"), ["1", "2"]);
        assert!(lanes.reserve("a", 3).is_none());
        assert!(lanes.reserve("a", 2).is_some());
    }
}
