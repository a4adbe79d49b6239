use std::fmt::Write as _;

use report::{Against, CellState, FormId, Judgement, Origin, Report, Severity, Waiver, Year};

use super::package::parts;
use super::samples::{date, decimal, finding, id, in_order, review, set, unset};
use crate::letter::block::Block;
use crate::{Addresser, Letter, letter};

fn office() -> Addresser {
    Addresser {
        name: Some("枣庄市政务公开办公室".into()),
        contact: Some("王某".into()),
        telephone: Some("0632-0000000".into()),
        deadline: date(2025, 3, 10),
        ..Addresser::default()
    }
}

/// A letter as lines of text; the cells of a table between bars.
pub(super) fn drawn(letter: &Letter) -> String {
    let mut text = String::new();
    for block in &letter.blocks {
        let _ = match block {
            Block::Number(number, signer) => {
                writeln!(
                    text,
                    "{number}{}",
                    signer.as_ref().map_or(String::new(), |name| format!("　签发人：{name}"))
                )
            }
            Block::Title(lines) => writeln!(text, "# {}", lines.join("/")),
            Block::Addressee(line) | Block::Paragraph(line) | Block::Contact(line) => {
                writeln!(text, "{line}")
            }
            Block::Heading(line) => writeln!(text, "## {line}"),
            Block::Item(mark, line) => writeln!(text, "{mark}{line}"),
            Block::Detail(label, line) => writeln!(text, "{label}：{line}"),
            Block::Grid(grid) => grid.rows.iter().try_for_each(|row| writeln!(text, "|{}|", row.join("|"))),
            Block::Signature(name, date) => writeln!(text, "{name}\n{date}"),
            Block::Enclosure(mark) => writeln!(text, "----\n{mark}"),
        };
    }
    text
}

/// What a letter says between its opening paragraph and what the agency has to do.
fn items(letter: &Letter) -> String {
    let text = drawn(letter);
    let start = text.find("\n## ").unwrap_or(text.len());
    let end = text.find("\n请于").unwrap_or(text.len());
    text[start.min(end)..end].trim().to_owned()
}

fn check(letter: &Letter, expected: &[&str]) {
    assert_eq!(items(letter).lines().collect::<Vec<_>>(), expected, "{}", drawn(letter));
}

#[test]
fn a_report_in_order_gets_a_short_letter() {
    let letter = letter(&review(in_order(), vec![]), Some("年报.docx"), &office(), date(2025, 2, 17));
    let expected = "\
# 关于《枣庄市行政审批服务局2024年/政府信息公开工作年度报告》的审核意见
枣庄市行政审批服务局：
根据《中华人民共和国政府信息公开条例》第四十九条、第五十条和《中华人民共和国政府信息公开工作年度报告格式》\
（国办公开办函〔2021〕30号），对你单位《枣庄市行政审批服务局2024年政府信息公开工作年度报告》\
进行了核对（核对日期：2025年2月17日）。\
核对内容包括报告的格式和各组成部分、各表的填写和勾稽关系、正文与表格及正文前后的数字是否一致。\
三张表格共200格，均填有数字。经核对，未发现需要整改或者核实的问题。
特此函告。
枣庄市政务公开办公室
2025年2月17日
（联系人：王某；联系电话：0632-0000000）
";
    assert_eq!(drawn(&letter), expected);
}

#[test]
fn a_document_has_its_number_and_who_signed_it_off() {
    let number = Some("枣政公开函〔2025〕3号".to_owned());
    let numbered = Addresser { number: number.clone(), ..office() };
    let text = drawn(&letter(&review(in_order(), vec![]), None, &numbered, None));
    assert!(text.starts_with("枣政公开函〔2025〕3号\n# 关于"), "{text}");
    let signed = Addresser { number, signer: Some("李某".into()), ..office() };
    let signed = letter(&review(in_order(), vec![]), None, &signed, None);
    assert!(drawn(&signed).starts_with("枣政公开函〔2025〕3号　签发人：李某\n# 关于"), "{}", drawn(&signed));
    let document = &parts(&signed.docx().unwrap())["word/document.xml"];
    assert!(document.contains("签发人：李某") && document.contains("w:val=\"Number\""), "{document}");
}

