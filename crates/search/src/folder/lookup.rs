//! Finding the documents that have a term.

use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocSet, Searcher, Term};

use crate::IndexError;

/// The first document with this term that was not deleted.
pub(crate) fn term_address(searcher: &Searcher, term: &Term) -> Result<Option<DocAddress>, IndexError> {
    for (ordinal, segment) in searcher.segment_readers().iter().enumerate() {
        let inverted = segment.inverted_index(term.field())?;
        let postings = inverted.read_postings(term, IndexRecordOption::Basic);
        let Some(mut postings) = postings.map_err(tantivy::TantivyError::from)? else { continue };
        while postings.doc() != tantivy::TERMINATED {
            if !segment.is_deleted(postings.doc()) {
                return Ok(Some(DocAddress::new(ordinal as u32, postings.doc())));
            }
            postings.advance();
        }
    }
    Ok(None)
}

/// The documents with a term of a field from `start` up to but not including `end`.
pub(crate) fn addresses_between(
    searcher: &Searcher,
    field: Field,
    start: &str,
    end: &str,
) -> Result<Vec<DocAddress>, IndexError> {
    let mut addresses = Vec::new();
    for (ordinal, segment) in searcher.segment_readers().iter().enumerate() {
        let inverted = segment.inverted_index(field)?;
        let mut terms =
            inverted.terms().range().ge(start).lt(end).into_stream().map_err(tantivy::TantivyError::from)?;
        while terms.advance() {
            let postings = inverted.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic);
            let mut postings = postings.map_err(tantivy::TantivyError::from)?;
            while postings.doc() != tantivy::TERMINATED {
                if !segment.is_deleted(postings.doc()) {
                    addresses.push(DocAddress::new(ordinal as u32, postings.doc()));
                }
                postings.advance();
            }
        }
    }
    Ok(addresses)
}
