//! A row a finding.

use report::{CellId, Finding, FormId, Judgement};

use super::{Each, address, id, key, place, place_of, severity, who, who_of};
use crate::cells::{CELLS, positions};
use crate::column::{Column, Kind, Value};
use crate::table::{Names, Request};
use crate::{ExportError, Record};

pub(super) fn columns() -> Vec<Column> {
    let mut columns = vec![key(), id()];
    columns.extend(who());
    let judgements = Judgement::ALL.map(|judgement| (judgement.as_str(), judgement.title()));
    columns.extend([
        Column::new("number", "序号", Kind::Integer, "在这份报告的发现中排第几，从1起"),
        Column::new("rule", "规则编号", Kind::Text, "校核规则的编号"),
        Column::new("problem", "问题", Kind::Text, "规则所指的问题"),
    ]);
    columns.push(severity());
    columns.extend([
        Column::new("judgement", "判断", Kind::Text, "不符合，或因缺少数据而无法判断").with_codes(judgements),
        Column::new("message", "说明", Kind::Text, "哪里不对、应当如何处理"),
        Column::new("cells", "涉及单元格", Kind::Text, "涉及的单元格，以空格（中文名称以分号）分隔"),
        Column::new("left", "左值", Kind::Decimal, "等式左边，或两个数中的前一个"),
        Column::new("right", "右值", Kind::Decimal, "等式右边，或两个数中的后一个"),
        Column::new("repair_cell", "建议核对的单元格", Kind::Text, "只改这一格即可使各等式成立；没有则为空"),
        Column::new(
            "repair_value",
            "建议核对的数值",
            Kind::Decimal,
            "改为此数，各等式即成立；应由机关核对后自行更正",
        ),
        Column::new("repair_reason", "建议的理由", Kind::Text, "为何是这一格"),
        Column::new("against_agency", "对照的机关", Kind::Text, "与另一份报告比对时，那份报告的机关"),
        Column::new("against_year", "对照的年度", Kind::Integer, "与另一份报告比对时，那份报告的年度"),
        Column::new("waived_until", "豁免至", Kind::Date, "已豁免的，至哪一天；未豁免则为空"),
        Column::new("waived_why", "豁免理由", Kind::Text, "已豁免的，理由"),
    ]);
    columns.extend(place());
    columns.push(Column::new("rules_version", "校核规则版本", Kind::Text, "校核这份报告的规则版本"));
    columns.push(address("在本系统中查看这份报告的地址"));
    columns
}

pub(super) fn rows(record: &Record, request: &Request, each: Each<'_>) -> Result<(), ExportError> {
    let names = request.names;
    let form = record.review.report.form;
    let mut head = vec![Value::text(&*record.key), Value::text(&*record.id)];
    head.extend(who_of(record));
    for (index, finding) in record.review.findings.iter().enumerate() {
        let mut row = head.clone();
        let Finding { rule, severity, judgement, repair, against, waiver, .. } = finding;
        row.push(Value::count(index + 1));
        row.push(Value::text(&**rule));
        row.push(Value::known(rules::rule(rule).map(|rule| rule.problem)));
        row.push(Value::text(names.of(severity.as_str(), severity.title())));
        row.push(Value::text(names.of(judgement.as_str(), judgement.title())));
        row.push(Value::text(&*finding.message));
        row.push(Value::text(cells(&finding.cells, form, names)));
        row.push(Value::number(finding.left, Kind::Decimal));
        row.push(Value::number(finding.right, Kind::Decimal));
        let repaired = repair.as_ref().map(|repair| cells(&[repair.cell], form, names));
        row.push(repaired.map_or(Value::Empty, Value::text));
        row.push(Value::number(repair.as_ref().map(|repair| repair.value), Kind::Decimal));
        row.push(Value::known(repair.as_ref().map(|repair| repair.reason.as_str())));
        row.push(Value::known(against.as_ref().and_then(|other| other.agency.as_deref())));
        let year = against.as_ref().and_then(|other| other.year);
        row.push(Value::integer(year.map(report::Year::get)));
        row.push(waiver.as_ref().map_or(Value::Empty, |waiver| Value::Date(waiver.until)));
        row.push(Value::known(waiver.as_ref().map(|waiver| waiver.why.as_str())));
        row.extend(place_of(finding.origin));
        row.push(Value::text(&*record.review.rules_version));
        row.push(Value::text(format!("{}/reports/{}", request.base, record.key)));
        each(&row)?;
    }
    Ok(())
}

/// The ids or the names of cells.
fn cells(ids: &[CellId], form: Option<FormId>, names: Names) -> String {
    let name = |id: &CellId| {
        let position =
            form.and_then(|form| report::Form::get(form).position(*id).map(|at| positions(form)[at]));
        position.map_or(id.as_str(), |position| CELLS[position].name.as_str())
    };
    match names {
        Names::Id => ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" "),
        Names::Zh => ids.iter().map(name).collect::<Vec<_>>().join("；"),
    }
}
