//! Facet counts, by aggregation over columns.

use serde_json::{Map, json};
use tantivy::aggregation::agg_req::Aggregations;
use tantivy::aggregation::agg_result::{AggregationResult, AggregationResults, BucketEntry, BucketResult};
use tantivy::aggregation::{AggContextParams, AggregationCollector};
use tantivy::{Searcher, Term};

use crate::lookup::term_address;
use crate::schema::{Fields, column};
use crate::{Clause, Facet, FacetCounts, FacetValue, IndexError, StoredParts, region};

/// Values of one facet that are returned, the most frequent first.
const MAX_VALUES: usize = 50;

/// Values that each segment counts. The engine's default keeps the 500 most frequent of a segment, so a value that
/// is rare in one segment loses the reports of that segment. No segment has more values than reports, so this keeps
/// all of them; the engine allocates for those that occur.
const SEGMENT_VALUES: u32 = u32::MAX;

/// What to count.
pub(crate) struct Request {
    facets: Vec<Facet>,
    /// The column of the regions to count: provinces, or the divisions of the region in the query.
    region_column: &'static str,
}

impl Request {
    pub(crate) fn new(facets: &[Facet], clause: &Clause) -> Self {
        let mut wanted = Vec::new();
        for facet in facets {
            if !wanted.contains(facet) {
                wanted.push(*facet);
            }
        }
        let region_column = match region_of(clause).map(str::len) {
            None => column::PROVINCE,
            Some(2) => column::CITY,
            Some(_) => column::COUNTY,
        };
        Self { facets: wanted, region_column }
    }

    pub(crate) fn collector(&self) -> Option<AggregationCollector> {
        if self.facets.is_empty() {
            return None;
        }
        let mut request = Map::new();
        for facet in &self.facets {
            let mut terms = json!({
                "field": self.column(*facet),
                "size": MAX_VALUES,
                "segment_size": SEGMENT_VALUES,
            });
            if *facet == Facet::Year {
                terms["order"] = json!({"_key": "desc"});
            }
            request.insert(facet.as_str().to_owned(), json!({"terms": terms}));
        }
        let request: Aggregations =
            serde_json::from_value(request.into()).expect("the aggregations are well-formed");
        Some(AggregationCollector::from_aggs(request, AggContextParams::default()))
    }

    pub(crate) fn counts(
        &self,
        fields: &Fields,
        searcher: &Searcher,
        results: &AggregationResults,
    ) -> Result<Vec<FacetCounts>, IndexError> {
        let mut facets = Vec::with_capacity(self.facets.len());
        for facet in &self.facets {
            let mut values = Vec::new();
            for bucket in buckets(results, *facet) {
                let value = bucket.key.to_string();
                let label = match facet {
                    Facet::Region => region_label(fields, searcher, &value)?,
                    _ => value.clone(),
                };
                values.push(FacetValue { value, label, count: bucket.doc_count });
            }
            facets.push(FacetCounts { facet: *facet, values });
        }
        Ok(facets)
    }

    fn column(&self, facet: Facet) -> &'static str {
        match facet {
            Facet::Year => column::YEAR,
            Facet::Region => self.region_column,
            Facet::Agency => column::AGENCY,
            Facet::Verdict => column::VERDICT,
            Facet::Rule => column::RULE,
            Facet::Form => column::FORM,
            Facet::Review => column::REVIEW,
            Facet::Assignee => column::ASSIGNEE,
        }
    }
}

/// The counts of one facet, as the engine orders them.
fn buckets(results: &AggregationResults, facet: Facet) -> &[BucketEntry] {
    match results.0.get(facet.as_str()) {
        Some(AggregationResult::BucketResult(BucketResult::Terms { buckets, .. })) => buckets,
        _ => &[],
    }
}

/// The name of a region. The names of provinces are known; any other is taken from a report of that region,
/// or of a region in it.
fn region_label(fields: &Fields, searcher: &Searcher, code: &str) -> Result<String, IndexError> {
    if let Some(name) = region::province(code) {
        return Ok(name.to_owned());
    }
    let inside = if code.len() == 4 { fields.city } else { fields.county };
    for field in [fields.region, inside] {
        let Some(address) = term_address(searcher, &Term::from_field_text(field, code))? else { continue };
        let card = StoredParts::read(searcher, fields.stored, address)?.card;
        let Some(region) = card.region else { continue };
        let name =
            if field == fields.region { Some(&*region.name) } else { region::above(code, &region.name) };
        if let Some(name) = name {
            return Ok(name.to_owned());
        }
    }
    Ok(code.to_owned())
}

/// The region that every hit lies in, if the clause names one.
fn region_of(clause: &Clause) -> Option<&str> {
    match clause {
        Clause::Region(code) => Some(code),
        Clause::And(parts) => parts.iter().filter_map(region_of).max_by_key(|code| code.len()),
        _ => None,
    }
}
