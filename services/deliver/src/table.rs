//! Exchange tables of a database, over ODBC.
//!
//! Rows are only added. The rows of a batch and the place of the outlet are one transaction, so a batch is there
//! whole or not at all, and the place says which. Moving the place comes first: it locks the row of the outlet, and
//! it changes no row if another process moved it meanwhile. A change whose row is there already, e.g. after
//! `gouji outlet rewind`, is left out.

mod definition;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use odbc::{Database, Kind, OdbcError, Session, Value, qualified};
use report::beijing;
use worker::outlets::{OutletConfig, TableConfig};

use self::definition::{CELL, CELL_CURRENT, CURRENT, FINDING, FINDING_CELL, PLACE, REPORT};
pub use odbc::Dialect;

pub use self::definition::{TABLES, schema};
use crate::change::{Batch, Change, Place, Standing, State};
use crate::target::{Kept, Target, TargetError};

/// The tables of an outlet.
pub struct Tables {
    /// Its name: the key of its place.
    outlet: String,
    schema: Option<String>,
    session: Session,
    /// The place as this process read or moved it last; none before it asked.
    place: Option<Option<Place>>,
}

impl Tables {
    /// Opens nothing.
    ///
    /// # Errors
    /// If the outlet has no table, or its schema is no plain name.
    pub fn new(outlet: &OutletConfig) -> anyhow::Result<Self> {
        let TableConfig { dsn, schema, timeout_seconds } = outlet
            .table
            .as_ref()
            .with_context(|| format!("outlet {}: [outlet.table] is missing", outlet.name))?;
        let schema = schema.as_deref().map(odbc::schema_name).transpose();
        let schema = schema.with_context(|| format!("outlet {}", outlet.name))?;
        let session = Session::new(dsn.clone(), Duration::from_secs(*timeout_seconds));
        Ok(Self { outlet: outlet.name.clone(), schema, session, place: None })
    }

    async fn read_place(&mut self) -> Result<Option<Place>, TargetError> {
        let (outlet, schema) = (self.outlet.clone(), self.schema.clone());
        let read = self
            .session
            .run("reading the place", move |database| place_of(database, schema.as_deref(), &outlet));
        let place = read.await.map_err(failed)?;
        self.place = Some(place);
        Ok(place)
    }
}

impl Target for Tables {
    async fn test(&mut self) -> Result<Vec<String>, TargetError> {
        let (outlet, schema) = (self.outlet.clone(), self.schema.clone());
        let tested = self
            .session
            .run("testing the tables", move |database| test(database, schema.as_deref(), &outlet));
        tested.await.map_err(|error| match error.kind {
            Kind::Database => failed(error),
            // The definition takes these rows, so the tables are others.
            Kind::Rows | Kind::Constraint => TargetError::Blocked(anyhow::Error::new(error).context(
                "a row as long as the definition allows does not fit; compare the tables with `gouji outlet schema`",
            )),
        })
    }

    async fn place(&mut self) -> Result<Kept, TargetError> {
        Ok(Kept::AtTarget(self.read_place().await?))
    }

    async fn deliver(&mut self, batch: &Batch) -> Result<(), TargetError> {
        let to = Place { log_made_at_ms: batch.log_made_at_ms, sequence: batch.to };
        let from = match self.place {
            Some(place) => place,
            None => self.read_place().await?,
        };
        let moves = Moves { outlet: self.outlet.clone(), from, to, at_ms: now_ms() };
        let rows: Vec<Rows> =
            batch.changes.iter().map(|change| Rows::of(batch.log_made_at_ms, change)).collect();
        let schema = self.schema.clone();
        let written = self
            .session
            .run("writing a batch", move |database| write(database, schema.as_deref(), &moves, &rows));
        self.place = Some(Some(written.await.map_err(failed)?));
        Ok(())
    }

    async fn rewind(&mut self, to: Place) -> Result<(), TargetError> {
        let from = self.read_place().await?;
        let moves = Moves { outlet: self.outlet.clone(), from, to, at_ms: now_ms() };
        let schema = self.schema.clone();
        let moved = self.session.run("moving the place", move |database| {
            if !move_place(database, schema.as_deref(), &moves)? {
                return Err(moved_by_another(&moves.outlet));
            }
            commit(database, schema.as_deref(), &moves)
        });
        moved.await.map_err(failed)?;
        self.place = Some(Some(to));
        Ok(())
    }

