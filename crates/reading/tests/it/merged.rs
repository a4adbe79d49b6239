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
            "received" | "concluded" => ["2", "3", "0", "0", "0", "1", "6"],
            "granted" => ["2", "0", "0", "0", "0", "1", "3"],
            "other.misc" => ["0", "3", "0", "0", "0", "0", "3"],
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
        ("requests.received.enterprise", "3"),
        ("requests.received.other_org", "1"),
        ("requests.received.total", "6"),
        ("requests.granted.other_org", "1"),
        ("requests.other.no_correction.enterprise", "0"),
        ("requests.other.misc.enterprise", "3"),
        ("requests.concluded.total", "6"),
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
