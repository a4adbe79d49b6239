//! The sheet for the catalogue of information resources, read back from its files.

use super::package::{parts, sheet};
use crate::catalog::{Code, Group, Item, Resource};

/// The core metadata of the guide, in its order; classes and kinds of a format and of a way have lines of their own.
const METADATA: [&str; 17] = [
    "信息资源分类",
    "信息资源名称",
    "信息资源代码",
    "信息资源提供方",
    "信息资源提供方代码",
    "信息资源摘要",
    "信息资源格式分类",
    "信息资源格式类型",
    "共享类型",
    "共享条件",
    "共享方式分类",
    "共享方式类型",
    "是否向社会开放",
    "开放条件",
    "更新周期",
    "发布日期",
    "关联资源代码",
];

fn resource() -> Resource {
    let item = |title: &str, name: &str, data_type, length: &str, required| Item {
        title: title.into(),
        name: name.into(),
        data_type,
        length: length.into(),
        required,
        note: "<&>".into(),
    };
    Resource {
        name: "政府信息公开工作年度报告数据".into(),
        provider: Some("枣庄市政务公开办公室".into()),
        summary: "全市各级行政机关的年度报告".into(),
        format: ("数据库".into(), "PostgreSQL".into()),
        groups: vec![Group {
            name: "gouji_report".into(),
            title: "年度报告".into(),
            items: vec![
                item("报告标识", "report_key", "字符型C", "128", true),
                item("报告年度", "report_year", "整型I", "19", false),
            ],
        }],
        sharing: "有条件共享".into(),
        sharing_way: ("共享平台".into(), "数据库".into()),
        open: "否".into(),
        update_cycle: "实时".into(),
        codes: vec![Code {
            of: "2021年格式".into(),
            code: "requests.received.total".into(),
            name: "表三·本年新收 / 总计".into(),
            unit: "件".into(),
        }],
        ..Resource::default()
    }
}

#[test]
fn the_workbook_has_the_metadata_the_items_and_the_codes() {
    let parts = parts(&resource().xlsx().unwrap());
    let metadata = sheet(&parts, 1);
    for (row, name) in (3..).zip(METADATA) {
        assert_eq!(metadata[&format!("A{row}")], format!("s{name}"));
    }
    assert_eq!(metadata["B6"], "s枣庄市政务公开办公室");
    // What only the office or its catalogue knows is left blank.
    assert_eq!(metadata.get("B5").map_or("s", String::as_str), "s");
    let items = sheet(&parts, 2);
    let row = |number: usize| {
        ["B", "C", "D", "E", "F", "G"].map(|column| items[&format!("{column}{number}")].as_str())
    };
    assert_eq!(row(2), ["sgouji_report", "s报告标识", "sreport_key", "s字符型C", "s128", "s是"]);
    assert_eq!(row(3)[5], "s否");
    assert_eq!(sheet(&parts, 3)["B2"], "srequests.received.total");
}

#[test]
fn the_document_has_the_metadata_and_the_items() {
    let document = &parts(&resource().docx().unwrap())["word/document.xml"];
    let mut rest = document.as_str();
    for text in METADATA.iter().copied().chain([
        "年度报告（gouji_report）",
        "报告标识",
        "report_key",
        "字符型C",
        "&lt;&amp;&gt;",
    ]) {
        let at = rest.find(text).unwrap_or_else(|| panic!("{text} does not stand where it should"));
        rest = &rest[at..];
    }
}