    async fn delivered(&mut self, log_made_at_ms: i64) -> Result<Option<BTreeSet<u64>>, TargetError> {
        let name = qualified(self.schema.as_deref(), REPORT.name);
        let read = self.session.run("reading what was delivered", move |database| {
            let sql = format!("SELECT seq FROM {name} WHERE log_made_at = {log_made_at_ms}");
            database.numbers("reading what was delivered", &sql)
        });
        let sequences = read.await.map_err(failed)?;
        Ok(Some(sequences.into_iter().filter_map(|sequence| u64::try_from(sequence).ok()).collect()))
    }
}

fn failed(error: OdbcError) -> TargetError {
    match error.kind {
        Kind::Database => TargetError::Blocked(error.into()),
        Kind::Rows | Kind::Constraint => TargetError::Refused(error.into()),
    }
}

/// How the place moves with a batch.
struct Moves {
    outlet: String,
    from: Option<Place>,
    to: Place,
    at_ms: i64,
}

/// The rows of one change.
struct Rows {
    sequence: i64,
    report: Vec<Value>,
    cells: Vec<Vec<Value>>,
    findings: Vec<Vec<Value>>,
    finding_cells: Vec<Vec<Value>>,
}

impl Rows {
    fn of(log_made_at_ms: i64, change: &Change) -> Self {
        let sequence = integer(change.sequence);
        let key = [Value::Integer(log_made_at_ms), Value::Integer(sequence)];
        let with = |rest: Vec<Value>| key.iter().cloned().chain(rest).collect::<Vec<Value>>();
        let report = |rest: Vec<Value>| {
            let named = [Value::text(&change.report), Value::text(&change.id)];
            with(named.into_iter().chain(rest).chain([Value::Time(change.at_ms)]).collect())
        };
        match &change.state {
            State::Stands(standing) => {
                let cells = standing.cells.iter().map(|cell| {
                    with(vec![
                        Value::text(&cell.cell),
                        Value::text(&cell.label),
                        Value::Decimal(cell.value.clone()),
                        Value::text(cell.state),
                    ])
                });
                let findings = standing.findings.iter().zip(1..).map(|(finding, number)| {
                    with(vec![
                        Value::Integer(number),
                        Value::text(&finding.rule),
                        Value::text(finding.severity),
                        Value::text(finding.verdict),
                        Value::text(&finding.message),
                    ])
                });
                let finding_cells = standing.findings.iter().zip(1..).flat_map(|(finding, number)| {
                    let cells: BTreeSet<&String> = finding.cells.iter().collect();
                    cells.into_iter().map(move |cell| vec![Value::Integer(number), Value::text(cell)])
                });
                Self {
                    sequence,
                    report: report(standing_columns(standing)),
                    cells: cells.collect(),
                    findings: findings.collect(),
                    finding_cells: finding_cells.map(with).collect(),
                }
            }
            State::Gone { region, year } => {
                let mut columns = vec![Value::text("gone"), Value::Null, Value::text(region), Value::Null];
                columns.extend([Value::Null, known_year(*year)]);
                columns.extend(std::iter::repeat_n(Value::Null, 6));
                Self {
                    sequence,
                    report: report(columns),
                    cells: Vec::new(),
                    findings: Vec::new(),
                    finding_cells: Vec::new(),
                }
            }
        }
    }
}

/// The columns of a report that stands, from its state on.
fn standing_columns(standing: &Standing) -> Vec<Value> {
    vec![
        Value::text("stands"),
        Value::text(&standing.version),
        Value::text(&standing.region),
        Value::text(&standing.region_name),
        Value::text(&standing.agency),
        known_year(standing.year),
        Value::text(&standing.form),
        Value::text(&standing.published),
        Value::text(standing.verdict),
        Value::Integer(standing.errors.into()),
        Value::Integer(standing.warnings.into()),
        Value::Integer(standing.rejudged.into()),
    ]
}

fn known_year(year: u16) -> Value {
    if year == 0 { Value::Null } else { Value::Integer(year.into()) }
}

