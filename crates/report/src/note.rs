//! Notes that the reader makes about tables and headings. `rules` decides what they mean.

use crate::Origin;

/// One note about the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The kind of note.
    pub kind: NoteKind,
    /// The id of the row, column or table it is about, without its table's prefix unless it is a
    /// table: `other.misc`, `total`, `requests`; for a heading its words.
    pub subject: String,
    /// How many figures stood there, or how many 元 a unit is, where that is the point.
    pub count: Option<u32>,
    /// Where.
    pub origin: Option<Origin>,
}

/// The kinds of note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoteKind {
    /// The header has no such column, e.g. 总计 of table three. `subject` is the column.
    ColumnAbsent,
    /// The row has a label and no figure. `subject` is the row.
    RowWithoutFigures,
    /// The row's cells have slipped sideways against the header. `subject` is the row.
    RowShifted,
    /// The row stops before its last column. `subject` is the row, `count` the figures printed.
    RowCut,
    /// No row has this label. `subject` is the row.
    RowAbsent,
    /// The table is absent. `subject` is `active`, `requests` or `litigation`.
    TableAbsent,
    /// The table or row has more or fewer figures than its form. `subject` is the table or row,
    /// `count` what was found.
    FigureCount,
    /// Several alignments were possible and the equations chose this one. `subject` is the row.
    AlignmentChosen,
    /// The same row stands twice with different figures. `subject` is the row.
    RowRepeated,
    /// The table mixes rows of both forms. `subject` is the row that is foreign.
    ForeignRow,
    /// A column of table two has words in its heading that the form does not have. `subject` is the
    /// heading as printed.
    HeadingAltered,
    /// A row has its label of the form of 2019. `subject` is the row.
    LabelOutdated,
    /// The heading of a column of money names another unit than its form does. `subject` is the row,
    /// `count` how many 元 the unit is.
    MoneyUnit,
    /// One row 其他处理 stands for the three of the form, and has this figure, which is their sum. `subject`
    /// is the column, `count` the figure.
    GroupFigure,
}

/// The six parts of the report, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SectionKind {
    /// 一、总体情况
    Overview,
    /// 二、主动公开政府信息情况
    Active,
    /// 三、收到和处理政府信息公开申请情况
    Requests,
    /// 四、政府信息公开行政复议、行政诉讼情况
    Litigation,
    /// 五、存在的主要问题及改进情况
    Problems,
    /// 六、其他需要报告的事项
    Other,
}

impl SectionKind {
    /// The six, in their order.
    pub const ALL: [Self; 6] =
        [Self::Overview, Self::Active, Self::Requests, Self::Litigation, Self::Problems, Self::Other];

    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Active => "active",
            Self::Requests => "requests",
            Self::Litigation => "litigation",
            Self::Problems => "problems",
            Self::Other => "other",
        }
    }

    /// The official heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Overview => "一、总体情况",
            Self::Active => "二、主动公开政府信息情况",
            Self::Requests => "三、收到和处理政府信息公开申请情况",
            Self::Litigation => "四、政府信息公开行政复议、行政诉讼情况",
            Self::Problems => "五、存在的主要问题及改进情况",
            Self::Other => "六、其他需要报告的事项",
        }
    }
}

/// A top-level heading as it stands in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Which of the six it is; none for any other heading.
    pub kind: Option<SectionKind>,
    /// The heading as printed.
    pub heading: String,
    /// Its number as printed (一 is 1), if it has one.
    pub ordinal: Option<u32>,
    /// Where it stands.
    pub origin: Origin,
    /// Length of the text under it, tables left out, in characters.
    pub chars: u32,
}

impl Note {
    /// A note about a row, column or table.
    pub fn new(kind: NoteKind, subject: impl Into<String>, origin: Option<Origin>) -> Self {
        Self { kind, subject: subject.into(), count: None, origin }
    }

    /// The same with a number of figures.
    pub fn counted(kind: NoteKind, subject: impl Into<String>, count: u32, origin: Option<Origin>) -> Self {
        Self { kind, subject: subject.into(), count: Some(count), origin }
    }
}
