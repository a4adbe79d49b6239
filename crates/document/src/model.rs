//! The one model that every reader yields.

use std::ops::Range;

use crate::kind::Kind;
use crate::scanned::Scan;

/// A file as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The format that was detected from the bytes.
    pub format: Kind,
    /// The character encoding by its WHATWG name, e.g. `GB18030`; none for binary formats.
    pub encoding: Option<&'static str>,
    /// The title that the format itself carries (HTML `<title>`), not the one on the page.
    pub title: Option<Text>,
    /// What the format carries for machines, by name (HTML `<meta name content>`).
    pub metadata: Vec<(String, Text)>,
    /// Paragraphs and tables in reading order.
    pub blocks: Vec<Block>,
    /// What speaks for each figure, where the pages are scanned.
    pub scan: Option<Scan>,
}

/// What a reader finds in a file.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) encoding: Option<&'static str>,
    pub(crate) title: Option<Text>,
    pub(crate) metadata: Vec<(String, Text)>,
    pub(crate) blocks: Vec<Block>,
}

impl From<Vec<Block>> for Content {
    fn from(blocks: Vec<Block>) -> Content {
        Content { blocks, ..Content::default() }
    }
}

/// One piece of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Running text.
    Paragraph(Paragraph),
    /// A table.
    Table(Table),
}

impl Block {
    /// The text of a paragraph; none for a table.
    pub fn paragraph_text(&self) -> Option<&Text> {
        match self {
            Block::Paragraph(paragraph) => Some(&paragraph.text),
            Block::Table(_) => None,
        }
    }
}

/// A paragraph.
#[derive(Debug, Clone, PartialEq)]
pub struct Paragraph {
    /// Its text, trimmed, without line breaks.
    pub text: Text,
    /// 1 to 6 where the format marks it as a heading (`<h2>`, `##`).
    pub level: Option<u8>,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// How far its geometry can be trusted.
    pub layout: Layout,
    /// Its rows; rows may have different widths.
    pub rows: Vec<Row>,
}

/// How far the geometry of a table can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// A true grid: columns and spans are as the source declares them.
    Grid,
    /// Rows are as printed, but cells may have slipped sideways or been lost (tabs, pipes).
    Rows,
    /// Cells one after another: where a row ends is a guess (one cell a line).
    Stream,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Its cells from left to right. In a [`Layout::Grid`], a cell that spans rows is in its
    /// first row only.
    pub cells: Vec<Cell>,
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its text, trimmed, line breaks inside turned to single spaces; empty for a blank cell.
    pub text: Text,
    /// Column, from 0: of the grid, or of the row as printed.
    pub column: u32,
    /// Rows it covers, at least 1.
    pub row_span: u32,
    /// Columns it covers, at least 1.
    pub column_span: u32,
}

/// The place of a piece of text in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Place {
    /// Page, from 1; none where the format has no pages.
    pub page: Option<u32>,
    /// Line of the source, from 1.
    pub line: u32,
    /// First byte in the source.
    pub start: u64,
    /// One past the last byte in the source.
    pub end: u64,
    /// The box on the page; none where the format has no pages.
    pub area: Option<Area>,
}

/// A box on a page, in points from the page's top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Area {
    /// Left edge.
    pub left: u16,
    /// Upper edge.
    pub top: u16,
    /// Right edge.
    pub right: u16,
    /// Lower edge.
    pub bottom: u16,
}

impl Area {
    /// The box of whole points round these edges: left, top, right and bottom.
    pub fn around([left, top, right, bottom]: [f32; 4]) -> Area {
        let points = |value: f32| value.clamp(0.0, f32::from(u16::MAX)) as u16;
        Area {
            left: points(left.floor()),
            top: points(top.floor()),
            right: points(right.ceil()),
            bottom: points(bottom.ceil()),
        }
    }