/// A sequence of the log, which has no 2^63 facts.
fn integer(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as i64)
}

/// The place of the outlet; none before its first batch.
fn place_of(database: &Database, schema: Option<&str>, outlet: &str) -> Result<Option<Place>, OdbcError> {
    let doing = "reading the place";
    let sql = format!("SELECT outlet, log_made_at, seq FROM {}", qualified(schema, PLACE.name));
    let rows = database.rows(doing, &sql, &[], 2)?;
    let Some([Some(name), Some(made), Some(sequence)]) = rows.first().map(Vec::as_slice) else {
        return Ok(None);
    };
    // Rows of two outlets in the same tables would be distinguished by nobody.
    if name != outlet || rows.len() > 1 {
        return Err(OdbcError::database(format!(
            "{doing}: these are the tables of outlet {name}; give each outlet a schema of its own, or, if {name} was \
             renamed, change its name in {}",
            PLACE.name
        )));
    }
    match (made.trim().parse(), sequence.trim().parse()) {
        (Ok(log_made_at_ms), Ok(sequence)) => Ok(Some(Place { log_made_at_ms, sequence })),
        _ => Err(OdbcError::database(format!("{doing}: {made:?} and {sequence:?} are no place"))),
    }
}

/// Writes the rows of a batch and its place, all or none; returns the place.
fn write(
    database: &Database,
    schema: Option<&str>,
    moves: &Moves,
    rows: &[Rows],
) -> Result<Place, OdbcError> {
    let Moves { outlet, to, .. } = moves;
    let has_moved = move_place(database, schema, moves)?;
    let sequences = rows.iter().map(|rows| rows.sequence);
    let (Some(first), Some(last)) = (sequences.clone().min(), sequences.max()) else {
        return Err(OdbcError::rows("a batch has no change"));
    };
    let range = Range { schema, made: to.log_made_at_ms, first, last };
    let there = range.sequences(database)?;
    let new: Vec<&Rows> = rows.iter().filter(|rows| !there.contains(&rows.sequence)).collect();
    if !has_moved {
        // A call that was left behind, or a commit whose answer was lost, may have written this batch.
        let place = place_of(database, schema, outlet)?;
        let is_behind =
            |place: &Place| place.log_made_at_ms == to.log_made_at_ms && place.sequence >= to.sequence;
        let written = place.filter(|place| new.is_empty() && is_behind(place));
        return written.ok_or_else(|| moved_by_another(outlet));
    }
    bus::failpoint("moved");
    let all =
        |of: fn(&Rows) -> &[Vec<Value>]| new.iter().flat_map(|rows| of(rows)).cloned().collect::<Vec<_>>();
    let inserted = [
        (&REPORT, new.iter().map(|rows| rows.report.clone()).collect()),
        (&CELL, all(|rows| &rows.cells)),
        (&FINDING, all(|rows| &rows.findings)),
        (&FINDING_CELL, all(|rows| &rows.finding_cells)),
    ];
    for (table, rows) in inserted {
        range.insert(database, table, &rows, there.is_empty())?;
    }
    bus::failpoint("inserted");
    commit(database, schema, moves)?;
    Ok(*to)
}

/// Commits, and reads the place back: the driver of PostgreSQL also says that it committed where the connection was
/// lost before, and with it the transaction.
fn commit(database: &Database, schema: Option<&str>, moves: &Moves) -> Result<(), OdbcError> {
    database.commit()?;
    bus::failpoint("committed");
    let place = place_of(database, schema, &moves.outlet)?;
    if place.as_ref() == Some(&moves.to) {
        return Ok(());
    }
    Err(OdbcError::database(format!("the driver says that it committed, and the place is {place:?}")))
}

fn moved_by_another(outlet: &str) -> OdbcError {
    OdbcError::database(format!("another process moved the place of outlet {outlet}; nothing was written"))
}

