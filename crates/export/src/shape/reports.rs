//! A row a report.

use std::borrow::Cow;
use std::fmt::Write as _;

use report::workflow::ReviewState;
use report::{Cell, CellState, Finding, Judgement, Severity};

use super::{
    Each, address, form, form_of, id, key, original, submitted_at, verdict, verdict_of, who, who_of,
};
use crate::cells::{self, CELLS, WideCell};
use crate::column::{Column, Kind, Value};
use crate::table::{Names, Request};
use crate::{ExportError, Record};

pub(super) fn columns() -> Vec<Column> {
    let mut columns = vec![key(), id()];
    columns.push(Column::new("title", "标题", Kind::Text, "报告的标题；没有标题则为空"));
    columns.extend(who());
    columns.push(form());
    columns.push(Column::new("published", "发布日期", Kind::Date, "报告写明的发布日期；未识别则为空"));
    columns.push(submitted_at());
    columns.push(Column::new("versions", "版本数", Kind::Integer, "这份报告先后报送过几个版本"));
    columns.push(verdict("本版本的校核结论，包括与其他报告比对的发现"));
    columns.extend([
        Column::new("errors", "错误数", Kind::Integer, "不符合的错误级发现条数，不计已豁免的"),
        Column::new("warnings", "警告数", Kind::Integer, "不符合的警告级发现条数，不计已豁免的"),
        Column::new("infos", "提示数", Kind::Integer, "不符合的提示级发现条数，不计已豁免的"),
        Column::new("unknowns", "无法判断数", Kind::Integer, "因缺少数据而无法判断的条数"),
        Column::new("waived", "已豁免数", Kind::Integer, "本单位已豁免的发现条数"),
        Column::new("rules", "不符合的规则", Kind::Text, "不符合且未豁免的规则编号，以空格分隔"),
    ]);
    let states = ReviewState::ALL.map(|state| (state.as_str(), state.title()));
    columns.extend([
        Column::new("review_state", "审核状态", Kind::Text, "审核到哪一步；公开数据包中为空")
            .with_codes(states),
        Column::new("due", "整改期限", Kind::Date, "退回修改的，最迟哪一天重新报送；公开数据包中为空"),
    ]);
    columns.push(original());
    columns.extend([
        Column::new("reader_version", "读取程序版本", Kind::Text, "读取这份报告的程序版本"),
        Column::new("rules_version", "校核规则版本", Kind::Text, "校核这份报告的规则版本"),
    ]);
    columns.push(address("在本系统中查看这份报告的地址"));
    columns.extend(CELLS.iter().map(of_cell));
    columns.push(Column::new("cell_states", "单元格状态", Kind::Text, CELL_STATES));
    columns
}

const CELL_STATES: &str = "除“原文印有数字”以外的每一格，写作“格：状态”，以分号分隔；有数值而未列入该格的，写作“格：状态=数值”。\
                           某格为空又未列于此，是因为所用的表格格式没有这一格";

fn of_cell(cell: &'static WideCell) -> Column {
    let forms: Vec<&str> = cell.forms.iter().map(|form| form.as_str()).collect();
    Column {
        id: Cow::Borrowed(cell.id.as_str()),
        name: Cow::Borrowed(&cell.name),
        kind: cells::kind(cell.id),
        unit: cells::unit(cell.id),
        meaning: Cow::Owned(format!(
            "{}的数值（{}年格式）；没有可以使用的数值时为空，原因见“单元格状态”",
            cell.name,
            forms.join("、")
        )),
        codes: Vec::new(),
    }
}

pub(super) fn row(record: &Record, request: &Request, each: Each<'_>) -> Result<(), ExportError> {
    let (report, findings) = (&record.review.report, &record.review.findings);
    let names = request.names;
    let mut row = vec![Value::text(&*record.key), Value::text(&*record.id)];
    row.push(Value::known(report.title.as_deref()));
    row.extend(who_of(record));
    row.push(form_of(report.form, names));
    row.push(report.published.map_or(Value::Empty, Value::Date));
    row.push(Value::Time(record.submitted_at_ms));
    row.push(Value::count(record.versions.len()));
    row.push(verdict_of(record.verdict, names));
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        let of_severity = |finding: &&Finding| counts(finding) && finding.severity == severity;
        row.push(Value::count(findings.iter().filter(of_severity).count()));
    }
    let unknown = |finding: &&Finding| finding.judgement == Judgement::Unknown && finding.waiver.is_none();
    row.push(Value::count(findings.iter().filter(unknown).count()));
    row.push(Value::count(findings.iter().filter(|finding| finding.waiver.is_some()).count()));
    row.push(Value::text(rules(findings)));
    let (state, due) = if request.is_public { (None, None) } else { (Some(record.review_state), record.due) };
    row.push(state.map_or(Value::Empty, |state| Value::text(names.of(state.as_str(), state.title()))));
    row.push(due.map_or(Value::Empty, Value::Date));
    row.push(Value::text(&*record.original));
    row.push(Value::text(&*record.reader_version));
    row.push(Value::text(&*record.review.rules_version));
    row.push(Value::text(format!("{}/reports/{}", request.base, record.key)));
    let first_cell = row.len();
    row.resize(first_cell + CELLS.len(), Value::Empty);
    let mut states = String::new();
    if let Some(form) = report.form {
        let positions = cells::positions(form);
        for ((_, cell), position) in report.cells.iter().zip(positions) {
            let wide = &CELLS[*position];
            let value = Value::number(cell.known(), cells::kind(wide.id));
            add_state(&mut states, wide, cell, &value, names);
            row[first_cell + position] = value;
        }
    }
    row.push(Value::text(states));
    each(&row)
}

/// Whether the agency has to act on it.
fn counts(finding: &Finding) -> bool {
    finding.judgement == Judgement::Fails && finding.waiver.is_none()
}

fn rules(findings: &[Finding]) -> String {
    let mut rules: Vec<&str> = findings.iter().filter(|one| counts(one)).map(|one| &*one.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules.join(" ")
}

/// Notes the state of a cell whose column alone does not tell it.
fn add_state(states: &mut String, wide: &WideCell, cell: &Cell, shown: &Value<'_>, names: Names) {
    let left_out = cell.value.filter(|_| *shown == Value::Empty);
    if cell.state == CellState::Read && left_out.is_none() {
        return;
    }
    if !states.is_empty() {
        states.push_str(names.of(";", "；"));
    }
    let (name, state) = match names {
        Names::Id => (wide.id.as_str(), cell.state.as_str()),
        Names::Zh => (&*wide.name, cell.state.title()),
    };
    let _ = write!(states, "{name}{}{state}", names.of(":", "："));
    if let Some(value) = left_out {
        let _ = write!(states, "={}", value.normalize());
    }
}
