//! What is odd in a printed table and has to reach the cells as it stands, in every way to print it.

use report::{CellId, CellState, Report};

const COLUMNS: &str = "自然人|商业企业|科研机构|社会公益组织|法律服务机构|其他|总计";

const ROWS: [&str; 25] = [
    "一、本年新收政府信息公开申请数量",
    "二、上年结转政府信息公开申请数量",
    "（一）予以公开",
    "（二）部分公开（区分处理的，只计这一情形，不计其他情形）",
    "1.属于国家秘密",
    "2.其他法律行政法规禁止公开",
    "3.危及“三安全一稳定”",
    "4.保护第三方合法权益",
    "5.属于三类内部事务信息",
    "6.属于四类过程性信息",
    "7.属于行政执法案卷",
    "8.属于行政查询事项",
    "1.本机关不掌握相关政府信息",
    "2.没有现成信息需要另行制作",
    "3.补正后申请内容仍不明确",
    "1.信访举报投诉类申请",
    "2.重复申请",
    "3.要求提供公开出版物",
    "4.无正当理由大量反复申请",
    "5.要求行政机关确认或重新出具已获取信息",
    "1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请",
    "2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请",
    "3.其他",
    "（七）总计",
    "四、结转下年度继续办理",
];

/// Table three of zeros, with these figures in the row 部分公开.
fn table(row: &str) -> Vec<String> {
    let zeros = "0|0|0|0|0|0|0";
    let figures = |label: &&str| if label.contains("部分公开") { row } else { zeros };
    let rows = ROWS.iter().map(|label| format!("{label}|{}", figures(label)));
    std::iter::once(format!("申请人情况|{COLUMNS}")).chain(rows).collect()
}

/// The same table in HTML, in lines of tabs, in lines of pipes, and with a cell a line.
fn layouts(row: &str) -> [(&'static str, String); 4] {
    let table = table(row);
    let html = |line: &String| format!("<tr><td>{}</td></tr>", line.replace('|', "</td><td>"));
    let html: String = table.iter().map(html).collect();
    let lines = table.join("\n");
    let title = "某县财政局2024年政府信息公开工作年度报告\n三、收到和处理政府信息公开申请情况\n";
    [
        ("html", format!("<html><body><p>{title}</p><table>{html}</table></body></html>")),
        ("tabs", format!("{title}{}\n", lines.replace('|', "\t"))),
        ("pipes", format!("{title}{}\n", lines.replace('|', " | "))),
        ("a cell a line", format!("{title}{}\n", lines.replace('|', "\n"))),
    ]
}

fn read(text: &str) -> Report {
    let document = document::read(text.as_bytes(), &document::Limits::default()).unwrap();
    reading::read(&document, None)
}

#[test]
fn two_figures_in_a_cell_are_kept_as_they_stand() {
    for odd in ["2、3", "2,3", "1，12", "2/3"] {
        for (layout, text) in layouts(&format!("{odd}|0|0|0|0|0|0")) {
            let report = read(&text);
            let cell = |column: &str| {
                let id = CellId::parse(&format!("requests.partial.{column}")).unwrap();
                report.cells.get(id).unwrap()
            };
            assert_eq!(cell("natural_person").state, CellState::Unreadable, "{odd} {layout}");
            assert_eq!(cell("natural_person").text.as_deref(), Some(odd), "{odd} {layout}");
            assert_eq!(cell("total").state, CellState::Read, "{odd} {layout}");
        }
    }
}
