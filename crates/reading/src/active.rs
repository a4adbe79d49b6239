//! Table two: blocks of one to three rows, each with its own header.

mod text;

use std::borrow::Cow;

use document::Layout;
use report::{CellKind, Cells, Decimal, Form, FormId, Note, NoteKind, Table};

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
    /// The text before the label in its line.
    before: &'a str,
    /// Column ids by the header above, left to right; empty where there is none.
    columns: Vec<Option<&'static str>>,
    /// The headings of these columns.
    headings: Vec<Slot<'a>>,
    layout: Layout,
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

/// Characters of the longest of these labels, with room for one more.
const LONGEST_LABEL: usize = 11;

/// Words of the column headings, the more telling first, with the form they speak for.
const HEADINGS: [(&str, &str, i32); 13] = [
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
    ("新公开", "published", -2),
    ("公开数", "published", -2),
];

/// Finds the rows of the table among the printed lines.
pub(crate) fn find<'a>(lines: &[Line<'a>]) -> Found<'a> {
    let mut found = Found::default();
    let mut header: Vec<(&'static str, Slot<'a>)> = Vec::new();
    let mut before = "";
    let mut block = text::Block::default();
    // Whether something else has been printed since the last row.
    let mut closed = true;
    'lines: for line in lines {
        let mut open = false;
        let is_row = text::is_row(line);
        for slot in &line.slots {
            let plain = slot.read.plain.as_str();
            // A table of another kind: the rows below are not ours, whatever they are called.
            if plain.contains("申请数量") || plain.contains("申请人情况") {
                if !found.rows.is_empty() {
                    break 'lines;
                }
                continue 'lines;
            }
            if plain.contains("第二十条") || plain == "信息内容" {
                block.settle(&mut found.rows);
                header.clear();
                (open, closed) = (false, true);
            } else if let Some(id) = row_id(slot).or_else(|| {
                // A label stands under headings, and figures follow it.
                let above = found.rows.last().map(|row| row.id);
                misprinted(slot, above).filter(|_| !header.is_empty())
            }) {
                found.rows.push(Row {
                    id,
                    label: *slot,
                    before,
                    columns: header.iter().map(|(column, _)| Some(*column)).collect(),
                    headings: header.iter().map(|(_, heading)| *heading).collect(),
                    layout: line.layout,
                    slots: Vec::new(),
                });
                block.reopen();
                (open, closed) = (true, false);
            } else if let Some((column, vote)) = heading(plain) {
                block.settle(&mut found.rows);
                header.push((column, *slot));
                found.evidence += vote;
                (open, closed) = (false, true);
            } else if line.is_text && !header.is_empty() && slot.is_like_figure() && !(open && is_row) {
                block.take(*slot, header.len());
            } else if let Some(row) = found.rows.last_mut() {
                // Below its label a row goes on as long as figures are missing.
                let goes_on =
                    !closed && row.slots.len() < row.columns.len().max(1) && slot.figure().is_number();
                // A figure more than there are columns: which of them is none of the row, is not known.
                let is_too_many =
                    !closed && !open && line.layout != Layout::Grid && slot.figure().is_number();
                let is_other_text = is_text(slot) && !plain.contains(|c: char| c.is_ascii_digit());
                if is_other_text && line.layout == Layout::Stream {
                    block.close(plain, &mut found.rows);
                    (open, closed) = (false, true);
                } else if open || goes_on || is_too_many {
                    row.slots.push(*slot);
                }
            }
            before = plain;
        }
    }
    block.settle(&mut found.rows);
    // A heading alone is no table: tables in the narrative use the same words.
    if found.rows.iter().all(|row| row.slots.is_empty()) {
        return Found::default();
    }
    found
}