#[test]
fn a_long_name_is_broken_between_its_parts() {
    let title = |agency: &str| {
        crate::text::title_lines(&format!("关于《{agency}2024年政府信息公开工作年度报告》的整改意见"))
    };
    assert_eq!(
        title("黔东南苗族侗族自治州雷山县人力资源和社会保障局"),
        [
            "关于《黔东南苗族侗族自治州雷山县",
            "人力资源和社会保障局2024年",
            "政府信息公开工作年度报告》的整改意见"
        ]
    );
    assert_eq!(title("枣庄市财政局").len(), 2);
}

#[test]
fn what_nobody_gave_stays_a_blank() {
    let findings = vec![finding("DOC-01", Severity::Error, Judgement::Fails, "报告未能识别出报告年度。")];
    let letter = letter(&review(Report::default(), findings), None, &Addresser::default(), None);
    let expected = "\
# 关于《政府信息公开工作年度报告》的整改意见
________________：
根据《中华人民共和国政府信息公开条例》第四十九条、第五十条，对你单位《政府信息公开工作年度报告》\
进行了核对。核对内容包括报告的格式和各组成部分、各表的填写和勾稽关系、\
正文与表格及正文前后的数字是否一致。报告中未能识别出规定格式的表格，表格部分未能核对。\
经核对，共有必须整改的问题1项，具体意见如下：
## 一、必须整改的问题
（一）报告未能识别出报告年度。
依据：《条例》第五十条；国办公开办函〔2021〕30号、〔2019〕60号规定的格式。
请于____年__月__日前对上述问题逐项整改，更正后重新公布年度报告，并将整改情况书面反馈我单位。
________________
____年__月__日
（联系人：________；联系电话：________）
";
    assert_eq!(drawn(&letter), expected);
}

#[test]
fn an_equation_is_spelled_out_term_by_term() {
    let mut report = in_order();
    set(&mut report, "review.upheld", 1);
    let mut review = rules::review(report);
    review.findings.retain(|finding| finding.rule == "T4-01");
    let letter = letter(&review, None, &office(), None);
    let items = items(&letter);
    assert!(items.starts_with("## 一、必须整改的问题\n（一）"), "{items}");
    for line in [
        "|各项结果与尚未审结|表四“行政复议”组“结果维持”列|1|",
        "|各项结果与尚未审结合计||1|",
        "|总计|表四“行政复议”组“总计”列|0|",
        "|相差||1|",
    ] {
        assert!(items.lines().any(|known| known == line), "{line} is not in {items}");
    }
    assert!(!drawn(&letter).contains("附件"), "{}", drawn(&letter));
}

/// A file with pages has a column for them; nobody has to count tables, rows or columns.
#[test]
fn a_figure_is_found_by_its_page_and_by_the_labels_of_its_row_and_column() {
    let mut report = in_order();
    let ids: Vec<_> = report.cells.iter().map(|(id, _)| id).collect();
    for id in ids {
        if let Some(origin) = report.cells.get_mut(id).and_then(|cell| cell.origin.as_mut()) {
            origin.page = Some(2);
        }
    }
    set(&mut report, "requests.received.natural_person", 7);
    let mut review = rules::review(report);
    review.findings.retain(|finding| finding.rule == "T3-01");
    let text = drawn(&letter(&review, Some("年报.pdf"), &office(), None));
    let figure = "|新收与上年结转|表三“一、本年新收政府信息公开申请数量”行“自然人”列|7|第2页|";
    assert!(text.lines().any(|line| line == figure), "{text}");
    assert!(!text.contains("个表格"), "{text}");
}

#[test]
fn what_is_no_figure_is_found_by_the_row_or_the_table_beside_it() {
    let report = in_order();
    let of_cell = report.cells.get(id("requests.granted.total")).unwrap().origin.unwrap();
    let place = |origin: Origin| crate::location(&report, origin, None).unwrap();
    assert_eq!(place(of_cell), "表三“（一）予以公开”行“总计”列");
    assert_eq!(place(Origin { column: Some(0), ..of_cell }), "表三“（一）予以公开”行");
    assert_eq!(place(Origin { row: Some(900), ..of_cell }), "表三（收到和处理政府信息公开申请情况）");
}

