//! What an outlet delivers, beside the bare target in the same run: the same rows or messages, written by a client
//! that does nothing else. And how long a change takes to its target at a steady rate.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bus::Bus;
use bus::topology::{Changes, apply};
use clap::Parser;
use futures::{StreamExt as _, TryStreamExt as _};
use proto::Message as _;
use proto::v1::{ReportIndexed, ReportValidated};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use worker::{Config, CpuPool, OutletStates, Shutdown, Worker};

use super::facts::Facts;
use super::mix::{Mix, Sent};
use super::{heart, load, say};
use crate::kafka::{self, Kafka};
use crate::postgres::{self, Postgres};
use crate::processes::{NatsServer, Process, SyncInterval, program};

/// Measure outlets beside their bare targets: rows a second of each kind, and the lag at a steady rate.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Reports on the log before an outlet starts.
    #[arg(long, default_value_t = 5_000)]
    pub reports: u64,
    /// Reports a second afterwards, for the lag.
    #[arg(long, default_value_t = 200)]
    pub rate: u64,
    /// How many seconds of them.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Every report follows from it.
    #[arg(long, default_value_t = 20_261_122)]
    pub seed: u64,
}

/// Facts that are published at once.
const AT_ONCE: usize = 64;
/// An outlet that needs longer does not work.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often the state of an outlet is read.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Requests of a webhook under way at once, as its outlet has by default.
const PARALLEL: usize = 4;
/// Rows of a transaction: the cells of the changes of a batch.
const CELLS_OF_A_BATCH: usize = 500 * 200;
/// The topic, and its partitions.
const TOPIC: (&str, i32) = ("bench", 3);
/// The name of the outlet that is measured.
const NAME: &str = "bench";

