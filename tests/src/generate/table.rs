//! The three tables of a report as grids with merged cells, before any layout prints them.

use report::{CellId, Form, FormId};

use super::figures::Figures;
use super::random::Random;

/// A table: its rows hold only the cells that begin there, as in HTML.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) width: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// The figure that stands in it; none for a label.
    pub(super) id: Option<CellId>,
}

/// How labels are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// As in the official form: `（一）予以公开`.
    Official,
    /// As text recognition leaves them: `(一) 予以公开`, `结果 维持`.
    Spaced,
    /// With half-width brackets and commas: `(一)予以公开`.
    Half,
}

/// How the head and the labels of table three lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Labels {
    /// Three columns of labels, as in the official form.
    Three,
    /// Two columns; a row with three labels pushes its figures one column to the right.
    Two,
}

/// What stands at one place of the grid.
pub(super) enum Place<'a> {
    Begins(&'a Cell),
    /// Covered by the cell that began in this row, to the left.
    FromLeft,
    /// Covered by a cell of an earlier row; true where it is that cell's first column.
    FromAbove(bool),
    Nothing,
}

impl Table {
    /// The places of every row, left to right.
    pub(super) fn grid(&self) -> Vec<Vec<Place<'_>>> {
        let mut grid: Vec<Vec<Place<'_>>> =
            self.rows.iter().map(|_| (0..self.width).map(|_| Place::Nothing).collect()).collect();
        for (row, cells) in self.rows.iter().enumerate() {
            let mut column = 0;
            for cell in cells {
                while matches!(grid[row].get(column), Some(place) if !matches!(place, Place::Nothing)) {
                    column += 1;
                }
                for below in 0..cell.rows.min(grid.len() - row) {
                    for right in 0..cell.columns.min(self.width - column) {
                        grid[row + below][column + right] = match (below, right) {
                            (0, 0) => Place::Begins(cell),
                            (0, _) => Place::FromLeft,
                            (_, right) => Place::FromAbove(right == 0),
                        };
                    }
                }
                column += cell.columns;
            }
        }
        grid
    }

    /// The same with every place a cell of its own, empty where another cell covered it.
    pub(super) fn flattened(&self) -> Self {
        let cell = |place: &Place<'_>| match place {
            Place::Begins(cell) => (*cell).clone().over(1, 1),
            _ => Cell::label(""),
        };
        let rows = self.grid().iter().map(|row| row.iter().map(cell).collect()).collect();
        Self { rows, width: self.width }
    }

    /// The figures that stand in it.
    pub(super) fn ids(&self) -> impl Iterator<Item = CellId> + '_ {
        self.rows.iter().flatten().filter_map(|cell| cell.id)
    }
}

impl Cell {
    fn label(text: impl Into<String>) -> Self {
        Self { text: text.into(), rows: 1, columns: 1, id: None }
    }

    fn over(self, rows: usize, columns: usize) -> Self {
        Self { rows, columns, ..self }
    }
}

impl Type {
    fn of(self, label: &str) -> String {
        match self {
            Self::Official => label.replace('(', "（").replace(')', "）"),
            Self::Spaced if label.starts_with('(') => label.replacen(')', ") ", 1).trim_end().to_owned(),
            Self::Spaced => label.replacen('.', ". ", 1),
            Self::Half => label.replace('，', ",").replace('（', "(").replace('）', ")").replace('：', ":"),
        }
    }

    /// The words of a narrow column, which recognition breaks in two: `结果 维持`.
    fn narrow(self, label: &str) -> String {
        let halves = label.char_indices().nth(2).filter(|_| label.chars().count() == 4);
        match halves {
            Some((middle, _)) if self != Self::Official => {
                format!("{} {}", &label[..middle], &label[middle..])
            }
            _ => label.to_owned(),
        }
    }
}

/// Table two. `random` decides how amounts are printed.
pub(super) fn active(form: &Form, figures: &Figures, style: Type, random: &mut Random) -> Table {
    let mut rows = Vec::new();
    for block in &form.active {
        rows.push(vec![Cell::label(style.of(block.article)).over(1, 4)]);
        let last = 4 - block.columns.len();
        let span = |position: usize| if position + 1 == block.columns.len() { last } else { 1 };
        let mut head = vec![Cell::label("信息内容")];
        for (position, column) in block.columns.iter().enumerate() {
            head.push(Cell::label(style.of(column.label)).over(1, span(position)));
        }
        rows.push(head);
        for row in &block.rows {
            let mut cells = vec![Cell::label(row.label)];
            for (position, column) in block.columns.iter().enumerate() {
                let id = form.active_cell(row.id, column.id).expect("the form has the cell");
                let text = printed(form, figures, id, random);
                cells.push(Cell { id: Some(id), ..Cell::label(text).over(1, span(position)) });
            }
            rows.push(cells);
        }
    }
    Table { rows, width: 4 }
}

