//! Reads an index in a cluster.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use report::{CellId, CellState, Decimal, Form, FormId, Region, Verdict, Year};
use serde_json::{Value, json};

use super::compile::{compile, compile_with};
use super::document::{SCOPE_SEPARATOR, parts_of};
use super::mapping::cell_field;
use super::walk::{
    ALL_PARTS, REPORTS_AT_ONCE, ROWS_AT_ONCE, VALUES_AT_ONCE, Wanted, column, hits_of, key_of, name_in,
    number_in, source_of,
};
use super::{ClusterError, ClusterIndex, facets, found, sum};
use crate::cursor::{SortKey, score_of_value, value_of_score};
use crate::document::{Field, PLACE_SEPARATOR, date_of};
use crate::engine::{EngineHit, EnginePage, Name, PageRequest, ReadEngine, Snapshot};
use crate::millionths::from_millionths;
use crate::stored::Part;
use crate::sum::Tally;
use crate::{
    Card, Clause, Distribution, Figure, Found, GroupBy, IndexError, Record, Sort, SortBy, StoredParts,
};

/// Reads one generation in a cluster.
pub(crate) struct ClusterReader(pub(crate) ClusterIndex);

impl ReadEngine for ClusterReader {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, IndexError> {
        Ok(Box::new(ClusterSnapshot(self.0.clone())))
    }

    fn payload(&self) -> Result<Option<String>, IndexError> {
        self.0.payload()
    }

    fn check(&self) -> Result<(), IndexError> {
        self.0.check()
    }
}

/// The index as the cluster has it when it is asked; no state of it is held, because a cluster loses such states with a
/// node.
pub(super) struct ClusterSnapshot(pub(super) ClusterIndex);

/// The field that a search is sorted by; none by relevance.
fn sort_field(sort: Sort) -> Option<String> {
    let field = match sort.by {
        SortBy::Relevance => return None,
        SortBy::Cell(cell) => return Some(cell_field(Field::Cells, cell)),
        SortBy::Year => Field::Year,
        SortBy::Published => Field::Published,
        SortBy::Submitted => Field::Submitted,
        SortBy::Open => Field::Open,
        SortBy::Since => Field::Since,
        SortBy::Due => Field::Due,
    };
    Some(field.as_str().to_owned())
}

/// The columns of these cells, and those that say how to read them.
fn figure_columns(cells: &[CellId]) -> Vec<String> {
    let cells =
        cells.iter().flat_map(|cell| [Field::Cells, Field::Marks].map(|field| cell_field(field, *cell)));
    cells.chain([Field::Form, Field::Rounded].map(|field| field.as_str().to_owned())).collect()
}

fn form_of(hit: &Value) -> Option<FormId> {
    name_in(hit, Field::Form).and_then(FormId::parse)
}

fn cell_value(hit: &Value, field: Field, cell: CellId) -> Option<i64> {
    column(hit, &cell_field(field, cell))?.as_i64()
}

impl ClusterSnapshot {
    /// The figures of a hit. The columns may hold some rounded; then the fact has them.
    fn figures(&self, hit: &Value, cells: &[CellId]) -> Result<Vec<Figure>, IndexError> {
        if cells.is_empty() {
            return Ok(Vec::new());
        }
        let form = form_of(hit);
        let figure = |cell: &CellId| {
            let (value, mark) = (cell_value(hit, Field::Cells, *cell), cell_value(hit, Field::Marks, *cell));
            Figure::of(*cell, value, mark, form)
        };
        let mut figures: Vec<Figure> = cells.iter().map(figure).collect();
        if number_in(hit, Field::Rounded).is_some()
            && let Some(parts) = self.stored(Name::Key(key_of(hit)))?
        {
            let report = parts.review_alone()?.report;
            for figure in &mut figures {
                figure.value = report.cells.value(figure.cell);
            }
        }
        Ok(figures)
    }

    /// The values of all cells of a form, from the columns of a hit.
    fn cell_values(&self, hit: &Value) -> Result<Vec<Option<Decimal>>, IndexError> {
        let Some(form) = form_of(hit) else { return Ok(Vec::new()) };
        if number_in(hit, Field::Rounded).is_some()
            && let Some(parts) = self.stored(Name::Key(key_of(hit)))?
        {
            return parts.stored_cell_values();
        }
        let cells = Form::get(form).cells().iter();
        Ok(cells.map(|cell| from_millionths(cell_value(hit, Field::Cells, *cell)?.into())).collect())
    }

