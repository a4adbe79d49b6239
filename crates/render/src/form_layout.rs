//! The layout of the three tables as the notices print them: the row and column of each head, label and figure.
//!
//! Source: the forms enclosed in 国办公开办函〔2019〕60号 and 国办公开办函〔2021〕30号.

use report::{CellId, Form, Line, RequestRow, SectionKind, Table};

pub use report::full_width_brackets;

/// A cell of the layout, which covers one or more rows and columns. Both count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedCell {
    /// Its first row.
    pub row: u32,
    /// Its first column.
    pub column: u16,
    /// How many rows it covers.
    pub rows: u32,
    /// How many columns it covers.
    pub columns: u16,
    /// What it holds.
    pub content: Content,
}

/// What a cell of the layout holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The head of columns.
    Head(String),
    /// The label of a row or of a group of rows.
    Label(String),
    /// A figure.
    Figure(CellId),
}

/// A table of the form, row by row.
pub fn layout(form: &Form, table: Table) -> Vec<PlacedCell> {
    match table {
        Table::Active => active(form),
        Table::Requests => requests(form),
        Table::Litigation => litigation(form),
    }
}

/// The heading of the section with the table.
pub fn heading(table: Table) -> &'static str {
    match table {
        Table::Active => SectionKind::Active.heading(),
        Table::Requests => SectionKind::Requests.heading(),
        Table::Litigation => SectionKind::Litigation.heading(),
    }
}

/// The last row and the last column of a table.
pub fn extent(layout: &[PlacedCell]) -> (u32, u16) {
    let row = layout.iter().map(|placed| placed.row + placed.rows - 1).max().unwrap_or(0);
    let column = layout.iter().map(|placed| placed.column + placed.columns - 1).max().unwrap_or(0);
    (row, column)
}

/// The relative widths of the columns of a table; in a spreadsheet, in characters.
pub fn widths(layout: &[PlacedCell], table: Table) -> Vec<u16> {
    let (labels, figures): (&[u16], u16) = match table {
        Table::Active => (&[26], 9),
        Table::Requests => (&[4, 11, 34], 8),
        Table::Litigation => (&[], 8),
    };
    let widths = labels.iter().copied().chain(std::iter::repeat(figures));
    widths.take(usize::from(extent(layout).1) + 1).collect()
}

/// Columns that the figures of table two share, so that one, two and three of them are equally wide.
const GRID: u16 = 6;

fn active(form: &Form) -> Vec<PlacedCell> {
    let mut table = Builder::default();
    for block in &form.active {
        let span = GRID / (block.columns.len() as u16).clamp(1, GRID);
        table.head(0, (1, GRID + 1), block.article);
        table.next_row();
        table.head(0, (1, 1), "信息内容");
        for (column, line) in (1..).step_by(usize::from(span)).zip(&block.columns) {
            table.head(column, (1, span), line.label);
        }
        for row in &block.rows {
            table.next_row();
            table.label(0, (1, 1), row.label);
            for (column, line) in (1..).step_by(usize::from(span)).zip(&block.columns) {
                table.figure(column, span, form.active_cell(row.id, line.id));
            }
        }
        table.next_row();
    }
    table.placed
}

/// Columns of labels in table three.
const LABELS: u16 = 3;

fn requests(form: &Form) -> Vec<PlacedCell> {
    let mut table = Builder::default();
    let columns = form.applicants.len() as u16;
    let last = LABELS + columns.saturating_sub(1);
    let note = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）";
    table.head(0, (3, LABELS), note);
    table.head(LABELS, (1, columns), "申请人情况");
    table.next_row();
    // Natural persons come first and the total last; those between are organisations.
    if let [first, organisations @ .., total] = &form.applicants[..] {
        table.head(LABELS, (2, 1), first.label);
        table.head(LABELS + 1, (1, organisations.len() as u16), "法人或其他组织");
        table.head(last, (2, 1), total.label);
        table.next_row();
        for (column, line) in (LABELS + 1..).zip(organisations) {
            table.head(column, (1, 1), line.label);
        }
    }
    let mut before = None;
    for row in &form.requests {
        table.next_row();
        request_labels(&mut table, form, row, before);
        before = row.under;
        for (column, line) in (LABELS..).zip(&form.applicants) {
            table.figure(column, 1, form.request_cell(row.id, line.id));
        }
    }
    table.placed
}

/// The label of a row, with the labels of the groups that begin there.
fn request_labels(table: &mut Builder, form: &Form, row: &RequestRow, before: Option<&str>) {
    const OUTCOMES: &str = "三、本年度办理结果";
    let Some(under) = row.under else { return table.label(0, (1, LABELS), row.label) };
    let count = |is_in: &dyn Fn(&str) -> bool| {
        form.requests.iter().filter(|row| row.under.is_some_and(is_in)).count() as u32
    };
    if before.is_none() {
        table.label(0, (count(&|_| true), 1), OUTCOMES);
    }
    if under == OUTCOMES {
        return table.label(1, (1, LABELS - 1), row.label);
    }
    if before != Some(under) {
        table.label(1, (count(&|other| other == under), 1), under);
    }
    table.label(2, (1, 1), row.label);
}

