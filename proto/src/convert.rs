//! Conversions between the model and the wire: `From` encodes, `TryFrom` decodes.
//!
//! Encoding cannot fail. Decoding can: the writer may be newer than this code, or another program. Nothing is
//! guessed then; the error names the field and its value.

mod cells;
mod finding;
mod names;
mod report;
mod scope;
mod workflow;

use ::report::{CellId, Decimal};

/// A message that is no value of the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// A name or number that this version does not know. A newer one may: upgrade and replay.
    #[error("{field}: `{value}` is not known to this version")]
    Unknown {
        /// Path of the field, e.g. `report.rows[3].figures[2].state`.
        field: String,
        /// Its value.
        value: String,
    },
    /// A value that no version writes.
    #[error("{field}: `{value}` is not {expected}")]
    Malformed {
        /// Path of the field.
        field: String,
        /// Its value.
        value: String,
        /// The expected value.
        expected: &'static str,
    },
    /// A required message that is absent.
    #[error("{field}: is absent")]
    Absent {
        /// Path of the field.
        field: String,
    },
}

impl ConvertError {
    /// The path of the field.
    pub fn field(&self) -> &str {
        match self {
            Self::Unknown { field, .. } | Self::Malformed { field, .. } | Self::Absent { field } => field,
        }
    }

    fn unknown(field: &str, value: impl ToString) -> Self {
        Self::Unknown { field: field.to_owned(), value: value.to_string() }
    }

    fn malformed(field: &str, value: impl ToString, expected: &'static str) -> Self {
        Self::Malformed { field: field.to_owned(), value: value.to_string(), expected }
    }

    fn absent(field: &str) -> Self {
        Self::Absent { field: field.to_owned() }
    }

    /// The same error, with its path seen from the enclosing message.
    fn within(mut self, outer: impl std::fmt::Display) -> Self {
        let (Self::Unknown { field, .. } | Self::Malformed { field, .. } | Self::Absent { field }) =
            &mut self;
        *field = format!("{outer}.{field}");
        self
    }
}

/// Decodes a repeated field; an error has the position of its element in its path.
fn each<'a, Wire, Model>(field: &str, messages: &'a [Wire]) -> Result<Vec<Model>, ConvertError>
where
    Model: TryFrom<&'a Wire, Error = ConvertError>,
{
    messages
        .iter()
        .enumerate()
        .map(|(position, message)| {
            Model::try_from(message).map_err(|error| error.within(format_args!("{field}[{position}]")))
        })
        .collect()
}

/// Decodes a message that may be absent.
fn optional<'a, Wire, Model>(field: &str, message: Option<&'a Wire>) -> Result<Option<Model>, ConvertError>
where
    Model: TryFrom<&'a Wire, Error = ConvertError>,
{
    message.map(|message| Model::try_from(message).map_err(|error| error.within(field))).transpose()
}

/// Decodes a message that must be present.
fn required<'a, Wire, Model>(field: &str, message: Option<&'a Wire>) -> Result<Model, ConvertError>
where
    Model: TryFrom<&'a Wire, Error = ConvertError>,
{
    optional(field, message)?.ok_or_else(|| ConvertError::absent(field))
}

/// An empty text stands for an absent one.
fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The only spelling of a number: no exponent, no padding, no `-0`.
fn spelled(value: Decimal) -> String {
    value.normalize().to_string()
}

fn decimal(field: &str, text: &str) -> Result<Decimal, ConvertError> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let plain = unsigned.starts_with(|first: char| first.is_ascii_digit())
        && unsigned.ends_with(|last: char| last.is_ascii_digit())
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain
        .then(|| Decimal::from_str_exact(text).ok())
        .flatten()
        .ok_or_else(|| ConvertError::malformed(field, text, "a decimal"))
}

fn optional_decimal(field: &str, text: &str) -> Result<Option<Decimal>, ConvertError> {
    if text.is_empty() { Ok(None) } else { decimal(field, text).map(Some) }
}

fn cell_id(field: &str, name: &str) -> Result<CellId, ConvertError> {
    CellId::parse(name).map_err(|_| ConvertError::unknown(field, name))
}
