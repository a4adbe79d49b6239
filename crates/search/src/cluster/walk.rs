//! Asking the cluster: documents by their ids, and walks over everything that a query finds.

use serde_json::{Map, Value, json};

use super::mapping::{MAX_WINDOW, part_field};
use super::{ClusterIndex, ClusterMethod};
use crate::document::Field;
use crate::stored::Part;
use crate::{ClusterError, IndexError};

/// Every part.
pub(super) const ALL_PARTS: &[Part] =
    &[Part::Card, Part::History, Part::Acts, Part::Fact, Part::Compared, Part::Text];
/// Whole reports that a walk reads at once: some ten kilobytes each.
pub(super) const REPORTS_AT_ONCE: usize = 200;
/// Rows of columns that a walk reads at once.
pub(super) const ROWS_AT_ONCE: usize = 2_000;
/// Rows of one or two columns.
pub(super) const VALUES_AT_ONCE: usize = MAX_WINDOW;

/// A document as the cluster has it now.
pub(super) struct Fetched {
    pub(super) source: Value,
    pub(super) seq: Seq,
}

/// Names one state of one document; a write that expects another one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seq {
    pub(super) number: u64,
    pub(super) term: u64,
}

/// What a walk reads of each report.
pub(super) struct Wanted<'a> {
    pub(super) parts: &'a [Part],
    pub(super) columns: &'a [String],
    pub(super) at_once: usize,
}

/// The `_source` of a search that brings these parts.
pub(super) fn source_of(parts: &[Part]) -> Value {
    match parts {
        [] => false.into(),
        parts => parts.iter().map(|part| part_field(*part)).collect::<Vec<_>>().into(),
    }
}

/// The value of a column of a hit.
pub(super) fn column<'a>(hit: &'a Value, name: &str) -> Option<&'a Value> {
    hit.get("fields")?.get(name)?.get(0)
}

/// A name in a column of a hit.
pub(super) fn name_in<'a>(hit: &'a Value, field: Field) -> Option<&'a str> {
    column(hit, field.as_str())?.as_str()
}

/// A number in a column of a hit.
pub(super) fn number_in(hit: &Value, field: Field) -> Option<i64> {
    column(hit, field.as_str())?.as_i64()
}

/// The key of a hit.
pub(super) fn key_of(hit: &Value) -> &str {
    hit.get("_id").and_then(Value::as_str).unwrap_or_default()
}

impl ClusterIndex {
    /// Documents by their ids, as they are now; no refresh is needed for that.
    pub(super) fn documents(
        &self,
        index: &str,
        ids: &[&str],
        fields: &[&str],
    ) -> Result<Vec<Option<Fetched>>, IndexError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let path = format!("/{index}/_mget?_source_includes={}", fields.join(","));
        let body = json!({"ids": ids}).to_string();
        let answer = self.cluster.ask_about(index, ClusterMethod::Post, path, body)?;
        let documents = answer.get("docs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if documents.len() != ids.len() {
            let why = format!("asked for {} documents of {index}, got {}", ids.len(), documents.len());
            return Err(ClusterError::Unreachable(why).into());
        }
        documents.iter().map(fetched).collect()
    }

    /// The reports with these keys, with these parts.
    pub(super) fn reports_by_key(
        &self,
        keys: &[&str],
        parts: &[Part],
    ) -> Result<Vec<Option<Fetched>>, IndexError> {
        let fields: Vec<&str> = parts.iter().map(|part| part_field(*part)).collect();
        self.documents(&self.reports, keys, &fields)
    }

    /// The answer to a search.
    pub(super) fn search(&self, body: &Value, preference: &str) -> Result<Value, IndexError> {
        let path = format!(
            "/{}/_search?allow_partial_search_results=false&search_type=dfs_query_then_fetch&preference={preference}",
            self.reports
        );
        let answer = self.ask_about(ClusterMethod::Post, path, body.to_string())?;
        if answer.get("timed_out").and_then(Value::as_bool) != Some(false) {
            return Err(ClusterError::Busy("a search took too long".into()).into());
        }
        Ok(answer)
    }

    /// Visits what a query finds in the order of the keys, until `visit` returns false.
    pub(super) fn walk(
        &self,
        query: &Value,
        wanted: &Wanted<'_>,
        visit: &mut dyn FnMut(&Value) -> Result<bool, IndexError>,
    ) -> Result<(), IndexError> {
        let mut body = Map::new();
        body.insert("size".into(), wanted.at_once.into());
        body.insert("track_total_hits".into(), false.into());
        body.insert("query".into(), query.clone());
        body.insert("sort".into(), json!([{Field::Key.as_str(): "asc"}]));
        body.insert("_source".into(), source_of(wanted.parts));
        body.insert("docvalue_fields".into(), wanted.columns.into());
        loop {
            let answer = self.search(&Value::Object(body.clone()), "_primary")?;
            let hits = hits_of(&answer);
            for hit in hits {
                if !visit(hit)? {
                    return Ok(());
                }
            }
            match hits.last().filter(|_| hits.len() == wanted.at_once) {
                Some(last) => body.insert("search_after".into(), json!([key_of(last)])),
                None => return Ok(()),
            };
        }
    }

    /// How many reports a query finds.
    pub(super) fn count(&self, query: &Value) -> Result<u64, IndexError> {
        let path = format!("/{}/_count", self.reports);
        let answer = self.ask_about(ClusterMethod::Post, path, json!({"query": query}).to_string())?;
        let failed = answer.pointer("/_shards/failed").and_then(Value::as_u64);
        match answer.get("count").and_then(Value::as_u64).filter(|_| failed == Some(0)) {
            Some(count) => Ok(count),
            None => {
                Err(ClusterError::Unavailable(format!("shards of {} do not answer", self.reports)).into())
            }
        }
    }
}

/// The hits of an answer.
pub(super) fn hits_of(answer: &Value) -> &[Value] {
    answer.pointer("/hits/hits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn fetched(document: &Value) -> Result<Option<Fetched>, IndexError> {
    if let Some(error) = document.get("error") {
        return Err(ClusterError::Unavailable(super::answer::reason(error)).into());
    }
    if document.get("found").and_then(Value::as_bool) != Some(true) {
        return Ok(None);
    }
    let number = |name: &str| document.get(name).and_then(Value::as_u64);
    let seq = number("_seq_no").zip(number("_primary_term"));
    let (number, term) =
        seq.ok_or_else(|| ClusterError::Unreachable("a document came without its number".into()))?;
    let source = document.get("_source").cloned().unwrap_or_default();
    Ok(Some(Fetched { source, seq: Seq { number, term } }))
}
