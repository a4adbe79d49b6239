//! The items (信息项) of what leaves, by table, file or message: for the sheet that registers an outlet in the catalogue
//! of government information resources.

use odbc::Type;
use worker::outlets::{Carry, OutletConfig, TargetKind};

use crate::table::TABLES;

/// The items of one table, file or message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name: `gouji_report`, `reports.csv`, `cn.gouji.report.stands.v1`.
    pub name: String,
    /// What it holds, Chinese.
    pub title: String,
    /// Its items, in their order.
    pub items: Vec<Item>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name: the column, or the field of the object with those around it.
    pub name: String,
    /// Its name, Chinese.
    pub title: String,
    /// Its type.
    pub kind: Kind,
    /// Whether it is never empty.
    pub required: bool,
    /// What there is to know about it, Chinese.
    pub note: String,
}

/// The type of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text of at most so many characters; none where there is no limit.
    Text(Option<usize>),
    /// An integer of 64 bits.
    Integer,
    /// An exact decimal with so many digits, of which so many are behind the point.
    Decimal(u8, u8),
    /// A day.
    Day,
    /// A time.
    Time,
    /// True or false.
    Boolean,
}

/// The decimals of tables; those of messages have no more digits.
const DECIMAL: Kind = Kind::Decimal(Type::DECIMAL, Type::SCALE.unsigned_abs());

/// What an outlet writes, with what it carries.
pub fn groups(outlet: &OutletConfig) -> Vec<Group> {
    match outlet.to {
        TargetKind::Table => tables(outlet.carry),
        TargetKind::Folder => crate::folder::items(outlet),
        _ => messages(outlet.carry),
    }
}

fn tables(carry: Carry) -> Vec<Group> {
    let is_carried = |name: &str| match name {
        "gouji_cell" => carry >= Carry::Figures,
        "gouji_finding" | "gouji_finding_cell" => carry >= Carry::Findings,
        _ => true,
    };
    let group = |table: &odbc::Table| Group {
        name: table.name.to_owned(),
        title: head(table.title).0,
        items: table.columns.iter().map(column).collect(),
    };
    TABLES.iter().filter(|table| is_carried(table.name)).map(group).collect()
}

fn column(column: &odbc::Column) -> Item {
    let (title, note) = head(column.title);
    let kind = match column.of {
        Type::Text(length) => Kind::Text(Some(length)),
        Type::Integer => Kind::Integer,
        Type::Decimal => DECIMAL,
        Type::Time => Kind::Time,
        Type::Bytes => Kind::Text(None),
    };
    Item { name: column.name.to_owned(), title, kind, required: column.required, note }
}

/// The name at the beginning of what a column holds, and the rest.
fn head(title: &str) -> (String, String) {
    let end = title.find(['：', '，', '；', '（']).unwrap_or(title.len());
    let (head, rest) = title.split_at(end);
    let note = rest.trim_start_matches(['：', '，', '；']);
    (head.to_owned(), note.to_owned())
}

