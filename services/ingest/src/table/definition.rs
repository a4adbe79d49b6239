//! The table of files: its columns, and the definition that an administrator runs.

use odbc::{Column, Dialect, Table, Type};

/// Characters of the longest reason: Oracle has 4,000 bytes.
pub(super) const LONGEST_REASON: usize = 1_300;

/// A file that somebody sends.
pub(super) const FILE: Table = Table {
    name: "gouji_file",
    title: "报送文件：写入时 state 为 new，之后由勾稽更新",
    columns: &[
        required("id", Type::Text(64), "报送方给定的标识，不重复使用"),
        optional("sender", Type::Text(64), "报送方（密钥名称）；通道已指定报送方时可不填"),
        required("name", Type::Text(255), "文件名"),
        required("content", Type::Bytes, "文件内容；多份报告可压缩成 ZIP"),
        optional("sha256", Type::Text(64), "文件内容的 SHA-256，填写后逐字节核对"),
        required("state", Type::Text(16), "new 待接收，taken 已接收，done 已办结，refused 未接收"),
        optional("receipt", Type::Text(64), "回执编号"),
        optional("report_count", Type::Integer, "报告份数"),
        optional("refused_count", Type::Integer, "未接收的份数"),
        optional("verdict", Type::Text(8), "核验结论（取最差）：pass 通过，warn 有提示，fail 有错误"),
        optional("error_count", Type::Integer, "错误数"),
        optional("warning_count", Type::Integer, "提示数"),
        optional("reason", Type::Text(LONGEST_REASON), "说明"),
        optional("changed_at", Type::Time, "更新时间（北京时间）"),
    ],
    key: &["id"],
    index: &["state", "id"],
};

/// The definition of the table in a dialect; an administrator runs it, gouji runs none.
pub fn schema(dialect: Dialect, schema: Option<&str>) -> String {
    dialect.define(schema, &[FILE], &[])
}

const fn required(name: &'static str, of: Type, title: &'static str) -> Column {
    Column { name, of, required: true, title }
}

const fn optional(name: &'static str, of: Type, title: &'static str) -> Column {
    Column { name, of, required: false, title }
}
