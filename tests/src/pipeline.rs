//! The whole pipeline as it is deployed: a nats-server or a cluster of them, and each service as a process
//! of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use blobs::Blobs;
use bus::Bus;
use tempfile::TempDir;
use worker::{Config, CpuPool, Shutdown, Worker};

use crate::api::Api;
use crate::processes::{NatsServer, Process, SyncInterval, free_port, program, until};

/// The time limit for events that come at once unless something is wrong.
pub const SOON: Duration = Duration::from_secs(90);

/// What to start.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Processes of parse.
    pub parse: usize,
    /// Processes of validate.
    pub validate: usize,
    /// When the log is flushed to the disk.
    pub sync: SyncInterval,
}

impl Default for Shape {
    /// One of each, and a flush before each acknowledgement.
    fn default() -> Self {
        Self { parse: 1, validate: 1, sync: SyncInterval::Always }
    }
}

/// A running pipeline; everything ends when it is dropped.
#[derive(Debug)]
pub struct Pipeline {
    /// Takes reports in.
    pub ingest: Service,
    /// Read reports.
    pub parse: Vec<Service>,
    /// Judge reports.
    pub validate: Vec<Service>,
    /// Makes reports searchable.
    pub index: Service,
    /// Answers searches.
    pub console: Service,
    /// Stores the facts. Dropped after the services, which need it to the end.
    pub nats: NatsServer,
    /// The other servers, if it is a cluster.
    pub others: Vec<NatsServer>,
    more: Vec<(&'static str, String)>,
    folder: PathBuf,
    _temporary: Option<TempDir>,
}

impl Pipeline {
    /// Starts everything and waits until it is ready.
    ///
    /// # Errors
    /// If something is missing or does not start.
    pub async fn start(shape: Shape) -> Result<Self> {
        Self::start_with(shape, &[]).await
    }