fn litigation(form: &Form) -> Vec<PlacedCell> {
    let mut table = Builder::default();
    let width = form.litigation_columns.len() as u16;
    // `行政诉讼/复议后起诉` belongs to the group 行政诉讼; 行政复议 is a group of its own.
    let parts = |group: &Line| group.label.split_once('/');
    let groups = || (0..).step_by(usize::from(width.max(1))).zip(&form.litigation_groups);
    let mut before = None;
    for (column, group) in groups() {
        match parts(group) {
            None => table.head(column, (2, width), group.label),
            Some((outer, _)) if before != Some(outer) => {
                let within = |other: &&Line| parts(other).is_some_and(|(label, _)| label == outer);
                let count = form.litigation_groups.iter().filter(within).count() as u16;
                table.head(column, (1, width * count), outer);
                before = Some(outer);
            }
            Some(_) => {}
        }
    }
    table.next_row();
    for (column, (_, inner)) in groups().filter_map(|(column, group)| Some((column, parts(group)?))) {
        table.head(column, (1, width), inner);
    }
    table.next_row();
    for (start, _) in groups() {
        for (column, line) in (start..).zip(&form.litigation_columns) {
            table.head(column, (1, 1), line.label);
        }
    }
    table.next_row();
    for (start, group) in groups() {
        for (column, line) in (start..).zip(&form.litigation_columns) {
            table.figure(column, 1, form.litigation_cell(group.id, line.id));
        }
    }
    table.placed
}

/// Builds a layout row by row.
#[derive(Default)]
struct Builder {
    row: u32,
    placed: Vec<PlacedCell>,
}

impl Builder {
    fn next_row(&mut self) {
        self.row += 1;
    }

    fn head(&mut self, column: u16, span: (u32, u16), text: &str) {
        self.place(column, span, Content::Head(full_width_brackets(text)));
    }

    fn label(&mut self, column: u16, span: (u32, u16), text: &str) {
        self.place(column, span, Content::Label(full_width_brackets(text)));
    }

    fn figure(&mut self, column: u16, columns: u16, id: Option<CellId>) {
        if let Some(id) = id {
            self.place(column, (1, columns), Content::Figure(id));
        }
    }

    fn place(&mut self, column: u16, (rows, columns): (u32, u16), content: Content) {
        self.placed.push(PlacedCell { row: self.row, column, rows, columns, content });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use report::FormId;

    use super::*;

    /// The cells of the layout cover each row and column once, and each cell of the form occurs once.
    #[test]
    fn tables_have_neither_holes_nor_overlaps() {
        for form in FormId::ALL.map(Form::get) {
            let mut cells = Vec::new();
            for table in Table::ALL {
                let layout = layout(form, table);
                let mut covered = BTreeSet::new();
                for placed in &layout {
                    for row in placed.row..placed.row + placed.rows {
                        for column in placed.column..placed.column + placed.columns {
                            assert!(covered.insert((row, column)), "{} {placed:?}", form.id);
                        }
                    }
                    if let Content::Figure(id) = placed.content {
                        assert_eq!(id.table(), table);
                        cells.push(id);
                    }
                }
                let (row, column) = extent(&layout);
                assert_eq!(
                    covered.len(),
                    (row as usize + 1) * (usize::from(column) + 1),
                    "{} {table:?}",
                    form.id
                );
            }
            assert_eq!(cells, form.cells());
        }
    }

    #[test]
    fn heads_and_labels_are_those_of_the_notice() {
        let check = |form: FormId, table: Table, row: u32, column: u16, expected: (&str, u32, u16)| {
            let layout = layout(Form::get(form), table);
            let placed = layout.iter().find(|placed| (placed.row, placed.column) == (row, column)).unwrap();
            let (Content::Head(text) | Content::Label(text)) = &placed.content else { panic!("{placed:?}") };
            assert_eq!((text.as_str(), placed.rows, placed.columns), expected);
        };
        let (f2019, f2021) = (FormId::F2019, FormId::F2021);
        check(f2021, Table::Active, 0, 0, ("第二十条第（一）项", 1, 7));
        check(f2021, Table::Active, 1, 5, ("现行有效件数", 1, 2));
        check(f2021, Table::Active, 12, 1, ("本年收费金额（单位：万元）", 1, 6));
        check(f2019, Table::Active, 16, 1, ("采购项目数量", 1, 3));
        check(f2021, Table::Requests, 1, 4, ("法人或其他组织", 1, 5));
        check(f2021, Table::Requests, 1, 9, ("总计", 2, 1));
        check(f2021, Table::Requests, 5, 0, ("三、本年度办理结果", 22, 1));
        check(f2019, Table::Requests, 5, 0, ("三、本年度办理结果", 20, 1));
        check(f2021, Table::Requests, 7, 1, ("（三）不予公开", 8, 1));
        check(f2021, Table::Requests, 23, 1, ("（六）其他处理", 3, 1));
        check(f2019, Table::Requests, 23, 1, ("（六）其他处理", 1, 2));
        check(f2021, Table::Requests, 27, 0, ("四、结转下年度继续办理", 1, 3));
        check(f2021, Table::Litigation, 0, 0, ("行政复议", 2, 5));
        check(f2021, Table::Litigation, 0, 5, ("行政诉讼", 1, 10));
        check(f2021, Table::Litigation, 1, 10, ("复议后起诉", 1, 5));
    }
}
