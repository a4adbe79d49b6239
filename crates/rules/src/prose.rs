//! The words of the narrative: what has to be said, what must not stand there.

use report::{Decimal, Finding, FormId, Remark, RemarkKind, Report, SectionKind, Severity, Table};

use crate::agency::{Class, class};
use crate::document::precedes_the_forms;
use crate::place::{is_absent, number, quoted};
use crate::{BOTH, Check, ONLY_2021, Rule};

const OVERVIEW: &str = "国办公开办函〔2021〕30号一（一）：总体情况包括主动公开、依申请公开、政府信息管理、平台建设、监督保障；《条例》第五十条（四）";
const CAREFUL: &str = "国办公开办函〔2021〕30号（四）：内容不准确、不全面，内容雷同、敷衍塞责的，追究责任";
const FEE: &str = "国办函〔2020〕109号；国办公开办函〔2021〕30号：收取信息处理费情况在第六部分报告";

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "DOC-12",
        severity: Severity::Warning,
        forms: BOTH,
        title: "引用的格式文件现行有效",
        basis: "国办公开办函〔2021〕30号自2021年度报告起替代〔2019〕60号，〔2019〕60号替代国办发〔2014〕32号",
        hint: "请改引现行文件。",
        formula: "2021年度起不引国办公开办函〔2019〕60号；2019年度起不引国办发〔2014〕32号、国务院令第492号（同时引第711号的除外）；不引不存在的文号，条例的令号无误",
        check: Check::Report(citations_in_force),
    },
    Rule {
        id: "DOC-13",
        severity: Severity::Warning,
        forms: ONLY_2021,
        title: "总体情况写全五个方面",
        basis: OVERVIEW,
        hint: "请在第一部分补写，没有发生的也应当说明。",
        formula: "第一部分写到主动公开、依申请公开、政府信息管理、平台建设、监督保障；各级人民政府的报告另有工作考核、社会评议、责任追究之一",
        check: Check::Report(themes_covered),
    },
    Rule {
        id: "DOC-14",
        severity: Severity::Warning,
        forms: BOTH,
        title: "存在的主要问题及改进情况言之有物",
        basis: "《条例》第五十条（四）：政府信息公开工作存在的主要问题及改进情况",
        hint: "请写明本年度存在的具体问题和改进措施。",
        formula: "第五部分≥10字，且写到问题的也写到措施",
        check: Check::Report(problems_and_measures),
    },
    Rule {
        id: "DOC-15",
        severity: Severity::Warning,
        forms: BOTH,
        title: "其他需要报告的事项不为空",
        basis: FEE,
        hint: "请在第六部分说明收取信息处理费的情况，未收取的也应当说明。",
        formula: "第六部分有文字；2021年度起不只写“无”",
        check: Check::Report(other_matters),
    },
    Rule {
        id: "DOC-16",
        severity: Severity::Info,
        forms: BOTH,
        title: "所称公布的年度报告为上一年度的报告",
        basis: "《条例》第四十九条：当年公布的是上一年度的年度报告",
        hint: "请核对年份。",
        formula: "正文所称已公布的年度报告的年度=报告年度-1",
        check: Check::Report(published_last_years),
    },
    Rule {
        id: "DOC-17",
        severity: Severity::Info,
        forms: BOTH,
        title: "没有残留的代码和页码",
        basis: CAREFUL,
        hint: "请删除后重新公布。",
        formula: "正文没有编辑标记、网页代码、乱码、混入的页码",
        check: Check::Report(no_artefacts),
    },
    Rule {
        id: "DOC-18",
        severity: Severity::Info,
        forms: BOTH,
        title: "段落没有从词中断开",
        basis: CAREFUL,
        hint: "请把断开的段落接上。",
        formula: "段落不在一个词的中间结束",
        check: Check::Report(no_torn_lines),
    },
    Rule {
        id: "DOC-19",
        severity: Severity::Warning,
        forms: BOTH,
        title: "没有重复的词句",
        basis: CAREFUL,
        hint: "请删除重复的文字。",
        formula: "正文没有紧接着重复的词句（有意重叠的除外）",
        check: Check::Report(nothing_doubled),
    },
    Rule {
        id: "DOC-20",
        severity: Severity::Warning,
        forms: BOTH,
        title: "不泄露个人信息",
        basis: "《条例》第十五条：涉及个人隐私的政府信息不得公开；《个人信息保护法》第二十五条",
        hint: "请立即删除后重新公布。",
        formula: "正文没有公民身份号码、申请人的手机号码",
        check: Check::Report(no_personal_data),
    },
    Rule {
        id: "NAR-10",
        severity: Severity::Warning,
        forms: BOTH,
        title: "报告收取信息处理费的情况",
        basis: FEE,
        hint: "请在第六部分写明收取的金额，未收取的写明未收取。",
        formula: "2021年度起，写明信息处理费的金额或者未收取，且前后一致",
        check: Check::Report(fee_reported),
    },
    Rule {
        id: "NAR-11",
        severity: Severity::Warning,
        forms: BOTH,
        title: "没有漏填的数字",
        basis: CAREFUL,
        hint: "请填上数字，没有发生的写0。",
        formula: "正文没有“信息 条”“XX件”等留空的数字",
        check: Check::Report(no_holes),
    },
    Rule {
        id: "T3-12",
        severity: Severity::Info,
        forms: ONLY_2021,
        title: "表三与收取信息处理费的情况相称",
        basis: FEE,
        hint: "请核对表三与第六部分的说明。",
        formula: "other.fee_unpaid.total＞0 → 正文写到信息处理费；信息处理费＞0 → requests.received.total＞10（按件计收同一申请人每月10件以内不收费）",
        check: Check::Report(fee_is_plausible),
    },
    Rule {
        id: "T3-13",
        severity: Severity::Warning,
        forms: BOTH,
        title: "称全部办结的，没有结转下年度",
        basis: CAREFUL,
        hint: "请核对正文与表三，改为一致。",
        formula: "正文称全部办结 → requests.carried_out.total=0",
        check: Check::Report(all_concluded),
    },
];

