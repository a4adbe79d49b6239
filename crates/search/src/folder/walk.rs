//! Visiting every report that a clause finds in the folder index.

use report::Decimal;
use tantivy::DocAddress;
use tantivy::collector::DocSetCollector;
use tantivy::query::AllQuery;

use super::FolderSnapshot;
use super::cells::CellColumns;
use super::compile::compile;
use super::stored::stored_parts;
use crate::{Card, Clause, IndexError, StoredParts};

impl FolderSnapshot {
    pub(crate) fn visit(
        &self,
        clause: &Clause,
        visit: &mut dyn FnMut(StoredParts) -> bool,
    ) -> Result<(), IndexError> {
        for address in self.found(clause)? {
            if !visit(self.parts(address)?) {
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn visit_sample(
        &self,
        clause: &Clause,
        most: usize,
        visit: &mut dyn FnMut(StoredParts) -> bool,
    ) -> Result<usize, IndexError> {
        let found = self.found(clause)?;
        let visited = found.len().min(most);
        for number in 0..visited {
            let Some(address) = found.get(number * found.len() / visited) else { continue };
            if !visit(self.parts(*address)?) {
                break;
            }
        }
        Ok(found.len())
    }

    pub(crate) fn visit_cards(&self, visit: &mut dyn FnMut(Card)) -> Result<(), IndexError> {
        for address in self.searcher.search(&AllQuery, &DocSetCollector)? {
            visit(self.parts(address)?.card);
        }
        Ok(())
    }

    pub(crate) fn visit_with_cells(
        &self,
        clause: &Clause,
        visit: &mut dyn FnMut(StoredParts, Vec<Option<Decimal>>) -> bool,
    ) -> Result<(), IndexError> {
        let addresses = self.found(clause)?;
        for addresses in addresses.chunk_by(|one, other| one.segment_ord == other.segment_ord) {
            let Some(first) = addresses.first() else { continue };
            let mut columns = CellColumns::new(self.searcher.segment_reader(first.segment_ord));
            for address in addresses {
                let parts = self.parts(*address)?;
                let values = match parts.card.form {
                    None => Vec::new(),
                    Some(form) if !parts.has_rounded_cells() => columns.values(form, address.doc_id)?,
                    Some(_) => parts.stored_cell_values()?,
                };
                if !visit(parts, values) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The reports that a clause finds, in the order of the index; the match is not relaxed.
    pub(crate) fn found(&self, clause: &Clause) -> Result<Vec<DocAddress>, IndexError> {
        self.matches(clause, false)
    }

    pub(crate) fn matches(&self, clause: &Clause, relaxed: bool) -> Result<Vec<DocAddress>, IndexError> {
        let compiled = compile(&self.fields, clause, relaxed);
        let mut addresses: Vec<DocAddress> =
            self.searcher.search(&compiled, &DocSetCollector)?.into_iter().collect();
        addresses.sort_unstable();
        Ok(addresses)
    }

    pub(crate) fn parts(&self, address: DocAddress) -> Result<StoredParts, IndexError> {
        stored_parts(&self.searcher, self.fields.stored, address)
    }
}
