//! A problem in one sentence: the wrong figure, the right one, and what shows it.

use report::{Finding, Form, Problem};

use crate::location;
use crate::text::number;

/// `表三“（七）总计”行“总计”列应为173（涉及3个等式和正文1处）`, for findings that one change would settle; none for a
/// finding that stands alone, whose message says it.
pub fn problem_summary(problem: &Problem) -> Option<String> {
    let repair = problem.repair().filter(|_| problem.findings.len() > 1)?;
    let forms = report::FormId::ALL.into_iter().rev().map(Form::get);
    let form = forms.into_iter().find(|form| form.position(repair.cell).is_some())?;
    let (cell, value) = (location::of_cell(form, repair.cell), number(repair.value));
    Some(format!("{cell}应为{value}（涉及{}）", evidence(&problem.findings)))
}

/// How many equations, sentences and other reports show a problem.
fn evidence(findings: &[&Finding]) -> String {
    let is_equation = |finding: &&&Finding| is_of_equation(&finding.rule);
    let is_of_text = |finding: &&&Finding| finding.rule.starts_with("NAR-");
    let equations = findings.iter().filter(is_equation).count();
    let sentences = findings.iter().filter(is_of_text).count();
    let others = findings.len() - equations - sentences;
    let parts = [
        (equations, format!("{equations}个等式")),
        (sentences, format!("正文{sentences}处")),
        (others, format!("其他{others}处")),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, part)| part);
    parts.collect::<Vec<_>>().join("和")
}

fn is_of_equation(rule: &str) -> bool {
    let equations = report::FormId::ALL.into_iter().flat_map(|form| Form::get(form).equations());
    equations.map(rules::of_equation).any(|known| known.id == rule)
}
