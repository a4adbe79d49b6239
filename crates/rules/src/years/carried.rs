//! What was carried over from one year to the next (XY-01, XY-02).

use report::{Cell, CellId, CellState, Decimal, Finding, Report, Severity, Table};

use super::Pair;
use crate::Rule;
use crate::balance::table_of;
use crate::place::{column_of, number};

/// What one column says was carried in, and last year's report was carried out.
struct Carried {
    label: &'static str,
    id: CellId,
    last_id: CellId,
    now: Option<Decimal>,
    before: Option<Decimal>,
}

impl Carried {
    fn differs(&self) -> bool {
        self.now.zip(self.before).is_some_and(|(now, before)| now != before)
    }
}

fn carried(pair: &Pair<'_>) -> Vec<Carried> {
    let columns = pair.form.applicants.iter().filter_map(|column| {
        let id = pair.form.request_cell("carried_in", column.id)?;
        let last_id = pair.last_form.request_cell("carried_out", column.id)?;
        Some(Carried { label: column.label, id, last_id, now: pair.now(id), before: pair.before(last_id) })
    });
    columns.collect()
}

/// XY-01.
pub(super) fn carried_over(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let Some(pair) = Pair::of(report, last, Table::Requests) else { return Vec::new() };
    let columns = carried(&pair);
    let differing = (!is_correction(&pair, &columns)).then(|| differing(rule, &pair, &columns)).flatten();
    differing.into_iter().chain(not_known(rule, &pair, &columns)).collect()
}

/// XY-02.
pub(super) fn carried_over_corrected(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let Some(pair) = Pair::of(report, last, Table::Requests) else { return Vec::new() };
    let columns = carried(&pair);
    is_correction(&pair, &columns).then(|| differing(rule, &pair, &columns)).flatten().into_iter().collect()
}

fn differing(rule: &Rule, pair: &Pair<'_>, columns: &[Carried]) -> Option<Finding> {
    let differing: Vec<&Carried> = columns.iter().filter(|column| column.differs()).collect();
    let main = differing.last()?;
    let says = |value: Option<Decimal>| value.map_or(String::new(), number);
    let places = differing.iter().map(|column| {
        format!("“{}”列本年为{}件、上年为{}件", column.label, says(column.now), says(column.before))
    });
    let places: Vec<String> = places.collect();
    let what = format!(
        "表三“上年结转”与{}的“结转下年度继续办理”不一致：{}。",
        pair.last_report(),
        places.join("，")
    );
    let cells = differing.iter().map(|column| column.id).collect();
    let last_cells: Vec<CellId> = differing.iter().map(|column| column.last_id).collect();
    Some(pair.against(rule.fails(pair.report, cells, what), &last_cells, main.now, main.before))
}

/// Columns in which one of the two is not known. Where zeros were left out it is only worth knowing.
fn not_known(rule: &Rule, pair: &Pair<'_>, columns: &[Carried]) -> Option<Finding> {
    let open: Vec<&Carried> =
        columns.iter().filter(|column| column.now.is_none() || column.before.is_none()).collect();
    let is_zero = |value: Option<Decimal>, cell: Option<&Cell>| match value {
        Some(value) => value.is_zero(),
        None => cell.is_some_and(|cell| matches!(cell.state, CellState::Blank | CellState::Placeholder)),
    };
    let holds_with_zeros = open.iter().all(|column| {
        is_zero(column.now, pair.report.cells.get(column.id))
            && is_zero(column.before, pair.last.cells.get(column.last_id))
    });
    let main = open.last()?;
    let labels: Vec<String> = open.iter().map(|column| format!("“{}”", column.label)).collect();
    let zeros = if holds_with_zeros { "（空格按0计则一致）" } else { "" };
    let message = format!(
        "表三{}列的“上年结转”或者{}的“结转下年度继续办理”没有可用的数字，无法核对两年是否衔接{zeros}。\
         请补填后重新核对，没有发生的填0。",
        labels.join("、"),
        pair.last_report()
    );
    let severity = if holds_with_zeros { Severity::Info } else { rule.severity };
    let cells = open.iter().map(|column| column.id).collect();
    let last_cells: Vec<CellId> = open.iter().map(|column| column.last_id).collect();
    let finding = Finding { severity, ..rule.unknown(pair.report, cells, message) };
    Some(pair.against(finding, &last_cells, main.now, main.before))
}

/// Twentieths of last year's total by which the sides of a later correction may be apart.
const CORRECTION: i64 = 20;

/// Whether the difference looks like a later correction: small beside what was carried out, in a table
/// that balances with it.
fn is_correction(pair: &Pair<'_>, columns: &[Carried]) -> bool {
    let total =
        columns.iter().find(|column| column_of(column.id) == "total").and_then(|column| column.before);
    let is_small = |column: &Carried| {
        let gap = column.now.zip(column.before).map(|(now, before)| now.saturating_sub(before).abs());
        let gap = gap.and_then(|gap| gap.checked_mul(CORRECTION.into()));
        gap.zip(total).is_some_and(|(gap, total)| gap <= total)
    };
    let balances = pair.form.equations().iter().filter(|equation| {
        table_of(equation) == Some(Table::Requests) && (equation.rule == "T3-01" || equation.rule == "T3-03")
    });
    columns.iter().any(Carried::differs)
        && columns.iter().filter(|column| column.differs()).all(is_small)
        && balances.map(|equation| equation.sums(&pair.report.cells).hold()).all(|holds| holds == Some(true))
}
