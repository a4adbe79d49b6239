//! One page of hits in any order, with a cursor to the next: a collector of the engine that
//! returns the first hits after a bound.
//!
//! The engine's own collectors neither sort JSON columns by name nor continue after a hit; this one
//! does both the same way for relevance, columns and cells, and orders ties by key.

use std::collections::BinaryHeap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader, TantivyError};

use super::schema::column;
use crate::cursor::{SortKey, value_of_score};
use crate::millionths::cell_column;
use crate::{Sort, SortBy};

/// A hit with its position in the order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ranked {
    pub(crate) sort_key: SortKey<String>,
    pub(crate) address: DocAddress,
    pub(crate) score: Score,
}

/// Collects the total and the first `limit` hits after a cursor.
pub(crate) struct PageCollector {
    sort: Sort,
    limit: usize,
    after: Option<SortKey<String>>,
}

impl PageCollector {
    pub(crate) fn new(sort: Sort, limit: usize, after: Option<SortKey<String>>) -> Self {
        Self { sort, limit, after }
    }
}

/// What the hits of a segment are ordered by.
enum Values {
    Score,
    Column(Option<Column<i64>>),
}

pub(crate) struct SegmentPage {
    ordinal: SegmentOrdinal,
    values: Values,
    sort: Sort,
    keys: StrColumn,
    /// Keys as their ordinals in this segment, doubled, so that a key between two of them has a number.
    after: Option<SortKey<u64>>,
    limit: usize,
    first: BinaryHeap<(SortKey<u64>, DocId, u32)>,
    total: u64,
}

impl Collector for PageCollector {
    type Fruit = (u64, Vec<Ranked>);
    type Child = SegmentPage;

    fn for_segment(&self, ordinal: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentPage> {
        let columns = segment.fast_fields();
        let values = match self.sort.by {
            SortBy::Relevance => Values::Score,
            SortBy::Year => Values::Column(columns.column_opt(column::YEAR)?),
            SortBy::Published => Values::Column(columns.column_opt(column::PUBLISHED)?),
            SortBy::Submitted => Values::Column(columns.column_opt(column::SUBMITTED)?),
            SortBy::Open => Values::Column(columns.column_opt(column::OPEN)?),
            SortBy::Since => Values::Column(columns.column_opt(column::SINCE)?),
            SortBy::Due => Values::Column(columns.column_opt(column::DUE)?),
            SortBy::Cell(cell) => Values::Column(columns.column_opt(&cell_column(cell))?),
        };
        let keys = columns.str(column::KEY)?;
        let keys = keys.ok_or_else(|| TantivyError::FieldNotFound(column::KEY.to_owned()))?;
        let after = match &self.after {
            Some(SortKey { missing, value, key }) => {
                let dictionary = keys.dictionary();
                let (lower, exact) = match dictionary.term_ord(key)? {
                    Some(ordinal) => (ordinal, true),
                    None => (count_below(&keys, key)?, false),
                };
                let key = if exact { 2 * lower + 1 } else { 2 * lower };
                Some(SortKey { missing: *missing, value: *value, key })
            }
            None => None,
        };
        let limit = self.limit;
        Ok(SegmentPage {
            ordinal,
            values,
            sort: self.sort,
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
        first.sort_by(|one, other| one.sort_key.cmp(&other.sort_key));
        first.truncate(self.limit);
        Ok((total, first))
    }
}

impl SegmentCollector for SegmentPage {
    type Fruit = tantivy::Result<(u64, Vec<Ranked>)>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        if self.limit == 0 {
            return;
        }
        let value = match &self.values {
            Values::Score => Some(value_of_score(score)),
            Values::Column(column) => column.as_ref().and_then(|column| column.first(doc)),
        };
        let key = self.keys.ords().first(doc).unwrap_or_default();
        // Odd numbers are the keys themselves, even numbers lie between them.
        let sort_key = SortKey::of(value, self.sort, 2 * key + 1);
        if self.after.as_ref().is_some_and(|after| sort_key <= *after) {
            return;
        }
        if self.first.len() == self.limit {
            if self.first.peek().is_some_and(|(last, _, _)| sort_key >= *last) {
                return;
            }
            self.first.pop();
        }
        self.first.push((sort_key, doc, score.to_bits()));
    }

    fn harvest(self) -> Self::Fruit {
        let mut hits = Vec::with_capacity(self.first.len());
        for (SortKey { missing, value, key }, doc, score) in self.first {
            let mut name = String::new();
            self.keys.ord_to_str(key / 2, &mut name)?;
            hits.push(Ranked {
                sort_key: SortKey { missing, value, key: name },
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
