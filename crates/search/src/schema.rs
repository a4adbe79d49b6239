//! The fields of the index, and how a report fills them.
//!
//! A document is made from what the index stores of a report, so that a report can be written again
//! when an earlier version of it arrives late.

use std::collections::{BTreeMap, BTreeSet};

use proto::Message as _;
use proto::v1::ReportValidated;
use report::{Cell, CellId, CellState, Date, Finding, Region, RemarkKind, Verdict};
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, JsonObjectOptions, OwnedValue, STORED, Schema,
    TextFieldIndexing, TextOptions,
};

use crate::analyzer::CN;
use crate::damage::DamageError;
use crate::millionths::{CELLS, is_exact, millionths};
use crate::records::PLACE_SEPARATOR;
use crate::region;
use crate::reviews::Acts;
use crate::stored::{Handling, History, Packer, StoredActs, StoredFields, card};
use crate::versions::{IndexedReport, Judged};

/// Written into the folder of the index. A change of schema or analyzer counts up, so that the index is
/// rebuilt from the log.
pub(crate) const VERSION: &str = "schema 6, analyzer 3, tantivy 0.27\n";

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
    pub(crate) const REVIEW: &str = "review";
    pub(crate) const ASSIGNEE: &str = "assignee";
    pub(crate) const DUE: &str = "due";
    pub(crate) const SINCE: &str = "since_ms";
    pub(crate) const OPEN: &str = "open";
    pub(crate) const ORIGINAL: &str = "original";
    /// The id of the current version.
    pub(crate) const CURRENT: &str = "current";
    /// Set where the column of a cell holds its value rounded or cut off.
    pub(crate) const ROUNDED: &str = "rounded";
    /// Code and name of the region.
    pub(crate) const PLACE: &str = "place";
    pub(crate) const SCOPE: &str = "scope";
}

/// The field that has a column for each cell whose value is not simply read: a mark says how it is known, or why not.
const MARKS: &str = "marks";
/// The name of the column of a cell's marks.
pub(crate) fn mark_column(cell: CellId) -> String {
    format!("{MARKS}.{cell}")
}

/// The mark of a cell; none where the source has a number or no such cell.
fn mark_of(cell: &Cell) -> Option<i64> {
    let is_plain = matches!(cell.state, CellState::Read | CellState::Missing);
    let state = CellState::ALL.iter().position(|state| *state == cell.state)?;
    (!is_plain).then_some(state as i64)
}

