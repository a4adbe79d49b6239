//! The two numbers of a finding, each by the name that the form or the finding gives it.

use report::{CellId, Decimal, Equation, EquationId, Finding, Report};
use rules::Rule;
use rules::agg::{AGG_01, AGG_03, AGG_05};
use rules::doc::DOC_09;
use rules::nar::NAR_05;
use rules::t2::{T2_03, T2_04};
use rules::t3::T3_14;
use rules::t4::{T4_04, T4_08};

/// What the left and the right number of a finding are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// The name of the left one, e.g. `新收与上年结转合计`.
    pub left: String,
    /// The name of the right one, e.g. `办理总计与结转下年度合计`.
    pub right: String,
}

impl Sides {
    fn new(left: impl Into<String>, right: impl Into<String>) -> Self {
        Self { left: left.into(), right: right.into() }
    }
}

/// Rules whose two numbers are always the same two things.
const NAMED: [(&Rule, &str, &str); 10] = [
    (&AGG_01, "本报告汇总数", "下级合计"),
    (&AGG_03, "本报告", "上级汇总数"),
    (&AGG_05, "本报告", "同类机关中位数"),
    (&DOC_09, "报告所称的部分数", "规定的部分数"),
    (&NAR_05, "各项之和", "总数"),
    (&T2_03, "现行有效", "制发减废止"),
    (&T2_04, "现行有效", "制发减废止"),
    (&T3_14, "结转下年度", "本年新收"),
    (&T4_04, "读到的数字个数", "应有的数字个数"),
    (&T4_08, "结果纠正", "审结总数"),
];

/// The names of both numbers; none where the finding has not both, or it is uncertain what they are.
pub fn sides(report: &Report, finding: &Finding) -> Option<Sides> {
    let (left, right) = (finding.left?, finding.right?);
    if let Some(equation) = equation(report, finding) {
        return Some(sides_of_equation(equation));
    }
    if let Some((_, one, other)) = NAMED.iter().find(|(rule, _, _)| rule.made(finding)) {
        return Some(Sides::new(*one, *other));
    }
    let other = other_report(report, finding);
    match (source_of(report, finding, left), source_of(report, finding, right), other) {
        (Some(one), Some(other), None) if one != other => Some(Sides::new(one, other)),
        (Some(_), None, Some(other)) => Some(Sides::new("本报告", other)),
        (None, Some(_), Some(other)) => Some(Sides::new(other, "本报告")),
        _ => None,
    }
}

/// The names of the sums of both sides of an equation, in the words of the form.
pub fn sides_of_equation(equation: &Equation) -> Sides {
    let (left, right) = names_of_terms(equation);
    let sum =
        |name: &str, terms: &[CellId]| if terms.len() > 1 { format!("{name}合计") } else { name.into() };
    Sides { left: sum(left, &equation.left), right: sum(right, &equation.right) }
}

/// What the terms on both sides of an equation are, in the words of the form.
pub(crate) fn names_of_terms(equation: &Equation) -> (&'static str, &'static str) {
    match equation.id {
        EquationId::RequestsBalance => ("新收与上年结转", "办理总计与结转下年度"),
        EquationId::OutcomesAddUp => ("办理结果各项", "办理结果总计"),
        EquationId::ApplicantsAddUp => ("各类申请人", "总计"),
        EquationId::ReviewAddsUp
        | EquationId::DirectLitigationAddsUp
        | EquationId::LitigationAfterReviewAddsUp => ("各项结果与尚未审结", "总计"),
    }
}

/// The equation that the finding says does not hold.
pub(crate) fn equation(report: &Report, finding: &Finding) -> Option<&'static Equation> {
    let is_broken = |equation: &&Equation| {
        rules::of_equation(equation).made(finding) && equation.terms().eq(finding.cells.iter().copied())
    };
    report.cells.form()?.equations().iter().find(is_broken)
}

/// The report with which the finding compares this one: `2023年度报告`, or that of another agency.
fn other_report(report: &Report, finding: &Finding) -> Option<String> {
    let against = finding.against.as_ref()?;
    let agency = against.agency.as_deref().filter(|agency| report.agency.as_deref() != Some(*agency));
    let year = against.year.map(|year| format!("{year}年度")).unwrap_or_default();
    Some(format!("{}{year}报告", agency.unwrap_or_default()))
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
    is_in_table.then(|| table_of(&finding.cells))
}

/// The table of the cells as reviewers call it.
fn table_of(cells: &[CellId]) -> &'static str {
    let mut tables = cells.iter().map(|id| id.table());
    match tables.next() {
        Some(first) if tables.all(|other| other == first) => first.short_title(),
        _ => "表格",
    }
}
