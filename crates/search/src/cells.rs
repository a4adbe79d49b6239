//! The values of the cells of many reports, read from the columns.

use std::collections::HashMap;

use report::{Decimal, Form, FormId};
use tantivy::columnar::Column;
use tantivy::{DocId, SegmentReader};

use crate::millionths::{cell_column, from_millionths};

/// The columns of the cells in one segment; opened when a report with their form is read.
pub(crate) struct CellColumns<'a> {
    segment: &'a SegmentReader,
    forms: HashMap<FormId, Vec<Option<Column<i64>>>>,
}

impl<'a> CellColumns<'a> {
    pub(crate) fn new(segment: &'a SegmentReader) -> Self {
        Self { segment, forms: HashMap::new() }
    }

    /// The values of a report, in the order of the cells of its form.
    pub(crate) fn values(&mut self, form: FormId, doc: DocId) -> tantivy::Result<Vec<Option<Decimal>>> {
        if !self.forms.contains_key(&form) {
            let columns = self.segment.fast_fields();
            let open = |id: &report::CellId| columns.column_opt(&cell_column(*id));
            let opened = Form::get(form).cells().iter().map(open).collect::<tantivy::Result<_>>()?;
            self.forms.insert(form, opened);
        }
        let columns = self.forms.get(&form).into_iter().flatten();
        Ok(columns.map(|column| value(column.as_ref()?.first(doc)?)).collect())
    }
}

fn value(millionths: i64) -> Option<Decimal> {
    // Most cells are zero, and most others are whole numbers.
    match (millionths, millionths % 1_000_000) {
        (0, _) => Some(Decimal::ZERO),
        (_, 0) => Some(Decimal::from(millionths / 1_000_000)),
        _ => from_millionths(millionths.into()),
    }
}
