//! The catalogue of rules in print, for those who review reports: `docs/rules.md`. A test keeps it current.

use std::fmt::Write as _;

use report::FormId;

use super::cases::findings;
use super::files::file_of;
use crate::{Check, Rule, VERSION, catalogue};

/// Checks of the catalogue that make no finding of their own, and why.
const WITHOUT_FINDINGS: [(&str, &str); 4] = [
    ("T3-06", "只改一格即可使全表平衡的，写在 T3-01、T3-02、T3-02b、T3-03 和 T4-01 至 T4-03 的修改建议中。"),
    ("T3-10", "部分公开与不予公开同时大于0并不矛盾：区分处理的申请只计入部分公开。"),
    ("NAR-12", "正文的汉字数字与阿拉伯数字同样读取，不构成问题。"),
    ("NAR-13", "余、约、近、以上等概数不参加相等的核对，不构成问题。"),
];

/// Every rule with its entry and its example, as Markdown in Chinese.
fn catalogue_markdown() -> String {
    let mut out = format!(
        "# 核对规则\n\n\
         规则包版本 {VERSION}，共{}条。\n\
         本文件由 `GOUJI_GENERATE=1 cargo test -p rules` 生成，请勿手工修改。\n\n\
         级别：错误须更正，警告应核实，提示供参考；各单位可以在 [rule-policy.toml](../deploy/rule-policy.toml) 中调整级别、停用规则、豁免个案。\n\
         每条规则有三种结论：符合的不作说明，不符合的指出问题，缺少所需数字的写明无法核对。\n\
         公式中的英文名是单元格编号：`requests` 为表三，`active` 为表二，`review`、`direct_litigation`、`litigation_after_review` 为表四；各格的中文名见 [glossary.md](glossary.md)。\n\
         每条规则有一个例子，取自该规则文件中第一个不符合的用例。例子只写与一份各格为0、各项平衡的报告不同之处；\
         `last:` 之后是上年度的报告；关于各版本的规则，例子是各版本的报送单位；关于网页的规则，`last:` 之后是首次抓取时的报告；多个机关的报告以 `|` 分隔。写法见 [case.rs](../crates/rules/src/tests/case.rs) 和 [cases.rs](../crates/survey/src/tests/cases.rs)。\n",
        catalogue().len()
    );
    for rule in catalogue() {
        section(&mut out, rule);
    }
    out.push_str("\n## 不单独列出问题的检查\n\n| 编号 | 原因 |\n| --- | --- |\n");
    for (id, reason) in WITHOUT_FINDINGS {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| {id} | {reason} |");
    }
    out
}

fn section(out: &mut String, rule: &Rule) {
    let severity = rule.severity.title();
    let forms: Vec<String> = rule.forms.iter().map(|form| format!("{form}年")).collect();
    let forms = if rule.forms.len() == FormId::ALL.len() {
        "两种格式".to_owned()
    } else {
        forms.join("、") + "格式"
    };
    let needs = match rule.check {
        Check::Report(_) => "本报告",
        Check::Years(_) => "本报告和同一机关上年度的报告",
        Check::Versions(_) => "本报告的各版本",
        Check::Published(_) => "本报告和公布它的网页",
        Check::Agencies => "本报告和其他机关的报告",
    };
    let file = file_of(rule);
    let _ = write!(
        out,
        "\n## {} {}\n\n- 名称：[`{}`](../crates/rules/src/{file})\n- 问题：{}\n- 级别：{severity}\n- 适用：{forms}\n\
         - 对象：{needs}\n- 依据：{}\n- 规则：{}\n- 处理：{}\n- 始于：{}\n",
        rule.id,
        rule.requirement,
        rule.name,
        rule.problem,
        rule.basis,
        rule.formula.replace('*', "\\*"),
        rule.hint,
        rule.since,
    );
    example(out, rule);
}

/// The first case, and what the rule says of it.
fn example(out: &mut String, rule: &Rule) {
    let Some(case) = rule.cases.first() else { return };
    let form = if rule.forms.len() == FormId::ALL.len() && matches!(rule.check, Check::Agencies) {
        String::new()
    } else {
        format!("（{}年格式）", case.form)
    };
    let messages: Vec<String> = match rule.check {
        // `survey` proves that the message of the case is what it says.
        Check::Agencies => case.message.map(str::to_owned).into_iter().collect(),
        Check::Report(_) | Check::Years(_) | Check::Versions(_) | Check::Published(_) => {
            findings(rule, case).into_iter().map(|finding| finding.message).collect()
        }
    };
    let _ = write!(out, "- 例{form}：`{}`\n- 例的结果：{}\n", case.changes, messages.join("；"));
}

#[test]
fn the_printed_catalogue_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md");
    let fresh = catalogue_markdown();
    if std::env::var_os("GOUJI_GENERATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "docs/rules.md is not current: GOUJI_GENERATE=1 cargo test -p rules writes it"
    );
}

#[test]
fn a_check_has_findings_or_a_reason_why_not() {
    for (id, _) in WITHOUT_FINDINGS {
        assert!(crate::rule(id).is_none(), "{id}");
    }
}