/// One wrong figure breaks an equation of its column and one of its row, and contradicts the text.
#[test]
fn findings_that_share_a_repair_are_one_problem_and_its_equations_are_enclosed() {
    let mut report = in_order();
    set(&mut report, "requests.received.natural_person", 7);
    let mut review = rules::review(report);
    review.findings.retain(|finding| finding.rule.starts_with("T3-"));
    let of_text = finding("NAR-01", Severity::Warning, Judgement::Fails, "正文称8件。");
    let cells = vec![id("requests.received.natural_person")];
    review.findings.push(report::Finding { cells, left: decimal(8), right: decimal(7), ..of_text });
    review.findings.push(finding("DOC-02", Severity::Error, Judgement::Fails, "年度有误。"));
    let letter = letter(&review, None, &office(), None);
    let reason = "参考改法：将表三“一、本年新收政府信息公开申请数量”行“自然人”列由7改为8后，各行各列全部平衡。\
                  此为按勾稽关系推算的结果，请与申请登记台账核实后更正。";
    let summary = "表三“一、本年新收政府信息公开申请数量”行“自然人”列应为8（涉及2个等式和正文1处）";
    let text = drawn(&letter);
    assert!(text.contains("共有必须整改的问题2项，具体意见如下"), "{text}");
    let items = items(&letter);
    let expected = [
        "## 一、必须整改的问题",
        &format!("（一）{summary}。相关等式和数字见附件。"),
        "现填：7。",
        reason,
        "依据：表三表头注：第一项加第二项之和，等于第三项加第四项之和；\
         国办公开办函〔2021〕30号、〔2019〕60号所附格式，表三",
    ];
    for (line, expected) in items.lines().zip(expected) {
        assert!(line.starts_with(expected), "{line}\nis not\n{expected}");
    }
    assert!(items.contains("\n（二）年度有误。\n"), "{items}");
    let (_, enclosed) = text.split_once("----\n附件\n# 相关等式和数字\n").unwrap();
    let lines: Vec<&str> = enclosed.lines().collect();
    assert_eq!(lines[0], format!("## {summary}"));
    for line in [
        "1．表三“自然人”列不平衡：新收7件+上年结转0件=7件，办理结果总计8件+结转下年度0件=8件，\
         相差1件。请核对该列四个数字后更正。",
        "|新收与上年结转|表三“一、本年新收政府信息公开申请数量”行“自然人”列|7|",
        "|新收与上年结转合计||7|",
        "|办理总计与结转下年度|表三“四、结转下年度继续办理”行“自然人”列|0|",
        "2．表三“一、本年新收政府信息公开申请数量”行不平衡：自然人7件+商业企业1件，合计8件；\
         总计9件，相差1件。请核对该行各列及总计后更正。",
        "|各类申请人合计|（其余4格为0）|8|",
        "3．正文称8件。",
    ] {
        assert!(lines.contains(&line), "{line} is not in {enclosed}");
    }
    assert!(text.contains("\n附件：相关等式和数字\n"), "{text}");
}

#[test]
fn a_sentence_is_found_by_its_page_part_and_line() {
    let claimed = |origin: Origin| report::Finding {
        origin: Some(origin),
        left: decimal(12),
        right: decimal(9),
        cells: vec![id("requests.received.total")],
        ..finding(
            "NAR-01",
            Severity::Error,
            Judgement::Fails,
            "正文称“收到申请12件”，表三新收申请总计为9件。",
        )
    };
    let place = |origin: Origin, file: &str| {
        let letter = letter(&review(in_order(), vec![claimed(origin)]), Some(file), &office(), None);
        items(&letter).lines().nth(2).unwrap().to_owned()
    };
    let line = Origin { line: 8, ..Origin::default() };
    assert_eq!(place(line, "a.docx"), "位置：文件“一、总体情况”部分。");
    assert_eq!(place(line, "a.TXT"), "位置：文件“一、总体情况”部分，第8行。");
    assert_eq!(
        place(Origin { line: 1, page: Some(1), ..line }, "a.pdf"),
        "位置：文件第1页，“六、其他需要报告的事项”部分。"
    );
    assert!(place(Origin { line: 1, ..line }, "a.html").starts_with("依据："));
}

