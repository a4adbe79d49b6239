//! What a phrase finds: exactly the reports that have it, however it is written.

use std::collections::BTreeSet;

use report::Report;
use search::{Clause, Entry, Query, Reader};

use super::{Random, entry, entry_of, find, index_of, numbers, with_finding, with_region};
use crate::place::Place;

const TEXTS: [&str; 6] = [
    "2024年，共收到政府信息公开申请9件，予以公开5件。",
    "2024 年，共收到政府信息公開申請 19 件（含结转1件）。",
    "主动公开信息1,391条，办件量37.4万余件，好评率99.9%。\n卫生健康委员会（简称“卫健委”）",
    "通过ＶＲ全景、App和12345热线答复；一、总体情况",
    "收到申请９件；发布于2025.01.17，重复的词词词。",
    "没有收到\n申请，未予公\n开。",
];

fn texts() -> (Reader, Place) {
    index_of((0..).zip(TEXTS).map(|(number, text)| entry(number, text)).collect())
}

#[test]
fn phrases_are_exact() {
    let (reader, _dir) = texts();
    let check = |query: &str, expected: &[u32]| {
        let page = find(&reader, query);
        let found = if page.relaxed { Vec::new() } else { numbers(&page) };
        assert_eq!(found, expected, "{query}");
        assert_eq!(page.warnings, [""; 0], "{query}");
    };
    check("收到政府信息公开申请9件", &[0]);
    check("收到政府信息公开申请19件", &[1]);
    check("申请9件", &[0, 4]);
    check("9件", &[0, 4]);
    check("信息公開申請９件", &[0]);
    check("2024年", &[0, 1]);
    check("２０２４年", &[0, 1]);
    check("税", &[]);
    check("收", &[0, 1, 4, 5]);
    check("健康委", &[2]);
    check("37.4万", &[2]);
    check("37万", &[]);
    check("4万", &[]);
    check("99.9%", &[2]);
    check("1391条", &[2]);
    check("1,391条", &[2]);
    check("vr全景", &[3]);
    check("VR", &[3]);
    check("APP", &[3]);
    check("一、总体", &[3]);
    check("一总体", &[]);
    check("申请，未予", &[5]);
    check("申请。未予", &[]);
    check("2025.01.17", &[4]);
    check("2025.01", &[4]);
    check("词词", &[4]);
    check("词词词词", &[]);
    check("未予公开", &[5]);
    check("“卫健委”", &[2]);
    check("(含结转1件)", &[1]);
    check("\"(含结转1件)\"", &[1]);
    check("（含结转1件）", &[1]);
    check("申请 公开", &[0, 1, 5]);
    check("申请 公开 -2024年", &[5]);
    check("VR OR 税 OR 词词", &[3, 4]);
    check("(VR OR 词词) -热线", &[4]);
    check("-申请", &[2, 3]);
    check("NOT (申请 OR 热线)", &[2]);
    check("", &[0, 1, 2, 3, 4, 5]);
}

