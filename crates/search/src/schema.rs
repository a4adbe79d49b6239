//! The fields of the index, and how a report fills them.
//!
//! A document is made from its stored record and text alone, so that a report can be written again
//! when an earlier version of it arrives late.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::str::FromStr;

use report::{CellId, Decimal};
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, JsonObjectOptions, OwnedValue, STORED, Schema,
    TextFieldIndexing, TextOptions,
};

use crate::analyzer::{CN, WORDS};
use crate::entry::Kept;
use crate::{Span, Withdrawn, region};

/// Written beside the index; a change of schema or analyzer counts up and asks for a rebuild.
pub(crate) const VERSION: &str = "schema 2, analyzer 1, tantivy 0.27\n";

/// Cells are kept as whole millionths: exact for counts up to 9 × 10^12 and for 万元 down to 分, and
/// one type for every cell, so that ranges, equality and order need no care.
const CELL_SCALE: u32 = 6;

/// The one value of the field of that name.
pub(crate) const WITHDRAWN: &str = "yes";

/// Names of fields that are read as columns.
pub(crate) mod column {
    pub(crate) const KEY: &str = "key";
    pub(crate) const YEAR: &str = "year";
    pub(crate) const PUBLISHED: &str = "published";
    pub(crate) const SUBMITTED: &str = "submitted_at_ms";
    pub(crate) const PROVINCE: &str = "province";
    pub(crate) const CITY: &str = "city";
    pub(crate) const COUNTY: &str = "county";
    pub(crate) const AGENCY: &str = "agency";
    pub(crate) const VERDICT: &str = "verdict";
    pub(crate) const FORM: &str = "form";
    pub(crate) const RULE: &str = "rule";
    pub(crate) const CELLS: &str = "cells";
}

/// The fields of the index.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub(crate) schema: Schema,
    pub(crate) key: Field,
    /// The ids of all versions.
    pub(crate) id: Field,
    pub(crate) version: Field,
    pub(crate) submitted: Field,
    pub(crate) year: Field,
    pub(crate) published: Field,
    pub(crate) province: Field,
    pub(crate) city: Field,
    pub(crate) county: Field,
    /// The region itself, by the significant digits of its code.
    pub(crate) region: Field,
    pub(crate) region_name: Field,
    pub(crate) agency: Field,
    pub(crate) agency_name: Field,
    pub(crate) verdict: Field,
    pub(crate) form: Field,
    pub(crate) rule: Field,
    /// A rule with its severity or judgement: `T3-01/error`.
    pub(crate) finding: Field,
    pub(crate) severity: Field,
    pub(crate) title: Field,
    pub(crate) text: Field,
    pub(crate) words: Field,
    pub(crate) cells: Field,
    pub(crate) record: Field,
    pub(crate) versions: Field,
    /// The event of the current version.
    pub(crate) fact: Field,
    /// Stands on a report that was taken back, which no search finds.
    pub(crate) withdrawn: Field,
}