/// The first year whose reports tell the fees for information.
const FIRST_YEAR_WITH_FEE: u16 = 2021;

fn remarks(report: &Report, kind: RemarkKind) -> impl Iterator<Item = &Remark> {
    report.remarks.iter().filter(move |remark| remark.kind == kind)
}

fn has(report: &Report, kind: RemarkKind, text: &str) -> bool {
    remarks(report, kind).any(|remark| remark.text == text)
}

fn is_from(report: &Report, year: u16) -> bool {
    report.year.is_some_and(|own| own.get() >= year)
}

/// The part, where it is there just once; DOC-07 tells of the others.
fn has_one(report: &Report, kind: SectionKind) -> bool {
    report.sections.iter().filter(|section| section.kind == Some(kind)).count() == 1
}

/// One finding for all places of a kind, at the first of them.
fn listed(rule: &Rule, report: &Report, kind: RemarkKind, before: &str, behind: &str) -> Vec<Finding> {
    let places: Vec<&Remark> = remarks(report, kind).collect();
    let Some(first) = places.first() else { return Vec::new() };
    let words = quoted(places.iter().map(|remark| remark.text.as_str()), "处");
    vec![at(first, rule.fails(report, Vec::new(), format!("{before}{words}{behind}。")))]
}

fn at(remark: &Remark, finding: Finding) -> Finding {
    Finding { origin: Some(remark.origin), ..finding }
}

/// Numbers that no notice has, made of two.
const HYBRIDS: [&str; 2] = ["国办公开办函〔2019〕30号", "国办公开办函〔2021〕60号"];

/// The notice of 2019 where it is cited by its name.
const NOTICE_OF_2019: &str = "关于政府信息公开工作年度报告有关事项的通知";

