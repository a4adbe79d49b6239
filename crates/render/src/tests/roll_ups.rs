use report::{CellId, Decimal, Form, FormId, Region, Verdict, Year};
use survey::{Contributor, Counted, Doubt, DoubtKind, Figures, Gap, RollUp, Scope, ScopeSource, Sum, Whole};

use super::package::{parts, sheet};
use super::samples::{decimal, id};
use crate::roll_up::{html, xlsx};

/// A roll-up whose cells are numbered from 1, which does not balance.
fn numbered(form: FormId) -> RollUp {
    let cell = |(index, id): (usize, &CellId)| Sum {
        id: *id,
        sum: Some((index + 1).into()),
        is_exact: true,
        contributors: 2,
        lacking: 0,
    };
    RollUp {
        form,
        year: Year::new(if form == FormId::F2021 { 2024 } else { 2020 }).unwrap(),
        region: Region { code: "370400".into(), name: "山东省枣庄市".into() },
        has_roster: true,
        cells: Form::get(form).cells().iter().enumerate().map(cell).collect(),
        contributors: vec![contributor("枣庄市公安局"), contributor("枣庄市财政局")],
        gaps: Vec::new(),
        doubts: Vec::new(),
        balance: Vec::new(),
        whole: None,
        unplaced: 0,
    }
}

fn contributor(agency: &str) -> Contributor {
    Contributor {
        agency: agency.into(),
        region: Some("370400".into()),
        key: "2024/370400/1".into(),
        form: FormId::F2021,
        scope: Some((Scope::Own, ScopeSource::Roster)),
        how: Counted::Alone,
        verdict: Verdict::Pass,
        figures: Figures::new(FormId::F2021, (0..Form::get(FormId::F2021).cells().len()).map(figure)),
    }
}

/// The figure at a position of a report: some cells have none.
fn figure(position: usize) -> Option<Decimal> {
    (position % 7 != 3).then(|| position.into())
}

fn change(roll_up: &mut RollUp, cell: &str, sum: Option<Decimal>, lacking: u32) {
    let cell = roll_up.cells.iter_mut().find(|sum| sum.id == id(cell)).unwrap();
    (cell.sum, cell.is_exact, cell.lacking) = (sum, lacking == 0, lacking);
}

/// With all that can be wrong with one.
fn doubtful() -> RollUp {
    let mut roll_up = numbered(FormId::F2021);
    change(&mut roll_up, "requests.received.total", decimal(123), 2);
    change(&mut roll_up, "active.fees.amount", None, 3);
    change(&mut roll_up, "active.licensing.decisions", Some("12345678901234567".parse().unwrap()), 0);
    change(&mut roll_up, "active.penalty.decisions", Some("0.25".parse().unwrap()), 0);
    let region = Some("370402".to_owned());
    let gap = |agency: &str, key: Option<&str>, counted_below| Gap {
        agency: agency.into(),
        region: region.clone(),
        key: key.map(str::to_owned),
        counted_below,
    };
    roll_up.gaps = vec![gap("市中区人民政府", None, 12), gap("薛城区教育局", Some("k"), 0)];
    let doubt =
        |kind| Doubt {
            agency: "峄城区人民政府".into(), region: region.clone(), key: "k".into(), kind
        };
    roll_up.doubts = vec![doubt(DoubtKind::Fails), doubt(DoubtKind::OtherForm(7))];
    let form = Form::get(FormId::F2021);
    let sums = |left, right| report::Sums { left, right };
    roll_up.balance = vec![
        (&form.equations()[0], sums(decimal(8), decimal(9))),
        (&form.equations()[1], sums(None, decimal(9))),
        (&form.equations()[2], sums(decimal(9), decimal(9))),
    ];
    let mut figures: Vec<Option<Decimal>> = roll_up.cells.iter().map(|sum| sum.sum).collect();
    figures[0] = decimal(5);
    figures[form.position(id("requests.received.total")).unwrap()] = decimal(100);
    figures[form.position(id("requests.received.enterprise")).unwrap()] = None;
    roll_up.whole =
        Some(Whole { agency: "枣庄市人民政府".into(), key: "w".into(), scope: None, figures });
    (roll_up.has_roster, roll_up.unplaced) = (false, 4);
    roll_up
}

