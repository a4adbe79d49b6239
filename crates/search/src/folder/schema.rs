//! The fields of the folder index.

use report::CellId;
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, JsonObjectOptions, OwnedValue, STORED, Schema,
    TextFieldIndexing, TextOptions,
};

use super::stored::StoredFields;
use super::tokenizer::CN;
use crate::document::{Document, Field as Name};
use crate::millionths::CELLS;
use crate::stored::Part;

/// Written into the folder of the index. A change of schema or analyzer counts up, so that the index is
/// rebuilt from the log.
pub(crate) const VERSION: &str = "schema 6, analyzer 3, tantivy 0.27\n";

/// Names of fields that are read as columns.
pub(crate) mod column {
    use crate::document::Field;

    pub(crate) const KEY: &str = Field::Key.as_str();
    pub(crate) const YEAR: &str = Field::Year.as_str();
    pub(crate) const PUBLISHED: &str = Field::Published.as_str();
    pub(crate) const SUBMITTED: &str = Field::Submitted.as_str();
    pub(crate) const PROVINCE: &str = Field::Province.as_str();
    pub(crate) const CITY: &str = Field::City.as_str();
    pub(crate) const COUNTY: &str = Field::County.as_str();
    pub(crate) const AGENCY: &str = Field::Agency.as_str();
    pub(crate) const VERDICT: &str = Field::Verdict.as_str();
    pub(crate) const FORM: &str = Field::Form.as_str();
    pub(crate) const RULE: &str = Field::Rule.as_str();
    pub(crate) const REVIEW: &str = Field::Review.as_str();
    pub(crate) const ASSIGNEE: &str = Field::Assignee.as_str();
    pub(crate) const DUE: &str = Field::Due.as_str();
    pub(crate) const SINCE: &str = Field::Since.as_str();
    pub(crate) const OPEN: &str = Field::Open.as_str();
    pub(crate) const ORIGINAL: &str = Field::Original.as_str();
    pub(crate) const CURRENT: &str = Field::Current.as_str();
    pub(crate) const ROUNDED: &str = Field::Rounded.as_str();
    pub(crate) const PLACE: &str = Field::Place.as_str();
    pub(crate) const SCOPE: &str = Field::Scope.as_str();
}

const MARKS: &str = Name::Marks.as_str();

/// The name of the column of a cell's marks.
pub(crate) fn mark_column(cell: CellId) -> String {
    format!("{MARKS}.{cell}")
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
    pub(crate) cells: Field,
    pub(crate) marks: Field,
    original: Field,
    current: Field,
    rounded: Field,
    place: Field,
    scope: Field,
    pub(crate) stored: StoredFields,
    /// Set on a report that was withdrawn, which no search finds.
    pub(crate) withdrawn: Field,
    /// Where it stands with its reviewers.
    pub(crate) review: Field,
    pub(crate) assignee: Field,
    /// The deadline of a return, as the number `yyyymmdd`.
    pub(crate) due: Field,
    /// Since when it is in that state.
    pub(crate) since: Field,
    /// How much is open: errors weigh more than any number of warnings.
    pub(crate) open: Field,
    /// The rules and severities of the open findings: `T3-01`, `T3-01/error`, `error`.
    pub(crate) open_finding: Field,
}

impl Fields {
    pub(crate) fn new() -> Self {
        let mut schema = Schema::builder();
        let raw_indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic);
        let raw = TextOptions::default().set_indexing_options(raw_indexing);
        let raw_fast = raw.clone().set_fast("raw");
        let phrase_indexing = TextFieldIndexing::default()
            .set_tokenizer(CN)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let phrases = TextOptions::default().set_indexing_options(phrase_indexing);

