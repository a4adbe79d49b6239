//! Table two: blocks of one to three rows, each with its own header.

use report::{Cells, Form, FormId, Note, NoteKind, Table};

use crate::figure;
use crate::grid::{Line, Slot};
use crate::label;
use crate::requests::cell_of;

/// The printed rows of table two.
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    rows: Vec<Row<'a>>,
    /// Column headings of one form or the other: positive for 2021.
    evidence: i32,
}

#[derive(Debug)]
struct Row<'a> {
    id: &'static str,
    label: Slot<'a>,
    /// Column ids by the header above, left to right; empty where there is none.
    columns: Vec<Option<&'static str>>,
    /// Whether the header gives amounts in 元 instead of 万元.
    in_yuan: bool,
    slots: Vec<Slot<'a>>,
}

const ROWS: [(&str, &str); 9] = [
    ("规章", "regulations"),
    ("行政规范性文件", "normative_documents"),
    ("规范性文件", "normative_documents"),
    ("行政许可", "licensing"),
    ("其他对外管理服务事项", "other_services"),
    ("行政处罚", "penalty"),
    ("行政强制", "coercion"),
    ("行政事业性收费", "fees"),
    ("政府集中采购", "procurement"),
];

/// Words of the column headings, the more telling first, with the form they speak for.
const HEADINGS: [(&str, &str, i32); 12] = [
    ("对外公开", "public_total", -2),
    ("制发", "issued", 2),
    ("废止", "repealed", 2),
    ("现行有效", "in_force", 2),
    ("制作", "made", -2),
    ("上一年项目", "items_last_year", -2),
    ("增/减", "items_change", -2),
    ("处理决定", "decisions", 0),
    ("收费金额", "amount", 2),
    ("采购项目", "count", -2),
    ("采购总金额", "amount", -2),
    ("公开", "published", -2),
];

/// Finds the rows of the table among the printed lines.
pub(crate) fn find<'a>(lines: &[Line<'a>]) -> Found<'a> {
    let mut found = Found::default();
    let mut header: Vec<Option<&'static str>> = Vec::new();
    let mut in_yuan = false;
    for line in lines {
        // A table of another kind: the rows below are not ours, whatever they are called.
        let foreign = line
            .slots
            .iter()
            .any(|slot| slot.str().contains("申请数量") || slot.str().contains("申请人情况"));
        if foreign && !found.rows.is_empty() {
            break;
        }
        let mut open = false;
        for slot in &line.slots {
            let squeezed = label::squeeze(slot.str());
            if squeezed.contains("第二十条") || squeezed == "信息内容" {
                header.clear();
                in_yuan = false;
                open = false;
            } else if let Some(id) = row_id(&squeezed) {
                found.rows.push(Row {
                    id,
                    label: *slot,
                    columns: header.clone(),
                    in_yuan,
                    slots: Vec::new(),
                });
                open = true;
            } else if let Some((column, vote)) = heading(&squeezed) {
                in_yuan |= column == "amount" && says_yuan(&squeezed);
                header.push(Some(column));
                found.evidence += vote;
                open = false;
            } else if let Some(row) = found.rows.last_mut() {
                // Below its label a row goes on as long as figures are missing.
                let goes_on =
                    row.slots.len() < row.columns.len().max(1) && figure::any(slot.str()).is_number();
                if open || (goes_on && !is_text(slot)) {
                    row.slots.push(*slot);
                }
            }
        }
    }
    // A heading alone is no table: words of table two stand in narrative tables too.
    if found.rows.iter().all(|row| row.slots.is_empty()) {
        return Found::default();
    }
    found
}

fn row_id(squeezed: &str) -> Option<&'static str> {
    let normalised = label::normalise(squeezed);
    ROWS.iter().find(|(label, _)| normalised == *label).map(|(_, id)| *id)
}

fn heading(squeezed: &str) -> Option<(&'static str, i32)> {
    if squeezed.chars().count() > 24 || figure::any(squeezed).is_number() {
        return None;
    }
    let words = squeezed.replace(['／', '丨', '|'], "/");
    HEADINGS.iter().find(|(word, ..)| words.contains(word)).map(|(_, column, vote)| (*column, *vote))
}

fn says_yuan(squeezed: &str) -> bool {
    squeezed.contains('元') && !squeezed.contains("万元")
}

fn is_text(slot: &Slot<'_>) -> bool {
    !figure::any(slot.str()).is_value()
}

impl Found<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// For the form of 2021 if positive, for that of 2019 if negative.
    pub(crate) fn evidence(&self) -> i32 {
        self.evidence
    }

    /// Puts the figures into the cells and notes what is odd.
    pub(crate) fn fill(&self, form: &'static Form, cells: &mut Cells, notes: &mut Vec<Note>) {
        if self.rows.is_empty() {
            notes.push(Note::new(NoteKind::TableAbsent, Table::Active.as_str(), None));
            return;
        }
        for block in &form.active {
            for line in &block.rows {
                let mut printed = self.rows.iter().filter(|row| row.id == line.id);
                let Some(row) = printed.next() else {
                    notes.push(Note::new(NoteKind::RowAbsent, line.id, None));
                    continue;
                };
                if printed.any(|again| !again.same_figures(row)) {
                    notes.push(Note::new(NoteKind::RowRepeated, line.id, Some(row.label.origin())));
                }
                let columns: Vec<&'static str> = block.columns.iter().map(|column| column.id).collect();
                row.fill(form, &columns, cells);
            }
        }
        let foreign =
            |row: &&Row<'_>| form.active.iter().flat_map(|block| &block.rows).all(|line| line.id != row.id);
        for row in self.rows.iter().filter(foreign) {
            notes.push(Note::new(NoteKind::ForeignRow, row.id, Some(row.label.origin())));
        }
    }
}

impl Row<'_> {
    fn same_figures(&self, other: &Self) -> bool {
        let values =
            |row: &Self| row.slots.iter().map(|slot| figure::any(slot.str()).value).collect::<Vec<_>>();
        values(self) == values(other)
    }

    /// Lays the row against its columns: by the header where it names just these, else in their order.
    fn fill(&self, form: &'static Form, columns: &[&'static str], cells: &mut Cells) {
        let by_header = columns.iter().all(|column| self.columns.contains(&Some(column)));
        for (position, column) in columns.iter().enumerate() {
            let index = match by_header {
                true => self.columns.iter().position(|heading| *heading == Some(column)),
                false => Some(position),
            };
            let Some(slot) = index.and_then(|index| self.slots.get(index)) else { continue };
            let Some(id) = form.active_cell(self.id, column) else { continue };
            let Some(cell) = cells.get_mut(id) else { continue };
            *cell = cell_of(*slot, id.kind());
            if self.in_yuan && form.id == FormId::F2021 && !slot.str().contains('元') {
                cell.value = cell.value.map(|value| value / report::Decimal::from(10_000));
            }
        }
    }
}
