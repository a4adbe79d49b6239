//! The process of an outlet, killed again and again while it writes exchange tables.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bus::Bus;
use bus::topology::{self, Changes};
use deliver::table;
use odbc::Dialect;
use proto::v1::{self, Blob, IndexOutcome, ReportIndexed, ReportSubmitted, ReportValidated};
use report::{Cell, Cells, Decimal, Form, FormId, Origin, Region, Report, Year};
use serde_json::Value;
use worker::{Config, CpuPool, Shutdown, Worker};

use crate::mariadb::{self, MariaDb};
use crate::postgres::{self, Postgres};
use crate::processes::{NatsServer, Process, SyncInterval, until};
use crate::skip::skip;

/// Kills of the process.
const KILLS: usize = 25;
/// Reports that become known between two kills. A report has more than a hundred cells.
const REPORTS: usize = 8;
const PATIENCE: Duration = Duration::from_secs(120);

/// Points at which the process is killed: the place is moved, everything is inserted, the transaction is committed,
/// and the loop knows it. Several of them are reached in the second batch.
const POINTS: [&str; 5] = ["moved", "inserted", "committed", "delivered", "inserted"];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_by_25_kills() {
    if !Postgres::is_there() {
        return skip("nothing_is_lost_or_doubled_by_25_kills", "no PostgreSQL", postgres::INSTALL);
    }
    let folder = tempfile::tempdir().unwrap();
    let nats = NatsServer::start(&folder.path().join("nats"), SyncInterval::Default).await.unwrap();
    let database = Postgres::start(folder.path()).await.unwrap();
    database.psql("postgres", &table::schema(Dialect::Postgres, None)).unwrap();
    let settings = settings(folder.path(), &of_postgres(&database), "UID=postgres");
    let worker = worker(folder.path(), &nats.url()).await;
    let bus = worker.bus();

    for kill in 0..KILLS {
        for number in 0..REPORTS {
            publish(bus, kill * REPORTS + number).await;
        }
        let mut killed = outlet(&settings, &nats.url(), folder.path(), Some(POINTS[kill % POINTS.len()]));
        let status = killed.end(PATIENCE).await.unwrap();
        assert!(!status.success(), "it ended by itself: {status}");
    }
    let reports = KILLS * REPORTS;
    let last = bus.extent().await.unwrap().last;
    let mut outlet = outlet(&settings, &nats.url(), folder.path(), None);
    until("everything to be delivered", PATIENCE, async || {
        assert_eq!(outlet.ended()?, None);
        Ok((database.psql("postgres", "SELECT seq FROM gouji_place")? == last.to_string()).then_some(()))
    })
    .await
    .unwrap();

    let count = |sql: &str| database.psql("postgres", sql).unwrap().parse::<usize>().unwrap();
    let cells = Form::get(FormId::F2021).cells().len() * reports;
    assert!(cells >= 20_000, "{cells} cells are too few");
    assert_eq!(count("SELECT COUNT(*) FROM gouji_report"), reports);
    assert_eq!(count("SELECT COUNT(DISTINCT report_key) FROM gouji_current"), reports);
    assert_eq!(count("SELECT COUNT(*) FROM gouji_cell"), cells);
    assert_eq!(
        count("SELECT COUNT(*) FROM (SELECT DISTINCT log_made_at, seq, cell FROM gouji_cell) AS d"),
        cells
    );
    assert_eq!(count("SELECT COUNT(*) FROM gouji_place"), 1);
    // Each report has its number in its first cell, and all others are missing.
    let figures = "SELECT SUM(cell_value) FROM gouji_current_cell WHERE cell_state = 'read'";
    let sum = database.psql("postgres", figures).unwrap();
    assert_eq!(sum.split('.').next().unwrap(), (reports * (reports - 1) / 2).to_string());
    let missing = "SELECT COUNT(*) FROM gouji_cell WHERE cell_state = 'missing' AND cell_value IS NULL";
    assert_eq!(count(missing), cells - reports);
    rows_say_what_the_messages_say(&database, &settings, &nats, folder.path()).await;
    worker.shutdown().trigger();
}

