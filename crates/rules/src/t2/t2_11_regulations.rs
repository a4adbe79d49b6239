//! T2-11: regulations.

use report::{CellId, Decimal, Finding, FormId, Report, Severity, Table};

use crate::body::{self, Body};
use crate::place::{cells_of, quoted_cells, row_of};
use crate::{BOTH, Case, Check, Rule};

/// T2-11: 没有规章制定权的机关不填规章.
pub static T2_11: Rule = Rule {
    id: "T2-11",
    name: "regulations",
    severity: Severity::Warning,
    forms: BOTH,
    basis: "《立法法》第九十一条、第九十三条：规章由国务院部门和省、自治区、直辖市、设区的市、自治州的人民政府制定",
    formula: "机关无规章制定权 ⇒ regulations.* = 0",
    requirement: "没有规章制定权的机关不填规章",
    problem: "没有规章制定权的机关填了规章",
    hint: "请核对是否误填；部门文件、县乡文件符合条件的填入“行政规范性文件”。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let may_not = match body::of(report) {
        Some(Body::Department) => "是政府部门",
        Some(Body::LowerGovernment) => "是县级以下政府或者派出机关",
        Some(Body::HigherGovernment) | None => return Vec::new(),
    };
    let regulations = cells_of(report, Table::Active).filter(|(id, _)| row_of(*id) == "regulations");
    let filled = regulations.filter(|(_, cell)| cell.known().is_some_and(|value| value > Decimal::ZERO));
    let cells: Vec<CellId> = filled.map(|(id, _)| id).collect();
    if cells.is_empty() {
        return Vec::new();
    }
    let agency = report.agency.as_deref().unwrap_or_default();
    let what = format!("表二{}不为0，而{agency}{may_not}，没有规章制定权。", quoted_cells(report, &cells));
    vec![rule.fails(report, cells, what)]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "active.regulations.in_force=1"),
    Case::fails(FormId::F2019, "active.regulations.public_total=1 agency=岚皋县人民政府"),
    Case::holds(
        FormId::F2021,
        "active.regulations.in_force=1 agency=淮安市人民政府办公室 region=320800:江苏省淮安市",
    ),
    Case::holds(FormId::F2021, "active.regulations.in_force=1 agency=国家统计局"),
    Case::holds(FormId::F2021, "active.regulations.in_force=1 agency="),
];
