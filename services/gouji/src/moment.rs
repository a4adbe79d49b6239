//! Times as an operator types and reads them. Dates are those of Beijing.

use anyhow::{Context as _, Result};
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use report::beijing;

use crate::language::text;

/// `2026-11-22 09:30:00`.
pub(crate) fn format(ms: i64) -> String {
    beijing::format_time(ms)
}

/// `850 ms`, `12 s`, `3 h 5 min`.
pub(crate) fn length(ms: i64) -> String {
    match ms.max(0) {
        ms @ 0..1_000 => format!("{ms} ms"),
        ms @ 1_000..120_000 => format!("{} s", ms / 1_000),
        ms @ 120_000..7_200_000 => format!("{} min", ms / 60_000),
        ms @ 7_200_000..172_800_000 => format!("{} h {} min", ms / 3_600_000, ms / 60_000 % 60),
        ms => format!("{} d {} h", ms / 86_400_000, ms / 3_600_000 % 24),
    }
}

/// A moment in the past: `24h`, `7d`, `2026-11-22`, `2026-11-22T09:30`, `2026-11-22T01:30:00Z`.
pub(crate) fn since(text: &str) -> Result<Timestamp> {
    match duration(text) {
        Some(ago) => Timestamp::now().checked_sub(ago).context("the calendar does not go back so far"),
        None => moment(text),
    }
}

/// A moment in the future, written as for [`since`].
pub(crate) fn until(text: &str) -> Result<Timestamp> {
    match duration(text) {
        Some(ahead) => Timestamp::now().checked_add(ahead).context("the calendar does not go so far"),
        None => moment(text),
    }
}

fn duration(text: &str) -> Option<SignedDuration> {
    let number = |unit: char| text.strip_suffix(unit)?.parse::<u32>().ok().map(i64::from);
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    units.into_iter().find_map(|(unit, seconds)| Some(SignedDuration::from_secs(number(unit)? * seconds)))
}

fn moment(text: &str) -> Result<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let day = || text.parse::<Date>().map(|day| day.at(0, 0, 0, 0));
    let not_a_time = || {
        text!(
            "“{text}”不是时间；可写 24h、7d、2026-11-22 或 2026-11-22T09:30（北京时间）",
            "`{text}` is not a time; write 24h, 7d, 2026-11-22 or 2026-11-22T09:30 (Beijing)"
        )
    };
    let local: DateTime = text.parse().or_else(|_| day()).with_context(not_a_time)?;
    Timestamp::from_millisecond(beijing::ms_of(local).with_context(not_a_time)?).with_context(not_a_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_typed() {
        let check = |text: &str, expected: &str| assert_eq!(moment(text).unwrap().to_string(), expected);
        check("2026-11-22", "2026-11-21T16:00:00Z");
        check("2026-11-22T09:30", "2026-11-22T01:30:00Z");
        check("2026-11-22T01:30:00Z", "2026-11-22T01:30:00Z");
        assert_eq!(duration("36h"), Some(SignedDuration::from_hours(36)));
        assert_eq!(duration("7d"), Some(SignedDuration::from_hours(168)));
        for wrong in ["", "h", "-3h", "yesterday", "2026-13-01"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lengths_have_fitting_units() {
        let check = |ms: i64, expected: &str| assert_eq!(length(ms), expected);
        check(-5, "0 ms");
        check(850, "850 ms");
        check(12_400, "12 s");
        check(7_200_000 + 300_000, "2 h 5 min");
        check(3 * 86_400_000, "3 d 0 h");
    }
}
