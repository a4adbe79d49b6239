//! Makes cells from rules and characters: the rules span a base grid, and base cells without a rule
//! between them are one cell.

use super::cell::Cell;
use super::lines::{Placed, lines};
use super::rules::{Groups, Rule};
use super::{NEAR, page_breaks};
use crate::error::ReadError;

/// A table as it is ruled, over one page or several.
#[derive(Debug, Clone, Default)]
pub(super) struct Ruled {
    pub(super) horizontal: Vec<Rule>,
    pub(super) vertical: Vec<Rule>,
    pub(super) glyphs: Vec<Placed>,
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) top: f32,
    pub(super) bottom: f32,
    /// Heights of the page breaks.
    pub(super) page_breaks: Vec<f32>,
    /// The last page, from 1.
    pub(super) page: u32,
    /// The rows of its first page, once they have been asked for.
    pub(super) head: Option<Vec<Words>>,
}

/// What the cells of a row say: the rows they cover, and their words without spaces. Columns are no
/// part of it: a page may have rows that part them further.
pub(super) type Words = Vec<(usize, String)>;

/// The cells of a table in reading order, and the height at which each row begins.
pub(super) struct Grid {
    pub(super) cells: Vec<Cell>,
    pub(super) tops: Vec<f32>,
}

impl Grid {
    /// What its rows say.
    pub(super) fn rows(&self) -> Vec<Words> {
        let mut rows = vec![Words::new(); self.tops.len()];
        for cell in &self.cells {
            if let Some(row) = rows.get_mut(cell.row) {
                row.push((cell.rows, cell.words()));
            }
        }
        rows
    }
}

/// Reads a table. `slots` counts the base cells of the whole document.
pub(super) fn read(ruled: &Ruled, slots: &mut usize, limit: usize) -> Result<Grid, ReadError> {
    let xs = edges(&ruled.vertical, ruled.left, ruled.right);
    let ys = edges(&ruled.horizontal, ruled.top, ruled.bottom);
    let (columns, rows) = (xs.len().saturating_sub(1), ys.len().saturating_sub(1));
    *slots = slots.saturating_add(rows.saturating_mul(columns));
    if *slots > limit {
        return Err(ReadError::TooManyCells { found: *slots, limit });
    }
    let owner = owners(ruled, &xs, &ys);
    let mut glyphs: Vec<Vec<Placed>> = vec![Vec::new(); rows * columns];
    for placed in &ruled.glyphs {
        let (x, y) = placed.centre();
        if let (Some(column), Some(row)) = (between(&xs, x), between(&ys, y))
            && let Some(owner) = owner.get(row * columns + column)
            && let Some(glyphs) = glyphs.get_mut(*owner)
        {
            glyphs.push(*placed);
        }
    }
    let mut spans = vec![(0, 0); rows * columns];
    for (at, &owner) in owner.iter().enumerate() {
        if let Some(span) = spans.get_mut(owner) {
            *span = ((at / columns).max(span.0), (at % columns).max(span.1));
        }
    }
    let mut cells = Vec::new();
    for ((at, (last_row, last_column)), glyphs) in spans.into_iter().enumerate().zip(glyphs) {
        if owner.get(at) != Some(&at) {
            continue;
        }
        let (row, column) = (at / columns, at % columns);
        let width = match (xs.get(column), xs.get(last_column + 1)) {
            (Some(left), Some(right)) => right - left,
            _ => 0.0,
        };
        let (rows, columns) = (last_row + 1 - row, last_column + 1 - column);
        cells.push(Cell { row, column, rows, columns, width, lines: lines(glyphs) });
    }
    let mut cells = join_over_pages(cells, &ruled.page_breaks, &ys);
    let dropped = tidy(&mut cells);
    let tops = ys
        .iter()
        .take(rows)
        .enumerate()
        .filter(|(row, _)| dropped.binary_search(row).is_err())
        .map(|(_, y)| *y);
    Ok(Grid { cells, tops: tops.collect() })
}

/// The boxes of the cells of a table: left, top, right and bottom.
pub(super) fn boxes(ruled: &Ruled, slots: &mut usize, limit: usize) -> Result<Vec<[f32; 4]>, ReadError> {
    let xs = edges(&ruled.vertical, ruled.left, ruled.right);
    let ys = edges(&ruled.horizontal, ruled.top, ruled.bottom);
    let (columns, rows) = (xs.len().saturating_sub(1), ys.len().saturating_sub(1));
    *slots = slots.saturating_add(rows.saturating_mul(columns));
    if *slots > limit {
        return Err(ReadError::TooManyCells { found: *slots, limit });
    }
    let mut boxes = vec![[f32::MAX, f32::MAX, f32::MIN, f32::MIN]; rows * columns];
    for (at, owner) in owners(ruled, &xs, &ys).into_iter().enumerate() {
        let (row, column) = (at / columns, at % columns);
        if let Some(found) = boxes.get_mut(owner)
            && let (Some(left), Some(right)) = (xs.get(column), xs.get(column + 1))
            && let (Some(top), Some(bottom)) = (ys.get(row), ys.get(row + 1))
        {
            let [first, highest, last, lowest] = *found;
            *found = [first.min(*left), highest.min(*top), last.max(*right), lowest.max(*bottom)];
        }
    }
    boxes.retain(|[left, _, right, _]| left < right);
    Ok(boxes)
}