    /// The hits of one part of an order: those with a value, or those without one.
    fn part_of_page(
        &self,
        request: &PageRequest<'_>,
        missing: bool,
        limit: usize,
        with_counts: bool,
    ) -> Result<Value, IndexError> {
        let PageRequest { clause, relaxed, sort, after, facets, cells, parts, .. } = *request;
        let field = sort_field(sort);
        let direction = if sort.descending { "desc" } else { "asc" };
        let by_key = json!({Field::Key.as_str(): "asc"});
        let (order, only) = match &field {
            None => (json!([{"_score": direction}, by_key]), None),
            Some(field) if missing => {
                (json!([by_key]), Some(json!({"bool": {"must_not": [{"exists": {"field": field}}]}})))
            }
            Some(field) => {
                (json!([{field: {"order": direction}}, by_key]), Some(json!({"exists": {"field": field}})))
            }
        };
        let mut body = json!({
            "size": limit,
            "track_total_hits": false,
            "timeout": "30s",
            "query": compile(clause, relaxed),
            "sort": order,
            "_source": source_of(parts),
            "docvalue_fields": if cells.is_empty() { Vec::new() } else { figure_columns(cells) },
        });
        if let Some(only) = only {
            body["post_filter"] = only;
        }
        if let Some(after) = after.filter(|after| after.missing == missing) {
            body["search_after"] = match (field, after.sorted_value(sort)) {
                (None, value) => json!([score_of_value(value.unwrap_or_default()), after.key]),
                (Some(_), Some(value)) => json!([value, after.key]),
                (Some(_), None) => json!([after.key]),
            };
        }
        if with_counts {
            body["aggs"] = facets::aggregations(facets);
        }
        self.0.search(&body, &preference(request))
    }

    fn hit(&self, hit: &Value, request: &PageRequest<'_>, missing: bool) -> Result<EngineHit, IndexError> {
        let key = key_of(hit).to_owned();
        let sorted = hit.pointer("/sort/0");
        let value = match sort_field(request.sort) {
            None => Some(value_of_score(sorted.and_then(Value::as_f64).unwrap_or_default() as f32)),
            Some(_) if missing => None,
            Some(_) => sorted.and_then(Value::as_i64),
        };
        let score = hit.get("_score").and_then(Value::as_f64).unwrap_or_default() as f32;
        let parts = parts_of(&key, hit.get("_source").unwrap_or(&Value::Null))?;
        let figures = self.figures(hit, request.cells)?;
        Ok(EngineHit { sort_key: SortKey::of(value, request.sort, key), score, parts, figures })
    }

    fn record(&self, hit: &Value) -> Record {
        let text = |field: Field| name_in(hit, field).unwrap_or_default().to_owned();
        let region = name_in(hit, Field::Place).map(|place| {
            let (code, name) = place.split_once(PLACE_SEPARATOR).unwrap_or((place, ""));
            Arc::new(Region { code: code.to_owned(), name: name.to_owned() })
        });
        let scopes = name_in(hit, Field::Scope);
        Record {
            key: text(Field::Key),
            id: text(Field::Current),
            agency: name_in(hit, Field::Agency).map(Arc::from),
            region,
            year: number_in(hit, Field::Year).and_then(Year::new),
            form: form_of(hit),
            verdict: name_in(hit, Field::Verdict).and_then(Verdict::parse).unwrap_or(Verdict::Pass),
            published: number_in(hit, Field::Published).and_then(date_of),
            submitted_at_ms: number_in(hit, Field::Submitted).unwrap_or_default(),
            original: text(Field::Original),
            scopes: scopes
                .into_iter()
                .flat_map(|scopes| scopes.split(SCOPE_SEPARATOR))
                .map(Arc::from)
                .collect(),
            figures: Vec::new(),
        }
    }