#[test]
fn two_numbers_are_named_only_where_it_is_certain_what_they_are() {
    let mut report = in_order();
    let sentence = Origin { line: 8, start: 80, end: 90, ..Origin::default() };
    report.claims.push(report::Claim {
        text: "收到申请12件".into(),
        value: 12.into(),
        unit: "件".into(),
        exact: true,
        about: None,
        relation: report::Relation::Is,
        origin: sentence,
    });
    let last_year = Against { agency: None, year: Year::new(2023), origin: None };
    let sides = |rule: &str,
                 left: i64,
                 right: i64,
                 cells: &[&str],
                 origin: Option<Origin>,
                 against: Option<&Against>| {
        let finding = finding(rule, Severity::Error, Judgement::Fails, "不一致。");
        let cells = cells.iter().map(|cell| id(cell)).collect();
        let (left, right, against) = (decimal(left), decimal(right), against.cloned());
        let finding = report::Finding { left, right, cells, origin, against, ..finding };
        let letter = letter(&review(report.clone(), vec![finding]), None, &office(), None);
        let numbers = items(&letter).lines().find_map(|line| line.strip_prefix("数字：").map(str::to_owned));
        numbers.unwrap_or_default()
    };
    let (total, both) =
        ("requests.received.total", ["requests.received.total", "requests.received.enterprise"]);
    assert_eq!(sides("NAR-01", 12, 9, &[total], Some(sentence), None), "正文为12，表三为9，相差3。");
    assert_eq!(sides("NAR-01", 12, 10, &both, Some(sentence), None), "正文为12，表三为10，相差2。");
    assert_eq!(sides("NAR-01", 10, 12, &both, Some(sentence), None), "表三为10，正文为12，相差2。");
    assert_eq!(sides("NAR-01", 12, 77, &[total], Some(sentence), None), "");
    assert_eq!(sides("XY-01", 9, 7, &[total], None, Some(&last_year)), "本报告为9，2023年度报告为7，相差2。");
    assert_eq!(sides("XY-01", 7, 9, &[total], None, Some(&last_year)), "2023年度报告为7，本报告为9，相差2。");
    assert_eq!(sides("XY-01", 7, 8, &[total], None, Some(&last_year)), "");
    assert_eq!(sides("NAR-05", 336, 326, &[], None, None), "各项之和为336，总数为326，相差10。");
    assert_eq!(sides("DOC-02", 2024, 2023, &[], None, None), "");
}

#[test]
fn cells_say_what_stands_in_them() {
    let mut report = in_order();
    unset(&mut report, "active.fees.amount", CellState::Placeholder, "/");
    unset(&mut report, "review.upheld", CellState::Blank, "");
    unset(&mut report, "review.total", CellState::Unreadable, "九");
    *report.cells.get_mut(id("review.other")).unwrap() =
        report::Cell { value: decimal(0), state: CellState::Derived, ..report::Cell::default() };
    let cells = ["review.upheld", "review.total", "review.other", "review.pending"].map(id).to_vec();
    let blank = report::Finding {
        cells,
        ..finding("CEL-02", Severity::Warning, Judgement::Fails, "表四有空格。")
    };
    let cells = vec![id("active.fees.amount")];
    let origin = report.cells.get(cells[0]).unwrap().origin;
    let mark = finding("CEL-01", Severity::Warning, Judgement::Fails, "表二有1格以“/”代替数字。");
    let mark = report::Finding { cells, origin, ..mark };
    let letter = letter(&review(report, vec![blank, mark]), None, &office(), None);
    let basis = "依据：国办公开办函〔2021〕30号、〔2019〕60号所附格式。";
    check(
        &letter,
        &[
            "## 一、建议核实的事项",
            "（一）表四有空格。",
            "|表四“行政复议”组“结果维持”列|（空白）|",
            "|表四“行政复议”组“总计”列|“九”|",
            "|表四“行政复议”组“其他结果”列|（缺少该格，推算为0）|",
            "|表四“行政复议”组“尚未审结”列|0|",
            basis,
            "（二）表二有1格以“/”代替数字。",
            "位置：表二“行政事业性收费”行“本年收费金额（单位：万元）”列。",
            basis,
        ],
    );
    assert!(drawn(&letter).contains("\n请于2025年3月10日前对上述事项逐项核实，确有错漏的及时更正"));
    assert_eq!(letter.title(), "关于《枣庄市行政审批服务局2024年政府信息公开工作年度报告》的审核意见");
}

#[test]
fn many_cells_are_named_by_rows_and_columns() {
    let rows = |cells: Vec<report::CellId>| {
        let finding = finding("T2-01", Severity::Error, Judgement::Fails, "有空格。");
        let finding = report::Finding { cells, ..finding };
        let letter = letter(&review(in_order(), vec![finding]), None, &office(), None);
        let items = items(&letter);
        items.lines().filter(|line| line.starts_with('|')).map(str::to_owned).collect::<Vec<_>>()
    };
    let form = report::Form::get(FormId::F2021);
    let having =
        |part: &str| form.cells().iter().copied().filter(|id| id.as_str().contains(part)).collect::<Vec<_>>();
    assert_eq!(rows(having("requests.partial.")).len(), 1);
    assert_eq!(
        rows(having("requests.other.fee")),
        [
            "|表三“（六）其他处理·2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请”行（全部7格）|0|"
        ]
    );
    let mut cells = having(".total");
    cells.retain(|id| id.as_str().starts_with("requests."));
    cells.extend([id("requests.received.natural_person"), id("requests.received.enterprise")]);
    let printed = rows(cells);
    assert!(printed[0].starts_with("|表三“总计”列（全列25格）|9、0、"), "{printed:?}");
    assert_eq!(printed[1..], ["|表三“一、本年新收政府信息公开申请数量”行“自然人”、“商业企业”列|8、1|"]);
    let printed = rows(form.cells().to_vec());
    assert_eq!(printed.len(), 6 + 25 + 3);
    assert_eq!(printed[0], "|表二“规章”行（全部3格）|0|");
    assert_eq!(printed[9], "|表三“（二）部分公开”行（全部7格）|0|");
}