fn row_id(slot: &Slot<'_>) -> Option<&'static str> {
    ROWS.iter().find(|(label, _)| slot.normalised() == *label).map(|(_, id)| *id)
}

/// Characters of a label with which one edit leads to no other word.
const LONG_LABEL: usize = 4;

/// The row whose label is one edit away, if there is just one and it stands below the row `above` in the form.
fn misprinted(slot: &Slot<'_>, above: Option<&'static str>) -> Option<&'static str> {
    if !(LONG_LABEL..=LONGEST_LABEL).contains(&slot.read.normalised.length()) {
        return None;
    }
    let place = |id: &str| ROWS.iter().position(|(_, row)| *row == id);
    let is_near = |row: &&(&str, &'static str)| {
        row.0.chars().count() >= LONG_LABEL && strsim::levenshtein(slot.normalised(), row.0) == 1
    };
    let mut near: Vec<&'static str> = ROWS.iter().filter(is_near).map(|(_, id)| *id).collect();
    near.dedup();
    let [id] = near[..] else { return None };
    (above.and_then(place) < place(id)).then_some(id)
}

fn heading(plain: &str) -> Option<(&'static str, i32)> {
    if plain.len() < 6 || plain.chars().count() > 24 {
        return None;
    }
    let words = match plain.contains(['／', '丨', '|']) {
        true => Cow::Owned(plain.replace(['／', '丨', '|'], "/")),
        false => Cow::Borrowed(plain),
    };
    let (_, column, vote) = HEADINGS.iter().find(|(word, ..)| words.contains(word))?;
    (!figure::any(plain).is_number()).then_some((*column, *vote))
}

/// How many 元 the unit is that a heading names.
fn money_unit(plain: &str) -> Option<u32> {
    let units = [("亿元", 100_000_000), ("万元", 10_000), ("千元", 1_000), ("元", 1)];
    units.into_iter().find(|(unit, _)| plain.contains(unit)).map(|(_, yuan)| yuan)
}

/// Characters that a heading may have in addition to the form: 本年度制发件数.
const EXTRA_CHARS: usize = 1;

/// Whether a heading has words that the form does not have: `本年(2023)制发件数`. Headings that a
/// converter cut or joined do not count.
fn is_altered(heading: &str, official: &str) -> bool {
    let (printed, official) = (label::normalise(heading), label::normalise(official));
    // Digits at the end come from a figure beside it.
    let printed = printed.trim_end_matches(|c: char| c.is_ascii_digit());
    let words = HEADINGS.iter().map(|(word, ..)| *word).chain(ROWS.iter().map(|(label, _)| *label));
    let is_joined = words.filter(|word| printed.contains(word)).any(|word| !official.contains(word));
    let mut official: Vec<char> = official.chars().collect();
    let is_extra = |c: &char| match official.iter().position(|other| other == c) {
        Some(at) => {
            official.swap_remove(at);
            false
        }
        None => true,
    };
    !is_joined && printed.chars().filter(is_extra).count() > EXTRA_CHARS
}

fn is_text(slot: &Slot<'_>) -> bool {
    !slot.figure().is_value()
}

impl<'a> Found<'a> {
    /// How many rows have figures.
    pub(crate) fn filled_rows(&self) -> usize {
        self.rows.iter().filter(|row| !row.slots.is_empty()).count()
    }

