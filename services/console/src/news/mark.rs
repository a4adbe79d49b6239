//! How far somebody has read.

use std::fmt;
use std::str::FromStr;

use super::Kind;

/// A position behind what was read. The two facts of the news reach the console independently of each other, so there
/// is a sequence for each; one alone would pass over what arrives late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// When the log was made.
    log_made_at_ms: i64,
    indexed: u64,
    refused: u64,
    /// When somebody looked, for the agencies that became overdue since; milliseconds since 1970-01-01 UTC.
    pub(crate) looked_at_ms: i64,
}

impl Mark {
    /// The same mark on this log; the beginning where it is of another log.
    pub(super) fn on_log(self, log_made_at_ms: i64) -> Self {
        match self.log_made_at_ms == log_made_at_ms {
            true => self,
            false => Self { log_made_at_ms, indexed: 0, refused: 0, ..self },
        }
    }

    /// Whether what happened at this sequence was read.
    pub(crate) fn is_after(&self, kind: Kind, sequence: u64) -> bool {
        let read = if kind == Kind::Refused { self.refused } else { self.indexed };
        sequence <= read
    }

    /// What happened at this sequence is read now.
    pub(super) fn pass(&mut self, kind: Kind, sequence: u64) {
        let read = if kind == Kind::Refused { &mut self.refused } else { &mut self.indexed };
        *read = sequence.max(*read);
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log_made_at_ms, indexed, refused, looked_at_ms } = self;
        write!(f, "{log_made_at_ms}-{indexed}-{refused}-{looked_at_ms}")
    }
}

/// The text is no mark.
#[derive(Debug)]
pub(crate) struct MarkError;

impl FromStr for Mark {
    type Err = MarkError;

    fn from_str(text: &str) -> Result<Self, MarkError> {
        let numbers: Result<Vec<u64>, _> = text.split('-').map(str::parse).collect();
        let numbers = numbers.map_err(|_| MarkError)?;
        let [made, indexed, refused, looked] = numbers[..] else { return Err(MarkError) };
        let time = |ms: u64| i64::try_from(ms).map_err(|_| MarkError);
        Ok(Self { log_made_at_ms: time(made)?, indexed, refused, looked_at_ms: time(looked)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_written_and_read_back() {
        let mark = Mark { log_made_at_ms: 1_700_000_000_000, indexed: 9, refused: 4, looked_at_ms: 5 };
        assert_eq!(mark.to_string().parse::<Mark>().unwrap(), mark);
        for wrong in ["", "1", "1-2-3", "1-2-3-4-5", "1-2-3-x", "1-2-3--4", "1-2-3-99999999999999999999"] {
            assert!(wrong.parse::<Mark>().is_err(), "{wrong}");
        }
    }
}
