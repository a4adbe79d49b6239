//! Time in Beijing, the one time zone of all reports and their deadlines: days and times of day as people
//! read them.
//!
//! Pure functions of milliseconds since 1970-01-01 UTC, as the events carry them: the caller brings the
//! clock.

use jiff::civil::DateTime;
use jiff::tz::{TimeZone, offset};
use jiff::{Timestamp, Zoned};

use crate::Date;

/// China has one time zone and no summer time: UTC+8.
const TIME_ZONE: TimeZone = TimeZone::fixed(offset(8));

/// The text for a time that no calendar has.
const NO_TIME: &str = "—";

/// The day in Beijing; none where no calendar has it.
pub fn day(ms: i64) -> Option<Date> {
    zoned(ms).map(|time| time.date())
}

/// Day and time: `2026-11-22 09:30:00`; `—` where no calendar has it.
pub fn format_time(ms: i64) -> String {
    zoned(ms).map_or_else(|| NO_TIME.to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// The moment at which a clock in Beijing shows this date and time; none where no calendar has it.
pub fn ms_of(time: DateTime) -> Option<i64> {
    time.to_zoned(TIME_ZONE).ok().map(|time| time.timestamp().as_millisecond())
}

fn zoned(ms: i64) -> Option<Zoned> {
    Timestamp::from_millisecond(ms).ok().map(|time| time.to_zoned(TIME_ZONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_beijing() {
        let midnight = 1_795_276_800_000;
        assert_eq!(format_time(midnight), "2026-11-22 00:00:00");
        assert_eq!(format_time(midnight - 1), "2026-11-21 23:59:59");
        assert_eq!(day(midnight), Some(Date::constant(2026, 11, 22)));
        assert_eq!(day(midnight - 1), Some(Date::constant(2026, 11, 21)));
        assert_eq!(ms_of(DateTime::constant(2026, 11, 22, 0, 0, 0, 0)), Some(midnight));
    }

    #[test]
    fn a_time_that_no_calendar_has_is_a_dash() {
        assert_eq!(format_time(i64::MAX), "—");
        assert_eq!(format_time(i64::MIN), "—");
        assert_eq!(day(i64::MAX), None);
    }
}
