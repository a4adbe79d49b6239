//! What a letter is made of, before it is HTML or DOCX.

/// One piece of a letter, from top to bottom. Texts are as they come: whoever draws them escapes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// The title, centred, in lines that break between words.
    Title(Vec<String>),
    /// To whom, flush left.
    Addressee(String),
    /// A paragraph.
    Paragraph(String),
    /// A heading of the first level, `一、必须整改的问题`.
    Heading(String),
    /// One thing that was found, with its number: `（一）`.
    Item(String, String),
    /// More about it: what is told, such as `位置`, and the telling.
    Detail(&'static str, String),
    /// A small table.
    Grid(Grid),
    /// Who signs, and the date below.
    Signature(String, String),
    /// Whom to ask, in brackets.
    Contact(String),
    /// What is enclosed begins, on a page of its own: its mark. Its title follows.
    Enclosure(&'static str),
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
    /// What stands in its head.
    pub(crate) head: &'static str,
    /// Its share of the width, in parts of the sum over all columns.
    pub(crate) share: u32,
    /// Whether figures stand in it, which are set to the right.
    pub(crate) is_figure: bool,
}

impl Grid {
    /// The width of each column where the table is as wide as `whole`.
    pub(crate) fn widths(&self, whole: u32) -> impl Iterator<Item = u32> + '_ {
        let shares = self.columns.iter().map(|column| column.share).sum::<u32>().max(1);
        self.columns.iter().map(move |column| whole * column.share / shares)
    }
}
