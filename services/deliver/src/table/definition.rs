//! The exchange tables: their columns, and the definition that an administrator runs.

use odbc::{Column, Dialect, Table, Type, View};

/// A version of a report, or that it is gone.
pub(super) const REPORT: Table = Table {
    name: "gouji_report",
    title: "政府信息公开工作年度报告：每一版本一行，撤回也是一行，只增不改",
    columns: &[
        required("log_made_at", Type::Integer, "日志创建时间（毫秒），与 seq 一起标识一行"),
        required("seq", Type::Integer, "日志序号，同一日志内递增"),
        required("report_key", Type::Text(128), "报告标识，同一报告的各版本相同"),
        required("change_id", Type::Text(256), "变动标识，重复送达时相同"),
        required("report_state", Type::Text(8), "消息种类：stands 为现行，gone 为已撤回"),
        optional("report_version", Type::Text(128), "版本标识"),
        optional("region_code", Type::Text(12), "行政区划代码"),
        optional("region_name", Type::Text(100), "行政区划名称"),
        optional("agency", Type::Text(500), "行政机关名称"),
        optional("report_year", Type::Integer, "报告年度"),
        optional("form", Type::Text(8), "报告格式：2021 或 2019"),
        optional("published", Type::Text(10), "公布日期"),
        optional("verdict", Type::Text(8), "校核结论：pass 通过，warn 有警告，fail 有错误"),
        optional("error_count", Type::Integer, "错误数"),
        optional("warning_count", Type::Integer, "警告数"),
        optional("rejudged", Type::Integer, "重新校核：1 为入库后与其他报告核对或规则调整而重新得出的结论"),
        required("changed_at", Type::Time, "变动时间（北京时间）"),
    ],
    key: &["log_made_at", "seq"],
    index: &["report_key", "log_made_at", "seq"],
};

/// A cell of a version.
pub(super) const CELL: Table = Table {
    name: "gouji_cell",
    title: "年度报告的每一格",
    columns: &[
        required("log_made_at", Type::Integer, "同 gouji_report"),
        required("seq", Type::Integer, "同 gouji_report"),
        required("cell", Type::Text(128), "格的标识"),
        optional("label", Type::Text(200), "格的名称"),
        optional("cell_value", Type::Decimal, "数值；没有读到或不能确认时为空"),
        required(
            "cell_state",
            Type::Text(16),
            "数值状态：read 已读取，doubtful 存疑，blank 空白，placeholder 占位符，unreadable 无法辨认，missing 缺失，derived 推算",
        ),
    ],
    key: &["log_made_at", "seq", "cell"],
    index: &[],
};

/// A finding on a version.
pub(super) const FINDING: Table = Table {
    name: "gouji_finding",
    title: "校核发现的问题",
    columns: &[
        required("log_made_at", Type::Integer, "同 gouji_report"),
        required("seq", Type::Integer, "同 gouji_report"),
        required("finding_no", Type::Integer, "同一版本内的序号"),
        required("rule_id", Type::Text(16), "规则编号"),
        required("severity", Type::Text(8), "级别：error 错误，warning 警告，info 提示"),
        required("verdict", Type::Text(8), "判断：fails 不符合，unknown 无法判断"),
        // Oracle has 4,000 bytes, which are 1,333 characters of Chinese.
        required("finding_text", Type::Text(1_300), "问题说明"),
    ],
    key: &["log_made_at", "seq", "finding_no"],
    index: &[],
};

/// A cell that a finding is about; a finding may be about a whole table.
pub(super) const FINDING_CELL: Table = Table {
    name: "gouji_finding_cell",
    title: "问题涉及的格",
    columns: &[
        required("log_made_at", Type::Integer, "同 gouji_report"),
        required("seq", Type::Integer, "同 gouji_report"),
        required("finding_no", Type::Integer, "同 gouji_finding"),
        required("cell", Type::Text(128), "格的标识"),
    ],
    key: &["log_made_at", "seq", "finding_no", "cell"],
    index: &[],
};

/// The place of the outlet.
pub(super) const PLACE: Table = Table {
    name: "gouji_place",
    title: "送达位置，由勾稽维护",
    columns: &[
        required("outlet", Type::Text(64), "出口名称"),
        required("log_made_at", Type::Integer, "日志创建时间（毫秒）"),
        required("seq", Type::Integer, "已送达的日志序号"),
        required("changed_at", Type::Time, "变动时间（北京时间）"),
    ],
    key: &["outlet"],
    index: &[],
};

