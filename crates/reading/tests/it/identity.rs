//! Who reports for which year and where, wherever a page or a text says so.

use std::collections::HashMap;

use report::{RemarkKind, Report};

const DIVISIONS: &str = include_str!("../../src/divisions.tsv");

const BODY: &str = "一、总体情况\n照常。\n二、主动公开政府信息情况\n见表。\n三、收到和处理政府信息公开申请情况\n见表。\n\
                    四、政府信息公开行政复议、行政诉讼情况\n见表。\n五、存在的主要问题及改进情况\n不够及时，将改进。\n\
                    六、其他需要报告的事项\n没有收取信息处理费。\n";

const PERIOD: &str = "本报告统计期限为2024年1月1日至2024年12月31日。";

fn read(text: &str) -> Report {
    let document = document::read(text.as_bytes(), &document::Limits::default()).unwrap();
    reading::read(&document, None)
}

/// A page with this head and these lines before the report.
fn page(head: &str, lines: &[&str]) -> Report {
    let lines: String = lines.iter().map(|line| format!("<p>{line}</p>\n")).collect();
    let body: String = BODY.lines().map(|line| format!("<p>{line}</p>\n")).collect();
    read(&format!("<!DOCTYPE html><html><head>{head}</head><body>{lines}{body}</body></html>"))
}

/// `agency year`, with `-` for what is not known.
#[track_caller]
fn check(report: &Report, expected: &str) {
    let year = report.year.map_or("-".to_owned(), |year| year.to_string());
    assert_eq!(format!("{} {year}", report.agency.as_deref().unwrap_or("-")), expected);
}

#[test]
fn every_division_can_title_its_own_report() {
    let rows: Vec<(&str, &str)> = DIVISIONS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .collect();
    let mut codes: HashMap<&str, Vec<&str>> = HashMap::new();
    for (code, name) in &rows {
        codes.entry(name).or_default().push(code);
    }
    let title = |name: &str| format!("{name}2023年政府信息公开工作年度报告\n一、总体情况\n照常。\n");
    let mut placed = 0;
    for (code, name) in &rows {
        let report = read(&title(name));
        check(&report, &format!("{name} 2023"));
        // A name that several bear stays open, and so does one that is any word.
        if let Some(region) = &report.region {
            assert!(codes[name].contains(&region.code.as_str()), "{name}: {}", region.code);
            placed += 1;
        }
        let Some(whole) = reading::division(code).map(|region| region.name) else { panic!("{code}") };
        let report = read(&title(&whole));
        check(&report, &format!("{whole} 2023"));
        assert_eq!(report.region.as_ref().map(|region| region.code.as_str()), Some(*code), "{whole}");
    }
    assert!(placed * 100 > rows.len() * 95, "{placed} of {} names are placed alone", rows.len());
}

#[test]
fn the_metadata_of_a_page_name_its_report() {
    let title = "临江市2024年度政府信息公开工作年度报告";
    let article = format!("<meta name='ArticleTitle' content='{title}'>");
    let name = format!("<title>{title}_政府信息公开年报_临江市人民政府</title>");
    let shared = format!("<meta property='og:title' content='{title}'>");
    for head in [article.clone(), name.clone(), shared, format!("{article}{name}")] {
        check(&page(&head, &["首页", PERIOD]), "临江市 2024");
        check(&page(&head, &["临江市2025年度政府信息公开工作年度报告", PERIOD]), "临江市 2024");
        check(
            &page(&head, &["临江市财政局2024年度政府信息公开工作年度报告", "首页", "正文", title]),
            "临江市 2024",
        );
    }
    // The line that a reader sees is taken where it is the same title.
    let report = page(&name, &["首页", title]);
    assert_eq!(report.title.as_deref(), Some(title));
    assert!(report.stated_years[0].origin.unwrap().line > 1);
}

#[test]
fn a_page_that_was_made_from_last_years_keeps_its_own_title() {
    let head = "<title>某县财政局2023年政府信息公开工作年度报告</title>";
    check(&page(head, &["某县财政局2024年政府信息公开工作年度报告", PERIOD]), "某县财政局 2024");
}

