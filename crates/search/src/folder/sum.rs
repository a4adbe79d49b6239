//! Sums of a cell over the columns of the folder index.

use std::collections::BTreeMap;

use report::CellId;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::schema::column;
use crate::GroupBy;
use crate::millionths::cell_column;
use crate::sum::Tally;

/// Sums a cell by group.
pub(crate) struct SumCollector {
    pub(crate) cell: CellId,
    pub(crate) by: GroupBy,
}

enum Groups {
    One,
    Numbers(Option<Column<i64>>),
    Names(Option<StrColumn>),
}

pub(crate) struct SegmentSum {
    values: Option<Column<i64>>,
    groups: Groups,
    /// Of the reports without a group.
    ungrouped: Option<Tally>,
    /// By number.
    numbered: BTreeMap<i64, Tally>,
    /// By the ordinal of the name in this segment.
    named: Vec<Option<Tally>>,
}

impl Collector for SumCollector {
    /// In the order of the groups; those without one first.
    type Fruit = Vec<(Option<String>, Tally)>;
    type Child = SegmentSum;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentSum> {
        let columns = segment.fast_fields();
        let groups = match self.by {
            GroupBy::Nothing => Groups::One,
            GroupBy::Year => Groups::Numbers(columns.column_opt(column::YEAR)?),
            GroupBy::Province => Groups::Names(columns.str(column::PROVINCE)?),
            GroupBy::City => Groups::Names(columns.str(column::CITY)?),
            GroupBy::Agency => Groups::Names(columns.str(column::AGENCY)?),
        };
        let names = match &groups {
            Groups::Names(Some(column)) => column.num_terms(),
            _ => 0,
        };
        let values = columns.column_opt(&cell_column(self.cell))?;
        Ok(SegmentSum {
            values,
            groups,
            ungrouped: None,
            numbered: BTreeMap::new(),
            named: vec![None; names],
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Self::Fruit>>) -> tantivy::Result<Self::Fruit> {
        let mut merged = Vec::new();
        for segment in segments {
            merged.extend(segment?);
        }
        // What each segment found is sorted already, so this merges it.
        merged.sort_by(|(one, _), (other, _)| one.cmp(other));
        merged.dedup_by(|(group, tally), (known, joined)| {
            let is_same = group == known;
            if is_same {
                joined.join(*tally);
            }
            is_same
        });
        Ok(merged)
    }
}

impl SegmentCollector for SegmentSum {
    type Fruit = tantivy::Result<Vec<(Option<String>, Tally)>>;

    fn collect(&mut self, doc: DocId, _: Score) {
        let Some(value) = self.values.as_ref().and_then(|values| values.first(doc)) else { return };
        let one = Tally::one(value);
        let number = match &self.groups {
            Groups::Numbers(Some(column)) => column.first(doc),
            _ => None,
        };
        let name = match &self.groups {
            Groups::Names(Some(column)) => column.ords().first(doc),
            _ => None,
        };
        if let Some(number) = number {
            self.numbered.entry(number).and_modify(|tally| tally.join(one)).or_insert(one);
        } else {
            let named = name.and_then(|ordinal| self.named.get_mut(ordinal as usize));
            let tally = named.unwrap_or(&mut self.ungrouped);
            tally.get_or_insert(Tally::EMPTY).join(one);
        }
    }

    fn harvest(self) -> Self::Fruit {
        let mut sums: Vec<(Option<String>, Tally)> =
            self.ungrouped.map(|tally| (None, tally)).into_iter().collect();
        sums.extend(self.numbered.into_iter().map(|(number, tally)| (Some(number.to_string()), tally)));
        if let Groups::Names(Some(column)) = &self.groups {
            let named = (0..).zip(&self.named).filter_map(|(ordinal, tally)| Some((ordinal, (*tally)?)));
            let (ordinals, tallies): (Vec<u64>, Vec<Tally>) = named.unzip();
            let mut tallies = tallies.into_iter();
            // One pass over the dictionary; to look each name up by itself takes ten times as long.
            column.dictionary().sorted_ords_to_term_cb(&ordinals, |name| {
                let name = String::from_utf8_lossy(name).into_owned();
                sums.extend(tallies.next().map(|tally| (Some(name), tally)));
            })?;
        }
        Ok(sums)
    }
}
