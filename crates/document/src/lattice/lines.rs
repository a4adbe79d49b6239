//! Groups characters into lines, and joins lines into the text of a cell or a paragraph.

use super::{Context, Glyph};
use crate::model::{Area, Doubt, Text, is_blank};

/// A character on its page. In a table that goes on over pages, its place in the table is another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) glyph: Glyph,
    /// From 1.
    pub(super) page: u32,
    /// What was added to the heights of the page.
    pub(super) shift: f32,
    /// Its number in the order of the file.
    pub(super) order: usize,
}

/// Characters on one line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) page: u32,
    pub(super) left: f32,
    pub(super) right: f32,
    /// Heights on the page.
    pub(super) top: f32,
    pub(super) bottom: f32,
    /// Height of the characters.
    pub(super) size: f32,
    /// Width of the last character.
    pub(super) last: f32,
    /// Where words begin that a broad gap parts from the word before: in the text, and from where to
    /// where on the page.
    starts: Vec<(usize, f32, f32)>,
    /// The characters that are doubtful, by where they begin in the text.
    doubts: Vec<(usize, Doubt)>,
}

/// A gap between words, in sizes of their characters, that may part two cells.
const GAP: f32 = 0.9;

impl Placed {
    pub(super) fn centre(&self) -> (f32, f32) {
        let glyph = &self.glyph;
        ((glyph.left + glyph.right) / 2.0, (glyph.top + glyph.bottom) / 2.0)
    }

    fn size(&self) -> f32 {
        (self.glyph.bottom - self.glyph.top).max(1.0)
    }
}

impl Line {
    /// The words that broad gaps part.
    pub(super) fn words(&self) -> Vec<Line> {
        let ends = self.starts.iter().skip(1).map(|(start, ..)| *start).chain([self.text.len()]);
        let words = self.starts.iter().zip(ends).map(|(&(start, left, right), end)| {
            let text = self.text[start..end].trim_end().to_owned();
            let doubts = self.doubts.iter().filter(|(at, _)| (start..end).contains(at));
            let doubts = doubts.map(|(at, doubt)| (at - start, *doubt)).collect();
            Line { starts: vec![(0, left, right)], doubts, text, left, right, ..self.clone() }
        });
        words.collect()
    }

    fn area(&self) -> Area {
        Area::around([self.left, self.top, self.right, self.bottom])
    }
}

/// Groups characters into lines, from the top. Vertical text is one line.
pub(super) fn lines(mut glyphs: Vec<Placed>) -> Vec<Line> {
    glyphs.sort_by_key(|placed| (placed.page, placed.order));
    if is_set_downwards(&glyphs) {
        let glyphs: Vec<Placed> =
            glyphs.into_iter().filter(|placed| !is_blank(placed.glyph.character)).collect();
        return Vec::from_iter(line(&glyphs, false));
    }
    glyphs.sort_by(|one, other| one.centre().1.total_cmp(&other.centre().1));
    let mut lines = Vec::new();
    let mut row: Vec<Placed> = Vec::new();
    let mut height = 0.0;
    for placed in glyphs {
        let y = placed.centre().1;
        let far = row.first().is_some_and(|first| y - height > first.size().min(placed.size()) / 2.0);
        if far {
            lines.extend(sorted_line(&mut row));
        }
        if row.is_empty() {
            height = y;
        }
        row.push(placed);
    }
    lines.extend(sorted_line(&mut row));
    lines
}

fn sorted_line(row: &mut Vec<Placed>) -> Option<Line> {
    row.sort_by(|one, other| one.glyph.left.total_cmp(&other.glyph.left));
    let found = line(row, true);
    row.clear();
    found
}

/// Whether most characters are below the previous one: 三、本年度办理结果 in a narrow cell.
fn is_set_downwards(glyphs: &[Placed]) -> bool {
    let shown: Vec<&Placed> = glyphs.iter().filter(|placed| !is_blank(placed.glyph.character)).collect();
    let is_step = |(one, next): &(&&Placed, &&Placed)| {
        let ((x0, y0), (x1, y1), size) = (one.centre(), next.centre(), one.size());
        (x1 - x0).abs() < size * 0.4 && (y1 - y0).abs() > size * 0.5
    };
    let steps = shown.iter().zip(shown.iter().skip(1)).filter(is_step).count();
    // Numbers over one another are not one number.
    shown.len() > 2
        && steps * 10 >= (shown.len() - 1) * 7
        && !shown.iter().all(|placed| placed.glyph.character.is_ascii())
}