#[test]
fn fields_narrow() {
    let mut first = with_region(entry(0, "甲"), "370400", "山东省枣庄市");
    first.review.report.agency = Some("枣庄市行政审批服务局".into());
    first.review.report.published = Some(report::Date::constant(2025, 1, 17));
    let mut second = with_region(entry(1, "乙"), "370402", "山东省枣庄市市中区");
    second.review.report.year = report::Year::new(2023);
    let third = with_region(entry(2, "丙"), "610103", "陕西省西安市碑林区");
    let third = with_finding(third, "T3-01", report::Severity::Error);
    let fourth = with_finding(entry(3, "丁"), "NAR-05", report::Severity::Warning);
    let (reader, _dir) = index_of(vec![first, second, third, fourth]);
    let check = |query: &str, expected: &[u32]| {
        let page = find(&reader, query);
        assert_eq!(page.warnings, [""; 0], "{query}");
        assert_eq!(numbers(&page), expected, "{query}");
        assert!(!page.relaxed, "{query}");
    };
    check("year:2023", &[1]);
    check("year:2023..2024", &[0, 1, 2, 3]);
    check("年度：2023年", &[1]);
    check("year>2023", &[0, 2, 3]);
    check("year<=2023", &[1]);
    check("year:..2022", &[]);
    check("region:37", &[0, 1]);
    check("region:370000", &[0, 1]);
    check("region:3704", &[0, 1]);
    check("region:370402", &[1]);
    check("region:370402001", &[]);
    check("region:枣庄", &[0, 1]);
    check("地区:碑林区", &[2]);
    check("agency:审批服务", &[0]);
    check("agency:枣庄市行政审批服务局", &[0]);
    check("agency=枣庄市行政审批服务局", &[0]);
    check("agency=枣庄市行政审批", &[]);
    check("agency:\"枣庄市 行政\"", &[0]);
    check("rule:t3-01", &[2]);
    check("finding:T3-01/error", &[2]);
    check("rule:T3-01/fails", &[2]);
    check("rule:T3-01/warning", &[]);
    check("severity:warning", &[3]);
    check("verdict:fail", &[2]);
    check("verdict:通过", &[0, 1]);
    check("-verdict:pass", &[2, 3]);
    check("form:2021 year:2024", &[0, 2, 3]);
    check("published:2025-01-17", &[0]);
    check("published:2025-01", &[0]);
    check("published:>2024", &[0]);
    check("published:2025-02..", &[]);
    check("(verdict:fail OR year:2023) -丙", &[1]);
}

/// The title finds a report too, and weighs more than the text.
#[test]
fn titles_count_more() {
    let titled = |number, title: &str, text: &str| {
        let mut report = entry(number, "").review.report;
        report.title = Some(title.to_owned());
        entry_of(number, report, text)
    };
    let (reader, _dir) = index_of(vec![
        titled(0, "年度报告", "水利水利"),
        titled(1, "水利局年度报告", "文"),
        titled(2, "年度报告", "电力"),
    ]);
    let page = find(&reader, "水利");
    let order: Vec<u32> = page.hits.iter().map(super::number_of).collect();
    assert_eq!(order, [1, 0]);
    assert_eq!(page.hits[0].card.title, "水利局年度报告");
    assert_eq!(numbers(&find(&reader, "\"第2号机关年度\"")), [0; 0]);
    assert_eq!(numbers(&find(&reader, "第2号机关")), [2]);
}

#[test]
fn what_is_not_there_is_found_loosely_and_says_so() {
    let (reader, _dir) = texts();
    let check = |query: &str, relaxed: bool, expected: &[u32]| {
        let page = find(&reader, query);
        assert_eq!((page.relaxed, numbers(&page)), (relaxed, expected.to_vec()), "{query}");
        assert!(!relaxed || page.hits.iter().all(|hit| !hit.snippets.is_empty()), "{query}");
    };
    check("共收到政府信息公开申请表9件", true, &[0, 1]);
    check("共收到申请书9件，予以公开6件", true, &[0]);
    check("\"共收到政府信息公开申请表9件\"", false, &[]);
    check("卫生健康委员会主任", true, &[2]);
    check("天地玄黄", false, &[]);
    check("共收到政府信息公开申请表9件 year:2020", false, &[]);
}

#[test]
fn what_cannot_be_understood_is_said() {
    let (reader, _dir) = texts();
    let check = |query: &str, expected: &[u32], warning: &str| {
        let page = find(&reader, query);
        assert_eq!(numbers(&page), expected, "{query}");
        assert!(page.warnings.iter().any(|said| said.contains(warning)), "{query}: {:?}", page.warnings);
    };
    check("year:abc VR", &[3], "year");
    check("(VR", &[3], "右括号");
    check("VR) 热线", &[3], "右括号");
    check("\"词词", &[4], "右引号");
    check("cell.no.such:1 VR", &[3], "单元格");
    check("cell.requests.received.total:x VR", &[3], "数字");
    check("verdict:maybe VR", &[3], "通过");
    check(&format!("VR{}", " VR".repeat(600)), &[3], "过长");
    check(&"VR ".repeat(60), &[3], "过多");
    check(&format!("{}VR{}", "(".repeat(60), ")".repeat(60)), &[3], "过深");
    assert_eq!(numbers(&find(&reader, "foo:bar")), [0; 0]);
    assert_eq!(find(&reader, "foo:bar").warnings.len(), 1);
}

