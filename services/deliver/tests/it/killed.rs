//! The process of an outlet, killed again and again while it writes exchange tables.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

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
use worker::{Config, CpuPool, Shutdown, Worker};

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
    let settings = settings(folder.path(), &database);
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
    worker.shutdown().trigger();
}

fn settings(folder: &Path, database: &Postgres) -> std::path::PathBuf {
    let dsn = folder.join("sheng.dsn");
    let port = database.port();
    let driver = postgres::DRIVER;
    // A data source of odbc.ini, which the driver and the driver manager both read.
    let sources = format!("[sheng]\nDriver={driver}\nServername=127.0.0.1\nPort={port}\nDatabase=postgres\n");
    fs::write(folder.join("odbc.ini"), sources).unwrap();
    fs::write(&dsn, "DSN=sheng;UID=postgres").unwrap();
    fs::set_permissions(&dsn, fs::Permissions::from_mode(0o600)).unwrap();
    let settings = folder.join("gouji.toml");
    let dsn = dsn.display();
    let text = format!("[[outlet]]\nname = \"sheng\"\nto = \"table\"\n[outlet.table]\ndsn = \"{dsn}\"\n");
    fs::write(&settings, text).unwrap();
    settings
}

fn outlet(settings: &Path, url: &str, folder: &Path, failpoint: Option<&str>) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gouji-deliver"));
    command.arg("sheng").arg("--config").arg(settings);
    command.env("GOUJI_NATS_URL", url).env("GOUJI_ORIGINALS", folder.join("originals"));
    command.env("ODBCINI", folder.join("odbc.ini"));
    if let Some(point) = failpoint {
        command.env("GOUJI_FAILPOINT", point);
    }
    Process::start("deliver", &mut command, folder).unwrap()
}

async fn worker(folder: &Path, url: &str) -> Worker {
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
async fn publish(bus: &Bus, number: usize) {
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