/// A line from its characters in order; spaces are kept where `is_spaced` and something shows them.
fn line(glyphs: &[Placed], is_spaced: bool) -> Option<Line> {
    let mut found: Option<Line> = None;
    let base = glyphs.iter().max_by(|one, other| one.size().total_cmp(&other.size()))?;
    let mut blank = false;
    let mut before: Option<&Placed> = None;
    for placed in glyphs {
        let Glyph { character, left, top, right, bottom, doubt } = placed.glyph;
        if is_blank(character) {
            blank = true;
            continue;
        }
        if is_spaced && is_note_mark(placed, base) {
            continue;
        }
        let size = placed.size();
        let (top, bottom) = (top - placed.shift, bottom - placed.shift);
        let Some(line) = &mut found else {
            let text = character.to_string();
            let (page, last) = (placed.page, right - left);
            let starts = vec![(0, left, right)];
            let doubts = doubt.map(|doubt| (0, doubt)).into_iter().collect();
            found = Some(Line { text, page, left, right, top, bottom, size, last, starts, doubts });
            (before, blank) = (Some(placed), false);
            continue;
        };
        if let Some(before) = before {
            let offset = (left - before.glyph.left).abs() + (placed.glyph.top - before.glyph.top).abs();
            // Bold by printing twice.
            if before.glyph.character == character && offset < size * 0.2 {
                continue;
            }
            let gap = left - before.glyph.right;
            if is_spaced && (gap > size * 0.6 || blank && gap > size * 0.1) {
                line.text.push(' ');
            }
            if is_spaced && gap > size * GAP {
                line.starts.push((line.text.len(), left, right));
            }
        }
        if let Some(word) = line.starts.last_mut() {
            word.2 = word.2.max(right);
        }
        line.doubts.extend(doubt.map(|doubt| (line.text.len(), doubt)));
        line.text.push(character);
        line.left = line.left.min(left);
        line.right = line.right.max(right);
        if line.page == placed.page {
            line.top = line.top.min(top);
            line.bottom = line.bottom.max(bottom);
        }
        line.size = line.size.max(size);
        line.last = right - left;
        (before, blank) = (Some(placed), false);
    }
    found
}

/// Whether a character is a small raised figure: read as a digit it would make 12 of 1.
fn is_note_mark(placed: &Placed, base: &Placed) -> bool {
    let is_raised = placed.glyph.bottom < base.glyph.bottom - base.size() * 0.2;
    let is_mark = |c: char| c.is_ascii_digit() || matches!(c, '[' | ']' | '〔' | '〕' | '*' | '①'..='⑳');
    placed.size() < base.size() * 0.75 && is_raised && is_mark(placed.glyph.character)
}

/// The text of lines that follow each other. `width` is the room that they had, if it is known: two
/// numbers are only one that was wrapped if there was no room left for its next digit.
pub(super) fn text(lines: &[Line], width: Option<f32>, number: u32, context: &Context) -> Text {
    let mut text = Text::default();
    let mut before: Option<&Line> = None;
    for line in lines {
        let source = context.source(line.page);
        if before.is_some_and(|before| needs_space(before, line, width)) {
            text.push_printed(" ", (line.page, line.area()), number, source.clone());
        }
        let from = text.as_str().len();
        text.push_printed(&line.text, (line.page, line.area()), number, source);
        for (at, doubt) in &line.doubts {
            let length = line.text.get(*at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
            text.mark_doubtful(from + at..from + at + length, *doubt);
        }
        before = Some(line);
    }
    text
}

fn needs_space(before: &Line, line: &Line, width: Option<f32>) -> bool {
    let (Some(last), Some(first)) = (before.text.chars().last(), line.text.chars().next()) else {
        return false;
    };
    if !(last.is_ascii_alphanumeric() || matches!(last, '.' | ',' | '%')) || !first.is_ascii_alphanumeric() {
        return false;
    }
    if last.is_ascii_alphabetic() && first.is_ascii_alphabetic() {
        return true;
    }
    // Cells have some 5 points of margin on either side.
    width.is_some_and(|width| before.right - before.left + before.last + 2.0 < width - 14.0)
}
