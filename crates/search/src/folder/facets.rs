//! Facet counts, by aggregation over columns.

use serde_json::{Map, json};
use tantivy::aggregation::agg_req::Aggregations;
use tantivy::aggregation::agg_result::{AggregationResult, AggregationResults, BucketEntry, BucketResult};
use tantivy::aggregation::{AggContextParams, AggregationCollector};
use tantivy::{Searcher, Term};

use super::lookup::term_address;
use super::schema::Fields;
use super::stored::stored_parts;
use crate::facet_request::{FacetRequest, MAX_VALUES};
use crate::{Facet, FacetCounts, FacetValue, IndexError, region};

/// Values that each segment counts. The engine's default keeps the 500 most frequent of a segment, so a value that
/// is rare in one segment loses the reports of that segment. No segment has more values than reports, so this keeps
/// all of them; the engine allocates for those that occur.
const SEGMENT_VALUES: u32 = u32::MAX;

/// Counts the values.
pub(crate) fn collector(request: &FacetRequest) -> Option<AggregationCollector> {
    if request.facets.is_empty() {
        return None;
    }
    let mut aggregations = Map::new();
    for facet in &request.facets {
        let mut terms = json!({
            "field": request.column(*facet).as_str(),
            "size": MAX_VALUES,
            "segment_size": SEGMENT_VALUES,
        });
        if *facet == Facet::Year {
            terms["order"] = json!({"_key": "desc"});
        }
        aggregations.insert(facet.as_str().to_owned(), json!({"terms": terms}));
    }
    let aggregations: Aggregations =
        serde_json::from_value(aggregations.into()).expect("the aggregations are well-formed");
    Some(AggregationCollector::from_aggs(aggregations, AggContextParams::default()))
}

/// The counts that the engine made.
pub(crate) fn counts(
    request: &FacetRequest,
    fields: &Fields,
    searcher: &Searcher,
    results: &AggregationResults,
) -> Result<Vec<FacetCounts>, IndexError> {
    let mut facets = Vec::with_capacity(request.facets.len());
    for facet in &request.facets {
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
        let card = stored_parts(searcher, fields.stored, address)?.card;
        let Some(region) = card.region else { continue };
        let name =
            if field == fields.region { Some(&*region.name) } else { region::above(code, &region.name) };
        if let Some(name) = name {
            return Ok(name.to_owned());
        }
    }
    Ok(code.to_owned())
}
