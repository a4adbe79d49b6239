//! The three tables of a report in the layout of the official form. Each cell shows its value or what the
//! original has instead, and its title says where.

use std::collections::{BTreeSet, HashMap};

use maud::{Markup, html};
use render::form_layout::{self, Content, PlacedCell, full_width_brackets};
use report::{Cell, CellId, CellState, Cells, Finding, Form, Judgement, Review, Severity, Table};

use super::original_view;
use crate::labels;

/// The tables of a report; none where its form is not known. `shown` names the cells that have an element in the
/// original.
pub(super) fn tables(review: &Review, shown: &BTreeSet<String>) -> Option<Markup> {
    let form = Form::get(review.report.form?);
    let tables = Tables { form, cells: &review.report.cells, marks: marks(&review.findings), shown };
    Some(html! {
        @for table in Table::ALL { (tables.table(table)) }
        (legend())
    })
}

/// The id of the heading of a table on the page.
pub(super) fn anchor(table: Table) -> &'static str {
    match table {
        Table::Active => "table-2",
        Table::Requests => "table-3",
        Table::Litigation => "table-4",
    }
}

/// The value of a cell, or what the original has instead.
pub(super) fn shown(cell: Option<&Cell>) -> String {
    let Some(cell) = cell else { return "缺".to_owned() };
    match (cell.value, cell.state) {
        (Some(value), _) => value.normalize().to_string(),
        (None, CellState::Blank) => "空".to_owned(),
        (None, CellState::Placeholder | CellState::Unreadable | CellState::Doubtful) => {
            cell.text.clone().unwrap_or_default()
        }
        (None, _) => "缺".to_owned(),
    }
}

struct Tables<'a> {
    form: &'static Form,
    cells: &'a Cells,
    marks: HashMap<CellId, Mark>,
    shown: &'a BTreeSet<String>,
}

/// How a cell is marked for the findings about it, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    /// A finding that cannot be judged, or that was waived.
    Unknown,
    Fails(Severity),
}

impl Mark {
    fn of(finding: &Finding) -> Self {
        match finding.judgement {
            Judgement::Fails if finding.waiver.is_none() => Self::Fails(finding.severity),
            _ => Self::Unknown,
        }
    }

    /// Its class in the style sheet.
    fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Fails(severity) => severity.as_str(),
        }
    }
}

/// The most severe mark of each cell.
fn marks(findings: &[Finding]) -> HashMap<CellId, Mark> {
    let mut marks = HashMap::new();
    for finding in findings {
        let mark = Mark::of(finding);
        for cell in &finding.cells {
            marks.entry(*cell).and_modify(|worst: &mut Mark| *worst = mark.max(*worst)).or_insert(mark);
        }
    }
    marks
}

