//! Table three: its rows by their labels, its figures by alignment.

use std::collections::HashMap;
use std::sync::LazyLock;

use document::Layout;
use report::{Cell, CellKind, Cells, Form, FormId, Note, NoteKind, Table};

use crate::align::{self, Placement};
use crate::figure::{self, Figure};
use crate::grid::{Line, Slot};
use crate::label;

/// The printed rows of table three.
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    header: Header,
    rows: Vec<Row<'a>>,
}

/// A printed row: its label and everything behind it.
#[derive(Debug, Clone)]
struct Row<'a> {
    official: &'static Official,
    label: Slot<'a>,
    layout: Layout,
    slots: Vec<Slot<'a>>,
}

/// The value columns as the header prints them, left to right.
#[derive(Debug)]
struct Header {
    /// Ids of the columns; none for one that the form does not have (小计).
    columns: Vec<Option<&'static str>>,
    /// Where each stands in a true grid; empty where the header does not tell.
    places: Vec<u32>,
    /// The header is there and has no 总计.
    lacks_total: bool,
}

impl Default for Header {
    fn default() -> Self {
        let columns = Form::get(FormId::F2021).applicants.iter().map(|column| Some(column.id)).collect();
        Self { columns, places: Vec::new(), lacks_total: false }
    }
}

/// A row label of either form.
#[derive(Debug)]
struct Official {
    id: &'static str,
    label: String,
    /// Position in the forms.
    order: usize,
    /// Label columns before the figures: 0 for 一、二、四、, 1 for （一）, 2 for 1.
    depth: u32,
}

static OFFICIAL: LazyLock<Vec<Official>> = LazyLock::new(|| {
    let new = &Form::get(FormId::F2021).requests;
    let mut rows: Vec<_> = new.iter().map(|row| (row.id, row.label, row.under)).collect();
    // The one row of 2019 that is three in 2021 stands before them: there it is their group.
    let group = new.iter().position(|row| row.id == "other.no_correction").unwrap_or(new.len());
    rows.extend(
        Form::get(FormId::F2019)
            .requests
            .iter()
            .filter(|row| row.id == "other")
            .map(|row| (row.id, row.label, row.under)),
    );
    rows[group..].rotate_right(1);
    let depth = |under: Option<&str>| match under {
        None => 0,
        Some(group) if group.starts_with('三') => 1,
        Some(_) => 2,
    };
    rows.into_iter()
        .enumerate()
        .map(|(order, (id, text, under))| Official {
            id,
            label: label::normalise(text),
            order,
            depth: depth(under),
        })
        .collect()
});

/// Labels of groups of rows; they have no figures of their own.
const GROUPS: [&str; 4] = ["本年度办理结果", "不予公开", "无法提供", "不予处理"];

/// Finds the table among the printed lines: it begins with the row of new applications and ends with
/// those carried into the next year.
pub(crate) fn find<'a>(lines: &[Line<'a>]) -> Found<'a> {
    let opens = |line: &Line<'_>| {
        line.slots.iter().any(|slot| match_label(slot.str(), None).is_some_and(|row| row.order == 0))
    };
    let Some(first) = lines.iter().position(opens) else { return Found::default() };
    let mut rows: Vec<Row<'a>> = Vec::new();
    'lines: for line in &lines[first..] {
        if is_header(line) {
            continue;
        }
        let mut fresh = true;
        for slot in &line.slots {
            let last = rows.last().map(|row| row.official);
            if let Some(official) = match_label(slot.str(), last) {
                if official.order == 0 && last.is_some() {
                    break 'lines;
                }
                // A label that another label follows at once heads a group.
                if rows.last().is_some_and(|row| !fresh && row.official.id == "other" && row.figures() == 0) {
                    rows.pop();
                }
                rows.push(Row { official, label: *slot, layout: line.layout, slots: Vec::new() });
                fresh = false;
            } else if is_group(slot.str()) {
                fresh = true;
            } else if let Some(row) = rows.last_mut() {
                // A line without a label goes on with the row above, as long as that is not full.
                let continues = fresh
                    && line.layout != Layout::Grid
                    && row.figures() < 7
                    && figure::any(slot.str()).is_number();
                if !fresh || continues {
                    row.slots.push(*slot);
                }
            }
        }
        let closed = rows.last().is_some_and(|row| row.official.id == "carried_out" && row.figures() > 0);
        if closed {
            break;
        }
    }
    let has_parts = rows.iter().any(|row| row.official.id.starts_with("other."));
    rows.retain(|row| !(has_parts && row.official.id == "other" && row.figures() == 0));
    let header = header(lines, first, &rows);
    Found { header, rows }
}

impl Row<'_> {
    fn tokens(&self) -> Vec<Figure> {
        self.slots.iter().map(|slot| figure::parse(slot.str(), CellKind::Count)).collect()
    }

    /// How many of its cells are filled with anything.
    fn figures(&self) -> usize {
        self.tokens().iter().filter(|token| !token.is_blank()).count()
    }
}

