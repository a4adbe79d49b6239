//! DOC-12: citations in force.

use report::{Finding, FormId, Remark, RemarkKind, Report, Severity};

use crate::remarks::{FIRST_YEAR_WITH_FEE, at, has, is_from, remarks};
use crate::sections::precedes_the_forms;
use crate::{BOTH, Case, Check, Rule};

/// DOC-12: 引用的格式文件现行有效.
pub static DOC_12: Rule = Rule {
    id: "DOC-12",
    name: "citations-in-force",
    severity: Severity::Warning,
    forms: BOTH,
    basis: "国办公开办函〔2021〕30号自2021年度报告起替代〔2019〕60号，〔2019〕60号替代国办发〔2014〕32号",
    formula: "2021年度起不引国办公开办函〔2019〕60号；2019年度起不引国办发〔2014〕32号、国务院令第492号（同时引第711号的除外）；不引不存在的文号，条例的令号无误",
    requirement: "引用的格式文件现行有效",
    problem: "引用的文件已被替代或者文号有误",
    hint: "请改引现行文件。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// Document numbers that do not exist: each mixes the numbers of two notices.
const HYBRIDS: [&str; 2] = ["国办公开办函〔2019〕30号", "国办公开办函〔2021〕60号"];

/// The name of the notice of 2019, where a report cites it without its number.
const NOTICE_OF_2019: &str = "关于政府信息公开工作年度报告有关事项的通知";

/// A report in the form of another year cites the notice of that form; DOC-11 reports the form.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    if precedes_the_forms(report) || report.year.is_none() {
        return Vec::new();
    }
    let is_new = is_from(report, FIRST_YEAR_WITH_FEE) && report.form != Some(FormId::F2019);
    let also_711 = has(report, RemarkKind::Citation, "国务院令第711号");
    let also_60 = has(report, RemarkKind::Citation, "国办公开办函〔2019〕60号");
    let mut seen: Vec<&str> = Vec::new();
    let judge = |remark: &Remark| -> Option<String> {
        let cited = remark.text.as_str();
        match cited {
            _ if HYBRIDS.contains(&cited) => Some(format!("引用的“{cited}”文号有误，没有这一文件。")),
            "国办公开办函〔2019〕60号" if is_new => {
                Some(format!("引用的“{cited}”已由国办公开办函〔2021〕30号替代。"))
            }
            _ if cited.starts_with(NOTICE_OF_2019) && cited.len() > NOTICE_OF_2019.len() => {
                let number = cited[NOTICE_OF_2019.len()..].trim_matches(['（', '）']);
                (number != "国办公开办函〔2019〕60号")
                    .then(|| format!("引用的《{NOTICE_OF_2019}》与其后的文号“{number}”不符。"))
            }
            NOTICE_OF_2019 if is_new && !also_60 => Some(format!(
                "引用的《{cited}》（国办公开办函〔2019〕60号）已由国办公开办函〔2021〕30号替代。"
            )),
            "国办发〔2014〕32号" => Some(format!("引用的“{cited}”已不作为年度报告的格式依据。")),
            "国务院令第492号" if !also_711 => {
                Some("引用的国务院令第492号已由国务院令第711号修订。".to_owned())
            }
            _ if cited.starts_with("政府信息公开条例（") => {
                Some(format!("引用的“{cited}”令号有误，现行条例由国务院令第711号公布。"))
            }
            _ => None,
        }
    };
    remarks(report, RemarkKind::Citation)
        .filter(|remark| {
            let is_new = !seen.contains(&remark.text.as_str());
            seen.push(&remark.text);
            is_new
        })
        .filter_map(|remark| Some(at(remark, rule.fails(report, Vec::new(), judge(remark)?))))
        .collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "remark=Citation:国办公开办函〔2019〕60号"),
    Case::holds(FormId::F2021, "remark=Citation:国办公开办函〔2021〕30号 remark=Citation:国务院令第711号"),
    Case::holds(FormId::F2019, "remark=Citation:国办公开办函〔2019〕60号"),
    Case::holds(FormId::F2019, "year=2023 remark=Citation:国办公开办函〔2019〕60号"),
    Case::fails(FormId::F2021, "remark=Citation:国办公开办函〔2019〕30号"),
    Case::fails(FormId::F2021, "remark=Citation:关于政府信息公开工作年度报告有关事项的通知"),
    Case::holds(FormId::F2019, "remark=Citation:关于政府信息公开工作年度报告有关事项的通知"),
    Case::fails(
        FormId::F2021,
        "remark=Citation:关于政府信息公开工作年度报告有关事项的通知（国办公开办函〔2021〕30号） remark=Citation:国办公开办函〔2021〕30号",
    )
    .says("引用的《关于政府信息公开工作年度报告有关事项的通知》与其后的文号“国办公开办函〔2021〕30号”不符。请改引现行文件。"),
    Case::fails(FormId::F2019, "remark=Citation:国办发〔2014〕32号"),
    Case::holds(FormId::F2021, "form= year=2015 remark=Citation:国办发〔2014〕32号"),
    Case::fails(FormId::F2021, "remark=Citation:国务院令第492号"),
    Case::fails(FormId::F2021, "remark=Citation:政府信息公开条例（国务院令第771号）"),
    Case::holds(FormId::F2021, "remark=Citation:国务院令第752号"),
    Case::holds(FormId::F2021, "remark=Citation:国务院令第492号 remark=Citation:国务院令第711号"),
];