impl Tables<'_> {
    fn table(&self, table: Table) -> Markup {
        let layout = form_layout::layout(self.form, table);
        let width = form_layout::extent(&layout).1 + 1;
        let rows: Vec<&[PlacedCell]> = layout.chunk_by(|one, next| one.row == next.row).collect();
        let (head, body) = rows.split_at(head_rows(&rows));
        html! {
            section.table {
                h3 id=(anchor(table)) { (form_layout::heading(table)) }
                div.scroll tabindex="0" { table.form.(table.as_str()) {
                    @if !head.is_empty() { thead { @for row in head { (self.row(row, width)) } } }
                    tbody { @for row in body { (self.row(row, width)) } }
                } }
            }
        }
    }

    fn row(&self, row: &[PlacedCell], width: u16) -> Markup {
        let is_total = row.iter().any(|placed| match placed.content {
            Content::Figure(id) => id.as_str().starts_with("requests.concluded."),
            _ => false,
        });
        html! { tr.total[is_total] { @for placed in row { (self.placed(placed, width)) } } }
    }

    fn placed(&self, placed: &PlacedCell, width: u16) -> Markup {
        let rows = (placed.rows > 1).then_some(placed.rows);
        let columns = (placed.columns > 1).then_some(placed.columns);
        // The note of 表三 covers all its head rows.
        let is_note = placed.rows > 2;
        html! {
            @match &placed.content {
                Content::Head(text) => {
                    th.article[placed.columns == width].note[is_note] rowspan=[rows] colspan=[columns]
                        scope=(if columns.is_some() { "colgroup" } else { "col" }) { (text) }
                }
                Content::Label(text) => {
                    th.outer[rows.is_some() && placed.column == 0].inner[rows.is_some() && placed.column == 1]
                        rowspan=[rows] colspan=[columns] scope=(if rows.is_some() { "rowgroup" } else { "row" }) { (text) }
                }
                Content::Figure(id) => (self.cell(*id, columns)),
            }
        }
    }

    fn cell(&self, id: CellId, columns: Option<u16>) -> Markup {
        let cell = self.cells.get(id);
        let state = cell.map(|cell| cell.state).unwrap_or_default();
        let mark = self.marks.get(&id).map(|mark| mark.as_str());
        let name = format!("cell-{id}");
        html! {
            td.(state.as_str()).blamed[mark.is_some()] id=(name) colspan=[columns] data-severity=[mark]
                tabindex="-1" title=(self.description(id, cell)) {
                @if self.shown.contains(&name) {
                    a.value href={ "#" (original_view::anchor(&name)) } tabindex="-1" { (shown(cell)) }
                } @else { span.value { (shown(cell)) } }
                @if state == CellState::Derived { sup { "推" } }
                @if state == CellState::Doubtful { sup { "疑" } }
            }
        }
    }

    /// The name of the cell, its value, how the value is known, and where the original has it.
    fn description(&self, id: CellId, cell: Option<&Cell>) -> String {
        let label = full_width_brackets(self.form.label(id));
        let state = cell.map(|cell| cell.state).unwrap_or_default();
        let mut description = format!("{label}：{}。", shown(cell));
        // A number that was read stands there as it is printed.
        if state != CellState::Read {
            description.push_str(state.title());
        }
        if let Some(doubt) = cell.and_then(|cell| cell.doubt) {
            description.push_str(&format!("（{}）", doubt.title()));
        }
        if let Some(text) = cell.and_then(|cell| cell.text.as_ref()).filter(|text| !text.is_empty()) {
            let comma = if state == CellState::Read { "" } else { "，" };
            description.push_str(&format!("{comma}原文填写“{text}”"));
        }
        if let Some(words) = cell.and_then(|cell| labels::page(&cell.origin?)) {
            description.push_str(&format!("。{words}"));
        }
        description
    }
}

/// How many rows are the head of the table: those above the first figure. A table with more heads further down
/// (表二) has none, because a browser repeats the head on each printed page.
fn head_rows(rows: &[&[PlacedCell]]) -> usize {
    let has_figure =
        |row: &&[PlacedCell]| row.iter().any(|placed| matches!(placed.content, Content::Figure(_)));
    let above = rows.iter().take_while(|row| !has_figure(row)).count();
    if rows.iter().skip(above).all(has_figure) { above } else { 0 }
}

fn legend() -> Markup {
    html! {
        ul.legend aria-label="图例" {
            li { span.swatch.derived { "9" sup { "推" } } "由勾稽关系推得，原文没有印" }
            li { span.swatch.blank { "空" } "原文为空格" }
            li { span.swatch.placeholder { "/" } "原文以符号代替数字" }
            li { span.swatch.unreadable { "九" } "原文不是数字" }
            li { span.swatch.missing { "缺" } "原文没有这一格" }
            li { span.swatch.doubtful { "9" sup { "疑" } } "所见与所存可能不同" }
            li { span.swatch.blamed data-severity="error" { "9" } "有错误" }
            li { span.swatch.blamed data-severity="warning" { "9" } "有警告" }
        }
    }
}
