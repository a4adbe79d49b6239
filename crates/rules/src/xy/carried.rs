//! What was carried over from one year to the next.

use report::{CellId, Decimal, EquationId, Finding};

use crate::Rule;
use crate::place::{column_of, number};
use crate::years::Pair;

/// The figures of one column: carried in by this report, and carried out by last year's.
pub(crate) struct Carried {
    pub(crate) label: &'static str,
    pub(crate) id: CellId,
    pub(crate) last_id: CellId,
    pub(crate) now: Option<Decimal>,
    pub(crate) before: Option<Decimal>,
}

impl Carried {
    pub(crate) fn differs(&self) -> bool {
        self.now.zip(self.before).is_some_and(|(now, before)| now != before)
    }
}

pub(crate) fn carried(pair: &Pair<'_>) -> Vec<Carried> {
    let columns = pair.form.applicants.iter().filter_map(|column| {
        let id = pair.form.request_cell("carried_in", column.id)?;
        let last_id = pair.last_form.request_cell("carried_out", column.id)?;
        Some(Carried { label: column.label, id, last_id, now: pair.now(id), before: pair.before(last_id) })
    });
    columns.collect()
}

pub(crate) fn differing(rule: &Rule, pair: &Pair<'_>, columns: &[Carried]) -> Option<Finding> {
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

/// A later correction changes a figure by at most one in so many of last year's total.
pub(crate) const CORRECTION: i64 = 20;

/// Whether the difference looks like a later correction: it is small, and the table balances with it.
pub(crate) fn is_correction(pair: &Pair<'_>, columns: &[Carried]) -> bool {
    let total =
        columns.iter().find(|column| column_of(column.id) == "total").and_then(|column| column.before);
    let is_small = |column: &Carried| {
        let gap = column.now.zip(column.before).map(|(now, before)| now.saturating_sub(before).abs());
        let gap = gap.and_then(|gap| gap.checked_mul(CORRECTION.into()));
        gap.zip(total).is_some_and(|(gap, total)| gap <= total)
    };
    let balances =
        pair.form.equations().iter().filter(|equation| {
            matches!(equation.id, EquationId::RequestsBalance | EquationId::ApplicantsAddUp)
        });
    columns.iter().any(Carried::differs)
        && columns.iter().filter(|column| column.differs()).all(is_small)
        && balances.map(|equation| equation.sums(&pair.report.cells).hold()).all(|holds| holds == Some(true))
}
