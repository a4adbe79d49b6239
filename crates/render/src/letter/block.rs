//! The blocks of a letter, which `html` and `docx` render.

/// One block of a letter. Texts are raw: the renderer escapes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// The number of the document, and who signs it off.
    Number(String, Option<String>),
    /// The title, centred, with its lines broken between words.
    Title(Vec<String>),
    /// The addressee, flush left.
    Addressee(String),
    /// A paragraph.
    Paragraph(String),
    /// A heading of the first level, `一、必须整改的问题`.
    Heading(String),
    /// A finding with its number: `（一）`.
    Item(String, String),
    /// A detail of the finding: its label, such as `位置`, and its text.
    Detail(&'static str, String),
    /// A small table.
    Grid(Grid),
    /// The name of the office, and the date below.
    Signature(String, String),
    /// The contact person, in brackets.
    Contact(String),
    /// The mark of an enclosure, at the top of a new page; its title follows.
    Enclosure(String),
}

/// A small table: a head and rows of as many cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid {
    /// Its columns.
    pub(crate) columns: Vec<Column>,
    /// Its rows.
    pub(crate) rows: Vec<Vec<String>>,
}

/// A column of a small table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    /// The text of its head.
    pub(crate) head: &'static str,
    /// Its class in the style sheet, which gives its width.
    pub(crate) class: &'static str,
    /// Its share of the width in percent, as the style sheet has it. Where a table has not every column, the others
    /// share the rest.
    pub(crate) share: u32,
    /// Whether it has figures, which are right-aligned.
    pub(crate) is_figure: bool,
}

impl Grid {
    /// The width of each column where the table is as wide as `whole`.
    pub(crate) fn widths(&self, whole: u32) -> impl Iterator<Item = u32> + '_ {
        let shares = self.columns.iter().map(|column| column.share).sum::<u32>().max(1);
        self.columns.iter().map(move |column| whole * column.share / shares)
    }
}
