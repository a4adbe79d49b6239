//! A connection to a database, on the thread of a session.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use odbc_api::buffers::{BufferDesc, ColumnarDynBuffer, Indicator};
use odbc_api::handles::StatementImpl;
use odbc_api::parameter::{VarBinarySliceMut, VarWCharBox};
use odbc_api::{BindParamDesc, Connection, ConnectionOptions, Cursor as _, DataType, Prepared, sys};

use crate::connection_string::ConnectionString;
use crate::definition::{Table, Type, qualified};
use crate::{OdbcError, driver};

/// Times in the columns are those of China, which has one zone and no summer time.
const CHINA: TimeZone = TimeZone::fixed(offset(8));
/// Rows that are sent at a time: one round trip for most drivers, and at most a few megabytes of buffers.
const ROWS: usize = 500;
/// Numbers that are fetched at a time.
const NUMBERS: usize = 5_000;
/// Bytes of a value that are fetched at a time.
const CHUNK: usize = 1 << 20;

/// A connection with a transaction that [`Database::commit`] ends.
pub struct Database {
    connection: Connection<'static>,
    timeout: Duration,
    /// Statements that were finished, for the caller that waits.
    progress: Arc<AtomicUsize>,
    /// Whether the driver inserts every row of an array.
    arrays: Cell<bool>,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A text; an empty one is NULL.
    Text(String),
    /// An integer.
    Integer(i64),
    /// An exact decimal, in digits; an empty one is NULL.
    Decimal(String),
    /// A time in milliseconds since 1970-01-01 UTC; the column has the time of China.
    Time(i64),
}

impl Value {
    /// A text of the report.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The bytes of a value.
#[derive(Debug, PartialEq, Eq)]
pub enum Bytes {
    /// No row, or NULL in it.
    Absent,
    /// More than the limit.
    TooMany,
    /// All of them.
    Whole(Vec<u8>),
}

impl Database {
    /// Connects. Every change is part of a transaction from then on.
    pub(crate) fn connect(
        string: ConnectionString,
        timeout: Duration,
        progress: Arc<AtomicUsize>,
    ) -> Result<Self, OdbcError> {
        let secret =
            string.attribute("PWD").or_else(|| string.attribute("PASSWORD")).unwrap_or_default().to_owned();
        let doing = "connecting to the database";
        let failed = |error: &odbc_api::Error| OdbcError::of(doing, error).without(&secret);
        let environment = odbc_api::environment().map_err(|error| failed(&error))?;
        let string = driver::with_path(environment, string);
        let seconds = u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX);
        let options = ConnectionOptions { login_timeout_sec: Some(seconds), packet_size: None };
        let connection =
            environment.connect_with_connection_string(&string.0, options).map_err(|error| failed(&error))?;
        connection.set_autocommit(false).map_err(|error| failed(&error))?;
        Ok(Self { connection, timeout, progress, arrays: Cell::new(true) })
    }

    /// What the database calls itself.
    ///
    /// # Errors
    /// If the driver does not say.
    pub fn system(&self) -> Result<String, OdbcError> {
        let name = self.connection.database_management_system_name();
        name.map_err(|error| OdbcError::of("asking for the name of the database", &error))
    }

    /// Makes the changes durable.
    ///
    /// # Errors
    /// If the database does not say that they are; they may be nevertheless.
    pub fn commit(&self) -> Result<(), OdbcError> {
        self.connection.commit().map_err(|error| OdbcError::of("committing", &error))
    }

    /// Takes the changes back.
    ///
    /// # Errors
    /// If the connection is lost, which takes them back as well.
    pub fn rollback(&self) -> Result<(), OdbcError> {
        self.connection.rollback().map_err(|error| OdbcError::of("rolling back", &error))
    }