/// The messages of Kafka, NATS and webhooks; `proto/asyncapi.json` describes them in full.
fn messages(carry: Carry) -> Vec<Group> {
    const TEXT: Kind = Kind::Text(None);
    let mut stands = vec![
        item("report", "报告标识", Kind::Text(Some(128)), true, "同一报告的各版本相同"),
        item("version", "版本标识", Kind::Text(Some(128)), true, ""),
        item("sha256", "原件摘要", Kind::Text(Some(64)), true, "SHA-256"),
        item("media_type", "原件类型", TEXT, true, "按内容识别"),
        item("status", "读取情况", Kind::Text(Some(8)), true, "read 全部读取，partial 部分读取"),
        item("reason", "未全部读取的原因", TEXT, false, ""),
        item("agency", "行政机关名称", Kind::Text(Some(500)), false, "报告自称的全称"),
        item("region.code", "行政区划代码", Kind::Text(Some(9)), false, "GB/T 2260，乡镇、街道为九位"),
        item("region.name", "行政区划名称", Kind::Text(Some(100)), false, "自省级起的全称"),
        item("year", "报告年度", Kind::Integer, false, ""),
        item("form", "表格格式", Kind::Text(Some(4)), false, "2021 或 2019"),
        item("published", "公布日期", Kind::Day, false, ""),
        item("published_source", "公布日期的出处", TEXT, false, ""),
        item("verdict", "校核结论", Kind::Text(Some(4)), true, "pass 通过，warn 有警告，fail 有错误"),
        item("errors", "错误数", Kind::Integer, true, ""),
        item("warnings", "警告数", Kind::Integer, true, ""),
        item("rejudged", "是否重新校核", Kind::Boolean, true, "与其他年度、其他版本核对或规则调整后重新得出"),
    ];
    if carry >= Carry::Figures {
        stands.extend([
            item("cells.<指标代码>.value", "数值", DECIMAL, false, "没有读到或不能确认时为空，空不是0"),
            item("cells.<指标代码>.state", "数值状态", Kind::Text(Some(16)), true, "read 已读取，doubtful 存疑，blank 空白，placeholder 占位符，unreadable 无法辨认，missing 缺失，derived 推算"),
            item("cells.<指标代码>.text", "印刷文字", TEXT, false, ""),
            item("claims[].text", "正文数字", TEXT, true, "正文中的数字及其前后文字"),
            item("claims[].value", "正文数字的数值", DECIMAL, true, ""),
        ]);
    }
    if carry >= Carry::Findings {
        stands.extend([
            item("findings[].rule", "规则编号", Kind::Text(Some(16)), true, ""),
            item(
                "findings[].severity",
                "级别",
                Kind::Text(Some(8)),
                true,
                "error 错误，warning 警告，info 提示",
            ),
            item("findings[].verdict", "判断", Kind::Text(Some(8)), true, "fails 不符合，unknown 无法判断"),
            item("findings[].message", "问题说明", TEXT, true, ""),
            item("findings[].cells", "涉及的指标代码", TEXT, true, ""),
        ]);
    }
    let gone = vec![
        item("report", "报告标识", Kind::Text(Some(128)), true, ""),
        item("region.code", "行政区划代码", Kind::Text(Some(9)), false, ""),
        item("year", "报告年度", Kind::Integer, false, ""),
    ];
    let group =
        |name: &str, title: &str, items| Group { name: name.to_owned(), title: title.to_owned(), items };
    vec![
        group("cn.gouji.report.stands.v1", "年度报告的现行版本", stands),
        group("cn.gouji.report.gone.v1", "年度报告已撤回", gone),
    ]
}

fn item(name: &str, title: &str, kind: Kind, required: bool, note: &str) -> Item {
    Item { name: name.to_owned(), title: title.to_owned(), kind, required, note: note.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asyncapi;

    #[test]
    fn the_items_of_messages_are_fields_of_the_description() {
        let document = asyncapi::document();
        for (number, schema) in ["ReportStands", "ReportGone"].into_iter().enumerate() {
            let properties = &document["components"]["schemas"][schema]["properties"];
            let fields: Vec<&str> = properties.as_object().unwrap().keys().map(String::as_str).collect();
            let groups = messages(Carry::Findings);
            let mut named: Vec<&str> =
                groups[number].items.iter().map(|item| item.name.split(['.', '[']).next().unwrap()).collect();
            named.dedup();
            let missing: Vec<_> = fields.iter().filter(|field| !named.contains(*field)).collect();
            assert!(
                missing.is_empty() && named.iter().all(|name| fields.contains(name)),
                "{schema}: {missing:?}"
            );
        }
    }

    #[test]
    fn a_column_is_named_by_the_beginning_of_what_it_holds() {
        assert_eq!(
            head("校核结论：pass 通过，fail 有错误"),
            ("校核结论".into(), "pass 通过，fail 有错误".into())
        );
        assert_eq!(head("变动时间（北京时间）"), ("变动时间".into(), "（北京时间）".into()));
        assert_eq!(head("行政区划代码"), ("行政区划代码".into(), String::new()));
        for group in tables(Carry::Findings) {
            let titles = || group.items.iter().map(|item| &item.title);
            assert!(titles().all(|title| title.chars().count() <= 16), "{:?}", titles().collect::<Vec<_>>());
        }
    }
}