    /// Adds the rows that it lacks from those found under headings elsewhere; all, if it has none.
    pub(crate) fn add(&mut self, other: Found<'a>) {
        if self.rows.is_empty() {
            *self = other;
            return;
        }
        let is_new = |row: &Row| !self.rows.iter().any(|there| there.id == row.id);
        let stands = |row: &Row| !row.slots.is_empty() && !row.columns.is_empty();
        let rows: Vec<Row> = other.rows.into_iter().filter(|row| is_new(row) && stands(row)).collect();
        self.rows.extend(rows);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// For the form of 2021 if positive, for that of 2019 if negative.
    pub(crate) fn evidence(&self) -> i32 {
        self.evidence
    }

    /// Puts the figures into the cells and notes anomalies.
    pub(crate) fn fill(&self, form: &'static Form, cells: &mut Cells, notes: &mut Vec<Note>) {
        if self.rows.is_empty() {
            notes.push(Note::new(NoteKind::TableAbsent, Table::Active.as_str(), None));
            return;
        }
        for block in &form.active {
            for line in &block.rows {
                let columns: Vec<&'static str> = block.columns.iter().map(|column| column.id).collect();
                let printed = || self.rows.iter().filter(|row| row.id == line.id);
                // Of tables of both forms, the one with the columns of this form.
                let fitting = printed().filter(|row| row.is_headed_by(&columns)).chain(printed()).next();
                let Some(row) = fitting else {
                    notes.push(Note::new(NoteKind::RowAbsent, line.id, None));
                    continue;
                };
                let origin = Some(row.label.origin());
                let rivals =
                    printed().filter(|other| other.columns == row.columns && !other.slots.is_empty());
                if rivals.clone().any(|again| !again.same_figures(row)) {
                    notes.push(Note::new(NoteKind::RowRepeated, line.id, origin));
                    continue;
                }
                if !row.fill(form, &columns, cells) {
                    let count = row.slots.len() as u32;
                    notes.push(Note::counted(NoteKind::FigureCount, line.id, count, origin));
                }
                for departure in row.departures(form, &block.columns) {
                    // The rows of a block share its headings.
                    if !notes.contains(&departure) {
                        notes.push(departure);
                    }
                }
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
        let values = |row: &Self| row.slots.iter().map(|slot| slot.figure().value).collect::<Vec<_>>();
        values(self) == values(other)
    }

    /// Whether the header above it names just these columns.
    fn is_headed_by(&self, columns: &[&'static str]) -> bool {
        self.columns.len() == columns.len()
            && columns.iter().all(|column| self.columns.contains(&Some(column)))
    }

    /// Notes where its label and its headings differ from the form.
    fn departures(&self, form: &Form, columns: &[report::Line]) -> Vec<Note> {
        let mut notes = Vec::new();
        let headed = |column: &report::Line| {
            let at = self.columns.iter().position(|heading| *heading == Some(column.id))?;
            self.headings.get(at).copied()
        };
        for (column, heading) in columns.iter().filter_map(|column| Some((column, headed(column)?))) {
            let printed = heading.read.plain.as_str();
            let origin = Some(heading.origin());
            if form.id == FormId::F2021 && is_altered(printed, column.label) {
                notes.push(Note::new(NoteKind::HeadingAltered, printed, origin));
            }
            let unit = money_unit(printed).filter(|_| column.id == "amount");
            if let Some(unit) = unit.filter(|unit| money_unit(column.label) != Some(*unit)) {
                notes.push(Note::counted(NoteKind::MoneyUnit, self.id, unit, origin));
            }
        }
        let is_old = form.id == FormId::F2021 && self.label.normalised() == "规范性文件";
        if is_old && !self.before.ends_with("行政") {
            notes.push(Note::new(NoteKind::LabelOutdated, self.id, Some(self.label.origin())));
        }
        notes
    }

    /// How many 元 the unit is that the heading of the money names.
    fn unit(&self) -> Option<u32> {
        let at = self.columns.iter().position(|column| *column == Some("amount"))?;
        money_unit(&self.headings.get(at)?.read.plain)
    }

    /// Lays the row against its columns: by the header where it names them, else in their order. False
    /// if the column of a figure is unknown.
    fn fill(&self, form: &'static Form, columns: &[&'static str], cells: &mut Cells) -> bool {
        let by_header = columns.iter().all(|column| self.columns.contains(&Some(column)));
        let is_foreign = self.columns.iter().flatten().any(|heading| !columns.contains(heading));
        if !by_header && is_foreign {
            return false;
        }
        let width = if by_header { self.columns.len() } else { columns.len() };
        let Some(slots) = self.of_width(width) else { return false };
        for (position, column) in columns.iter().enumerate() {
            let index = match by_header {
                true => self.columns.iter().position(|heading| *heading == Some(column)),
                false => Some(position),
            };
            let Some(slot) = index.and_then(|index| slots.get(index)) else { continue };
            let Some(id) = form.active_cell(self.id, column) else { continue };
            let Some(cell) = cells.get_mut(id) else { continue };
            *cell = cell_of(*slot, id.kind());
            // The form's own unit is 万元; a unit in the cell itself counts before that of the heading.
            if let (CellKind::Amount, Some(unit), false) = (id.kind(), self.unit(), slot.str().contains('元'))
            {
                let in_form = |value: Decimal| {
                    value.checked_mul(unit.into())?.checked_div(10_000.into()).map(|value| value.normalize())
                };
                cell.value = cell.value.map(|value| in_form(value).unwrap_or(value));
            }
        }
        true
    }

    /// The cells of the row without the blanks that merged cells leave around them. Where blank cells
    /// vanish, a short row does not show which are left.
    fn of_width(&self, width: usize) -> Option<&[Slot<'_>]> {
        let mut slots = &self.slots[..];
        while let [rest @ .., last] = slots
            && slots.len() > width
            && last.text.is_empty()
        {
            slots = rest;
        }
        while let [first, rest @ ..] = slots
            && slots.len() > width
            && first.text.is_empty()
        {
            slots = rest;
        }
        // Remarks behind the figures.
        while let [rest @ .., last] = slots
            && slots.len() > width
            && is_text(last)
        {
            slots = rest;
        }
        let is_short = slots.len() < width && self.layout == Layout::Stream;
        (slots.len() <= width && !is_short).then_some(slots)
    }
}

#[cfg(test)]
mod tests {
    use document::Limits;
    use report::{CellId, NoteKind};

    use super::is_altered;

    #[test]
    fn words_added_to_a_heading_differ_from_cuts_and_joints() {
        for (heading, official, expected) in [
            ("本年制发件数", "本年制发件数", false),
            ("本年 (2023) 制发件数", "本年制发件数", true),
            ("现行有效件数（历史累计）", "现行有效件数", true),
            ("本年度制发件数", "本年制发件数", false),
            ("本年制发数量", "本年制发件数", false),
            ("制发件数", "本年制发件数", false),
            ("本年制发件数本年废止件数", "本年制发件数", false),
            ("行政许可本年处理决定数量", "本年处理决定数量", false),
            ("本年收费金额（万元）", "本年收费金额（单位：万元）", false),
            ("本年收费金额（单位:元）", "本年收费金额（单位：万元）", false),
        ] {
            assert_eq!(is_altered(heading, official), expected, "{heading}");
        }
    }

    /// Table two of 2021 with this heading over the fees, this label and this fee: the fee and the notes.
    fn check(heading: &str, label: &str, fee: &str, value: &str, expected: &[(NoteKind, &str, Option<u32>)]) {
        let text = format!(
            "第二十条第（一）项\t\t\t\n信息内容\t本年制发件数\t本年废止件数\t现行有效件数\n规章\t0\t0\t0\n{label}\t0\t0\t1\n\
             第二十条第（八）项\t\t\t\n信息内容\t{heading}\t\t\n行政事业性收费\t{fee}\t\t\n"
        );
        let document = document::read(text.as_bytes(), &Limits::default()).unwrap();
        let report = crate::read(&document, None);
        let fee = report.cells.value(CellId::parse("active.fees.amount").unwrap()).unwrap();
        assert_eq!(fee.to_string(), value, "{heading} {fee}");
        let kinds = [NoteKind::HeadingAltered, NoteKind::LabelOutdated, NoteKind::MoneyUnit];
        let notes = report.notes.iter().filter(|note| kinds.contains(&note.kind));
        let notes: Vec<_> = notes.map(|note| (note.kind, note.subject.as_str(), note.count)).collect();
        assert_eq!(notes, expected, "{heading} {label}");
    }

    #[test]
    fn departures_from_the_form_are_noticed() {
        let official = "本年收费金额（单位：万元）";
        check(official, "行政规范性文件", "3000", "3000", &[]);
        check("本年收费金额", "行政规范性文件", "3000", "3000", &[]);
        let in_yuan = [(NoteKind::MoneyUnit, "fees", Some(1))];
        check("本年收费金额（单位：元）", "行政规范性文件", "3000", "0.3", &in_yuan);
        check("本年收费金额（单位：元）", "行政规范性文件", "3万元", "3", &in_yuan);
        check(official, "规范性文件", "1", "1", &[(NoteKind::LabelOutdated, "normative_documents", None)]);
        check(
            "本年(2023)收费金额（单位：万元）",
            "行政规范性文件",
            "1",
            "1",
            &[(NoteKind::HeadingAltered, "本年(2023)收费金额(单位:万元)", None)],
        );
    }
}
