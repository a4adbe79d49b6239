//! Statements of the narrative in words. `rules` decides what they mean.

use crate::{Decimal, Origin, SectionKind};

/// A statement of the narrative that a reviewer would check.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    /// What it is.
    pub kind: RemarkKind,
    /// The words as printed, or the one form of them that the kind names.
    pub text: String,
    /// The number in it, where that is the point; see the kind.
    pub value: Option<Decimal>,
    /// The part of the report it stands in; none before the first heading.
    pub section: Option<SectionKind>,
    /// Where.
    pub origin: Origin,
}

/// The kinds of remark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RemarkKind {
    /// A document that is cited by its number. `text` is the number without spaces and with 〔〕.
    Citation,
    /// The period of the statistics as printed. `text` is `2024-01-01/2024-12-31` if both ends can be
    /// read, else what is printed.
    Period,
    /// A theme of the text: of the overview `主动公开`, `依申请公开`, `政府信息管理`, `平台建设`,
    /// `监督保障`, of any part `工作考核`, `社会评议`, `责任追究`. `text` is the theme.
    Theme,
    /// A sentence on fees for information (信息处理费). `value` is the amount in 元, 0 where it says that
    /// none was charged, none where it does not say.
    Fee,
    /// A sentence that all requests were answered, e.g. `全部办结`.
    AllConcluded,
    /// The area that the figures are said to cover, e.g. `全市`, `本机关`.
    Scope,
    /// A gap where a number is missing, e.g. `公开信息  条`, `XX件`.
    Hole,
    /// Words that stand twice, e.g. `政府政府`.
    Doubled,
    /// Remains of a converter, an editor or a website, e.g. `[bookmark: _GoBack]`.
    Artefact,
    /// A sentence torn by a line break in the middle of a word. `text` is both sides of the break.
    Torn,
    /// Personal data: the number of an identity card, the telephone number of an applicant. `text` hides all
    /// but its ends.
    Personal,
    /// A sentence that says of how many parts the report is made. `value` is how many it says.
    Parts,
    /// A sentence that says which year's annual report was published. `value` is that year.
    Published,
    /// The name of another agency instead of the own name, or the trade of another agency instead of the own
    /// trade. `text` is the name, or the words, e.g. `根据信访工作实际`.
    Stranger,
    /// Section five or six as good as empty, e.g. `无`. `text` is what stands there.
    Empty,
    /// Section five speaks of a problem, `text` `问题`, or of what is done about it, `text` `措施`.
    Remedy,
    /// Something that this copy has lost of the report that was published: `text` is `标题` for the title,
    /// `分行` for the breaks between headings, labels and figures, `表二`, `表三` or `表四` for a table of
    /// which only labels or figures are left.
    Lost,
    /// Another report in the same file, which is not read. `text` is its title, empty where it has none;
    /// `value` is its year.
    OtherReport,
    /// A passage beyond the limits of the reader, whose numbers and statements are not judged. `text` is what
    /// it is, e.g. `一句话超过2000字`.
    Overlong,
}

impl RemarkKind {
    /// Every kind.
    pub const ALL: [Self; 19] = [
        Self::Citation,
        Self::Period,
        Self::Theme,
        Self::Fee,
        Self::AllConcluded,
        Self::Scope,
        Self::Hole,
        Self::Doubled,
        Self::Artefact,
        Self::Torn,
        Self::Personal,
        Self::Parts,
        Self::Published,
        Self::Stranger,
        Self::Empty,
        Self::Remedy,
        Self::Lost,
        Self::OtherReport,
        Self::Overlong,
    ];

    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Citation => "citation",
            Self::Period => "period",
            Self::Theme => "theme",
            Self::Fee => "fee",
            Self::AllConcluded => "all_concluded",
            Self::Scope => "scope",
            Self::Hole => "hole",
            Self::Doubled => "doubled",
            Self::Artefact => "artefact",
            Self::Torn => "torn",
            Self::Personal => "personal",
            Self::Parts => "parts",
            Self::Published => "published",
            Self::Stranger => "stranger",
            Self::Empty => "empty",
            Self::Remedy => "remedy",
            Self::Lost => "lost",
            Self::OtherReport => "other_report",
            Self::Overlong => "overlong",
        }
    }
}
