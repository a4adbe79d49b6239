//! Every report that a clause finds in one commit of the folder index.

use std::ops::Range;

use report::FormId;
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocAddress, DocId, SegmentReader};

use super::FolderSnapshot;
use super::schema::column;
use crate::found::{FoundReports, SortNames, Sorting};
use crate::{Clause, Found, IndexError, StoredParts};

struct FoundInFolder {
    snapshot: FolderSnapshot,
    addresses: Vec<DocAddress>,
}

impl FoundReports for FoundInFolder {
    fn count(&self) -> usize {
        self.addresses.len()
    }

    fn read(&self, numbers: Range<usize>) -> Result<Vec<StoredParts>, IndexError> {
        let addresses = self.addresses.get(numbers).unwrap_or_default();
        addresses.iter().map(|address| self.snapshot.parts(*address)).collect()
    }

    fn batch(&self) -> usize {
        1
    }
}

impl FolderSnapshot {
    pub(crate) fn hold(self, clause: &Clause, payload: Option<String>) -> Result<Found, IndexError> {
        let mut sorting = Sorting::new();
        let addresses = self.found(clause)?;
        for addresses in addresses.chunk_by(|one, other| one.segment_ord == other.segment_ord) {
            let Some(first) = addresses.first() else { continue };
            let columns = Columns::open(self.searcher.segment_reader(first.segment_ord))?;
            for address in addresses {
                columns.add(&mut sorting, *address)?;
            }
        }
        let (addresses, forms) = sorting.finish();
        Ok(Found { reports: Box::new(FoundInFolder { snapshot: self, addresses }), forms, payload })
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

impl Columns {
    fn add(&self, sorting: &mut Sorting<DocAddress>, address: DocAddress) -> Result<(), IndexError> {
        let doc = address.doc_id;
        let [mut region, mut agency, mut key, mut form] = [const { String::new() }; 4];
        for column in &self.regions {
            text_in(column.as_ref(), doc, &mut region)?;
            if !region.is_empty() {
                break;
            }
        }
        text_in(self.agency.as_ref(), doc, &mut agency)?;
        let year = self.year.as_ref().and_then(|year| year.first(doc));
        let needs_key = agency.is_empty() || year.is_none();
        if needs_key {
            text_in(self.key.as_ref(), doc, &mut key)?;
        }
        text_in(self.form.as_ref(), doc, &mut form)?;
        let key = needs_key.then_some(&*key);
        sorting.add(
            &SortNames { region: &region, agency: &agency, year, key },
            FormId::parse(&form),
            address,
        );
        Ok(())
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
