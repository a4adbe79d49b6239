//! Tables whose merged cells a tool has filled by repetition, or has left out.

use report::{CellId, CellState, Form, FormId, Report};

/// A table with all labels of its merged cells, a cell for each place of the grid.
struct Grid(Vec<Vec<String>>);

fn strings(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// Tables two, three and four of 2021 with every place of a merged cell filled, and figures that balance.
fn tables() -> [Grid; 3] {
    let article = |name: &str| vec![name.to_owned(); 4];
    let active = vec![
        article("第二十条第（一）项"),
        strings(&["信息内容", "本年制发件数", "本年废止件数", "现行有效件数"]),
        strings(&["规章", "1", "2", "3"]),
        strings(&["行政规范性文件", "4", "5", "6"]),
        article("第二十条第（五）项"),
        strings(&["信息内容", "本年处理决定数量", "本年处理决定数量", "本年处理决定数量"]),
        strings(&["行政许可", "38651", "38651", "38651"]),
        article("第二十条第（六）项"),
        strings(&["信息内容", "本年处理决定数量", "本年处理决定数量", "本年处理决定数量"]),
        strings(&["行政处罚", "7", "7", "7"]),
        strings(&["行政强制", "8", "8", "8"]),
        article("第二十条第（八）项"),
        strings(&[
            "信息内容",
            "本年收费金额（单位：万元）",
            "本年收费金额（单位：万元）",
            "本年收费金额（单位：万元）",
        ]),
        strings(&["行政事业性收费", "9.5", "9.5", "9.5"]),
    ];
    let note = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）";
    let mut requests = vec![
        [vec![note.to_owned(); 3], vec!["申请人情况".to_owned(); 7]].concat(),
        strings(&[
            note,
            note,
            note,
            "自然人",
            "法人或其他组织",
            "法人或其他组织",
            "法人或其他组织",
            "法人或其他组织",
            "法人或其他组织",
            "总计",
        ]),
        strings(&[
            note,
            note,
            note,
            "自然人",
            "商业企业",
            "科研机构",
            "社会公益组织",
            "法律服务机构",
            "其他",
            "总计",
        ]),
    ];
    let form = Form::get(FormId::F2021);
    for line in &form.requests {
        let labels = match line.under {
            None => [line.label; 3],
            Some(group) if group.starts_with('三') => [group, line.label, line.label],
            Some(group) => ["三、本年度办理结果", group, line.label],
        };
        let figures = match line.id {
            "received" | "concluded" => ["2", "13", "0", "0", "0", "1", "16"],
            "granted" => ["2", "0", "0", "0", "0", "1", "3"],
            "other.misc" => ["0", "13", "0", "0", "0", "0", "13"],
            _ => ["0"; 7],
        };
        requests.push([strings(&labels), strings(&figures)].concat());
    }
    let group = ["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"];
    let litigation = vec![
        [vec!["行政复议".to_owned(); 5], vec!["行政诉讼".to_owned(); 10]].concat(),
        [strings(&group), vec!["未经复议直接起诉".to_owned(); 5], vec!["复议后起诉".to_owned(); 5]].concat(),
        strings(&group.repeat(3)),
        strings(&["1", "0", "2", "0", "3", "0", "4", "0", "0", "4", "0", "0", "0", "5", "5"]),
    ];
    [Grid(active), Grid(requests), Grid(litigation)]
}

fn lines(grid: &Grid, before: &str, between: &str, behind: &str) -> String {
    grid.0.iter().map(|row| format!("{before}{}{behind}\n", row.join(between))).collect()
}

fn page(table: fn(&Grid) -> String) -> String {
    let [active, requests, litigation] = tables().map(|grid| table(&grid));
    format!(
        "某县财政局2024年政府信息公开工作年度报告\n\n一、总体情况\n\n各项工作照常。\n\n二、主动公开政府信息情况\n\n{active}\n\
         三、收到和处理政府信息公开申请情况\n\n{requests}\n四、政府信息公开行政复议、行政诉讼情况\n\n{litigation}\n\
         五、存在的主要问题及改进情况\n\n还不够及时。\n\n六、其他需要报告的事项\n\n没有收取信息处理费。\n"
    )
}

fn html(table: fn(&Grid) -> String) -> String {
    let text = page(table);
    let paragraphs = text.split("\n\n").map(|part| {
        if part.starts_with('<') {
            part.to_owned()
        } else {
            format!("<p>{}</p>", part.replace('\n', "</p><p>").replace("<p><table", "<table"))
        }
    });
    format!("<html><body>{}</body></html>", paragraphs.collect::<String>())
}

fn read(text: &str) -> Report {
    let document = document::read(text.as_bytes(), &document::Limits::default()).unwrap();
    reading::read(&document, None)
}

fn check(name: &str, text: &str) {
    let report = read(text);
    let value = |id: &str| {
        let cell = report.cells.get(CellId::parse(id).unwrap()).unwrap();
        cell.value.filter(|_| cell.state == CellState::Read).map(|value| value.to_string())
    };
    for (id, expected) in [
        ("active.regulations.in_force", "3"),
        ("active.licensing.decisions", "38651"),
        ("active.coercion.decisions", "8"),
        ("active.fees.amount", "9.5"),
        ("requests.received.natural_person", "2"),
        ("requests.received.enterprise", "13"),
        ("requests.received.other_org", "1"),
        ("requests.received.total", "16"),
        ("requests.granted.other_org", "1"),
        ("requests.other.no_correction.enterprise", "0"),
        ("requests.other.misc.enterprise", "13"),
        ("requests.concluded.total", "16"),
        ("requests.carried_out.total", "0"),
        ("review.total", "3"),
        ("direct_litigation.corrected", "4"),
        ("litigation_after_review.total", "5"),
    ] {
        assert_eq!(value(id).as_deref(), Some(expected), "{id} in {name}: {:?}", report.notes);
    }
    let read = report.cells.iter().filter(|(_, cell)| cell.state == CellState::Read).count();
    assert_eq!(read, 200, "{name}: {:?}", report.notes);
}

#[test]
fn merged_cells_that_are_filled_by_repetition_are_one_cell() {
    check("Markdown", &page(|grid| lines(grid, "| ", " | ", " |")));
    check("tabs", &page(|grid| lines(grid, "", "\t", "")));
    check(
        "HTML",
        &html(|grid| format!("<table>{}</table>", lines(grid, "<tr><td>", "</td><td>", "</td></tr>"))),
    );
}

#[test]
fn line_breaks_of_markdown_cells_are_spaces() {
    let breaks = |grid: &Grid| {
        let table = lines(grid, "| ", " | ", " |");
        ["结果", "尚未", "社会", "法律", "属于"]
            .iter()
            .fold(table, |table, word| table.replace(word, &format!("{word}<br>")))
    };
    check("Markdown", &page(breaks));
}

/// The heads of table three without spans: each cell stands where the cells before it leave it.
#[test]
fn a_head_without_spans_loses_to_the_order_that_the_rows_prove() {
    let unspanned = |grid: &Grid| {
        let mut rows = grid.0.clone();
        for row in rows.iter_mut().take(3) {
            row.dedup();
        }
        format!("<table>{}</table>", lines(&Grid(rows), "<tr><td>", "</td><td>", "</td></tr>"))
    };
    check("HTML", &html(unspanned));
}

/// A figure in a cell so narrow that it takes two lines is read where the equations give it, and nowhere else.
#[test]
fn figures_in_pieces_are_read_where_the_equations_give_them() {
    let in_pieces = |grid: &Grid| {
        let mut rows = grid.0.clone();
        for row in &mut rows {
            let is_of_requests = row.len() == 10 && row.get(1).is_some_and(|label| label.contains("总计"));
            if let Some(figure) = row.last_mut().filter(|_| is_of_requests) {
                // The row gives 2 + 13 + 1.
                *figure = "1<br>6".to_owned();
            }
            if let Some(figure) = row.get_mut(1).filter(|figure| *figure == "38651") {
                *figure = "38<br>651".to_owned();
            }
        }
        format!("<table>{}</table>", lines(&Grid(rows), "<tr><td>", "</td><td>", "</td></tr>"))
    };
    let report = read(&html(in_pieces));
    let cell = |id: &str| report.cells.get(CellId::parse(id).unwrap()).unwrap();
    let total = cell("requests.concluded.total");
    assert_eq!((total.state, total.value), (CellState::Read, Some(16.into())));
    // Nothing proves a figure of table two.
    let decisions = cell("active.licensing.decisions");
    assert_eq!((decisions.state, decisions.value), (CellState::Doubtful, None));
}

/// One row 其他处理 in the form of 2021 gives the cells of the three rows no figure, unless it is 0.
#[test]
fn one_row_for_three_is_in_no_cell_of_the_three() {
    let one_row = |grid: &Grid| {
        let mut rows = grid.0.clone();
        rows.retain(|row| {
            !row.iter().any(|cell| cell.contains("申请人无正当理由") || cell.contains("申请人逾期"))
        });
        for row in &mut rows {
            if row.iter().any(|cell| cell == "3.其他") {
                row.iter_mut().take(3).skip(1).for_each(|cell| *cell = "（六）其他处理".to_owned());
            }
        }
        lines(&Grid(rows), "", "\t", "")
    };
    let report = read(&page(one_row));
    assert_eq!(report.form, Some(FormId::F2021));
    let value = |id: &str| report.cells.value(CellId::parse(id).unwrap());
    assert_eq!(value("requests.other.misc.enterprise"), None);
    assert_eq!(value("requests.other.misc.natural_person"), Some(0.into()));
    let noted = report.notes.iter().filter(|note| note.kind == report::NoteKind::GroupFigure);
    let noted: Vec<_> = noted.map(|note| (note.subject.as_str(), note.count)).collect();
    assert!(noted.contains(&("enterprise", Some(13))) && noted.contains(&("total", Some(13))), "{noted:?}");
}

#[test]
fn a_label_of_table_two_with_one_misprint_is_recognised_in_its_place() {
    for (label, is_known) in [("行政事业型收费", true), ("行政事业性收", true), ("行政事业收入", false)]
    {
        let text = page(|grid| lines(grid, "", "\t", "")).replace("行政事业性收费", label);
        let fee = read(&text).cells.value(CellId::parse("active.fees.amount").unwrap());
        assert_eq!(fee.is_some(), is_known, "{label}");
    }
}
