//! The figures of one cell over what a search finds, from the columns of the folder index.

use std::collections::BTreeMap;

use report::{CellId, CellState, FormId};
use tantivy::DocId;

use super::FolderSnapshot;
use super::records::{FigureColumn, Names};
use super::schema::column;
use crate::{Clause, Distribution, IndexError};

impl FolderSnapshot {
    pub(crate) fn read_distribution(
        &self,
        clause: &Clause,
        relaxed: bool,
        cell: CellId,
    ) -> Result<Distribution, IndexError> {
        let addresses = self.matches(clause, relaxed)?;
        let mut values: Vec<i64> = Vec::with_capacity(addresses.len());
        let mut unknown: BTreeMap<Option<CellState>, u64> = BTreeMap::new();
        for addresses in addresses.chunk_by(|one, other| one.segment_ord == other.segment_ord) {
            let Some(first) = addresses.first() else { continue };
            let segment = self.searcher.segment_reader(first.segment_ord);
            let figures = FigureColumn::open(segment, cell)?;
            let docs: Vec<DocId> = addresses.iter().map(|address| address.doc_id).collect();
            let forms = Names::read(segment, column::FORM, &docs, FormId::parse)?;
            for address in addresses {
                match figures.values.as_ref().and_then(|values| values.first(address.doc_id)) {
                    Some(value) => values.push(value),
                    None => {
                        let form = forms.of(address.doc_id).flatten();
                        let figure = figures.figure(address.doc_id, form);
                        *unknown.entry(figure.state).or_default() += 1;
                    }
                }
            }
        }
        Ok(Distribution::of(cell, values, unknown))
    }
}
