//! T4-04: fifteen figures.

use report::{CellState, Decimal, Finding, FormId, NoteKind, Report, Severity, Table};

use crate::basis::TABLE_FOUR;
use crate::place::{has_note, ids_where, is_absent, is_filled, rows};
use crate::{BOTH, Case, Check, Rule};

/// T4-04: 表四恰有十五个数字.
pub static T4_04: Rule = Rule {
    id: "T4-04",
    name: "fifteen-figures",
    severity: Severity::Error,
    forms: BOTH,
    basis: TABLE_FOUR,
    formula: "表四的数字恰为 3 组 × 5 格 = 15 个",
    requirement: "表四恰有十五个数字",
    problem: "表四不是十五个数字",
    hint: "请按规定格式补齐或更正表四后重新公布。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

/// Figures in table four: three groups of five.
const FIGURES: u32 = 15;

/// With more or fewer figures it is unknown which figure belongs to which cell, so nothing is judged.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    if is_absent(report, Table::Litigation) {
        return Vec::new();
    }
    let subjects: Vec<&str> = rows(report, Table::Litigation).iter().map(|row| row.id).collect();
    let is_about = |subject: &str| subject == Table::Litigation.as_str() || subjects.contains(&subject);
    let is_count = |kind| {
        matches!(
            kind,
            NoteKind::FigureCount | NoteKind::RowCut | NoteKind::RowAbsent | NoteKind::RowWithoutFigures
        )
    };
    let note = report.notes.iter().find(|note| is_count(note.kind) && is_about(&note.subject));
    let missing = ids_where(report, Table::Litigation, |cell| cell.state == CellState::Missing);
    let filled = ids_where(report, Table::Litigation, is_filled).len() as u32;
    if note.is_none() && missing.is_empty() && filled > 0 {
        return Vec::new();
    }
    let is_whole = has_note(report, NoteKind::FigureCount, Table::Litigation.as_str());
    let count = note.filter(|_| is_whole).and_then(|note| note.count).unwrap_or(filled);
    let cells = ids_where(report, Table::Litigation, |_| true);
    let message = format!(
        "表四应有{FIGURES}个数字，实际有{count}个，无法确定各数字所属的栏目，有关各组未作核对。{}",
        rule.hint
    );
    let finding = rule.unknown(report, cells, message);
    vec![Finding {
        left: Some(Decimal::from(count)),
        right: Some(Decimal::from(FIGURES)),
        origin: note.and_then(|note| note.origin).or(finding.origin),
        ..finding
    }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::unknown(FormId::F2021, "review.total=missing note=FigureCount:litigation:14"),
    Case::unknown(FormId::F2021, "note=FigureCount:litigation:16"),
    Case::unknown(FormId::F2021, "review.total=missing"),
    Case::unknown(FormId::F2021, "review.*=blank litigation_*=blank direct_*=blank"),
    Case::holds(FormId::F2021, "review.total=blank"),
    Case::unknown(
        FormId::F2021,
        "review.*=missing litigation_*=missing direct_*=missing note=FigureCount:litigation:14",
    ),
    Case::holds(FormId::F2021, "review.*=missing litigation_*=missing direct_*=missing"),
];