    /// The same with more settings for every service, by their variables.
    ///
    /// # Errors
    /// If something is missing or does not start.
    pub async fn start_with(shape: Shape, more: &[(&'static str, String)]) -> Result<Self> {
        let folder = tempfile::tempdir().context("making a folder")?;
        let nats = NatsServer::start(&folder.path().join("nats"), shape.sync).await?;
        let pipeline = Self::start_all(folder.path(), vec![nats], shape, more).await?;
        Ok(Self { _temporary: Some(folder), ..pipeline })
    }

    /// The same in a folder that is not deleted with it.
    ///
    /// # Errors
    /// If something is missing or does not start.
    pub async fn start_at(folder: &Path, shape: Shape, more: &[(&'static str, String)]) -> Result<Self> {
        let nats = NatsServer::start(&folder.join("nats"), shape.sync).await?;
        Self::start_all(folder, vec![nats], shape, more).await
    }

    /// The same on servers that run already, with a copy of the log on each.
    ///
    /// # Errors
    /// If something is missing or does not start.
    pub async fn start_on(folder: &Path, servers: Vec<NatsServer>, shape: Shape) -> Result<Self> {
        Self::start_all(folder, servers, shape, &[]).await
    }

    async fn start_all(
        folder: &Path,
        servers: Vec<NatsServer>,
        shape: Shape,
        more: &[(&'static str, String)],
    ) -> Result<Self> {
        let urls: Vec<String> = servers.iter().map(NatsServer::url).collect();
        let mut servers = servers.into_iter();
        let nats = servers.next().context("a pipeline needs a nats-server")?;
        let others: Vec<NatsServer> = servers.collect();
        let mut variables = variables(folder, &urls);
        variables.extend(more.iter().cloned());
        apply_topology(&variables).await?;
        let start = |name: &str, number: usize| Service::start(name, number, folder, &variables);
        let several = |name: &str, count: usize| {
            (0..count).map(|number| start(name, number)).collect::<Result<Vec<_>>>()
        };
        // The index is made before the console looks for it.
        let mut pipeline = Self {
            ingest: start("ingest", 0)?,
            parse: several("parse", shape.parse)?,
            validate: several("validate", shape.validate)?,
            index: start("index", 0)?,
            console: start("console", 0)?,
            nats,
            others,
            more: more.to_vec(),
            folder: folder.to_owned(),
            _temporary: None,
        };
        pipeline.ready().await?;
        Ok(pipeline)
    }

    /// Waits until every service is ready.
    ///
    /// # Errors
    /// If one ends or takes too long.
    pub async fn ready(&mut self) -> Result<()> {
        for service in self.services() {
            service.ready().await?;
        }
        Ok(())
    }

    /// Every service, left to right.
    pub fn services(&mut self) -> impl Iterator<Item = &mut Service> {
        let Self { ingest, parse, validate, index, console, .. } = self;
        [ingest].into_iter().chain(parse).chain(validate).chain([index, console])
    }

    /// The service with this name, `parse` or `parse-1`.
    ///
    /// # Errors
    /// If there is none.
    pub fn service(&mut self, name: &str) -> Result<&mut Service> {
        self.services().find(|service| service.name() == name).with_context(|| format!("no service {name}"))
    }

    /// One more process of a service, ready to work.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn another(&self, name: &str, number: usize) -> Result<Service> {
        self.another_by(name, number, &[]).await
    }

    /// The same with some variables of its environment set.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn another_by(
        &self,
        name: &str,
        number: usize,
        set: &[(&'static str, String)],
    ) -> Result<Service> {
        let mut variables = self.variables();
        variables.extend(set.iter().cloned());
        let mut service = Service::start(name, number, &self.folder, &variables)?;
        service.ready().await?;
        Ok(service)
    }

    /// A client of its HTTP API.
    pub fn api(&self) -> Api {
        Api::new(&self.ingest.address(), &self.console.address())
    }

    /// The exchange folder.
    pub fn inbox(&self) -> PathBuf {
        self.folder.join("inbox")
    }

    /// The originals on disk.
    pub fn originals_folder(&self) -> PathBuf {
        self.folder.join("originals")
    }

    /// The folder with all files of the services: `<service>.log`, the originals, the exchange folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The index on disk.
    pub fn index_folder(&self) -> PathBuf {
        self.folder.join("index")
    }

    /// A connection to the log from outside the pipeline.
    ///
    /// # Errors
    /// If the log cannot be reached.
    pub async fn observer(&self) -> Result<Bus> {
        Ok(self.worker().await?.bus().clone())
    }

    /// The store of originals and texts.
    ///
    /// # Errors
    /// If the log or the store cannot be reached.
    pub async fn blobs(&self) -> Result<Blobs> {
        Ok(self.worker().await?.blobs().clone())
    }

    async fn worker(&self) -> Result<Worker> {
        let variables = self.variables();
        let config = Config::from_variables(|name| variables.get(name).cloned())?;
        Worker::open("observer", &config, CpuPool::for_each_core(), Shutdown::new()).await
    }

    /// The command that people type, beside this pipeline.
    ///
    /// # Errors
    /// If it was not built.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(program("gouji")?);
        command
            .args(arguments)
            .envs(self.variables())
            .env("GOUJI_SERVER", self.console.address())
            .env("LC_ALL", "C");
        Ok(command)
    }

    /// A process of an outlet of the settings in this file; at a failpoint it ends itself.
    ///
    /// # Errors
    /// If it was not built, or cannot be started.
    pub fn deliver(&self, outlet: &str, settings: &Path, failpoint: Option<&str>) -> Result<Process> {
        let mut command = Command::new(program("gouji-deliver")?);
        command.arg(outlet).arg("--config").arg(settings).envs(self.variables());
        if let Some(failpoint) = failpoint {
            command.env("GOUJI_FAILPOINT", failpoint);
        }
        Process::start(&format!("deliver-{outlet}"), &mut command, &self.folder)
    }

    fn variables(&self) -> BTreeMap<&'static str, String> {
        let servers = [&self.nats].into_iter().chain(&self.others);
        let mut variables = variables(&self.folder, &servers.map(NatsServer::url).collect::<Vec<_>>());
        variables.extend(self.more.iter().cloned());
        variables
    }
}

/// One service as a process of its own.
#[derive(Debug)]
pub struct Service {
    /// The process.
    pub process: Process,
    name: String,
    /// The program; a change applies from the next start on.
    pub program: PathBuf,
    folder: PathBuf,
    /// Its environment; a change applies from the next start on.
    pub variables: BTreeMap<&'static str, String>,
    port: u16,
}

impl Service {
    fn start(
        service: &str,
        number: usize,
        folder: &Path,
        variables: &BTreeMap<&'static str, String>,
    ) -> Result<Self> {
        let port = free_port()?;
        let mut variables = variables.clone();
        variables.insert("GOUJI_LISTEN", format!("127.0.0.1:{port}"));
        let name = if number == 0 { service.to_owned() } else { format!("{service}-{number}") };
        let program = program(&format!("gouji-{service}"))?;
        let process = spawn(&name, &program, &variables, folder)?;
        Ok(Self { process, name, program, folder: folder.to_owned(), variables, port })
    }

    /// `parse`, `parse-1` …
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The sum of a metric over all its attributes, by the beginning of its name; 0 if it was never counted.
    ///
    /// # Errors
    /// If the process does not answer.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        crate::api::metric(&self.address(), name).await
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// SIGTERM; how it ended. A service may take its time to drain.
    ///
    /// # Errors
    /// If it does not end.
    pub async fn terminate(&mut self) -> Result<ExitStatus> {
        self.process.terminate(SOON).await
    }

    /// Starts it again after it has ended, where it was.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start_again(&mut self) -> Result<()> {
        self.process = spawn(&self.name, &self.program, &self.variables, &self.folder)?;
        Ok(())
    }

    /// Waits until it says that it is ready.
    ///
    /// # Errors
    /// If it ends or takes too long.
    pub async fn ready(&mut self) -> Result<()> {
        let client = crate::api::http().build().context("making an HTTP client")?;
        let url = format!("{}/readyz", self.address());
        let Self { process, name, .. } = self;
        let mut said = String::new();
        let what = format!("{name} to be ready");
        let ready = until(&what, SOON, async || {
            if let Some(status) = process.ended()? {
                bail!("{name} ended at once: {status}: {}", process.said());
            }
            let Ok(answer) = client.get(&url).send().await else { return Ok(None) };
            let is_ready = answer.status().is_success();
            said = answer.text().await.unwrap_or_default();
            Ok(is_ready.then_some(()))
        });
        ready.await.with_context(|| format!("what it says: {said}"))
    }
}

fn spawn(name: &str, program: &Path, variables: &BTreeMap<&str, String>, folder: &Path) -> Result<Process> {
    Process::start(name, Command::new(program).envs(variables), folder)
}

/// Creates the log, as an operator does: again where the servers of a cluster that has just started do not know each
/// other yet.
async fn apply_topology(variables: &BTreeMap<&str, String>) -> Result<()> {
    let gouji = program("gouji")?;
    until("the log to be made", SOON, async || {
        let mut command = tokio::process::Command::new(&gouji);
        command.args(["topology", "apply"]).envs(variables).stdin(Stdio::null());
        let Output { status, stderr, .. } = command.output().await.context("running gouji topology apply")?;
        let said = String::from_utf8_lossy(&stderr);
        if said.contains("no suitable peers for placement") {
            return Ok(None);
        }
        ensure!(status.success(), "gouji topology apply: {status}: {said}");
        Ok(Some(()))
    })
    .await
}

/// The environment of every service.
fn variables(folder: &Path, nats_urls: &[String]) -> BTreeMap<&'static str, String> {
    let below = |name: &str| folder.join(name).display().to_string();
    BTreeMap::from([
        ("GOUJI_NATS_URL", nats_urls.join(",")),
        ("GOUJI_NATS_REPLICAS", nats_urls.len().to_string()),
        ("GOUJI_ORIGINALS", below("originals")),
        ("GOUJI_INDEX", below("index")),
        ("GOUJI_INBOX", below("inbox")),
        // A test writes a file at once, or awaits what it looks for.
        ("GOUJI_INBOX_QUIET_SECONDS", "1".to_owned()),
        ("GOUJI_LOG", "json".to_owned()),
    ])
}
