//! Finds paragraphs and tables on pages of characters and ruled lines. PDF and OFD share it, since
//! they fix the position of everything and have no tables.
//!
//! Rules that touch make a frame, a frame with several cells is a table, and a table that continues at
//! the top of the next page is one table. Page numbers and repeated headers and footers are removed.
//! The place of a piece has its page and its box; its line is the running number of the paragraph or
//! table row in the document, its bytes are those that its page says it came from.

mod cell;
mod columns;
mod grid;
mod headers_footers;
mod lines;
mod page_breaks;
mod paragraphs;
mod rules;

use std::ops::Range;

use crate::error::ReadError;
use crate::limits::Limits;
use crate::model::{Block, Cell, Doubt, Layout, Row, Table, Text};
use columns::Rows;
use grid::Ruled;
use lines::{Line, Placed};
use rules::{Frame, Rule};

/// Rules nearer than this, in points, are one: double borders, and cells drawn as boxes side by side.
const NEAR: f32 = 3.5;
/// How far the sides of a table may differ from page to page.
const SAME_SIDE: f32 = 6.0;
/// Frames of one page. A page with more is a drawing.
const MOST_FRAMES: usize = 200;

/// A page as it is printed. All lengths are points from its top left corner.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Its height.
    pub height: f32,
    /// In the order of the file.
    pub glyphs: Vec<Glyph>,
    /// Rules, and strokes of drawings.
    pub segments: Vec<Segment>,
    /// The bytes of the file that print it.
    pub source: Range<u64>,
}

/// A character, blank or not, and its box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glyph {
    /// The character.
    pub character: char,
    /// Left edge.
    pub left: f32,
    /// Upper edge.
    pub top: f32,
    /// Right edge.
    pub right: f32,
    /// Lower edge.
    pub bottom: f32,
    /// Why it may not be what is seen there.
    pub doubt: Option<Doubt>,
}

/// A stroke, or the middle of a thin filled box, between two points. Only level and upright ones count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// From the left of where it begins.
    pub x0: f32,
    /// From the top of where it begins.
    pub y0: f32,
    /// From the left of where it ends.
    pub x1: f32,
    /// From the top of where it ends.
    pub y1: f32,
}

/// The sources of the pages.
struct Context {
    sources: Vec<Range<u64>>,
}

impl Context {
    fn source(&self, page: u32) -> Range<u64> {
        self.sources.get((page as usize).saturating_sub(1)).cloned().unwrap_or_default()
    }
}

/// A piece of a page, from top to bottom.
enum Item {
    Line(Line),
    Table(Ruled),
    Rows(Rows),
}

/// The blocks of a document.
pub(crate) fn read(pages: Vec<Page>, limits: &Limits) -> Result<Vec<Block>, ReadError> {
    let context = Context { sources: pages.iter().map(|page| page.source.clone()).collect() };
    let heights: Vec<f32> = pages.iter().map(|page| page.height).collect();
    let levels: Vec<Vec<Rule>> = pages.iter().map(|page| rules::level(&page.segments)).collect();
    let mut slots = 0;
    let mut items: Vec<Vec<Item>> = Vec::with_capacity(pages.len());
    for (index, page) in pages.into_iter().enumerate() {
        items.push(split(page, index as u32 + 1, &mut slots, limits)?);
    }
    headers_footers::remove(&mut items, &heights);
    let items = items.into_iter().zip(levels).map(|(page, level)| columns::find(page, &level));
    let mut joined: Vec<Item> = Vec::new();
    for (index, page) in items.enumerate() {
        for (position, item) in page.into_iter().enumerate() {
            // Notes at the foot of the previous page are between the parts of a table.
            let notes = if position == 0 { notes(&joined, index as u32) } else { 0 };
            let above = joined.len() - notes;
            match (above.checked_sub(1).and_then(|above| joined.get_mut(above)), item) {
                (Some(Item::Table(table)), Item::Table(next))
                    if position == 0 && table.page == index as u32 && goes_on(table, &next) =>
                {
                    join(table, next, limits)?;
                }
                (_, item) => joined.push(item),
            }
        }
    }
    let mut blocks = Vec::new();
    let mut number = 0;
    let mut slots = 0;
    let margins = paragraphs::Margins::of(&joined);
    let mut open = Vec::new();
    for item in joined {
        match item {
            Item::Rows(rows) => {
                paragraphs::end(&mut open, &mut blocks, &mut number, &context);
                blocks.push(Block::Table(printed(rows, &mut number, &context)));
            }
            Item::Line(line) => {
                if open.last().is_some_and(|before| margins.begins(before, &line, open.len())) {
                    paragraphs::end(&mut open, &mut blocks, &mut number, &context);
                }
                open.push(line);
            }
            Item::Table(ruled) => {
                paragraphs::end(&mut open, &mut blocks, &mut number, &context);
                let grid = grid::read(&ruled, &mut slots, limits.cells)?;
                blocks.push(Block::Table(table(grid.cells, &mut number, &context)));
            }
        }
        if number as usize > limits.lines {
            return Err(ReadError::TooManyLines { found: number as usize, limit: limits.lines });
        }
    }
    paragraphs::end(&mut open, &mut blocks, &mut number, &context);
    Ok(blocks)
}