#[test]
fn every_group_stands_under_its_heading_and_hints_in_the_enclosure() {
    let unknown =
        finding("T4-01", Severity::Error, Judgement::Unknown, "表四“行政复议”有2格没有数字，无法核对。");
    let hint = finding("T2-10", Severity::Info, Judgement::Fails, "表二在数字后写了单位：“45633 件”。");
    let waiver = Waiver {
        who: "张某（市政务公开办）".into(),
        why: "机构改革更名。".into(),
        until: date(2025, 12, 31).unwrap(),
    };
    let renamed = "机关名称不一致。请核对是否套用了其他机关的文字。";
    let waived = report::Finding {
        waiver: Some(waiver),
        ..finding("DOC-04", Severity::Warning, Judgement::Fails, renamed)
    };
    let must = finding("X-99", Severity::Error, Judgement::Fails, "有误。");
    let against = Against {
        agency: None,
        year: Year::new(2023),
        origin: Some(Origin { page: Some(2), ..Origin::default() }),
    };
    let must = report::Finding { against: Some(against), ..must };
    let letter = letter(&review(in_order(), vec![unknown, hint, waived, must]), None, &office(), None);
    check(
        &letter,
        &[
            "## 一、必须整改的问题",
            "（一）有误。",
            "对照：2023年度政府信息公开工作年度报告，文件第2页。",
            "## 二、暂时无法核对的事项",
            "（一）表四“行政复议”有2格没有数字，无法核对。",
            "依据：国办公开办函〔2021〕30号、〔2019〕60号所附格式，表四（总计含尚未审结）。",
            "## 三、已同意豁免的事项",
            "（一）机关名称不一致。",
            "豁免：张某（市政务公开办）同意不作为问题，理由：机构改革更名。\
             适用于2025年12月31日（含当日）前报送的报告。",
            "依据：《条例》第四十九条：行政机关公布本机关的年度报告。",
        ],
    );
    let text = drawn(&letter);
    assert!(text.contains("共有必须整改的问题1项、暂时无法核对的事项1项、已同意豁免的事项1项"), "{text}");
    assert!(text.contains("数字是否一致，并与其他年度或者其他机关的报告作了比对。"), "{text}");
    assert!(text.contains("逐项整改、对其他事项逐项核实，"), "{text}");
    assert!(text.contains("\n附件：供参考的提示\n枣庄市政务公开办公室\n"), "{text}");
    assert!(text.contains("----\n附件\n# 供参考的提示\n1．表二在数字后写了单位：“45633 件”。\n"), "{text}");
}

#[test]
fn hints_and_waivers_alone_demand_nothing() {
    let hint = finding("T2-10", Severity::Info, Judgement::Unknown, "空格按0计则平衡。");
    let text = drawn(&letter(&review(in_order(), vec![hint]), None, &office(), None));
    assert!(
        text.contains("未发现需要整改或者核实的问题。\n另有供参考的提示，见附件，无需反馈。\n特此函告。\n"),
        "{text}"
    );
    assert!(!text.contains("请于"), "{text}");
}

#[test]
fn reports_older_than_the_forms_are_not_blamed_for_them() {
    let report =
        Report { year: Year::new(2016), agency: Some("某县财政局".into()), ..Report::default() };
    let text = drawn(&letter(&review(report, vec![]), None, &office(), None));
    assert!(
        text.contains("根据《中华人民共和国政府信息公开条例》，对你单位《某县财政局2016年政府信息"),
        "{text}"
    );
    assert!(text.contains("该年度尚未施行统一的报告格式"), "{text}");
    let cells = report::Cells::missing(FormId::F2019);
    let report = Report { year: Year::new(2019), form: Some(FormId::F2019), cells, ..Report::default() };
    let text = drawn(&letter(&review(report, vec![]), None, &office(), None));
    assert!(text.contains("年度报告格式（试行）》（国办公开办函〔2019〕60号），对你单位"), "{text}");
    assert!(text.contains("三张表格中没有读取到数字。"), "{text}");
}

