//! Puts figures into cells: each row is aligned with the columns, and the equations choose where
//! several alignments are possible.

use std::collections::HashMap;

use document::Layout;
use report::{Cell, CellId, CellState, Cells, Decimal, Form, Note, NoteKind, RequestRow, Table};

use super::short::{self, Columns, Known, Way};
use super::{Found, Row, cell_of, lost};
use crate::align::{self, Placement};
use crate::grid::Slot;
use crate::prove;

impl Found<'_> {
    /// Puts the figures into the cells and notes anomalies.
    pub(crate) fn fill(&self, form: &'static Form, cells: &mut Cells, notes: &mut Vec<Note>) {
        if self.is_empty() {
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
        let (mut open, mut short) = (Vec::new(), Vec::new());
        for row in &self.rows {
            let id = row.official.id;
            let origin = Some(row.label.origin());
            if form.request_cell(id, "total").is_none() {
                notes.push(Note::new(NoteKind::ForeignRow, id, origin));
                notes.extend(self.group_figures(form, row).into_iter().filter_map(|(column, figure)| {
                    Some(Note::counted(NoteKind::GroupFigure, column, u32::try_from(figure).ok()?, origin))
                }));
                continue;
            }
            let tokens = row.tokens();
            let Some(core) = align::core(&tokens) else {
                notes.push(Note::new(NoteKind::RowWithoutFigures, id, origin));
                if row.layout == Layout::Grid {
                    self.put(
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
            if let Some(placement) = self.by_column(row) {
                self.put(form, cells, row, placement);
                continue;
            }
            let widest = row.layout != Layout::Stream && row.line_cells >= self.widest;
            let by_header = self.header.first.and_then(|first| first.checked_sub(row.label.column + 1));
            let lead = leads.get(&row.official.depth).copied();
            let lead = lead.or(by_header.map(|lead| lead as usize));
            let mut placements = align::placements(&tokens, self.width(), lead, widest);
            // Where a row ends is a guess in a stream: only as many cells as columns are a row.
            let cells_of_row = self.width() + lead.unwrap_or(0);
            if row.layout == Layout::Stream && core.len() < self.width() && tokens.len() != cells_of_row {
                placements.clear();
            }
            // Remarks in a column of their own.
            if core.len() > self.width()
                && tokens.iter().skip(core.start + self.width()).all(|token| !token.is_value())
            {
                let count = self.width();
                placements.push(Placement { first_token: core.start, first_column: 0, count });
            }
            match placements[..] {
                [] if core.len() > self.width() => {
                    notes.push(Note::counted(NoteKind::FigureCount, id, core.len() as u32, origin))
                }
                [only] if only.count == self.width() && core.len() >= self.width() => {
                    self.put(form, cells, row, only);
                    if self.is_torn(row) && self.is_doubtful(form, cells, row, only) {
                        self.put(form, cells, row, Placement { count: 0, ..only });
                        notes.push(Note::counted(NoteKind::FigureCount, id, core.len() as u32, origin));
                    }
                }
                [] => short.push(row),
                _ => open.push((row, placements)),
            }
        }
        let mut doubtful = self.choose(form, cells, notes, open);
        short.append(&mut doubtful);
        self.fill_short(form, cells, notes, short);
        self.fill_lost(form, cells, notes);
        self.fill_open(form, cells, notes);
        let is_known = |row: &RequestRow| {
            let open = self.open.iter().flat_map(|open| &open.labels);
            let found = self.rows.iter().chain(open).any(|found| found.official.id == row.id);
            let id = form.request_cell(row.id, "total");
            found || id.and_then(|id| cells.get(id)).is_some_and(Cell::is_printed)
        };
        for official in form.requests.iter().filter(|row| !is_known(row)) {
            notes.push(Note::new(NoteKind::RowAbsent, official.id, None));
        }
    }

    /// The figures of the one row that stands for the three rows 其他处理, by column.
    pub(crate) fn groups(&self, form: &'static Form) -> Vec<(&'static str, Decimal)> {
        let rows = self.rows.iter().filter(|row| form.request_cell(row.official.id, "total").is_none());
        rows.flat_map(|row| self.group_figures(form, row)).collect()
    }

    fn group_figures(&self, form: &'static Form, row: &Row<'_>) -> Vec<(&'static str, Decimal)> {
        // The three rows have figures of their own, or belong to the other form.
        let has_parts = self.rows.iter().any(|row| row.official.id.starts_with("other."));
        if row.official.id != "other" || has_parts || form.request_cell("other.misc", "total").is_none() {
            return Vec::new();
        }
        let tokens = row.tokens();
        let placement =
            self.by_column(row).or_else(|| match align::placements(&tokens, self.width(), None, false)[..] {
                [only] if only.count == self.width() => Some(only),
                _ => None,
            });
        let Some(placement) = placement else { return Vec::new() };
        let figures = tokens.iter().skip(placement.first_token);
        let columns = self.header.columns.iter().skip(placement.first_column);
        columns.zip(figures).filter_map(|(column, figure)| Some(((*column)?, figure.value?))).collect()
    }

    /// Value columns that the header has.
    fn width(&self) -> usize {
        self.header.columns.len()
    }

    /// In a true grid the figures are in the columns of the header, if the row fills all of them.
    fn by_column(&self, row: &Row<'_>) -> Option<Placement> {
        let first = self.header.positions.first().filter(|_| row.layout == Layout::Grid)?;
        let first_token = row.slots.iter().position(|slot| slot.column == *first)?;
        let here = row.slots.iter().skip(first_token).map(|slot| slot.column);
        let matches =
            here.zip(&self.header.positions).take_while(|(column, position)| column == *position).count();
        let before = row.slots.iter().take(first_token);
        let mut outside = before.chain(row.slots.iter().skip(first_token + matches));
        let outside = outside.any(|slot| !slot.text.is_empty());
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
    fn choose<'r>(
        &self,
        form: &'static Form,
        cells: &mut Cells,
        notes: &mut Vec<Note>,
        mut open: Vec<(&'r Row<'r>, Vec<Placement>)>,
    ) -> Vec<&'r Row<'r>> {
        let likeliest: Vec<Option<Placement>> =
            open.iter().map(|(_, placements)| placements.first().copied()).collect();
        for (row, placements) in &open {
            if let Some(likeliest) = placements.first() {
                self.put(form, cells, row, *likeliest);
            }
        }
        // Rows depend on each other through the column sums; a few rounds settle them.
        for _ in 0..3 {
            let mut changed = false;
            for (row, placements) in &mut open {
                let mut best = (broken(form, cells), 0);
                for (index, placement) in placements.iter().enumerate().skip(1) {
                    self.put(form, cells, row, *placement);
                    best = best.min((broken(form, cells), index));
                }
                if best.1 < placements.len() {
                    placements.swap(0, best.1);
                }
                changed |= best.1 != 0;
                if let Some(best) = placements.first() {
                    self.put(form, cells, row, *best);
                }
            }
            if !changed {
                break;
            }
        }
        let mut doubtful = Vec::new();
        for ((row, placements), likeliest) in open.iter().zip(likeliest) {
            let Some(&chosen) = placements.first() else { continue };
            if self.is_doubtful(form, cells, row, chosen) {
                self.put(form, cells, row, Placement { first_token: 0, first_column: 0, count: 0 });
                doubtful.push(*row);
                continue;
            }
            if Some(chosen) != likeliest {
                notes.push(Note::new(NoteKind::AlignmentChosen, row.official.id, Some(row.label.origin())));
            }
            self.put(form, cells, row, chosen);
            if chosen.count < self.width() {
                let (figures, origin) = (row.figures() as u32, Some(row.label.origin()));
                notes.push(Note::counted(NoteKind::RowCut, row.official.id, figures, origin));
            }
        }
        doubtful
    }

    /// Whether a row that is short of figures may as well have lost cells in its middle: it leaves
    /// columns without a cell, or blanks that would have to stand for something.
    fn is_doubtful(&self, form: &'static Form, cells: &Cells, row: &Row<'_>, placement: Placement) -> bool {
        if self.header.lacks_total {
            return false;
        }
        let ids = self.header.columns.iter().flatten();
        let ids: Vec<CellId> = ids.filter_map(|column| form.request_cell(row.official.id, column)).collect();
        let (total, parts): (Vec<CellId>, Vec<CellId>) =
            ids.into_iter().partition(|id| id.as_str().ends_with(".total"));
        let sum = |ids: &[CellId]| ids.iter().filter_map(|id| cells.value(*id)).sum::<Decimal>();
        let is_marked = |id: &CellId| {
            cells.get(*id).is_some_and(|cell| {
                matches!(cell.state, CellState::Placeholder | CellState::Unreadable | CellState::Doubtful)
            })
        };
        let balances = sum(&parts) == sum(&total) || parts.iter().chain(&total).any(is_marked);
        !balances || row.layout != Layout::Grid && placement.count < self.width()
    }

    /// Whether its figures can come from several rows or include a page number.
    fn is_torn(&self, row: &Row<'_>) -> bool {
        let mut below = self.lost.iter().filter(|lost| lost.above == Some(row.official.order));
        row.is_joined || row.layout != Layout::Grid && below.any(|lost| lost.figures() < self.width())
    }

    /// Fills rows with too few figures as far as all possible alignments agree.
    fn fill_short(&self, form: &'static Form, cells: &mut Cells, notes: &mut Vec<Note>, rows: Vec<&Row<'_>>) {
        let columns = self.columns();
        let filled: Vec<(&Row<'_>, Vec<Slot<'_>>)> = rows
            .into_iter()
            .map(|row| (row, row.slots.iter().copied().filter(|slot| !slot.text.is_empty()).collect()))
            .collect();
        let ways: Vec<Vec<Way>> = filled
            .iter()
            .map(|(_, slots)| super::tokens(slots))
            .map(
                |tokens| {
                    if short::is_readable(&tokens) { short::ways(&tokens, &columns) } else { Vec::new() }
                },
            )
            .collect();
        // A column that is gone is gone from every row.
        let is_one_short = |slots: &Vec<Slot<'_>>| slots.len() + 1 == columns.width;
        let count = filled.iter().filter(|(_, slots)| is_one_short(slots)).count();
        let gone: Option<Vec<Way>> = (count * 5 > self.rows.len() * 4).then(|| {
            let mut of_rows =
                filled.iter().zip(&ways).filter(|((_, slots), _)| is_one_short(slots)).map(|(_, ways)| ways);
            let first = of_rows.next().cloned().unwrap_or_default();
            of_rows.fold(first, |left, ways| left.into_iter().filter(|way| ways.contains(way)).collect())
        });
        // A row alone that is short has been torn; where many are, their blanks have vanished.
        let blanks_vanish = filled.len() * 4 > self.rows.len();
        for ((row, slots), mut ways) in filled.iter().zip(ways) {
            if !blanks_vanish && slots.len() + 1 < columns.width {
                ways.clear();
            }
            if let Some(gone) = gone.as_ref().filter(|_| is_one_short(slots)) {
                ways.retain(|way| gone.contains(way));
            }
            let known = short::agreed(&ways, &super::tokens(slots), &columns);
            for (column, known) in self.header.columns.iter().zip(known) {
                let Some(id) = column.and_then(|column| form.request_cell(row.official.id, column)) else {
                    continue;
                };
                let Some(cell) = cells.get_mut(id) else { continue };
                match known {
                    Known::Printed(token) => {
                        if let Some(slot) = slots.get(token) {
                            *cell = cell_of(*slot, id.kind());
                        }
                    }
                    Known::Proved(value) => {
                        *cell = Cell { value: Some(value), state: CellState::Derived, ..Cell::default() };
                    }
                    Known::Nothing => {}
                }
            }
            let origin = Some(row.label.origin());
            notes.push(Note::counted(NoteKind::FigureCount, row.official.id, slots.len() as u32, origin));
        }
    }

    /// Rows without a label, where their place leaves no choice and the equations do not object.
    fn fill_lost(&self, form: &'static Form, cells: &mut Cells, notes: &mut Vec<Note>) {
        for rows in lost::by_position(&self.lost, &self.rows, form) {
            let before = (broken(form, cells), cells.clone());
            let is_whole = self.put_whole(form, cells, &rows);
            if !is_whole || broken(form, cells) > before.0 {
                *cells = before.1;
                continue;
            }
            let chosen = |row: &Row<'_>| {
                Note::new(NoteKind::AlignmentChosen, row.official.id, Some(row.label.origin()))
            };
            notes.extend(rows.iter().map(chosen));
        }
    }

    /// Rows of running text with fewer lines of figures than labels: where one way alone breaks no equation.
    fn fill_open(&self, form: &'static Form, cells: &mut Cells, notes: &mut Vec<Note>) {
        for open in &self.open {
            let before = (broken(form, cells), cells.clone());
            let mut possible = Vec::new();
            for way in &open.ways {
                if self.put_whole(form, cells, way) && broken(form, cells) == before.0 {
                    possible.push(way);
                }
                cells.clone_from(&before.1);
            }
            let named: Vec<&Row<'_>> = match possible[..] {
                [only] => {
                    self.put_whole(form, cells, only);
                    let is_named =
                        |label: &&Row<'_>| only.iter().any(|row| row.official.id == label.official.id);
                    open.labels.iter().filter(|label| !is_named(label)).collect()
                }
                _ => open.labels.iter().collect(),
            };
            for row in named {
                let origin = Some(row.label.origin());
                notes.push(Note::counted(NoteKind::FigureCount, row.official.id, open.figures, origin));
            }
        }
    }

    /// Puts rows with a figure in every column; false if one has not.
    fn put_whole(&self, form: &'static Form, cells: &mut Cells, rows: &[Row<'_>]) -> bool {
        rows.iter().all(|row| match align::placements(&row.tokens(), self.width(), None, false)[..] {
            [only] if only.count == self.width() => {
                self.put(form, cells, row, only);
                true
            }
            _ => false,
        })
    }

    fn columns(&self) -> Columns {
        let columns = self.header.columns.iter().enumerate();
        let parts = columns.clone().filter(|(_, id)| id.is_some_and(|id| id != "total"));
        Columns {
            width: self.width(),
            total: self.header.columns.iter().position(|id| *id == Some("total")),
            parts: parts.map(|(column, _)| column).collect(),
        }
    }

    /// Fills the cells of a row by a placement.
    fn put(&self, form: &'static Form, cells: &mut Cells, row: &Row<'_>, placement: Placement) {
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