/// The official row that a printed label names. Short labels that also stand in the header (其他,
/// 总计) count only below the rows they follow.
fn match_label(printed: &str, after: Option<&Official>) -> Option<&'static Official> {
    if printed.is_empty() || printed.len() > 400 {
        return None;
    }
    let squeezed = label::squeeze(printed);
    let normalised = label::normalise(printed);
    let follows = |row: &Official| match after {
        Some(last) => row.order > last.order,
        None => row.order == 0,
    };
    OFFICIAL
        .iter()
        .filter(|row| follows(row) || (row.order == 0 && after.is_some()))
        .filter_map(|row| label::distance(&normalised, &row.label).map(|distance| (distance, row)))
        // The rows 其他 and 总计 stand at the very end of the results.
        .filter(|(_, row)| match row.id {
            "other.misc" | "concluded" => after.is_some_and(|last| last.order >= 4),
            _ => true,
        })
        .filter(|(distance, row)| {
            *distance == 0 || row.depth > 0 || squeezed.contains("申请") || squeezed.contains("结转")
        })
        .min_by_key(|(distance, row)| (*distance, row.order))
        .map(|(_, row)| row)
}

fn is_group(printed: &str) -> bool {
    let normalised = label::normalise(printed);
    GROUPS.iter().any(|group| label::distance(&normalised, group) == Some(0))
}

const HEADINGS: [(&str, Option<&str>); 9] = [
    ("自然人", Some("natural_person")),
    ("商业企业", Some("enterprise")),
    ("科研机构", Some("research")),
    ("社会公益组织", Some("social_org")),
    ("法律服务机构", Some("legal_service")),
    ("其他", Some("other_org")),
    ("小计", None),
    ("总计", Some("total")),
    ("合计", Some("total")),
];

fn heading(printed: &str) -> Option<Option<&'static str>> {
    let normalised = label::normalise(printed);
    HEADINGS.iter().find(|(label, _)| normalised == *label).map(|(_, id)| *id)
}

/// Whether a line repeats the header, as tables do on a new page.
fn is_header(line: &Line<'_>) -> bool {
    line.slots.iter().filter(|slot| heading(slot.str()).is_some()).count() >= 3
        && !line.slots.iter().any(|slot| figure::any(slot.str()).is_number())
}

/// Lines above the first row that can belong to the header.
const HEADER_LINES: usize = 12;

fn header(lines: &[Line<'_>], first: usize, rows: &[Row<'_>]) -> Header {
    let above = &lines[first.saturating_sub(HEADER_LINES)..first];
    // Only what follows the last figure: an earlier table may end just above.
    let start = above
        .iter()
        .rposition(|line| line.slots.iter().any(|slot| figure::any(slot.str()).is_number()))
        .map_or(0, |at| at + 1);
    // Where cells follow one another without rows, the header stands in one line with the first row.
    let opening = lines[first].slots.iter().take_while(|slot| match_label(slot.str(), None).is_none());
    let mut found: Vec<(Option<&'static str>, u32)> = Vec::new();
    for slot in above[start..].iter().flat_map(|line| &line.slots).chain(opening) {
        if let Some(id) = heading(slot.str())
            && (id.is_none() || found.iter().all(|(known, _)| *known != id))
        {
            found.push((id, slot.column));
        }
    }
    // A heading broken over two cells hides its column; then the official order has to do.
    let all_applicants = HEADINGS[..6].iter().all(|(_, id)| found.iter().any(|(known, _)| known == id));
    if !all_applicants {
        return Header::default();
    }
    let widest =
        rows.iter().filter_map(|row| align::core(&row.tokens())).map(|core| core.len()).max().unwrap_or(0);
    let has_total = found.iter().any(|(id, _)| *id == Some("total"));
    let is_grid = lines.get(first).is_some_and(|line| line.layout == Layout::Grid);
    if is_grid {
        found.sort_by_key(|(_, column)| *column);
    } else {
        // In print, 自然人 and 总计 stand a line above the others: the one comes first, the other last.
        found.sort_by_key(|(id, _)| match id {
            Some("natural_person") => 0,
            Some("total") => 2,
            _ => 1,
        });
    }
    if !has_total && widest >= 7 {
        // The header has lost its 总计, the rows have not.
        return Header::default();
    }
    Header {
        columns: found.iter().map(|(id, _)| *id).collect(),
        places: if is_grid { found.iter().map(|(_, column)| *column).collect() } else { Vec::new() },
        lacks_total: !has_total,
    }
}

impl Found<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// For the form of 2021 if positive, for that of 2019 if negative.
    pub(crate) fn evidence(&self) -> i32 {
        let vote = |row: &Row<'_>| match row.official.id {
            "other.no_correction" | "other.fee_unpaid" => 2,
            "other" => -2,
            _ => 0,
        };
        self.rows.iter().map(vote).sum()
    }

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

/// A printed cell with its figure.
pub(crate) fn cell_of(slot: Slot<'_>, kind: CellKind) -> Cell {
    let figure = figure::parse(slot.str(), kind);
    Cell {
        value: figure.value,
        state: figure.state,
        text: Some(slot.str().to_owned()),
        origin: Some(slot.origin()),
    }
}

/// How many equations cannot hold, whatever the unknown cells are.
fn broken(form: &Form, cells: &Cells) -> usize {
    form.equations().iter().filter(|equation| !crate::prove::can_hold(equation, cells)).count()
}
