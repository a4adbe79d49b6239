//! The query model compiled to queries of OpenSearch.

use std::ops::Bound;

use serde_json::{Value, json};

use super::document::row_of_glyphs;
use super::mapping::cell_field;
use crate::clauses::{TITLE_BOOST, loose_and_strict, relaxed_pieces};
use crate::document::{Field, WITHDRAWN};
use crate::millionths::millionths_span;
use crate::{Clause, Span};

/// The query that matches what the clause says of reports that were not withdrawn, ranked by its phrases.
pub(super) fn compile(clause: &Clause, relaxed: bool) -> Value {
    json!({"bool": {
        "must": [matching(clause, relaxed)],
        "must_not": [{"term": {Field::Withdrawn.as_str(): WITHDRAWN}}],
    }})
}

/// The same, for what a column has to have too.
pub(super) fn compile_with(clause: &Clause, relaxed: bool, field: &str) -> Value {
    json!({"bool": {"must": [compile(clause, relaxed)], "filter": [{"exists": {"field": field}}]}})
}

fn matching(clause: &Clause, relaxed: bool) -> Value {
    match clause {
        Clause::All => json!({"match_all": {}}),
        Clause::Phrase { text, quoted: false } if relaxed => relaxed_match(&[text]),
        Clause::Phrase { text, .. } => phrase_in_report(text),
        Clause::And(parts) => all_of(parts, relaxed),
        Clause::Or(parts) => {
            let parts: Vec<Value> = parts.iter().map(|part| matching(part, relaxed)).collect();
            json!({"bool": {"should": parts, "minimum_should_match": 1}})
        }
        Clause::Not(part) => {
            json!({"bool": {"must": [{"match_all": {}}], "must_not": [matching(part, false)]}})
        }
        Clause::Year(span) => in_span(Field::Year.as_str(), span),
        Clause::Published(span) => in_span(Field::Published.as_str(), span),
        Clause::Region(prefix) => match prefix.len() {
            2 => exactly(Field::Province, prefix),
            4 => exactly(Field::City, prefix),
            6 => exactly(Field::County, prefix),
            _ => exactly(Field::Region, prefix),
        },
        Clause::RegionName(text) => unranked(phrase(Field::RegionName, text)),
        Clause::Agency(name) => exactly(Field::Agency, name),
        Clause::AgencyName(text) => unranked(phrase(Field::AgencyName, text)),
        Clause::Verdict(name) => exactly(Field::Verdict, name),
        Clause::Form(name) => exactly(Field::Form, name),
        Clause::Rule(rule) if rule.contains('/') => exactly(Field::Finding, rule),
        Clause::Rule(rule) => exactly(Field::Rule, rule),
        Clause::Severity(name) => exactly(Field::Severity, name),
        Clause::Review(state) => exactly(Field::Review, state),
        Clause::Assignee(name) => exactly(Field::Assignee, name),
        Clause::Due(span) => in_span(Field::Due.as_str(), span),
        Clause::Open(finding) => exactly(Field::OpenFinding, finding),
        Clause::Cell(cell, span) => in_span(&cell_field(Field::Cells, *cell), &millionths_span(span)),
    }
}

fn all_of(parts: &[Clause], relaxed: bool) -> Value {
    let (loose, strict) = loose_and_strict(parts, relaxed);
    let (mut must, mut must_not) = (Vec::new(), Vec::new());
    for part in strict {
        match part {
            Clause::Not(part) => must_not.push(matching(part, false)),
            part => must.push(matching(part, relaxed)),
        }
    }
    if !loose.is_empty() {
        must.push(relaxed_match(&loose));
    }
    if must.is_empty() {
        must.push(json!({"match_all": {}}));
    }
    json!({"bool": {"must": must, "must_not": must_not}})
}

/// The phrase stands in the text or in the title.
fn phrase_in_report(text: &str) -> Value {
    let row = row_of_glyphs(text);
    if row.is_empty() {
        return json!({"match_all": {}});
    }
    json!({"bool": {"minimum_should_match": 1, "should": [
        {"match_phrase": {Field::Text.as_str(): {"query": row}}},
        {"match_phrase": {Field::Title.as_str(): {"query": row, "boost": TITLE_BOOST}}},
    ]}})
}

/// The glyphs stand in a row.
fn phrase(field: Field, text: &str) -> Value {
    match row_of_glyphs(text) {
        row if row.is_empty() => json!({"match_all": {}}),
        row => json!({"match_phrase": {field.as_str(): {"query": row}}}),
    }
}

/// Most pairs of neighbouring characters stand somewhere in the text or in the title.
fn relaxed_match(texts: &[&str]) -> Value {
    let (pieces, needed) = relaxed_pieces(texts);
    let queries: Vec<Value> = pieces.iter().map(|piece| phrase_in_report(piece)).collect();
    json!({"bool": {"should": queries, "minimum_should_match": needed}})
}

fn exactly(field: Field, value: &str) -> Value {
    unranked(json!({"term": {field.as_str(): value}}))
}

fn in_span(field: &str, span: &Span<i64>) -> Value {
    let mut ends = serde_json::Map::new();
    match span.lower {
        Bound::Included(value) => ends.insert("gte".to_owned(), value.into()),
        Bound::Excluded(value) => ends.insert("gt".to_owned(), value.into()),
        Bound::Unbounded => None,
    };
    match span.upper {
        Bound::Included(value) => ends.insert("lte".to_owned(), value.into()),
        Bound::Excluded(value) => ends.insert("lt".to_owned(), value.into()),
        Bound::Unbounded => None,
    };
    if ends.is_empty() {
        return unranked(json!({"exists": {"field": field}}));
    }
    unranked(json!({"range": {field: ends}}))
}

/// Filters do not rank.
fn unranked(query: Value) -> Value {
    json!({"constant_score": {"filter": query, "boost": 0.0}})
}
