//! `gouji up`: the whole pipeline in one process, on a nats-server of its own or on yours.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use stage::{Config, OriginalsAt, Stop};
use tokio::runtime::Runtime;

use crate::explain::say;
use crate::nats::Nats;

/// Where `up` listens and the other verbs look for it.
pub(crate) const ADDRESS: &str = "127.0.0.1:8470";

/// Run the whole pipeline in this process.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Folder for everything that is kept: the log, the originals, the index.
    #[arg(long, default_value = "gouji-data", env = "GOUJI_DATA")]
    pub(crate) data: PathBuf,
    /// Address of uploads, console and API.
    #[arg(long, default_value = ADDRESS, env = "GOUJI_LISTEN")]
    pub(crate) listen: SocketAddr,
    /// An existing bus; by default a private nats-server is started below the data folder.
    #[arg(long, env = "GOUJI_NATS_URL")]
    pub(crate) nats: Option<String>,
    /// A folder whose files are taken in.
    #[arg(long, env = "GOUJI_INBOX")]
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
        let mut config = Config::from_env()?;
        fs::create_dir_all(&self.data).with_context(|| format!("making {}", self.data.display()))?;
        let data = self.data.canonicalize().with_context(|| format!("opening {}", self.data.display()))?;
        let lock = lock(&data)?;
        if let Err(error) = TcpListener::bind(self.listen) {
            bail!("{} is taken ({error}); choose another with --listen", self.listen);
        }
        let nats = match &self.nats {
            Some(_) => None,
            None => Some(Nats::start(&data.join("nats"))?),
        };
        config.nats_url = match (&self.nats, &nats) {
            (Some(url), _) => url.clone(),
            (None, Some(nats)) => nats.url.clone(),
            (None, None) => bail!("no bus"),
        };
        if std::env::var_os("RUST_LOG").is_none() {
            config.log_filter = log.to_owned();
        }
        if std::env::var_os("GOUJI_ORIGINALS").is_none() {
            config.originals = OriginalsAt::Folder(data.join("originals"));
        }
        config.listen = Some(self.listen);
        let index = data.join("index");
        let services = vec![
            ingest::service(self.inbox.clone()),
            parse::service(),
            validate::service(),
            index::service(index.clone()),
            console::service(index),
        ];
        let _inside = runtime.enter();
        stage::telemetry::init("gouji", &config);
        let stop = Stop::on_signals().context("listening to signals")?;
        let serving = {
            let stop = stop.clone();
            runtime.spawn(async move { stage::run_together(&config, &stop, services).await })
        };
        Ok(Pipeline { address: self.listen, stop, serving, _nats: nats, _lock: lock })
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

/// One pipeline a folder.
fn lock(data: &Path) -> Result<File> {
    let path = data.join("lock");
    let file = File::create(&path).with_context(|| format!("making {}", path.display()))?;
    if file.try_lock().is_err() {
        bail!("another gouji runs on {}; stop it, or choose another folder with --data", data.display());
    }
    Ok(file)
}