/// DOC-12. A report in the form of another year is the business of DOC-11, and cites accordingly.
fn citations_in_force(rule: &Rule, report: &Report) -> Vec<Finding> {
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

const THEMES: [&str; 5] = ["主动公开", "依申请公开", "政府信息管理", "平台建设", "监督保障"];
const DUTIES: [&str; 3] = ["工作考核", "社会评议", "责任追究"];

/// An overview of fewer characters may be the beginning of one that was lost on the way.
const WHOLE_OVERVIEW: u32 = 100;

/// DOC-13. An overview whose parts stand in disorder cannot be judged.
fn themes_covered(rule: &Rule, report: &Report) -> Vec<Finding> {
    let overview = report.sections.iter().find(|section| section.kind == Some(SectionKind::Overview));
    let is_readable = is_from(report, FIRST_YEAR_WITH_FEE)
        && has_one(report, SectionKind::Overview)
        && has_one(report, SectionKind::Active)
        && has_one(report, SectionKind::Requests);
    let Some(overview) = overview.filter(|_| is_readable) else { return Vec::new() };
    let missing: Vec<&str> =
        THEMES.into_iter().filter(|theme| !has(report, RemarkKind::Theme, theme)).collect();
    let is_government = report.agency.as_deref().is_some_and(|agency| {
        class(agency) == Class::Government && !agency.ends_with("委员会") && !agency.ends_with("管委会")
            || agency.ends_with("人民政府")
    });
    let lacks_duties = is_government && !DUTIES.iter().any(|duty| has(report, RemarkKind::Theme, duty));
    let mut what = Vec::new();
    if !missing.is_empty() {
        what.push(format!("总体情况没有写到{}", quoted(missing, "个方面")));
    }
    if lacks_duties {
        what.push("政府的报告没有写到工作考核、社会评议和责任追究结果".to_owned());
    }
    if what.is_empty() {
        return Vec::new();
    }
    let what = format!("{}。", what.join("；"));
    let finding = if overview.chars < WHOLE_OVERVIEW {
        let message = format!("第一部分只有{}字，{what}不能确定是否为全文，请核对后补写。", overview.chars);
        rule.unknown(report, Vec::new(), message)
    } else {
        rule.fails(report, Vec::new(), what)
    };
    vec![Finding { origin: Some(overview.origin), ..finding }]
}

/// DOC-14.
fn problems_and_measures(rule: &Rule, report: &Report) -> Vec<Finding> {
    if precedes_the_forms(report) {
        return Vec::new();
    }
    if let Some(empty) = empty(report, SectionKind::Problems) {
        let what = match empty.text.as_str() {
            "" => "第五部分没有文字。".to_owned(),
            text => format!("第五部分只有“{}”，过于简略。", text.trim_end_matches('。')),
        };
        return vec![at(empty, rule.fails(report, Vec::new(), what))];
    }
    let remedy = |text: &str| remarks(report, RemarkKind::Remedy).find(|remark| remark.text == text);
    match (remedy("问题"), remedy("措施")) {
        (Some(problem), None) => {
            vec![at(problem, rule.fails(report, Vec::new(), "第五部分写了问题，没有写改进措施。"))]
        }
        _ => Vec::new(),
    }
}

fn empty(report: &Report, kind: SectionKind) -> Option<&Remark> {
    remarks(report, RemarkKind::Empty)
        .find(|remark| remark.section == Some(kind))
        .filter(|_| has_one(report, kind))
}

/// DOC-15. Before there was a fee, 无 was an answer.
fn other_matters(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(empty) = empty(report, SectionKind::Other).filter(|_| !precedes_the_forms(report)) else {
        return Vec::new();
    };
    let what = match empty.text.as_str() {
        "" => "第六部分没有文字。".to_owned(),
        _ if !is_from(report, FIRST_YEAR_WITH_FEE) || speaks_of_fee(empty) => return Vec::new(),
        text => format!("第六部分只有“{}”，没有说明收取信息处理费的情况。", text.trim_end_matches('。')),
    };
    vec![at(empty, rule.fails(report, Vec::new(), what))]
}

fn speaks_of_fee(empty: &Remark) -> bool {
    empty.text.contains('费')
}

/// DOC-16.
fn published_last_years(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(year) = report.year else { return Vec::new() };
    let own = Decimal::from(year.get());
    let is_own = |remark: &&Remark| remark.value == Some(own);
    let what = format!("正文称本年度公布了{year}年的年度报告，而{year}年度报告在次年公布。");
    remarks(report, RemarkKind::Published)
        .find(is_own)
        .map(|remark| Finding {
            left: Some(own),
            right: Some(own - Decimal::ONE),
            ..at(remark, rule.fails(report, Vec::new(), what))
        })
        .into_iter()
        .collect()
}

/// DOC-17.
fn no_artefacts(rule: &Rule, report: &Report) -> Vec<Finding> {
    listed(rule, report, RemarkKind::Artefact, "正文中残留", "等与内容无关的字符")
}

/// DOC-18.
fn no_torn_lines(rule: &Rule, report: &Report) -> Vec<Finding> {
    listed(rule, report, RemarkKind::Torn, "段落在", "处从词中断开")
}

/// DOC-19.
fn nothing_doubled(rule: &Rule, report: &Report) -> Vec<Finding> {
    listed(rule, report, RemarkKind::Doubled, "正文中有重复的文字：", "")
}

/// DOC-20.
fn no_personal_data(rule: &Rule, report: &Report) -> Vec<Finding> {
    listed(rule, report, RemarkKind::Personal, "正文中疑似有公民身份号码或申请人的电话号码：", "")
}

/// NAR-11.
fn no_holes(rule: &Rule, report: &Report) -> Vec<Finding> {
    listed(rule, report, RemarkKind::Hole, "正文中有漏填的数字：", "")
}

/// NAR-10. A report that says it in another part has said it; one whose sixth part is empty is the
/// business of DOC-15.
fn fee_reported(rule: &Rule, report: &Report) -> Vec<Finding> {
    let is_due = is_from(report, FIRST_YEAR_WITH_FEE)
        && has_one(report, SectionKind::Other)
        && empty(report, SectionKind::Other).is_none();
    if !is_due {
        return Vec::new();
    }
    let fees: Vec<&Remark> = remarks(report, RemarkKind::Fee).collect();
    let Some(first) = fees.first() else {
        let other = report.sections.iter().find(|section| section.kind == Some(SectionKind::Other));
        let what = "第六部分没有说明收取信息处理费的情况。";
        return vec![Finding {
            origin: other.map(|section| section.origin),
            ..rule.fails(report, Vec::new(), what)
        }];
    };
    // 未收取其他费用, 减免 say nothing of the fee itself.
    let plain = |remark: &&&Remark| {
        remark.text.contains("处理费")
            && !["其他", "减免", "退"].iter().any(|word| remark.text.contains(word))
    };
    let charged = fees.iter().find(|fee| fee.value.is_some_and(|value| !value.is_zero()));
    let none = fees.iter().find(|fee| fee.value.is_some_and(|value| value.is_zero()));
    if let Some((charged, none)) = charged.filter(plain).zip(none.filter(plain)) {
        let what = format!("关于信息处理费，报告既称“{}”，又称“{}”。", charged.text, none.text);
        return vec![at(charged, rule.fails(report, Vec::new(), what))];
    }
    if charged.is_none() && none.is_none() {
        let message =
            format!("报告写到“{}”，未能识别出收取的金额或者未收取，无法判断。请核对是否写明。", first.text);
        return vec![at(first, rule.unknown(report, Vec::new(), message))];
    }
    Vec::new()
}

/// T3-12. Fees for pages may be due for a single request: what is unlikely is not wrong.
fn fee_is_plausible(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(form) = report.cells.form().filter(|_| !is_absent(report, Table::Requests)) else {
        return Vec::new();
    };
    let of = |row: &str| {
        let id = form.request_cell(row, "total")?;
        Some((id, report.cells.value(id)?))
    };
    let mut findings = Vec::new();
    let unpaid = of("other.fee_unpaid").filter(|(_, value)| !value.is_zero());
    if let Some((id, value)) = unpaid.filter(|_| remarks(report, RemarkKind::Fee).next().is_none()) {
        let what = format!("表三有{}件因逾期未缴费不再处理，正文没有写到信息处理费。", number(value));
        findings.push(Finding { left: Some(value), ..rule.fails(report, vec![id], what) });
    }
    let charged =
        remarks(report, RemarkKind::Fee).find(|fee| fee.value.is_some_and(|value| !value.is_zero()));
    let few = of("received").filter(|(_, value)| *value <= Decimal::TEN);
    if let Some((fee, (id, value))) = charged.zip(few) {
        let what = format!(
            "正文称“{}”，而全年新收申请{}件，按件计收时10件以内不收费，除非按量计收。",
            fee.text,
            number(value)
        );
        findings.push(Finding {
            left: fee.value,
            right: Some(value),
            ..at(fee, rule.fails(report, vec![id], what))
        });
    }
    findings
}

/// T3-13.
fn all_concluded(rule: &Rule, report: &Report) -> Vec<Finding> {
    let carried_out = report.cells.form().filter(|_| !is_absent(report, Table::Requests)).and_then(|form| {
        let id = form.request_cell("carried_out", "total")?;
        Some((id, report.cells.value(id).filter(|value| !value.is_zero())?))
    });
    let Some((id, value)) = carried_out else { return Vec::new() };
    let finding = |remark: &Remark| {
        let what = format!("正文称申请“{}”，表三却有{}件结转下年度继续办理。", remark.text, number(value));
        Finding { right: Some(value), ..at(remark, rule.fails(report, vec![id], what)) }
    };
    remarks(report, RemarkKind::AllConcluded).next().map(finding).into_iter().collect()
}