/// Moves the place of the outlet, and keeps its row locked until the end of the transaction. Whether it was where
/// this process left it.
fn move_place(database: &Database, schema: Option<&str>, moves: &Moves) -> Result<bool, OdbcError> {
    let doing = "moving the place";
    let name = qualified(schema, PLACE.name);
    // The name of an outlet is letters, digits and `-`; everything else is a number or a time.
    let Moves { outlet, from, to, at_ms } = moves;
    let (made, sequence) = (to.log_made_at_ms, integer(to.sequence));
    let now = format!("TIMESTAMP '{}'", beijing::format_time(*at_ms));
    let Some(from) = from else {
        // Of two that insert the first, the key refuses one. Whether it is there is asked first, because an error
        // ends the transaction.
        if place_of(database, schema, outlet)?.is_some() {
            return Ok(false);
        }
        let sql = format!(
            "INSERT INTO {name} (outlet, log_made_at, seq, changed_at) \
             VALUES ('{outlet}', {made}, {sequence}, {now})"
        );
        return match database.change(doing, &sql, &[]) {
            Err(error) if error.kind == Kind::Constraint => {
                Err(OdbcError::database(format!("{doing}: another process serves outlet {outlet}")))
            }
            other => other.map(|_| true),
        };
    };
    let (was_made, was) = (from.log_made_at_ms, integer(from.sequence));
    let sql = format!(
        "UPDATE {name} SET log_made_at = {made}, seq = {sequence}, changed_at = {now} \
         WHERE outlet = '{outlet}' AND log_made_at = {was_made} AND seq = {was}"
    );
    // MySQL does not count a row that it finds and that has these values already.
    Ok(database.change(doing, &sql, &[])? == 1
        || (from == to && place_of(database, schema, outlet)?.as_ref() == Some(to)))
}

/// The rows of a range of the log.
struct Range<'a> {
    schema: Option<&'a str>,
    made: i64,
    first: i64,
    last: i64,
}

impl Range<'_> {
    fn condition(&self) -> String {
        let Self { made, first, last, .. } = self;
        format!("log_made_at = {made} AND seq BETWEEN {first} AND {last}")
    }

    /// The sequences whose rows are there.
    fn sequences(&self, database: &Database) -> Result<BTreeSet<i64>, OdbcError> {
        let name = qualified(self.schema, REPORT.name);
        let sql = format!("SELECT seq FROM {name} WHERE {}", self.condition());
        Ok(database.numbers("looking for rows that are there", &sql)?.into_iter().collect())
    }

    fn count(&self, database: &Database, table: &odbc::Table) -> Result<usize, OdbcError> {
        let name = qualified(self.schema, table.name);
        let sql = format!("SELECT COUNT(*) FROM {name} WHERE {}", self.condition());
        let count = database.numbers("counting rows", &sql)?;
        Ok(count.first().copied().unwrap_or_default().unsigned_abs() as usize)
    }

    /// Inserts rows and counts them: a driver that knows no arrays inserts the first of each without a word.
    fn insert(
        &self,
        database: &Database,
        table: &odbc::Table,
        rows: &[Vec<Value>],
        is_empty: bool,
    ) -> Result<(), OdbcError> {
        if rows.is_empty() {
            return Ok(());
        }
        let before = if is_empty { 0 } else { self.count(database, table)? };
        database.insert(self.schema, table, rows)?;
        let inserted = self.count(database, table)?.saturating_sub(before);
        if inserted == rows.len() {
            return Ok(());
        }
        database.insert_singly();
        Err(OdbcError::database(format!(
            "inserting into {}: {inserted} of {} rows are there, so this driver inserts no arrays; row by row from \
             now on",
            table.name,
            rows.len()
        )))
    }
}

