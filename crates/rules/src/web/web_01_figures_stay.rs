//! WEB-01: figures stay.

use report::{CellId, Decimal, Finding, FormId, Report, Severity};

use crate::basis::ACCURATE;
use crate::place::number;
use crate::published::Published;
use crate::{BOTH, Case, Check, Rule};

/// WEB-01: 公布后的数据不改动.
pub static WEB_01: Rule = Rule {
    id: "WEB-01",
    name: "figures-stay",
    severity: Severity::Warning,
    forms: BOTH,
    basis: ACCURATE,
    formula: "网页现有的各格数字＝首次抓取时的各格数字",
    requirement: "公布后的数据不改动",
    problem: "发布后有变动",
    hint: "请核实变动原因；确属更正的，应当在网页上说明。",
    since: "2026.17",
    check: Check::Published(check),
    cases: CASES,
};

/// So many changes are listed in the message; `cells` has all.
const LISTED: usize = 20;

/// A figure that was changed, added or taken away. What was no figure before and after is none.
fn check(rule: &Rule, report: &Report, published: &Published<'_>) -> Vec<Finding> {
    let Some((first, day)) = published.first else { return Vec::new() };
    let (Some(form), true) = (report.cells.form(), report.form == first.form) else { return Vec::new() };
    let known = |report: &Report, id: CellId| report.cells.get(id).and_then(report::Cell::known);
    let ids = report.cells.iter().map(|(id, _)| id);
    let changes = ids.map(|id| (id, known(first, id), known(report, id)));
    let changes: Vec<_> = changes.filter(|(_, before, now)| before != now).collect();
    if changes.is_empty() {
        return Vec::new();
    }
    let listed: Vec<String> = changes
        .iter()
        .take(LISTED)
        .map(|(id, before, now)| format!("“{}”由{}改为{}", form.label(*id), figure(*before), figure(*now)))
        .collect();
    let and_more = if changes.len() > LISTED { "等" } else { "" };
    let seen = published.seen.map_or_else(|| "现在".to_owned(), |seen| seen.to_string());
    let what = format!(
        "网页{seen}的数据与{day}首次抓取时不同，共{}处：{}{and_more}。",
        changes.len(),
        listed.join("，")
    );
    let cells = changes.iter().map(|(id, ..)| *id).collect();
    let (left, right) = match &changes[..] {
        [(_, before, now)] => (*before, *now),
        _ => (None, None),
    };
    vec![Finding { left, right, ..rule.fails(report, cells, what) }]
}

fn figure(value: Option<Decimal>) -> String {
    value.map_or_else(|| "无数字".to_owned(), number)
}

/// After `last:` stands the report as it was first seen. The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.received.total=12 last: requests.received.total=9"),
    Case::fails(FormId::F2021, "requests.received.*=12 last: requests.received.*=9"),
    Case::fails(FormId::F2021, "requests.received.total=blank last: requests.received.total=9"),
    Case::holds(FormId::F2021, "requests.received.total=9 last: requests.received.total=9"),
    Case::holds(FormId::F2021, "requests.received.total=as:9:９ last: requests.received.total=9"),
    Case::holds(FormId::F2021, "requests.received.total=blank last: requests.received.total=/"),
    Case::holds(FormId::F2021, "requests.received.total=9"),
];