#[test]
fn links_to_other_reports_are_none_of_its_titles() {
    let years: Vec<String> =
        (2021..=2025).rev().map(|year| format!("某县财政局{year}年政府信息公开工作年度报告")).collect();
    let mut lines: Vec<&str> = years.iter().map(String::as_str).collect();
    // The period bears one of them out.
    lines.push(PERIOD);
    check(&page("", &lines), "某县财政局 2024");
    lines.extend(["首页", "正文", years[1].as_str()]);
    check(&page("", &lines), "某县财政局 2024");
    // Nothing does: the year stays open, and the agency is that of all.
    let lines: Vec<&str> = years.iter().map(String::as_str).collect();
    check(&page("", &lines), "某县财政局 -");
    let others =
        ["教育局", "财政局", "民政局"].map(|name| format!("某县{name}2024年政府信息公开工作年度报告"));
    let mut lines: Vec<&str> = others.iter().map(String::as_str).collect();
    check(&page("", &lines), "- 2024");
    lines.extend(["首页", "正文", "某县水利局2024年政府信息公开工作年度报告"]);
    check(&page("", &lines), "某县水利局 2024");
}

#[test]
fn the_opening_names_the_report() {
    for (opening, expected) in [
        (
            "根据条例规定，现发布《双河县财政局2024年政府信息公开工作年度报告》。报告中所列数据统计期限为2024年1月1日起。",
            "双河县财政局 2024",
        ),
        (
            "按照条例要求，特向社会公布《某县田黄镇人民政府2023年政府信息公开工作年度报告》，全文如下，欢迎监督。",
            "某县田黄镇人民政府 2023",
        ),
        (
            "本报告由某县厚桥街道党政办公室综合科编制，统计期限为2024年1月1日至2024年12月31日。",
            "某县厚桥街道 2024",
        ),
        (
            "本报告全面总结某区礼让街道办事处2024年政府信息公开工作情况，请各界监督。",
            "某区礼让街道办事处 2024",
        ),
        (
            "本报告统计期限为2024年1月1日至2024年12月31日，如有疑问，请与铁佛镇人民政府联系（电话：12345）。",
            "铁佛镇人民政府 2024",
        ),
    ] {
        check(&read(&format!("{opening}\n{BODY}")), expected);
    }
}

#[test]
fn a_signature_may_have_the_whole_of_the_name() {
    let signed = |title: &str, signature: &str| {
        read(&format!("{title}2024年政府信息公开工作年度报告\n{BODY}{signature}\n2025年1月17日\n"))
    };
    check(&signed("教育局", "第二零一零教育局"), "第二零一零教育局 2024");
    check(&signed("第二零一零教育局", "第二零一零教育局"), "第二零一零教育局 2024");
    check(&signed("某县教育局", "教育局"), "某县教育局 2024");
    check(&signed("某县教育局", "某县体育局"), "某县教育局 2024");
}

#[test]
fn a_unique_district_and_an_area_have_a_region() {
    for (agency, code) in [
        ("海珠区人民政府", Some("440105")),
        ("香洲区财政局", Some("440402")),
        ("浦东新区人民政府", Some("310115")),
        ("雄安新区管理委员会", Some("130000")),
        ("平潭综合实验区管理委员会", Some("350128")),
        ("鼓楼区财政局", None),
        ("高新区管理委员会", None),
    ] {
        let report = read(&format!("{agency}2024年政府信息公开工作年度报告\n{BODY}"));
        assert_eq!(report.region.as_ref().map(|region| region.code.as_str()), code, "{agency}");
    }
}

#[test]
fn a_second_report_is_named_and_its_parts_are_not_those_of_the_first() {
    let report = |year: u16| format!("某县财政局{year}年政府信息公开工作年度报告\n{BODY}");
    let read = read(&format!("{}{}", report(2024), report(2023)));
    check(&read, "某县财政局 2024");
    assert_eq!(read.sections.len(), 6);
    let other: Vec<&str> = read
        .remarks
        .iter()
        .filter(|remark| remark.kind == RemarkKind::OtherReport)
        .map(|remark| remark.text.as_str())
        .collect();
    assert_eq!(other, ["某县财政局2023年政府信息公开工作年度报告"]);
}

#[test]
fn a_part_may_be_numbered_in_figures() {
    let body = BODY.replace("一、总体情况", "1. 总体情况");
    let report = read(&format!("某县财政局2024年政府信息公开工作年度报告\n{body}"));
    assert_eq!(report.sections.iter().filter(|section| section.kind.is_some()).count(), 6);
}