/// The boxes of the cells that the rules of a page make: left, top, right and bottom.
pub(crate) fn cells(segments: &[Segment], limits: &Limits) -> Result<Vec<[f32; 4]>, ReadError> {
    let mut frames = rules::frames(segments);
    frames.truncate(MOST_FRAMES);
    let (mut slots, mut boxes) = (0, Vec::new());
    for frame in frames {
        let found = grid::boxes(&ruled(frame, 1), &mut slots, limits.cells)?;
        // A frame round text is no table.
        if found.len() > 1 {
            boxes.extend(found);
        }
    }
    Ok(boxes)
}

/// The lines and tables of a page.
fn split(page: Page, number: u32, slots: &mut usize, limits: &Limits) -> Result<Vec<Item>, ReadError> {
    let mut frames = rules::frames(&page.segments);
    frames.truncate(MOST_FRAMES);
    let mut tables: Vec<Ruled> = Vec::new();
    for frame in frames {
        let table = ruled(frame, number);
        // A frame round text is no table.
        if grid::read(&table, slots, limits.cells)?.cells.len() > 1 {
            tables.push(table);
        }
    }
    let mut outside = Vec::new();
    for (order, glyph) in page.glyphs.into_iter().enumerate() {
        let placed = Placed { glyph, page: number, shift: 0.0, order };
        let (x, y) = placed.centre();
        let sound = [glyph.left, glyph.top, glyph.right, glyph.bottom].iter().all(|value| value.is_finite());
        // The largest come first, so the last one that holds it is the innermost.
        match tables.iter_mut().rev().find(|table| table.holds(x, y)) {
            _ if !sound => {}
            Some(table) => table.glyphs.push(placed),
            None => outside.push(placed),
        }
    }
    tables.iter_mut().for_each(Ruled::cut_tails);
    // Rules round nothing are a drawing.
    tables.retain(|table| table.glyphs.iter().any(|placed| !crate::model::is_blank(placed.glyph.character)));
    let mut items: Vec<Item> = lines::lines(outside).into_iter().map(Item::Line).collect();
    items.extend(tables.into_iter().map(Item::Table));
    items.sort_by(|one, other| one.top().total_cmp(&other.top()));
    Ok(items)
}

impl Item {
    fn line(&self) -> Option<&Line> {
        match self {
            Item::Line(line) => Some(line),
            Item::Table(_) | Item::Rows(_) => None,
        }
    }

    fn top(&self) -> f32 {
        match self {
            Item::Line(line) => line.top,
            Item::Table(table) => table.top,
            Item::Rows(rows) => rows.top,
        }
    }
}

impl Ruled {
    /// Cuts off the parts above its first horizontal rule and below its last that have no text:
    /// the side of a row that had no room and begins on the next page.
    fn cut_tails(&mut self) {
        let levels = || self.horizontal.iter().map(|rule| rule.at);
        let (first, last) = (levels().fold(f32::MAX, f32::min), levels().fold(f32::MIN, f32::max));
        let says = |above: bool| {
            let shown = self.glyphs.iter().filter(|placed| !crate::model::is_blank(placed.glyph.character));
            shown.map(|placed| placed.centre().1).any(|y| if above { y < first } else { y > last })
        };
        let top = if says(true) { self.top } else { first };
        let bottom = if says(false) { self.bottom } else { last };
        if top < bottom {
            (self.top, self.bottom) = (top, bottom);
            self.vertical.retain(|rule| rule.to > top && rule.from < bottom);
            for rule in &mut self.vertical {
                (rule.from, rule.to) = (rule.from.max(top), rule.to.min(bottom));
            }
        }
    }

    fn holds(&self, x: f32, y: f32) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }
}

fn ruled(frame: Frame, page: u32) -> Ruled {
    let Frame { horizontal, vertical, left, right, top, bottom } = frame;
    Ruled { horizontal, vertical, glyphs: Vec::new(), left, right, top, bottom, page, ..Ruled::default() }
}

/// Whether a table goes on in the first table of the next page.
fn goes_on(table: &Ruled, next: &Ruled) -> bool {
    (table.left - next.left).abs() <= SAME_SIDE && (table.right - next.right).abs() <= SAME_SIDE
}

