//! DOC-11: form of the year.

use report::{Finding, FormId, Report, Severity};

use crate::{BOTH, Case, Check, Rule};

/// DOC-11: 表格格式与报告年度相符.
pub static DOC_11: Rule = Rule {
    id: "DOC-11",
    name: "form-of-the-year",
    severity: Severity::Error,
    forms: BOTH,
    basis: "国办公开办函〔2021〕30号自2021年度报告起施行，〔2019〕60号用于2019、2020年度报告",
    formula: "2019、2020年度用2019年格式；2021年度起用2021年格式",
    requirement: "表格格式与报告年度相符",
    problem: "表格格式与报告年度不符",
    hint: "请改用该年度规定的格式重新填写。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

/// DOC-10 and DOC-01 report a missing form and a missing year.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let (Some(year), Some(form)) = (report.year, report.form) else { return Vec::new() };
    match FormId::of_year(year) {
        Some(required) if required != form => {
            let what = format!("{year}年度报告应当使用{}，实际使用的是{}。", notice(required), notice(form));
            vec![rule.fails(report, Vec::new(), what)]
        }
        _ => Vec::new(),
    }
}

fn notice(form: FormId) -> &'static str {
    match form {
        FormId::F2019 => "2019年格式（国办公开办函〔2019〕60号）",
        FormId::F2021 => "2021年格式（国办公开办函〔2021〕30号）",
    }
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "year=2020").says("2020年度报告应当使用2019年格式（国办公开办函〔2019〕60号），实际使用的是2021年格式（国办公开办函〔2021〕30号）。请改用该年度规定的格式重新填写。"),
    Case::holds(FormId::F2021, "year=2021"),
    Case::holds(FormId::F2019, "year=2020"),
    Case::fails(FormId::F2019, "year=2023"),
    Case::holds(FormId::F2021, "form="),
];
