//! The tables of a document as printed lines of slots, in reading order.

use std::ops::Range;

use document::{Block, Document, Layout, Text};
use report::Origin;

use crate::cell_text::CellText;
use crate::figure::Figure;
use crate::label::is_space;
use crate::origin::origin;
use crate::outline::Outline;
use crate::{figure, label};

/// One printed row.
#[derive(Debug, Clone)]
pub(crate) struct Line<'a> {
    pub(crate) layout: Layout,
    pub(crate) table: u32,
    /// Whether it is running text, in which no cell but a filled one shows.
    pub(crate) is_text: bool,
    pub(crate) slots: Vec<Slot<'a>>,
}

/// One cell of a printed row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot<'a> {
    pub(crate) text: &'a Text,
    /// The same text, normalised.
    pub(crate) read: &'a CellText,
    pub(crate) column: u32,
    table: u32,
    row: u32,
}

impl<'a> Slot<'a> {
    pub(crate) fn str(&self) -> &'a str {
        self.text.as_str()
    }

    /// Its figure, if it takes no money.
    pub(crate) fn figure(&self) -> Figure {
        self.read.figure
    }

    pub(crate) fn normalised(&self) -> &'a str {
        self.read.normalised.as_str()
    }

    /// Whether it stands where a figure does in running text.
    pub(crate) fn is_like_figure(&self) -> bool {
        figure::is_like(self.str(), self.figure())
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin {
            table: Some(self.table),
            row: Some(self.row),
            column: Some(self.column),
            ..origin(self.text)
        }
    }
}

/// The text of every cell of every table, in their order, normalised once for all that look for rows.
pub(crate) fn cell_texts(document: &Document) -> Vec<CellText> {
    let cells = tables(document).flat_map(|table| &table.rows).flat_map(|row| &row.cells);
    cells.map(|cell| CellText::of(cell.text.as_str())).collect()
}

fn tables(document: &Document) -> impl Iterator<Item = &document::Table> {
    document.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some(table),
        Block::Paragraph(_) => None,
    })
}

/// Every row of every table. `texts` are those of the cells of the same document.
pub(crate) fn lines<'a>(document: &'a Document, texts: &'a [CellText]) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let mut texts = texts.iter();
    for (index, table) in (0..).zip(tables(document)) {
        for (row, cells) in (0..).zip(&table.rows) {
            let slots = cells.cells.iter().zip(texts.by_ref()).map(|(cell, read)| Slot {
                text: &cell.text,
                read,
                column: cell.column,
                table: index,
                row,
            });
            lines.push(Line { layout: table.layout, table: index, is_text: false, slots: slots.collect() });
        }
    }
    lines
}

/// Longest paragraph that can be a cell; the labels of the form are shorter.
const CELL_CHARS: usize = 60;
/// A longer paragraph holds cells if it has as many words or figures as a row has figures.
const FIGURES_OF_A_ROW: usize = 7;

/// The cells in a block of the document that is no table.
#[derive(Debug)]
pub(crate) struct Pieces {
    block: usize,
    texts: Vec<(Text, CellText)>,
    /// Whether tabs part them, so that blanks are there too.
    has_tabs: bool,
}

/// The cells in paragraphs and in cells that hold whole tables: separated by tabs, by spaces, or
/// each a paragraph of its own.
pub(crate) fn pieces(document: &Document) -> Vec<Pieces> {
    let mut pieces = Vec::new();
    for (block, content) in document.blocks.iter().enumerate() {
        match content {
            Block::Paragraph(paragraph) if paragraph.text.as_str().contains('\t') => {
                let texts = parts(&paragraph.text, |c| c == '\t').map(|text| text.trimmed());
                pieces.push(Pieces { block, texts: read(texts), has_tabs: true });
            }
            Block::Paragraph(paragraph) => {
                pieces.push(Pieces { block, texts: read(words(&paragraph.text)), has_tabs: false });
            }
            Block::Table(table) => {
                let cells = table.rows.iter().flat_map(|row| &row.cells);
                let long = cells.filter(|cell| cell.text.as_str().chars().count() > CELL_CHARS);
                let texts = long.flat_map(|cell| words(&cell.text));
                pieces.push(Pieces { block, texts: read(texts), has_tabs: false });
            }
        }
    }
    pieces
}

fn read(texts: impl IntoIterator<Item = Text>) -> Vec<(Text, CellText)> {
    let read = |text: Text| {
        let read = CellText::of(text.as_str());
        (text, read)
    };
    texts.into_iter().map(read).collect()
}

