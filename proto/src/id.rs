//! The identity of one reading of one original.

use std::fmt;
use std::str::FromStr;

/// Hex digits of the original's SHA-256 in an id: 128 bits, so that no two files share an id.
const DIGITS: usize = 32;

/// One reading of one original: `9f86d081884c7d659a2feaa0c55ad015-g0`.
///
/// It is the first 32 hex digits of the original's SHA-256 and a generation, which counts how often the same
/// bytes were read again. It is always a valid token of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportId {
    digits: String,
    generation: u32,
}

/// A text that is no [`ReportId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no report id (32 lower-case hex digits, `-g` and a generation)")]
pub struct ReportIdError(pub String);

impl ReportId {
    /// The id of a generation of the original with this SHA-256, given as 64 lower-case hex digits.
    ///
    /// # Errors
    /// If the text is no SHA-256.
    pub fn of(sha256_hex: &str, generation: u32) -> Result<Self, ReportIdError> {
        if sha256_hex.len() != 64 || !is_hex(sha256_hex) {
            return Err(ReportIdError(sha256_hex.to_owned()));
        }
        Ok(Self { digits: sha256_hex[..DIGITS].to_owned(), generation })
    }

    /// The id with this text.
    ///
    /// # Errors
    /// If it is no id, or an id in another spelling such as `…-g01`.
    pub fn parse(text: &str) -> Result<Self, ReportIdError> {
        let (digits, generation) = text
            .split_once("-g")
            .filter(|(digits, _)| digits.len() == DIGITS && is_hex(digits))
            .ok_or_else(|| ReportIdError(text.to_owned()))?;
        let id = generation.parse().ok().map(|generation| Self { digits: digits.to_owned(), generation });
        id.filter(|id| id.to_string() == text).ok_or_else(|| ReportIdError(text.to_owned()))
    }

    /// 0 for the first reading of the original.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The beginning of the original's SHA-256, the same for every generation.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The id of the next reading of the same original.
    pub fn next_generation(&self) -> Self {
        Self { digits: self.digits.clone(), generation: self.generation.saturating_add(1) }
    }
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-g{}", self.digits, self.generation)
    }
}

impl FromStr for ReportId {
    type Err = ReportIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The id after `last` of facts that count up: `roster-17` after `roster-16`, `roster-1` after none and after an id
/// that does not count. Of two facts that follow the same one, the log takes only one.
pub fn next_id(name: &str, last: Option<&str>) -> String {
    let number = last.and_then(|last| last.strip_prefix(name)?.strip_prefix('-')?.parse::<u64>().ok());
    format!("{name}-{}", number.unwrap_or(0) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[test]
    fn an_id_is_the_beginning_of_the_hash_and_a_generation() {
        let first = ReportId::of(SHA256, 0).unwrap();
        assert_eq!(first.to_string(), "9f86d081884c7d659a2feaa0c55ad015-g0");
        assert_eq!(first.next_generation().to_string(), "9f86d081884c7d659a2feaa0c55ad015-g1");
        assert_eq!(first.to_string().parse(), Ok(first));
    }

    #[test]
    fn only_a_sha256_makes_an_id() {
        assert!(ReportId::of("", 0).is_err());
        assert!(ReportId::of(&SHA256[..63], 0).is_err());
        assert!(ReportId::of(&SHA256.to_uppercase(), 0).is_err());
        assert!(ReportId::of(&format!("{}a", "简".repeat(21)), 0).is_err());
    }

    #[test]
    fn an_id_is_written_in_one_way_only() {
        let check =
            |text: &str, expected: bool| assert_eq!(ReportId::parse(text).is_ok(), expected, "{text}");
        check("9f86d081884c7d659a2feaa0c55ad015-g0", true);
        check("9f86d081884c7d659a2feaa0c55ad015-g4294967295", true);
        check("9f86d081884c7d659a2feaa0c55ad015-g4294967296", false);
        check("9f86d081884c7d659a2feaa0c55ad015-g01", false);
        check("9f86d081884c7d659a2feaa0c55ad015-g+1", false);
        check("9f86d081884c7d659a2feaa0c55ad015-g-1", false);
        check("9f86d081884c7d659a2feaa0c55ad015-g", false);
        check("9f86d081884c7d659a2feaa0c55ad015", false);
        check("9F86D081884C7D659A2FEAA0C55AD015-g0", false);
        check("9f86d081884c7d659a2feaa0c55ad01-g0", false);
        check("9f86d081.>", false);
        check("", false);
    }
}
