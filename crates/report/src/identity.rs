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

/// An administrative division (行政区划) by its code and its full name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Region {
    /// Six digits down to the county, GB/T 2260, e.g. `370400`; nine for a township, e.g. `130532202`.
    pub code: String,
    /// From the province down, e.g. `山东省枣庄市`.
    pub name: String,
}

/// Where a report states who it is from, which year it is about or when it was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The title line.
    Title,
    /// The period of the statistics (统计期限).
    Period,
    /// The narrative: the first sentence, or the first year named.
    Narrative,
    /// The signature (落款), or the date under the title.
    Signature,
    /// What the page says around the report: 发布机构, 发布日期, HTML `<meta>`.
    Page,
    /// The name of the file.
    FileName,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 6] =
        [Self::Title, Self::Period, Self::Narrative, Self::Signature, Self::Page, Self::FileName];

    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Period => "period",
            Self::Narrative => "narrative",
            Self::Signature => "signature",
            Self::Page => "page",
            Self::FileName => "file_name",
        }
    }

    /// Its name for those who review reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Title => "标题",
            Self::Period => "统计期限",
            Self::Narrative => "正文",
            Self::Signature => "落款",
            Self::Page => "网页",
            Self::FileName => "文件名",
        }
    }
}

/// What one source says: the agency, the year or the day of publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated<T> {
    /// What says so.
    pub source: Source,
    /// What it says.
    pub value: T,
    /// Where, if it stands in the document.
    pub origin: Option<Origin>,
}