/// Where the notice has a cell: the sheet, and the name of its place in it.
fn check(form: FormId, cell: &str, number: usize, name: &str) {
    let roll_up = numbered(form);
    let position = Form::get(form).position(id(cell)).unwrap();
    let sheet = sheet(&parts(&xlsx(&roll_up).unwrap()), number);
    assert_eq!(sheet[name], format!("n{}", position + 1), "{cell}");
}

#[test]
fn figures_stand_where_the_notice_has_them() {
    let (f2019, f2021) = (FormId::F2019, FormId::F2021);
    check(f2021, "active.regulations.issued", 1, "B6");
    check(f2021, "active.normative_documents.in_force", 1, "F7");
    check(f2021, "active.licensing.decisions", 1, "B10");
    check(f2021, "active.coercion.decisions", 1, "B14");
    check(f2021, "active.fees.amount", 1, "B17");
    check(f2021, "requests.received.natural_person", 2, "D7");
    check(f2021, "requests.received.total", 2, "J7");
    check(f2021, "requests.refused.state_secret.legal_service", 2, "H11");
    check(f2021, "requests.other.misc.other_org", 2, "I29");
    check(f2021, "requests.concluded.total", 2, "J30");
    check(f2021, "requests.carried_out.total", 2, "J31");
    check(f2021, "review.upheld", 3, "A7");
    check(f2021, "review.total", 3, "E7");
    check(f2021, "direct_litigation.upheld", 3, "F7");
    check(f2021, "litigation_after_review.total", 3, "O7");
    check(f2019, "active.licensing.items_change", 1, "D10");
    check(f2019, "active.other_services.decisions", 1, "F11");
    check(f2019, "active.fees.items_change", 1, "E18");
    check(f2019, "active.procurement.amount", 1, "E21");
    check(f2019, "requests.other.research", 2, "F27");
    check(f2019, "requests.carried_out.total", 2, "J29");
}

#[test]
fn every_cell_of_both_forms_stands_once_in_the_workbook_and_on_the_page() {
    for form in FormId::ALL {
        let parts = parts(&xlsx(&numbered(form)).unwrap());
        let mut numbers: Vec<usize> = (1..=3)
            .flat_map(|number| sheet(&parts, number).into_values())
            .filter_map(|value| value.strip_prefix('n')?.parse().ok())
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=Form::get(form).cells().len()).collect::<Vec<_>>());
        let page = html(&numbered(form));
        for (index, id) in Form::get(form).cells().iter().enumerate() {
            let cell = format!(" id=\"cell-{id}\"");
            let (_, rest) = page.split_once(&cell).unwrap();
            assert!(!rest.contains(&cell), "{id}");
            assert!(rest.split_once('>').unwrap().1.starts_with(&format!("{}</td>", index + 1)), "{id}");
        }
    }
}

#[test]
fn what_is_not_known_is_neither_zero_nor_exact() {
    let parts = parts(&xlsx(&doubtful()).unwrap());
    let (active, requests) = (sheet(&parts, 1), sheet(&parts, 2));
    assert_eq!(requests["J7"], "n123", "a number that is shown as ≥123");
    assert!(parts["xl/styles.xml"].contains("formatCode=\"&quot;≥&quot;0\""), "{}", parts["xl/styles.xml"]);
    assert_eq!(active.get("B17"), None, "an empty cell");
    assert_eq!(active["B10"], "s12345678901234567", "a spreadsheet would round it");
    assert_eq!(active["B13"], "n0.25");
    let notes: String =
        parts.iter().filter(|(name, _)| name.contains("comments")).map(|(_, part)| &**part).collect();
    assert!(notes.contains("有2个机关没有这一格的数字，汇总数至少为123。"), "{notes}");
    assert!(notes.contains("有3个机关没有这一格的数字，无法汇总。"), "{notes}");
    let page = html(&doubtful());
    assert!(page.contains("title=\"有3个机关没有这一格的数字，无法汇总。\"></td>"), "{page}");
    for remark in [
        "“≥”表示有机关缺少这一格的数字，所列为下限。",
        "空格表示无法汇总，不表示0。",
        "有2项需要核实，见“缺报与存疑”。",
        "没有机关名录，不能判断是否有机关缺报",
        "另有4份报告不能确定所属地区，未计入。",
    ] {
        assert!(page.contains(remark) && active.values().any(|text| text.contains(remark)), "{remark}");
    }
}

