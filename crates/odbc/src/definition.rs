//! Tables as data, and their definition in the dialects of the databases that offices have.
//!
//! Names are lower-case without quotes, and none of them is a reserved word in any of these databases. Empty texts
//! are NULL, because they are in Oracle.

use std::fmt::Write as _;

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name, without the schema.
    pub name: &'static str,
    /// What it holds, Chinese.
    pub title: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// The columns of its primary key.
    pub key: &'static [&'static str],
    /// The columns of a second index; empty for none.
    pub index: &'static [&'static str],
}

impl Table {
    /// How many characters a column for texts takes; 0 where the table has no such column.
    pub fn text_length(&self, column: &str) -> usize {
        let found = self.columns.iter().find(|known| known.name == column);
        match found.map(|column| column.of) {
            Some(Type::Text(length)) => length,
            _ => 0,
        }
    }
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub of: Type,
    /// Whether it is never NULL.
    pub required: bool,
    /// What it holds, Chinese.
    pub title: &'static str,
}

/// The types that every database has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A text of at most so many characters.
    Text(usize),
    /// An integer of 64 bits.
    Integer,
    /// An exact decimal, [`Type::DECIMAL`] digits of which [`Type::SCALE`] are behind the point.
    Decimal,
    /// A time with milliseconds, without a zone: that of China.
    Time,
    /// Bytes.
    Bytes,
}

impl Type {
    /// Digits of a decimal: the most that 达梦 and Oracle have.
    pub const DECIMAL: u8 = 38;
    /// Digits behind the point. 29 remain before it, as many as the largest figure that gouji reads.
    pub const SCALE: i8 = 9;
}

/// A view.
#[derive(Debug)]
pub struct View {
    /// Its name, without the schema.
    pub name: &'static str,
    /// What it shows, Chinese.
    pub title: &'static str,
    /// Its query, in which `{}` stands before the name of each table.
    pub query: &'static str,
}

/// A database and its SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// 达梦.
    Dm,
    /// 人大金仓 KingbaseES.
    Kingbase,
    /// openGauss, GaussDB and what is built on them.
    OpenGauss,
    /// MySQL, MariaDB, and OceanBase in its mode for MySQL.
    MySql,
    /// Oracle, and OceanBase in its mode for Oracle.
    Oracle,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 6] =
        [Self::Dm, Self::Kingbase, Self::OpenGauss, Self::MySql, Self::Oracle, Self::Postgres];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dm => "dm",
            Self::Kingbase => "kingbase",
            Self::OpenGauss => "opengauss",
            Self::MySql => "mysql",
            Self::Oracle => "oracle",
            Self::Postgres => "postgres",
        }
    }

    /// The dialect of this name; MariaDB has that of MySQL.
    pub fn parse(name: &str) -> Option<Self> {
        let name = if name == "mariadb" { "mysql" } else { name };
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// The type of a column.
    pub fn type_of(self, of: Type) -> String {
        match (self, of) {
            // Their lengths are bytes unless the definition says otherwise.
            (Self::Dm | Self::Kingbase, Type::Text(length)) => format!("VARCHAR({length} CHAR)"),
            (Self::Oracle, Type::Text(length)) => format!("VARCHAR2({length} CHAR)"),
            // Lengths are bytes in some of its modes, and a character has up to four.
            (Self::OpenGauss, Type::Text(length)) => format!("VARCHAR({})", 4 * length),
            (_, Type::Text(length)) => format!("VARCHAR({length})"),
            (Self::Oracle, Type::Integer) => "NUMBER(19)".into(),
            (_, Type::Integer) => "BIGINT".into(),
            (Self::Oracle, Type::Decimal) => format!("NUMBER({},{})", Type::DECIMAL, Type::SCALE),
            (_, Type::Decimal) => format!("DECIMAL({},{})", Type::DECIMAL, Type::SCALE),
            // TIMESTAMP of MySQL is converted between zones.
            (Self::MySql, Type::Time) => "DATETIME(3)".into(),
            (_, Type::Time) => "TIMESTAMP(3)".into(),
            (Self::MySql, Type::Bytes) => "LONGBLOB".into(),
            (Self::Dm | Self::Oracle, Type::Bytes) => "BLOB".into(),
            (Self::Kingbase | Self::OpenGauss | Self::Postgres, Type::Bytes) => "BYTEA".into(),
        }
    }

    /// The definition of tables and views, which an administrator runs; with comments in Chinese.
    pub fn define(self, schema: Option<&str>, tables: &[Table], views: &[View]) -> String {
        let mut sql = String::new();
        for table in tables {
            self.define_table(&mut sql, schema, table);
        }
        for View { name, title, query } in views {
            let query = query.replace("{}", &qualified(schema, ""));
            let _ = writeln!(sql, "-- {title}\nCREATE VIEW {} AS\n{query};\n", qualified(schema, name));
        }
        sql
    }

    fn define_table(self, sql: &mut String, schema: Option<&str>, table: &Table) {
        let name = qualified(schema, table.name);
        let inline = self == Self::MySql;
        let comment = |title: &str| if inline { format!(" COMMENT '{title}'") } else { String::new() };
        let mut lines: Vec<String> = Vec::new();
        for Column { name, of, required, title } in table.columns {
            let required = if *required { " NOT NULL" } else { "" };
            lines.push(format!("  {name} {}{required}{}", self.type_of(*of), comment(title)));
        }
        lines.push(format!("  CONSTRAINT pk_{} PRIMARY KEY ({})", table.name, table.key.join(", ")));
        // Only InnoDB has transactions, and texts that differ in case or accents differ.
        let options = match self {
            Self::MySql => " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
            // Without it, a row has at most half a page.
            Self::Dm => " STORAGE (USING LONG ROW)",
            _ => "",
        };
        let _ = writeln!(
            sql,
            "-- {}\nCREATE TABLE {name} (\n{}\n){options}{};",
            table.title,
            lines.join(",\n"),
            comment(table.title)
        );
        if !table.index.is_empty() {
            // An index is in the schema of its table, except in Oracle and 达梦, where it has to be named.
            let index = match self {
                Self::Oracle | Self::Dm => qualified(schema, &format!("ix_{}", table.name)),
                _ => format!("ix_{}", table.name),
            };
            let _ = writeln!(sql, "CREATE INDEX {index} ON {name} ({});", table.index.join(", "));
        }
        if !inline {
            let _ = writeln!(sql, "COMMENT ON TABLE {name} IS '{}';", table.title);
            for column in table.columns {
                let _ = writeln!(sql, "COMMENT ON COLUMN {name}.{} IS '{}';", column.name, column.title);
            }
        }
        sql.push('\n');
    }
}

