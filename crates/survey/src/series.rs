//! The reports of one agency over the years: missing and doubled ones (XY-10), and new names (XY-11).

use std::collections::{BTreeMap, BTreeSet};

use report::{Finding, Year};
use rules::xy::{XY_10, XY_11};

use crate::forest::latest;
use crate::roster::Directory;
use crate::scopes::against;
use crate::{Findings, Member, Roster, fails, name};

/// The reports of one agency by year.
type Series<'a> = BTreeMap<Year, Vec<&'a Member>>;

/// Looks for gaps, doubled years and new names. The roster tells that two names are one agency; without
/// it the name within its division does.
pub fn follow(roster: Option<&Roster>, members: &[Member]) -> Findings {
    let series = series(roster, members);
    let mut findings = Findings::new();
    let mut add = |member: &Member, finding: Option<Finding>| {
        if let Some(finding) = finding {
            findings.entry(member.key.clone()).or_default().push(finding);
        }
    };
    let uncollected = uncollected(&series);
    for series in &series {
        for (before, after) in series.keys().zip(series.keys().skip(1)) {
            let Some(member) = series.get(after).and_then(|reports| latest(reports)) else { continue };
            let missing = (before.get() + 1..after.get()).filter(|year| !uncollected.contains(year));
            add(member, gap(missing));
            let earlier = series.get(before).and_then(|reports| latest(reports));
            if let Some(earlier) = earlier.filter(|_| before.get() + 1 == after.get()) {
                add(member, renamed(member, earlier));
            }
        }
        for (year, reports) in series {
            let different: BTreeSet<&str> = reports.iter().map(|report| report.original.as_str()).collect();
            let keys: BTreeSet<&str> = reports.iter().map(|report| report.key.as_str()).collect();
            if different.len() > 1 && keys.len() > 1 {
                let what = format!("本机关{year}年度有{}份内容不同的报告。", different.len().min(keys.len()));
                if let Some(member) = latest(reports) {
                    add(member, Some(fails(&XY_10, Vec::new(), what)));
                }
            }
        }
    }
    findings.values_mut().for_each(|findings| rules::sort(findings));
    findings
}

fn series<'a>(roster: Option<&Roster>, members: &'a [Member]) -> Vec<Series<'a>> {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Identity<'a> {
        Listed(usize),
        Named(&'a str, String),
    }
    let regions = members.iter().filter_map(|member| member.region.as_ref());
    let directory = roster.map(|roster| Directory::new(roster, regions));
    let mut agencies: BTreeMap<Identity, Series> = BTreeMap::new();
    for member in members {
        let (Some(agency), Some(year)) = (&member.agency, member.year) else { continue };
        let region = member.region.as_ref();
        let listed = directory.as_ref().and_then(|directory| directory.find(agency, region));
        let identity = match (listed, region) {
            (Some(position), _) => Identity::Listed(position),
            (None, Some(region)) => {
                Identity::Named(&region.code, name::core(&name::fold(agency), Some(region)))
            }
            (None, None) => continue,
        };
        agencies.entry(identity).or_default().entry(year).or_default().push(member);
    }
    agencies.into_values().collect()
}

/// Years that were not collected: of five agencies and more that reported before and after, less than
/// half have a report.
fn uncollected(series: &[Series]) -> BTreeSet<u16> {
    let mut counts: BTreeMap<u16, (usize, usize)> = BTreeMap::new();
    for series in series {
        let (Some((first, _)), Some((last, _))) = (series.first_key_value(), series.last_key_value()) else {
            continue;
        };
        for year in first.get() + 1..last.get() {
            let (spanning, there) = counts.entry(year).or_default();
            *spanning += 1;
            *there += usize::from(Year::new(i64::from(year)).is_some_and(|year| series.contains_key(&year)));
        }
    }
    let is_uncollected = |(spanning, there): &(usize, usize)| *spanning >= 5 && there * 2 < *spanning;
    counts.into_iter().filter(|(_, counts)| is_uncollected(counts)).map(|(year, _)| year).collect()
}