/// The rows of a sheet, the texts of their cells between bars.
fn rows(parts: &std::collections::BTreeMap<String, String>, number: usize) -> Vec<String> {
    let mut rows: std::collections::BTreeMap<u32, Vec<String>> = Default::default();
    for (name, value) in sheet(parts, number) {
        let row = name.trim_start_matches(|c: char| c.is_ascii_uppercase()).parse().unwrap();
        rows.entry(row).or_default().push(value[1..].to_owned());
    }
    rows.into_values().map(|row| row.join("|")).collect()
}

#[test]
fn the_lists_name_everybody_and_everything_open() {
    let parts = parts(&xlsx(&doubtful()).unwrap());
    let contributors = rows(&parts, 4);
    assert_eq!(contributors[0], "填报单位");
    assert_eq!(contributors[2], "1|枣庄市公安局|370400|本机关|机关名录|本机关|2021年格式|通过|2024/370400/1");
    let expected = [
        "一、缺报的机关",
        "序号|机关名称|区划代码|原因|备注",
        "1|市中区人民政府|370402|未报送|其下级12个机关已计入",
        "2|薛城区教育局|370402|报告中没有可用的表格",
        "二、需要核实的事项",
        "序号|机关名称|区划代码|事项|报告编号",
        "1|峄城区人民政府|370402|报告校核结果为不通过，数字可能有误，请待更正后重新汇总。|k",
        "2|峄城区人民政府|370402|报告使用了另一年度的格式，有7格无法对应，未计入。|k",
        "三、只有下限或者无法汇总的单元格",
        "序号|单元格|汇总数|原因|已有数字的机关数",
        "1|表二“行政事业性收费”行“本年收费金额（单位：万元）”列|空|有3个机关没有这一格的数字，无法汇总。|2",
        "2|表三“一、本年新收政府信息公开申请数量”行“总计”列|≥123|有2个机关没有这一格的数字，汇总数至少为123。|2",
        "四、汇总数不平衡之处",
        "序号|勾稽关系|规则|数字|相差",
        "1|自然人：新收加上年结转与办理总计加结转下年度不等|T3-01|新收与上年结转合计8，办理总计与结转下年度合计9|-1",
        "五、与本级政府报告不一致之处",
        "序号|单元格|汇总数|本级政府报告|相差",
        "1|表二“规章”行“本年制发件数”列|1|5|4",
        "2|表三“一、本年新收政府信息公开申请数量”行“总计”列|≥123|100|-23",
    ];
    assert_eq!(rows(&parts, 6), expected);
    let page = html(&doubtful());
    assert!(page.contains("<td>其下级12个机关已计入</td>") && page.contains("<td class=\"number\">-23</td>"));
}

#[test]
fn nothing_open_is_said_in_a_sentence() {
    let rows = rows(&parts(&xlsx(&numbered(FormId::F2021)).unwrap()), 6);
    assert_eq!(rows[1], "机关名录中的机关均已计入。");
    assert_eq!(rows[3], "没有需要核实的事项。");
    assert_eq!(rows[5], "各单元格均已汇总。");
    assert_eq!(rows[7], "各项勾稽关系均成立。");
    assert_eq!(rows[9], "没有涵盖全地区的本级政府报告可供比对。");
}