/// Every table that an outlet writes.
pub const TABLES: [Table; 5] = [REPORT, CELL, FINDING, FINDING_CELL, PLACE];

/// The reports that stand now, one row each.
pub(super) const CURRENT: View = View {
    name: "gouji_current",
    title: "现行的年度报告，每份一行",
    query:
        "SELECT r.log_made_at, r.seq, r.report_key, r.report_version, r.region_code, r.region_name, r.agency,
  r.report_year, r.form, r.published, r.verdict, r.error_count, r.warning_count, r.rejudged, r.changed_at
FROM {}gouji_report r
WHERE r.report_state = 'stands' AND NOT EXISTS (
  SELECT 1 FROM {}gouji_report n
  WHERE n.report_key = r.report_key
    AND (n.log_made_at > r.log_made_at OR (n.log_made_at = r.log_made_at AND n.seq > r.seq)))",
};

/// Their cells.
pub(super) const CELL_CURRENT: View = View {
    name: "gouji_current_cell",
    title: "现行年度报告的每一格",
    query: "SELECT r.report_key, r.region_code, r.agency, r.report_year, c.cell, c.label, c.cell_value, c.cell_state
FROM {}gouji_current r JOIN {}gouji_cell c ON c.log_made_at = r.log_made_at AND c.seq = r.seq",
};

/// The definition of the tables and views in a dialect; an administrator runs it, gouji runs none.
pub fn schema(dialect: Dialect, schema: Option<&str>) -> String {
    dialect.define(schema, &TABLES, &[CURRENT, CELL_CURRENT])
}

const fn required(name: &'static str, of: Type, title: &'static str) -> Column {
    Column { name, of, required: true, title }
}

const fn optional(name: &'static str, of: Type, title: &'static str) -> Column {
    Column { name, of, required: false, title }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words that some of the databases reserve and that a table of reports might use.
    const RESERVED: [&str; 40] = [
        "access",
        "action",
        "check",
        "column",
        "comment",
        "condition",
        "context",
        "date",
        "desc",
        "domain",
        "exclusive",
        "file",
        "group",
        "index",
        "key",
        "keys",
        "level",
        "lock",
        "mode",
        "number",
        "object",
        "order",
        "package",
        "position",
        "public",
        "range",
        "rank",
        "reference",
        "resource",
        "row",
        "rows",
        "session",
        "size",
        "start",
        "table",
        "type",
        "unique",
        "user",
        "value",
        "values",
    ];

    #[test]
    fn no_name_is_a_reserved_word() {
        for table in &TABLES {
            for name in table.columns.iter().map(|column| column.name).chain([table.name]) {
                assert!(!RESERVED.contains(&name), "{name} in {}", table.name);
                assert!(name.len() <= 30, "{name}: Oracle before 12.2 has 30 letters");
            }
            for name in table.key.iter().chain(table.index) {
                assert!(table.columns.iter().any(|column| column.name == *name), "{name} in {}", table.name);
            }
        }
    }

    #[test]
    fn oracle_gets_its_own_types() {
        let sql = schema(Dialect::Oracle, None);
        assert!(sql.contains("VARCHAR2(128 CHAR)") && sql.contains("NUMBER(38,9)"), "{sql}");
        assert!(!sql.contains(" VARCHAR(") && !sql.contains("BIGINT") && !sql.contains("DATETIME"), "{sql}");
    }

    #[test]
    fn every_dialect_defines_every_table_and_view() {
        for dialect in Dialect::ALL {
            let sql = schema(dialect, Some("bus"));
            for name in ["gouji_report", "gouji_cell", "gouji_finding", "gouji_finding_cell", "gouji_place"] {
                assert!(sql.contains(&format!("CREATE TABLE bus.{name} (")), "{dialect:?}: {name}");
            }
            for name in ["gouji_current", "gouji_current_cell"] {
                assert!(sql.contains(&format!("CREATE VIEW bus.{name} AS")), "{dialect:?}: {name}");
            }
            assert!(!sql.contains("{}"), "{dialect:?}");
        }
    }
}
