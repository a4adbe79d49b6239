//! What the rules on cells share: one finding a table, and which characters are odd.

use std::collections::BTreeSet;

use report::{CellId, Finding, Report, Table};

use crate::place::{cells_of, quoted};

pub(crate) fn a_finding_a_table(report: &Report, find: impl Fn(Table) -> Option<Finding>) -> Vec<Finding> {
    let tables = Table::ALL.into_iter().filter(|table| cells_of(report, *table).next().is_some());
    tables.filter_map(find).collect()
}

pub(crate) fn some(ids: Vec<CellId>) -> Option<Vec<CellId>> {
    (!ids.is_empty()).then_some(ids)
}

/// The printed texts of the cells, each once.
pub(crate) fn texts(report: &Report, ids: &[CellId]) -> String {
    let texts = ids.iter().filter_map(|id| report.cells.get(*id)?.text.as_deref());
    quoted(texts.collect::<BTreeSet<_>>(), "种")
}

/// A character for a digit or a sign in words.
pub(crate) fn is_digit_word(c: char) -> bool {
    matches!(c, '零' | '〇' | '○' | '减' | '增' | '负' | '少' | '加')
}

/// A separator of thousands, a full-width digit, or a sign that looks like a minus.
pub(crate) fn is_odd_sign(c: char) -> bool {
    matches!(c, ',' | '，' | '\'' | '−' | '—' | '–' | '＋' | '－' | '．' | '０'..='９')
}