/// Every random piece of a generated corpus is found where a plain substring search finds it, and
/// nowhere else.
#[test]
fn phrases_find_what_a_substring_search_finds() {
    let seeds = match std::env::var("GOUJI_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => vec![1, 2, 3],
    };
    for seed in seeds {
        let mut random = Random(seed);
        let corpus: Vec<String> = (0..60).map(|_| sentence(&mut random)).collect();
        let (reader, _dir) = in_batches(&mut random, &corpus);
        let plain: Vec<Vec<Letter>> = corpus.iter().map(|text| letters(text)).collect();
        let mut found_some = 0;
        for _ in 0..600 {
            let (clause, truth) = question(&mut random, &corpus, &plain, 2);
            let query = Query { filters: vec![clause], limit: 200, ..Query::default() };
            let found = numbers(&reader.search(&query).unwrap());
            assert_eq!(found, truth.iter().copied().collect::<Vec<_>>(), "GOUJI_SEED={seed} {query:?}");
            found_some += usize::from(!truth.is_empty());
        }
        assert!(found_some > 300, "GOUJI_SEED={seed} found {found_some}");
    }
}

/// An index of many segments, with documents in it that were replaced.
fn in_batches(random: &mut Random, corpus: &[String]) -> (Reader, Place) {
    let place = Place::new();
    let index = place.open();
    let mut writer = index.writer().unwrap();
    let entries = (0..).zip(corpus).map(|(number, text)| entry_of(number, Report::default(), text));
    let mut arrivals: Vec<Entry> = entries.collect();
    for (number, text) in (0..).zip(corpus).take(20) {
        let mut earlier = entry_of(number, Report::default(), &text.chars().rev().collect::<String>());
        earlier.version.number -= 1;
        arrivals.push(earlier);
    }
    random.shuffle(&mut arrivals);
    for batch in arrivals.chunks(17) {
        writer.apply(batch.to_vec()).unwrap();
        writer.commit("x").unwrap();
    }
    (index.reader().unwrap(), place)
}

/// A phrase, or phrases put together, and the reports it is true of.
fn question(
    random: &mut Random,
    corpus: &[String],
    plain: &[Vec<Letter>],
    depth: u32,
) -> (Clause, BTreeSet<u32>) {
    let all = 0..corpus.len() as u32;
    if depth == 0 || random.below(3) > 0 {
        let text = piece(random, corpus);
        let wanted = letters(&text);
        let truth = all.filter(|number| stands_in(&wanted, &plain[*number as usize])).collect();
        return (Clause::Phrase { text, quoted: true }, truth);
    }
    let (one, one_true) = question(random, corpus, plain, depth - 1);
    let (other, other_true) = question(random, corpus, plain, depth - 1);
    match random.below(4) {
        0 => (Clause::And(vec![one, other]), &one_true & &other_true),
        1 => (Clause::Or(vec![one, other]), &one_true | &other_true),
        2 => (Clause::And(vec![one, Clause::Not(Box::new(other))]), &one_true - &other_true),
        _ => (Clause::Not(Box::new(one)), &all.collect::<BTreeSet<_>>() - &one_true),
    }
}

/// Few different characters, so that pieces stand in many places by chance.
fn sentence(random: &mut Random) -> String {
    const PARTS: [&str; 30] = [
        "公", "开", "申", "请", "信", "息", "政", "府", "公开", "申请", "收到", "件", "年", "開", "請", "１",
        "1", "19", "2024", "9", "37.4", "VR", "vr", "，", ",", "。", "（", "\n", " ", "\u{3000}",
    ];
    (0..40 + random.below(60)).map(|_| random.pick(&PARTS)).collect()
}

