//! What the columns of the folder index have of many reports at once.

use std::collections::HashMap;
use std::sync::Arc;

use report::{CellId, Decimal, FormId, Region, Verdict, Year};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocAddress, DocId, Searcher, SegmentReader};

use super::FolderSnapshot;
use super::cells::CellColumns;
use super::schema::{column, mark_column};
use super::stored::stored_parts;
use crate::document::{PLACE_SEPARATOR, date_of};
use crate::millionths::cell_column;
use crate::{Clause, Figure, IndexError, Record};

impl FolderSnapshot {
    pub(crate) fn read_records(&self, clause: &Clause, cells: &[CellId]) -> Result<Vec<Record>, IndexError> {
        let searcher = &self.searcher;
        let mut records = Vec::new();
        for found in by_segment(searcher, &self.found(clause)?) {
            let columns = RecordColumns::open(&found)?;
            let cells = cells.iter().map(|cell| FigureColumn::open(found.segment, *cell));
            let cells = cells.collect::<tantivy::Result<Vec<_>>>()?;
            for doc in found.docs.iter().copied() {
                let mut record = columns.record(doc);
                record.figures = cells.iter().map(|cell| cell.figure(doc, record.form)).collect();
                if columns.has_rounded_cells(doc) {
                    self.correct(DocAddress::new(found.ordinal, doc), &mut record.figures)?;
                }
                records.push(record);
            }
        }
        Ok(records)
    }

    pub(crate) fn visit_records(
        &self,
        clause: &Clause,
        visit: &mut dyn FnMut(Record, Vec<Option<Decimal>>),
    ) -> Result<(), IndexError> {
        let searcher = &self.searcher;
        for found in by_segment(searcher, &self.found(clause)?) {
            let columns = RecordColumns::open(&found)?;
            let mut cells = CellColumns::new(found.segment);
            for docs in found.docs.chunks(RECORDS_AT_ONCE) {
                let forms: Vec<_> = docs.iter().map(|doc| (*doc, columns.form(*doc))).collect();
                for (doc, mut values) in docs.iter().copied().zip(cells.values_of_all(&forms)?) {
                    let record = columns.record(doc);
                    if record.form.is_some() && columns.has_rounded_cells(doc) {
                        let address = DocAddress::new(found.ordinal, doc);
                        let parts = stored_parts(searcher, self.fields.stored, address)?;
                        let report = parts.review_alone()?.report;
                        values = report.cells.iter().map(|(_, cell)| cell.known()).collect();
                    }
                    visit(record, values);
                }
            }
        }
        Ok(())
    }

    /// These figures of one report.
    pub(crate) fn figures(
        &self,
        address: DocAddress,
        form: Option<FormId>,
        cells: &[CellId],
    ) -> Result<Vec<Figure>, IndexError> {
        if cells.is_empty() {
            return Ok(Vec::new());
        }
        let searcher = &self.searcher;
        let segment = searcher.segment_reader(address.segment_ord);
        let figure = |cell: &CellId| Ok(FigureColumn::open(segment, *cell)?.figure(address.doc_id, form));
        let mut figures = cells.iter().map(figure).collect::<tantivy::Result<Vec<_>>>()?;
        let rounded = segment.fast_fields().column_opt::<i64>(column::ROUNDED)?;
        if rounded.is_some_and(|column| column.first(address.doc_id).is_some()) {
            self.correct(address, &mut figures)?;
        }
        Ok(figures)
    }

    /// Replaces values that the columns hold rounded or cut off by those of the fact.
    fn correct(&self, address: DocAddress, figures: &mut [Figure]) -> Result<(), IndexError> {
        let report = stored_parts(&self.searcher, self.fields.stored, address)?.review_alone()?.report;
        for figure in figures {
            figure.value = report.cells.value(figure.cell);
        }
        Ok(())
    }

    pub(crate) fn count_agencies(
        &self,
        clause: &Clause,
        words: &str,
    ) -> Result<Vec<(String, u64)>, IndexError> {
        let mut counts = HashMap::new();
        for found in by_segment(&self.searcher, &self.found(clause)?) {
            let agencies = Names::read(found.segment, column::AGENCY, &found.docs, |name| {
                name.contains(words).then(|| Arc::<str>::from(name))
            })?;
            for agency in found.docs.iter().filter_map(|doc| agencies.of(*doc).flatten()) {
                *counts.entry(agency).or_insert(0_u64) += 1;
            }
        }
        Ok(counts.into_iter().map(|(agency, count)| (agency.to_string(), count)).collect())
    }
}

/// Reports whose cells are read from the columns together: their values fit into the cache of a core.
const RECORDS_AT_ONCE: usize = 256;

/// Documents of one segment.
struct FoundInSegment<'a> {
    segment: &'a SegmentReader,
    ordinal: u32,
    docs: Vec<DocId>,
}

/// Sorted addresses by segment.
fn by_segment<'a>(
    searcher: &'a Searcher,
    addresses: &'a [DocAddress],
) -> impl Iterator<Item = FoundInSegment<'a>> {
    addresses.chunk_by(|one, other| one.segment_ord == other.segment_ord).filter_map(|addresses| {
        let ordinal = addresses.first()?.segment_ord;
        let docs = addresses.iter().map(|address| address.doc_id).collect();
        Some(FoundInSegment { segment: searcher.segment_reader(ordinal), ordinal, docs })
    })
}