impl Fields {
    pub(crate) fn new() -> Self {
        let mut schema = Schema::builder();
        let analyzed = |tokenizer: &str, option| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option);
            TextOptions::default().set_indexing_options(indexing)
        };
        let raw_indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic);
        let raw = TextOptions::default().set_indexing_options(raw_indexing);
        let raw_fast = raw.clone().set_fast("raw");
        let phrases = analyzed(CN, IndexRecordOption::WithFreqsAndPositions);

        let key = schema.add_text_field(column::KEY, raw_fast.clone());
        let id = schema.add_text_field("id", raw.clone());
        let version = schema.add_u64_field("version", FAST);
        let submitted = schema.add_i64_field(column::SUBMITTED, FAST);
        let year = schema.add_i64_field(column::YEAR, INDEXED | FAST);
        let published = schema.add_i64_field(column::PUBLISHED, INDEXED | FAST);
        let province = schema.add_text_field(column::PROVINCE, raw_fast.clone());
        let city = schema.add_text_field(column::CITY, raw_fast.clone());
        let county = schema.add_text_field(column::COUNTY, raw_fast.clone());
        let region = schema.add_text_field("region", raw.clone());
        let region_name = schema.add_text_field("region_name", phrases.clone());
        let agency = schema.add_text_field(column::AGENCY, raw_fast.clone());
        let agency_name = schema.add_text_field("agency_name", phrases.clone());
        let verdict = schema.add_text_field(column::VERDICT, raw_fast.clone());
        let form = schema.add_text_field(column::FORM, raw_fast.clone());
        let rule = schema.add_text_field(column::RULE, raw_fast);
        let finding = schema.add_text_field("finding", raw.clone());
        let severity = schema.add_text_field("severity", raw.clone());
        let withdrawn = schema.add_text_field("withdrawn", raw);
        let title = schema.add_text_field("title", phrases.clone());
        let text = schema.add_text_field("text", phrases | STORED);
        let words = schema.add_text_field("words", analyzed(WORDS, IndexRecordOption::WithFreqs));
        let cells = JsonObjectOptions::default().set_fast("raw").set_expand_dots_enabled();
        let cells = schema.add_json_field(column::CELLS, cells);
        let record = schema.add_text_field("record", STORED);
        let versions = schema.add_text_field("versions", STORED);
        let fact = schema.add_bytes_field("fact", STORED);
        let schema = schema.build();
        Self {
            schema,
            key,
            id,
            version,
            submitted,
            year,
            published,
            province,
            city,
            county,
            region,
            region_name,
            agency,
            agency_name,
            verdict,
            form,
            rule,
            finding,
            severity,
            title,
            text,
            words,
            cells,
            record,
            versions,
            fact,
            withdrawn,
        }
    }

    /// The document of a report.
    pub(crate) fn document(&self, kept: &Kept) -> Result<TantivyDocument, serde_json::Error> {
        let record: Record = serde_json::from_str(&kept.record)?;
        let mut document = TantivyDocument::new();
        document.add_text(self.key, &kept.key);
        for id in kept.versions.keys() {
            document.add_text(self.id, id);
        }
        document.add_u64(self.version, kept.current.version);
        document.add_i64(self.submitted, kept.current.submitted_at_ms);
        if let Some(year) = record.year {
            document.add_i64(self.year, year);
        }
        if let Some(day) = record.published.and_then(|day| day.replace('-', "").parse().ok()) {
            document.add_i64(self.published, day);
        }
        if let Some(region) = record.region {
            self.add_region(&mut document, &region);
        }
        let agency = record.agency.unwrap_or_default();
        if !agency.is_empty() {
            document.add_text(self.agency, &agency);
            document.add_text(self.agency_name, &agency);
        }
        document.add_text(self.verdict, &record.verdict);
        if record.withdrawn.is_some() {
            document.add_text(self.withdrawn, WITHDRAWN);
        }
        if let Some(form) = record.form {
            document.add_text(self.form, form);
        }
        self.add_findings(&mut document, &record.findings);
        let title = record.title.unwrap_or_default();
        // A title that leaves the agency out is still found by it.
        let title = if title.contains(&agency) { title } else { format!("{agency}␟{title}") };
        document.add_text(self.title, title);
        document.add_text(self.text, &kept.text);
        document.add_text(self.words, &kept.text);
        let cells = record.cells.into_iter().filter_map(|(id, cell)| {
            let value = Decimal::from_str(&cell.value?).ok()?;
            Some((id, OwnedValue::I64(millionths(value))))
        });
        document.add_object(self.cells, cells.collect());
        document.add_text(self.record, &kept.record);
        document.add_text(self.versions, kept.stored_versions());
        document.add_bytes(self.fact, &kept.fact);
        Ok(document)
    }

    fn add_region(&self, document: &mut TantivyDocument, region: &RecordRegion) {
        document.add_text(self.region_name, &region.name);
        let Some(prefix) = region::prefix(&region.code) else { return };
        document.add_text(self.region, prefix);
        for (length, field) in [(2, self.province), (4, self.city), (6, self.county)] {
            if let Some(code) = prefix.get(..length) {
                document.add_text(field, code);
            }
        }
    }

    fn add_findings(&self, document: &mut TantivyDocument, findings: &[RecordFinding]) {
        let mut terms = BTreeMap::new();
        for finding in findings {
            let rule = finding.rule.clone();
            terms.insert(format!("{rule}/{}", finding.severity), self.finding);
            terms.insert(format!("{rule}/{}", finding.verdict), self.finding);
            terms.insert(finding.severity.clone(), self.severity);
            terms.insert(rule, self.rule);
        }
        for (term, field) in terms {
            document.add_text(field, term);
        }
    }
}

/// What of a stored record is indexed or shown with a hit.
#[derive(Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) title: Option<String>,
    pub(crate) file_name: String,
    pub(crate) agency: Option<String>,
    pub(crate) region: Option<RecordRegion>,
    pub(crate) year: Option<i64>,
    pub(crate) form: Option<String>,
    pub(crate) published: Option<String>,
    pub(crate) verdict: String,
    pub(crate) withdrawn: Option<Withdrawn>,
    cells: BTreeMap<String, RecordCell>,
    findings: Vec<RecordFinding>,
}

#[derive(Deserialize)]
pub(crate) struct RecordRegion {
    pub(crate) code: String,
    pub(crate) name: String,
}

#[derive(Deserialize)]
struct RecordCell {
    value: Option<String>,
}

#[derive(Deserialize)]
struct RecordFinding {
    rule: String,
    severity: String,
    verdict: String,
}

/// The name of a cell's column.
pub(crate) fn cell_column(cell: CellId) -> String {
    format!("{}.{cell}", column::CELLS)
}

/// A value as its column holds it.
pub(crate) fn millionths(value: Decimal) -> i64 {
    clamped(value, Decimal::round)
}

/// A column's value, or the sum of many, as a decimal. None where it is past what a decimal holds.
pub(crate) fn from_millionths(value: i128) -> Option<Decimal> {
    Decimal::try_from_i128_with_scale(value, CELL_SCALE).ok().map(|value| value.normalize())
}

/// A span of values as a span of column values: ends that fall between two millionths move inwards.
pub(crate) fn millionths_span(span: &Span<Decimal>) -> Span<i64> {
    let exact = |value: Decimal| value == value.round_dp(CELL_SCALE);
    let lower = match span.lower {
        Bound::Excluded(value) if exact(value) => Bound::Excluded(millionths(value)),
        Bound::Included(value) | Bound::Excluded(value) => {
            Bound::Included(clamped(value, |value| value.ceil()))
        }
        Bound::Unbounded => Bound::Unbounded,
    };
    let upper = match span.upper {
        Bound::Excluded(value) if exact(value) => Bound::Excluded(millionths(value)),
        Bound::Included(value) | Bound::Excluded(value) => {
            Bound::Included(clamped(value, |value| value.floor()))
        }
        Bound::Unbounded => Bound::Unbounded,
    };
    Span { lower, upper }
}

/// The millionths, rounded; what is too great for the column is the greatest that fits.
fn clamped(value: Decimal, round: impl Fn(&Decimal) -> Decimal) -> i64 {
    let limit = if value.is_sign_negative() { i64::MIN } else { i64::MAX };
    let scaled = value.checked_mul(Decimal::from(10_i64.pow(CELL_SCALE)));
    scaled.and_then(|scaled| round(&scaled).to_i64()).unwrap_or(limit)
}
