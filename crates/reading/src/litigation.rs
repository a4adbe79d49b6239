//! Table four: fifteen figures in one row under a header of three lines.

use report::{CellId, CellKind, Cells, Form, Note, NoteKind};

use crate::figure;
use crate::grid::{Line, Slot};
use crate::label;
use crate::requests::cell_of;

/// The printed figures of table four, from its first row of figures.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    slots: Vec<Slot<'a>>,
}

const FIGURES: usize = 15;

/// Finds the table by the last line of its header.
pub(crate) fn find<'a>(lines: &[Line<'a>]) -> Option<Found<'a>> {
    let is_header = |line: &Line<'_>| {
        line.slots.iter().filter(|slot| label::normalise(slot.str()) == "尚未审结").count() > 0
            && line.slots.iter().filter(|slot| is_heading(slot)).count() >= 2
    };
    let header = lines.iter().rposition(is_header)?;
    let table = lines[header].table;
    let mut slots: Vec<Slot<'a>> = Vec::new();
    for line in lines[header..].iter().take_while(|line| line.table == table) {
        for slot in &line.slots {
            if is_heading(slot) {
                slots.clear();
            } else if figure::any(slot.str()).is_value() {
                slots.push(*slot);
            }
        }
        if figures(&slots) > 0 && slots.len() >= FIGURES {
            break;
        }
    }
    Some(Found { slots: without_frame(slots) })
}

fn is_heading(slot: &Slot<'_>) -> bool {
    matches!(
        label::normalise(slot.str()).as_str(),
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

/// Without the blanks around the figures that are more than fifteen cells.
fn without_frame(mut slots: Vec<Slot<'_>>) -> Vec<Slot<'_>> {
    while slots.len() > FIGURES && slots.last().is_some_and(|slot| slot.text.is_empty()) {
        slots.pop();
    }
    while slots.len() > FIGURES && slots[0].text.is_empty() {
        slots.remove(0);
    }
    slots
}

impl Found<'_> {
    /// Puts the figures into the cells, if they are just fifteen: with one more or fewer it is not
    /// known which is which.
    pub(crate) fn fill(&self, form: &'static Form, cells: &mut Cells, notes: &mut Vec<Note>) {
        if self.slots.len() != FIGURES {
            let origin = self.slots.first().map(Slot::origin);
            notes.push(Note::counted(NoteKind::FigureCount, "litigation", self.slots.len() as u32, origin));
            return;
        }
        let columns = &form.litigation_columns;
        let ids = form
            .litigation_groups
            .iter()
            .flat_map(|group| columns.iter().map(|column| form.litigation_cell(group.id, column.id)));
        for (id, slot) in ids.zip(&self.slots) {
            if let Some(cell) = id.and_then(|id: CellId| cells.get_mut(id)) {
                *cell = cell_of(*slot, CellKind::Count);
            }
        }
    }
}
