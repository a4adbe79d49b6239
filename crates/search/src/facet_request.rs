//! Which values a search counts, whichever engine counts them.

use crate::document::Field;
use crate::{Clause, Facet};

/// Values of one facet that are returned, the most frequent first.
pub(crate) const MAX_VALUES: usize = 50;

/// What to count.
pub(crate) struct FacetRequest {
    pub(crate) facets: Vec<Facet>,
    /// The field of the regions to count: provinces, or the divisions of the region in the query.
    region_column: Field,
}

impl FacetRequest {
    pub(crate) fn new(facets: &[Facet], clause: &Clause) -> Self {
        let mut wanted = Vec::new();
        for facet in facets {
            if !wanted.contains(facet) {
                wanted.push(*facet);
            }
        }
        let region_column = match region_of(clause).map(str::len) {
            None => Field::Province,
            Some(2) => Field::City,
            Some(_) => Field::County,
        };
        Self { facets: wanted, region_column }
    }

    /// The field whose values a facet counts.
    pub(crate) fn column(&self, facet: Facet) -> Field {
        match facet {
            Facet::Year => Field::Year,
            Facet::Region => self.region_column,
            Facet::Agency => Field::Agency,
            Facet::Verdict => Field::Verdict,
            Facet::Rule => Field::Rule,
            Facet::Form => Field::Form,
            Facet::Review => Field::Review,
            Facet::Assignee => Field::Assignee,
        }
    }
}

/// The region that every hit lies in, if the clause names one.
fn region_of(clause: &Clause) -> Option<&str> {
    match clause {
        Clause::Region(code) => Some(code),
        Clause::And(parts) => parts.iter().filter_map(region_of).max_by_key(|code| code.len()),
        _ => None,
    }
}