        let key = schema.add_text_field(column::KEY, raw_fast.clone());
        let id = schema.add_text_field(Name::Id.as_str(), raw.clone());
        let version = schema.add_u64_field(Name::Version.as_str(), FAST);
        let submitted = schema.add_i64_field(column::SUBMITTED, FAST);
        let year = schema.add_i64_field(column::YEAR, INDEXED | FAST);
        let published = schema.add_i64_field(column::PUBLISHED, INDEXED | FAST);
        let province = schema.add_text_field(column::PROVINCE, raw_fast.clone());
        let city = schema.add_text_field(column::CITY, raw_fast.clone());
        let county = schema.add_text_field(column::COUNTY, raw_fast.clone());
        let region = schema.add_text_field(Name::Region.as_str(), raw.clone());
        let region_name = schema.add_text_field(Name::RegionName.as_str(), phrases.clone());
        let agency = schema.add_text_field(column::AGENCY, raw_fast.clone());
        let agency_name = schema.add_text_field(Name::AgencyName.as_str(), phrases.clone());
        let verdict = schema.add_text_field(column::VERDICT, raw_fast.clone());
        let form = schema.add_text_field(column::FORM, raw_fast.clone());
        let rule = schema.add_text_field(column::RULE, raw_fast.clone());
        let finding = schema.add_text_field(Name::Finding.as_str(), raw.clone());
        let severity = schema.add_text_field(Name::Severity.as_str(), raw.clone());
        let withdrawn = schema.add_text_field(Name::Withdrawn.as_str(), raw.clone());
        let review = schema.add_text_field(column::REVIEW, raw_fast.clone());
        let assignee = schema.add_text_field(column::ASSIGNEE, raw_fast);
        let due = schema.add_i64_field(column::DUE, INDEXED | FAST);
        let since = schema.add_i64_field(column::SINCE, FAST);
        let open = schema.add_i64_field(column::OPEN, FAST);
        let open_finding = schema.add_text_field(Name::OpenFinding.as_str(), raw);
        let title = schema.add_text_field(Name::Title.as_str(), phrases.clone());
        let text = schema.add_text_field(Name::Text.as_str(), phrases);
        let cells = JsonObjectOptions::default().set_fast("raw").set_expand_dots_enabled();
        let marks = schema.add_json_field(MARKS, cells.clone());
        let cells = schema.add_json_field(CELLS, cells);
        let named = TextOptions::default().set_fast("raw");
        let original = schema.add_text_field(column::ORIGINAL, named.clone());
        let current = schema.add_text_field(column::CURRENT, named.clone());
        let rounded = schema.add_i64_field(column::ROUNDED, FAST);
        let place = schema.add_text_field(column::PLACE, named.clone());
        let scope = schema.add_text_field(column::SCOPE, named);
        let stored = StoredFields {
            card: schema.add_bytes_field("card", STORED),
            history: schema.add_bytes_field("history", STORED),
            acts: schema.add_bytes_field("acts", STORED),
            fact: schema.add_bytes_field("fact", STORED),
            compared: schema.add_bytes_field("compared", STORED),
            text: schema.add_bytes_field("stored_text", STORED),
        };
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
            cells,
            marks,
            original,
            current,
            rounded,
            place,
            scope,
            stored,
            withdrawn,
            review,
            assignee,
            due,
            since,
            open,
            open_finding,
        }
    }

    /// The field of the engine with this name.
    pub(crate) fn field(&self, name: Name) -> Field {
        match name {
            Name::Key => self.key,
            Name::Id => self.id,
            Name::Version => self.version,
            Name::Submitted => self.submitted,
            Name::Year => self.year,
            Name::Published => self.published,
            Name::Province => self.province,
            Name::City => self.city,
            Name::County => self.county,
            Name::Region => self.region,
            Name::RegionName => self.region_name,
            Name::Agency => self.agency,
            Name::AgencyName => self.agency_name,
            Name::Verdict => self.verdict,
            Name::Form => self.form,
            Name::Rule => self.rule,
            Name::Finding => self.finding,
            Name::Severity => self.severity,
            Name::Withdrawn => self.withdrawn,
            Name::Review => self.review,
            Name::Assignee => self.assignee,
            Name::Due => self.due,
            Name::Since => self.since,
            Name::Open => self.open,
            Name::OpenFinding => self.open_finding,
            Name::Title => self.title,
            Name::Text => self.text,
            Name::Cells => self.cells,
            Name::Marks => self.marks,
            Name::Original => self.original,
            Name::Current => self.current,
            Name::Rounded => self.rounded,
            Name::Place => self.place,
            Name::Scope => self.scope,
        }
    }
}

/// A document of the engine while it is filled.
pub(crate) struct FolderDocument<'a> {
    pub(crate) fields: &'a Fields,
    pub(crate) document: TantivyDocument,
}

impl Document for FolderDocument<'_> {
    fn text(&mut self, field: Name, value: &str) {
        self.document.add_text(self.fields.field(field), value);
    }

    fn number(&mut self, field: Name, value: i64) {
        let engine_field = self.fields.field(field);
        match field {
            Name::Version => self.document.add_u64(engine_field, value.unsigned_abs()),
            _ => self.document.add_i64(engine_field, value),
        }
    }

    fn cells(&mut self, field: Name, values: impl Iterator<Item = (CellId, i64)>) {
        let values = values.map(|(cell, value)| (cell.as_str().to_owned(), OwnedValue::I64(value)));
        self.document.add_object(self.fields.field(field), values.collect());
    }

    fn part(&mut self, part: Part, packed: &[u8]) {
        self.document.add_bytes(self.fields.stored.field(part), packed);
    }
}
