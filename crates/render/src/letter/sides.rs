//! The two numbers of a finding, each with the name of its source.

use report::{Decimal, Finding, Report};
use rules::Rule;
use rules::nar::NAR_05;
use rules::t4::T4_04;

use crate::text::number;

/// Rules that count or add up their numbers, with the names of the left and the right number. The document has
/// no location for such a number.
const COUNTED: [(&Rule, &str, &str); 2] =
    [(&NAR_05, "各项之和", "总数"), (&T4_04, "读到的数字个数", "应有的数字个数")];

/// Both numbers and their difference; none where the source of either is uncertain.
pub(super) fn describe(report: &Report, finding: &Finding) -> Option<String> {
    let (left, right) = (finding.left?, finding.right?);
    let (one, other) = names(report, finding, left, right)?;
    let gap = number(left.saturating_sub(right).abs());
    Some(format!("{one}为{}，{other}为{}，相差{gap}。", number(left), number(right)))
}

fn names(
    report: &Report,
    finding: &Finding,
    left: Decimal,
    right: Decimal,
) -> Option<(&'static str, &'static str)> {
    if let Some((_, one, other)) = COUNTED.iter().find(|(rule, _, _)| rule.made(finding)) {
        return Some((one, other));
    }
    match (source_of(report, finding, left), source_of(report, finding, right), &finding.against) {
        (Some(one), Some(other), _) if one != other => Some((one, other)),
        (Some(_), None, Some(_)) => Some(("本报告", "对照的报告")),
        (None, Some(_), Some(_)) => Some(("对照的报告", "本报告")),
        _ => None,
    }
}

/// The source of a number: the sentence at the finding's location, or one or the sum of its cells.
fn source_of(report: &Report, finding: &Finding, value: Decimal) -> Option<&'static str> {
    let mut claims = report.claims.iter().filter(|claim| Some(claim.origin) == finding.origin);
    if claims.any(|claim| claim.value == value) {
        return Some("正文");
    }
    let known: Option<Vec<Decimal>> = finding.cells.iter().map(|id| report.cells.value(*id)).collect();
    let sum = known.and_then(|known| known.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add));
    let mut values = finding.cells.iter().filter_map(|id| report.cells.value(*id));
    let is_in_table = values.any(|other| other == value) || !finding.cells.is_empty() && sum == Some(value);
    is_in_table.then_some("表格")
}
