//! What table three says of the requests that were received.

use report::{CellId, Claim, Decimal, Relation, Report, Table};

use crate::place::is_absent;

/// The cells of table three that say how many requests there were.
pub(crate) struct Received {
    pub(crate) id: CellId,
    pub(crate) carried_in_id: CellId,
    pub(crate) new: Option<Decimal>,
    pub(crate) carried_in: Option<Decimal>,
}

pub(crate) fn received(report: &Report) -> Option<Received> {
    let form = report.cells.form().filter(|_| !is_absent(report, Table::Requests))?;
    let id = form.request_cell("received", "total")?;
    let carried_in_id = form.request_cell("carried_in", "total")?;
    let (new, carried_in) = (report.cells.value(id), report.cells.value(carried_in_id));
    Some(Received { id, carried_in_id, new, carried_in })
}

pub(crate) fn claims_about(report: &Report, id: CellId) -> impl Iterator<Item = &Claim> {
    report
        .claims
        .iter()
        .filter(move |claim| claim.exact && claim.relation == Relation::Is && claim.about == Some(id.into()))
}