/// The same as lines. A paragraph with tabs is a line. The other paragraphs between two headings are a line
/// each where they are printed in rows, and one line together where the cells follow one another.
pub(crate) fn piece_lines<'d>(pieces: &'d [Pieces], outline: &Outline) -> Vec<Line<'d>> {
    let is_heading =
        |piece: &Pieces| outline.blocks.binary_search(&piece.block).is_ok() && piece.texts.len() == 1;
    let mut lines: Vec<Line<'d>> = Vec::new();
    for (table, section) in (0..).zip(pieces.split(is_heading)) {
        for run in section.chunk_by(|one, next| one.has_tabs == next.has_tabs) {
            let has_tabs = run.iter().any(|piece| piece.has_tabs);
            let layout = if has_tabs { Layout::Rows } else { Layout::Stream };
            let is_row_a_piece = has_tabs || are_rows(run);
            for pieces in run.chunks(if is_row_a_piece { 1 } else { run.len() }) {
                let row = lines.len() as u32 + 1;
                let texts = pieces.iter().flat_map(|piece| &piece.texts);
                let slots =
                    (0..).zip(texts).map(|(column, (text, read))| Slot { text, read, column, table, row });
                lines.push(Line { layout, table, is_text: !has_tabs, slots: slots.collect() });
            }
        }
    }
    lines
}

/// More figures than the longest row of the form has.
const MORE_THAN_A_ROW: usize = 20;

/// Whether paragraphs are printed rows: most figures stand in a paragraph with the label or with the other
/// figures of their row, and no paragraph has the figures of several rows.
fn are_rows(pieces: &[Pieces]) -> bool {
    let figures = |piece: &Pieces| piece.texts.iter().filter(|(_, read)| read.figure.is_number()).count();
    let all: usize = pieces.iter().map(figures).sum();
    let in_rows: usize = pieces.iter().filter(|piece| piece.texts.len() > 1).map(figures).sum();
    in_rows * 2 > all && pieces.iter().all(|piece| figures(piece) <= MORE_THAN_A_ROW)
}

/// A paragraph as cells: each figure is one, and so is the label between two figures.
fn words(text: &Text) -> Vec<Text> {
    let string = text.as_str();
    let words: Vec<Range<usize>> = ranges(string, |c| is_space(c) || matches!(c, '|' | '｜')).collect();
    let words: Vec<Range<usize>> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let is_figure = |word: &Range<usize>| figure::any(&string[word.clone()]).is_value();
    let is_long = string.chars().filter(|c| !is_space(*c)).count() > CELL_CHARS;
    let is_prose = words.len() < FIGURES_OF_A_ROW || string.contains('。');
    if is_long && is_prose && words.iter().filter(|word| is_figure(word)).count() < FIGURES_OF_A_ROW {
        return Vec::new();
    }
    let mut cells: Vec<Range<usize>> = Vec::new();
    for word in words {
        let goes_on = cells.last().is_some_and(|last| {
            let before = &string[last.clone()];
            let next = &string[word.clone()];
            let is_pipe_between = string[last.end..word.start].contains(['|', '｜']);
            // A cell that has grown long is a text: no heading, and no enumerator that waits for its label.
            let is_text = before.len() > 4 * CELL_CHARS;
            let begins =
                |text: &str| label::strip_enumerator(&label::plain(text)).len() < label::plain(text).len();
            let is_bare_enumerator = !is_text && label::normalise(before).is_empty();
            let is_figure_before = !is_text && is_figure(last);
            let is_unit = is_figure_before && figure::is_unit(next);
            // 结果 维持: a heading broken in two.
            let joined = || label::normalise(&format!("{before}{next}"));
            let is_broken_heading = !is_text && !is_figure_before && COLUMNS.contains(&joined().as_str());
            !is_pipe_between && (is_unit || is_broken_heading)
                || !is_pipe_between
                    && !is_figure_before
                    && !is_figure(&word)
                    && (is_bare_enumerator || !begins(next))
                    && (is_text || !is_heading(before))
                    && !is_heading(next)
        });
        match cells.last_mut() {
            Some(last) if goes_on => last.end = word.end,
            _ => cells.push(word),
        }
    }
    cells.into_iter().map(|range| text.slice(range)).collect()
}

/// Words that head a column.
const COLUMNS: [&str; 14] = [
    "自然人",
    "商业企业",
    "科研机构",
    "社会公益组织",
    "法律服务机构",
    "其他",
    "小计",
    "总计",
    "合计",
    "结果维持",
    "结果纠正",
    "其他结果",
    "尚未审结",
    "信息内容",
];

/// Whether a word heads a column or a block, alone.
fn is_heading(word: &str) -> bool {
    const BEGINNINGS: [&str; 11] = [
        "第二十条第",
        "本年制发",
        "本年废止",
        "现行有效",
        "本年处理",
        "本年收费",
        "本年新制",
        "本年新公开",
        "对外公开总",
        "上一年项目",
        "本年增",
    ];
    let normalised = label::normalise(word);
    COLUMNS.contains(&normalised.as_str())
        || BEGINNINGS.iter().any(|begin| normalised.starts_with(begin))
        || matches!(normalised.as_str(), "采购项目数量" | "采购总金额" | "处理决定数量")
}

fn parts(text: &Text, separates: fn(char) -> bool) -> impl Iterator<Item = Text> {
    ranges(text.as_str(), separates).map(|range| text.slice(range))
}

/// The ranges between separators.
fn ranges(string: &str, separates: fn(char) -> bool) -> impl Iterator<Item = Range<usize>> {
    let ends = string.match_indices(separates).map(|(at, separator)| (at, at + separator.len()));
    let mut start = 0;
    ends.chain([(string.len(), string.len())]).map(move |(end, next)| {
        let range = start..end;
        start = next;
        range
    })
}
