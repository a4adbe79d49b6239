//! A report as a document of the cluster.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use report::CellId;
use serde_json::{Map, Value, json};

use super::mapping::{PARTS, cell_name, part_field};
use crate::analyzer::glyphs;
use crate::document::{Document, Field};
use crate::stored::{PackedParts, Part};
use crate::{IndexError, StoredParts};

/// Between several scopes of one report: the columns of a cluster sort and merge the values of a field.
pub(super) const SCOPE_SEPARATOR: char = '\u{1f}';

/// A document while it is filled.
#[derive(Default)]
pub(super) struct ClusterDocument(pub(super) Map<String, Value>);

/// The glyphs of a text as the cluster indexes them: one token each.
pub(super) fn row_of_glyphs(text: &str) -> String {
    let mut row = String::with_capacity(text.len() * 4 / 3);
    for located in glyphs(text) {
        if !row.is_empty() {
            row.push(' ');
        }
        row.push_str(&located.glyph.term());
    }
    row
}

impl Document for ClusterDocument {
    fn text(&mut self, field: Field, value: &str) {
        let name = field.as_str();
        match field {
            Field::Title | Field::Text | Field::RegionName | Field::AgencyName => {
                self.0.insert(name.to_owned(), row_of_glyphs(value).into());
            }
            Field::Scope => match self.0.get_mut(name) {
                Some(Value::String(scopes)) => {
                    scopes.push(SCOPE_SEPARATOR);
                    scopes.push_str(value);
                }
                _ => {
                    self.0.insert(name.to_owned(), value.into());
                }
            },
            _ => match self.0.get_mut(name) {
                Some(Value::Array(values)) => values.push(value.into()),
                _ => {
                    self.0.insert(name.to_owned(), json!([value]));
                }
            },
        }
    }

    fn number(&mut self, field: Field, value: i64) {
        self.0.insert(field.as_str().to_owned(), value.into());
    }

    fn cells(&mut self, field: Field, values: impl Iterator<Item = (CellId, i64)>) {
        let values: Map<String, Value> =
            values.map(|(cell, value)| (cell_name(cell), value.into())).collect();
        self.0.insert(field.as_str().to_owned(), values.into());
    }

    fn part(&mut self, part: Part, packed: &[u8]) {
        if !packed.is_empty() {
            self.0.insert(part_field(part).to_owned(), BASE64.encode(packed).into());
        }
    }
}

/// The parts that an answer brought.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClusterParts(BTreeMap<&'static str, Vec<u8>>);

impl ClusterParts {
    /// A part as it is stored; empty where nothing is.
    pub(crate) fn part(&self, part: Part) -> &[u8] {
        self.0.get(part_field(part)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The parts in the `_source` of a document.
pub(super) fn parts_of(key: &str, source: &Value) -> Result<StoredParts, IndexError> {
    let mut parts = BTreeMap::new();
    for (_, name) in PARTS {
        let Some(encoded) = source.get(name).and_then(Value::as_str) else { continue };
        // What does not decode is missing, and is told as damage where it is needed.
        parts.insert(name, BASE64.decode(encoded.as_bytes()).unwrap_or_default());
    }
    StoredParts::of(PackedParts::Cluster(ClusterParts(parts)), &key)
}