    fn walk_records(
        &self,
        clause: &Clause,
        cells: &[CellId],
        visit: &mut dyn FnMut(&Value, Record) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        let fields = [
            Field::Key,
            Field::Current,
            Field::Agency,
            Field::Place,
            Field::Year,
            Field::Verdict,
            Field::Published,
            Field::Submitted,
            Field::Original,
            Field::Scope,
        ];
        let mut columns: Vec<String> = fields.iter().map(|field| field.as_str().to_owned()).collect();
        columns.extend(figure_columns(cells));
        let at_once = if cells.len() > 20 { REPORTS_AT_ONCE } else { ROWS_AT_ONCE };
        let wanted = Wanted { parts: &[], columns: &columns, at_once };
        self.0.walk(&compile(clause, false), &wanted, &mut |hit| {
            visit(hit, self.record(hit))?;
            Ok(true)
        })
    }
}

/// Pages of one search go to one copy of each shard, whose scores are the same for all of them.
fn preference(request: &PageRequest<'_>) -> String {
    let bytes = format!("{:?}", request.clause);
    format!("gouji{:08x}", crc32fast::hash(bytes.as_bytes()))
}

/// Every cell of every form.
fn all_cells() -> Vec<CellId> {
    let mut cells: Vec<CellId> = Vec::new();
    for form in FormId::ALL {
        for cell in Form::get(form).cells() {
            if !cells.contains(cell) {
                cells.push(*cell);
            }
        }
    }
    cells
}

impl Snapshot for ClusterSnapshot {
    fn page(&self, request: &PageRequest<'_>) -> Result<EnginePage, IndexError> {
        let limit = request.limit;
        // One more than asked for tells whether there is a next page.
        let ahead = if limit == 0 { 0 } else { limit + 1 };
        let is_in_tail = request.after.is_some_and(|after| after.missing);
        let first = self.part_of_page(request, is_in_tail, ahead, true)?;
        let mut hits = hits_of(&first)
            .iter()
            .map(|hit| self.hit(hit, request, is_in_tail))
            .collect::<Result<Vec<_>, _>>()?;
        if hits.len() < ahead && !is_in_tail && sort_field(request.sort).is_some() {
            let rest = self.part_of_page(request, true, ahead - hits.len(), false)?;
            for hit in hits_of(&rest) {
                hits.push(self.hit(hit, request, true)?);
            }
        }
        let more = hits.len() > limit;
        hits.truncate(limit);
        let total = facets::total(&first)?;
        let facets = facets::counts(&self.0, request, &first)?;
        Ok(EnginePage { total, hits, more, facets })
    }

    fn distribution(&self, clause: &Clause, relaxed: bool, cell: CellId) -> Result<Distribution, IndexError> {
        let (mut values, mut unknown) = (Vec::new(), BTreeMap::<Option<CellState>, u64>::new());
        let columns = figure_columns(&[cell]);
        let wanted = Wanted { parts: &[], columns: &columns, at_once: VALUES_AT_ONCE };
        self.0.walk(&compile(clause, relaxed), &wanted, &mut |hit| {
            match cell_value(hit, Field::Cells, cell) {
                Some(value) => values.push(value),
                None => {
                    let figure = Figure::of(cell, None, cell_value(hit, Field::Marks, cell), form_of(hit));
                    *unknown.entry(figure.state).or_default() += 1;
                }
            }
            Ok(true)
        })?;
        Ok(Distribution::of(cell, values, unknown))
    }

    fn stored(&self, name: Name<'_>) -> Result<Option<StoredParts>, IndexError> {
        match name {
            Name::Key("") | Name::Id("") => Ok(None),
            Name::Key(key) => {
                let found = self.0.reports_by_key(&[key], ALL_PARTS)?.into_iter().next().flatten();
                found.map(|found| parts_of(key, &found.source)).transpose()
            }
            Name::Id(id) => {
                let body = json!({
                    "size": 1,
                    "track_total_hits": false,
                    "query": {"term": {Field::Id.as_str(): id}},
                    "_source": source_of(ALL_PARTS),
                });
                let answer = self.0.search(&body, "_primary")?;
                let found = hits_of(&answer).first();
                found.map(|hit| parts_of(key_of(hit), hit.get("_source").unwrap_or(&Value::Null))).transpose()
            }
        }
    }

    fn count(&self) -> Result<u64, IndexError> {
        self.0.count(&json!({"match_all": {}}))
    }

    fn sum(
        &self,
        clause: &Clause,
        cell: CellId,
        by: GroupBy,
    ) -> Result<Vec<(Option<String>, Tally)>, IndexError> {
        let query = compile_with(clause, false, &cell_field(Field::Cells, cell));
        sum::sum(&self.0, &query, cell, by)
    }