/// Looks at every table and column, inserts a row into each, and takes them back.
fn test(database: &Database, schema: Option<&str>, outlet: &str) -> Result<Vec<String>, OdbcError> {
    let mut lines = vec![format!("connected to {}", database.system()?)];
    let place = place_of(database, schema, outlet)?;
    for view in [&CURRENT, &CELL_CURRENT] {
        let sql = format!("SELECT * FROM {} WHERE 1 = 0", qualified(schema, view.name));
        database.rows("looking at a view", &sql, &[], 1)?;
    }
    // No log was made in 1970.
    let range = Range { schema, made: 0, first: 0, last: 0 };
    let rows = Rows::of(0, &sample());
    let written = [
        (&REPORT, vec![rows.report]),
        (&CELL, rows.cells),
        (&FINDING, rows.findings),
        (&FINDING_CELL, rows.finding_cells),
    ];
    for (table, rows) in &written {
        range.insert(database, table, rows, true)?;
        lines.push(format!(
            "{}: its columns are there, and rows may be inserted",
            qualified(schema, table.name)
        ));
    }
    let name = qualified(schema, PLACE.name);
    let sql = format!("UPDATE {name} SET seq = seq WHERE outlet = '{outlet}'");
    database.change("testing whether the place may be moved", &sql, &[])?;
    let at = place.map_or("no batch was delivered yet".into(), |place| {
        let made = beijing::format_time(place.log_made_at_ms);
        format!("sequence {} of the log that was made at {made}", place.sequence)
    });
    lines.push(format!("{name}: {at}"));
    database.rollback()?;
    for (table, _) in &written {
        if range.count(database, table)? > 0 {
            return Err(OdbcError::database(format!(
                "{} has no transactions: a row stayed after it was taken back; delete the row with log_made_at = 0, \
                 and create the table again with an engine that has transactions (InnoDB)",
                table.name
            )));
        }
    }
    lines.push("transactions can be taken back".into());
    Ok(lines)
}

/// A change that a test writes and takes back: its texts are as long as their columns, so that a table with shorter ones
/// is found before a report is refused.
fn sample() -> Change {
    use crate::change::{CellRow, FindingRow};
    let longest = |table: &odbc::Table, name: &str, of: &str| of.repeat(table.text_length(name));
    let cell = CellRow {
        cell: "requests.received.total".into(),
        label: longest(&CELL, "label", "测"),
        value: "1".into(),
        state: "read",
    };
    let finding = FindingRow {
        rule: "T3-01".into(),
        severity: "error",
        verdict: "fails",
        message: longest(&FINDING, "finding_text", "测"),
        cells: vec![cell.cell.clone()],
    };
    let standing = Standing {
        version: longest(&REPORT, "report_version", "v"),
        original: String::new(),
        region: longest(&REPORT, "region_code", "0"),
        region_name: longest(&REPORT, "region_name", "测"),
        agency: longest(&REPORT, "agency", "测"),
        year: 2024,
        form: "2021".into(),
        published: longest(&REPORT, "published", "0"),
        verdict: "pass",
        errors: 0,
        warnings: 0,
        rejudged: false,
        cells: vec![cell],
        findings: vec![finding],
    };
    Change {
        sequence: 0,
        at_ms: 0,
        id: longest(&REPORT, "change_id", "t"),
        report: longest(&REPORT, "report_key", "t"),
        state: State::Stands(Box::new(standing)),
        json: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_a_value_for_each_column() {
        let rows = Rows::of(1, &sample());
        assert_eq!(rows.report.len(), REPORT.columns.len());
        assert_eq!(rows.cells[0].len(), CELL.columns.len());
        assert_eq!(rows.findings[0].len(), FINDING.columns.len());
        assert_eq!(rows.finding_cells[0].len(), FINDING_CELL.columns.len());
        let gone = Change { state: State::Gone { region: "3704".into(), year: 0 }, ..sample() };
        let rows = Rows::of(1, &gone);
        assert_eq!(rows.report.len(), REPORT.columns.len());
        assert_eq!(rows.report[4], Value::text("gone"));
        assert_eq!(rows.report[6], Value::text("3704"));
        assert_eq!(rows.report[9], Value::Null, "an unknown year is NULL, not 0");
        assert!(rows.cells.is_empty() && rows.findings.is_empty());
    }

    #[test]
    fn a_cell_without_a_figure_is_null() {
        let change = sample();
        let State::Stands(mut standing) = change.state.clone() else { panic!("it stands") };
        standing.cells[0].value = String::new();
        standing.cells[0].state = "blank";
        let rows = Rows::of(1, &Change { state: State::Stands(standing), ..change });
        assert_eq!(rows.cells[0][4..], [Value::Decimal(String::new()), Value::text("blank")]);
    }

    #[test]
    fn errors_of_the_database_block_and_errors_of_rows_refuse() {
        assert!(matches!(failed(OdbcError::database("away")), TargetError::Blocked(_)));
        assert!(matches!(failed(OdbcError::rows("too long")), TargetError::Refused(_)));
    }
}
