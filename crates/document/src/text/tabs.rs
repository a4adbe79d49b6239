//! Tables drawn with tabs: a row a line (`规章⇥0⇥0`), or a cell a line (`⇥规章`, `⇥0`).

use super::line::{Line, Shape, is_figure, is_heading, tables};
use super::{Reader, trim};
use crate::error::ReadError;
use crate::model::{Layout, Row};

/// Reads the run of lines with tabs at the start of `lines`. Returns how many lines it has read.
pub(super) fn read(lines: &[Line], reader: &mut Reader) -> Result<usize, ReadError> {
    let count = run(lines, &reader.source.text);
    let (run, _) = lines.split_at(count);
    let leads = run.iter().filter(|line| line.shape == Shape::Lead).count();
    let rows = run.iter().filter(|line| matches!(line.shape, Shape::Tabs(_))).count();
    if rows * 3 > leads {
        read_rows(run, reader)?;
    } else if leads > 1 && has_figures(run, reader) {
        read_stream(run, reader)?;
    } else {
        run.iter().for_each(|line| reader.paragraph(line));
    }
    Ok(count)
}

/// Lines up to the last with tabs before something else comes.
fn run(lines: &[Line], text: &str) -> usize {
    let mut count = 0;
    for (at, line) in lines.iter().enumerate() {
        match line.shape {
            Shape::Lead | Shape::Tabs(_) => count = at + 1,
            Shape::Blank => {}
            _ if is_bare_row(lines, at, text) => {}
            _ => break,
        }
    }
    count
}

/// A row whose empty cells an editor cut off: it is directly between two rows of one width
/// and opens no section.
fn is_bare_row(lines: &[Line], at: usize, text: &str) -> bool {
    let shape = |at: usize| lines.get(at).map(|line| line.shape);
    at > 0
        && shape(at) == Some(Shape::Plain)
        && matches!(shape(at - 1), Some(Shape::Tabs(_)))
        && shape(at - 1) == shape(at + 1)
        && !lines.get(at).is_some_and(|line| is_heading(&text[line.range.clone()]))
}

/// A row a line.
fn read_rows(run: &[Line], reader: &mut Reader) -> Result<(), ReadError> {
    for table in tables(run) {
        if table.iter().filter(|line| line.shape != Shape::Blank).count() < 2 {
            table.iter().for_each(|line| reader.paragraph(line));
            continue;
        }
        let mut rows = Vec::with_capacity(table.len());
        for line in table.iter().filter(|line| line.shape != Shape::Blank) {
            let mut row = Row::default();
            cells(line, &mut row, reader)?;
            rows.push(row);
        }
        reader.table(Layout::Rows, rows);
    }
    Ok(())
}

fn cells(line: &Line, row: &mut Row, reader: &mut Reader) -> Result<(), ReadError> {
    for part in reader.parts(line, |character| character == '\t')? {
        reader.cell(row, part)?;
    }
    Ok(())
}

/// A cell a line, a blank line between rows.
fn read_stream(run: &[Line], reader: &mut Reader) -> Result<(), ReadError> {
    let mut rows = Vec::new();
    for part in run.split(|line| line.shape == Shape::Blank).filter(|part| !part.is_empty()) {
        let mut row = Row::default();
        for line in part {
            match line.shape {
                Shape::Tabs(_) => cells(line, &mut row, reader)?,
                _ => reader.cell(&mut row, line.range.clone())?,
            }
        }
        rows.push(row);
    }
    reader.table(Layout::Stream, rows);
    Ok(())
}

/// Whether cells are among the lines, and not only paragraphs with a tab for an indent.
fn has_figures(run: &[Line], reader: &Reader) -> bool {
    let text = &reader.source.text;
    run.iter().filter(|line| line.shape == Shape::Lead).any(|line| {
        let cell = &text[trim(text, line.range.clone())];
        cell.is_empty() || is_figure(cell)
    })
}
