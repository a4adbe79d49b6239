//! Reads the printed lines of table three into rows: a label begins a row, figures fill it.

use document::Layout;

use super::header::{heading, is_header};
use super::label::{self as labels, LONGEST_LABEL, Official, is_group, match_label, match_text};
use super::lost::Lost;
use super::{Row, tokens};
use crate::cell_text::CellText;
use crate::grid::{Line, Slot};

/// The rows below the header.
pub(super) struct Rows<'a> {
    pub(super) rows: Vec<Row<'a>>,
    pub(super) lost: Vec<Lost<'a>>,
    /// The line in which the table ends.
    pub(super) last_line: usize,
}

/// Rows of which one has to be there for the table to be found.
const FIRST_LABELS: usize = 4;
/// Labels that have to follow for a table to begin with another row than its first.
const LABELS_OF_A_TABLE: usize = 6;

/// The line in which the table begins, and the order of the row before: the line of the row of new
/// applications, or where that label is lost, that of the next which is there.
pub(super) fn opening(lines: &[Line<'_>]) -> Option<(usize, Option<usize>)> {
    let at = |before: Option<usize>| {
        let order = before.map_or(0, |before| before + 1);
        let opens = |slot: &Slot<'_>| match_label(slot, before, &[]).is_some_and(|row| row.order == order);
        lines.iter().position(|line| line.slots.iter().any(opens))
    };
    if let Some(first) = at(None) {
        return Some((first, None));
    }
    (0..FIRST_LABELS).find_map(|before| {
        let first = at(Some(before))?;
        let (mut last, mut count) = (before, 0);
        for slot in lines.iter().skip(first).flat_map(|line| &line.slots) {
            if let Some(official) = match_label(slot, Some(last), &[]).filter(|row| row.order > last) {
                last = official.order;
                count += 1;
            }
        }
        (count >= LABELS_OF_A_TABLE).then_some((first, Some(before)))
    })
}

/// The rows from this line on, below a row of this order.
pub(super) fn rows<'a>(lines: &[Line<'a>], (first, before): (usize, Option<usize>)) -> Rows<'a> {
    let lost = if before.is_some() { above(lines, first) } else { Vec::new() };
    let mut scan = Scan {
        rows: Vec::new(),
        lost,
        before,
        width: width(lines, first),
        pending: String::new(),
        in_header: false,
    };
    let mut last_line = first;
    'lines: for (at, line) in lines.iter().enumerate().skip(first) {
        if is_header(line) {
            continue;
        }
        last_line = at;
        let mut target = scan.target_of_line(line);
        let mut before: Option<&Slot<'_>> = None;
        for slot in &line.slots {
            // A merged cell that was filled by repetition.
            let is_repeated = !slot.figure().is_value() && before.is_some_and(|one| one.str() == slot.str());
            before = Some(slot);
            if is_repeated {
                continue;
            }
            target = match scan.take(line, slot, target) {
                Some(target) => target,
                None => break 'lines,
            };
        }
        scan.pending.clear();
        if scan.closed() {
            break;
        }
    }
    scan.split_streams();
    Rows { rows: scan.rows, lost: scan.lost, last_line }
}

/// The row to which the next figures belong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Target {
    /// The row whose label is in this line.
    Row,
    /// The row above, whose line has too few figures.
    RowAbove,
    /// No known row.
    Lost,
}

struct Scan<'a> {
    rows: Vec<Row<'a>>,
    lost: Vec<Lost<'a>>,
    /// Order of the row before the first that is there.
    before: Option<usize>,
    /// Value columns of the header.
    width: usize,
    /// Pieces of a label that is cut into several cells.
    pending: String,
    /// Whether the cell before heads a column: then 其他 and 总计 do too.
    in_header: bool,
}

impl<'a> Scan<'a> {
    /// Takes a cell; none where another table begins.
    fn take(&mut self, line: &Line<'a>, slot: &Slot<'a>, target: Target) -> Option<Target> {
        let text = slot.str();
        let in_header = std::mem::replace(&mut self.in_header, heading(slot).is_some());
        if in_header && self.in_header {
            return Some(target);
        }
        if let Some(official) = self.label(slot) {
            self.in_header = false;
            if official.order == 0 && !self.rows.is_empty() {
                return None;
            }
            self.pending.clear();
            self.rows.push(Row {
                official,
                label: *slot,
                layout: line.layout,
                slots: Vec::new(),
                table: line.table,
                line_cells: line.slots.len(),
                is_joined: false,
            });
            return Some(Target::Row);
        }
        if slot.figure().is_value() {
            self.pending.clear();
            return Some(self.put(line, slot, target));
        }
        if is_group(slot) || heading(slot).is_some() {
            self.pending.clear();
            self.lose(line);
            return Some(Target::Lost);
        }
        let is_bad_figure = text.chars().count() <= 16 && text.contains(|c: char| c.is_ascii_alphanumeric());
        let row = self.rows.last_mut().filter(|_| target == Target::Row);
        match row {
            Some(row)
                if line.layout == Layout::Grid || is_bad_figure && !labels::has_enumerator(slot.read) =>
            {
                row.slots.push(*slot);
                Some(target)
            }
            // The rest of its label.
            Some(row) if row.figures() == 0 => Some(target),
            _ => {
                if self.pending.len() <= LONGEST_LABEL {
                    self.pending.push_str(text);
                }
                self.lose(line);
                if let Some(lost) = self.lost.last_mut() {
                    lost.label.push_str(text);
                }
                Some(Target::Lost)
            }
        }
    }

