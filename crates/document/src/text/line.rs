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
    /// One cell with so many pipes behind it: `规章 |`, `38651 | ||`.
    Ended(usize),
    /// So many pipes and nothing else: `|`.
    Pipes(usize),
    /// Cells with so many pipes among them: `规章 | 0 | 0`, `| 规章 | 0 |`.
    Piped(usize),
    /// The line under the head of a Markdown table: `|---|---|`.
    Rule,
}

impl Shape {
    /// Whether pipes draw it.
    pub(super) fn has_pipes(self) -> bool {
        matches!(self, Shape::Ended(_) | Shape::Pipes(_) | Shape::Piped(_) | Shape::Rule)
    }

    /// How many separators it has.
    pub(super) fn width(self) -> usize {
        match self {
            Shape::Tabs(count) | Shape::Ended(count) | Shape::Pipes(count) | Shape::Piped(count) => count,
            Shape::Lead => 1,
            Shape::Blank | Shape::Plain | Shape::Rule => 0,
        }
    }
}

/// What ends a line.
const ENDS: [char; 4] = ['\n', '\r', '\u{C}', '\u{2029}'];
/// What breaks a line of running text, or the text inside a cell.
const BREAKS: [char; 2] = ['\u{B}', '\u{2028}'];

/// More breaks than a row of cells has.
const BREAKS_OF_A_ROW: usize = 20;

/// A line whose breaks are ends of lines too, unless it is one row of cells.
fn parts(line: &str) -> std::str::SplitInclusive<'_, impl FnMut(char) -> bool> {
    let has_cells = |part: &str| part.contains(|c| c == '\t' || is_pipe(c));
    let few = || line.split(BREAKS).take(BREAKS_OF_A_ROW + 1).count() <= BREAKS_OF_A_ROW;
    // A row begins with a label.
    let begins = |part: &str| {
        let first = part.split(|c| c == '\t' || is_pipe(c)).next().unwrap_or("");
        has_cells(part) && (first.is_empty() || first.contains(|c: char| !c.is_ascii_digit()))
    };
    let is_row = has_cells(line) && few() && !line.split(BREAKS).all(begins);
    line.split_inclusive(move |c| !is_row && BREAKS.contains(&c))
}

/// Cuts a text into lines and leaves out those that only number a page.
pub(super) fn split(text: &str, range: Range<usize>, limits: &Limits) -> Result<Vec<Line>, ReadError> {
    let mut lines = Vec::new();
    let mut start = range.start;
    for piece in text[range].split_inclusive(ENDS).flat_map(parts) {
        let content = piece.trim_end_matches(|c| ENDS.contains(&c) || BREAKS.contains(&c));
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
    if line.chars().all(|character| character != '\t' && is_blank(character)) {
        return Shape::Blank;
    }
    let tabs = line.bytes().filter(|byte| *byte == b'\t').count();
    let pipes = line.chars().filter(|c| is_pipe(*c)).count();
    if tabs.max(pipes) == 0 || tabs.max(pipes) <= 2 && is_prose(line) {
        return Shape::Plain;
    }
    if pipes == 0 || tabs > 1 {
        let before = line.split('\t').next().unwrap_or("");
        return if tabs == 1 && before.chars().all(is_blank) { Shape::Lead } else { Shape::Tabs(tabs) };
    }
    let shows = |c: char| !is_blank(c) && !is_pipe(c);
    let behind = &line[line.find(is_pipe).unwrap_or(0)..];
    match () {
        () if !line.contains(shows) => Shape::Pipes(pipes),
        () if is_rule(line) => Shape::Rule,
        () if !behind.contains(shows) => Shape::Ended(pipes),
        () => Shape::Piped(pipes),
    }
}

/// Whether each piece between the pipes is a dash of two or more, as `:---:`.
fn is_rule(line: &str) -> bool {
    let inner = line.trim_matches(|c| is_blank(c) || is_pipe(c));
    inner.split(is_pipe).all(|piece| {
        let dashes = piece.trim_matches(|c| is_blank(c) || c == ':');
        dashes.len() > 1 && dashes.bytes().all(|byte| byte == b'-')
    })
}

/// A pipe of either width.
pub(super) fn is_pipe(character: char) -> bool {
    matches!(character, '|' | '｜')
}

/// Whether a line consists of whole sentences.
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

/// Whether a cell holds a figure or a placeholder for one.
pub(super) fn is_figure(cell: &str) -> bool {
    let sign = |c: char| matches!(c, '/' | '／' | '-' | '－' | '—' | '–' | '\\' | '无' | '零' | '〇');
    let unit = |c: char| {
        matches!(
            c,
            '+' | '＋'
                | '.'
                | '．'
                | ','
                | '，'
                | '%'
                | '％'
                | '万'
                | '元'
                | '件'
                | '条'
                | '个'
                | '项'
                | '宗'
                | '次'
                | '份'
                | '增'
                | '减'
        )
    };
    let digit = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c);
    cell.len() <= 48
        && cell.contains(|c| digit(c) || sign(c))
        && cell.chars().all(|c| digit(c) || sign(c) || unit(c) || is_blank(c))
}

/// Whether a line opens a section, to judge by its first characters.
pub(super) fn is_heading(line: &str) -> bool {
    let line = line.trim_start_matches(is_blank);
    let rest = line.trim_start_matches(['（', '(']).trim_start_matches(is_blank);
    let after = rest.trim_start_matches(['一', '二', '三', '四', '五', '六', '七', '八', '九', '十']);
    let closing =
        after.trim_start_matches(is_blank).starts_with(['、', '.', '．', '，', ',', '）', ')', '—']);
    line.starts_with('#') || after.len() < rest.len() && closing
}

/// Cuts a run of rows at its blank lines, but not where the rows on both sides have one width, nor
/// where every row has a blank line after it.
pub(super) fn tables(run: &[Line]) -> Vec<&[Line]> {
    let mut tables: Vec<&[Line]> = Vec::new();
    let shape = |at: usize| run.get(at).map_or(Shape::Blank, |line| line.shape);
    let (mut start, mut end, mut alone) = (0, 0, false);
    for at in (0..run.len()).filter(|at| shape(*at) != Shape::Blank) {
        let next_alone = (at == 0 || at > end) && shape(at + 1) == Shape::Blank;
        if at > end && at > 0 {
            let alike = shape(at).width() == shape(end - 1).width() || alone && next_alone;
            if !alike || shape(at + 1) == Shape::Rule {
                tables.extend(run.get(start..end));
                start = at;
            }
        }
        (alone, end) = (next_alone, at + 1);
    }
    tables.extend(run.get(start..end));
    tables
}