    /// The smallest box round both.
    pub(crate) fn with(self, other: Area) -> Area {
        Area {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

/// Why what a person sees of a piece of text may differ from what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doubt {
    /// Something lies over it: a shape, a picture, a box of text, a note.
    Covered,
    /// Other characters stand in the same place.
    Overlapping,
    /// Its colour is that of its ground, or nearly.
    SameColour,
    /// Nearly transparent.
    Faint,
    /// Too small to be seen.
    Tiny,
    /// Off the page, or outside the area that is shown.
    Clipped,
    /// Struck through.
    Struck,
    /// Hidden, at least where it is shown in some ways.
    Hidden,
    /// Digits set low or high.
    Raised,
    /// A fraction or a power.
    Fraction,
    /// Shown in another order than it is stored in.
    Reordered,
    /// The drawn shape is that of another character.
    OtherShape,
    /// What is shown comes from elsewhere: bound data, a field, a style sheet, a script.
    Generated,
    /// The number format of the cell shows something else.
    Formatted,
}

/// Text with the place of each of its characters.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    string: String,
    runs: Vec<Run>,
    /// What is doubtful, by its bytes in the string. An empty range stands for something that is shown there and
    /// not stored.
    doubts: Vec<(Range<usize>, Doubt)>,
}

/// Doubts of one text that are kept apart.
const MOST_DOUBTS: usize = 1_000;

/// Characters that are contiguous in the source.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Run {
    /// Where the run begins in the string, in bytes.
    at: usize,
    line: u32,
    start: u64,
    end: u64,
    width: Width,
    /// From 1, 0 where there are no pages.
    page: u32,
    area: Option<Area>,
}

/// A run whose characters take different numbers of bytes is no longer than this: to find a place in it, its
/// characters are counted.
const RUN_BYTES: usize = 1 << 10;

/// How many bytes of the source the characters of a run take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// As many as in the string.
    Utf8,
    /// Two, and four beyond the basic plane.
    Utf16,
    /// One for ASCII and two for the rest, as in GB18030 and Big5.
    Double,
    /// Unknown: only the whole run has a place.
    Whole,
}

impl Width {
    /// Bytes that a piece takes in the source.
    pub(crate) fn of(self, piece: &str) -> usize {
        match self {
            Width::Utf8 | Width::Whole => piece.len(),
            Width::Utf16 => piece.chars().map(|character| 2 * character.len_utf16()).sum(),
            Width::Double => piece.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum(),
        }
    }
}

