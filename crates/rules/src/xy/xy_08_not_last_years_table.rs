//! XY-08: not last years table.

use report::{CellId, Decimal, Finding, FormId, Report, Severity, Table};

use crate::basis::ALIKE;
use crate::place::{cells_of, column_of, number, quoted_cells, row_of};
use crate::years::Pair;
use crate::{BOTH, Case, Check, Rule};

/// XY-08: 表格不沿用上年的数字.
pub static XY_08: Rule = Rule {
    id: "XY-08",
    name: "not-last-years-table",
    severity: Severity::Warning,
    forms: BOTH,
    basis: ALIKE,
    formula: "表中各格不与上年全部相同（非0的格太少、数字太小的不判断）",
    requirement: "表格不沿用上年的数字",
    problem: "表格与上年完全相同",
    hint: "请核对是否误用了上年的表格，并按本年实际情况填写。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

/// Equal tables are a copy from this weight on. A few small figures may be equal by chance; one figure of
/// five digits or six of one digit may not.
const TELLING: usize = 6;

fn check(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let judge = |table| {
        let pair = Pair::of(report, last, table)?;
        let is_same = pair.form.id == pair.last_form.id
            && cells_of(report, table).all(|(id, cell)| cell.known() == pair.before(id));
        if !is_same {
            return None;
        }
        let figures = cells_of(report, table).filter(|(id, _)| is_of_the_year(*id));
        let figures =
            figures.filter_map(|(id, cell)| Some((id, cell.known().filter(|value| !value.is_zero())?)));
        let figures: Vec<(CellId, Decimal)> = figures.collect();
        if figures.iter().map(|(_, value)| tells(*value)).sum::<usize>() < TELLING {
            return None;
        }
        let cells: Vec<CellId> = figures.iter().map(|(id, _)| *id).collect();
        let what = format!(
            "{}的全部数字与{}完全相同，其中不为0的有{}。",
            table.short_title(),
            pair.last_report(),
            quoted_cells(report, &cells)
        );
        let finding = rule.fails(report, cells.clone(), what);
        Some(pair.against(finding, &cells, None, None))
    };
    Table::ALL.into_iter().filter_map(judge).collect()
}

/// The weight of an equal figure: 1 for one digit, more with each further digit.
fn tells(value: Decimal) -> usize {
    let digits = number(value.trunc().abs()).len();
    if digits == 1 { 1 } else { digits + 1 }
}

/// Whether a figure is counted each year by itself: neither a stock nor a sum.
fn is_of_the_year(id: CellId) -> bool {
    let is_stock = ["in_force", "public_total", "items_last_year"].contains(&column_of(id));
    let is_sum = column_of(id) == "total" || ["received", "concluded"].contains(&row_of(id));
    !is_stock && !is_sum
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(
        FormId::F2021,
        "active.licensing.decisions=4277 active.penalty.decisions=31 last: active.licensing.decisions=4277 active.penalty.decisions=31",
    ),
    Case::holds(
        FormId::F2021,
        "active.licensing.decisions=4277 active.penalty.decisions=31 last: active.licensing.decisions=4277 active.penalty.decisions=32",
    ),
    Case::fails(FormId::F2021, "active.licensing.decisions=38651 last: active.licensing.decisions=38651"),
    Case::holds(FormId::F2021, "active.licensing.decisions=427 last: active.licensing.decisions=427"),
    Case::holds(
        FormId::F2021,
        "requests.granted.natural_person=1 requests.partial.research=1 requests.other.misc.research=1 last: requests.granted.natural_person=1 requests.partial.research=1 requests.other.misc.research=1",
    ),
    Case::holds(
        FormId::F2021,
        "requests.granted.natural_person=2 requests.partial.research=1 requests.other.misc.research=4 last: requests.granted.natural_person=2 requests.partial.research=1 requests.other.misc.research=4",
    ),
    Case::fails(
        FormId::F2021,
        "requests.granted.natural_person=2 requests.partial.research=1 requests.unavailable.not_held.natural_person=2 requests.other.misc.research=4 requests.partial.natural_person=3 requests.granted.enterprise=5 last: requests.granted.natural_person=2 requests.partial.research=1 requests.unavailable.not_held.natural_person=2 requests.other.misc.research=4 requests.partial.natural_person=3 requests.granted.enterprise=5",
    ),
    Case::holds(
        FormId::F2021,
        "requests.granted.natural_person=2 requests.partial.research=1 requests.unavailable.not_held.natural_person=2 requests.other.misc.research=4 last: requests.granted.natural_person=2 requests.partial.research=1 requests.unavailable.not_held.natural_person=2 requests.other.misc.research=4",
    ),
    Case::holds(
        FormId::F2021,
        "active.normative_documents.in_force=45633 last: active.normative_documents.in_force=45633",
    ),
    Case::holds(
        FormId::F2021,
        "requests.granted.natural_person=1 requests.granted.total=1 last: requests.granted.natural_person=1 requests.granted.total=1",
    ),
    Case::fails(
        FormId::F2021,
        "requests.granted.natural_person=121 requests.partial.enterprise=35 last: requests.granted.natural_person=121 requests.partial.enterprise=35",
    ),
];
