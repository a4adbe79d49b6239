//! Facet counts by aggregations of the cluster. They are exact: where the cluster says that a count may not be, every
//! value is counted one page after the other.

use serde_json::{Map, Value, json};

use super::compile::compile;
use super::read::strange;
use super::{ClusterIndex, sum};
use crate::document::{Field, PLACE_SEPARATOR};
use crate::engine::PageRequest;
use crate::facet_request::{FacetRequest, MAX_VALUES};
use crate::{Facet, FacetCounts, FacetValue, IndexError, region};

/// The name of the aggregation that counts everything that is found, exactly.
const TOTAL: &str = "total";

/// The aggregations of a search.
pub(super) fn aggregations(request: &FacetRequest) -> Value {
    let mut aggregations = Map::new();
    aggregations.insert(TOTAL.to_owned(), json!({"filter": {"match_all": {}}}));
    for facet in &request.facets {
        let mut terms = json!({"field": request.column(*facet).as_str(), "size": MAX_VALUES});
        if *facet == Facet::Year {
            terms["order"] = json!({"_key": "desc"});
        }
        aggregations.insert(facet.as_str().to_owned(), json!({"terms": terms}));
    }
    aggregations.into()
}

/// How many reports were found.
pub(super) fn total(answer: &Value) -> Result<u64, IndexError> {
    let total = answer.pointer(&format!("/aggregations/{TOTAL}/doc_count")).and_then(Value::as_u64);
    total.ok_or_else(|| strange("total"))
}

/// The counts of an answer.
pub(super) fn counts(
    index: &ClusterIndex,
    request: &PageRequest<'_>,
    answer: &Value,
) -> Result<Vec<FacetCounts>, IndexError> {
    let facets = request.facets.facets.iter().map(|facet| {
        let field = request.facets.column(*facet);
        let counted = answer.pointer(&format!("/aggregations/{}", facet.as_str()));
        let counted = counted.ok_or_else(|| strange(facet.as_str()))?;
        // Years come in their order, of which a part is exact by itself where each shard has all of them.
        let is_exact = counted.get("doc_count_error_upper_bound").and_then(Value::as_i64) == Some(0);
        let counts = if is_exact { buckets(counted) } else { every_value(index, request, *facet, field)? };
        let values = match facet {
            Facet::Region => labelled(index, field, counts)?,
            _ => counts
                .into_iter()
                .map(|(value, count)| FacetValue { label: value.clone(), value, count })
                .collect(),
        };
        Ok(FacetCounts { facet: *facet, values })
    });
    facets.collect()
}

fn buckets(counted: &Value) -> Vec<(String, u64)> {
    let buckets = counted.get("buckets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let counts = buckets
        .iter()
        .filter_map(|bucket| Some((sum::name_of(bucket.get("key")?)?, bucket.get("doc_count")?.as_u64()?)));
    counts.collect()
}

/// The counts of all values, of which the first are returned.
fn every_value(
    index: &ClusterIndex,
    request: &PageRequest<'_>,
    facet: Facet,
    field: Field,
) -> Result<Vec<(String, u64)>, IndexError> {
    let mut counts = Vec::new();
    let query = compile(request.clause, request.relaxed);
    sum::groups(index, &query, Some(field), None, &mut |group, bucket| {
        let count = bucket.get("doc_count").and_then(Value::as_u64).unwrap_or_default();
        counts.extend(group.map(|group| (group, count)));
        Ok(())
    })?;
    counts.sort_by(|(one, few), (other, many)| match facet {
        Facet::Year => other.cmp(one),
        _ => many.cmp(few).then_with(|| one.cmp(other)),
    });
    counts.truncate(MAX_VALUES);
    Ok(counts)
}

/// Regions with their names. The names of provinces are known; any other is taken from the report of that region, or
/// of a region in it.
fn labelled(
    index: &ClusterIndex,
    field: Field,
    counts: Vec<(String, u64)>,
) -> Result<Vec<FacetValue>, IndexError> {
    let unknown: Vec<&str> =
        counts.iter().map(|(code, _)| &**code).filter(|code| region::province(code).is_none()).collect();
    let names = if unknown.is_empty() { Map::new() } else { names_of(index, field, &unknown)? };
    let values = counts.iter().map(|(code, count)| {
        let name = region::province(code).or_else(|| {
            // The least code is that of the division itself, if it has a report.
            let (inner, name) = names.get(code)?.as_str()?.split_once(PLACE_SEPARATOR)?;
            if region::prefix(inner) == Some(code) { Some(name) } else { region::above(code, name) }
        });
        FacetValue { value: code.clone(), label: name.unwrap_or(code).to_owned(), count: *count }
    });
    Ok(values.collect())
}

/// Code and name of the first region in each of these divisions.
fn names_of(index: &ClusterIndex, field: Field, codes: &[&str]) -> Result<Map<String, Value>, IndexError> {
    let body = json!({
        "size": 0,
        "query": {"terms": {field.as_str(): codes}},
        "aggs": {"division": {
            "terms": {"field": field.as_str(), "size": codes.len(), "include": codes},
            "aggs": {"place": {"terms": {"field": Field::Place.as_str(), "size": 1, "order": {"_key": "asc"}}}},
        }},
    });
    let answer = index.search(&body, "_primary")?;
    let divisions = answer.pointer("/aggregations/division/buckets").and_then(Value::as_array);
    let names = divisions.into_iter().flatten().filter_map(|division| {
        let place = division.pointer("/place/buckets/0/key")?;
        Some((division.get("key")?.as_str()?.to_owned(), place.clone()))
    });
    Ok(names.collect())
}
