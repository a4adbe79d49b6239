//! Visiting every report that a query finds.

use report::Decimal;
use tantivy::collector::DocSetCollector;
use tantivy::query::AllQuery;
use tantivy::{DocAddress, Searcher};

use crate::cells::CellColumns;
use crate::compile::{compile, with_filters};
use crate::{Card, IndexError, Query, Reader, StoredParts};

impl Reader {
    /// Calls `visit` with every report that `query` finds, in the order of the index, until it returns false.
    /// Uses the text and the filters of the query alone, and never relaxes the match. `visit` unpacks the
    /// parts that it needs.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn each(&self, query: &Query, mut visit: impl FnMut(StoredParts) -> bool) -> Result<(), IndexError> {
        let searcher = self.searcher()?;
        for address in self.found(&searcher, query)? {
            if !visit(StoredParts::read(&searcher, self.fields.stored, address)?) {
                break;
            }
        }
        Ok(())
    }

    /// Calls `visit` with at most `most` of the reports that `query` finds, spread evenly over the order of the index,
    /// until it returns false; see [`Reader::each`]. Returns how many reports the query finds.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn each_of_sample(
        &self,
        query: &Query,
        most: usize,
        mut visit: impl FnMut(StoredParts) -> bool,
    ) -> Result<usize, IndexError> {
        let searcher = self.searcher()?;
        let found = self.found(&searcher, query)?;
        let visited = found.len().min(most);
        for number in 0..visited {
            let Some(address) = found.get(number * found.len() / visited) else { continue };
            if !visit(StoredParts::read(&searcher, self.fields.stored, *address)?) {
                break;
            }
        }
        Ok(found.len())
    }

    /// Calls `visit` with what a hit shows of every report in the index, including those that were withdrawn.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn each_card(&self, mut visit: impl FnMut(Card)) -> Result<(), IndexError> {
        let searcher = self.searcher()?;
        for address in searcher.search(&AllQuery, &DocSetCollector)? {
            visit(StoredParts::read(&searcher, self.fields.stored, address)?.card);
        }
        Ok(())
    }

    /// [`Reader::each`] with the values of each report's cells in the order of its form; with no values where it has
    /// no form. They come from the columns: no fact is unpacked for them.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn each_with_cells(
        &self,
        query: &Query,
        mut visit: impl FnMut(StoredParts, Vec<Option<Decimal>>) -> bool,
    ) -> Result<(), IndexError> {
        let searcher = self.searcher()?;
        let addresses = self.found(&searcher, query)?;
        for addresses in addresses.chunk_by(|one, other| one.segment_ord == other.segment_ord) {
            let Some(first) = addresses.first() else { continue };
            let mut columns = CellColumns::new(searcher.segment_reader(first.segment_ord));
            for address in addresses {
                let parts = StoredParts::read(&searcher, self.fields.stored, *address)?;
                let values = parts.cell_values(&mut columns, address.doc_id)?;
                if !visit(parts, values) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The reports that a query finds, in the order of the index.
    pub(crate) fn found(&self, searcher: &Searcher, query: &Query) -> Result<Vec<DocAddress>, IndexError> {
        let (typed, _) = crate::parse(&query.text);
        let compiled = compile(&self.fields, &with_filters(typed, &query.filters), false);
        let mut addresses: Vec<DocAddress> =
            searcher.search(&compiled, &DocSetCollector)?.into_iter().collect();
        addresses.sort_unstable();
        Ok(addresses)
    }
}