/// Joins the cells that page breaks cut, from the last break to the first. `cells` are in the order of
/// their rows.
fn join_over_pages(mut cells: Vec<Cell>, breaks: &[f32], ys: &[f32]) -> Vec<Cell> {
    let tallest = cells.iter().map(|cell| cell.rows).max().unwrap_or(0);
    // The cells below the break that is being joined, the last ones first.
    let mut below: Vec<Vec<Cell>> = Vec::new();
    for at in breaks.iter().rev() {
        let first = ys.partition_point(|y| y - at < -2.0 * NEAR);
        let Some(_) = ys.get(first).filter(|y| *y - at <= 2.0 * NEAR) else { continue };
        below.push(cells.split_off(cells.partition_point(|cell| cell.row <= first)));
        // Only these cells can reach the break, so that a long table costs no more than its pages.
        let reaches = cells.partition_point(|cell| cell.row + tallest + 1 < first);
        let mut near = cells.split_off(reaches);
        page_breaks::join_cut_cells(&mut near, first);
        cells.append(&mut near);
    }
    cells.extend(below.into_iter().rev().flatten());
    cells
}

/// The lines of one direction, those near each other taken as one, with the outline where no rule is.
fn edges(rules: &[Rule], first: f32, last: f32) -> Vec<f32> {
    let mut at: Vec<f32> = rules.iter().map(|rule| rule.at).collect();
    at.sort_by(f32::total_cmp);
    let mut edges: Vec<f32> = Vec::new();
    for at in at {
        if edges.last().is_none_or(|edge| at - edge > NEAR) {
            edges.push(at);
        }
    }
    // A table that is open at a side ends where its rules do.
    const OPEN: f32 = 8.0;
    if edges.first().is_none_or(|edge| edge - first > OPEN) {
        edges.insert(0, first);
    }
    if edges.last().is_none_or(|edge| last - edge > OPEN) {
        edges.push(last);
    }
    edges
}

/// For each base cell the first base cell of the cell that it belongs to.
fn owners(ruled: &Ruled, xs: &[f32], ys: &[f32]) -> Vec<usize> {
    let (columns, rows) = (xs.len().saturating_sub(1), ys.len().saturating_sub(1));
    if columns == 0 || rows == 0 {
        // A frame that is narrower than two rules.
        return Vec::new();
    }
    let right = covered(&ruled.vertical, xs, ys);
    let mut below = covered(&ruled.horizontal, ys, xs);
    bring_level(&mut below, columns);
    let is_open = |covered: &[f32], at: usize| covered.get(at).is_some_and(|share| *share < 0.5);
    let mut groups = Groups::new(rows * columns);
    for row in 0..rows {
        for column in 0..columns {
            let at = row * columns + column;
            if column + 1 < columns && is_open(&right, (column + 1) * rows + row) {
                groups.join(at, at + 1);
            }
            if row + 1 < rows && is_open(&below, at + columns) {
                groups.join(at, at + columns);
            }
        }
    }
    let is_drawn = |line: &[f32]| 2 * line.iter().filter(|share| **share >= 0.5).count() >= columns;
    let ends: Vec<bool> = below.chunks(columns).map(is_drawn).collect();
    make_rectangles(&mut groups, &ends, columns)
}

/// Where some columns end a row at one line and all others at the next, the fewer were drawn amiss:
/// rows end in all columns, or labels go on beside them.
fn bring_level(below: &mut [f32], columns: usize) {
    let (count, is_drawn) = (below.len() / columns, |share: &f32| *share >= 0.5);
    for line in 1..count.saturating_sub(2) {
        let Some(both) = below.get_mut(line * columns..(line + 2) * columns) else { return };
        let (upper, lower) = both.split_at_mut(columns);
        if upper.iter().zip(lower.iter()).all(|(one, other)| is_drawn(one) != is_drawn(other)) {
            let is_upper_short = 2 * upper.iter().filter(|share| is_drawn(share)).count() < columns;
            let (short, long) = if is_upper_short { (upper, lower) } else { (lower, upper) };
            if short.iter().any(is_drawn) {
                short.fill(0.0);
                long.fill(1.0);
            }
        }
    }
}