    /// The row that a cell names, by itself or with the pieces before it.
    fn label(&self, slot: &Slot<'_>) -> Option<&'static Official> {
        let last = self.rows.last().map(|row| row.official.order).or(self.before);
        let found: Vec<&str> = self.rows.iter().map(|row| row.official.id).collect();
        match_label(slot, last, &found).or_else(|| {
            let length = self.pending.len() + slot.str().len();
            let is_joined = !self.pending.is_empty() && length <= LONGEST_LABEL && !slot.str().is_empty();
            let joined = || CellText::of(&format!("{}{}", self.pending, slot.str()));
            is_joined.then(|| match_text(&joined(), last, &found)).flatten()
        })
    }

    /// Puts a figure or a blank where it belongs.
    fn put(&mut self, line: &Line<'a>, slot: &Slot<'a>, target: Target) -> Target {
        let is_blank = slot.text.is_empty();
        match (target, self.rows.last_mut()) {
            (Target::Row, Some(row)) => row.slots.push(*slot),
            (Target::RowAbove, Some(row)) if !is_blank => {
                row.is_joined |= row.figures() > 0;
                row.slots.push(*slot);
            }
            (Target::RowAbove, Some(_)) => {}
            _ => {
                if let Some(lost) = self.lost.last_mut() {
                    lost.slots.push(*slot);
                } else if !is_blank {
                    self.lose(line);
                }
            }
        }
        target
    }

    /// Begins a row of figures without a label, unless one has begun that is still empty.
    fn lose(&mut self, line: &Line<'a>) {
        let Some(row) = self.rows.last() else { return };
        let above = Some(row.official.order);
        match self.lost.last_mut() {
            Some(lost) if lost.figures() == 0 => {
                (lost.above, lost.layout) = (above, line.layout);
                lost.label.clear();
                lost.slots.clear();
            }
            _ => self.lost.push(Lost { above, label: String::new(), layout: line.layout, slots: Vec::new() }),
        }
    }

    /// A line without a label goes on with the row above, as long as that has room for it.
    fn target_of_line(&mut self, line: &Line<'a>) -> Target {
        let numbers = line.slots.iter().filter(|slot| slot.figure().is_number()).count();
        let above = self.rows.last().filter(|row| row.table == line.table);
        let room = above.map_or(0, |row| self.width.saturating_sub(row.figures()));
        if line.layout != Layout::Grid && numbers <= room && room > 0 {
            return Target::RowAbove;
        }
        self.lose(line);
        Target::Lost
    }

    /// Whether the last row of the form has been read.
    fn closed(&self) -> bool {
        self.rows.last().is_some_and(|row| row.official.id == "carried_out" && row.figures() > 0)
    }

    /// Where cells follow one another without rows, figures of rows whose label is lost stand behind
    /// those of the row above.
    fn split_streams(&mut self) {
        let width = self.width;
        let mut behind = Vec::new();
        for row in &mut self.rows {
            let parts = full_rows(&row.slots, width).filter(|_| row.layout == Layout::Stream);
            let Some([own, others @ ..]) = parts.as_deref() else { continue };
            let lost = |slots: &&[Slot<'a>]| Lost {
                above: Some(row.official.order),
                label: String::new(),
                layout: row.layout,
                slots: slots.to_vec(),
            };
            if row.official.id != "carried_out" {
                behind.extend(others.iter().map(lost));
            }
            row.slots = own.to_vec();
        }
        for lost in std::mem::take(&mut self.lost) {
            match full_rows(&lost.slots, width) {
                Some(parts) => {
                    let part = |slots: &[Slot<'a>]| Lost { slots: slots.to_vec(), ..lost.clone() };
                    behind.extend(parts.into_iter().map(part));
                }
                None if lost.figures() > 0 => behind.push(lost),
                None => {}
            }
        }
        self.lost = behind;
        self.lost.sort_by_key(|lost| lost.above);
    }
}

/// The rows in a run of cells that is longer than one: each has figures in all columns, and blanks stand
/// only between rows.
fn full_rows<'s, 'a>(slots: &'s [Slot<'a>], width: usize) -> Option<Vec<&'s [Slot<'a>]>> {
    let runs = slots.split(|slot| slot.text.is_empty()).filter(|run| !run.is_empty());
    let is_whole = runs.clone().all(|run| run.len() % width == 0);
    let rows: Vec<_> = runs.flat_map(|run| run.chunks(width)).collect();
    (is_whole && rows.len() > 1).then_some(rows)
}

/// Figures of rows above the first whose label is there.
fn above<'a>(lines: &[Line<'a>], first: usize) -> Vec<Lost<'a>> {
    let (before, from_first) = lines.split_at(first);
    let table = from_first.first().map(|line| line.table);
    let rows = before.iter().rev().take_while(|line| Some(line.table) == table && !is_header(line));
    let is_row = |line: &&Line<'_>| tokens(&line.slots).iter().filter(|token| token.is_number()).count() >= 5;
    let rows = rows.take(FIRST_LABELS).take_while(is_row);
    let lost = |line: &Line<'a>| Lost {
        above: None,
        label: String::new(),
        layout: line.layout,
        slots: line.slots.clone(),
    };
    let mut rows: Vec<_> = rows.map(lost).collect();
    rows.reverse();
    rows
}

/// Value columns of the header: seven, or eight with 小计.
fn width(lines: &[Line<'_>], first: usize) -> usize {
    let near = lines.get(first.saturating_sub(super::header::HEADER_LINES)..=first).unwrap_or_default();
    let mut near = near.iter().flat_map(|line| &line.slots);
    let has_subtotal = near.any(|slot| heading(slot) == Some(None));
    7 + usize::from(has_subtotal)
}