    fn each(&self, clause: &Clause, visit: &mut dyn FnMut(StoredParts) -> bool) -> Result<(), IndexError> {
        let wanted = Wanted { parts: ALL_PARTS, columns: &[], at_once: REPORTS_AT_ONCE };
        self.0.walk(&compile(clause, false), &wanted, &mut |hit| {
            Ok(visit(parts_of(key_of(hit), hit.get("_source").unwrap_or(&Value::Null))?))
        })
    }

    fn each_of_sample(
        &self,
        clause: &Clause,
        most: usize,
        visit: &mut dyn FnMut(StoredParts) -> bool,
    ) -> Result<usize, IndexError> {
        let mut keys = Vec::new();
        let wanted = Wanted { parts: &[], columns: &[], at_once: VALUES_AT_ONCE };
        self.0.walk(&compile(clause, false), &wanted, &mut |hit| {
            keys.push(key_of(hit).to_owned());
            Ok(true)
        })?;
        let visited = keys.len().min(most);
        let sample: Vec<&str> = (0..visited)
            .filter_map(|number| keys.get(number * keys.len() / visited))
            .map(String::as_str)
            .collect();
        for keys in sample.chunks(REPORTS_AT_ONCE) {
            for (key, found) in keys.iter().zip(self.0.reports_by_key(keys, ALL_PARTS)?) {
                let Some(found) = found else { continue };
                if !visit(parts_of(key, &found.source)?) {
                    return Ok(visited);
                }
            }
        }
        Ok(keys.len())
    }

    fn each_card(&self, visit: &mut dyn FnMut(Card)) -> Result<(), IndexError> {
        let wanted = Wanted { parts: &[Part::Card], columns: &[], at_once: ROWS_AT_ONCE };
        self.0.walk(&json!({"match_all": {}}), &wanted, &mut |hit| {
            visit(parts_of(key_of(hit), hit.get("_source").unwrap_or(&Value::Null))?.card);
            Ok(true)
        })
    }

    fn each_with_cells(
        &self,
        clause: &Clause,
        visit: &mut dyn FnMut(StoredParts, Vec<Option<Decimal>>) -> bool,
    ) -> Result<(), IndexError> {
        let columns = figure_columns(&all_cells());
        let wanted = Wanted { parts: ALL_PARTS, columns: &columns, at_once: REPORTS_AT_ONCE };
        self.0.walk(&compile(clause, false), &wanted, &mut |hit| {
            let parts = parts_of(key_of(hit), hit.get("_source").unwrap_or(&Value::Null))?;
            Ok(visit(parts, self.cell_values(hit)?))
        })
    }

    fn records(&self, clause: &Clause, cells: &[CellId]) -> Result<Vec<Record>, IndexError> {
        let mut records = Vec::new();
        self.walk_records(clause, cells, &mut |hit, record| {
            records.push(Record { figures: self.figures(hit, cells)?, ..record });
            Ok(())
        })?;
        Ok(records)
    }

    fn each_record_with_cells(
        &self,
        clause: &Clause,
        visit: &mut dyn FnMut(Record, Vec<Option<Decimal>>),
    ) -> Result<(), IndexError> {
        self.walk_records(clause, &all_cells(), &mut |hit, record| {
            visit(record, self.cell_values(hit)?);
            Ok(())
        })
    }

    fn agencies(&self, clause: &Clause, words: &str) -> Result<Vec<(String, u64)>, IndexError> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        sum::groups(&self.0, &compile(clause, false), Some(Field::Agency), None, &mut |group, bucket| {
            if let Some(agency) = group.filter(|agency| agency.contains(words)) {
                counts.insert(agency, bucket.get("doc_count").and_then(Value::as_u64).unwrap_or_default());
            }
            Ok(())
        })?;
        Ok(counts.into_iter().collect())
    }

    fn find_all(self: Box<Self>, clause: &Clause, payload: Option<String>) -> Result<Found, IndexError> {
        found::find(self.0, clause, payload)
    }
}

/// What a cluster answers that it should not.
pub(super) fn strange(what: &str) -> IndexError {
    ClusterError::Unreachable(format!("the answer has no {what}")).into()
}