/// The name of a table in a schema.
pub fn qualified(schema: Option<&str>, name: &str) -> String {
    schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table {
        name: "gouji_a",
        title: "表",
        columns: &[
            Column { name: "a", of: Type::Text(10), required: true, title: "甲" },
            Column { name: "b", of: Type::Integer, required: false, title: "乙" },
            Column { name: "c", of: Type::Decimal, required: false, title: "丙" },
            Column { name: "d", of: Type::Time, required: false, title: "丁" },
            Column { name: "e", of: Type::Bytes, required: false, title: "戊" },
        ],
        key: &["a"],
        index: &["b", "a"],
    };

    #[test]
    fn types_are_those_of_the_database() {
        let types = |dialect: Dialect| {
            TABLE.columns.iter().map(|column| dialect.type_of(column.of)).collect::<Vec<_>>().join(" ")
        };
        let check = |dialect, expected: &str| assert_eq!(types(dialect), expected, "{dialect:?}");
        check(Dialect::Postgres, "VARCHAR(10) BIGINT DECIMAL(38,9) TIMESTAMP(3) BYTEA");
        check(Dialect::MySql, "VARCHAR(10) BIGINT DECIMAL(38,9) DATETIME(3) LONGBLOB");
        check(Dialect::Oracle, "VARCHAR2(10 CHAR) NUMBER(19) NUMBER(38,9) TIMESTAMP(3) BLOB");
        check(Dialect::Dm, "VARCHAR(10 CHAR) BIGINT DECIMAL(38,9) TIMESTAMP(3) BLOB");
        check(Dialect::Kingbase, "VARCHAR(10 CHAR) BIGINT DECIMAL(38,9) TIMESTAMP(3) BYTEA");
        check(Dialect::OpenGauss, "VARCHAR(40) BIGINT DECIMAL(38,9) TIMESTAMP(3) BYTEA");
    }

    #[test]
    fn dialects_have_names() {
        for dialect in Dialect::ALL {
            assert_eq!(Dialect::parse(dialect.name()), Some(dialect));
        }
        assert_eq!(Dialect::parse("mariadb"), Some(Dialect::MySql));
        assert_eq!(Dialect::parse("sqlite"), None);
    }

    #[test]
    fn comments_are_inline_in_mysql_and_statements_elsewhere() {
        let mysql = Dialect::MySql.define(None, &[TABLE], &[]);
        assert!(mysql.contains("a VARCHAR(10) NOT NULL COMMENT '甲'"), "{mysql}");
        assert!(mysql.contains("ENGINE=InnoDB") && !mysql.contains("COMMENT ON"), "{mysql}");
        let oracle = Dialect::Oracle.define(Some("GOUJI"), &[TABLE], &[]);
        assert!(oracle.contains("CREATE TABLE GOUJI.gouji_a ("), "{oracle}");
        assert!(oracle.contains("CREATE INDEX GOUJI.ix_gouji_a ON GOUJI.gouji_a (b, a);"), "{oracle}");
        assert!(oracle.contains("COMMENT ON COLUMN GOUJI.gouji_a.b IS '乙';"), "{oracle}");
        let postgres = Dialect::Postgres.define(Some("bus"), &[TABLE], &[]);
        assert!(postgres.contains("CREATE INDEX ix_gouji_a ON bus.gouji_a (b, a);"), "{postgres}");
    }

    #[test]
    fn a_view_names_the_tables_of_its_schema() {
        let view = View { name: "v", title: "视图", query: "SELECT a FROM {}gouji_a" };
        let sql = Dialect::Dm.define(Some("bus"), &[], &[view]);
        assert_eq!(sql, "-- 视图\nCREATE VIEW bus.v AS\nSELECT a FROM bus.gouji_a;\n\n");
    }
}
