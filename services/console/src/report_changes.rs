//! What changed between two versions of a report: its cells and its findings.

use access::Caller;
use report::{Cell, CellId, Decimal, Finding, Form, Review};
use search::{StoredReport, Version};

use crate::app::App;
use crate::params::Params;
use crate::problem::Problem;
use crate::report_lookup::{self, LoadedReport};

/// Two versions of one report, and what differs.
pub(crate) struct Changes {
    pub(crate) before: Version,
    pub(crate) after: StoredReport,
    pub(crate) cells: Vec<CellChange>,
    /// Findings that only the earlier version has.
    pub(crate) settled: Vec<Finding>,
    /// Findings that only the later version has.
    pub(crate) new: Vec<Finding>,
    /// How many findings both have.
    pub(crate) kept: usize,
}

/// A cell that differs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CellChange {
    pub(crate) id: CellId,
    pub(crate) before: Option<Cell>,
    pub(crate) after: Option<Cell>,
}

/// Compares a version with an earlier one: that of the parameter `since`, or else the one before.
pub(crate) async fn load(app: &App, caller: &Caller, id: &str, params: &Params) -> Result<Changes, Problem> {
    let LoadedReport { report: after, .. } = report_lookup::get(app, caller, id).await?;
    let before = earlier(&after, params.get("since"))?;
    let LoadedReport { report: earlier, .. } = report_lookup::get(app, caller, &before.id).await?;
    Ok(compare(earlier, after))
}

fn earlier(after: &StoredReport, since: Option<&str>) -> Result<Version, Problem> {
    let found = match since {
        Some(since) => {
            after.versions.iter().find(|version| version.id == since && version.id != after.version.id)
        }
        None => {
            let own = after.versions.iter().position(|version| version.id == after.version.id);
            own.and_then(|own| own.checked_sub(1)).and_then(|before| after.versions.get(before))
        }
    };
    found.cloned().ok_or_else(|| match since {
        Some(since) => Problem::not_found(format!("“{since}”不是这份年度报告的另一个版本。"))
            .hint("版本的编号见 /api/v1/reports/{id}/versions。"),
        None => Problem::not_found("这份年度报告没有更早的版本可以比较。".into()),
    })
}

fn compare(before: StoredReport, after: StoredReport) -> Changes {
    let cells = changed_cells(&before.review, &after.review);
    let (old, own) = (before.review.findings, &after.review.findings);
    let kept = own.iter().filter(|one| old.iter().any(|other| is_same(one, other))).count();
    let new = own.iter().filter(|one| !old.iter().any(|other| is_same(one, other))).cloned().collect();
    let settled = old.into_iter().filter(|one| !own.iter().any(|other| is_same(one, other))).collect();
    Changes { before: before.version, cells, settled, new, kept, after }
}

/// Whether two findings say the same of the same figures, whatever the figures are.
fn is_same(one: &Finding, other: &Finding) -> bool {
    let about_text = one.cells.is_empty() && other.cells.is_empty();
    one.rule == other.rule && one.cells == other.cells && (!about_text || one.message == other.message)
}

/// The cells whose value or state differs, in the order of the later version's form.
fn changed_cells(before: &Review, after: &Review) -> Vec<CellChange> {
    let form = after.report.form.or(before.report.form);
    let mut ids: Vec<CellId> = form.map(|form| Form::get(form).cells().to_vec()).unwrap_or_default();
    let others = before.report.form.map(|form| Form::get(form).cells().to_vec()).unwrap_or_default();
    ids.extend(
        others.into_iter().filter(|id| form.is_none_or(|form| Form::get(form).position(*id).is_none())),
    );
    let changes = ids.into_iter().map(|id| CellChange {
        id,
        before: before.report.cells.get(id).cloned(),
        after: after.report.cells.get(id).cloned(),
    });
    changes.filter(|change| seen(change.before.as_ref()) != seen(change.after.as_ref())).collect()
}

/// What of a cell a person compares.
fn seen(cell: Option<&Cell>) -> (Option<Decimal>, report::CellState) {
    cell.map(|cell| (cell.value, cell.state)).unwrap_or_default()
}

impl CellChange {
    /// By how much the value grew, where both are known.
    pub(crate) fn difference(&self) -> Option<Decimal> {
        let value = |cell: &Option<Cell>| cell.as_ref().and_then(|cell| cell.value);
        value(&self.after)?.checked_sub(value(&self.before)?)
    }
}
