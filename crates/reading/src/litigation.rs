//! Table four: fifteen figures in one row under a header of three lines.

use document::Layout;
use report::{CellId, CellKind, Cells, Form, Note, NoteKind};

use crate::grid::{Line, Slot};
use crate::requests::cell_of;

/// The printed figures of table four, from its first row of figures.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    slots: Vec<Slot<'a>>,
    layout: Layout,
}

const FIGURES: usize = 15;

/// Finds the table by its header, or where that is broken into pieces, by its fifteen figures.
pub(crate) fn find<'a>(lines: &[Line<'a>], from: usize) -> Option<Found<'a>> {
    let by_header = by_header(lines, from);
    match by_header {
        Some(found) if found.cells().is_some() => Some(found),
        found => by_figures(lines, from).or(found),
    }
}

/// The table by the last line of its header: the first from the line `from` on, or else the first of all.
fn by_header<'a>(lines: &[Line<'a>], from: usize) -> Option<Found<'a>> {
    let is_header = |line: &Line<'_>| {
        line.slots.iter().any(is_last_heading)
            && line.slots.iter().filter(|slot| is_heading(slot)).count() >= 2
    };
    let below = lines.iter().skip(from).position(is_header).map(|at| from + at);
    let from_header = lines.get(below.or_else(|| lines.iter().position(is_header))?..)?;
    let header = from_header.first()?;
    let mut slots: Vec<Slot<'a>> = Vec::new();
    let mut has_begun = false;
    'lines: for line in from_header.iter().take_while(|line| line.table == header.table) {
        for slot in &line.slots {
            if !has_begun {
                has_begun = is_last_heading(slot);
            } else if is_heading(slot) {
                // A second table of the same kind begins.
                if figures(&slots) > 0 {
                    break 'lines;
                }
                slots.clear();
            } else if !is_words(slot) {
                slots.push(*slot);
            } else if figures(&slots) > 0 {
                break 'lines;
            }
        }
        if figures(&slots) > 0 && slots.len() >= FIGURES {
            break;
        }
    }
    Some(Found { slots, layout: header.layout })
}

/// The table by its figures: no other row of a report has fifteen. If its groups do not add up, it has to be
/// the only such line.
fn by_figures<'a>(lines: &[Line<'a>], from: usize) -> Option<Found<'a>> {
    let rows: Vec<Found<'a>> = lines.iter().skip(from).filter_map(of_fifteen).collect();
    let mut balanced = rows.iter().filter(|found| balances(&found.slots));
    let found = match (balanced.next(), balanced.next(), &rows[..]) {
        (Some(found), None, _) => found,
        (None, _, [only]) => only,
        _ => return by_words(lines, from),
    };
    Some(Found { slots: found.slots.clone(), layout: found.layout })
}

/// A line of fifteen figures and nothing else.
fn of_fifteen<'a>(line: &Line<'a>) -> Option<Found<'a>> {
    let slots: Vec<Slot<'a>> = line.slots.iter().filter(|slot| !slot.text.is_empty()).copied().collect();
    let is_whole = slots.len() == FIGURES && slots.iter().all(|slot| slot.figure().is_value());
    let is_bare = line.layout != Layout::Grid || line.slots.len() == FIGURES;
    (is_whole && is_bare).then_some(Found { slots, layout: line.layout })
}

/// Where the pieces of the header stand among the figures: all figures of running text that speaks of
/// outcomes, if they are fifteen and add up.
fn by_words<'a>(lines: &[Line<'a>], from: usize) -> Option<Found<'a>> {
    let sections =
        lines.get(from..)?.chunk_by(|one, next| one.table == next.table && one.is_text == next.is_text);
    let of_text = sections.filter(|section| section.iter().all(|line| line.is_text));
    of_text.filter_map(of_section).next()
}

fn of_section<'a>(lines: &[Line<'a>]) -> Option<Found<'a>> {
    let slots = || lines.iter().flat_map(|line| &line.slots);
    let words = slots().filter(|slot| !slot.figure().is_value());
    // The pieces of 结果维持, 结果纠正 and 尚未审结, and the headings of the groups.
    let words: String = words.map(Slot::normalised).collect();
    let figures: Vec<Slot<'a>> = slots().filter(|slot| slot.figure().is_value()).copied().collect();
    let is_table = ["维", "纠", "审", "复议"].iter().all(|piece| words.contains(piece));
    (is_table && figures.len() == FIGURES && balances(&figures))
        .then_some(Found { slots: figures, layout: Layout::Stream })
}

/// Whether this is the heading that no other table has.
fn is_last_heading(slot: &Slot<'_>) -> bool {
    slot.normalised() == "尚未审结"
}

/// Whether this is text that a cell for figures does not have.
fn is_words(slot: &Slot<'_>) -> bool {
    !slot.figure().is_value()
        && (slot.str().chars().count() > 8 || !slot.str().contains(|c: char| c.is_ascii_alphanumeric()))
}

fn is_heading(slot: &Slot<'_>) -> bool {
    matches!(
        slot.normalised(),
        "结果维持"
            | "结果纠正"
            | "其他结果"
            | "尚未审结"
            | "复议后起诉"
            | "未经复议直接起诉"
            | "行政复议"
            | "行政诉讼"
            | "总计"
    )
}

fn figures(slots: &[Slot<'_>]) -> usize {
    slots.iter().filter(|slot| !slot.text.is_empty()).count()
}

impl<'a> Found<'a> {
    /// The fifteen cells; none where it is not known which figure is which.
    fn cells(&self) -> Option<&[Slot<'a>]> {
        let first = self.slots.iter().position(|slot| !slot.text.is_empty())?;
        let last = self.slots.iter().rposition(|slot| !slot.text.is_empty())?;
        if self.slots.len() == FIGURES && (self.layout == Layout::Grid || last + 1 - first == FIGURES) {
            return Some(&self.slots);
        }
        // Blanks at the ends are cells or remains of others: the sums decide.
        let windows = self.slots.windows(FIGURES).enumerate();
        let mut balanced = windows
            .filter(|(at, _)| *at <= first && last < at + FIGURES)
            .filter(|(_, window)| last + 1 - first == FIGURES || balances(window));
        let only = balanced.next()?;
        balanced.next().is_none().then_some(only.1)
    }

    /// Puts the figures into the cells, if they are just fifteen: with one more or fewer it is not
    /// known which is which.
    pub(crate) fn fill(&self, form: &'static Form, cells: &mut Cells, notes: &mut Vec<Note>) {
        let Some(slots) = self.cells() else {
            let origin = self.slots.first().map(Slot::origin);
            notes.push(Note::counted(
                NoteKind::FigureCount,
                "litigation",
                figures(&self.slots) as u32,
                origin,
            ));
            return;
        };
        let columns = &form.litigation_columns;
        let ids = form
            .litigation_groups
            .iter()
            .flat_map(|group| columns.iter().map(|column| form.litigation_cell(group.id, column.id)));
        for (id, slot) in ids.zip(slots) {
            if let Some(cell) = id.and_then(|id: CellId| cells.get_mut(id)) {
                *cell = cell_of(*slot, CellKind::Count);
            }
        }
    }
}

/// Whether each group adds up to its total, blanks counting as nothing.
fn balances(slots: &[Slot<'_>]) -> bool {
    let value = |slot: &Slot<'_>| slot.figure().value.unwrap_or_default();
    slots.chunks(5).all(|group| match group {
        [parts @ .., total] => parts.iter().map(value).sum::<report::Decimal>() == value(total),
        [] => true,
    })
}