/// Lines of notes that a page ends with.
fn notes(items: &[Item], page: u32) -> usize {
    let is_of_page = |item: &&Item| matches!(item, Item::Line(line) if line.page == page);
    let count = items.iter().rev().take_while(is_of_page).count();
    let is_mark =
        |c: char| c.is_ascii_digit() || matches!(c, '①'..='⑳' | '*' | '＊' | '※' | '注' | '[' | '〔');
    match items.get(items.len() - count) {
        Some(Item::Line(first))
            if first.text.starts_with(is_mark) && !page_breaks::is_numbered(&first.text) =>
        {
            count
        }
        _ => 0,
    }
}

/// Adds the part on the next page, moved so that the borders coincide.
fn join(table: &mut Ruled, mut next: Ruled, limits: &Limits) -> Result<(), ReadError> {
    let begin = below_repeated_head(table, &next, limits)?;
    let shift = table.bottom - begin;
    let sideways = table.left - next.left;
    next.glyphs.retain(|placed| placed.centre().1 >= begin);
    next.vertical.retain(|rule| rule.to > begin);
    next.horizontal.retain(|rule| rule.at > begin - NEAR);
    table.horizontal.extend(next.horizontal.into_iter().map(|rule| Rule {
        at: rule.at + shift,
        from: rule.from + sideways,
        to: rule.to + sideways,
    }));
    table.vertical.extend(next.vertical.into_iter().map(|rule| Rule {
        at: rule.at + sideways,
        from: rule.from.max(begin) + shift,
        to: rule.to + shift,
    }));
    table.glyphs.extend(next.glyphs.into_iter().map(|mut placed| {
        placed.glyph.top += shift;
        placed.glyph.bottom += shift;
        placed.glyph.left += sideways;
        placed.glyph.right += sideways;
        Placed { shift, ..placed }
    }));
    table.page_breaks.push(table.bottom);
    table.bottom += next.bottom - begin;
    table.page = next.page;
    Ok(())
}

/// Where the part of a table begins that is not its head once more.
fn below_repeated_head(table: &mut Ruled, next: &Ruled, limits: &Limits) -> Result<f32, ReadError> {
    if table.head.is_none() {
        table.head = Some(grid::read(table, &mut 0, limits.cells)?.rows());
    }
    let grid = grid::read(next, &mut 0, limits.cells)?;
    // A head has words alone, and never ends within one of its cells.
    let is_figure = |words: &str| !words.is_empty() && words.chars().all(|c| c.is_ascii_digit());
    let is_head = |row: &grid::Words| {
        row.iter().any(|(_, words)| !words.is_empty()) && !row.iter().any(|(_, words)| is_figure(words))
    };
    let pairs = table.head.iter().flatten().zip(grid.rows());
    let rows = pairs.take_while(|(one, other)| *one == other && is_head(other)).count();
    let ends = |cell: &cell::Cell| cell.row >= rows || cell.row + cell.rows <= rows;
    match grid.tops.get(rows) {
        Some(top) if rows > 0 && grid.cells.iter().all(ends) => Ok(*top),
        _ => Ok(next.top),
    }
}

fn printed(printed: Rows, number: &mut u32, context: &Context) -> Table {
    let mut rows = Vec::with_capacity(printed.rows.len());
    for cells in printed.rows {
        *number += 1;
        let mut last = Text::default();
        let mut row = Row::default();
        for (column, lines) in (0..).zip(cells) {
            let mut text = lines::text(&lines, None, *number, context).trimmed();
            if text.is_empty() {
                let place = last.place();
                text.push_blank(place.page.or(Some(printed.page)), *number, place.end);
            }
            last = text.clone();
            row.cells.push(Cell { text, column, row_span: 1, column_span: 1 });
        }
        rows.push(row);
    }
    Table { layout: Layout::Rows, rows }
}

fn table(cells: Vec<cell::Cell>, number: &mut u32, context: &Context) -> Table {
    let height = cells.iter().map(|cell| cell.row + 1).max().unwrap_or(0);
    let mut rows = vec![Row::default(); height];
    let begin = *number + 1;
    *number += height as u32;
    let mut last = Text::default();
    for cell in cells {
        let line = begin + cell.row as u32;
        let mut text = lines::text(&cell.lines, Some(cell.width), line, context).trimmed();
        if text.is_empty() {
            // A blank cell gets the place behind the previous cell.
            let place = last.place();
            text.push_blank(place.page, line, place.end);
        }
        last = text.clone();
        if let Some(row) = rows.get_mut(cell.row) {
            row.cells.push(Cell {
                text,
                column: cell.column as u32,
                row_span: cell.rows as u32,
                column_span: cell.columns as u32,
            });
        }
    }
    for row in &mut rows {
        row.cells.sort_by_key(|cell| cell.column);
    }
    Table { layout: Layout::Grid, rows }
}

#[cfg(test)]
mod tests;