/// One to six characters from a text, or of any kind.
fn piece(random: &mut Random, corpus: &[String]) -> String {
    if random.below(8) == 0 {
        return sentence(random)
            .chars()
            .filter(|char| !char.is_whitespace())
            .take(1 + random.below(4))
            .collect();
    }
    let chars: Vec<char> = corpus[random.below(corpus.len())].chars().collect();
    loop {
        let start = random.below(chars.len());
        let piece: String = chars[start..].iter().take(1 + random.below(6)).collect();
        if !piece.trim().is_empty() {
            return piece;
        }
    }
}

/// A character and whether a word or number goes on from the one before it.
type Letter = (char, bool);

/// The text letter by letter, without white space, as a plain search sees it.
fn letters(text: &str) -> Vec<Letter> {
    let raw: Vec<char> = text.chars().collect();
    let plain = |char: char| match char {
        '開' => '开',
        '請' => '请',
        '１' => '1',
        '，' => ',',
        '（' => '(',
        '\u{3000}' => ' ',
        char => char.to_ascii_lowercase(),
    };
    let chars: Vec<char> = raw.iter().copied().map(plain).collect();
    let is_digit = |index: Option<usize>| {
        index.and_then(|index| chars.get(index)).is_some_and(|char| char.is_ascii_digit())
    };
    let mut letters: Vec<Letter> = Vec::new();
    for (index, char) in chars.iter().copied().enumerate() {
        if char.is_whitespace() {
            continue;
        }
        let before = index.checked_sub(1);
        let after_word = before.is_some_and(|before| chars[before].is_ascii_alphanumeric());
        let after_point = before.is_some_and(|before| chars[before] == '.')
            && is_digit(index.checked_sub(2))
            && is_digit(Some(index));
        // The thousands comma is the one case where a comma is no letter.
        let thousands = raw[index] == ',' && is_thousands_comma(&chars, &raw, index);
        let after_thousands = before.is_some_and(|b| raw[b] == ',' && is_thousands_comma(&chars, &raw, b));
        if thousands {
            continue;
        }
        letters.push((char, char.is_ascii_alphanumeric() && (after_word || after_point || after_thousands)));
    }
    letters
}

/// Whether the comma here stands in a number such as `1,391`: one to three digits that begin a word
/// or follow such a comma, and a word of exactly three digits after it.
fn is_thousands_comma(chars: &[char], raw: &[char], comma: usize) -> bool {
    let word_before = chars[..comma].iter().rev().take_while(|char| char.is_ascii_alphanumeric()).count();
    let word_after = chars[comma + 1..].iter().take_while(|char| char.is_ascii_alphanumeric()).count();
    let start = comma - word_before;
    let digits = |from: usize, to: usize| chars[from..to].iter().all(char::is_ascii_digit);
    let begins = match start.checked_sub(1).map(|before| raw[before]) {
        Some(',') => {
            word_before == 3 && is_thousands_comma(chars, raw, start - 1) || !matches!(chars[start - 1], '.')
        }
        Some('.') => !start.checked_sub(2).is_some_and(|digit| chars[digit].is_ascii_digit()),
        _ => true,
    };
    (1..=3).contains(&word_before)
        && digits(start, comma)
        && begins
        && word_after == 3
        && digits(comma + 1, comma + 4)
}

fn stands_in(wanted: &[Letter], text: &[Letter]) -> bool {
    let same = |at: usize| {
        wanted.iter().enumerate().all(|(index, (char, goes_on))| {
            let (there, there_goes_on) = text[at + index];
            *char == there && (index == 0 || *goes_on == there_goes_on)
        })
    };
    let ends = |at: usize| text.get(at).is_none_or(|(_, goes_on)| !goes_on);
    (0..=text.len().saturating_sub(wanted.len()))
        .any(|at| at + wanted.len() <= text.len() && ends(at) && same(at) && ends(at + wanted.len()))
}