    fn prepare(&self, doing: &str, sql: &str) -> Result<Prepared<StatementImpl<'_>>, OdbcError> {
        self.progress.fetch_add(1, Ordering::Relaxed);
        let mut prepared = self.connection.prepare(sql).map_err(|error| OdbcError::of(doing, &error))?;
        // If the driver cannot limit it, the session does.
        if let Err(error) = prepared.set_query_timeout_sec(self.timeout.as_secs() as usize) {
            tracing::debug!(%error, "the driver cannot limit the time of a statement");
        }
        Ok(prepared)
    }

    /// Runs a statement with texts for its parameters, and returns how many rows it changed.
    ///
    /// # Errors
    /// If the database refuses it.
    pub fn change(&self, doing: &str, sql: &str, texts: &[Option<&str>]) -> Result<usize, OdbcError> {
        let failed = |error: odbc_api::Error| OdbcError::of(doing, &error);
        let mut prepared = self.prepare(doing, sql)?;
        prepared.execute(&parameters(texts)[..]).map_err(failed)?;
        Ok(prepared.row_count().map_err(failed)?.unwrap_or_default())
    }

    /// The first rows of a query, as texts.
    ///
    /// # Errors
    /// If the database refuses the query.
    pub fn rows(
        &self,
        doing: &str,
        sql: &str,
        texts: &[Option<&str>],
        most: usize,
    ) -> Result<Vec<Vec<Option<String>>>, OdbcError> {
        use odbc_api::ResultSetMetadata as _;
        let failed = |error: odbc_api::Error| OdbcError::of(doing, &error);
        let mut prepared = self.prepare(doing, sql)?;
        let Some(mut cursor) = prepared.execute(&parameters(texts)[..]).map_err(failed)? else {
            return Ok(Vec::new());
        };
        let columns = cursor.num_result_cols().map_err(failed)?.unsigned_abs();
        let mut rows = Vec::new();
        let mut text = Vec::new();
        while rows.len() < most
            && let Some(mut row) = cursor.next_row().map_err(failed)?
        {
            let mut values = Vec::with_capacity(columns.into());
            for column in 1..=columns {
                let is_known = row.get_wide_text(column, &mut text).map_err(failed)?;
                values.push(is_known.then(|| String::from_utf16_lossy(&text)));
            }
            rows.push(values);
        }
        Ok(rows)
    }

    /// The numbers in the only column of a query.
    ///
    /// # Errors
    /// If the database refuses the query, or a value is no number.
    pub fn numbers(&self, doing: &str, sql: &str) -> Result<Vec<i64>, OdbcError> {
        /// Characters of the longest number, with a sign, and of a scale that some drivers add.
        const LONGEST: usize = 40;
        let failed = |error: odbc_api::Error| OdbcError::of(doing, &error);
        let mut prepared = self.prepare(doing, sql)?;
        let none: [VarWCharBox; 0] = [];
        let Some(cursor) = prepared.execute(&none[..]).map_err(failed)? else { return Ok(Vec::new()) };
        let buffer = ColumnarDynBuffer::from_descs(NUMBERS, [BufferDesc::Text { max_str_len: LONGEST }]);
        let mut cursor = cursor.bind_buffer(buffer).map_err(failed)?;
        let mut numbers = Vec::new();
        while let Some(batch) = cursor.fetch().map_err(failed)? {
            let column = batch.column(0).as_text().expect("the buffer was made for text");
            for text in column.iter().flatten() {
                let text = String::from_utf8_lossy(text);
                let number = text.trim().parse();
                numbers.push(
                    number.map_err(|_| OdbcError::database(format!("{doing}: {text:?} is no number")))?,
                );
            }
        }
        Ok(numbers)
    }

    /// The bytes in the only column of the first row of a query.
    ///
    /// # Errors
    /// If the database refuses the query.
    pub fn bytes(
        &self,
        doing: &str,
        sql: &str,
        texts: &[Option<&str>],
        limit: usize,
    ) -> Result<Bytes, OdbcError> {
        let failed = |error: odbc_api::Error| OdbcError::of(doing, &error);
        let mut prepared = self.prepare(doing, sql)?;
        let Some(mut cursor) = prepared.execute(&parameters(texts)[..]).map_err(failed)? else {
            return Ok(Bytes::Absent);
        };
        let Some(mut row) = cursor.next_row().map_err(failed)? else { return Ok(Bytes::Absent) };
        let mut whole = Vec::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            let mut part = VarBinarySliceMut::from_buffer(&mut chunk, Indicator::Null);
            row.get_data(1, &mut part).map_err(failed)?;
            let Some(bytes) = part.as_bytes() else { break };
            whole.extend_from_slice(bytes);
            let is_complete = part.is_complete();
            // A driver that knows the length says what remains.
            let remaining = part.indicator().length().unwrap_or_default().saturating_sub(CHUNK);
            if whole.len().saturating_add(remaining) > limit {
                return Ok(Bytes::TooMany);
            }
            if is_complete {
                return Ok(Bytes::Whole(whole));
            }
        }
        Ok(Bytes::Absent)
    }

    /// Inserts rows, values in the order of the columns of the table.
    ///
    /// # Errors
    /// [`Kind::Rows`](crate::Kind::Rows) with the name of the column if a value does not fit, before anything is
    /// sent; and if the database refuses them.
    pub fn insert(&self, schema: Option<&str>, table: &Table, rows: &[Vec<Value>]) -> Result<(), OdbcError> {
        rows.iter().try_for_each(|row| check(table, row))?;
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let marks = vec!["?"; names.len()].join(", ");
        let name = qualified(schema, table.name);
        let sql = format!("INSERT INTO {name} ({}) VALUES ({marks})", names.join(", "));
        let doing = format!("inserting into {name}");
        let at_a_time = if self.arrays.get() { ROWS } else { 1 };
        for chunk in rows.chunks(at_a_time) {
            self.insert_chunk(&doing, &sql, table, chunk)?;
        }
        Ok(())
    }

    /// Inserts one row at a time from now on: the driver ignores all rows of an array but the first.
    pub fn insert_singly(&self) {
        self.arrays.set(false);
    }

    /// Whether several rows are inserted at a time.
    pub fn inserts_arrays(&self) -> bool {
        self.arrays.get()
    }

    fn insert_chunk(
        &self,
        doing: &str,
        sql: &str,
        table: &Table,
        rows: &[Vec<Value>],
    ) -> Result<(), OdbcError> {
        let failed = |error: odbc_api::Error| OdbcError::of(doing, &error);
        let prepared = self.prepare(doing, sql)?;
        let column = |at: usize| rows.iter().map(move |row| row.get(at).unwrap_or(&Value::Null));
        let described = table.columns.iter().enumerate().map(|(at, one)| buffer(one.of, column(at)));
        let mut inserter = prepared.into_column_inserter(rows.len(), described).map_err(failed)?;
        inserter.set_num_rows(rows.len());
        for (at, one) in table.columns.iter().enumerate() {
            let slot = inserter.column_mut(at);
            match one.of {
                Type::Text(_) => {
                    let mut cells = slot.as_wide_text().expect("its buffer is for wide text");
                    for (row, value) in column(at).enumerate() {
                        let text: Option<Vec<u16>> = written(value).map(|text| text.encode_utf16().collect());
                        cells.set_cell(row, text.as_deref());
                    }
                }
                Type::Integer | Type::Decimal => {
                    let mut cells = slot.as_text().expect("its buffer is for text");
                    for (row, value) in column(at).enumerate() {
                        cells.set_cell(row, written(value).map(String::into_bytes).as_deref());
                    }
                }
                Type::Time => {
                    let mut cells = slot.as_nullable_slice().expect("its buffer is for times");
                    for (row, value) in column(at).enumerate() {
                        cells.set_cell(row, time(value));
                    }
                }
                Type::Bytes => {
                    return Err(OdbcError::database(format!("{doing}: bytes are not inserted")));
                }
            }
        }
        inserter.execute().map_err(failed)?;
        self.progress.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn parameters(texts: &[Option<&str>]) -> Vec<VarWCharBox> {
    texts.iter().map(|text| text.map_or_else(VarWCharBox::null, VarWCharBox::from_str_slice)).collect()
}

/// Whether each value fits its column.
fn check(table: &Table, row: &[Value]) -> Result<(), OdbcError> {
    for (column, value) in table.columns.iter().zip(row) {
        let wrong =
            |what: String| Err(OdbcError::rows(format!("column {} of {}: {what}", column.name, table.name)));
        match (column.of, value) {
            (Type::Text(longest), Value::Text(text)) => {
                let length = text.chars().count();
                if length > longest {
                    return wrong(format!("a text of {length} characters, and {longest} fit"));
                }
                // The driver of PostgreSQL ends the text there without a word.
                if text.contains('\0') {
                    return wrong("a text with a NUL character".into());
                }
            }
            (Type::Decimal, Value::Decimal(digits)) if !digits.is_empty() && !fits(digits) => {
                return wrong(format!("{digits} does not fit DECIMAL({},{})", Type::DECIMAL, Type::SCALE));
            }
            _ => {}
        }
        let is_absent = matches!(value, Value::Null) || matches!(value, Value::Text(text) if text.is_empty());
        if column.required && is_absent {
            return wrong("there is no value, and it needs one".into());
        }
    }
    Ok(())
}

/// Whether a decimal is exact in a column; a database would round it without a word.
fn fits(digits: &str) -> bool {
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    let (before, behind) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    let before_most = usize::from(Type::DECIMAL) - usize::from(Type::SCALE.unsigned_abs());
    !before.is_empty()
        && is_number(before)
        && is_number(behind)
        && before.trim_start_matches('0').len() <= before_most
        && behind.trim_end_matches('0').len() <= usize::from(Type::SCALE.unsigned_abs())
}

/// A buffer that has room for the longest of these values.
fn buffer<'a>(of: Type, values: impl Iterator<Item = &'a Value>) -> BindParamDesc {
    match of {
        Type::Text(_) => {
            let longest = values.filter_map(written).map(|text| text.encode_utf16().count()).max();
            let max_str_len = longest.unwrap_or_default().max(1);
            // `BindParamDesc::wide_text` makes a long text of one that is longer than 255, which databases do not
            // compare with VARCHAR.
            BindParamDesc {
                buffer_desc: BufferDesc::WText { max_str_len },
                data_type: DataType::WVarchar { length: NonZeroUsize::new(max_str_len) },
            }
        }
        // As text: not every driver has integers of 64 bits.
        Type::Integer => BindParamDesc::decimal_as_text(19, 0),
        Type::Decimal => BindParamDesc::decimal_as_text(Type::DECIMAL, Type::SCALE),
        Type::Time => BindParamDesc::timestamp(true, 3),
        Type::Bytes => BindParamDesc::binary(1),
    }
}