/// For each line and each interval of the other direction, how much of it rules cover.
fn covered(rules: &[Rule], lines: &[f32], others: &[f32]) -> Vec<f32> {
    let count = others.len() - 1;
    let mut covered = vec![0.0; lines.len() * count];
    for rule in rules {
        let line = lines.partition_point(|line| *line <= rule.at + 0.01).saturating_sub(1);
        let first = others.partition_point(|other| *other <= rule.from).saturating_sub(1);
        let places = line * count + first..(line + 1) * count;
        let (Some(edges), Some(places)) = (others.get(first..), covered.get_mut(places)) else { continue };
        let intervals = edges.iter().zip(edges.iter().skip(1)).zip(places);
        for ((&from, &to), covered) in intervals.take_while(|((from, _), _)| **from < rule.to) {
            *covered += (rule.to.min(to) - rule.from.max(from)).max(0.0) / (to - from);
        }
    }
    covered
}

/// Cells are rectangles: what is not is cut into rows of places, and rows that begin and end alike are
/// one, unless they are broad and a row `ends` between them. A side that was not drawn makes such a
/// shape, and what lies in its corners is none of it.
fn make_rectangles(groups: &mut Groups, ends: &[bool], columns: usize) -> Vec<usize> {
    let rows = ends.len().saturating_sub(1);
    let mut owner: Vec<usize> = (0..rows * columns).map(|at| groups.of(at)).collect();
    let mut boxes = vec![(usize::MAX, usize::MAX, 0, 0, 0); rows * columns];
    for (at, &owner) in owner.iter().enumerate() {
        let Some(found) = boxes.get_mut(owner) else { continue };
        let (row, column) = (at / columns, at % columns);
        *found = (found.0.min(row), found.1.min(column), found.2.max(row), found.3.max(column), found.4 + 1);
    }
    let is_whole = |owner: usize| {
        boxes
            .get(owner)
            .is_some_and(|&(top, left, bottom, right, size)| (bottom + 1 - top) * (right + 1 - left) == size)
    };
    // For each place in the row above, the run that it is in: group, end, and the cell it became.
    let mut above: Vec<Option<(usize, usize, usize)>> = vec![None; columns];
    for ((row, line), ends) in owner.chunks_mut(columns).enumerate().zip(ends) {
        let mut here = vec![None; columns];
        let mut end = 0;
        for run in line.chunk_by(|one, other| one == other) {
            let start = end;
            end += run.len();
            let Some(&group) = run.first().filter(|group| !is_whole(**group)) else { continue };
            let cell = match above.get(start).copied().flatten() {
                Some((other, last, cell)) if (other, last) == (group, end) && (end == start + 1 || !ends) => {
                    cell
                }
                _ => row * columns + start,
            };
            if let Some(here) = here.get_mut(start) {
                *here = Some((group, end, cell));
            }
        }
        for (start, run) in here.iter().enumerate() {
            if let Some((_, end, cell)) = run
                && let Some(run) = line.get_mut(start..*end)
            {
                run.fill(*cell);
            }
        }
        above = here;
    }
    owner
}

/// The interval that a value lies in.
fn between(edges: &[f32], value: f32) -> Option<usize> {
    let after = edges.partition_point(|edge| *edge <= value);
    let count = edges.len().checked_sub(1)?;
    // The middle of a character may stand on an outer rule.
    (count > 0).then(|| after.saturating_sub(1).min(count - 1))
}

/// Takes out rows and columns in which no cell begins; the rows that are gone.
fn tidy(cells: &mut [Cell]) -> Vec<usize> {
    let height = cells.iter().map(|cell| cell.row + cell.rows).max().unwrap_or(0);
    let width = cells.iter().map(|cell| cell.column + cell.columns).max().unwrap_or(0);
    let (mut row_begins, mut column_begins) = (vec![false; height], vec![false; width]);
    for cell in cells.iter() {
        if let (Some(row), Some(column)) = (row_begins.get_mut(cell.row), column_begins.get_mut(cell.column))
        {
            (*row, *column) = (true, true);
        }
    }
    // For each row or column, and for the end, how many that stay are before it.
    let count = |begins: &[bool]| -> Vec<usize> {
        let before = begins.iter().scan(0, |before, begins| {
            *before += usize::from(*begins);
            Some(*before)
        });
        std::iter::once(0).chain(before).collect()
    };
    let (rows, columns) = (count(&row_begins), count(&column_begins));
    let before = |counts: &[usize], at: usize| counts.get(at).copied().unwrap_or(0);
    for cell in cells {
        let (row, column) = (before(&rows, cell.row), before(&columns, cell.column));
        cell.rows = before(&rows, cell.row + cell.rows) - row;
        cell.columns = before(&columns, cell.column + cell.columns) - column;
        (cell.row, cell.column) = (row, column);
    }
    row_begins.iter().enumerate().filter(|(_, begins)| !**begins).map(|(row, _)| row).collect()
}
