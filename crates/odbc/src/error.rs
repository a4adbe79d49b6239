//! What a database says, and whether it concerns the rows or the database.
//!
//! By class or whole SQLSTATE, the longest entry counts. Sources: "ODBC Programmer's Reference", appendix A (08,
//! HY, IM, 42S..); "PostgreSQL documentation", appendix A (53, 54, 55, 57, 58, XX), which 金仓 and openGauss share;
//! "MariaDB error codes" (HY000 with 1021, 1114, 1205 and others).
//!
//! Whatever is not listed concerns the database: a row that is refused by mistake would be set aside, while a
//! database that is asked again loses nothing.

use odbc_api::handles::Record;

/// What went wrong in a database.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct OdbcError {
    /// What it concerns.
    pub kind: Kind,
    /// The SQLSTATE; empty if it did not come from the driver.
    pub state: String,
    /// What was being done, what the driver said, and what to do.
    pub message: String,
}

/// What an error concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The database: it is away, full, slow or not set up. Other rows would fail as well.
    Database,
    /// The rows: a value is wrong or does not fit.
    Rows,
    /// A key or another constraint: perhaps the rows are there already.
    Constraint,
}

/// SQLSTATEs, or the beginnings of them, what they concern, and what an operator does about them.
const STATES: &[(&str, Kind, &str)] = &[
    // Connections: not reached, lost, refused.
    ("08", Kind::Database, ""),
    ("28", Kind::Database, "check user and password in the file of the connection string"),
    // 21: numbers of columns and values differ; 22: a value is wrong or does not fit.
    ("22", Kind::Rows, ""),
    ("22018", Kind::Rows, ""),
    ("23", Kind::Constraint, ""),
    ("25006", Kind::Database, "the database is read-only; connect to the primary"),
    ("3D000", Kind::Database, "there is no database of this name"),
    ("3F000", Kind::Database, "there is no schema of this name; check `schema` in gouji.toml"),
    // Serialization failures and deadlocks.
    ("40", Kind::Database, ""),
    ("42", Kind::Database, SCHEMA),
    ("42501", Kind::Database, "grant SELECT, INSERT and UPDATE on the tables to this user"),
    // PostgreSQL: resources (disk full is 53100), limits, locks, shutdown, I/O.
    ("53", Kind::Database, ""),
    ("54", Kind::Database, ""),
    ("55", Kind::Database, ""),
    ("57", Kind::Database, ""),
    ("58", Kind::Database, ""),
    ("HY", Kind::Database, ""),
    ("HYT", Kind::Database, "the database did not answer in time"),
    ("IM002", Kind::Database, "there is no such DSN in odbc.ini; see ODBCINI and ODBCSYSINI"),
    ("IM003", Kind::Database, "the driver cannot be loaded; see odbcinst.ini, or give the path of its file"),
    // The driver manager says with 01000 that it could not load a driver.
    ("01000", Kind::Database, "the driver cannot be loaded; see odbcinst.ini, or give the path of its file"),
];

/// What to do where a table or a column is missing.
const SCHEMA: &str = "a table or a column is missing: the administrator runs the definition that \
                      `gouji outlet schema NAME --format sql` prints";

/// Errors of MySQL and MariaDB without a SQLSTATE of their own (HY000) that concern the rows: a wrong character, a
/// number out of range, a text cut off, a wrong date.
const MYSQL_ROWS: [i32; 5] = [1366, 1264, 1265, 1406, 1292];

impl OdbcError {
    /// An error that does not come from a driver.
    pub fn database(message: impl Into<String>) -> Self {
        Self { kind: Kind::Database, state: String::new(), message: message.into() }
    }

    /// Rows that cannot be written, found before the database is asked.
    pub fn rows(message: impl Into<String>) -> Self {
        Self { kind: Kind::Rows, state: String::new(), message: message.into() }
    }

    /// What a driver said while something was being done.
    pub(crate) fn of(doing: &str, error: &odbc_api::Error) -> Self {
        use odbc_api::Error::{
            Diagnostics, InvalidRowArraySize, OracleOdbcDriverDoesNotSupport64Bit, UnableToRepresentNull,
            UnsupportedOdbcApiVersion,
        };
        match error {
            Diagnostics { record, .. }
            | InvalidRowArraySize { record, .. }
            | UnableToRepresentNull(record)
            | OracleOdbcDriverDoesNotSupport64Bit(record)
            | UnsupportedOdbcApiVersion(record) => Self::of_record(doing, record),
            other => Self::database(format!("{doing}: {other}")),
        }
    }

    fn of_record(doing: &str, record: &Record) -> Self {
        let state = record.state.as_str().to_owned();
        let (kind, remedy) = classified(&state, record.native_error);
        // The driver's own words; it prefixes them with its name.
        let said = record.to_string();
        let said = said.split_once("Message: ").map_or(&*said, |(_, message)| message).trim();
        let mut message = format!("{doing}: SQLSTATE {state}, {said}");
        if !remedy.is_empty() {
            message = format!("{message}; {remedy}");
        }
        Self { kind, state, message }
    }

    /// The same without a secret in it.
    pub(crate) fn without(mut self, secret: &str) -> Self {
        if !secret.is_empty() {
            self.message = self.message.replace(secret, "…");
        }
        self
    }
}

fn classified(state: &str, native: i32) -> (Kind, &'static str) {
    if state == "HY000" && MYSQL_ROWS.contains(&native) {
        return (Kind::Rows, "");
    }
    let fits = STATES.iter().filter(|(beginning, ..)| state.starts_with(beginning));
    fits.max_by_key(|(beginning, ..)| beginning.len())
        .map_or((Kind::Database, ""), |(_, kind, remedy)| (*kind, *remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_concern_the_database_or_the_rows() {
        let check = |state: &str, native, expected| {
            assert_eq!(classified(state, native).0, expected, "{state} {native}");
        };
        // Away, refused, shut down, full, locked, slow.
        for state in
            ["08S01", "08001", "28P01", "57P01", "53100", "55P03", "HYT00", "HYT01", "HY000", "40001"]
        {
            check(state, 0, Kind::Database);
        }
        // A table or a column is missing, in PostgreSQL, in ODBC, in MariaDB.
        for state in ["42P01", "42703", "42S02", "42S22", "42501", "42000"] {
            check(state, 0, Kind::Database);
        }
        for state in ["22001", "22003", "22007", "22021", "22P02"] {
            check(state, 0, Kind::Rows);
        }
        for state in ["23505", "23000", "23502"] {
            check(state, 0, Kind::Constraint);
        }
        check("HY000", 1366, Kind::Rows);
        check("HY000", 1114, Kind::Database);
        check("HY000", 1205, Kind::Database);
        // Nobody knows it: nothing is refused for it.
        check("99999", 0, Kind::Database);
    }

    #[test]
    fn a_missing_table_names_the_command_that_prints_the_definition() {
        assert!(classified("42P01", 0).1.contains("gouji outlet schema"));
        assert!(classified("42S02", 0).1.contains("gouji outlet schema"));
        assert!(classified("42501", 0).1.starts_with("grant"));
    }

    #[test]
    fn a_password_is_never_in_a_message() {
        let error = OdbcError::database("connecting: PWD=geheim; refused").without("geheim");
        assert_eq!(error.message, "connecting: PWD=…; refused");
        assert_eq!(OdbcError::database("a").without("").message, "a");
    }
}
