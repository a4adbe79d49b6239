//! AGG-01 to AGG-03 against counties of a few agencies.

use report::{Decimal, Judgement};

use super::county::{COUNTY, member};
use super::province::year;
use crate::{Member, Roster, compare_scopes};

const ROSTER: &str = "机关名称,区划代码,口径\n滕州市人民政府,370481,汇总\n滕州市人民政府办公室,370481,\n\
                      滕州市公安局,370481,\n滕州市教育局,370481,\n";

/// Rule, report, judgement, and both sides.
type Expected = (&'static str, &'static str, Judgement, Option<(u32, u32)>);

/// Agencies with the requests they received; what the government says of its scope stands behind its
/// name.
fn check(roster: Option<&str>, reports: &[(&str, u32)], expected: &[Expected]) {
    let read = |(name, received): &(&str, u32)| {
        let (name, words) = name.split_once(' ').unwrap_or((name, ""));
        let scopes = words.split_whitespace().map(Into::into).collect();
        Member { scopes, ..member(name, COUNTY.0, COUNTY.1, Some(*received)) }
    };
    let members: Vec<Member> = reports.iter().map(read).collect();
    let roster = roster.map(|csv| Roster::parse(csv).unwrap());
    let found = compare_scopes(roster.as_ref(), &members, year());
    let found: Vec<_> = found
        .iter()
        .flat_map(|(key, findings)| findings.iter().map(move |finding| (key.as_str(), finding)))
        .map(|(key, finding)| {
            let sides = finding.left.zip(finding.right);
            (finding.rule.as_str(), key, finding.judgement, sides)
        })
        .collect();
    let sides = |(left, right): (u32, u32)| (Decimal::from(left), Decimal::from(right));
    let expected: Vec<_> = expected
        .iter()
        .map(|(rule, key, judgement, both)| (*rule, *key, *judgement, both.map(sides)))
        .collect();
    assert_eq!(found, expected, "{reports:?}");
}

use Judgement::{Fails, Unknown};

#[test]
fn a_whole_is_no_less_than_its_parts() {
    let parts = [("滕州市公安局", 3), ("滕州市教育局", 4)];
    let with = |government: (&'static str, u32)| [&parts[..], &[government]].concat();
    check(None, &with(("滕州市人民政府 全市", 7)), &[]);
    check(None, &with(("滕州市人民政府 全市", 9)), &[]);
    check(None, &with(("滕州市人民政府 全市", 6)), &[("AGG-01", "滕州市人民政府", Fails, Some((6, 7)))]);
    check(
        None,
        &with(("滕州市人民政府 全市", 3)),
        &[("AGG-01", "滕州市人民政府", Fails, Some((3, 7))), ("AGG-03", "滕州市教育局", Fails, Some((4, 3)))],
    );
    check(None, &with(("滕州市人民政府 本机关", 1)), &[]);
    // The city is not the county's whole, and what is not declared is only asked for.
    check(None, &with(("滕州市人民政府 全省", 1)), &[("AGG-02", "滕州市人民政府", Fails, None)]);
    check(None, &with(("滕州市人民政府", 1)), &[("AGG-02", "滕州市人民政府", Fails, None)]);
    check(None, &with(("滕州市人民政府 全市 本机关", 1)), &[("AGG-02", "滕州市人民政府", Fails, None)]);
    // The tax office is not the county's.
    check(None, &[("滕州市税务局", 30), ("滕州市公安局", 1), ("滕州市人民政府 全市", 2)], &[]);
}

#[test]
fn with_a_roster_a_whole_is_its_parts() {
    let parts = [("滕州市公安局", 3), ("滕州市教育局", 4), ("滕州市人民政府办公室", 1)];
    let with = |government: u32| [&parts[..], &[("滕州市人民政府", government)]].concat();
    check(Some(ROSTER), &with(8), &[]);
    check(Some(ROSTER), &with(9), &[("AGG-01", "滕州市人民政府", Fails, Some((9, 8)))]);
    check(
        Some(ROSTER),
        &[("滕州市公安局", 3), ("滕州市人民政府", 9)],
        &[("AGG-01", "滕州市人民政府", Unknown, Some((9, 3)))],
    );
    check(
        Some(ROSTER),
        &[("滕州市公安局", 3), ("滕州市人民政府 本机关", 2)],
        &[
            ("AGG-01", "滕州市人民政府", Fails, Some((2, 3))),
            ("AGG-02", "滕州市人民政府", Fails, None),
            ("AGG-03", "滕州市公安局", Fails, Some((3, 2))),
        ],
    );
}

#[test]
fn an_official_can_act_on_what_is_said() {
    let messages = |roster: Option<&str>, reports: &[(&str, u32, &str)]| -> Vec<String> {
        let read = |(name, received, words): &(&str, u32, &str)| Member {
            scopes: vec![(*words).into()],
            ..member(name, COUNTY.0, COUNTY.1, Some(*received))
        };
        let members: Vec<Member> = reports.iter().map(read).collect();
        let roster = roster.map(|csv| Roster::parse(csv).unwrap());
        let found = compare_scopes(roster.as_ref(), &members, year());
        found.into_values().flatten().map(|finding| finding.message).collect()
    };
    assert_eq!(
        messages(None, &[("滕州市公安局", 3, ""), ("滕州市教育局", 4, ""), ("滕州市人民政府", 3, "全市")]),
        [
            "本报告统计口径为汇总，表三“一、本年新收政府信息公开申请数量”行“总计”列为3，而所属2个机关的报告合计已有7，\
             汇总数少于下级合计。请与下级机关逐项核对后更正，或者更正统计口径的说明。",
            "表三“一、本年新收政府信息公开申请数量”行“总计”列为4，大于上级“滕州市人民政府”汇总报告的3。\
             请与上级机关核对后，由数字有误的一方更正。",
        ]
    );
    assert_eq!(
        messages(Some(ROSTER), &[("滕州市公安局", 3, ""), ("滕州市人民政府", 9, "全市")]),
        ["本报告统计口径为汇总，所属机关中有“滕州市人民政府办公室”、“滕州市教育局”2个机关没有报告可供核对，\
          无法核对汇总数是否等于下级合计（表三“一、本年新收政府信息公开申请数量”行“总计”列为9，已报合计3）。\
          请待报齐后重新核对。"]
    );
}
