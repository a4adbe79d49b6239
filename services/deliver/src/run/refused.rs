//! Changes that a target refuses: set aside, and tried again when an operator wants it.

use proto::subject;
use proto::v1::{ReportUndelivered, UndeliveredEnd};
use worker::outlets::OutletConfig;

use super::{Session, Stop};
use crate::change::{Batch, Change, State};
use crate::outward::{Notice, Outward};
use crate::set_aside::region;

impl Session<'_> {
    pub(super) async fn set_aside(&mut self, fact: ReportUndelivered) -> Result<(), Stop> {
        let (name, change, reason) = (&self.outlet.name, fact.change.clone(), fact.reason.clone());
        self.set_aside.publish(self.worker.bus(), fact).await?;
        tracing::error!(
            outlet = name,
            change,
            "outlet {name} sets {change} aside: {reason}; `gouji outlet retry {name} {change}` tries it again"
        );
        Ok(())
    }

    /// Tries again what operators want tried again.
    pub(super) async fn retry(&mut self, outward: &mut Outward) -> Result<(), Stop> {
        let asked = self.state.retry.clone();
        for id in &asked {
            for fact in self.set_aside.open_of(id) {
                if outward.last_of(&fact.report) > fact.sequence {
                    self.end(fact, UndeliveredEnd::Superseded).await?;
                } else {
                    self.retry_one(fact).await?;
                }
            }
        }
        let done = self.states.change(&self.outlet.name, |state| {
            state.retry.retain(|id| !asked.contains(id));
            Ok(())
        });
        self.state.retry = done.await?.0.retry;
        Ok(())
    }

    async fn retry_one(&mut self, fact: ReportUndelivered) -> Result<(), Stop> {
        let bus = self.worker.bus();
        let events = bus.page(subject::ALL, fact.sequence).await?;
        let event = events.into_iter().next().filter(|event| event.sequence == fact.sequence);
        // Whatever the regions of the outlet are by now: it was set aside for this outlet.
        let of_any_region = OutletConfig { regions: Vec::new(), ..self.outlet.clone() };
        let notice = event.and_then(|event| Outward::new(&of_any_region).note(&event));
        let name = &self.outlet.name;
        let Some(notice) = notice else {
            tracing::error!(outlet = name, "outlet {name}: the log has no fact {} any more", fact.sequence);
            return Ok(());
        };
        let change = match notice.change(notice.fetch(bus).await?, self.outlet.carry) {
            Ok(change) => change,
            Err(why) => {
                tracing::error!(outlet = name, "outlet {name}: {} cannot be delivered: {why}", fact.change);
                return Ok(());
            }
        };
        let batch = Batch {
            log_made_at_ms: self.place.log_made_at_ms,
            from: change.sequence,
            to: self.place.sequence.max(change.sequence),
            changes: vec![change],
        };
        match self.attempt(&batch).await? {
            Ok(()) => {
                self.unsaved += 1;
                self.end(fact, UndeliveredEnd::Delivered).await
            }
            Err(why) => {
                tracing::error!(outlet = name, "outlet {name}: {} is refused again: {why:#}", fact.change);
                Ok(())
            }
        }
    }

    async fn end(&mut self, fact: ReportUndelivered, end: UndeliveredEnd) -> Result<(), Stop> {
        let fact = ReportUndelivered { end: end.into(), ..fact };
        Ok(self.set_aside.publish(self.worker.bus(), fact).await?)
    }
}

/// A change at fault, before or after its figures were fetched.
pub(super) struct AtFault<'a> {
    reading: &'a str,
    report: &'a str,
    change: &'a str,
    sequence: u64,
    year: u16,
    region: &'a str,
}

impl<'a> From<&'a Notice> for AtFault<'a> {
    fn from(notice: &'a Notice) -> Self {
        let Notice { sequence, id, report, reading, region, year, .. } = notice;
        Self { reading, report, change: id, sequence: *sequence, year: *year, region }
    }
}

impl<'a> From<&'a Change> for AtFault<'a> {
    fn from(change: &'a Change) -> Self {
        let Change { sequence, id, report, state, .. } = change;
        let (reading, year, region) = match state {
            State::Stands(standing) => (standing.version.as_str(), standing.year, &standing.region),
            State::Gone { region, year } => {
                let version = id.strip_prefix(report.as_str()).and_then(|rest| rest.strip_prefix('.'));
                let version = version.filter(|version| !version.contains('.'));
                (version.unwrap_or(report), *year, region)
            }
        };
        Self { reading, report, change: id, sequence: *sequence, year, region }
    }
}

impl AtFault<'_> {
    /// The fact that an outlet sets it aside.
    pub(super) fn undelivered(&self, outlet: &str, reason: &str, attempts: u32) -> ReportUndelivered {
        ReportUndelivered {
            id: self.reading.to_owned(),
            outlet: outlet.to_owned(),
            report: self.report.to_owned(),
            change: self.change.to_owned(),
            sequence: self.sequence,
            reason: reason.to_owned(),
            attempts,
            year: self.year.into(),
            region: region(self.region),
            end: UndeliveredEnd::Unspecified.into(),
        }
    }
}
