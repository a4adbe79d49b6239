//! Columns and the values of their fields.

use std::borrow::Cow;

use report::{Date, Decimal};

/// What the fields of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// An exact decimal number with at most [`DECIMAL_SCALE`] digits after the point.
    Decimal,
    /// A day.
    Date,
    /// A moment, shown in the time of Beijing.
    Time,
}

/// Digits of a decimal number, before and after the point together.
pub(crate) const DECIMAL_PRECISION: i32 = 38;
/// Digits after the point. A figure in 万元 has six of them down to the last 分.
pub(crate) const DECIMAL_SCALE: u32 = 10;

impl Kind {
    /// The name used in the dictionary.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Date => "date",
            Self::Time => "time",
        }
    }

    /// Whether a column of numbers can hold this number as it is.
    pub(crate) fn holds(self, number: Decimal) -> bool {
        match self {
            Self::Integer => integer(number).is_some(),
            Self::Decimal => unscaled(number).is_some(),
            Self::Text | Self::Date | Self::Time => false,
        }
    }
}

/// A whole number of 64 bits; none where the number is another.
pub(crate) fn integer(number: Decimal) -> Option<i64> {
    let number = number.normalize();
    if number.scale() == 0 { number.mantissa().try_into().ok() } else { None }
}

/// The number times ten to the power of [`DECIMAL_SCALE`]; none where that is no whole number, or one of too many
/// digits.
pub(crate) fn unscaled(number: Decimal) -> Option<i128> {
    let number = number.normalize();
    let missing = DECIMAL_SCALE.checked_sub(number.scale())?;
    let unscaled = number.mantissa().checked_mul(10_i128.checked_pow(missing)?)?;
    (unscaled.unsigned_abs() < 10_u128.pow(DECIMAL_PRECISION as u32)).then_some(unscaled)
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name for programs.
    pub id: Cow<'static, str>,
    /// Its name for people, in Chinese.
    pub name: Cow<'static, str>,
    /// What its fields hold.
    pub kind: Kind,
    /// The unit of its numbers; empty where they have none.
    pub unit: &'static str,
    /// What it means, one Chinese sentence.
    pub meaning: Cow<'static, str>,
    /// Every word that its fields may hold, for programs and for people; nothing where they hold any words.
    pub codes: Vec<(&'static str, &'static str)>,
}

impl Column {
    /// A column of any words or of numbers without a unit.
    pub const fn new(id: &'static str, name: &'static str, kind: Kind, meaning: &'static str) -> Self {
        let (id, name, meaning) = (Cow::Borrowed(id), Cow::Borrowed(name), Cow::Borrowed(meaning));
        Self { id, name, kind, unit: "", meaning, codes: Vec::new() }
    }

    pub(crate) fn with_codes(
        mut self,
        codes: impl IntoIterator<Item = (&'static str, &'static str)>,
    ) -> Self {
        self.codes = codes.into_iter().collect();
        self
    }
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Nothing: it is not known, or there is none.
    Empty,
    /// Words, also those of a code.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// A number.
    Decimal(Decimal),
    /// A day.
    Date(Date),
    /// A moment, milliseconds since 1970-01-01 UTC.
    Time(i64),
}

impl<'a> Value<'a> {
    /// These words; nothing where there are none.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// These words, if they are known.
    pub(crate) fn known(text: Option<&'a str>) -> Self {
        text.map_or(Self::Empty, Self::text)
    }

    pub(crate) fn integer(number: Option<impl Into<i64>>) -> Self {
        number.map_or(Self::Empty, |number| Self::Integer(number.into()))
    }

    pub(crate) fn count(count: usize) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The number, if it is known and a column of this kind can hold it.
    pub(crate) fn number(number: Option<Decimal>, kind: Kind) -> Self {
        match number {
            Some(number) if kind.holds(number) => Self::Decimal(number.normalize()),
            _ => Self::Empty,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_exact_or_not_held() {
        let check = |text: &str, whole: Option<i64>, unscaled_by_ten_digits: Option<i128>| {
            let number = Decimal::from_str_exact(text).unwrap();
            assert_eq!(integer(number), whole, "{text}");
            assert_eq!(unscaled(number), unscaled_by_ten_digits, "{text}");
        };
        check("0", Some(0), Some(0));
        check("9.00", Some(9), Some(90_000_000_000));
        check("-3", Some(-3), Some(-30_000_000_000));
        check("542.55", None, Some(5_425_500_000_000));
        check("0.00000000001", None, None);
        check("9223372036854775808", None, Some(92_233_720_368_547_758_080_000_000_000));
        check("79228162514264337593543950335", None, None);
    }
}
