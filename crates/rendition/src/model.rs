//! What an original looks like. Each type is a protobuf message too, so that a child process can send it.

/// An original as a person sees it: pages, or else pieces of text.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Rendition {
    /// The pages of a file that fixes them.
    #[prost(message, repeated, tag = "1")]
    pub sheets: Vec<Sheet>,
    /// Paragraphs and tables of any other file, in reading order.
    #[prost(message, repeated, tag = "2")]
    pub pieces: Vec<Piece>,
    /// Where the targets are in the pieces.
    #[prost(message, repeated, tag = "3")]
    pub marks: Vec<Mark>,
    /// Whether pieces at the end are left out.
    #[prost(bool, tag = "4")]
    pub is_cut: bool,
}

/// A page.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Sheet {
    /// In points.
    #[prost(float, tag = "1")]
    pub width: f32,
    /// In points.
    #[prost(float, tag = "2")]
    pub height: f32,
    /// How many quarters of a circle the page is turned counterclockwise.
    #[prost(uint32, tag = "3")]
    pub quarter_turns: u32,
    /// Characters whose font the file does not hold, so that they are not drawn.
    #[prost(message, repeated, tag = "4")]
    pub texts: Vec<SheetText>,
}

/// Characters in one font size and colour.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SheetText {
    /// The characters.
    #[prost(string, tag = "1")]
    pub text: String,
    /// Where the base line of each begins, in points before the matrix.
    #[prost(float, repeated, tag = "2")]
    pub x: Vec<f32>,
    /// One for all of them, or one for each.
    #[prost(float, repeated, tag = "3")]
    pub y: Vec<f32>,
    /// In points.
    #[prost(float, tag = "4")]
    pub size: f32,
    /// Four numbers a b c d; none for upright characters.
    #[prost(float, repeated, tag = "5")]
    pub matrix: Vec<f32>,
    /// Red, green and blue in the lower three bytes.
    #[prost(uint32, tag = "6")]
    pub color: u32,
}

/// A paragraph, or a table where it has rows.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Piece {
    /// The text of a paragraph.
    #[prost(string, tag = "1")]
    pub text: String,
    /// 1 to 6 for a heading.
    #[prost(uint32, tag = "2")]
    pub level: u32,
    /// The rows of a table.
    #[prost(message, repeated, tag = "3")]
    pub rows: Vec<Row>,
}

/// A row of a table.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Row {
    /// Its cells from left to right, without those that began in a row above.
    #[prost(message, repeated, tag = "1")]
    pub cells: Vec<Cell>,
}

/// A cell of a table.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Cell {
    /// Its text.
    #[prost(string, tag = "1")]
    pub text: String,
    /// Rows that it covers.
    #[prost(uint32, tag = "2")]
    pub row_span: u32,
    /// Columns that it covers.
    #[prost(uint32, tag = "3")]
    pub column_span: u32,
}

impl Cell {
    pub(crate) fn of(cell: &document::Cell) -> Self {
        Self {
            text: cell.text.as_str().to_owned(),
            row_span: cell.row_span.max(1),
            column_span: cell.column_span.max(1),
        }
    }
}

/// The place of something in the original, as reading found it.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Target {
    /// Line of the source.
    #[prost(uint32, tag = "1")]
    pub line: u32,
    /// First byte in the source.
    #[prost(uint64, tag = "2")]
    pub start: u64,
    /// One past the last byte in the source.
    #[prost(uint64, tag = "3")]
    pub end: u64,
    /// Table, row and column from 0, where it stands in a table.
    #[prost(uint32, optional, tag = "4")]
    pub table: Option<u32>,
    /// Row of the table.
    #[prost(uint32, optional, tag = "5")]
    pub row: Option<u32>,
    /// Column of the row.
    #[prost(uint32, optional, tag = "6")]
    pub column: Option<u32>,
    /// What is printed there, where that is known.
    #[prost(string, tag = "7")]
    pub text: String,
}

/// The piece of text that a target is.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Mark {
    /// Index of the target.
    #[prost(uint32, tag = "1")]
    pub target: u32,
    /// Index of the paragraph or table.
    #[prost(uint32, tag = "2")]
    pub piece: u32,
    /// Index of the row; 0 in a paragraph.
    #[prost(uint32, tag = "3")]
    pub row: u32,
    /// Index of the cell in its row; 0 in a paragraph.
    #[prost(uint32, tag = "4")]
    pub cell: u32,
    /// First byte of its text.
    #[prost(uint32, tag = "5")]
    pub from: u32,
    /// One past the last byte of its text.
    #[prost(uint32, tag = "6")]
    pub to: u32,
}

/// Which page is drawn, and how.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Page {
    /// From 1.
    #[prost(uint32, tag = "1")]
    pub number: u32,
    /// Dots per inch.
    #[prost(uint32, tag = "2")]
    pub dpi: u32,
    /// As its [`Sheet`] says.
    #[prost(uint32, tag = "3")]
    pub quarter_turns: u32,
}
