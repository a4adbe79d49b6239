//! The stored parts of a report in the folder index.

use tantivy::schema::{Field, Value as _};
use tantivy::{DocAddress, Searcher, TantivyDocument};

use crate::stored::{PackedParts, Part};
use crate::{IndexError, StoredParts};

/// The fields of the parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredFields {
    pub(crate) card: Field,
    pub(crate) history: Field,
    pub(crate) acts: Field,
    pub(crate) fact: Field,
    pub(crate) compared: Field,
    pub(crate) text: Field,
}

impl StoredFields {
    /// The field of a part.
    pub(crate) fn field(&self, part: Part) -> Field {
        match part {
            Part::Card => self.card,
            Part::History => self.history,
            Part::Acts => self.acts,
            Part::Fact => self.fact,
            Part::Compared => self.compared,
            Part::Text => self.text,
        }
    }
}

/// A stored document.
#[derive(Debug, Clone)]
pub(crate) struct FolderParts {
    fields: StoredFields,
    document: TantivyDocument,
}

impl FolderParts {
    /// A part as it is stored; empty where nothing is.
    pub(crate) fn part(&self, part: Part) -> &[u8] {
        let stored = self.document.get_first(self.fields.field(part));
        stored.and_then(|part| part.as_bytes()).unwrap_or_default()
    }
}

/// The report that is stored there.
pub(crate) fn stored_parts(
    searcher: &Searcher,
    fields: StoredFields,
    address: DocAddress,
) -> Result<StoredParts, IndexError> {
    let document = searcher.doc(address)?;
    StoredParts::of(PackedParts::Folder(FolderParts { fields, document }), &address)
}
