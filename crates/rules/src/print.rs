//! The catalogue of rules in print, for those who review reports: `docs/rules.md`.

use std::fmt::Write as _;

use report::FormId;

use crate::{Check, Rule, VERSION, catalogue};

/// Checks of the catalogue that make no finding of their own, and why.
const WITHOUT_FINDINGS: [(&str, &str); 5] = [
    ("T3-06", "只改一格即可使全表平衡的，写在 T3-01、T3-02、T3-02b、T3-03 和 T4-01 至 T4-03 的修改建议中。"),
    ("T3-10", "部分公开与不予公开同时大于0并不矛盾：区分处理的申请只计入部分公开。"),
    ("CEL-07", "各行按名称识别，名称中的序号不会被读作数字。"),
    ("NAR-12", "正文的汉字数字与阿拉伯数字同样读取，不构成问题。"),
    ("NAR-13", "余、约、近、以上等概数不参加相等的核对，不构成问题。"),
];

/// Every rule with its severity, forms, basis, formula and hint, as Markdown in Chinese.
pub fn catalogue_markdown() -> String {
    let mut out = format!(
        "# 核对规则\n\n\
         规则包版本 {VERSION}，共{}条。\n\
         本文件由 `GOUJI_GENERATE=1 cargo test -p rules` 生成，请勿手工修改。\n\n\
         级别：错误须更正，警告应核实，提示供参考；各单位可以在 [office.toml](../deploy/office.toml) 中调整级别、停用规则、豁免个案。\n\
         每条规则有三种结论：符合的不作说明，不符合的指出问题，缺少所需数字的写明无法核对。\n\
         公式中的英文名是单元格编号：`requests` 为表三，`active` 为表二，`review`、`direct_litigation`、`litigation_after_review` 为表四；各格的中文名见 [glossary.md](glossary.md)。\n",
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
        Check::Agencies => "本报告和其他机关的报告",
    };
    let _ = write!(
        out,
        "\n## {} {}\n\n- 级别：{severity}\n- 适用：{forms}\n- 对象：{needs}\n- 依据：{}\n- 规则：{}\n- 处理：{}\n",
        rule.id,
        rule.title,
        rule.basis,
        rule.formula.replace('*', "\\*"),
        rule.hint
    );
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn every_rule_says_what_it_demands_and_why() {
        for rule in catalogue() {
            for (what, text) in [("title", rule.title), ("basis", rule.basis), ("formula", rule.formula)] {
                assert!(!text.is_empty() && !text.contains('\n'), "{} has no {what}", rule.id);
            }
        }
    }
}