#[test]
fn a_title_is_quoted_in_good_style() {
    let title = |printed: &str| {
        let report = Report { title: Some(printed.into()), ..in_order() };
        letter(&review(report, vec![]), None, &office(), None).title().to_owned()
    };
    assert_eq!(
        title("关于2019年度政府信息公开工作的报告"),
        "对《关于2019年度政府信息公开工作的报告》的审核意见"
    );
    assert_eq!(title("《某局2024年年度报告》"), "关于《某局2024年年度报告》的审核意见");
    assert_eq!(title("某局《条例》\n实施报告"), "关于《某局〈条例〉 实施报告》的审核意见");
}

const HOSTILE: &str = "<script>alert(1)</script>]]>&#0;&amp;\u{0}\u{1b}\u{ffff}\u{202e}\"'</w:t>{{=1+1}}";

fn hostile() -> Letter {
    let mut report = in_order();
    report.title = Some(HOSTILE.into());
    report.agency = Some(HOSTILE.into());
    for section in &mut report.sections {
        section.heading = HOSTILE.into();
    }
    unset(&mut report, "review.upheld", CellState::Unreadable, HOSTILE);
    let origin = Some(Origin { line: 8, ..Origin::default() });
    let waiver = Waiver { who: HOSTILE.into(), why: HOSTILE.into(), until: date(2025, 12, 31).unwrap() };
    let against = Some(Against { agency: Some(HOSTILE.into()), year: None, origin });
    let one = finding(HOSTILE, Severity::Error, Judgement::Fails, HOSTILE);
    let cells = vec![id("review.upheld"), id("review.total")];
    let repair = Some(report::Repair { cell: id("review.total"), value: 1.into(), reason: HOSTILE.into() });
    let findings = vec![
        report::Finding { origin, against, cells, repair, ..one.clone() },
        report::Finding { waiver: Some(waiver), ..one.clone() },
        report::Finding { severity: Severity::Info, origin, ..one },
    ];
    let text = Some(HOSTILE.to_owned());
    let office = Addresser {
        name: text.clone(),
        contact: text.clone(),
        telephone: text.clone(),
        deadline: None,
        number: text.clone(),
        signer: text,
    };
    letter(&review(report, findings), Some(HOSTILE), &office, None)
}

#[test]
fn hostile_words_stay_words() {
    let html = hostile().html();
    assert!(!html.contains("<script"), "{html}");
    assert_eq!(html.matches("&lt;script&gt;").count() % 2, html.matches("&lt;/script&gt;").count() % 2);
    let parts = parts(&hostile().docx().unwrap());
    for text in parts.values().map(String::as_str).chain([html.as_str()]) {
        let is_stray = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202e}' | '\u{ffff}');
        assert_eq!(text.chars().find(|c| is_stray(*c)), None);
    }
    let document = &parts["word/document.xml"];
    assert!(document.contains("&lt;script&gt;alert(1)&lt;/script&gt;]]&gt;&amp;#0;&amp;amp;"), "{document}");
}

#[test]
fn ten_thousand_findings_make_a_letter() {
    let one = |index: usize| finding("DOC-01", Severity::Error, Judgement::Fails, &format!("第{index}处。"));
    let letter = letter(&review(in_order(), (1..=10_000).map(one).collect()), None, &office(), None);
    assert!(items(&letter).contains("\n（一万）第10000处。\n"));
    assert_eq!(parts(&letter.docx().unwrap()).len(), 10);
    assert_eq!(letter.html().matches("class=\"item\"").count(), 10_000);
}

/// A content security policy that names the hash of the style sheet blocks every other style.
#[test]
fn the_page_has_no_style_but_its_style_sheet() {
    let page = hostile().html();
    assert!(page.contains(&format!("<style>{}</style>", crate::Letter::STYLE)));
    assert!(page.contains("<col class=\"item\">") && !page.contains(" style="), "{page}");
}

#[test]
fn the_same_letter_is_the_same_file() {
    let letters = [hostile(), hostile()];
    assert_eq!(letters[0].docx().unwrap(), letters[1].docx().unwrap());
    assert_eq!(letters[0].html(), letters[1].html());
}
