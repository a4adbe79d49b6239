//! Table four, 政府信息公开行政复议、行政诉讼情况.

use report::{CellState, Decimal, Finding, NoteKind, Report, Severity, Table};

use crate::balance::{self, Imbalance};
use crate::place::{column_label, has_note, ids_where, is_absent, is_filled, number, rows};
use crate::{BOTH, Check, Rule};

const FORM: &str = "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表四（总计含尚未审结）";
const HINT: &str = "请核对该组各项结果、尚未审结及总计后更正。";

/// Figures in table four: three groups of five.
const FIGURES: u32 = 15;

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "T4-01",
        severity: Severity::Error,
        forms: BOTH,
        title: "行政复议各项之和等于总计",
        basis: FORM,
        hint: HINT,
        formula: "review.upheld + review.corrected + review.other + review.pending = review.total",
        check: Check::Report(|rule, report| balance::check(rule, report, outcomes_add_up)),
    },
    Rule {
        id: "T4-02",
        severity: Severity::Error,
        forms: BOTH,
        title: "未经复议直接起诉各项之和等于总计",
        basis: FORM,
        hint: HINT,
        formula: "direct_litigation.upheld + direct_litigation.corrected + direct_litigation.other + direct_litigation.pending = direct_litigation.total",
        check: Check::Report(|rule, report| balance::check(rule, report, outcomes_add_up)),
    },
    Rule {
        id: "T4-03",
        severity: Severity::Error,
        forms: BOTH,
        title: "复议后起诉各项之和等于总计",
        basis: FORM,
        hint: HINT,
        formula: "litigation_after_review.upheld + litigation_after_review.corrected + litigation_after_review.other + litigation_after_review.pending = litigation_after_review.total",
        check: Check::Report(|rule, report| balance::check(rule, report, outcomes_add_up)),
    },
    Rule {
        id: "T4-04",
        severity: Severity::Error,
        forms: BOTH,
        title: "表四恰有十五个数字",
        basis: FORM,
        hint: "请按规定格式补齐或更正表四后重新公布。",
        formula: "表四的数字恰为 3 组 × 5 格 = 15 个",
        check: Check::Report(fifteen_figures),
    },
    Rule {
        id: "T4-08",
        severity: Severity::Info,
        forms: BOTH,
        title: "行政复议纠正率不过半",
        basis: "《条例》第五十一条：公民、法人或者其他组织可以依法申请行政复议",
        hint: "请分析被纠正的原因，在“五、存在的主要问题及改进情况”中说明改进措施。",
        formula: "review.corrected ÷ (review.total − review.pending) ≤ 50%，审结3件以上的",
        check: Check::Report(few_corrected),
    },
];

fn outcomes_add_up(imbalance: &Imbalance) -> String {
    let total = imbalance.equation.right.first().map_or(String::new(), |id| imbalance.term(*id));
    format!(
        "表四“{}”不平衡：{}，合计{}件{}；总计{total}，相差{}件。",
        imbalance.place(),
        imbalance.parts(column_label),
        number(imbalance.left),
        imbalance.caveat(),
        imbalance.gap(),
    )
}

/// T4-04. With more or fewer figures nobody can say which is which, so nothing is judged.
fn fifteen_figures(rule: &Rule, report: &Report) -> Vec<Finding> {
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

/// Of so few closed cases as one or two a share tells nothing.
const CLOSED_ENOUGH: u32 = 3;

/// T4-08. A sign of risk, no fault of the report.
fn few_corrected(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(form) = report.cells.form() else { return Vec::new() };
    let cell =
        |column| form.litigation_cell("review", column).and_then(|id| Some((id, report.cells.value(id)?)));
    let (Some((id, corrected)), Some((pending_id, pending)), Some((total_id, total))) =
        (cell("corrected"), cell("pending"), cell("total"))
    else {
        return Vec::new();
    };
    let closed = total.saturating_sub(pending);
    let is_few = closed < Decimal::from(CLOSED_ENOUGH) || corrected > closed;
    if is_few || corrected.saturating_add(corrected) <= closed {
        return Vec::new();
    }
    let what =
        format!("表四行政复议审结{}件，其中结果纠正{}件，超过一半。", number(closed), number(corrected));
    let (left, right) = (Some(corrected), Some(closed));
    vec![Finding { left, right, ..rule.fails(report, vec![id, pending_id, total_id], what) }]
}
