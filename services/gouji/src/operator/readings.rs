//! Every reading of every original on the log: which were indexed, which were refused, and which is the last of
//! an original.

use std::collections::BTreeMap;

use anyhow::Result;
use bus::Bus;
use proto::v1::{ReportIndexed, ReportRefused, ReportSubmitted};
use proto::{ReportId, subject};
use search::{IndexedReading, current_readings};

/// All readings, by the original and their generation.
#[derive(Debug, Default)]
pub(crate) struct Readings(BTreeMap<String, BTreeMap<u32, Reading>>);

/// One reading of one original.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) id: ReportId,
    /// When the log took it, milliseconds since 1970-01-01 UTC.
    pub(crate) at_ms: i64,
    /// When it was sent. It orders the versions of a report.
    pub(crate) submitted_at_ms: i64,
    /// Whether it withdraws a report.
    pub(crate) withdraws: bool,
    pub(crate) end: End,
}

/// How a reading ended.
#[derive(Debug)]
pub(crate) enum End {
    /// It has not ended.
    None,
    /// The index has, or had, it under this key.
    Indexed(Box<str>),
    Refused(Box<Refused>),
}

/// What the log says of a refusal.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    /// When, milliseconds since 1970-01-01 UTC.
    pub(crate) at_ms: i64,
    pub(crate) stage: String,
    pub(crate) class: String,
    pub(crate) message: String,
    pub(crate) file_name: String,
}

impl Readings {
    /// Reads the log once for each kind of fact.
    pub(crate) async fn of(log: &Bus) -> Result<Self> {
        let mut readings = Self::default();
        log.scan(&subject::filter::<ReportSubmitted>(), |event| {
            let at_ms = event.at_ms;
            let Some(fact) = event.decode::<ReportSubmitted>() else { return Ok(()) };
            let Ok(id) = ReportId::parse(&fact.id) else { return Ok(()) };
            let reading = Reading {
                id: id.clone(),
                at_ms,
                submitted_at_ms: fact.submitted_at_ms,
                withdraws: fact.withdraws.is_some(),
                end: End::None,
            };
            readings.0.entry(id.digits().to_owned()).or_default().insert(id.generation(), reading);
            Ok(())
        })
        .await?;
        log.scan(&subject::filter::<ReportIndexed>(), |event| {
            if let (Some(reading), Some(fact)) =
                (readings.get_mut(event.id()), event.decode::<ReportIndexed>())
            {
                reading.end = End::Indexed(fact.report.into());
            }
            Ok(())
        })
        .await?;
        log.scan(&subject::filter::<ReportRefused>(), |event| {
            let (at_ms, id) = (event.at_ms, event.id().to_owned());
            let (Some(reading), Some(fact)) = (readings.get_mut(&id), event.decode::<ReportRefused>()) else {
                return Ok(());
            };
            // A reading that was also indexed is searchable.
            if matches!(reading.end, End::None) {
                let file_name = fact.submitted.map(|submitted| submitted.file_name);
                reading.end = End::Refused(Box::new(Refused {
                    at_ms,
                    stage: fact.stage,
                    class: fact.class,
                    message: fact.message,
                    file_name: file_name.unwrap_or_default(),
                }));
            }
            Ok(())
        })
        .await?;
        Ok(readings)
    }

    fn get_mut(&mut self, id: &str) -> Option<&mut Reading> {
        let id = ReportId::parse(id).ok()?;
        self.0.get_mut(id.digits())?.get_mut(&id.generation())
    }

    /// The reading with this id.
    pub(crate) fn get(&self, id: &str) -> Option<&Reading> {
        let id = ReportId::parse(id).ok()?;
        self.0.get(id.digits())?.get(&id.generation())
    }

    /// The last reading of the same original.
    pub(crate) fn last_of(&self, id: &ReportId) -> Option<&Reading> {
        self.0.get(id.digits())?.last_key_value().map(|(_, reading)| reading)
    }

    /// Every refusal, earliest first, and whether it is open: the original was not read again since.
    pub(crate) fn refused(&self) -> Vec<(&Reading, &Refused, bool)> {
        let mut refused: Vec<_> = self
            .0
            .values()
            .flat_map(|generations| {
                let last = generations.last_key_value().map(|(generation, _)| *generation);
                generations.values().filter_map(move |reading| match &reading.end {
                    End::Refused(refused) => {
                        Some((reading, &**refused, Some(reading.id.generation()) == last))
                    }
                    End::None | End::Indexed(_) => None,
                })
            })
            .collect();
        refused.sort_by_key(|(_, refused, _)| refused.at_ms);
        refused
    }

    /// The current reading of each report that can be searched, in the order in which they were sent. Reports
    /// that were withdrawn are not among them.
    pub(crate) fn current(&self) -> Vec<&Reading> {
        let all = self.0.values().flat_map(BTreeMap::values).filter_map(|reading| {
            let End::Indexed(key) = &reading.end else { return None };
            Some(IndexedReading {
                original: reading.id.digits(),
                generation: reading.id.generation(),
                key,
                submitted_at_ms: reading.submitted_at_ms,
            })
        });
        let current = current_readings(all).into_values();
        let current = current.filter_map(|one| self.0.get(one.original)?.get(&one.generation));
        let mut current: Vec<_> = current.filter(|reading| !reading.withdraws).collect();
        current.sort_by_key(|reading| (reading.submitted_at_ms, reading.id.generation(), &reading.id));
        current
    }
}
