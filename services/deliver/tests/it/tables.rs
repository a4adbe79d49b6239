//! Exchange tables in PostgreSQL and in MariaDB, through their ODBC drivers.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use deliver::change::{Batch, CellRow, Change, FindingRow, Place, Standing, State};
use deliver::table::{self, Tables};
use deliver::target::{Kept, Target, TargetError};
use odbc::Dialect;
use rustix::process::Signal;
use worker::outlets::Routes;

use crate::disk::SmallDisk;
use crate::mariadb::{self, MariaDb};
use crate::postgres::{self, Postgres, User};
use crate::processes::until;
use crate::skip::skip;

/// When the log of these tests was made.
const MADE: i64 = 1_795_276_800_000;
const PASSWORD: &str = "geheim";

/// A database with the tables in the schema `bus`, and a user that may do what an outlet has to.
trait Server {
    const DIALECT: Dialect;
    /// Defines the user and grants it what it needs.
    fn grant(&self);
    /// Grants it the views, which were made again.
    fn grant_views(&self);
    /// Runs statements as an administrator.
    fn sql(&self, sql: &str) -> String;
    fn client(&self, sql: &str) -> Command;
    fn connection_string(&self, password: &str) -> String;
    /// Ends every connection of the user.
    fn disconnect(&self);
    /// A statement that holds a lock on the reports for longer than a test waits, and a query for the ids of those
    /// that hold it.
    const LOCK: [&str; 2];
    /// Ends a connection.
    fn end(&self, id: &str);
    fn kill(&mut self);
    async fn start_again(&mut self);
}

impl Server for Postgres {
    const DIALECT: Dialect = Dialect::Postgres;

    fn grant(&self) {
        self.sql(&format!(
            "CREATE ROLE gouji LOGIN PASSWORD '{PASSWORD}'; GRANT USAGE ON SCHEMA bus TO gouji; \
             GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA bus TO gouji; \
             GRANT UPDATE ON bus.gouji_place TO gouji"
        ));
    }

    fn grant_views(&self) {
        self.sql("GRANT SELECT ON ALL TABLES IN SCHEMA bus TO gouji");
    }

    fn sql(&self, sql: &str) -> String {
        self.psql("postgres", sql).unwrap().replace('|', "\t")
    }

    fn client(&self, sql: &str) -> Command {
        self.client("postgres", sql)
    }

    fn connection_string(&self, password: &str) -> String {
        let port = self.port();
        let driver = postgres::DRIVER;
        format!("Driver={driver};Servername=127.0.0.1;Port={port};Database=postgres;UID=gouji;PWD={password}")
    }

    fn disconnect(&self) {
        self.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'gouji'");
    }

    const LOCK: [&str; 2] = [
        "BEGIN; LOCK TABLE bus.gouji_report IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)",
        "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
    ];

    fn end(&self, id: &str) {
        self.sql(&format!("SELECT pg_terminate_backend({id})"));
    }

    fn kill(&mut self) {
        self.kill().unwrap();
    }

    async fn start_again(&mut self) {
        self.start_again().await.unwrap();
    }
}

impl Server for MariaDb {
    const DIALECT: Dialect = Dialect::MySql;

    fn grant(&self) {
        self.sql(&format!(
            "CREATE USER gouji@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; \
             GRANT SELECT, INSERT ON bus.* TO gouji@'127.0.0.1'; \
             GRANT UPDATE ON bus.gouji_place TO gouji@'127.0.0.1'"
        ));
    }

    /// The grant on the schema holds for them.
    fn grant_views(&self) {}

    fn sql(&self, sql: &str) -> String {
        self.mariadb("mysql", sql).unwrap()
    }

    fn client(&self, sql: &str) -> Command {
        self.client("mysql", sql)
    }

    fn connection_string(&self, password: &str) -> String {
        let port = self.port();
        let driver = mariadb::DRIVER;
        format!("Driver={driver};Server=127.0.0.1;Port={port};Database=bus;UID=gouji;PWD={password}")
    }

    fn disconnect(&self) {
        let ids = self.sql("SELECT id FROM information_schema.processlist WHERE user = 'gouji'");
        ids.lines().for_each(|id| self.end(id));
    }

    const LOCK: [&str; 2] = [
        "LOCK TABLES bus.gouji_report WRITE; SELECT SLEEP(600)",
        "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'",
    ];

    fn end(&self, id: &str) {
        // It may have ended meanwhile.
        self.mariadb("mysql", &format!("KILL CONNECTION {id}")).ok();
    }

