//! `gouji up`: the whole pipeline in one process, on a nats-server of its own or on yours.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use stage::topology::{self, Extent};
use stage::{Config, Service, Stop};
use tokio::runtime::Runtime;

use crate::local::nats::Nats;
use crate::print::say;

/// Where `up` listens and the other verbs look for it.
pub(crate) const ADDRESS: &str = "127.0.0.1:8470";

/// Where `up` keeps everything and an operator's verbs look for it.
pub(crate) const DATA: &str = "gouji-data";

/// Run the whole pipeline in this process.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Folder for everything that is kept: the log, the originals, the index.
    #[arg(long, default_value = DATA, env = "GOUJI_DATA")]
    pub(crate) data: PathBuf,
    /// File of settings; `gouji config` prints one with every setting and its default.
    #[arg(long, env = "GOUJI_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address of uploads, console and API; 127.0.0.1:8470 unless the settings say otherwise.
    #[arg(long)]
    pub(crate) listen: Option<SocketAddr>,
    /// An existing bus; unless the settings name one, a private nats-server is started below the data folder.
    #[arg(long)]
    pub(crate) nats: Option<String>,
    /// A folder whose files are taken in.
    #[arg(long)]
    pub(crate) inbox: Option<PathBuf>,
}

/// A pipeline that runs in this process until it is told to stop.
pub(crate) struct Pipeline {
    pub(crate) address: SocketAddr,
    stop: Stop,
    serving: tokio::task::JoinHandle<Result<()>>,
    // In this order: the server goes when nothing needs it any more, the lock last.
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
        say(&format!("gouji is up: http://{}", pipeline.address));
        say(&format!("kept in {}; Ctrl-C ends it", self.data.display()));
        runtime.block_on(pipeline.ended())
    }

    /// Starts everything; what it needs is there when this returns, and it is ready soon after.
    /// What is logged is `log` unless `RUST_LOG` says otherwise.
    pub(crate) fn start(&self, runtime: &Runtime, log: &str) -> Result<Pipeline> {
        // Nothing is opened before the settings are known to be right.
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
            bail!("{address} is taken ({error}); choose another with --listen");
        }
        config.listen = Some(address);
        config.inbox = self.inbox.clone().or(config.inbox);
        config.nats_url = self.nats.clone().or(config.nats_url);
        let nats = match &config.nats_url {
            Some(_) => None,
            None => Some(Nats::start(&data.join("nats"))?),
        };
        if let Some(nats) = &nats {
            config.nats_url = Some(nats.url.clone());
        }
        let services = services();
        services.iter().try_for_each(|service| service.check(&config))?;
        // On a bus of somebody else nothing is changed that is there already.
        let extent = if nats.is_some() { Extent::Safe } else { Extent::Missing };
        runtime.block_on(topology::apply(&config, extent)).context("making the log")?;
        let _inside = runtime.enter();
        stage::telemetry::init("gouji", &config);
        let stop = Stop::on_signals().context("listening to signals")?;
        let serving = {
            let stop = stop.clone();
            runtime.spawn(async move { stage::run_together(&config, &stop, services).await })
        };
        Ok(Pipeline { address, stop, serving, _nats: nats, _lock: lock })
    }
}

impl Pipeline {
    /// Whether it has failed already.
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
        self.stop.now();
        self.ended().await
    }
}

/// Every service, left to right; index before console, which opens what it makes.
pub(crate) fn services() -> Vec<Service> {
    vec![ingest::service(), parse::service(), validate::service(), index::service(), console::service()]
}

/// One pipeline a folder.
fn lock(data: &Path) -> Result<File> {
    let path = data.join("lock");
    let file = File::create(&path).with_context(|| format!("making {}", path.display()))?;
    if file.try_lock().is_err() {
        bail!("another gouji runs on {}; stop it, or choose another folder with --data", data.display());
    }
    Ok(file)
}
