use super::*;
use crate::tests::county::member;
use crate::tests::province::Random;

/// A sentence of thirty characters that nobody else has.
fn sentence(random: &mut Random) -> String {
    let characters: String =
        (0..30).filter_map(|_| char::from_u32(0x4e00 + random.below(3_000) as u32)).collect();
    characters + "。"
}

fn text(seed: u64, sentences: usize) -> String {
    let mut random = Random(seed);
    (0..sentences).map(|_| sentence(&mut random)).collect()
}

fn writes(name: &str, code: &str, published: &str, text: &str) -> Member {
    let fingerprint = Fingerprint::of(SectionKind::Overview, &masked(text));
    Member {
        published: published.parse().ok(),
        fingerprints: fingerprint.into_iter().collect(),
        ..member(name, code, "山东省枣庄市滕州市", Some(0))
    }
}

fn found(members: &[Member], texts: &[&str], phrases: &Phrases) -> Vec<(String, Vec<Finding>)> {
    let text = |member: &Member| {
        let at = members.iter().position(|other| std::ptr::eq(other, member))?;
        Some((*texts.get(at)?).to_owned())
    };
    judge(members, &candidates(members), phrases, text).into_iter().collect()
}

#[test]
fn the_later_report_is_the_copy_and_is_compared_with_the_nearest_source() {
    let original = text(1, 20);
    // Half of the first source, all of the second.
    let half = format!("{}{}", &text(1, 15), text(2, 5));
    let members = [
        writes("滕州市公安局", "370481", "2025-01-20", &original),
        writes("滕州市教育局", "370481", "2025-01-10", &original),
        writes("滕州市民政局", "370481", "2025-01-05", &half),
        writes("滕州市财政局", "370481", "2025-01-01", &text(3, 20)),
    ];
    let texts = [original.as_str(), &original, &half, &text(3, 20)];
    let all = found(&members, &texts, &Phrases::default());
    let reported: Vec<(&str, &str, Option<&str>)> = all
        .iter()
        .flat_map(|(key, findings)| findings.iter().map(move |finding| (key.as_str(), finding)))
        .map(|(key, finding)| {
            (
                key,
                finding.rule.as_str(),
                finding.against.as_ref().and_then(|against| against.agency.as_deref()),
            )
        })
        .collect();
    assert_eq!(
        reported,
        [("滕州市公安局", "SIM-02", Some("滕州市教育局")), ("滕州市教育局", "SIM-02", Some("滕州市民政局")),]
    );
    let message = &all[0].1[0].message;
    let (quoted, _) = original.char_indices().nth(40).unwrap();
    assert_eq!(
        *message,
        format!(
            "正文约100%的文字（不计通用语句和数字，约600字）与“滕州市教育局”同年度报告相同，如“{}……”。\
             请结合本机关实际重新撰写。",
            &original[..quoted]
        )
    );
}

#[test]
fn a_name_that_was_copied_along_is_an_error() {
    let named = format!(
        "{}根据滕州市信访局信访工作实际，滕州市信访局进一步加强人民信访工作。{}",
        text(1, 10),
        text(2, 10)
    );
    let check = |source: (&str, &str), copy: (&str, &str), expected: &[&str]| {
        let members =
            [writes(source.0, source.1, "2025-01-01", &named), writes(copy.0, copy.1, "2025-01-02", &named)];
        let found = found(&members, &[&named, &named], &Phrases::default());
        let rules: Vec<(&str, Severity)> = found
            .iter()
            .flat_map(|(_, found)| found)
            .map(|finding| (finding.rule.as_str(), finding.severity))
            .collect();
        let expected: Vec<(&str, Severity)> = expected
            .iter()
            .map(|rule| (*rule, if *rule == "DOC-04" { Severity::Error } else { Severity::Warning }))
            .collect();
        assert_eq!(rules, expected, "{source:?} {copy:?}");
    };
    check(("滕州市信访局", "370481"), ("滕州市公安局", "370481"), &["DOC-04", "SIM-02"]);
    // Those below may well name the one above.
    check(("滕州市信访局", "370400"), ("滕州市公安局", "370481"), &["SIM-02"]);
    // A government's report and its office's come from one pen.
    check(("滕州市人民政府", "370481"), ("滕州市人民政府办公室", "370481"), &[]);
}

#[test]
fn what_everybody_writes_is_no_copy() {
    let template = text(1, 20);
    let mut phrases = Phrases::default();
    for seed in 0..60 {
        phrases.add(&if seed < 12 { template.clone() } else { text(100 + seed, 20) });
    }
    let members = [
        writes("滕州市公安局", "370481", "2025-01-20", &template),
        writes("滕州市教育局", "370481", "2025-01-10", &template),
    ];
    assert_eq!(candidates(&members).len(), 1);
    assert_eq!(found(&members, &[&template, &template], &phrases), []);
    let finding = phrases.boilerplate(&template).unwrap();
    assert_eq!(finding.message, "报告正文约100%为许多机关通用的语句。请补充本机关的具体做法和数字。");
    assert_eq!(phrases.boilerplate(&text(9, 20)), None);
    assert!(phrases.is_common("申请人无正当理由逾期不补正行政机关不再处理其政府信息公开申请"));
}

#[test]
fn a_template_of_a_province_costs_no_more_than_its_reports() {
    let template = text(1, 20);
    let count = |agencies: usize| {
        let members: Vec<Member> = (0..agencies)
            .map(|number| writes(&format!("第{number}局"), "370481", "2025-01-20", &template))
            .collect();
        let ordered: Vec<Entry> =
            members.iter().enumerate().map(|(position, member)| Entry::new(position, member)).collect();
        let (found, comparisons) = of_year(&ordered);
        assert!(found.len() <= agencies * SOURCES);
        comparisons
    };
    let (few, many) = (count(500), count(4_000));
    assert!(many <= few * 9, "{few} {many}");
}

#[test]
fn what_came_twice_is_reported_once() {
    let check = |one: Member, other: Member, expected: &[&str]| {
        let found = duplicates(&[one, other]);
        let messages: Vec<&str> = found.values().flatten().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, expected);
    };
    let own = text(1, 20);
    let first = Member {
        figures: member("某局", "370481", "滕州市", Some(3)).figures,
        ..writes("滕州市公安局", "370481", "2025-01-01", &own)
    };
    let second = Member { key: "二".into(), published: "2025-01-02".parse().ok(), ..first.clone() };
    check(
        second.clone(),
        first.clone(),
        &["本报告与“滕州市公安局”已报送的报告是同一份文件。请确认是否重复报送。"],
    );
    let copied = Member { original: "二".into(), ..second.clone() };
    check(
        first.clone(),
        copied.clone(),
        &["本报告与“滕州市公安局”已报送的报告文字和数字完全相同。请确认是否重复报送。"],
    );
    let corrected = member("某局", "370481", "滕州市", Some(4)).figures;
    check(first.clone(), Member { figures: corrected, ..second.clone() }, &[]);
    check(first.clone(), Member { year: Year::new(2023), ..second }, &[]);
    let zeros = member("某局", "370481", "滕州市", Some(0)).figures;
    check(Member { figures: zeros.clone(), ..first }, Member { figures: zeros, ..copied }, &[]);
}