/// A value in characters; none for NULL.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) | Value::Decimal(text) if !text.is_empty() => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The time of China.
fn time(value: &Value) -> Option<sys::Timestamp> {
    let Value::Time(at_ms) = value else { return None };
    let at = Timestamp::from_millisecond(*at_ms).ok()?;
    let at = at.to_zoned(CHINA);
    let part = |number: i8| number.unsigned_abs().into();
    Some(sys::Timestamp {
        year: at.year(),
        month: part(at.month()),
        day: part(at.day()),
        hour: part(at.hour()),
        minute: part(at.minute()),
        second: part(at.second()),
        fraction: at.subsec_nanosecond().unsigned_abs() / 1_000_000 * 1_000_000,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Column;
    use crate::Kind;

    #[test]
    fn a_decimal_fits_if_nothing_is_rounded() {
        let check = |digits: &str, expected| assert_eq!(fits(digits), expected, "{digits}");
        check("542.55", true);
        check("-0.5", true);
        check("79228162514264337593543950335", true);
        check("79228162514264337593543950335.0", true);
        check("100000000000000000000000000000", false);
        check("0.123456789", true);
        check("0.1234567890", true);
        check("0.1234567891", false);
        check("", false);
        check("1e3", false);
        check("一", false);
    }

    #[test]
    fn a_value_that_does_not_fit_names_its_column() {
        const TABLE: Table = Table {
            name: "t",
            title: "",
            columns: &[
                Column { name: "a", of: Type::Text(2), required: true, title: "" },
                Column { name: "b", of: Type::Decimal, required: false, title: "" },
            ],
            key: &[],
            index: &[],
        };
        let said = |values: [Value; 2]| {
            check(&TABLE, &values).map_or_else(|error| error.message, |()| "fits".into())
        };
        assert_eq!(said([Value::text("市局"), Value::Null]), "fits");
        // A character beyond the first plane is one character.
        assert_eq!(said([Value::text("𠮷野"), Value::Decimal("1".into())]), "fits");
        assert!(
            said([Value::text("财政局"), Value::Null]).starts_with("column a of t: a text of 3 characters")
        );
        assert!(said([Value::text("a\0"), Value::Null]).starts_with("column a of t: a text with a NUL"));
        assert!(said([Value::text(""), Value::Null]).starts_with("column a of t: there is no value"));
        assert!(said([Value::text("a"), Value::Decimal("0.0000000001".into())]).starts_with("column b of t"));
        assert_eq!(check(&TABLE, &[Value::Null, Value::Null]).unwrap_err().kind, Kind::Rows);
    }

    #[test]
    fn times_are_those_of_china() {
        let at = time(&Value::Time(1_764_460_800_123)).unwrap();
        assert_eq!((at.year, at.month, at.day, at.hour, at.minute, at.second), (2025, 11, 30, 8, 0, 0));
        assert_eq!(at.fraction, 123_000_000);
        assert!(time(&Value::Null).is_none());
    }
}
