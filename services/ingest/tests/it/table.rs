//! A table of files in PostgreSQL and in MariaDB, and the process that takes its rows.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bus::Bus;
use bus::topology::{self, Changes};
use odbc::Dialect;
use proto::v1::{self, ReportIndexed, ReportRefused, ReportSubmitted, ReportValidated};
use report::{Report, Year};
use worker::{Config, CpuPool, Shutdown, Worker};

use crate::mariadb::{self, MariaDb};
use crate::postgres::{self, Postgres};
use crate::processes::{NatsServer, Process, SyncInterval, until};
use crate::skip::skip;

const PATIENCE: Duration = Duration::from_secs(120);
const PASSWORD: &str = "geheim";

/// A database with the table of files, and a user that may do what an inlet has to.
trait Server {
    const DIALECT: Dialect;
    /// Other bytes than those of any file.
    const OTHER_BYTES: &str;

    /// What statements of an administrator print, columns separated by `|`.
    fn sql(&self, sql: &str) -> anyhow::Result<String>;
    /// Defines the database and the user.
    fn grant(&self);
    /// The bytes of a text as an expression, and their SHA-256 in lower-case digits.
    fn bytes(&self, text: &str) -> String;
    fn hash(&self, text: &str) -> String;
    fn connection_string(&self) -> String;
}

impl Server for Postgres {
    const DIALECT: Dialect = Dialect::Postgres;
    const OTHER_BYTES: &str = "'\\x3132'";

    fn sql(&self, sql: &str) -> anyhow::Result<String> {
        self.psql("postgres", sql)
    }

    fn grant(&self) {
        self.sql(&ingest::table_schema(Self::DIALECT, None)).unwrap();
        let user = format!("CREATE ROLE gouji LOGIN PASSWORD '{PASSWORD}'");
        self.sql(&format!("{user}; GRANT SELECT, UPDATE ON gouji_file TO gouji")).unwrap();
    }

    fn bytes(&self, text: &str) -> String {
        format!("convert_to('{text}', 'UTF8')")
    }

    fn hash(&self, text: &str) -> String {
        format!("encode(sha256({}), 'hex')", self.bytes(text))
    }

    fn connection_string(&self) -> String {
        let (driver, port) = (postgres::DRIVER, self.port());
        format!("Driver={driver};Servername=127.0.0.1;Port={port};Database=postgres;UID=gouji;PWD={PASSWORD}")
    }
}

impl Server for MariaDb {
    const DIALECT: Dialect = Dialect::MySql;
    const OTHER_BYTES: &str = "x'3132'";

    fn sql(&self, sql: &str) -> anyhow::Result<String> {
        Ok(self.mariadb("files", sql)?.replace('\t', "|"))
    }

    fn grant(&self) {
        self.mariadb("mysql", "CREATE SCHEMA files").unwrap();
        self.sql(&ingest::table_schema(Self::DIALECT, None)).unwrap();
        let user = format!("CREATE USER gouji@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'");
        self.sql(&format!("{user}; GRANT SELECT, UPDATE ON files.gouji_file TO gouji@'127.0.0.1'")).unwrap();
    }

    fn bytes(&self, text: &str) -> String {
        format!("'{text}'")
    }

    fn hash(&self, text: &str) -> String {
        format!("sha2('{text}', 256)")
    }

