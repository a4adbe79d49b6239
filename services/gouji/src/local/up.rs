//! `gouji up`: the whole pipeline in one process, on a nats-server of its own or on yours.

use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use bus::topology::{self, Changes};
use clap::Args;
use tokio::runtime::Runtime;
use worker::{Config, Service, Shutdown};

use super::nats::Nats;
use super::running::{DATA, Registration};
use crate::language::text;
use crate::print::say;

/// The address of `up`, and where the other verbs look for it.
pub(crate) const ADDRESS: &str = "127.0.0.1:8470";

/// Run the whole pipeline in this process.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Folder for the log, the originals and the index.
    #[arg(long, default_value = DATA, env = "GOUJI_DATA")]
    pub(crate) data: PathBuf,
    /// File of settings; `gouji config` prints one with every setting and its default.
    #[arg(long, env = "GOUJI_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address of uploads, console and API; 127.0.0.1:8470 unless the settings say otherwise.
    #[arg(long)]
    pub(crate) listen: Option<SocketAddr>,
    /// Address of an existing bus; unless the settings name one, a private nats-server is started.
    #[arg(long)]
    pub(crate) nats: Option<String>,
    /// The exchange folder, whose files and batches are submitted, and which gets receipts.
    #[arg(long)]
    pub(crate) inbox: Option<PathBuf>,
}

/// A pipeline that runs in this process until a signal ends it.
pub(crate) struct Pipeline {
    pub(crate) address: SocketAddr,
    data: PathBuf,
    shutdown: Shutdown,
    serving: tokio::task::JoinHandle<Result<()>>,
    // Dropped in this order: the server when no service needs it any more, the lock last.
    _nats: Option<Nats>,
    _lock: File,
}

impl Up {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(self.serve())
    }

    fn serve(&self) -> Result<()> {
        let runtime = crate::runtime()?;
        let pipeline = self.start(&runtime, "info")?;
        let url = format!("http://{}", reachable(pipeline.address));
        let _registration = Registration::new(url.clone(), &pipeline.data)?;
        let data = pipeline.data.display().to_string();
        say(&text!("gouji 已启动：{url}", "gouji is up: {url}"));
        say(&text!("数据存放在 {data}；按 Ctrl-C 结束", "kept in {data}; Ctrl-C ends it"));
        runtime.block_on(pipeline.ended())
    }

    /// Starts the nats-server and every service; they are ready soon after. `log` is the log filter unless
    /// `RUST_LOG` names another.
    pub(crate) fn start(&self, runtime: &Runtime, log: &str) -> Result<Pipeline> {
        // The settings are checked before anything is opened.
        Config::load(self.config.as_deref(), &[])?;
        fs::create_dir_all(&self.data).with_context(|| format!("making {}", self.data.display()))?;
        let data = self.data.canonicalize().with_context(|| format!("opening {}", self.data.display()))?;
        let lock = lock(&data)?;
        let below = |name: &str| data.join(name).display().to_string();
        let defaults = [
            ("GOUJI_ORIGINALS", below("originals")),
            ("GOUJI_INDEX", below("index")),
            ("RUST_LOG", log.to_owned()),
        ];
        let mut config = Config::load(self.config.as_deref(), &defaults)?;
        let address = match self.listen.or(config.listen) {
            Some(address) => address,
            None => ADDRESS.parse().context("the address of up")?,
        };
        if let Err(error) = TcpListener::bind(address) {
            bail!(text!(
                "{address} 已被占用（{error}）；请用 --listen 另选一个",
                "{address} is taken ({error}); choose another with --listen"
            ));
        }
        config.listen = Some(address);
        config.inbox = self.inbox.clone().or(config.inbox);
        config.bus.url = self.nats.clone().or(config.bus.url);
        let nats = match &config.bus.url {
            Some(_) => None,
            None => Some(Nats::start(&data.join("nats"))?),
        };
        if let Some(nats) = &nats {
            config.bus.url = Some(nats.url.clone());
        }
        let services = services(&config);
        services.iter().try_for_each(|service| service.check(&config))?;
        // On a bus that is not ours, existing streams are not changed.
        let changes = if nats.is_some() { Changes::Safe } else { Changes::Missing };
        runtime.block_on(topology::apply(&config.bus, changes)).context("making the log")?;
        let _inside = runtime.enter();
        worker::telemetry::init("gouji", &config);
        let shutdown = Shutdown::on_signals().context("listening to signals")?;
        let serving = {
            let shutdown = shutdown.clone();
            runtime.spawn(async move { worker::run_together(&config, &shutdown, services).await })
        };
        Ok(Pipeline { address, data, shutdown, serving, _nats: nats, _lock: lock })
    }
}

impl Pipeline {
    /// Whether it has ended already.
    pub(crate) fn is_over(&self) -> bool {
        self.serving.is_finished()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(self) -> Result<()> {
        let Self { serving, _nats, _lock, .. } = self;
        serving.await.context("the pipeline panicked")?
    }

    /// Ends it and waits.
    pub(crate) async fn end(self) -> Result<()> {
        self.shutdown.trigger();
        self.ended().await
    }
}

/// Every service in the order of the pipeline; index before console, which opens the index. Deliver only where the
/// settings have outlets.
pub(crate) fn services(config: &Config) -> Vec<Service> {
    let mut services =
        vec![ingest::service(), parse::service(), validate::service(), index::service(), console::service()];
    if !config.routes.outlets.is_empty() {
        services.push(deliver::service());
    }
    services
}

/// The address at which a client on this machine reaches a server that listens on this one.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let loopback: IpAddr = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(loopback, listen.port())
}

/// Locks the folder: only one pipeline may run on it.
fn lock(data: &Path) -> Result<File> {
    let path = data.join("lock");
    let file = File::create(&path).with_context(|| format!("making {}", path.display()))?;
    if file.try_lock().is_err() {
        let data = data.display();
        bail!(text!(
            "已有一个 gouji 在 {data} 上运行；请先停止它，或用 --data 另选文件夹",
            "another gouji runs on {data}; stop it, or choose another folder with --data"
        ));
    }
    Ok(file)
}
