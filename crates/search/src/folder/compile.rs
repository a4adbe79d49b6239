//! The query model compiled to queries of the engine.

use std::ops::Bound;

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use super::excluded::Excluded;
use super::schema::Fields;
use crate::analyzer::phrase_terms;
use crate::clauses::{TITLE_BOOST, loose_and_strict, relaxed_pieces};
use crate::document::WITHDRAWN;
use crate::millionths::{CELLS, cell_column, millionths_span};
use crate::{Clause, Span};

/// The query that matches what the clause says of reports that were not taken back, ranked by its phrases.
pub(crate) fn compile(fields: &Fields, clause: &Clause, relaxed: bool) -> Box<dyn Query> {
    let withdrawn = Term::from_field_text(fields.withdrawn, WITHDRAWN);
    let withdrawn = excluded(Box::new(TermQuery::new(withdrawn, IndexRecordOption::Basic)));
    let parts = vec![(Occur::Must, matching(fields, clause, relaxed)), (Occur::MustNot, withdrawn)];
    Box::new(BooleanQuery::new(parts))
}

fn matching(fields: &Fields, clause: &Clause, relaxed: bool) -> Box<dyn Query> {
    match clause {
        Clause::All => Box::new(AllQuery),
        Clause::Phrase { text, quoted: false } if relaxed => relaxed_match(fields, &[text]),
        Clause::Phrase { text, .. } => phrase_in_report(fields, text),
        Clause::And(parts) => all_of(fields, parts, relaxed),
        Clause::Or(parts) => {
            let parts = parts.iter().map(|part| matching(fields, part, relaxed));
            Box::new(BooleanQuery::union(parts.collect()))
        }
        Clause::Not(part) => {
            let part = excluded(matching(fields, part, false));
            Box::new(BooleanQuery::new(vec![(Occur::Must, Box::new(AllQuery)), (Occur::MustNot, part)]))
        }
        Clause::Year(span) => in_span(span, |year| Term::from_field_i64(fields.year, year)),
        Clause::Published(span) => in_span(span, |day| Term::from_field_i64(fields.published, day)),
        Clause::Region(prefix) => match prefix.len() {
            2 => exactly(fields.province, prefix),
            4 => exactly(fields.city, prefix),
            6 => exactly(fields.county, prefix),
            _ => exactly(fields.region, prefix),
        },
        Clause::RegionName(text) => unranked(phrase(fields.region_name, text)),
        Clause::Agency(name) => exactly(fields.agency, name),
        Clause::AgencyName(text) => unranked(phrase(fields.agency_name, text)),
        Clause::Verdict(name) => exactly(fields.verdict, name),
        Clause::Form(name) => exactly(fields.form, name),
        Clause::Rule(rule) if rule.contains('/') => exactly(fields.finding, rule),
        Clause::Rule(rule) => exactly(fields.rule, rule),
        Clause::Severity(name) => exactly(fields.severity, name),
        Clause::Review(state) => exactly(fields.review, state),
        Clause::Assignee(name) => exactly(fields.assignee, name),
        Clause::Due(span) => in_span(span, |day| Term::from_field_i64(fields.due, day)),
        Clause::Open(finding) => exactly(fields.open_finding, finding),
        Clause::Cell(cell, span) => {
            let path = cell_column(*cell);
            let path = path.strip_prefix(CELLS).map_or("", |path| path.trim_start_matches('.'));
            in_span(&millionths_span(span), |value| {
                let mut term = Term::from_field_json_path(fields.cells, path, true);
                term.append_type_and_fast_value(value);
                term
            })
        }
    }
}

fn all_of(fields: &Fields, parts: &[Clause], relaxed: bool) -> Box<dyn Query> {
    let (loose, strict) = loose_and_strict(parts, relaxed);
    let mut queries: Vec<(Occur, Box<dyn Query>)> = strict
        .into_iter()
        .map(|part| match part {
            Clause::Not(part) => (Occur::MustNot, excluded(matching(fields, part, false))),
            part => (Occur::Must, matching(fields, part, relaxed)),
        })
        .collect();
    if !loose.is_empty() {
        queries.push((Occur::Must, relaxed_match(fields, &loose)));
    }
    if queries.iter().all(|(occur, _)| *occur == Occur::MustNot) {
        queries.push((Occur::Must, Box::new(AllQuery)));
    }
    Box::new(BooleanQuery::new(queries))
}

/// The phrase stands in the text or in the title.
fn phrase_in_report(fields: &Fields, text: &str) -> Box<dyn Query> {
    let title = Box::new(BoostQuery::new(phrase(fields.title, text), TITLE_BOOST));
    Box::new(BooleanQuery::union(vec![phrase(fields.text, text), title]))
}

/// The glyphs stand in a row.
fn phrase(field: Field, text: &str) -> Box<dyn Query> {
    let terms = phrase_terms(text).into_iter();
    let mut terms: Vec<_> =
        terms.map(|(position, term)| (position, Term::from_field_text(field, &term))).collect();
    match terms.len() {
        0 => Box::new(AllQuery),
        1 => Box::new(TermQuery::new(terms.remove(0).1, IndexRecordOption::WithFreqs)),
        _ => Box::new(PhraseQuery::new_with_offset(terms)),
    }
}

/// Most pairs of neighbouring characters stand somewhere in the text or in the title.
fn relaxed_match(fields: &Fields, texts: &[&str]) -> Box<dyn Query> {
    let (pieces, needed) = relaxed_pieces(texts);
    let queries = pieces.iter().map(|piece| phrase_in_report(fields, piece));
    Box::new(BooleanQuery::union_with_minimum_required_clauses(queries.collect(), needed))
}

fn exactly(field: Field, value: &str) -> Box<dyn Query> {
    unranked(Box::new(TermQuery::new(Term::from_field_text(field, value), IndexRecordOption::Basic)))
}

fn in_span(span: &Span<i64>, term: impl Fn(i64) -> Term) -> Box<dyn Query> {
    let end = |bound: Bound<i64>| bound.map(&term);
    // The engine cannot tell the field of a range without ends.
    let lower = match (span.lower, span.upper) {
        (Bound::Unbounded, Bound::Unbounded) => Bound::Included(i64::MIN),
        (lower, _) => lower,
    };
    unranked(Box::new(RangeQuery::new(end(lower), end(span.upper))))
}

fn excluded(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(Excluded(query))
}

/// Filters do not rank.
fn unranked(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}
