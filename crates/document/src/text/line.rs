//! The lines of a plain text, and what shape each has.

use std::ops::Range;

use crate::error::ReadError;
use crate::limits::Limits;
use crate::model::is_blank;

/// A line.
pub(super) struct Line {
    /// Its characters in the text, without the line break.
    pub(super) range: Range<usize>,
    pub(super) shape: Shape,
}

/// What a line looks like. A line of prose is plain, whatever strays into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing to see.
    Blank,
    /// Running text, or a cell of its own.
    Plain,
    /// One tab, in front: `⇥0`, or nothing behind it: `⇥`.
    Lead,
    /// Cells with so many tabs among them: `规章⇥0⇥0`.
    Tabs(usize),
}

impl Shape {
    /// Whether tabs draw it.
    pub(super) fn has_tabs(self) -> bool {
        matches!(self, Shape::Lead | Shape::Tabs(_))
    }
}

/// Cuts a text into lines and leaves out those that only number a page.
pub(super) fn split(text: &str, limits: &Limits) -> Result<Vec<Line>, ReadError> {
    let mut lines = Vec::new();
    let mut start = 0;
    for piece in text.split_inclusive(['\n', '\r', '\u{B}', '\u{C}', '\u{2028}', '\u{2029}']) {
        let content = piece.trim_end_matches(['\n', '\r', '\u{B}', '\u{C}', '\u{2028}', '\u{2029}']);
        let range = start..start + content.len();
        start += piece.len();
        // Between CR and LF there is no line.
        if piece == "\n" && text[..start - 1].ends_with('\r') || is_page_number(content) {
            continue;
        }
        if lines.len() == limits.lines {
            return Err(ReadError::TooManyLines { found: lines.len() + 1, limit: limits.lines });
        }
        lines.push(Line { range, shape: shape(content) });
    }
    Ok(lines)
}

fn shape(line: &str) -> Shape {
    let tabs = line.bytes().filter(|byte| *byte == b'\t').count();
    if tabs == 0 {
        return if line.chars().all(is_blank) { Shape::Blank } else { Shape::Plain };
    }
    if tabs <= 2 && is_prose(line) {
        return Shape::Plain;
    }
    let before = line.split('\t').next().unwrap_or("");
    if tabs == 1 && before.chars().all(is_blank) { Shape::Lead } else { Shape::Tabs(tabs) }
}

/// Whether a line says something in whole sentences.
pub(super) fn is_prose(line: &str) -> bool {
    let line = line.trim_matches(is_blank);
    line.contains('。') || line.ends_with(['；', ';', '：', ':', '！', '？', '，', ','])
}

/// `- 4 -`, as it is printed at the foot of a page.
fn is_page_number(line: &str) -> bool {
    let line = line.trim_matches(is_blank);
    if line.is_empty() || line.len() > 40 {
        return false;
    }
    let dash = |c: char| matches!(c, '-' | '－' | '—' | '–' | '―' | '─' | '‐' | '−');
    let number = line.trim_start_matches(dash);
    let inner = number.trim_end_matches(dash);
    let digits = inner.trim_matches(is_blank);
    number.len() < line.len()
        && inner.len() < number.len()
        && !digits.is_empty()
        && digits.chars().all(|c| c.is_ascii_digit() || ('０'..='９').contains(&c))
}
