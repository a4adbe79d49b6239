//! One page of hits in any order, with a cursor to the next: a collector of the engine that keeps the
//! first hits after a bound.
//!
//! The engine's own collectors neither sort JSON columns by name nor continue after a hit; this one
//! does both the same way for relevance, columns and cells, with the key as the last word.

use std::collections::BinaryHeap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

use crate::schema::{cell_column, column};
use crate::{Error, Sort, SortBy};

/// The place of a hit: those with a value first, by it, then by key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place<Key> {
    missing: bool,
    /// The value, complemented where the order is descending: the least comes first.
    value: i64,
    key: Key,
}

/// A hit on its way to the page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placed {
    place: Place<String>,
    pub(crate) address: DocAddress,
    pub(crate) score: Score,
}

impl Placed {
    /// The cursor that continues after this hit.
    pub(crate) fn cursor(&self, sort: Sort) -> String {
        let Place { missing, value, key } = &self.place;
        format!("{}~{}~{value}~{key}", sort_name(sort), u8::from(*missing))
    }
}

/// Collects the total and the first `limit` hits after a cursor.
pub(crate) struct PageCollector {
    sort: Sort,
    limit: usize,
    after: Option<Place<String>>,
}

impl PageCollector {
    pub(crate) fn new(sort: Sort, limit: usize, cursor: Option<&str>) -> Result<Self, Error> {
        let after = cursor
            .map(|cursor| parse_cursor(sort, cursor).ok_or_else(|| Error::BadCursor(cursor.to_owned())));
        Ok(Self { sort, limit, after: after.transpose()? })
    }
}

/// The name that [`Sort::parse`] reads.
fn sort_name(sort: Sort) -> String {
    let sign = if sort.descending { "-" } else { "" };
    match sort.by {
        SortBy::Relevance => format!("{sign}relevance"),
        SortBy::Year => format!("{sign}year"),
        SortBy::Published => format!("{sign}published"),
        SortBy::Submitted => format!("{sign}submitted"),
        SortBy::Cell(cell) => format!("{sign}cell.{cell}"),
    }
}

fn parse_cursor(sort: Sort, cursor: &str) -> Option<Place<String>> {
    let rest = cursor.strip_prefix(&sort_name(sort))?.strip_prefix('~')?;
    let (missing, rest) = rest.split_once('~')?;
    let (value, key) = rest.split_once('~')?;
    let missing = match missing {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    Some(Place { missing, value: value.parse().ok()?, key: key.to_owned() })
}

/// What the hits of a segment are placed by.
enum Values {
    Score,
    Column(Option<Column<i64>>),
}

pub(crate) struct SegmentPage {
    ordinal: SegmentOrdinal,
    values: Values,
    descending: bool,
    keys: StrColumn,
    /// Keys as their ordinals in this segment, doubled, so that a key between two has a place.
    after: Option<Place<u64>>,
    limit: usize,
    first: BinaryHeap<(Place<u64>, DocId, u32)>,
    total: u64,
}

impl Collector for PageCollector {
    type Fruit = (u64, Vec<Placed>);
    type Child = SegmentPage;

    fn for_segment(&self, ordinal: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentPage> {
        let columns = segment.fast_fields();
        let values = match self.sort.by {
            SortBy::Relevance => Values::Score,
            SortBy::Year => Values::Column(columns.column_opt(column::YEAR)?),
            SortBy::Published => Values::Column(columns.column_opt(column::PUBLISHED)?),
            SortBy::Submitted => Values::Column(columns.column_opt(column::SUBMITTED)?),
            SortBy::Cell(cell) => Values::Column(columns.column_opt(&cell_column(cell))?),
        };
        let keys = columns.str(column::KEY)?;
        let keys = keys.ok_or_else(|| TantivyError::FieldNotFound(column::KEY.to_owned()))?;
        let after = match &self.after {
            Some(Place { missing, value, key }) => {
                let dictionary = keys.dictionary();
                let (lower, exact) = match dictionary.term_ord(key)? {
                    Some(ordinal) => (ordinal, true),
                    None => (count_below(&keys, key)?, false),
                };
                let key = if exact { 2 * lower + 1 } else { 2 * lower };
                Some(Place { missing: *missing, value: *value, key })
            }
            None => None,
        };
        let descending = self.sort.descending;
        let limit = self.limit;
        Ok(SegmentPage {
            ordinal,
            values,
            descending,
            keys,
            after,
            limit,
            first: BinaryHeap::new(),
            total: 0,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort.by == SortBy::Relevance
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Self::Fruit>>) -> tantivy::Result<Self::Fruit> {
        let mut total = 0;
        let mut first = Vec::new();
        for segment in segments {
            let (count, hits) = segment?;
            total += count;
            first.extend(hits);
        }
        first.sort_by(|one, other| one.place.cmp(&other.place));
        first.truncate(self.limit);
        Ok((total, first))
    }
}

impl SegmentCollector for SegmentPage {
    type Fruit = tantivy::Result<(u64, Vec<Placed>)>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        if self.limit == 0 {
            return;
        }
        let value = match &self.values {
            // Scores are not negative, and the bits of such floats are ordered as they are.
            Values::Score => Some(i64::from(score.max(0.0).to_bits())),
            Values::Column(column) => column.as_ref().and_then(|column| column.first(doc)),
        };
        let ordered = |value: i64| if self.descending { !value } else { value };
        let key = self.keys.ords().first(doc).unwrap_or_default();
        // The odd places are the keys themselves, the even ones lie before them.
        let place = Place { missing: value.is_none(), value: value.map_or(0, ordered), key: 2 * key + 1 };
        if self.after.as_ref().is_some_and(|after| place <= *after) {
            return;
        }
        if self.first.len() == self.limit {
            if self.first.peek().is_some_and(|(last, _, _)| place >= *last) {
                return;
            }
            self.first.pop();
        }
        self.first.push((place, doc, score.to_bits()));
    }

    fn harvest(self) -> Self::Fruit {
        let mut hits = Vec::with_capacity(self.first.len());
        for (Place { missing, value, key }, doc, score) in self.first {
            let mut name = String::new();
            self.keys.ord_to_str(key / 2, &mut name)?;
            let place = Place { missing, value, key: name };
            hits.push(Placed {
                place,
                address: DocAddress::new(self.ordinal, doc),
                score: f32::from_bits(score),
            });
        }
        Ok((self.total, hits))
    }
}

/// How many keys of the segment come before this one, which is none of them.
fn count_below(keys: &StrColumn, key: &str) -> tantivy::Result<u64> {
    let (mut lower, mut upper) = (0, keys.num_terms() as u64);
    let mut name = String::new();
    while lower < upper {
        let middle = lower.midpoint(upper);
        keys.ord_to_str(middle, &mut name)?;
        if name.as_str() < key { lower = middle + 1 } else { upper = middle }
    }
    Ok(lower)
}
