//! Figures into cells: each row laid against the columns, the equations choosing where several ways
//! are open.

use std::collections::HashMap;

use document::Layout;
use report::{Cell, Cells, Form, Note, NoteKind, Table};

use super::{Found, Row, cell_of};
use crate::align::{self, Placement};
use crate::prove;

impl Found<'_> {
    /// Puts the figures into the cells and notes what is odd.
    pub(crate) fn fill(&self, form: &'static Form, cells: &mut Cells, notes: &mut Vec<Note>) {
        if self.rows.is_empty() {
            notes.push(Note::new(NoteKind::TableAbsent, Table::Requests.as_str(), None));
            return;
        }
        if self.header.lacks_total {
            notes.push(Note::new(
                NoteKind::ColumnAbsent,
                "total",
                self.rows.first().map(|row| row.label.origin()),
            ));
        }
        let shifted = self.shifted();
        let leads = self.leads();
        let mut open = Vec::new();
        for row in &self.rows {
            let id = row.official.id;
            let origin = Some(row.label.origin());
            if form.request_cell(id, "total").is_none() {
                notes.push(Note::new(NoteKind::ForeignRow, id, origin));
                continue;
            }
            let tokens = row.tokens();
            let Some(core) = align::core(&tokens) else {
                notes.push(Note::new(NoteKind::RowWithoutFigures, id, origin));
                if row.layout == Layout::Grid {
                    self.place(
                        form,
                        cells,
                        row,
                        Placement { first_token: 0, first_column: 0, count: tokens.len().min(self.width()) },
                    );
                }
                continue;
            };
            if shifted.contains(&id) {
                notes.push(Note::new(NoteKind::RowShifted, id, origin));
            }
            if let Some(placement) = self.by_place(row) {
                self.place(form, cells, row, placement);
                continue;
            }
            let placements =
                align::placements(&tokens, self.width(), leads.get(&row.official.depth).copied());
            match placements[..] {
                [] => notes.push(Note::counted(
                    NoteKind::FigureCount,
                    format!("requests.{id}"),
                    core.len() as u32,
                    origin,
                )),
                [only] => self.settle(form, cells, notes, row, only),
                _ => open.push((row, placements)),
            }
        }
        self.choose(form, cells, notes, open);
        for official in
            form.requests.iter().filter(|row| self.rows.iter().all(|found| found.official.id != row.id))
        {
            notes.push(Note::new(NoteKind::RowAbsent, official.id, None));
        }
    }

    /// Value columns that the header has.
    fn width(&self) -> usize {
        self.header.columns.len()
    }

    /// In a true grid the columns stand where the header stands, if the row fills all of them.
    fn by_place(&self, row: &Row<'_>) -> Option<Placement> {
        if row.layout != Layout::Grid || self.header.places.is_empty() {
            return None;
        }
        let first_token = row.slots.iter().position(|slot| slot.column == self.header.places[0])?;
        let here = row.slots[first_token..].iter().map(|slot| slot.column);
        let matches = here.zip(&self.header.places).take_while(|(column, place)| column == *place).count();
        let outside = row.slots[..first_token].iter().any(|slot| !slot.text.is_empty())
            || row.slots[first_token + matches..].iter().any(|slot| !slot.text.is_empty());
        (matches == self.width() && !outside).then_some(Placement {
            first_token,
            first_column: 0,
            count: matches,
        })
    }

    /// How many blanks full rows have between label and figures, for each depth of label.
    fn leads(&self) -> HashMap<u32, usize> {
        let mut counts: HashMap<(u32, usize), usize> = HashMap::new();
        for row in &self.rows {
            if let Some(core) = align::core(&row.tokens()).filter(|core| core.len() == self.width()) {
                *counts.entry((row.official.depth, core.start)).or_default() += 1;
            }
        }
        let mut ranked: Vec<_> = counts.into_iter().collect();
        ranked.sort_by_key(|((depth, lead), count)| (*depth, *count, std::cmp::Reverse(*lead)));
        ranked.into_iter().map(|((depth, lead), _)| (depth, lead)).collect()
    }

    /// Rows whose label stands left of where labels of its depth stand, in tables that print the empty
    /// label cells of merged labels.
    fn shifted(&self) -> Vec<&'static str> {
        let deep = self.rows.iter().filter(|row| row.official.depth == 2);
        let in_place = deep.clone().filter(|row| row.label.column == 2).count();
        if in_place * 2 <= deep.count() {
            return Vec::new();
        }
        let slipped = self.rows.iter().filter(|row| row.label.column < row.official.depth);
        slipped.map(|row| row.official.id).collect()
    }

    /// Settles the rows that can be laid in several ways: the likeliest first, then the equations
    /// choose wherever another way leaves fewer of them broken.
    fn choose(
        &self,
        form: &'static Form,
        cells: &mut Cells,
        notes: &mut Vec<Note>,
        mut open: Vec<(&Row<'_>, Vec<Placement>)>,
    ) {
        let likeliest: Vec<Placement> = open.iter().map(|(_, placements)| placements[0]).collect();
        for (row, placements) in &open {
            self.place(form, cells, row, placements[0]);
        }
        // Rows depend on each other through the column sums; a few rounds settle them.
        for _ in 0..3 {
            let mut changed = false;
            for (row, placements) in &mut open {
                let mut best = (broken(form, cells), 0);
                for (index, placement) in placements.iter().enumerate().skip(1) {
                    self.place(form, cells, row, *placement);
                    best = best.min((broken(form, cells), index));
                }
                placements.swap(0, best.1);
                changed |= best.1 != 0;
                self.place(form, cells, row, placements[0]);
            }
            if !changed {
                break;
            }
        }
        for ((row, placements), likeliest) in open.iter().zip(likeliest) {
            if placements[0] != likeliest {
                notes.push(Note::new(NoteKind::AlignmentChosen, row.official.id, Some(row.label.origin())));
            }
            self.settle(form, cells, notes, row, placements[0]);
        }
    }

    fn settle(
        &self,
        form: &'static Form,
        cells: &mut Cells,
        notes: &mut Vec<Note>,
        row: &Row<'_>,
        placement: Placement,
    ) {
        self.place(form, cells, row, placement);
        if placement.count < self.width() {
            let figures = row.figures() as u32;
            notes.push(Note::counted(NoteKind::RowCut, row.official.id, figures, Some(row.label.origin())));
        }
    }

    fn place(&self, form: &'static Form, cells: &mut Cells, row: &Row<'_>, placement: Placement) {
        for (position, column) in self.header.columns.iter().enumerate() {
            let Some(id) = column.and_then(|column| form.request_cell(row.official.id, column)) else {
                continue;
            };
            let token = position.checked_sub(placement.first_column).filter(|index| *index < placement.count);
            let slot = token.and_then(|index| row.slots.get(placement.first_token + index));
            if let Some(cell) = cells.get_mut(id) {
                *cell = slot.map_or_else(Cell::default, |slot| cell_of(*slot, id.kind()));
            }
        }
    }
}

/// How many equations cannot hold, whatever the unknown cells are.
fn broken(form: &Form, cells: &Cells) -> usize {
    form.equations().iter().filter(|equation| !prove::can_hold(equation, cells)).count()
}
