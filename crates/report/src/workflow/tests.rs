//! Every state, and that the order in which acts arrive makes no difference.

use super::*;
use crate::Judgement;

const DAY_MS: i64 = 24 * 3_600_000;
/// 2025-01-10, noon in Beijing.
const FIRST_MS: i64 = 1_736_481_600_000;

const FIRST: CurrentVersion<'_> = CurrentVersion { id: "aaaa-g0", number: 10, submitted_at_ms: FIRST_MS };
/// The same bytes, read again by a newer reader.
const REREAD: CurrentVersion<'_> =
    CurrentVersion { id: "aaaa-g1", number: 15, submitted_at_ms: FIRST_MS + DAY_MS };
/// What the agency sent ten days later.
const SECOND: CurrentVersion<'_> =
    CurrentVersion { id: "bbbb-g0", number: 20, submitted_at_ms: FIRST_MS + 10 * DAY_MS };

const DUE: Date = Date::constant(2025, 1, 15);

fn act(number: u32, on: CurrentVersion<'_>, kind: ActKind) -> Act {
    Act {
        number,
        version: on.id.into(),
        version_number: on.number,
        at_ms: on.submitted_at_ms + i64::from(number) * 1_000,
        who: "甲".into(),
        findings: Vec::new(),
        kind,
    }
}

fn about(findings: &[&Finding], act: Act) -> Act {
    Act { findings: findings.iter().map(|finding| FindingReference::of(finding)).collect(), ..act }
}

fn returned() -> ActKind {
    ActKind::Returned {
        deadline: Some(DUE), note: "请更正".into(), letter: "政办函〔2025〕3号".into()
    }
}

fn accepted() -> ActKind {
    ActKind::Accepted { note: String::new() }
}

fn reopened() -> ActKind {
    ActKind::Reopened { why: "误操作".into() }
}

fn dismissed() -> ActKind {
    ActKind::Dismissed { why: "已核实".into() }
}

fn waived(until: Date) -> ActKind {
    ActKind::Waived { why: "机构改革".into(), until }
}

fn finding(rule: &str, cells: &[&str], sides: Option<(i64, i64)>, message: &str) -> Finding {
    Finding {
        rule: rule.into(),
        severity: Severity::Error,
        judgement: Judgement::Fails,
        message: message.into(),
        cells: cells.iter().map(|id| CellId::parse(id).unwrap()).collect(),
        left: sides.map(|(left, _)| left.into()),
        right: sides.map(|(_, right)| right.into()),
        repair: None,
        origin: None,
        against: None,
        waiver: None,
    }
}

/// `states` of these acts as a line of text, the same for every order of them.
fn drawn(acts: &[Act], current: CurrentVersion<'_>) -> String {
    let workflow = Workflow::of(acts, current);
    for rotated in 0..acts.len() {
        let mut other = acts.to_vec();
        other.rotate_left(rotated);
        // Each act may come twice.
        other.extend(acts.iter().rev().cloned());
        assert_eq!(Workflow::of(&other, current), workflow);
    }
    let days = (workflow.since_ms - FIRST_MS) / DAY_MS;
    let due = workflow.due.map(|due| format!(" due {due}")).unwrap_or_default();
    let lapsed = if workflow.acceptance_lapsed { " lapsed" } else { "" };
    let assignee = workflow.assignee.map(|to| format!(" by {to}")).unwrap_or_default();
    format!("{} since day {days}{due}{lapsed}{assignee}", workflow.state.as_str())
}

#[test]
fn a_report_passes_its_states() {
    let check =
        |acts: &[Act], current, expected: &str| assert_eq!(drawn(acts, current), expected, "{acts:?}");
    check(&[], FIRST, "pending since day 0");
    let back = act(1, FIRST, returned());
    check(std::slice::from_ref(&back), FIRST, "returned since day 0 due 2025-01-15");
    // Reading the same bytes again is no new version of the agency.
    check(std::slice::from_ref(&back), REREAD, "returned since day 0 due 2025-01-15");
    check(std::slice::from_ref(&back), SECOND, "resent since day 10");
    check(&[back.clone(), act(2, SECOND, accepted())], SECOND, "accepted since day 10");
    check(&[back.clone(), act(2, SECOND, returned())], SECOND, "returned since day 10 due 2025-01-15");
    check(&[back.clone(), act(2, FIRST, accepted())], FIRST, "accepted since day 0");
    check(&[back.clone(), act(2, FIRST, reopened())], FIRST, "pending since day 0");
    check(&[back, act(2, FIRST, reopened())], SECOND, "pending since day 10");
}

#[test]
fn an_acceptance_lapses_when_another_version_arrives() {
    let check =
        |acts: &[Act], current, expected: &str| assert_eq!(drawn(acts, current), expected, "{acts:?}");
    let good = act(1, FIRST, accepted());
    check(std::slice::from_ref(&good), REREAD, "accepted since day 0");
    check(std::slice::from_ref(&good), SECOND, "pending since day 10 lapsed");
    check(&[good.clone(), act(2, SECOND, accepted())], SECOND, "accepted since day 10");
    check(&[good, act(2, SECOND, returned())], SECOND, "returned since day 10 due 2025-01-15");
    // The version that was judged is gone, and an earlier one shows again: what was decided stays decided.
    check(&[act(1, SECOND, accepted())], FIRST, "accepted since day 10");
}