impl Text {
    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.string
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.string.is_empty()
    }

    /// The place of the whole text. A blank text has the place where its text would be.
    pub fn place(&self) -> Place {
        self.place_of(0..self.string.len())
    }

    /// The place of a part of the text; `range` is in bytes of [`Text::as_str`].
    pub fn place_of(&self, range: Range<usize>) -> Place {
        let first = self.runs.partition_point(|run| run.at <= range.start).saturating_sub(1);
        let last = self.runs.partition_point(|run| run.at < range.end).saturating_sub(1).max(first);
        let (Some(head), Some(tail)) = (self.runs.get(first), self.runs.get(last)) else {
            return Place::default();
        };
        let start = match head.width {
            Width::Whole => head.start,
            width => head.start + width.of(self.part(head.at..range.start)) as u64,
        };
        let end = match tail.width {
            Width::Whole => tail.end,
            width => tail.start + width.of(self.part(tail.at..range.end)) as u64,
        };
        let start = start.min(head.end);
        let runs = self.runs.get(first..=last).unwrap_or_default();
        let here = runs.iter().filter(|run| run.page == head.page);
        Place {
            page: (head.page > 0).then_some(head.page),
            line: head.line,
            start,
            end: end.min(tail.end).max(start),
            area: here.filter_map(|run| run.area).reduce(Area::with),
        }
    }

    /// Why the text is doubtful, if any of it is; the first reason.
    pub fn doubt(&self) -> Option<Doubt> {
        self.doubts.first().map(|(_, doubt)| *doubt)
    }

    /// Marks a part of the text as doubtful; `range` is in bytes of [`Text::as_str`].
    pub(crate) fn mark_doubtful(&mut self, range: Range<usize>, doubt: Doubt) {
        let count = self.doubts.len();
        match self.doubts.last_mut() {
            // What is doubtful on and on is doubtful as a whole.
            Some((last, _)) if count >= MOST_DOUBTS => last.end = last.end.max(range.end),
            Some((last, same)) if *same == doubt && last.end == range.start && last.start < last.end => {
                last.end = range.end;
            }
            Some(last) if *last == (range.clone(), doubt) => {}
            _ => self.doubts.push((range, doubt)),
        }
    }

    /// Marks everything that was added from byte `from` of the string on.
    pub(crate) fn mark_doubtful_since(&mut self, from: usize, doubt: Doubt) {
        self.mark_doubtful(from..self.string.len(), doubt);
    }

    /// A part of the text, with its places and doubts; `range` is in bytes of [`Text::as_str`].
    pub fn slice(&self, range: Range<usize>) -> Text {
        let mut slice = Text::default();
        let first = self.runs.partition_point(|run| run.at <= range.start).saturating_sub(1);
        for (index, run) in self.runs.iter().enumerate().skip(first) {
            if run.at >= range.end {
                break;
            }
            let next = self.runs.get(index + 1).map_or(self.string.len(), |next| next.at);
            let part = run.at.max(range.start)..next.min(range.end);
            if part.start < part.end {
                let Place { line, start, end, .. } = self.place_of(part.clone());
                slice.push_run(&self.string[part], Run { line, start, end, ..*run });
            }
        }
        if slice.runs.is_empty() {
            let Place { page, line, start, area, .. } = self.place_of(range.clone());
            let (page, width) = (page.unwrap_or(0), Width::Whole);
            slice.push_run("", Run { at: 0, line, start, end: start, width, page, area });
        }
        for (doubtful, doubt) in &self.doubts {
            let part = doubtful.start.max(range.start)..doubtful.end.min(range.end);
            if part.start < part.end || doubtful.is_empty() && part.start == part.end {
                slice.mark_doubtful(part.start - range.start..part.end - range.start, *doubt);
            }
        }
        slice
    }

    /// The text without white space (of any width, and of no width) at either end.
    pub fn trimmed(&self) -> Text {
        let start = self.string.len() - self.string.trim_start_matches(is_blank).len();
        let end = self.string.trim_end_matches(is_blank).len();
        if start == 0 && end == self.string.len() {
            return self.clone();
        }
        self.slice(start.min(end)..end)
    }

    /// Adds a piece from these bytes of the source, in this line.
    pub fn push(&mut self, piece: &str, line: u32, source: Range<u64>, width: Width) {
        let Range { start, end } = source;
        self.push_run(piece, Run { at: 0, line, start, end, width, page: 0, area: None });
    }

    /// Adds a piece that is printed on a page, in this box.
    pub(crate) fn push_printed(
        &mut self,
        piece: &str,
        (page, area): (u32, Area),
        line: u32,
        source: Range<u64>,
    ) {
        let Range { start, end } = source;
        let run = Run { at: 0, line, start, end, width: Width::Whole, page, area: Some(area) };
        self.push_run(piece, run);
    }

    /// Gives each box another place.
    pub(crate) fn move_areas(&mut self, place: impl Fn(u32, Area) -> Area) {
        for run in &mut self.runs {
            run.area = run.area.map(|area| place(run.page, area));
        }
    }

    /// Gives an empty text a place.
    pub(crate) fn push_blank(&mut self, page: Option<u32>, line: u32, at: u64) {
        let (page, width) = (page.unwrap_or(0), Width::Whole);
        self.push_run("", Run { at: 0, line, start: at, end: at, width, page, area: None });
    }

    fn push_run(&mut self, mut piece: &str, mut run: Run) {
        let is_counted = matches!(run.width, Width::Utf16 | Width::Double);
        while is_counted && piece.len() > RUN_BYTES {
            let (head, rest) = piece.split_at(piece.floor_char_boundary(RUN_BYTES));
            let middle = (run.start + run.width.of(head) as u64).min(run.end);
            self.push_short_run(head, Run { end: middle, ..run });
            (piece, run.start) = (rest, middle);
        }
        self.push_short_run(piece, run);
    }

    fn push_short_run(&mut self, piece: &str, run: Run) {
        let is_counted = matches!(run.width, Width::Utf16 | Width::Double);
        let length = self.string.len();
        let is_full = |last: &Run| is_counted && length - last.at >= RUN_BYTES;
        match self.runs.last_mut() {
            Some(last)
                if run.width != Width::Whole
                    && !is_full(last)
                    && (last.width, last.line, last.end) == (run.width, run.line, run.start) =>
            {
                last.end = run.end;
            }
            _ => self.runs.push(Run { at: self.string.len(), ..run }),
        }
        self.string.push_str(piece);
    }

    /// Adds another text after a space.
    pub(crate) fn append_word(&mut self, other: &Text) {
        if other.is_empty() && other.doubts.is_empty() {
            return;
        }
        if !self.is_empty() && !other.is_empty() {
            let Place { page, line, end, area, .. } = self.place_of(self.string.len()..self.string.len());
            let (page, width) = (page.unwrap_or(0), Width::Whole);
            self.push_run(" ", Run { at: 0, line, start: end, end, width, page, area });
        }
        self.append(other);
    }

    /// Adds another text.
    pub(crate) fn append(&mut self, other: &Text) {
        let at = self.string.len();
        for (doubtful, doubt) in &other.doubts {
            self.mark_doubtful(at + doubtful.start..at + doubtful.end, *doubt);
        }
        for (index, run) in other.runs.iter().enumerate() {
            let next = other.runs.get(index + 1).map_or(other.string.len(), |next| next.at);
            self.push_run(other.part(run.at..next), *run);
        }
    }

    /// The string between two offsets, nothing where they are no boundaries.
    fn part(&self, range: Range<usize>) -> &str {
        self.string.get(range).unwrap_or("")
    }
}