/// The state that a mark stands for.
pub(crate) fn state_of_mark(mark: i64) -> Option<CellState> {
    CellState::ALL.get(usize::try_from(mark).ok()?).copied()
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
    marks: Field,
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
        let rule = schema.add_text_field(column::RULE, raw_fast.clone());
        let finding = schema.add_text_field("finding", raw.clone());
        let severity = schema.add_text_field("severity", raw.clone());
        let withdrawn = schema.add_text_field("withdrawn", raw.clone());
        let review = schema.add_text_field(column::REVIEW, raw_fast.clone());
        let assignee = schema.add_text_field(column::ASSIGNEE, raw_fast);
        let due = schema.add_i64_field(column::DUE, INDEXED | FAST);
        let since = schema.add_i64_field(column::SINCE, FAST);
        let open = schema.add_i64_field(column::OPEN, FAST);
        let open_finding = schema.add_text_field("open_finding", raw);
        let title = schema.add_text_field("title", phrases.clone());
        let text = schema.add_text_field("text", phrases);
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

    /// The document of a report.
    ///
    /// # Errors
    /// If the stored fact does not decode.
    pub(crate) fn document(
        &self,
        indexed: &IndexedReport,
        acts: &Acts,
        packer: &mut Packer,
    ) -> Result<TantivyDocument, DamageError> {
        let review = indexed.review()?;
        let report = &review.report;
        let findings = indexed.compared.as_ref().map_or(&review.findings, |judged| &judged.findings);
        let verdict = Verdict::of(findings);
        let mut document = TantivyDocument::new();
        document.add_text(self.key, &indexed.key);
        for id in indexed.versions.keys() {
            document.add_text(self.id, id);
        }
        document.add_u64(self.version, indexed.current.number);
        document.add_i64(self.submitted, indexed.current.submitted_at_ms);
        if let Some(year) = report.year {
            document.add_i64(self.year, year.get().into());
        }
        if let Some(day) = report.published {
            document.add_i64(self.published, number_of(day));
        }
        if let Some(region) = &report.region {
            self.add_region(&mut document, region);
        }
        let agency = report.agency.as_deref().unwrap_or_default();
        if !agency.is_empty() {
            document.add_text(self.agency, agency);
            document.add_text(self.agency_name, agency);
        }
        document.add_text(self.verdict, verdict.as_str());
        if indexed.withdrawal.is_some() {
            document.add_text(self.withdrawn, WITHDRAWN);
        }
        if let Some(form) = report.form {
            document.add_text(self.form, form.as_str());
        }
        let handling = Handling::of(acts, &indexed.current, findings);
        self.add_findings(&mut document, findings);
        self.add_handling(&mut document, &handling);
        let title = report.title.as_deref().unwrap_or_default();
        // A title that leaves the agency out is still found by it.
        if title.contains(agency) {
            document.add_text(self.title, title);
        } else {
            document.add_text(self.title, format!("{agency}␟{title}"));
        }
        document.add_text(self.text, &indexed.text);
        let cells = report.cells.iter().filter_map(|(id, cell)| {
            Some((id.as_str().to_owned(), OwnedValue::I64(millionths(cell.known()?))))
        });
        document.add_object(self.cells, cells.collect());
        let marks = report.cells.iter();
        let marks =
            marks.filter_map(|(id, cell)| Some((id.as_str().to_owned(), OwnedValue::I64(mark_of(cell)?))));
        document.add_object(self.marks, marks.collect());
        if report.cells.iter().filter_map(|(_, cell)| cell.known()).any(|value| !is_exact(value)) {
            document.add_i64(self.rounded, 1);
        }
        document.add_text(self.original, &indexed.current.original);
        document.add_text(self.current, &indexed.current.id);
        for remark in report.remarks.iter().filter(|remark| remark.kind == RemarkKind::Scope) {
            document.add_text(self.scope, &remark.text);
        }
        self.add_stored(&mut document, indexed, packer, card(indexed, review, verdict, &handling))?;
        if !acts.0.is_empty() {
            document.add_bytes(self.stored.acts, &packer.pack(&StoredActs::from(acts).encode_to_vec())?);
        }
        Ok(document)
    }

    fn add_stored(
        &self,
        document: &mut TantivyDocument,
        indexed: &IndexedReport,
        packer: &mut Packer,
        card: Vec<u8>,
    ) -> Result<(), DamageError> {
        let StoredFields { card: card_field, history, fact, compared, text, .. } = self.stored;
        document.add_bytes(card_field, &card);
        document.add_bytes(history, &packer.pack(&History::from(indexed).encode_to_vec())?);
        document.add_bytes(fact, &packer.pack(&indexed.fact)?);
        if let Some(Judged { findings, rules_version }) = &indexed.compared {
            let findings = findings.iter().map(Into::into).collect();
            let rules_version = rules_version.clone();
            let judged = ReportValidated { findings, rules_version, ..ReportValidated::default() };
            document.add_bytes(compared, &packer.pack(&judged.encode_to_vec())?);
        }
        match &indexed.packed_text {
            packed if packed.is_empty() => document.add_bytes(text, &packer.pack(indexed.text.as_bytes())?),
            packed => document.add_bytes(text, packed),
        }
        Ok(())
    }

    fn add_region(&self, document: &mut TantivyDocument, region: &Region) {
        document.add_text(self.region_name, &region.name);
        document.add_text(self.place, format!("{}{PLACE_SEPARATOR}{}", region.code, region.name));
        let Some(prefix) = region::prefix(&region.code) else { return };
        document.add_text(self.region, prefix);
        for (length, field) in [(2, self.province), (4, self.city), (6, self.county)] {
            if let Some(code) = prefix.get(..length) {
                document.add_text(field, code);
            }
        }
    }

    fn add_findings(&self, document: &mut TantivyDocument, findings: &[Finding]) {
        let mut terms = BTreeMap::new();
        for finding in findings {
            let (rule, severity) = (&finding.rule, finding.severity.as_str());
            terms.insert(format!("{rule}/{severity}"), self.finding);
            terms.insert(format!("{rule}/{}", finding.judgement.as_str()), self.finding);
            terms.insert(severity.to_owned(), self.severity);
            terms.insert(rule.clone(), self.rule);
        }
        for (term, field) in terms {
            document.add_text(field, term);
        }
    }

    fn add_handling(&self, document: &mut TantivyDocument, handling: &Handling<'_>) {
        let Handling { workflow, open, .. } = handling;
        document.add_text(self.review, workflow.state.as_str());
        document.add_i64(self.since, workflow.since_ms);
        if let Some(assignee) = &workflow.assignee {
            document.add_text(self.assignee, assignee);
        }
        if let Some(due) = workflow.due {
            document.add_i64(self.due, number_of(due));
        }
        document.add_i64(self.open, handling.weight());
        let terms = open.iter().flat_map(|finding| {
            let (rule, severity) = (&finding.rule, finding.severity.as_str());
            [rule.clone(), format!("{rule}/{severity}"), severity.to_owned()]
        });
        for term in terms.collect::<BTreeSet<_>>() {
            document.add_text(self.open_finding, term);
        }
    }
}

/// The day of a number `yyyymmdd`.
pub(crate) fn date_of(number: i64) -> Option<Date> {
    let part = |divisor: i64, modulus: i64| number / divisor % modulus;
    let (year, month, day) = (part(10_000, 10_000), part(100, 100), part(1, 100));
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A day as the number `yyyymmdd`.
fn number_of(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}
