//! Between the model and the wire, in one place: `From` outwards, `TryFrom` inwards.
//!
//! Outwards nothing can go wrong. Inwards anything can: the writer may be newer than this code, or
//! no writer of ours at all. Nothing is guessed then; the error names the field and what stood in it.

mod cells;
mod finding;
mod names;
mod report;
mod scope;

use ::report::{CellId, Decimal};

/// A message that is no value of the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// A name or number that this version does not know. A newer one may: upgrade and replay.
    #[error("{field}: `{value}` is not known to this version")]
    Unknown {
        /// Path of the field, e.g. `report.rows[3].figures[2].state`.
        field: String,
        /// What stood there.
        value: String,
    },
    /// A value that no version writes.
    #[error("{field}: `{value}` is not {expected}")]
    Malformed {
        /// Path of the field.
        field: String,
        /// What stood there.
        value: String,
        /// What has to stand there.
        expected: &'static str,
    },
    /// A message that has to be there and is not.
    #[error("{field}: is absent")]
    Absent {
        /// Path of the field.
        field: String,
    },
}

impl ConvertError {
    /// The path of the field that is wrong.
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

    /// The same error seen from the message around it.
    fn within(mut self, outer: impl std::fmt::Display) -> Self {
        let (Self::Unknown { field, .. } | Self::Malformed { field, .. } | Self::Absent { field }) =
            &mut self;
        *field = format!("{outer}.{field}");
        self
    }
}

/// The elements of a repeated field, each with its position in the path of an error.
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

/// A message that may be absent.
fn optional<'a, Wire, Model>(field: &str, message: Option<&'a Wire>) -> Result<Option<Model>, ConvertError>
where
    Model: TryFrom<&'a Wire, Error = ConvertError>,
{
    message.map(|message| Model::try_from(message).map_err(|error| error.within(field))).transpose()
}

/// A message that may not be absent.
fn required<'a, Wire, Model>(field: &str, message: Option<&'a Wire>) -> Result<Model, ConvertError>
where
    Model: TryFrom<&'a Wire, Error = ConvertError>,
{
    optional(field, message)?.ok_or_else(|| ConvertError::absent(field))
}

/// A text whose absence is written as the empty text.
fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// One number has one spelling: no exponent, no padding, no `-0`.
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
