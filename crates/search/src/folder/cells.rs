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
        let columns = self.columns(form)?.iter();
        Ok(columns.map(|column| value(column.as_ref()?.first(doc)?)).collect())
    }

    /// The values of many reports, each in the order of the cells of its form; none of one without a form. Column by
    /// column, which takes a fraction of what report by report takes.
    pub(crate) fn values_of_all(
        &mut self,
        docs: &[(DocId, Option<FormId>)],
    ) -> tantivy::Result<Vec<Vec<Option<Decimal>>>> {
        let mut rows = vec![Vec::new(); docs.len()];
        for form in FormId::ALL {
            let of_form = docs.iter().enumerate().filter(|(_, (_, one))| *one == Some(form));
            let (places, docs): (Vec<usize>, Vec<DocId>) =
                of_form.map(|(place, (doc, _))| (place, *doc)).unzip();
            if docs.is_empty() {
                continue;
            }
            let columns = self.columns(form)?;
            for place in &places {
                rows[*place].reserve_exact(columns.len());
            }
            let mut values = vec![None; docs.len()];
            for column in columns {
                values.fill(None);
                if let Some(column) = column {
                    column.first_vals(&docs, &mut values);
                }
                for (place, millionths) in places.iter().zip(&values) {
                    rows[*place].push(millionths.and_then(value));
                }
            }
        }
        Ok(rows)
    }

    fn columns(&mut self, form: FormId) -> tantivy::Result<&[Option<Column<i64>>]> {
        if !self.forms.contains_key(&form) {
            let columns = self.segment.fast_fields();
            let open = |id: &report::CellId| columns.column_opt(&cell_column(*id));
            let opened = Form::get(form).cells().iter().map(open).collect::<tantivy::Result<_>>()?;
            self.forms.insert(form, opened);
        }
        Ok(self.forms.get(&form).map_or(&[], Vec::as_slice))
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