/// A second outlet writes the JSON objects of the same reports; the rows are what these say.
async fn rows_say_what_the_messages_say(
    database: &Postgres,
    settings: &Path,
    nats: &NatsServer,
    folder: &Path,
) {
    let out = folder.join("out");
    fs::create_dir(&out).unwrap();
    let text = fs::read_to_string(settings).unwrap();
    let second = format!(
        "[[outlet]]\nname = \"wen\"\nto = \"folder\"\n[outlet.folder]\npath = {out:?}\nevery = \"0s\"\n\
         rows = 10000\nformats = [\"jsonl\"]\n"
    );
    fs::write(settings, text + &second).unwrap();
    let _outlet = start("wen", settings, &nats.url(), folder, None);
    let json = |sql: &str| -> BTreeMap<String, Value> {
        let lines = database.psql("postgres", sql).unwrap();
        let row = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        lines.lines().map(|line| (row(line)["key"].as_str().unwrap().to_owned(), row(line))).collect()
    };
    let reports = json("SELECT row_to_json(r) FROM (SELECT report_key AS key, * FROM gouji_current) r");
    let cells = json(
        "SELECT json_build_object('key', report_key, 'cells', json_object_agg(cell, \
         json_build_array(trim_scale(cell_value)::text, cell_state))) FROM gouji_current_cell GROUP BY report_key",
    );
    let messages = until("the JSON objects", PATIENCE, async || {
        let batches = fs::read_dir(&out)?.map(|batch| batch.unwrap().path());
        let whole = batches.filter(|batch| batch.join("manifest.json").is_file());
        let texts = whole.map(|batch| fs::read_to_string(batch.join("reports.jsonl")).unwrap());
        let lines: Vec<Value> = texts
            .flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>())
            .collect();
        Ok((lines.len() == reports.len()).then_some(lines))
    });
    for message in messages.await.unwrap() {
        let key = message["report"].as_str().unwrap();
        let row = &reports[key];
        let pairs = [
            ("report_version", &message["version"]),
            ("region_code", &message["region"]["code"]),
            ("region_name", &message["region"]["name"]),
            ("agency", &message["agency"]),
            ("report_year", &message["year"]),
            ("form", &message["form"]),
            ("published", &message["published"]),
            ("verdict", &message["verdict"]),
            ("error_count", &message["errors"]),
            ("warning_count", &message["warnings"]),
        ];
        for (column, said) in pairs {
            assert_eq!(&row[column], said, "{column} of {key}");
        }
        assert_eq!(row["rejudged"] == 1, message["rejudged"] == true, "{key}");
        let (said, rows) = (message["cells"].as_object().unwrap(), cells[key]["cells"].as_object().unwrap());
        assert_eq!(said.len(), rows.len(), "{key}");
        for (cell, said) in said {
            assert_eq!(rows[cell][0], said["value"], "{cell} of {key}");
            assert_eq!(rows[cell][1], said["state"], "{cell} of {key}");
        }
    }
}

/// Rounds in MariaDB; in every second one the server is killed, in the others the process of the outlet.
const ROUNDS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_while_mariadb_and_the_outlet_are_killed() {
    const TEST: &str = "nothing_is_lost_or_doubled_while_mariadb_and_the_outlet_are_killed";
    if !MariaDb::is_there() {
        return skip(TEST, "no MariaDB", mariadb::INSTALL);
    }
    let folder = tempfile::tempdir().unwrap();
    let nats = NatsServer::start(&folder.path().join("nats"), SyncInterval::Default).await.unwrap();
    let mut database = MariaDb::start(folder.path()).await.unwrap();
    database.mariadb("mysql", "CREATE SCHEMA bus").unwrap();
    database.mariadb("bus", &table::schema(Dialect::MySql, None)).unwrap();
    let settings = settings(folder.path(), &of_mariadb(&database), "UID=root");
    let worker = worker(folder.path(), &nats.url()).await;
    let bus = worker.bus();
    let started = |failpoint| outlet(&settings, &nats.url(), folder.path(), failpoint);

    for round in 0..ROUNDS {
        for number in 0..REPORTS {
            publish(bus, round * REPORTS + number).await;
        }
        if round % 2 == 0 {
            let mut killed = started(Some(POINTS[round / 2 % POINTS.len()]));
            assert!(!killed.end(PATIENCE).await.unwrap().success());
            continue;
        }
        // It delivers, then its database is gone, and comes back.
        let mut outlet = started(None);
        let last = bus.extent().await.unwrap().last;
        arrived(&database, &mut outlet, last).await;
        publish(bus, ROUNDS * REPORTS + round).await;
        database.kill().unwrap();
        database.start_again().await.unwrap();
        let last = bus.extent().await.unwrap().last;
        arrived(&database, &mut outlet, last).await;
        outlet.kill().unwrap();
    }
    let reports = ROUNDS * REPORTS + ROUNDS / 2;
    let count = |sql: &str| database.mariadb("bus", sql).unwrap().parse::<usize>().unwrap();
    let cells = Form::get(FormId::F2021).cells().len() * reports;
    assert_eq!(count("SELECT COUNT(*) FROM gouji_report"), reports);
    assert_eq!(count("SELECT COUNT(DISTINCT report_key) FROM gouji_current"), reports);
    assert_eq!(count("SELECT COUNT(*) FROM gouji_cell"), cells);
    let distinct = "SELECT COUNT(*) FROM (SELECT DISTINCT log_made_at, seq, cell FROM gouji_cell) AS d";
    assert_eq!(count(distinct), cells);
    worker.shutdown().trigger();
}

