//! Who reports, and for which year.

use std::fmt;

use crate::Origin;

/// A report year. Disclosure reports begin with the regulation of 2007, so 2007 is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Year(u16);

impl Year {
    /// The year, if a report can be about it (2007 to 2099).
    pub fn new(year: i64) -> Option<Self> {
        (2007..=2099).contains(&year).then_some(Self(year as u16))
    }

    /// The year as a number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Year {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An administrative division (行政区划) by its six-digit code and its full name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Region {
    /// Six digits, GB/T 2260, e.g. `370400`.
    pub code: String,
    /// From the province down, e.g. `山东省枣庄市`.
    pub name: String,
}

/// Where a report states its year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum YearSource {
    /// The title line.
    Title,
    /// The period of the statistics (统计期限).
    Period,
    /// The first year named in the narrative.
    Narrative,
    /// The name of the file.
    FileName,
}

/// One statement of the report's year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatedYear {
    /// What says so.
    pub source: YearSource,
    /// What it says.
    pub year: Year,
    /// Where, if it stands in the document.
    pub origin: Option<Origin>,
}
