//! AGG-05, which `survey` judges: like its peers.

use report::{FormId, Severity};

use crate::basis::ACCURATE;
use crate::{BOTH, Case, Check, Rule};

/// AGG-05: 数字与同级同类机关相差不悬殊.
pub static AGG_05: Rule = Rule {
    id: "AGG-05",
    name: "like-its-peers",
    severity: Severity::Info,
    forms: BOTH,
    basis: ACCURATE,
    formula: "|本机关 − 同级同类中位数| ≤ 10 × max(绝对中位差, 中位数÷4, 10)，同级同类机关不少于8个",
    requirement: "数字与同级同类机关相差不悬殊",
    problem: "数字与同级同类机关相差悬殊",
    hint: "请核实该数字是否填错位置、单位或者多写了数位。",
    since: "2026.13",
    check: Check::Agencies,
    cases: CASES,
};

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "城0县公安局 region=370400:山东省枣庄市城0县 received=2 | 城1县公安局 region=370401:山东省枣庄市城1县 received=2 | 城2县公安局 region=370402:山东省枣庄市城2县 received=2 | 城3县公安局 region=370403:山东省枣庄市城3县 received=2 | 城4县公安局 region=370404:山东省枣庄市城4县 received=2 | 城5县公安局 region=370405:山东省枣庄市城5县 received=2 | 城6县公安局 region=370406:山东省枣庄市城6县 received=2 | 城7县公安局 region=370407:山东省枣庄市城7县 received=2 | 城8县公安局 region=370408:山东省枣庄市城8县 received=900").says("表三“一、本年新收政府信息公开申请数量”行“总计”列为900，同年度8个县级公安机关的中位数为2，相差悬殊。请核实该数字是否填错位置、单位或者多写了数位。"),
    Case::holds(FormId::F2021, "城0县公安局 region=370400:山东省枣庄市城0县 received=2 | 城1县公安局 region=370401:山东省枣庄市城1县 received=2 | 城2县公安局 region=370402:山东省枣庄市城2县 received=2 | 城3县公安局 region=370403:山东省枣庄市城3县 received=2 | 城4县公安局 region=370404:山东省枣庄市城4县 received=2 | 城5县公安局 region=370405:山东省枣庄市城5县 received=2 | 城6县公安局 region=370406:山东省枣庄市城6县 received=2 | 城7县公安局 region=370407:山东省枣庄市城7县 received=2 | 城8县公安局 region=370408:山东省枣庄市城8县 received=90"),
];