fn gap(missing: impl Iterator<Item = u16>) -> Option<Finding> {
    let missing: Vec<String> = missing.map(|year| year.to_string()).collect();
    if missing.is_empty() {
        return None;
    }
    let what = format!("本机关此前年度的报告中缺少{}年度的报告。", missing.join("、"));
    Some(fails(&XY_10, Vec::new(), what))
}

/// XY-11. More or fewer divisions in front of a name make no other name.
fn renamed(member: &Member, earlier: &Member) -> Option<Finding> {
    let core =
        |member: &Member| Some(name::core(&name::fold(member.agency.as_deref()?), member.region.as_ref()));
    let (now, then) = (core(member)?, core(earlier)?);
    if now == then || now.ends_with(&then) || then.ends_with(&now) {
        return None;
    }
    let what = format!(
        "本机关{}年度的报告所署名称为“{}”，本年度为“{}”。",
        earlier.year?,
        earlier.agency.as_ref()?,
        member.agency.as_ref()?
    );
    Some(Finding { against: Some(against(earlier)), ..fails(&XY_11, Vec::new(), what) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::county::{COUNTY, member};

    /// Reports as year and name; expected as rule and message.
    fn check(roster: Option<&str>, reports: &[(i64, &str)], expected: &[(&str, &str)]) {
        let read = |(position, (year, name)): (usize, &(i64, &str))| Member {
            key: format!("{year}-{position}"),
            original: format!("{year}-{position}"),
            year: Year::new(*year),
            ..member(name, COUNTY.0, COUNTY.1, Some(0))
        };
        let members: Vec<Member> = reports.iter().enumerate().map(read).collect();
        let roster = roster.map(|csv| Roster::parse(csv).unwrap());
        let found: Vec<Finding> = follow(roster.as_ref(), &members).into_values().flatten().collect();
        let found: Vec<(&str, &str)> =
            found.iter().map(|finding| (finding.rule.as_str(), finding.message.as_str())).collect();
        assert_eq!(found, expected, "{reports:?}");
    }

    #[test]
    fn a_series_has_one_report_a_year() {
        check(None, &[(2021, "滕州市公安局"), (2022, "滕州市公安局"), (2023, "市公安局")], &[]);
        check(None, &[(2021, "滕州市公安局"), (2023, "滕州市教育局")], &[]);
        check(
            None,
            &[(2021, "滕州市公安局"), (2024, "滕州市公安局")],
            &[(
                "XY-10",
                "本机关此前年度的报告中缺少2022、2023年度的报告。请补报缺少的年度，或者确认以哪一份为准。",
            )],
        );
        check(
            None,
            &[(2021, "滕州市公安局"), (2021, "山东省滕州市公安局")],
            &[("XY-10", "本机关2021年度有2份内容不同的报告。请补报缺少的年度，或者确认以哪一份为准。")],
        );
    }

    #[test]
    fn a_year_that_nobody_was_asked_for_is_not_missing() {
        let names = ["公安局", "教育局", "民政局", "财政局", "司法局"].map(|name| format!("滕州市{name}"));
        let reports: Vec<(i64, &str)> =
            names.iter().flat_map(|name| [(2021, name.as_str()), (2023, name.as_str())]).collect();
        check(None, &reports, &[]);
    }

    #[test]
    fn a_new_name_is_reported() {
        let roster = "机关名称,区划代码,别名\n滕州市教育和体育局,370481,滕州市教育局\n";
        check(
            Some(roster),
            &[(2021, "滕州市教育局"), (2022, "滕州市教育和体育局"), (2023, "滕州市教育和体育局")],
            &[(
                "XY-11",
                "本机关2021年度的报告所署名称为“滕州市教育局”，本年度为“滕州市教育和体育局”。\
                 请确认上年结转等数字已与更名、合并前的报告衔接。",
            )],
        );
    }
}
