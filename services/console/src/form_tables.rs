//! The three tables of a report in the layout of their official form, each cell with what stood there.

use std::collections::HashMap;

use maud::{Markup, html};
use report::{CellId, CellState, Form, FormId, RequestRow};
use serde_json::Value;

use crate::labels;

/// The tables of a record; nothing where it has no form.
pub(crate) fn tables(record: &Value) -> Option<Markup> {
    let form = Form::get(FormId::parse(record["form"].as_str()?)?);
    let tables = Tables { form, cells: &record["cells"], blamed: blamed(&record["findings"]) };
    Some(html! {
        (tables.active())
        (tables.requests())
        (tables.litigation())
        (legend())
    })
}

/// What a cell shows: its value, or what stood there instead of one.
pub(crate) fn shown(cell: &Value) -> String {
    let text = cell["text"].as_str().unwrap_or_default();
    match (cell["value"].as_str(), cell["state"].as_str().unwrap_or_default()) {
        (Some(value), _) => value.to_owned(),
        (None, "blank") => "空".into(),
        (None, "placeholder" | "unreadable") => text.into(),
        (None, _) => "缺".into(),
    }
}

struct Tables<'a> {
    form: &'static Form,
    cells: &'a Value,
    /// The worst that is said of each cell, with the number of the finding that says it.
    blamed: HashMap<&'a str, &'a str>,
}

/// The worst of the findings that fail, for each cell that they are about.
fn blamed(findings: &Value) -> HashMap<&str, &str> {
    let mut blamed = HashMap::new();
    for finding in findings.as_array().into_iter().flatten() {
        let severity = match (finding["verdict"].as_str(), finding["severity"].as_str()) {
            _ if finding["waiver"].is_object() => "unknown",
            (Some("fails"), Some(severity)) => severity,
            _ => "unknown",
        };
        for cell in finding["cells"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let worst = blamed.entry(cell).or_insert(severity);
            if weight(severity) > weight(worst) {
                *worst = severity;
            }
        }
    }
    blamed
}

fn weight(severity: &str) -> u8 {
    ["unknown", "info", "warning", "error"].iter().position(|known| *known == severity).unwrap_or(0) as u8
}

/// Columns of figures in table two, divisible by one, two and three.
const GRID: usize = 6;

