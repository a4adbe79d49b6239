//! Every report that a clause finds in a cluster, in a fixed order.

use std::ops::Range;

use serde_json::Value;

use super::ClusterIndex;
use super::compile::compile;
use super::document::parts_of;
use super::walk::{ALL_PARTS, REPORTS_AT_ONCE, ROWS_AT_ONCE, Wanted, key_of, name_in, number_in};
use crate::document::Field;
use crate::found::{FoundReports, SortNames, Sorting};
use crate::{Clause, Found, IndexError, StoredParts};

struct FoundInCluster {
    index: ClusterIndex,
    keys: Vec<String>,
}

impl FoundReports for FoundInCluster {
    fn count(&self) -> usize {
        self.keys.len()
    }

    fn read(&self, numbers: Range<usize>) -> Result<Vec<StoredParts>, IndexError> {
        let keys: Vec<&str> = self.keys.get(numbers).unwrap_or_default().iter().map(String::as_str).collect();
        let found = self.index.reports_by_key(&keys, ALL_PARTS)?;
        let found = keys.iter().zip(found).filter_map(|(key, found)| Some(parts_of(key, &found?.source)));
        found.collect()
    }

    fn batch(&self) -> usize {
        REPORTS_AT_ONCE
    }
}

pub(super) fn find(
    index: ClusterIndex,
    clause: &Clause,
    payload: Option<String>,
) -> Result<Found, IndexError> {
    let fields = [Field::County, Field::City, Field::Province, Field::Agency, Field::Year, Field::Form];
    let columns = fields.map(|field| field.as_str().to_owned());
    let wanted = Wanted { parts: &[], columns: &columns, at_once: ROWS_AT_ONCE };
    let mut sorting = Sorting::new();
    index.walk(&compile(clause, false), &wanted, &mut |hit: &Value| {
        let region =
            [Field::County, Field::City, Field::Province].into_iter().find_map(|field| name_in(hit, field));
        let agency = name_in(hit, Field::Agency).unwrap_or_default();
        let year = number_in(hit, Field::Year);
        let needs_key = agency.is_empty() || year.is_none();
        let names = SortNames {
            region: region.unwrap_or_default(),
            agency,
            year,
            key: needs_key.then(|| key_of(hit)),
        };
        let form = name_in(hit, Field::Form).and_then(report::FormId::parse);
        sorting.add(&names, form, key_of(hit).to_owned());
        Ok(true)
    })?;
    let (keys, forms) = sorting.finish();
    Ok(Found { reports: Box::new(FoundInCluster { index, keys }), forms, payload })
}