/// Measures, and prints a table.
///
/// # Errors
/// If something cannot be started, or a change does not arrive.
pub fn run(options: &Options) -> Result<()> {
    let count = options.reports + options.rate * options.seconds;
    let (mix, _) = Mix::new(options.seed, count, 0)?;
    let sent: Vec<Sent> = (0..count).map(|index| mix.report(index)).collect();
    let (_, facts) = heart::measure(&sent)?;
    let (bulk, single) = facts.split_at(usize::try_from(options.reports)?);
    let runtime = tokio::runtime::Runtime::new().context("starting threads")?;
    say("| outlet | unit | rows or messages/s | bare target/s | ratio | lag p50 | lag p99 |");
    say("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
    for kind in [Kind::Folder, Kind::Table, Kind::Webhook, Kind::Kafka] {
        let missing = match kind {
            Kind::Table if !Postgres::is_there() => Some(postgres::INSTALL.to_owned()),
            Kind::Kafka => kafka::installed().err(),
            Kind::Folder | Kind::Table | Kind::Webhook => None,
        };
        if let Some(missing) = missing {
            say(&format!("| {kind:?} | not measured: {missing} | | | | |"));
            continue;
        }
        let measured = runtime.block_on(measure(kind, bulk, single, options.rate))?;
        say(&measured.line(kind));
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    Table,
    Webhook,
    Kafka,
}

struct Measured {
    rate: f64,
    bare: f64,
    /// Seconds from the acknowledgement of a fact to its delivery, in order.
    lags: Vec<f64>,
}

impl Measured {
    fn line(&self, kind: Kind) -> String {
        let (name, unit) = match kind {
            Kind::Folder => ("folder", "rows of CSV"),
            Kind::Table => ("table", "rows of PostgreSQL"),
            Kind::Webhook => ("webhook", "messages"),
            Kind::Kafka => ("Kafka", "messages"),
        };
        let [p50, p99] = [0.5, 0.99].map(|share| load::quantile(&self.lags, share) * 1000.0);
        let Self { rate, bare, .. } = self;
        format!(
            "| {name} | {unit} | {rate:.0} | {bare:.0} | {:.2} | {p50:.0} ms | {p99:.0} ms |",
            rate / bare
        )
    }
}

/// A log with facts, and an outlet that follows it.
struct Bench {
    bus: Bus,
    nats: NatsServer,
    folder: tempfile::TempDir,
}

async fn measure(kind: Kind, bulk: &[Facts], single: &[Facts], rate: u64) -> Result<Measured> {
    let bench = Bench::start().await?;
    let last = bench.publish_all(bulk).await?;
    let receiver = Receiver::start().await?;
    let database = if kind == Kind::Table { Some(bench.database().await?) } else { None };
    let broker = if kind == Kind::Kafka { Some(broker().await?) } else { None };
    let settings = match kind {
        Kind::Folder => bench.folder_settings()?,
        Kind::Table => bench.table_settings(database.as_ref())?,
        Kind::Webhook => bench.webhook_settings(receiver.address)?,
        Kind::Kafka => bench.kafka_settings(broker.as_ref())?,
    };
    let begun = Instant::now();
    let _outlet = bench.deliver(&settings)?;
    bench.until_delivered(last).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let (count, bare) = match kind {
        Kind::Folder => bench.bare_folder()?,
        Kind::Table => bench.bare_table(database.as_ref())?,
        Kind::Webhook => (receiver.count(), bare_webhook(&receiver).await?),
        Kind::Kafka => bare_kafka(broker.as_ref()).await?,
    };
    ensure!(count >= bulk.len(), "{count} of {} arrived", bulk.len());
    let lags = bench.lags(single, rate).await?;
    Ok(Measured { rate: count as f64 / seconds, bare, lags })
}

impl Bench {
    async fn start() -> Result<Self> {
        let folder = tempfile::tempdir().context("making a folder")?;
        let nats = NatsServer::start(&folder.path().join("nats"), SyncInterval::Default).await?;
        let url = nats.url();
        let config = Config::from_variables(|name| (name == "GOUJI_NATS_URL").then(|| url.clone()))?;
        apply(&config.bus, Changes::Missing).await?;
        let worker = Worker::open("observer", &config, CpuPool::for_each_core(), Shutdown::new()).await?;
        Ok(Self { bus: worker.bus().clone(), nats, folder })
    }

    /// Publishes what an outlet reads of these reports; the sequence of the last fact.
    async fn publish_all(&self, facts: &[Facts]) -> Result<u64> {
        let publish = |facts| async move { self.publish(facts).await };
        futures::stream::iter(facts.iter().map(publish))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        self.bus.last_sequence::<ReportIndexed>().await
    }

    async fn publish(&self, facts: &Facts) -> Result<()> {
        let [_, _, validated, indexed] = &facts.payloads;
        self.bus.publish(&ReportValidated::decode(&**validated)?).await?;
        self.bus.publish(&ReportIndexed::decode(&**indexed)?).await?;
        Ok(())
    }

    fn deliver(&self, settings: &Path) -> Result<Process> {
        let mut command = Command::new(program("gouji-deliver")?);
        command.arg(NAME).env("GOUJI_CONFIG", settings).env("GOUJI_NATS_URL", self.nats.url());
        command.env("GOUJI_LISTEN", "127.0.0.1:0").stdout(Stdio::null());
        Process::start("gouji-deliver", &mut command, self.folder.path())
    }

    async fn until_delivered(&self, sequence: u64) -> Result<()> {
        let states = OutletStates::new(&self.bus);
        let reached = async {
            while states.read(NAME).await?.position.sequence < sequence {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, reached).await.context("the outlet does not deliver")?
    }

    /// Publishes at a steady rate; how long each change took to its target.
    async fn lags(&self, facts: &[Facts], rate: u64) -> Result<Vec<f64>> {
        let states = OutletStates::new(&self.bus);
        let (mut under_way, mut lags) = (VecDeque::new(), Vec::with_capacity(facts.len()));
        let mut next = facts.iter();
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(rate.max(1))?);
        let mut looks = tokio::time::interval(LOOK_EVERY);
        while lags.len() < facts.len() {
            tokio::select! {
                _ = ticks.tick(), if next.len() > 0 => {
                    let Some(facts) = next.next() else { continue };
                    self.publish(facts).await?;
                    let sequence = self.bus.last_sequence::<ReportIndexed>().await?;
                    under_way.push_back((sequence, Instant::now()));
                }
                _ = looks.tick() => {
                    let position = states.read(NAME).await?.position.sequence;
                    while let Some((_, at)) = under_way.pop_front_if(|(sequence, _)| *sequence <= position) {
                        lags.push(at.elapsed().as_secs_f64());
                    }
                }
            }
        }
        lags.sort_by(f64::total_cmp);
        Ok(lags)
    }

    fn settings(&self, outlet: &str) -> Result<PathBuf> {
        let path = self.folder.path().join("gouji.toml");
        fs::write(&path, outlet).context("writing settings")?;
        Ok(path)
    }

    fn exchange(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn folder_settings(&self) -> Result<PathBuf> {
        fs::create_dir(self.exchange()).context("making the exchange folder")?;
        let path = self.exchange();
        self.settings(&format!(
            "[[outlet]]\nname = \"{NAME}\"\nto = \"folder\"\n[outlet.folder]\npath = {path:?}\nevery = \"1s\"\n"
        ))
    }

    fn webhook_settings(&self, address: SocketAddr) -> Result<PathBuf> {
        let secret = self.folder.path().join("secret");
        fs::write(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").context("writing a secret")?;
        self.settings(&format!(
            "[[outlet]]\nname = \"{NAME}\"\nto = \"webhook\"\n[outlet.webhook]\nurl = \"http://{address}/\"\n\
             hosts = [\"127.0.0.1\"]\nsecrets = [{secret:?}]\nparallel = {PARALLEL}\n"
        ))
    }

    fn kafka_settings(&self, broker: Option<&Kafka>) -> Result<PathBuf> {
        let brokers = broker.context("there is no broker")?.plain();
        self.settings(&format!(
            "[[outlet]]\nname = \"{NAME}\"\nto = \"kafka\"\n[outlet.kafka]\nbrokers = \"{brokers}\"\ntopic = \"{}\"\n",
            TOPIC.0
        ))
    }

    /// A database with the exchange tables.
    async fn database(&self) -> Result<Postgres> {
        let database = Postgres::start(self.folder.path()).await?;
        database.psql("postgres", &deliver::table::schema(deliver::table::Dialect::Postgres, None))?;
        Ok(database)
    }

    fn table_settings(&self, database: Option<&Postgres>) -> Result<PathBuf> {
        let port = database.context("there is no database")?.port();
        let dsn = self.folder.path().join("dsn");
        let driver = postgres::DRIVER;
        let connection =
            format!("Driver={driver};Servername=127.0.0.1;Port={port};Database=postgres;Username=postgres");
        fs::write(&dsn, connection).context("writing a connection string")?;
        fs::set_permissions(&dsn, fs::Permissions::from_mode(0o600)).context("closing a file")?;
        self.settings(&format!(
            "[[outlet]]\nname = \"{NAME}\"\nto = \"table\"\n[outlet.table]\ndsn = {dsn:?}\n"
        ))
    }

    /// The rows that were written, and how many a second psql inserts of the same, in transactions as large.
    fn bare_table(&self, database: Option<&Postgres>) -> Result<(usize, f64)> {
        let database = database.context("there is no database")?;
        let sql = |sql: &str| database.psql("postgres", sql);
        let rows: usize =
            sql("SELECT (SELECT count(*) FROM gouji_cell) + (SELECT count(*) FROM gouji_report)")?
                .parse()
                .context("counting rows")?;
        sql("CREATE TABLE bare (LIKE gouji_cell INCLUDING ALL)")?;
        let insert = "SELECT format('INSERT INTO bare VALUES (%L,%L,%L,%L,%L,%L);', log_made_at, seq, cell, label, \
                      cell_value, cell_state) FROM gouji_cell ORDER BY seq, cell";
        let (mut script, mut cells) = (String::new(), 0_usize);
        for line in sql(insert)?.lines() {
            if cells % CELLS_OF_A_BATCH == 0 {
                script.push_str(if cells == 0 { "BEGIN;\n" } else { "COMMIT;\nBEGIN;\n" });
            }
            script.push_str(line);
            script.push('\n');
            cells += 1;
        }
        script.push_str("COMMIT;\n");
        let path = self.folder.path().join("bare.sql");
        fs::write(&path, script).context("writing statements")?;
        let begun = Instant::now();
        let mut psql = database.client("postgres", &format!("\\i {}", path.display()));
        let output = psql.output().context("running psql")?;
        ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
        Ok((rows, cells as f64 / begun.elapsed().as_secs_f64()))
    }

    /// The rows that were written, and how many a second the disk takes of the same files, flushed as they are.
    fn bare_folder(&self) -> Result<(usize, f64)> {
        let bare = self.folder.path().join("bare");
        fs::create_dir(&bare).context("making a folder")?;
        let (mut rows, mut files) = (0, Vec::new());
        for batch in fs::read_dir(self.exchange()).context("listing batches")? {
            let batch = batch?.path();
            if !batch.join("manifest.json").is_file() {
                continue;
            }
            for file in fs::read_dir(&batch).context("listing a batch")? {
                let bytes = fs::read(file?.path()).context("reading a file")?;
                files.push(bytes);
            }
            for table in ["reports.csv", "cells.csv"] {
                let text = fs::read(batch.join(table)).with_context(|| format!("reading {table}"))?;
                rows += text.iter().filter(|byte| **byte == b'\n').count() - 1;
            }
        }
        let begun = Instant::now();
        for (number, bytes) in files.iter().enumerate() {
            let mut file = File::create(bare.join(number.to_string())).context("writing a file")?;
            file.write_all(bytes).context("writing a file")?;
            file.sync_all().context("flushing a file")?;
        }
        Ok((rows, rows as f64 / begun.elapsed().as_secs_f64()))
    }
}

/// A broker of its own with the topic.
async fn broker() -> Result<Kafka> {
    let kafka = Kafka::start(&kafka::installed().map_err(anyhow::Error::msg)?).await?;
    kafka.make_topic(TOPIC.0, TOPIC.1, &[]).await?;
    Ok(kafka)
}

/// The messages of the topic, and how many a second a producer sends of the very same, with the same promises.
async fn bare_kafka(broker: Option<&Kafka>) -> Result<(usize, f64)> {
    let kafka = broker.context("there is no broker")?;
    let messages = kafka.messages(TOPIC.0, TOPIC.1)?;
    kafka.make_topic("bare", TOPIC.1, &[]).await?;
    let mut properties = ClientConfig::new();
    properties.set("bootstrap.servers", kafka.plain()).set("acks", "all").set("enable.idempotence", "true");
    let producer: FutureProducer = properties.create().context("making a producer")?;
    let begun = Instant::now();
    let send = |(key, value): &(Vec<u8>, Vec<u8>)| {
        let (producer, key, value) = (producer.clone(), key.clone(), value.clone());
        async move {
            let record = FutureRecord::to("bare").key(&key).payload(&value);
            producer.send(record, PATIENCE).await.map_err(|(error, _)| error)
        }
    };
    futures::stream::iter(messages.iter().map(send))
        .buffer_unordered(UNDER_WAY)
        .try_collect::<Vec<_>>()
        .await?;
    Ok((messages.len(), messages.len() as f64 / begun.elapsed().as_secs_f64()))
}

/// Messages that are with the producer at once: a batch of the outlet.
const UNDER_WAY: usize = 500;

/// Messages a second of a client that only posts, as many at once as the outlet, as large as those of the outlet.
async fn bare_webhook(receiver: &Receiver) -> Result<f64> {
    let (count, body) = (receiver.count(), vec![b' '; receiver.mean_bytes()]);
    let body = bytes::Bytes::from(body);
    let client = crate::api::http().build().context("making a client")?;
    let url = format!("http://{}/", receiver.address);
    let begun = Instant::now();
    let post = |_| {
        let request = client.post(&url).body(body.clone());
        async move { request.send().await?.error_for_status().map(|_| ()) }
    };
    futures::stream::iter((0..count).map(post)).buffer_unordered(PARALLEL).try_collect::<()>().await?;
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}

/// An address that takes everything and counts it.
struct Receiver {
    address: SocketAddr,
    taken: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

impl Receiver {
    async fn start() -> Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.context("listening")?;
        let address = listener.local_addr()?;
        let (taken, bytes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = (Arc::clone(&taken), Arc::clone(&bytes));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, counted.clone()));
            }
        });
        Ok(Self { address, taken, bytes })
    }

    fn count(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    fn mean_bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed) / self.count().max(1)
    }
}

/// Answers every request of a connection, and counts it.
async fn answer(stream: TcpStream, (taken, bytes): (Arc<AtomicUsize>, Arc<AtomicUsize>)) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().ok()?;
                }
                _ => (),
            }
        }
        stream.read_exact(&mut vec![0; length]).await.ok()?;
        taken.fetch_add(1, Ordering::Relaxed);
        bytes.fetch_add(length, Ordering::Relaxed);
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.ok()?;
    }
}