/// The columns of a record but for its figures.
struct RecordColumns {
    keys: Names<String>,
    ids: Names<String>,
    originals: Names<String>,
    agencies: Names<Arc<str>>,
    places: Names<Arc<Region>>,
    scopes: Names<Arc<str>>,
    verdicts: Names<Option<Verdict>>,
    forms: Names<Option<FormId>>,
    years: Option<Column<i64>>,
    published: Option<Column<i64>>,
    submitted: Option<Column<i64>>,
    rounded: Option<Column<i64>>,
}

impl RecordColumns {
    fn open(found: &FoundInSegment<'_>) -> tantivy::Result<Self> {
        let FoundInSegment { segment, docs, .. } = found;
        let columns = segment.fast_fields();
        Ok(Self {
            keys: Names::read(segment, column::KEY, docs, ToOwned::to_owned)?,
            ids: Names::read(segment, column::CURRENT, docs, ToOwned::to_owned)?,
            originals: Names::read(segment, column::ORIGINAL, docs, ToOwned::to_owned)?,
            agencies: Names::read(segment, column::AGENCY, docs, |name| Arc::from(name))?,
            places: Names::read(segment, column::PLACE, docs, |place| {
                let (code, name) = place.split_once(PLACE_SEPARATOR).unwrap_or((place, ""));
                Arc::new(Region { code: code.to_owned(), name: name.to_owned() })
            })?,
            scopes: Names::read(segment, column::SCOPE, docs, |name| Arc::from(name))?,
            verdicts: Names::read(segment, column::VERDICT, docs, Verdict::parse)?,
            forms: Names::read(segment, column::FORM, docs, FormId::parse)?,
            years: columns.column_opt(column::YEAR)?,
            published: columns.column_opt(column::PUBLISHED)?,
            submitted: columns.column_opt(column::SUBMITTED)?,
            rounded: columns.column_opt(column::ROUNDED)?,
        })
    }

    fn record(&self, doc: DocId) -> Record {
        let number = |column: &Option<Column<i64>>| column.as_ref().and_then(|column| column.first(doc));
        Record {
            key: self.keys.of(doc).unwrap_or_default(),
            id: self.ids.of(doc).unwrap_or_default(),
            agency: self.agencies.of(doc),
            region: self.places.of(doc),
            year: number(&self.years).and_then(Year::new),
            form: self.form(doc),
            verdict: self.verdicts.of(doc).flatten().unwrap_or(Verdict::Pass),
            published: number(&self.published).and_then(date_of),
            submitted_at_ms: number(&self.submitted).unwrap_or_default(),
            original: self.originals.of(doc).unwrap_or_default(),
            scopes: self.scopes.all_of(doc).collect(),
            figures: Vec::new(),
        }
    }

    fn form(&self, doc: DocId) -> Option<FormId> {
        self.forms.of(doc).flatten()
    }

    fn has_rounded_cells(&self, doc: DocId) -> bool {
        self.rounded.as_ref().is_some_and(|column| column.first(doc).is_some())
    }
}

/// The columns of one cell.
pub(crate) struct FigureColumn {
    cell: CellId,
    pub(crate) values: Option<Column<i64>>,
    marks: Option<Column<i64>>,
}

impl FigureColumn {
    pub(crate) fn open(segment: &SegmentReader, cell: CellId) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        let (values, marks) =
            (columns.column_opt(&cell_column(cell))?, columns.column_opt(&mark_column(cell))?);
        Ok(Self { cell, values, marks })
    }

    /// The figure of a document.
    pub(crate) fn figure(&self, doc: DocId, form: Option<FormId>) -> Figure {
        let value = self.values.as_ref().and_then(|column| column.first(doc));
        let mark = self.marks.as_ref().and_then(|column| column.first(doc));
        Figure::of(self.cell, value, mark, form)
    }
}

/// A column of names, each read from the dictionary once.
pub(crate) struct Names<T> {
    column: Option<StrColumn>,
    /// By ordinal; none where no document asked for has it.
    names: Vec<Option<T>>,
}

impl<T: Clone> Names<T> {
    /// The names of these documents.
    pub(crate) fn read(
        segment: &SegmentReader,
        column: &str,
        docs: &[DocId],
        make: impl Fn(&str) -> T,
    ) -> tantivy::Result<Self> {
        let Some(column) = segment.fast_fields().str(column)? else {
            return Ok(Self { column: None, names: Vec::new() });
        };
        let mut wanted: Vec<u64> = docs.iter().flat_map(|doc| column.term_ords(*doc)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut names = vec![None; column.num_terms()];
        let mut ordinals = wanted.iter();
        column.dictionary().sorted_ords_to_term_cb(&wanted, |name| {
            let place = ordinals.next().and_then(|ordinal| names.get_mut(*ordinal as usize));
            if let Some(place) = place {
                *place = Some(make(&String::from_utf8_lossy(name)));
            }
        })?;
        Ok(Self { column: Some(column), names })
    }

    /// The first name of a document.
    pub(crate) fn of(&self, doc: DocId) -> Option<T> {
        let ordinal = self.column.as_ref()?.ords().first(doc)?;
        self.names.get(ordinal as usize)?.clone()
    }

    /// Every name of a document.
    fn all_of(&self, doc: DocId) -> impl Iterator<Item = T> + '_ {
        let ordinals = self.column.iter().flat_map(move |column| column.term_ords(doc));
        ordinals.filter_map(|ordinal| self.names.get(ordinal as usize)?.clone())
    }
}
