//! Judges the cases of the rules among agencies, which stand in the files of the rules.
//!
//! A case is a list of reports, with `|` between them. A report is the name of its agency and then what it
//! differs in from a report of zeros for 2024 from 滕州市:
//!
//! ```text
//! 滕州市公安局 received=3                    requests received
//! 滕州市人民政府 says=全市                    the area that its words say the figures cover
//! 滕州市公安局 year=2021 published=2022-02-18
//! 城1县公安局 region=370401:山东省枣庄市城1县
//! 滕州市公安局 text=一是公开的内容还不够丰富。   the overview
//! 滕州市公安局 file=一                        the original, where two reports have the same
//! roster 滕州市人民政府:汇总 滕州市公安局::公安局   the agencies of the roster, each with scope and alias
//! others=60 common=12 text=…                 other reports of the province, and how many have this text
//! ```

use report::{Finding, Fingerprint, Judgement, Region, SectionKind, Year, masked};
use rules::{Case, Check, Expected, Rule, catalogue};

use super::county::{COUNTY, member};
use super::province::year;
use crate::{
    Member, Phrases, Roster, attend, candidates, compare_scopes, duplicates, follow, judge, stand_out,
};

/// What a case describes.
#[derive(Default)]
struct Scene {
    roster: Option<Roster>,
    members: Vec<Member>,
    texts: Vec<String>,
    phrases: Phrases,
}

fn scene(changes: &str) -> Scene {
    let mut scene = Scene::default();
    for report in changes.split(" | ") {
        let mut words = report.split_whitespace();
        match words.next().unwrap() {
            "roster" => scene.roster = Some(roster(words)),
            first if first.starts_with("others=") => scene.phrases = others(report),
            agency => {
                let position = scene.members.len();
                let (member, text) = reported(agency, position, words);
                scene.members.push(member);
                scene.texts.push(text);
            }
        }
    }
    scene
}

fn roster<'a>(agencies: impl Iterator<Item = &'a str>) -> Roster {
    let mut csv = "机关名称,区划代码,口径,别名\n".to_owned();
    for agency in agencies {
        let mut parts = agency.split(':');
        let [name, scope, alias] = [(); 3].map(|()| parts.next().unwrap_or_default());
        csv += &format!("{name},{},{scope},{alias}\n", COUNTY.0);
    }
    Roster::parse(&csv).unwrap()
}

fn others(words: &str) -> Phrases {
    let of = |name: &str| {
        words.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('=')).unwrap()
    };
    let (all, common): (u32, u32) = (of("others").parse().unwrap(), of("common").parse().unwrap());
    let mut phrases = Phrases::default();
    for number in 0..all {
        let own = format!("这是第{number}份报告自己的一句话，别的机关都没有写到。");
        phrases.add(if number < common { of("text") } else { &own });
    }
    phrases
}

fn reported<'a>(agency: &str, position: usize, words: impl Iterator<Item = &'a str>) -> (Member, String) {
    let mut one = Member { key: format!("{position}"), ..member(agency, COUNTY.0, COUNTY.1, Some(0)) };
    (one.id, one.original) = (one.key.clone(), one.key.clone());
    let mut text = String::new();
    for (name, value) in words.map(|word| word.split_once('=').unwrap()) {
        match name {
            "received" => one.figures = member(agency, "", "", Some(value.parse().unwrap())).figures,
            "says" => one.scopes.push(value.to_owned()),
            "year" => one.year = Year::new(value.parse().unwrap()),
            "published" => one.published = Some(value.parse().unwrap()),
            "file" => one.original = value.to_owned(),
            "region" => {
                let (code, name) = value.split_once(':').unwrap();
                one.region = Some(Region { code: code.into(), name: name.into() });
            }
            "text" => {
                text = value.to_owned();
                one.fingerprints =
                    Fingerprint::of(SectionKind::Overview, &masked(value)).into_iter().collect();
            }
            other => panic!("a report has no `{other}`"),
        }
    }
    (one, text)
}

/// What a rule finds in a case, by every check among agencies.
fn findings(rule: &Rule, case: &Case) -> Vec<Finding> {
    let Scene { roster, members, texts, phrases } = scene(case.changes);
    let text = |member: &Member| {
        let position = members.iter().position(|other| std::ptr::eq(other, member))?;
        texts.get(position).cloned()
    };
    let mut found = vec![
        compare_scopes(roster.as_ref(), &members, year()),
        stand_out(&members),
        follow(roster.as_ref(), &members),
        duplicates(&members),
        judge(&members, &candidates(&members), &phrases, text),
    ];
    found.extend(roster.as_ref().map(|roster| attend(roster, &members, year()).findings()));
    let boilerplate = texts.iter().filter_map(|text| phrases.boilerplate(text));
    let mut all: Vec<Finding> =
        found.into_iter().flat_map(|found| found.into_values().flatten()).chain(boilerplate).collect();
    all.retain(|finding| rule.made(finding));
    all
}

#[test]
fn each_case_is_judged_as_expected() {
    for rule in catalogue().iter().filter(|rule| matches!(rule.check, Check::Agencies)) {
        for case in rule.cases {
            let findings = findings(rule, case);
            let judged = match findings.iter().map(|finding| finding.judgement).min() {
                None => Expected::Holds,
                Some(Judgement::Fails) => Expected::Fails,
                Some(Judgement::Unknown) => Expected::Unknown,
            };
            assert_eq!(judged, case.expected, "{} with `{}`: {findings:#?}", rule.id, case.changes);
            if let Some(expected) = case.message {
                let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
                assert_eq!(messages, [expected], "{} with `{}`", rule.id, case.changes);
            }
        }
    }
}
