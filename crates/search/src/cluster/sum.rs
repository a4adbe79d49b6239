//! Sums in a cluster, exact to the last digit. The cluster adds doubles: where every partial sum is a whole number that
//! a double holds exactly, its answer is; else every value is fetched and added here.

use std::collections::BTreeMap;

use report::CellId;
use serde_json::{Value, json};

use super::ClusterIndex;
use super::mapping::cell_field;
use super::read::strange;
use super::walk::{VALUES_AT_ONCE, Wanted, column};
use crate::document::Field;
use crate::sum::Tally;
use crate::{GroupBy, IndexError};

/// Groups that one request brings.
const GROUPS_AT_ONCE: usize = 1_000;
/// Whole numbers below this are exact in a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A cell summed over what a query finds, by group; those without a group first.
pub(super) fn sum(
    index: &ClusterIndex,
    query: &Value,
    cell: CellId,
    by: GroupBy,
) -> Result<Vec<(Option<String>, Tally)>, IndexError> {
    let group_field = match by {
        GroupBy::Nothing => None,
        GroupBy::Year => Some(Field::Year),
        GroupBy::Province => Some(Field::Province),
        GroupBy::City => Some(Field::City),
        GroupBy::Agency => Some(Field::Agency),
    };
    let (mut sums, mut is_exact) = (BTreeMap::new(), true);
    groups(index, query, group_field, Some(cell), &mut |group, bucket| {
        match tally_of(bucket) {
            Some(tally) if tally.reports > 0 => drop(sums.insert(group, tally)),
            Some(_) => (),
            None => is_exact = false,
        }
        Ok(())
    })?;
    if !is_exact {
        sums = summed_here(index, query, cell, group_field)?;
    }
    Ok(sums.into_iter().collect())
}

/// The tally that a bucket tells; none where a double may have rounded it.
fn tally_of(bucket: &Value) -> Option<Tally> {
    let stats = bucket.get("stats")?;
    let reports = stats.get("count")?.as_u64()?;
    if reports == 0 {
        return Some(Tally::EMPTY);
    }
    let number = |name: &str| stats.get(name)?.as_f64();
    let (sum, min, max) = (number("sum")?, number("min")?, number("max")?);
    let largest = min.abs().max(max.abs());
    let is_exact = (min >= 0.0 && sum < EXACT) || largest * (reports as f64) < EXACT;
    // The casts are of whole numbers below 2^53.
    is_exact.then_some(Tally { reports, sum: sum as i128, min: min as i64, max: max as i64 })
}

/// The same by fetching every value.
fn summed_here(
    index: &ClusterIndex,
    query: &Value,
    cell: CellId,
    group_field: Option<Field>,
) -> Result<BTreeMap<Option<String>, Tally>, IndexError> {
    let mut sums: BTreeMap<Option<String>, Tally> = BTreeMap::new();
    let value_field = cell_field(Field::Cells, cell);
    let mut columns = vec![value_field.clone()];
    columns.extend(group_field.map(|field| field.as_str().to_owned()));
    let wanted = Wanted { parts: &[], columns: &columns, at_once: VALUES_AT_ONCE };
    index.walk(query, &wanted, &mut |hit| {
        if let Some(value) = column(hit, &value_field).and_then(Value::as_i64) {
            let group = group_field.and_then(|field| name_of(column(hit, field.as_str())?));
            sums.entry(group).or_insert(Tally::EMPTY).join(Tally::one(value));
        }
        Ok(true)
    })?;
    Ok(sums)
}

/// Visits every group of what a query finds, with its statistics of a cell.
pub(super) fn groups(
    index: &ClusterIndex,
    query: &Value,
    field: Option<Field>,
    cell: Option<CellId>,
    visit: &mut dyn FnMut(Option<String>, &Value) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    let stats = match cell {
        Some(cell) => json!({"stats": {"stats": {"field": cell_field(Field::Cells, cell)}}}),
        None => json!({}),
    };
    let Some(field) = field else {
        let body =
            json!({"size": 0, "query": query, "aggs": {"all": {"filter": {"match_all": {}}, "aggs": stats}}});
        let answer = index.search(&body, "_primary")?;
        return visit(None, answer.pointer("/aggregations/all").ok_or_else(|| strange("sum"))?);
    };
    let mut after = None;
    loop {
        let mut composite = json!({
            "size": GROUPS_AT_ONCE,
            "sources": [{"group": {"terms": {"field": field.as_str(), "missing_bucket": true}}}],
        });
        if let Some(after) = after {
            composite["after"] = after;
        }
        let body = json!({
            "size": 0,
            "query": query,
            "aggs": {"groups": {"composite": composite, "aggs": stats}},
        });
        let answer = index.search(&body, "_primary")?;
        let groups = answer.pointer("/aggregations/groups").ok_or_else(|| strange("groups"))?;
        let buckets = groups.get("buckets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for bucket in buckets {
            visit(bucket.pointer("/key/group").and_then(name_of), bucket)?;
        }
        after = groups.get("after_key").cloned().filter(|_| buckets.len() == GROUPS_AT_ONCE);
        if after.is_none() {
            return Ok(());
        }
    }
}

/// The name of a group: a text, or a number.
pub(super) fn name_of(key: &Value) -> Option<String> {
    match key {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