impl Tables<'_> {
    fn active(&self) -> Markup {
        html! {
            section.table {
                h3 #table-2 { "二、主动公开政府信息情况" }
                div.scroll { table.form.active {
                    @for block in &self.form.active {
                        @let span = GRID / block.columns.len().max(1);
                        tbody {
                            tr { th.article colspan=(GRID + 1) scope="colgroup" { (block.article) } }
                            tr.head {
                                th scope="col" { "信息内容" }
                                @for column in &block.columns { th scope="col" colspan=(span) { (column.label) } }
                            }
                            @for row in &block.rows {
                                tr {
                                    th scope="row" { (row.label) }
                                    @for column in &block.columns {
                                        (self.cell(self.form.active_cell(row.id, column.id), span))
                                    }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }

    fn requests(&self) -> Markup {
        let columns = &self.form.applicants;
        // The first column is natural persons, the last the total, and those between are organisations.
        let organisations = columns.len().saturating_sub(2);
        let rows = &self.form.requests;
        let processed = rows.iter().filter(|row| row.under.is_some()).count();
        html! {
            section.table {
                h3 #table-3 { "三、收到和处理政府信息公开申请情况" }
                div.scroll { table.form.requests {
                    thead {
                        tr {
                            th.note rowspan="3" colspan="3" { "本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和" }
                            th colspan=(columns.len()) scope="colgroup" { "申请人情况" }
                        }
                        tr {
                            @if let Some(column) = columns.first() { th rowspan="2" scope="col" { (column.label) } }
                            th colspan=(organisations) scope="colgroup" { "法人或其他组织" }
                            @if let Some(column) = columns.last() { th rowspan="2" scope="col" { (column.label) } }
                        }
                        tr { @for column in columns.iter().skip(1).take(organisations) { th scope="col" { (column.label) } } }
                    }
                    tbody {
                        @for (index, row) in rows.iter().enumerate() {
                            tr.total[row.id == "concluded"] {
                                (self.request_labels(index, row, processed))
                                @for column in columns { (self.cell(self.form.request_cell(row.id, column.id), 1)) }
                            }
                        }
                    }
                } }
            }
        }
    }

    /// The labels of a row, with those of its groups where they begin.
    fn request_labels(&self, index: usize, row: &RequestRow, processed: usize) -> Markup {
        let before = index.checked_sub(1).and_then(|before| self.form.requests[before].under);
        let is_outer = |under: &str| under.starts_with('三');
        html! {
            @match row.under {
                None => th colspan="3" scope="row" { (row.label) },
                Some(under) => {
                    @if before.is_none() { th.outer rowspan=(processed) scope="rowgroup" { "三、本年度办理结果" } }
                    @if is_outer(under) {
                        th colspan="2" scope="row" { (row.label) }
                    } @else {
                        @if before != Some(under) {
                            @let size = self.form.requests.iter().filter(|other| other.under == Some(under)).count();
                            th.inner rowspan=(size) scope="rowgroup" { (under) }
                        }
                        th scope="row" { (row.label) }
                    }
                }
            }
        }
    }

    fn litigation(&self) -> Markup {
        let columns = &self.form.litigation_columns;
        let groups = &self.form.litigation_groups;
        // `行政诉讼/未经复议直接起诉` stands under 行政诉讼, 行政复议 stands alone.
        let parts = |label: &'static str| label.split_once('/');
        let trials = groups.iter().filter(|group| parts(group.label).is_some()).count();
        html! {
            section.table {
                h3 #table-4 { "四、因政府信息公开工作被申请行政复议、提起行政诉讼情况" }
                div.scroll { table.form.litigation {
                    thead {
                        tr {
                            @for group in groups.iter().filter(|group| parts(group.label).is_none()) {
                                th rowspan="2" colspan=(columns.len()) scope="colgroup" { (group.label) }
                            }
                            th colspan=(trials * columns.len()) scope="colgroup" { "行政诉讼" }
                        }
                        tr {
                            @for (_, label) in groups.iter().filter_map(|group| parts(group.label)) {
                                th colspan=(columns.len()) scope="colgroup" { (label) }
                            }
                        }
                        tr.head { @for _ in groups { @for column in columns { th scope="col" { (column.label) } } } }
                    }
                    tbody {
                        tr {
                            @for group in groups {
                                @for column in columns { (self.cell(self.form.litigation_cell(group.id, column.id), 1)) }
                            }
                        }
                    }
                } }
            }
        }
    }

    fn cell(&self, id: Option<CellId>, span: usize) -> Markup {
        let Some(id) = id else { return html! { td.none colspan=(span) {} } };
        let cell = &self.cells[id.as_str()];
        let state = cell["state"].as_str().unwrap_or("missing");
        let blame = self.blamed.get(id.as_str());
        html! {
            td.(state).(blame.map_or("", |_| "blamed")) id={ "cell-" (id) } colspan=(span) data-severity=[blame]
                tabindex="-1" title=(self.proof(id, cell, state)) {
                span.value { (shown(cell)) }
                @if state == "derived" { sup { "推" } }
            }
        }
    }

    /// What the cell is, how its value is known, what is printed there and where.
    fn proof(&self, id: CellId, cell: &Value, state: &str) -> String {
        let mut proof = format!(
            "{}：{}。{}",
            self.form.label(id),
            shown(cell),
            CellState::parse(state).unwrap_or_default().title()
        );
        if let Some(text) = cell["text"].as_str().filter(|text| !text.is_empty()) {
            proof.push_str(&format!("，印作“{text}”"));
        }
        if let Some(place) = labels::place(&cell["origin"]) {
            proof.push_str(&format!("。{place}"));
        }
        format!("{proof}（{id}）")
    }
}

fn legend() -> Markup {
    html! {
        ul.legend aria-label="图例" {
            li { span.swatch.derived { "9" sup { "推" } } "由勾稽关系推得，原文没有印" }
            li { span.swatch.blank { "空" } "原文为空格" }
            li { span.swatch.placeholder { "/" } "原文以符号代替数字" }
            li { span.swatch.unreadable { "九" } "原文不是数字" }
            li { span.swatch.missing { "缺" } "原文没有这一格" }
            li { span.swatch.blamed data-severity="error" { "9" } "有错误" }
            li { span.swatch.blamed data-severity="warning" { "9" } "有警告" }
        }
    }
}
