//! Tables drawn with pipes: a row a line (`规章 | 0 | 0`), a cell a line (`规章 |`, `0 |`), or
//! cells and pipes on lines of their own (`规章`, `|`, `0`).

use super::line::{Line, Shape, is_figure, is_heading, is_pipe, is_prose, tables};
use super::{Reader, trim};
use crate::error::ReadError;
use crate::model::{Layout, Row};

/// A longer line without a pipe is no cell, in characters.
const LONGEST_BARE_CELL: usize = 60;

/// Whether a table may begin with the first of these lines.
pub(super) fn begins(lines: &[Line], text: &str) -> bool {
    let Some(shape) = lines.first().map(|line| line.shape) else { return false };
    shape.has_pipes() || shape == Shape::Plain && stands_before_pipe(lines, 0, text)
}

/// Reads the run of lines with pipes at the start of `lines`. Returns how many lines it has read.
pub(super) fn read(lines: &[Line], reader: &mut Reader) -> Result<usize, ReadError> {
    let count = run(lines, &reader.source.text);
    let (run, _) = lines.split_at(count);
    let of = |wanted: fn(Shape) -> bool| run.iter().filter(|line| wanted(line.shape)).count();
    let piped = of(|shape| matches!(shape, Shape::Piped(_)));
    let ended = of(|shape| matches!(shape, Shape::Ended(_)));
    let pipes = of(|shape| matches!(shape, Shape::Pipes(_)));
    let plain = of(|shape| shape == Shape::Plain);
    if piped * 2 > ended + plain {
        read_rows(run, reader)?;
    } else if ended > 1 || ended + plain > 1 && pipes > 0 {
        // A blank cell is a lone pipe, too, so only the filled cells show where the pipes are.
        read_stream(run, plain > ended, reader)?;
    } else {
        run.iter().for_each(|line| reader.paragraph(line));
    }
    Ok(count)
}

/// Lines up to the last that belongs to a table before something else comes.
fn run(lines: &[Line], text: &str) -> usize {
    let mut count = 0;
    for (at, line) in lines.iter().enumerate() {
        match line.shape {
            Shape::Blank => {}
            shape if shape.has_pipes() || is_bare_cell(lines, at, text) => count = at + 1,
            _ => break,
        }
    }
    count
}

/// Whether a line without a pipe is a cell all the same, to judge by its neighbours.
fn is_bare_cell(lines: &[Line], at: usize, text: &str) -> bool {
    let Some(cell) = lines.get(at).and_then(|line| bare(line, text)) else { return false };
    let before =
        at.checked_sub(1).and_then(|before| lines.get(before)).map_or(Shape::Blank, |line| line.shape);
    let after = lines.get(at + 1).map_or(Shape::Blank, |after| after.shape);
    match before {
        // The last cell of a row has no pipe after it.
        Shape::Ended(_) if is_figure(cell) => true,
        Shape::Ended(1) if matches!(after, Shape::Ended(_)) => !is_heading(cell),
        Shape::Pipes(_) if matches!(after, Shape::Pipes(_)) => true,
        Shape::Pipes(_) => !is_heading(cell),
        _ => stands_before_pipe(lines, at, text),
    }
}

/// The first cell of a row whose pipes are on lines of their own: `规章`, `|`, `0`.
fn stands_before_pipe(lines: &[Line], at: usize, text: &str) -> bool {
    let shape = |at: usize| lines.get(at).map(|line| line.shape);
    let is_bare = |at: usize| lines.get(at).and_then(|line| bare(line, text)).is_some();
    is_bare(at)
        && matches!(shape(at + 1), Some(Shape::Pipes(_)))
        && match shape(at + 2) {
            Some(Shape::Plain) => is_bare(at + 2),
            other => matches!(other, Some(Shape::Pipes(_))),
        }
}

/// The text of a line without pipes, if it is short and not a sentence.
fn bare<'a>(line: &Line, text: &'a str) -> Option<&'a str> {
    let cell = &text[trim(text, line.range.clone())];
    let short = cell.chars().take(LONGEST_BARE_CELL + 1).count() <= LONGEST_BARE_CELL;
    (line.shape == Shape::Plain && short && !is_prose(cell) && !cell.starts_with('#')).then_some(cell)
}

/// A row a line.
fn read_rows(run: &[Line], reader: &mut Reader) -> Result<(), ReadError> {
    for table in tables(run) {
        let lines = || table.iter().filter(|line| !matches!(line.shape, Shape::Blank | Shape::Rule));
        if lines().count() < 2 {
            lines().for_each(|line| reader.paragraph(line));
            continue;
        }
        let trimmed = |line: &Line| &reader.source.text[trim(&reader.source.text, line.range.clone())];
        // A pipe at the edge of every row is the table's frame; at the edge of some, an empty cell.
        let framed_left = lines().all(|line| trimmed(line).starts_with(is_pipe));
        let framed_right = lines().all(|line| trimmed(line).ends_with(is_pipe));
        let mut rows = Vec::new();
        for line in lines() {
            let mut row = Row::default();
            let mut parts = reader.parts(line, is_pipe)?;
            if framed_right && parts.len() > 1 {
                parts.pop();
            }
            for part in parts.into_iter().skip(usize::from(framed_left)) {
                reader.cell(&mut row, part)?;
            }
            rows.push(row);
        }
        reader.table(Layout::Rows, rows);
    }
    Ok(())
}

/// A cell a line. `between`: the pipes are on lines of their own, between the cells.
fn read_stream(run: &[Line], between: bool, reader: &mut Reader) -> Result<(), ReadError> {
    let mut rows = Vec::new();
    let mut row = Row::default();
    // Where each row opens with a pipe on a line of its own.
    let opening = !between && run.first().is_some_and(|line| line.shape == Shape::Pipes(1));
    let mut before = Shape::Blank;
    for line in run {
        let mut parts = reader.parts(line, is_pipe)?;
        // A pipe closes a cell; behind the last there is none.
        if line.shape != Shape::Plain && parts.last().is_some_and(|last| reader.is_blank(last)) {
            parts.pop();
        }
        let mut ends = false;
        match line.shape {
            Shape::Blank | Shape::Rule => {
                parts.clear();
                ends = true;
            }
            Shape::Plain if between => {
                if !matches!(before, Shape::Pipes(_)) {
                    close(&mut row, &mut rows);
                }
            }
            // The first pipe only separates, unless another one directly precedes it.
            Shape::Pipes(_) if between => {
                if !matches!(before, Shape::Pipes(_)) {
                    parts.pop();
                }
            }
            Shape::Pipes(1) if opening && (!row.cells.is_empty() || before == Shape::Blank) => {
                close(&mut row, &mut rows);
                parts.clear();
            }
            Shape::Pipes(count) | Shape::Ended(count) => ends = count > 1,
            _ => ends = true,
        }
        for part in parts {
            reader.cell(&mut row, part)?;
        }
        if ends {
            close(&mut row, &mut rows);
        }
        before = line.shape;
    }
    close(&mut row, &mut rows);
    reader.table(Layout::Stream, rows);
    Ok(())
}

/// Ends a row.
fn close(row: &mut Row, rows: &mut Vec<Row>) {
    if !row.cells.is_empty() {
        rows.push(std::mem::take(row));
    }
}