/// Whether a character shows nothing: white space, or one of the marks that editors leave behind.
pub(crate) fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}' | '\0' | '\u{1A}')
}

/// The size of a page as its places count it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageSize {
    /// In points.
    pub width: f32,
    /// In points.
    pub height: f32,
    /// How many quarters of a circle the page was turned counterclockwise, so that most of its text is upright.
    pub quarter_turns: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `146` of which the 4 is struck.
    fn struck() -> Text {
        let mut text = Text::default();
        text.push("1", 1, 0..1, Width::Utf8);
        text.push("4", 1, 1..2, Width::Utf8);
        text.mark_doubtful_since(1, Doubt::Struck);
        text.push("6", 1, 2..3, Width::Utf8);
        text
    }

    #[test]
    fn doubts_go_with_their_characters() {
        let text = struck();
        assert_eq!(text.doubt(), Some(Doubt::Struck));
        assert_eq!(text.slice(0..1).doubt(), None);
        assert_eq!(text.slice(1..3).doubt(), Some(Doubt::Struck));
        assert_eq!(text.slice(2..3).doubt(), None);
        let mut joined = Text::default();
        joined.push("共", 1, 0..3, Width::Utf8);
        joined.append_word(&text);
        assert_eq!(joined.slice(0..5).doubt(), None);
        assert_eq!(joined.slice(5..6).doubt(), Some(Doubt::Struck));
    }

    #[test]
    fn what_is_shown_and_not_stored_is_doubtful_too() {
        let mut text = Text::default();
        text.push_blank(None, 1, 0);
        text.mark_doubtful_since(0, Doubt::Generated);
        assert_eq!(text.trimmed().doubt(), Some(Doubt::Generated));
        assert_eq!(text.slice(0..0).doubt(), Some(Doubt::Generated));
    }
}