    fn connection_string(&self) -> String {
        let (driver, port) = (mariadb::DRIVER, self.port());
        format!("Driver={driver};Server=127.0.0.1;Port={port};Database=files;UID=gouji;PWD={PASSWORD}")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_table_are_submissions_with_receipts() {
    if !Postgres::is_there() {
        return skip("rows_of_a_table_are_submissions_with_receipts", "no PostgreSQL", postgres::INSTALL);
    }
    let folder = tempfile::tempdir().unwrap();
    let database = Postgres::start(folder.path()).await.unwrap();
    rows_are_submissions(&database, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_mariadb_are_submissions_with_receipts() {
    if !MariaDb::is_there() {
        return skip("rows_of_mariadb_are_submissions_with_receipts", "no MariaDB", mariadb::INSTALL);
    }
    let folder = tempfile::tempdir().unwrap();
    let database = MariaDb::start(folder.path()).await.unwrap();
    rows_are_submissions(&database, folder.path()).await;
}

async fn rows_are_submissions<S: Server>(database: &S, folder: &Path) {
    let nats = NatsServer::start(&folder.join("nats"), SyncInterval::Default).await.unwrap();
    database.grant();
    let sql = |sql: &str| database.sql(sql).unwrap();
    let settings = settings(folder, &database.connection_string());
    let worker = worker(folder, &nats.url()).await;
    let bus = worker.bus();

    let file = |id: &str, more: &str, values: &str, content: &str| {
        sql(&format!(
            "INSERT INTO gouji_file (id, name, state, content{more}) \
             VALUES ('{id}', '../../年报.html', 'new', {}{values})",
            database.bytes(content)
        ));
    };
    let hash = database.hash("<html>1</html>");
    file("1", ", sha256", &format!(", upper({hash})"), "<html>1</html>");
    file("2", ", sha256", &format!(", {hash}"), "<html>2</html>");
    file("3", "", "", "");
    file("4", ", sender", ", 'somebody'", "<html>4</html>");
    file("5", ", sender", ", 'zaozhuang'", "<html>5</html>");
    let mut ingest = start(&settings, &nats.url(), folder, Some("published@2"));
    // It is killed after the first fact is on the log, and before the row is written.
    assert!(!ingest.end(PATIENCE).await.unwrap().success());
    assert_eq!(sql("SELECT COUNT(*) FROM gouji_file WHERE state = 'new'"), "5");
    let mut ingest = start(&settings, &nats.url(), folder, None);
    settled(database, &mut ingest, "new", 0).await;

    let row = |id: &str, columns: &str| sql(&format!("SELECT {columns} FROM gouji_file WHERE id = '{id}'"));
    assert_eq!(row("1", "state, report_count, refused_count"), "taken|1|0");
    assert_eq!(row("5", "state, report_count, reason"), "taken|1|已接收，正在核验。");
    for (id, reason) in
        [("2", "文件内容与 sha256 不符"), ("3", "文件是空的"), ("4", "不能以“somebody”的名义报送")]
    {
        assert_eq!(row(id, "state"), "refused", "{id}");
        assert!(row(id, "reason").contains(reason), "{id}: {}", row(id, "reason"));
    }
    let facts = submitted(bus).await;
    assert_eq!(facts.len(), 2, "the kill doubled nothing");
    let first = facts.iter().find(|fact| fact.submission == row("1", "receipt")).unwrap();
    assert_eq!((first.door.as_str(), first.sender.as_str()), ("table", "zaozhuang"));
    assert_eq!(first.file_name, "年报.html");
    assert_eq!(first.scope.as_ref().unwrap().regions, ["3704"]);
    let second = facts.iter().find(|fact| fact.submission == row("5", "receipt")).unwrap();

    // What became of them is written once it is known.
    publish_indexed(bus, first).await;
    let message = "这不是政府信息公开工作年度报告。";
    let refused = ReportRefused {
        submitted: Some(second.clone()),
        stage: "parse".into(),
        class: "not-a-report".into(),
        message: message.into(),
        ..ReportRefused::default()
    };
    bus.publish(&refused).await.unwrap();
    settled(database, &mut ingest, "taken", 0).await;
    assert_eq!(row("1", "state, verdict, report_count, error_count"), "done|pass|1|0");
    assert_eq!(row("1", "reason"), "已办结 1 份：通过 1 份，有提示 0 份，有错误 0 份。");
    assert_eq!(row("5", "state, report_count, refused_count"), "refused|0|1");
    assert!(row("5", "reason").contains(message), "{}", row("5", "reason"));

    // The same row again is the same submission; other bytes under its id are refused.
    let receipt = row("1", "receipt");
    sql("UPDATE gouji_file SET state = 'new' WHERE id = '1'");
    settled(database, &mut ingest, "new", 0).await;
    settled(database, &mut ingest, "taken", 0).await;
    assert_eq!(row("1", "receipt, state"), format!("{receipt}|done"));
    let bytes = S::OTHER_BYTES;
    sql(&format!("UPDATE gouji_file SET state = 'new', sha256 = NULL, content = {bytes} WHERE id = '1'"));
    settled(database, &mut ingest, "new", 0).await;
    assert_eq!(row("1", "state"), "refused");
    assert!(row("1", "reason").contains("这个 id 已用于内容不同的文件"), "{}", row("1", "reason"));
    assert_eq!(submitted(bus).await.len(), 2);
    worker.shutdown().trigger();
}

/// Waits until so many rows are in a state.
async fn settled(database: &impl Server, ingest: &mut Process, state: &str, rows: usize) {
    let query = format!("SELECT COUNT(*) FROM gouji_file WHERE state = '{state}'");
    until(&format!("{rows} rows in the state {state}"), PATIENCE, async || {
        assert_eq!(ingest.ended()?, None);
        Ok((database.sql(&query)? == rows.to_string()).then_some(()))
    })
    .await
    .unwrap();
}

async fn submitted(bus: &Bus) -> Vec<ReportSubmitted> {
    let mut facts = Vec::new();
    let subject = proto::subject::filter::<ReportSubmitted>();
    let scanned = bus.scan(&subject, |event| {
        facts.extend(event.decode::<ReportSubmitted>());
        Ok(())
    });
    scanned.await.unwrap();
    facts
}

/// Publishes what validate and index say of a report that is in order.
async fn publish_indexed(bus: &Bus, submitted: &ReportSubmitted) {
    let report =
        Report { agency: Some("枣庄市财政局".into()), year: Year::new(2024), ..Report::default() };
    let validated = ReportValidated {
        submitted: Some(submitted.clone()),
        report: Some(v1::Report::from(&report)),
        verdict: v1::Verdict::Pass.into(),
        ..ReportValidated::default()
    };
    bus.publish(&validated).await.unwrap();
    let indexed = ReportIndexed {
        submitted: Some(submitted.clone()),
        report: "0f".repeat(16),
        ..ReportIndexed::default()
    };
    bus.publish(&indexed).await.unwrap();
}

fn settings(folder: &Path, connection_string: &str) -> PathBuf {
    let dsn = folder.join("files.dsn");
    fs::write(&dsn, connection_string).unwrap();
    fs::set_permissions(&dsn, fs::Permissions::from_mode(0o600)).unwrap();
    let keys = folder.join("keys.toml");
    let hash = "0".repeat(64);
    let key = format!(
        "[[key]]\nname = \"zaozhuang\"\nrole = \"submit\"\nsha256 = \"{hash}\"\nregions = [\"3704\"]\n"
    );
    fs::write(&keys, key).unwrap();
    let settings = folder.join("gouji.toml");
    let text = format!(
        "[[inlet]]\nname = \"files\"\nfrom = \"table\"\nsender = \"zaozhuang\"\n[inlet.table]\ndsn = \"{}\"\n",
        dsn.display()
    );
    fs::write(&settings, text).unwrap();
    settings
}

fn start(settings: &Path, url: &str, folder: &Path, failpoint: Option<&str>) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gouji-ingest"));
    command.arg("--config").arg(settings);
    command.env("GOUJI_NATS_URL", url).env("GOUJI_ORIGINALS", folder.join("originals"));
    command.env("GOUJI_KEYS", folder.join("keys.toml")).env("GOUJI_RESERVE_MB", "0");
    if let Some(point) = failpoint {
        command.env("GOUJI_FAILPOINT", point);
    }
    Process::start("ingest", &mut command, folder).unwrap()
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
