//! DUP-02: one sender.

use std::collections::BTreeSet;

use report::{Finding, FormId, Report, Severity};

use crate::basis::ACCURATE;
use crate::{BOTH, Case, Check, Rule};

/// DUP-02: 同一份年度报告由同一单位报送.
pub static DUP_02: Rule = Rule {
    id: "DUP-02",
    name: "one-sender",
    severity: Severity::Warning,
    forms: BOTH,
    basis: ACCURATE,
    formula: "各版本的报送单位相同",
    requirement: "同一份年度报告的各版本由同一单位报送",
    problem: "各版本由不同单位报送",
    hint: "请向机关确认以哪一版本为准。",
    since: "2026.16",
    check: Check::Versions(check),
    cases: CASES,
};

/// A report takes the place of its earlier version, also that of another sender, so a reviewer has to hear of it. The message
/// names nobody, because agencies read it.
fn check(rule: &Rule, report: &Report, senders: &[&str]) -> Vec<Finding> {
    let known: BTreeSet<&str> = senders.iter().copied().filter(|sender| !sender.is_empty()).collect();
    if known.len() < 2 {
        return Vec::new();
    }
    let what = format!("本报告共有{}个版本，先后由{}个单位报送。", senders.len(), known.len());
    vec![rule.fails(report, Vec::new(), what)]
}

/// The senders of the versions. The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "滕州市公安局 | 市政务公开办 | 滕州市公安局")
        .says("本报告共有3个版本，先后由2个单位报送。请向机关确认以哪一版本为准。"),
    Case::holds(FormId::F2021, "滕州市公安局 | 滕州市公安局"),
    Case::holds(FormId::F2021, " | 滕州市公安局"),
    Case::holds(FormId::F2021, "滕州市公安局"),
];