#[test]
fn every_agency_has_a_row_with_its_figures_as_numbers() {
    let mut roll_up = numbered(FormId::F2021);
    change(&mut roll_up, "requests.received.total", decimal(123), 2);
    let details = sheet(&parts(&xlsx(&roll_up).unwrap()), 5);
    let form = Form::get(FormId::F2021);
    for (row, agency) in [(3, "枣庄市公安局"), (4, "枣庄市财政局")] {
        assert_eq!(details[&format!("B{row}")], format!("s{agency}"));
        assert_eq!(details[&format!("C{row}")], "s370400");
        // The first cell is in column E, the 22 next to it up to Z.
        for (position, column) in (b'E'..=b'Z').map(char::from).enumerate() {
            let expected = figure(position).map(|value| format!("n{value}"));
            assert_eq!(details.get(&format!("{column}{row}")).cloned(), expected, "{column}{row}");
        }
    }
    assert_eq!(details["E2"], "s表二“规章”行“本年制发件数”列");
    let numbers = details.values().filter(|value| value.starts_with('n')).count();
    let known = (0..form.cells().len()).filter_map(figure).count();
    assert_eq!(numbers, 2 * (known + 1), "the figures, and the number of the row");
}

#[test]
fn lower_bounds_are_numbers_with_their_decimals() {
    let mut roll_up = numbered(FormId::F2021);
    for sum in &mut roll_up.cells {
        (sum.is_exact, sum.lacking) = (false, 1);
    }
    change(&mut roll_up, "active.fees.amount", Some("1234.5600".parse().unwrap()), 1);
    change(&mut roll_up, "active.licensing.decisions", Some("12345678901234567".parse().unwrap()), 1);
    let parts = parts(&xlsx(&roll_up).unwrap());
    let (active, requests) = (sheet(&parts, 1), sheet(&parts, 2));
    assert_eq!((&*active["B17"], &*active["B10"]), ("n1234.56", "s≥12345678901234567"));
    let figures = requests.iter().filter(|(name, _)| name.as_str() > "D" && name.len() < 4);
    assert_eq!(figures.filter(|(_, value)| value.starts_with("s≥")).count(), 0);
    assert!(parts["xl/styles.xml"].contains("&quot;≥&quot;0.00"), "{}", parts["xl/styles.xml"]);
}

#[test]
fn names_of_agencies_are_no_formulas_and_no_markup() {
    let names = ["=HYPERLINK(\"x\")", "+1", "-1", "@SUM(A1)", "\t=1", "{=1}", "<script>\u{0}", "https://x"];
    let mut roll_up = numbered(FormId::F2021);
    roll_up.contributors = names.into_iter().map(contributor).collect();
    roll_up.region.name = "=1+1".into();
    roll_up.contributors[0].key = "=2".repeat(20_000);
    let parts = parts(&xlsx(&roll_up).unwrap());
    for number in 1..=6 {
        assert!(sheet(&parts, number).values().all(|value| !value.starts_with('f')));
    }
    let sheet = sheet(&parts, 4);
    for (row, name) in (3..).zip(names) {
        assert_eq!(sheet[&format!("B{row}")], format!("s{}", crate::text::clean(name)));
    }
    assert_eq!(sheet["I3"].chars().count(), 2_002);
    assert!(!parts.contains_key("xl/worksheets/_rels/sheet4.xml.rels"), "no link");
    assert!(!html(&roll_up).contains("<script"));
}

/// A content security policy that names the hash of the style sheet blocks every other style.
#[test]
fn the_page_has_no_style_but_its_style_sheet() {
    for form in FormId::ALL {
        let page = html(&numbered(form));
        assert!(page.contains(&format!("<style>{}</style>", crate::roll_up::STYLE)));
        assert!(!page.contains(" style="), "{page}");
    }
}

#[test]
fn the_same_roll_up_is_the_same_file() {
    assert_eq!(xlsx(&doubtful()).unwrap(), xlsx(&doubtful()).unwrap());
    let core = &parts(&xlsx(&doubtful()).unwrap())["docProps/core.xml"];
    assert!(core.contains("2021-09-26T00:00:00Z"), "{core}");
}

#[test]
fn a_province_fits() {
    let mut roll_up = numbered(FormId::F2021);
    roll_up.contributors = vec![contributor("某机关"); 20_000];
    assert_eq!(rows(&parts(&xlsx(&roll_up).unwrap()), 4).len(), 20_002);
}
