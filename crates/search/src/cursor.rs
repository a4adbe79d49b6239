//! Where a page ends and the next one begins: the same text for every engine.

use crate::{IndexError, Sort, SortBy};

/// What orders the hits: those with a value come first, by the value, then by key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SortKey<Key> {
    pub(crate) missing: bool,
    /// The value, complemented where the order is descending: the least comes first.
    pub(crate) value: i64,
    pub(crate) key: Key,
}

impl<Key> SortKey<Key> {
    /// The sort key of a report with this value.
    pub(crate) fn of(value: Option<i64>, sort: Sort, key: Key) -> Self {
        Self { missing: value.is_none(), value: value.map_or(0, |value| ordered(value, sort)), key }
    }

    /// The value by which the report is sorted; none where it has none.
    pub(crate) fn sorted_value(&self, sort: Sort) -> Option<i64> {
        (!self.missing).then(|| ordered(self.value, sort))
    }
}

/// A value as sort keys have it, and back.
fn ordered(value: i64, sort: Sort) -> i64 {
    if sort.descending { !value } else { value }
}

/// A score as a value to sort by: scores are not negative, and the bits of such floats are ordered as they are.
pub(crate) fn value_of_score(score: f32) -> i64 {
    i64::from(score.max(0.0).to_bits())
}

/// The score that a value stands for.
pub(crate) fn score_of_value(value: i64) -> f32 {
    u32::try_from(value).map_or(0.0, f32::from_bits)
}

/// The cursor that continues after the hit with this sort key.
pub(crate) fn cursor(sort: Sort, sort_key: &SortKey<String>) -> String {
    let SortKey { missing, value, key } = sort_key;
    format!("{}~{}~{value}~{key}", sort_name(sort), u8::from(*missing))
}

/// The sort key that a cursor continues after.
///
/// # Errors
/// [`IndexError::BadCursor`] if it is none of this order.
pub(crate) fn read_cursor(sort: Sort, cursor: Option<&str>) -> Result<Option<SortKey<String>>, IndexError> {
    let read =
        |cursor: &str| parse_cursor(sort, cursor).ok_or_else(|| IndexError::BadCursor(cursor.to_owned()));
    cursor.map(read).transpose()
}

/// The name that [`Sort::parse`] reads.
fn sort_name(sort: Sort) -> String {
    let sign = if sort.descending { "-" } else { "" };
    match sort.by {
        SortBy::Relevance => format!("{sign}relevance"),
        SortBy::Year => format!("{sign}year"),
        SortBy::Published => format!("{sign}published"),
        SortBy::Submitted => format!("{sign}submitted"),
        SortBy::Open => format!("{sign}open"),
        SortBy::Since => format!("{sign}since"),
        SortBy::Due => format!("{sign}due"),
        SortBy::Cell(cell) => format!("{sign}cell.{cell}"),
    }
}

fn parse_cursor(sort: Sort, cursor: &str) -> Option<SortKey<String>> {
    let rest = cursor.strip_prefix(&sort_name(sort))?.strip_prefix('~')?;
    let (missing, rest) = rest.split_once('~')?;
    let (value, key) = rest.split_once('~')?;
    let missing = match missing {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    Some(SortKey { missing, value: value.parse().ok()?, key: key.to_owned() })
}
