//! The agencies that did not report in time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use report::{Region, Year, beijing};
use survey::Attendee;
use tokio::sync::Mutex;

use super::{Item, Kind};
use crate::app::App;
use crate::problem::Problem;
use crate::regional;

/// Comparing the roster with the index reads every report, so an answer is used for this long.
const VALID_FOR: Duration = Duration::from_secs(300);

/// The agencies that are overdue, as they were found last.
#[derive(Default)]
pub(super) struct Overdue(Mutex<Option<(Instant, Arc<Vec<Item>>)>>);

impl Overdue {
    /// The agencies that are overdue with the report on last year; none where there is no roster.
    pub(super) async fn now(&self, app: &App) -> Result<Arc<Vec<Item>>, Problem> {
        let mut known = self.0.lock().await;
        if let Some((found_at, items)) = known.as_ref().filter(|(found_at, _)| found_at.elapsed() < VALID_FOR)
        {
            tracing::trace!(age_s = found_at.elapsed().as_secs(), "the agencies that are overdue are known");
            return Ok(items.clone());
        }
        let items = Arc::new(find(app, Timestamp::now().as_millisecond()).await?);
        *known = Some((Instant::now(), items.clone()));
        Ok(items)
    }
}

async fn find(app: &App, now_ms: i64) -> Result<Vec<Item>, Problem> {
    let last_year = beijing::day(now_ms).map(|today| i64::from(today.year()) - 1);
    let Some(year) = last_year.and_then(Year::new) else { return Ok(Vec::new()) };
    let Some(attendance) = regional::attendance(app, None, year).await? else { return Ok(Vec::new()) };
    let items = attendance.missing().filter_map(|attendee| of_attendee(attendee, year, now_ms));
    Ok(items.collect())
}

/// The item of an agency that has not reported; none before its deadline is over, and where it has none.
fn of_attendee(attendee: &Attendee, year: Year, now_ms: i64) -> Option<Item> {
    let deadline = attendee.deadline?;
    let at_ms = beijing::ms_of(deadline.tomorrow().ok()?.at(0, 0, 0, 0)).filter(|at_ms| *at_ms <= now_ms)?;
    let region = attendee.region.clone().map(|code| Region { code, name: String::new() });
    Some(Item {
        kind: Kind::Overdue,
        id: format!("overdue-{year}-{}", attendee.position),
        sequence: None,
        at_ms,
        report: None,
        agency: Some(attendee.agency.clone()),
        region,
        year: Some(year.get()),
        file_name: None,
        verdict: None,
        why: Some(format!("应于{deadline}前报送")),
        submitted: None,
    })
}

#[cfg(test)]
mod tests {
    use report::Date;

    use super::*;

    #[test]
    fn an_agency_is_overdue_on_the_day_after_its_deadline() {
        let attendee = |deadline: Option<Date>| Attendee {
            position: 3,
            agency: "甲局".into(),
            region: Some("370400".into()),
            deadline,
            is_exempt: false,
            note: None,
            reports: Vec::new(),
            missing_years: Vec::new(),
        };
        let year = Year::new(2024).unwrap();
        let deadline = Date::constant(2025, 1, 31);
        let first = beijing::ms_of(Date::constant(2025, 2, 1).at(0, 0, 0, 0)).unwrap();
        assert!(of_attendee(&attendee(Some(deadline)), year, first - 1).is_none());
        let item = of_attendee(&attendee(Some(deadline)), year, first).unwrap();
        assert_eq!((item.at_ms, item.title()), (first, "甲局2024年度报告".into()));
        assert!(of_attendee(&attendee(None), year, first).is_none());
    }
}
