//! Every report that a query finds, held fast and in a fixed order.

use std::collections::{BTreeMap, HashMap};

use report::FormId;
use tantivy::collector::DocSetCollector;
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocAddress, DocId, Searcher, SegmentReader};

use crate::compile::{compile, with_filters};
use crate::schema::column;
use crate::stored::StoredFields;
use crate::{IndexError, Query, Reader, StoredParts};

/// Attempts to see one commit while others follow each other.
const ATTEMPTS: usize = 8;

/// Every report that a query finds in one state of the index, whatever is committed afterwards.
///
/// They come in the order of their regions, agencies and years, which does not depend on how the index lies on the
/// disk.
pub struct Found {
    searcher: Searcher,
    stored: StoredFields,
    addresses: Vec<DocAddress>,
    forms: Vec<(Option<FormId>, u64)>,
    payload: Option<String>,
}

impl Reader {
    /// Every report that `query` finds. Uses the text and the filters of the query alone, and never relaxes the match.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn find_all(&self, query: &Query) -> Result<Found, IndexError> {
        let (searcher, payload) = self.searcher_with_payload()?;
        let (typed, _) = crate::parse(&query.text);
        let compiled = compile(&self.fields, &with_filters(typed, &query.filters), false);
        let mut addresses: Vec<DocAddress> =
            searcher.search(&compiled, &DocSetCollector)?.into_iter().collect();
        addresses.sort_unstable();
        let mut sorting = Sorting::default();
        for addresses in addresses.chunk_by(|one, other| one.segment_ord == other.segment_ord) {
            let Some(first) = addresses.first() else { continue };
            let columns = Columns::open(searcher.segment_reader(first.segment_ord))?;
            for address in addresses {
                sorting.add(&columns, *address)?;
            }
        }
        let (addresses, forms) = sorting.finish();
        Ok(Found { searcher, stored: self.fields.stored, addresses, forms, payload })
    }

    /// The index as of the last commit, with the payload of that commit.
    fn searcher_with_payload(&self) -> Result<(Searcher, Option<String>), IndexError> {
        let mut before = self.payload()?;
        for _ in 0..ATTEMPTS {
            let searcher = self.searcher()?;
            let after = self.payload()?;
            if before == after {
                return Ok((searcher, after));
            }
            before = after;
        }
        // The payload before is that of this commit or of an earlier one.
        Ok((self.searcher()?, before))
    }
}

impl Found {
    /// How many reports.
    pub fn count(&self) -> u64 {
        self.addresses.len() as u64
    }

    /// How many reports with each form.
    pub fn forms(&self) -> &[(Option<FormId>, u64)] {
        &self.forms
    }

    /// The payload of the commit that made this state; see [`crate::Writer::commit`].
    pub fn payload(&self) -> Option<&str> {
        self.payload.as_deref()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Result<StoredParts, IndexError>> {
        self.addresses.iter().map(|address| StoredParts::read(&self.searcher, self.stored, *address))
    }
}

/// The columns by which reports are sorted, in one segment.
struct Columns {
    /// From the smallest division to the largest.
    regions: [Option<StrColumn>; 3],
    agency: Option<StrColumn>,
    key: Option<StrColumn>,
    form: Option<StrColumn>,
    year: Option<Column<i64>>,
}

impl Columns {
    fn open(segment: &SegmentReader) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        Ok(Self {
            regions: [
                columns.str(column::COUNTY)?,
                columns.str(column::CITY)?,
                columns.str(column::PROVINCE)?,
            ],
            agency: columns.str(column::AGENCY)?,
            key: columns.str(column::KEY)?,
            form: columns.str(column::FORM)?,
            year: columns.column_opt(column::YEAR)?,
        })
    }
}

/// The text of a report in a column; empty where it has none.
fn text_in(column: Option<&StrColumn>, doc: DocId, text: &mut String) -> Result<(), IndexError> {
    text.clear();
    let Some(column) = column else { return Ok(()) };
    if let Some(ordinal) = column.ords().first(doc) {
        column.ord_to_str(ordinal, text).map_err(tantivy::TantivyError::from)?;
    }
    Ok(())
}

/// Reports while they are sorted. Each distinct name is kept once.
#[derive(Default)]
struct Sorting {
    numbers: HashMap<String, u32>,
    reports: Vec<Sortable>,
    forms: BTreeMap<Option<FormId>, u64>,
    text: String,
}

struct Sortable {
    region: u32,
    agency: u32,
    year: i64,
    /// Of a report without agency or year, of which there may be many.
    key: Option<u32>,
    address: DocAddress,
}

impl Sorting {
    fn add(&mut self, columns: &Columns, address: DocAddress) -> Result<(), IndexError> {
        let doc = address.doc_id;
        let mut text = std::mem::take(&mut self.text);
        for region in &columns.regions {
            text_in(region.as_ref(), doc, &mut text)?;
            if !text.is_empty() {
                break;
            }
        }
        let region = self.number(&text);
        text_in(columns.agency.as_ref(), doc, &mut text)?;
        let has_agency = !text.is_empty();
        let agency = self.number(&text);
        let year = columns.year.as_ref().and_then(|year| year.first(doc));
        let mut key = None;
        if !has_agency || year.is_none() {
            text_in(columns.key.as_ref(), doc, &mut text)?;
            key = Some(self.number(&text));
        }
        text_in(columns.form.as_ref(), doc, &mut text)?;
        *self.forms.entry(FormId::parse(&text)).or_default() += 1;
        self.text = text;
        self.reports.push(Sortable { region, agency, year: year.unwrap_or(i64::MAX), key, address });
        Ok(())
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.to_owned(), number);
        number
    }

    fn finish(self) -> (Vec<DocAddress>, Vec<(Option<FormId>, u64)>) {
        let Self { numbers, mut reports, forms, .. } = self;
        let mut names: Vec<(String, u32)> = numbers.into_iter().collect();
        names.sort_unstable();
        let mut ranks = vec![0_u32; names.len()];
        // What is not known comes last, and sorts as the empty name.
        for (rank, (name, number)) in (0..).zip(&names) {
            let rank = if name.is_empty() { u32::MAX } else { rank };
            if let Some(slot) = ranks.get_mut(*number as usize) {
                *slot = rank;
            }
        }
        let rank = |number: u32| ranks.get(number as usize).copied().unwrap_or(u32::MAX);
        reports.sort_by_cached_key(|report| {
            let key = report.key.map(rank);
            (rank(report.region), rank(report.agency), report.year, key, report.address)
        });
        (reports.into_iter().map(|report| report.address).collect(), forms.into_iter().collect())
    }
}