/// The figure with the sign or unit that people write beside it.
fn printed(form: &Form, figures: &Figures, id: CellId, random: &mut Random) -> String {
    let text = figures.text(id);
    if id.as_str().ends_with(".items_change") && figures.get(id.as_str()) > 0 && random.chance(50) {
        return format!("+{text}");
    }
    // The form of 2019 names no unit for the money spent, so the cell does.
    if form.id == FormId::F2019 && id.as_str() == "active.procurement.amount" && text != "0" {
        let hundredths = figures.get(id.as_str());
        return match random.between(1, 3) {
            1 => format!("{}元", hundredths * 100),
            2 => format!("{text} 万元"),
            _ => format!("{text}万元"),
        };
    }
    text
}

/// Table three.
pub(super) fn requests(form: &Form, figures: &Figures, style: Type, labels: Labels) -> Table {
    let note = "(本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和)";
    let label_columns = if labels == Labels::Three { 3 } else { 2 };
    let applicants = &form.applicants;
    let note = Cell::label(style.of(note)).over(3, label_columns);
    let organisation = Cell::label("法人或其他组织").over(1, 5);
    let person = Cell::label(applicants[0].label).over(2, 1);
    let total = Cell::label(applicants[6].label);
    let mut rows = match labels {
        Labels::Three => vec![
            vec![note, Cell::label("申请人情况").over(1, 7)],
            vec![person, organisation, total.over(2, 1)],
        ],
        Labels::Two => vec![
            vec![note, Cell::label("申请人情况").over(1, 6), total.over(3, 1)],
            vec![person, organisation],
        ],
    };
    rows.push(applicants[1..6].iter().map(|column| Cell::label(narrow_kind(style, column.label))).collect());
    let results = form.requests.iter().filter(|row| row.under.is_some()).count();
    let mut group = "";
    for row in &form.requests {
        let mut cells = Vec::new();
        let under = row.under.unwrap_or_default();
        let top = under.is_empty();
        let detail = under.starts_with('(');
        if row.id == "granted" {
            cells.push(Cell::label("三、本年度办理结果").over(results, 1));
        }
        if detail && under != group {
            group = under;
            let size = form.requests.iter().filter(|other| other.under == row.under).count();
            cells.push(Cell::label(style.of(under)).over(size, 1));
        }
        let span = if top { label_columns } else { label_columns - 1 };
        cells.push(Cell::label(style.of(row.label)).over(1, if detail { 1 } else { span }));
        for column in applicants {
            let id = form.request_cell(row.id, column.id).expect("the form has the cell");
            cells.push(Cell { id: Some(id), ..Cell::label(figures.text(id)) });
        }
        rows.push(cells);
    }
    Table { rows, width: 10 }
}

fn narrow_kind(style: Type, label: &str) -> String {
    if style == Type::Half { style.narrow(label) } else { label.to_owned() }
}

/// Table four.
pub(super) fn litigation(form: &Form, figures: &Figures, style: Type) -> Table {
    let columns = || form.litigation_columns.iter().map(|column| Cell::label(style.narrow(column.label)));
    let mut second: Vec<Cell> = columns().map(|cell| cell.over(2, 1)).collect();
    second.push(Cell::label("未经复议直接起诉").over(1, 5));
    second.push(Cell::label("复议后起诉").over(1, 5));
    let mut figures_row = Vec::new();
    for group in &form.litigation_groups {
        for column in &form.litigation_columns {
            let id = form.litigation_cell(group.id, column.id).expect("the form has the cell");
            figures_row.push(Cell { id: Some(id), ..Cell::label(figures.text(id)) });
        }
    }
    let first = vec![Cell::label("行政复议").over(1, 5), Cell::label("行政诉讼").over(1, 10)];
    Table { rows: vec![first, second, columns().chain(columns()).collect(), figures_row], width: 15 }
}