    fn kill(&mut self) {
        self.kill().unwrap();
    }

    async fn start_again(&mut self) {
        self.start_again().await.unwrap();
    }
}

/// An outlet's tables on a server.
struct Exchange<S> {
    server: S,
    dsn: PathBuf,
}

impl<S: Server> Exchange<S> {
    /// Defines the tables with what `gouji outlet schema` prints.
    fn new(server: S, folder: &Path) -> Self {
        server.sql("CREATE SCHEMA bus");
        server.sql(&table::schema(S::DIALECT, Some("bus")));
        server.grant();
        let exchange = Self { server, dsn: folder.join("bus.dsn") };
        exchange.write_dsn(PASSWORD);
        exchange
    }

    fn write_dsn(&self, password: &str) {
        fs::write(&self.dsn, self.server.connection_string(password)).unwrap();
        fs::set_permissions(&self.dsn, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The target as an outlet has it, with a limit of a second.
    fn tables(&self) -> Tables {
        self.tables_of("sheng", 1)
    }

    fn tables_of(&self, outlet: &str, timeout_seconds: u64) -> Tables {
        let dsn = self.dsn.display();
        let settings = format!(
            "[[outlet]]\nname = \"{outlet}\"\nto = \"table\"\ncarry = \"findings\"\n[outlet.table]\n\
             dsn = \"{dsn}\"\nschema = \"bus\"\ntimeout_seconds = {timeout_seconds}\n"
        );
        let routes: Routes = toml::from_str(&settings).unwrap();
        Tables::new(&routes.outlets[0]).unwrap()
    }

    fn count(&self, table: &str) -> usize {
        self.server.sql(&format!("SELECT COUNT(*) FROM bus.{table}")).parse().unwrap()
    }

    /// Rows, distinct rows and the place, as somebody else counts them.
    fn check_whole(&self, reports: usize, cells_each: usize) {
        assert_eq!(self.count("gouji_report"), reports);
        assert_eq!(self.count("gouji_cell"), reports * cells_each);
        let distinct =
            self.server.sql("SELECT COUNT(*) FROM (SELECT DISTINCT seq, cell FROM bus.gouji_cell) AS d");
        assert_eq!(distinct.parse::<usize>().unwrap(), reports * cells_each);
        let place = self.server.sql("SELECT seq FROM bus.gouji_place");
        assert_eq!(place, reports.to_string());
    }
}

fn standing(cells: usize) -> Standing {
    let cells = (0..cells).map(|at| CellRow {
        cell: format!("requests.received.{at}"),
        label: "收到政府信息公开申请".into(),
        value: format!("{at}.5"),
        state: "read",
    });
    Standing {
        version: "v".into(),
        original: "original".into(),
        region: "370400".into(),
        region_name: "山东省枣庄市".into(),
        // The third is beyond the first plane of Unicode.
        agency: "枣庄𠮷局".into(),
        year: 2024,
        form: "2021".into(),
        published: "2025-01-20".into(),
        verdict: "fail",
        errors: 1,
        warnings: 0,
        rejudged: false,
        cells: cells.collect(),
        findings: vec![FindingRow {
            rule: "T3-01".into(),
            severity: "error",
            verdict: "fails",
            message: "收到的申请数与办理结果不符，请核对。".into(),
            cells: vec!["requests.received.0".into(), "requests.received.1".into()],
        }],
    }
}

fn change(sequence: u64, standing: Standing) -> Change {
    Change {
        sequence,
        at_ms: MADE + sequence.cast_signed(),
        id: format!("report-{sequence}.v"),
        report: format!("report-{sequence}"),
        state: State::Stands(Box::new(standing)),
        json: String::new(),
    }
}

fn batch(changes: Vec<Change>) -> Batch {
    let (from, to) = (changes.first().unwrap().sequence, changes.last().unwrap().sequence);
    Batch { log_made_at_ms: MADE, from, to, changes }
}

fn batch_of(range: std::ops::RangeInclusive<u64>, cells: usize) -> Batch {
    batch(range.map(|sequence| change(sequence, standing(cells))).collect())
}

fn place(sequence: u64) -> Kept {
    Kept::AtTarget(Some(Place { log_made_at_ms: MADE, sequence }))
}

fn blocked(result: Result<(), TargetError>) -> String {
    match result {
        Err(TargetError::Blocked(error)) => format!("{error:#}"),
        other => panic!("it is not blocked: {other:?}"),
    }
}

fn refused(result: Result<(), TargetError>) -> String {
    match result {
        Err(TargetError::Refused(error)) => format!("{error:#}"),
        other => panic!("it is not refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_takes_rows_and_place_in_one_transaction() {
    if !Postgres::is_there() {
        return skip(
            "postgresql_takes_rows_and_place_in_one_transaction",
            "no PostgreSQL",
            postgres::INSTALL,
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Postgres::start(folder.path()).await.unwrap();
    let mut exchange = Exchange::new(server, folder.path());
    whole_rows(&exchange).await;
    rows_that_do_not_fit(&exchange).await;
    what_is_not_set_up(&exchange).await;
    one_process_an_outlet(&exchange).await;
    slow(&exchange).await;
    empty(&exchange);
    the_disk_is_full(&exchange, folder.path()).await;
    empty(&exchange);
    connections_are_lost(&exchange).await;
    empty(&exchange);
    the_database_is_killed(&mut exchange).await;
}

/// The cells are on a disk of their own, which somebody fills.
async fn the_disk_is_full(exchange: &Exchange<Postgres>, folder: &Path) {
    let at = folder.join("disk");
    let Ok(disk) = SmallDisk::mount(&at, 24) else {
        return skip("the_disk_is_full", "no disk can be mounted", "run as root");
    };
    let space = at.join("space");
    User::folder(User::find("postgres").unwrap(), &space).unwrap();
    let server = &exchange.server;
    server.sql(&format!("CREATE TABLESPACE small LOCATION '{}'", space.display()));
    server.sql("ALTER TABLE bus.gouji_cell SET TABLESPACE small");
    disk.fill().unwrap();
    let mut tables = exchange.tables_of("sheng", 10);
    let said = blocked(tables.deliver(&batch_of(1..=20, 100)).await);
    assert!(said.contains("SQLSTATE 53100"), "{said}");
    assert_eq!(exchange.count("gouji_report") + exchange.count("gouji_place"), 0);
    disk.make_room().unwrap();
    delivered_at_last(&mut tables, &batch_of(1..=20, 100)).await;
    exchange.check_whole(20, 100);
    server.sql("ALTER TABLE bus.gouji_cell SET TABLESPACE pg_default");
    server.sql("DROP TABLESPACE small");
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_takes_rows_and_place_in_one_transaction() {
    if !MariaDb::is_there() {
        return skip("mariadb_takes_rows_and_place_in_one_transaction", "no MariaDB", mariadb::INSTALL);
    }
    let folder = tempfile::tempdir().unwrap();
    let server = MariaDb::start(folder.path()).await.unwrap();
    let mut exchange = Exchange::new(server, folder.path());
    whole_rows(&exchange).await;
    rows_that_do_not_fit(&exchange).await;
    what_is_not_set_up(&exchange).await;
    one_process_an_outlet(&exchange).await;
    slow(&exchange).await;
    empty(&exchange);
    frozen(&exchange).await;
    empty(&exchange);
    connections_are_lost(&exchange).await;
    empty(&exchange);
    the_database_is_killed(&mut exchange).await;
    let other = "ALTER TABLE bus.gouji_cell ENGINE=MyISAM";
    exchange.server.sql(other);
    let error = exchange.tables().test().await.unwrap_err();
    assert!(error.to_string().contains("gouji_cell has no transactions"), "{error}");
}

fn empty<S: Server>(exchange: &Exchange<S>) {
    for table in table::TABLES {
        exchange.server.sql(&format!("DELETE FROM bus.{}", table.name));
    }
}

/// Five states of cells, Chinese, times; a report that is gone; a batch that comes again.
async fn whole_rows<S: Server>(exchange: &Exchange<S>) {
    let mut tables = exchange.tables();
    let lines = tables.test().await.unwrap();
    assert!(lines.iter().any(|line| line.contains("no batch was delivered yet")), "{lines:?}");
    assert_eq!(exchange.count("gouji_report"), 0, "a test leaves nothing");
    assert_eq!(tables.place().await.unwrap(), Kept::AtTarget(None));

    let mut first = standing(2);
    let state = |cell: &str, value: &str, state| CellRow {
        cell: cell.into(),
        label: "格".into(),
        value: value.into(),
        state,
    };
    first.cells.extend([
        state("zero", "0", "read"),
        state("blank", "", "blank"),
        state("placeholder", "", "placeholder"),
        state("missing", "", "missing"),
        state("doubtful", "", "doubtful"),
        state("large", "79228162514264337593543950335", "read"),
        state("small", "-0.000000001", "derived"),
    ]);
    tables.deliver(&batch(vec![change(1, first.clone()), change(2, standing(2))])).await.unwrap();
    assert_eq!(tables.place().await.unwrap(), place(2));
    let server = &exchange.server;
    assert_eq!(
        server.sql("SELECT agency, region_name, report_year, verdict, error_count FROM bus.gouji_report WHERE seq = 1"),
        "枣庄𠮷局\t山东省枣庄市\t2024\tfail\t1"
    );
    let at = server.sql("SELECT changed_at FROM bus.gouji_report WHERE seq = 1");
    assert_eq!(at, "2026-11-22 00:00:00.001", "the time of Beijing");
    let cells = "SELECT cell, cell_state, CASE WHEN cell_value IS NULL THEN 'null' ELSE 'known' END \
                 FROM bus.gouji_cell WHERE seq = 1 AND cell NOT LIKE 'requests%' ORDER BY cell";
    assert_eq!(
        server.sql(cells),
        "blank\tblank\tnull\ndoubtful\tdoubtful\tnull\nlarge\tread\tknown\nmissing\tmissing\tnull\n\
         placeholder\tplaceholder\tnull\nsmall\tderived\tknown\nzero\tread\tknown"
    );
    let exact = "SELECT cell_value FROM bus.gouji_cell WHERE seq = 1 AND cell IN ('large', 'small', 'zero') ORDER BY cell";
    assert_eq!(server.sql(exact), "79228162514264337593543950335.000000000\n-0.000000001\n0.000000000");
    assert_eq!(
        server.sql("SELECT finding_text FROM bus.gouji_finding WHERE seq = 2"),
        "收到的申请数与办理结果不符，请核对。"
    );
    assert_eq!(exchange.count("gouji_finding_cell"), 4);

    // A later version, and one that is gone.
    let mut again = change(3, standing(3));
    again.report = "report-1".into();
    let mut gone = change(4, standing(0));
    gone.report = "report-2".into();
    gone.state = State::Gone { region: "370400".into(), year: 2024 };
    let third = batch(vec![again, gone]);
    tables.deliver(&third).await.unwrap();
    assert_eq!(server.sql("SELECT report_key, seq FROM bus.gouji_current"), "report-1\t3");
    assert_eq!(server.sql("SELECT COUNT(*) FROM bus.gouji_current_cell"), "3");
    assert_eq!(
        server.sql("SELECT report_state, agency IS NULL FROM bus.gouji_report WHERE seq = 4").as_bytes()[0],
        b'g'
    );
    let delivered = tables.delivered(MADE).await.unwrap().unwrap();
    assert_eq!(delivered.into_iter().collect::<Vec<u64>>(), [1, 2, 3, 4]);
    assert_eq!(tables.delivered(MADE + 1).await.unwrap().unwrap().len(), 0, "another log");

    // Its answer was lost: the same batch of the same process.
    tables.deliver(&third).await.unwrap();
    // A change that was set aside is delivered later; the place stays.
    let mut earlier = batch_of(0..=0, 1);
    earlier.to = 4;
    tables.deliver(&earlier).await.unwrap();
    tables.deliver(&earlier).await.unwrap();
    assert_eq!((exchange.count("gouji_report"), tables.place().await.unwrap()), (5, place(4)));
    // An operator rewound the outlet: what is there is left out, what is new is not.
    let mut rewound = exchange.tables();
    rewound.rewind(Place { log_made_at_ms: MADE, sequence: 0 }).await.unwrap();
    assert_eq!(rewound.place().await.unwrap(), place(0));
    rewound
        .deliver(&batch(vec![change(1, first), change(2, standing(2)), change(5, standing(2))]))
        .await
        .unwrap();
    assert_eq!(exchange.count("gouji_report"), 6);
    assert_eq!(rewound.place().await.unwrap(), place(5));
    // The log was made rebuilt and starts over.
    let mut rebuilt = batch_of(1..=2, 1);
    rebuilt.log_made_at_ms = MADE + 86_400_000;
    rewound.deliver(&rebuilt).await.unwrap();
    assert_eq!(exchange.count("gouji_report"), 8);
    let current =
        server.sql("SELECT report_key, seq, log_made_at FROM bus.gouji_current ORDER BY report_key");
    let after = MADE + 86_400_000;
    assert_eq!(
        current,
        format!("report-0\t0\t{MADE}\nreport-1\t1\t{after}\nreport-2\t2\t{after}\nreport-5\t5\t{MADE}")
    );
    let lines = rewound.test().await.unwrap();
    assert!(lines.iter().any(|line| line.contains("sequence 2 of the log")), "{lines:?}");
}

async fn rows_that_do_not_fit<S: Server>(exchange: &Exchange<S>) {
    empty(exchange);
    let mut tables = exchange.tables();
    let long = Standing { agency: "长".repeat(501), ..standing(1) };
    let said = refused(tables.deliver(&batch(vec![change(1, standing(1)), change(2, long)])).await);
    assert!(said.contains("column agency of gouji_report: a text of 501 characters"), "{said}");
    // PostgreSQL has no such character in a text, and its driver would end the text there.
    let nul = Standing { agency: "a\0b".into(), ..standing(1) };
    let said = refused(tables.deliver(&batch(vec![change(1, nul)])).await);
    assert!(said.contains("column agency of gouji_report: a text with a NUL"), "{said}");
    let mut fine = standing(1);
    fine.cells[0].value = "0.0000000001".into();
    let said = refused(tables.deliver(&batch(vec![change(1, fine)])).await);
    assert!(said.contains("column cell_value of gouji_cell"), "{said}");
    let mut twice = standing(1);
    twice.cells.push(twice.cells[0].clone());
    let said = refused(tables.deliver(&batch(vec![change(1, twice)])).await);
    assert!(said.contains("SQLSTATE 23"), "{said}");
    assert_eq!(exchange.count("gouji_report") + exchange.count("gouji_place"), 0, "all or none");
    let longest = Standing { agency: "长".repeat(500), ..standing(1) };
    tables.deliver(&batch(vec![change(1, longest)])).await.unwrap();
}

/// What an administrator has to do is in the error.
async fn what_is_not_set_up<S: Server>(exchange: &Exchange<S>) {
    let server = &exchange.server;
    empty(exchange);
    let check = async |expected: &str| {
        let mut tables = exchange.tables();
        let said = match tables.test().await {
            Err(TargetError::Blocked(error)) => format!("{error:#}"),
            other => panic!("{expected}: {other:?}"),
        };
        assert!(said.contains(expected) && !said.contains(PASSWORD), "{expected}: {said}");
        assert!(blocked(tables.deliver(&batch_of(1..=2, 1)).await).contains(expected), "{expected}");
    };
    let (away, back) = match S::DIALECT {
        Dialect::MySql => ("bus.away", "bus.gouji_finding"),
        _ => ("away", "gouji_finding"),
    };
    server.sql(&format!("ALTER TABLE bus.gouji_finding RENAME TO {away}"));
    check("gouji outlet schema").await;
    server.sql(&format!("ALTER TABLE bus.away RENAME TO {back}"));
    server.sql("ALTER TABLE bus.gouji_finding RENAME COLUMN rule_id TO rule_name");
    check("gouji outlet schema").await;
    server.sql("ALTER TABLE bus.gouji_finding RENAME COLUMN rule_name TO rule_id");
    // A column that takes short texts only is found before a report is refused.
    let (narrow, wide) = match S::DIALECT {
        Dialect::MySql => ("MODIFY agency VARCHAR(20)", "MODIFY agency VARCHAR(500)"),
        _ => ("ALTER COLUMN agency TYPE VARCHAR(20)", "ALTER COLUMN agency TYPE VARCHAR(500)"),
    };
    // The view has the type of the column too.
    let views = table::schema(S::DIALECT, Some("bus"));
    let (first_view, _) = views.match_indices("CREATE VIEW").next().unwrap();
    let alter = |how: &str| {
        server.sql("DROP VIEW bus.gouji_current_cell");
        server.sql("DROP VIEW bus.gouji_current");
        server.sql(&format!("ALTER TABLE bus.gouji_report {how}"));
        server.sql(&views[first_view..]);
        server.grant_views();
    };
    alter(narrow);
    let error = exchange.tables().test().await.unwrap_err();
    assert!(matches!(error, TargetError::Blocked(_)), "{error:?}");
    let said = error.to_string();
    assert!(said.contains("as long as the definition allows") && said.contains("SQLSTATE 22001"), "{said}");
    alter(wide);
    exchange.write_dsn("wrong-secret");
    check("SQLSTATE").await;
    exchange.write_dsn(PASSWORD);
    fs::set_permissions(&exchange.dsn, fs::Permissions::from_mode(0o644)).unwrap();
    check("chmod 600").await;
    exchange.write_dsn(PASSWORD);
    exchange.tables().test().await.unwrap();
}

async fn one_process_an_outlet<S: Server>(exchange: &Exchange<S>) {
    empty(exchange);
    let mut one = exchange.tables();
    let mut other = exchange.tables();
    one.deliver(&batch_of(1..=1, 1)).await.unwrap();
    assert_eq!(other.place().await.unwrap(), place(1));
    other.deliver(&batch_of(2..=2, 1)).await.unwrap();
    let said = blocked(one.deliver(&batch_of(2..=3, 1)).await);
    assert!(said.contains("another process moved the place of outlet sheng"), "{said}");
    assert_eq!(exchange.count("gouji_report"), 2);
    let said = match exchange.tables_of("shi", 1).place().await {
        Err(error) => error.to_string(),
        Ok(place) => panic!("tables of another outlet have {place:?}"),
    };
    assert!(said.contains("these are the tables of outlet sheng"), "{said}");
}

/// Somebody holds a lock for longer than the limit.
async fn slow<S: Server>(exchange: &Exchange<S>) {
    empty(exchange);
    let mut tables = exchange.tables();
    assert_eq!(tables.place().await.unwrap(), Kept::AtTarget(None));
    let [lock, holders] = S::LOCK;
    let server = &exchange.server;
    let mut client = server.client(lock).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let holder = until("the lock", PATIENCE, async || {
        let holder = server.sql(holders);
        Ok((!holder.is_empty()).then_some(holder))
    });
    let holder = holder.await.unwrap();
    blocked(tables.deliver(&batch_of(1..=20, 2)).await);
    server.end(&holder);
    client.wait().unwrap();
    delivered_at_last(&mut tables, &batch_of(1..=20, 2)).await;
    exchange.check_whole(20, 2);
}

/// The server answers nothing at all, and neither does the driver.
async fn frozen(exchange: &Exchange<MariaDb>) {
    let mut tables = exchange.tables();
    tables.deliver(&batch_of(1..=20, 2)).await.unwrap();
    exchange.server.process().signal(Signal::STOP).unwrap();
    let said = blocked(tables.deliver(&batch_of(21..=40, 2)).await);
    assert!(said.contains("did not answer within 2 s"), "{said}");
    exchange.server.process().signal(Signal::CONT).unwrap();
    delivered_at_last(&mut tables, &batch_of(21..=40, 2)).await;
    exchange.check_whole(40, 2);
}

const PATIENCE: Duration = Duration::from_secs(60);

/// Delivers a batch as the loop does: again while it is blocked.
async fn delivered_at_last(tables: &mut Tables, batch: &Batch) {
    let mut last = String::new();
    let delivered = until("a batch to be delivered", PATIENCE, async || match tables.deliver(batch).await {
        Ok(()) => Ok(Some(())),
        Err(TargetError::Blocked(error)) => {
            last = format!("{error:#}");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    });
    delivered.await.with_context(|| last).unwrap();
}

/// Whether a batch was committed is unknown 25 times in a run of 5,000 cells.
async fn connections_are_lost<S: Server>(exchange: &Exchange<S>) {
    let mut tables = exchange.tables_of("sheng", 10);
    let mut losses = 0;
    for at in 0..50 {
        let batch = batch_of(at * 10 + 1..=at * 10 + 10, 10);
        let deliver = delivered_at_last(&mut tables, &batch);
        if at % 2 == 1 {
            deliver.await;
            continue;
        }
        // In the middle of it, sooner or later.
        let disconnect = async {
            tokio::time::sleep(Duration::from_millis(at)).await;
            tokio::task::block_in_place(|| exchange.server.disconnect());
        };
        tokio::join!(deliver, disconnect);
        losses += 1;
    }
    assert_eq!(losses, 25);
    exchange.check_whole(500, 10);
}

async fn the_database_is_killed<S: Server>(exchange: &mut Exchange<S>) {
    let mut tables = exchange.tables();
    tables.deliver(&batch_of(1..=20, 20)).await.unwrap();
    for round in 1..=3 {
        let batch = batch_of(round * 20 + 1..=round * 20 + 20, 20);
        let server = &mut exchange.server;
        let kill = async {
            tokio::time::sleep(Duration::from_millis(10 * round)).await;
            tokio::task::block_in_place(|| server.kill());
        };
        let (first, ()) = tokio::join!(tables.deliver(&batch), kill);
        if first.is_err() {
            blocked(first);
            blocked(tables.deliver(&batch).await);
        }
        exchange.server.start_again().await;
        delivered_at_last(&mut tables, &batch).await;
    }
    exchange.check_whole(80, 20);
}