#[test]
fn comments_and_assignments_change_no_state() {
    let to = |name: &str| ActKind::Assigned { to: Some(name.into()) };
    let comment = ActKind::Commented { text: "待电话核实".into() };
    let acts = [act(1, FIRST, to("甲")), act(2, FIRST, comment), act(3, FIRST, to("乙"))];
    assert_eq!(drawn(&acts, FIRST), "pending since day 0 by 乙");
    assert_eq!(drawn(&acts, SECOND), "pending since day 10 by 乙");
    let nobody = act(4, FIRST, ActKind::Assigned { to: None });
    assert_eq!(drawn(&[acts.to_vec(), vec![nobody]].concat(), FIRST), "pending since day 0");
}

#[test]
fn a_deadline_is_over_the_day_after_it() {
    let workflow = Workflow::of(&[act(1, FIRST, returned())], FIRST);
    assert!(!workflow.is_overdue(DUE));
    assert!(workflow.is_overdue(DUE.tomorrow().unwrap()));
    let resent = Workflow::of(&[act(1, FIRST, returned())], SECOND);
    assert!(!resent.is_overdue(Date::constant(2026, 1, 1)));
}

#[test]
fn a_newer_version_inherits_decisions_on_the_same_figures_only() {
    let total = "requests.concluded.total";
    let slip = finding("T3-02", &[total], Some((173, 174)), "应为173");
    let text = finding("DOC-20", &[], None, "正文含有个人信息");
    let acts = [about(&[&slip, &text], act(1, FIRST, dismissed()))];
    let open = |current, finding: &Finding| Workflow::of(&acts, current).is_open(finding);
    for current in [FIRST, SECOND] {
        assert!(!open(current, &slip));
        assert!(!open(current, &text));
        assert!(open(current, &finding("T3-02", &[total], Some((173, 175)), "应为173")));
        assert!(open(current, &finding("T3-03", &[total], Some((173, 174)), "应为173")));
        assert!(open(current, &finding("DOC-20", &[], None, "正文含有电话号码")));
    }
    // The words of a finding with figures may change with the rules.
    assert!(!open(SECOND, &finding("T3-02", &[total], Some((173, 174)), "总计应为173")));
}

#[test]
fn the_last_decision_on_a_finding_holds() {
    let slip = finding("T3-02", &["requests.concluded.total"], Some((173, 174)), "");
    let decided = |acts: &[Act]| {
        let workflow = Workflow::of(acts, FIRST);
        let kind = workflow.decision(&slip).map(|decision| decision.kind.as_str());
        (kind, workflow.is_open(&slip), workflow.count_open(std::slice::from_ref(&slip), Severity::Error))
    };
    let dismiss = about(&[&slip], act(1, FIRST, dismissed()));
    let confirm = about(&[&slip], act(2, FIRST, ActKind::Confirmed));
    let undo = about(&[&slip], act(3, FIRST, reopened()));
    assert_eq!(decided(std::slice::from_ref(&dismiss)), (Some("dismissed"), false, 0));
    assert_eq!(decided(&[dismiss.clone(), confirm.clone()]), (Some("confirmed"), true, 1));
    assert_eq!(decided(&[confirm, undo.clone(), dismiss]), (None, true, 1));
    assert_eq!(Workflow::of(&[undo], FIRST).state, ReviewState::Pending);
}

#[test]
fn an_agency_does_not_see_what_was_settled() {
    let slip = finding("T3-02", &["requests.concluded.total"], Some((173, 174)), "");
    let other = finding("T3-03", &["requests.concluded.total"], Some((173, 174)), "");
    let by_policy = crate::Waiver { who: "甲".into(), why: "乙".into(), until: DUE };
    let waived = Finding { waiver: Some(by_policy), ..finding("DOC-11", &[], None, "旧格式") };
    let mut findings = vec![slip.clone(), other.clone(), waived.clone()];
    let workflow = Workflow::of(&[about(&[&slip], act(1, FIRST, dismissed()))], FIRST);
    workflow.remove_settled(&mut findings);
    assert_eq!(findings, [other, waived]);
}

#[test]
fn a_waiver_ends_with_its_day() {
    let slip = finding("T3-02", &["requests.concluded.total"], Some((173, 174)), "");
    let open = |until, current| {
        Workflow::of(&[about(&[&slip], act(1, FIRST, waived(until)))], current).is_open(&slip)
    };
    assert!(!open(Date::constant(2025, 1, 10), FIRST));
    assert!(open(Date::constant(2025, 1, 9), FIRST));
    assert!(open(Date::constant(2025, 1, 19), SECOND));
    assert!(!open(Date::constant(2025, 1, 20), SECOND));
}