/// Waits until the place in the database is there.
async fn arrived(database: &MariaDb, outlet: &mut Process, place: u64) {
    until("the place in MariaDB", PATIENCE, async || {
        assert_eq!(outlet.ended()?, None, "{}", outlet.said());
        Ok((database.mariadb("bus", "SELECT seq FROM gouji_place")? == place.to_string()).then_some(()))
    })
    .await
    .unwrap_or_else(|error| panic!("{error:#}: {}", outlet.said()));
}

fn of_postgres(database: &Postgres) -> String {
    let (driver, port) = (postgres::DRIVER, database.port());
    format!("Driver={driver}\nServername=127.0.0.1\nPort={port}\nDatabase=postgres\n")
}

fn of_mariadb(database: &MariaDb) -> String {
    let (driver, port) = (mariadb::DRIVER, database.port());
    format!("Driver={driver}\nServer=127.0.0.1\nPort={port}\nDatabase=bus\n")
}

fn settings(folder: &Path, source: &str, login: &str) -> std::path::PathBuf {
    let dsn = folder.join("sheng.dsn");
    // A data source of odbc.ini, which the driver and the driver manager both read.
    fs::write(folder.join("odbc.ini"), format!("[sheng]\n{source}")).unwrap();
    fs::write(&dsn, format!("DSN=sheng;{login}")).unwrap();
    fs::set_permissions(&dsn, fs::Permissions::from_mode(0o600)).unwrap();
    let settings = folder.join("gouji.toml");
    let dsn = dsn.display();
    let text = format!("[[outlet]]\nname = \"sheng\"\nto = \"table\"\n[outlet.table]\ndsn = \"{dsn}\"\n");
    fs::write(&settings, text).unwrap();
    settings
}

pub(crate) fn outlet(settings: &Path, url: &str, folder: &Path, failpoint: Option<&str>) -> Process {
    start("sheng", settings, url, folder, failpoint)
}

fn start(name: &str, settings: &Path, url: &str, folder: &Path, failpoint: Option<&str>) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gouji-deliver"));
    command.arg(name).arg("--config").arg(settings);
    command.env("GOUJI_NATS_URL", url).env("GOUJI_ORIGINALS", folder.join("originals"));
    command.env("ODBCINI", folder.join("odbc.ini"));
    if let Some(point) = failpoint {
        command.env("GOUJI_FAILPOINT", point);
    }
    Process::start("deliver", &mut command, folder).unwrap()
}

pub(crate) async fn worker(folder: &Path, url: &str) -> Worker {
    let originals = folder.join("originals").display().to_string();
    let config = Config::from_variables(|name| match name {
        "GOUJI_NATS_URL" => Some(url.to_owned()),
        "GOUJI_ORIGINALS" => Some(originals.clone()),
        _ => None,
    });
    let config = config.unwrap();
    topology::apply(&config.bus, Changes::Safe).await.unwrap();
    Worker::open("observer", &config, CpuPool::for_each_core(), Shutdown::new()).await.unwrap()
}

/// Publishes what validate and index say of a report.
pub(crate) async fn publish(bus: &Bus, number: usize) {
    let form = Form::get(FormId::F2021);
    let mut cells = Cells::missing(form.id);
    let first = *form.cells().first().unwrap();
    *cells.get_mut(first).unwrap() = Cell::read(Decimal::from(number), number.to_string(), Origin::default());
    let report = Report {
        agency: Some(format!("枣庄市第{number}局")),
        year: Year::new(2024),
        form: Some(form.id),
        region: Some(Region { code: "370400".into(), name: "山东省枣庄市".into() }),
        cells,
        ..Report::default()
    };
    let original = Blob { sha256: format!("{number:064x}"), ..Blob::default() };
    let submitted = ReportSubmitted {
        id: format!("{number:032x}-g0"),
        submission: format!("{number:064x}"),
        original: Some(original),
        submitted_at_ms: 1_795_276_800_000 + number as i64,
        ..ReportSubmitted::default()
    };
    let validated = ReportValidated {
        submitted: Some(submitted.clone()),
        report: Some(v1::Report::from(&report)),
        verdict: v1::Verdict::Pass.into(),
        ..ReportValidated::default()
    };
    bus.publish(&validated).await.unwrap();
    let indexed = ReportIndexed {
        submitted: Some(submitted),
        report: format!("{number:032x}"),
        outcome: IndexOutcome::Current.into(),
        region: Some(v1::Region { code: "370400".into(), ..v1::Region::default() }),
        year: 2024,
        ..ReportIndexed::default()
    };
    bus.publish(&indexed).await.unwrap();
}
