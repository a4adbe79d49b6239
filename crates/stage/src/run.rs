//! From the first line of `main` to the last: settings, telemetry, connection, work, signal, drain.

use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use clap::{CommandFactory, FromArgMatches, Parser};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::config::{Config, OriginalsAt};
use crate::connect::{self, Bus};
use crate::seats::Seats;
use crate::shutdown::Stop;
use crate::{Stage, http, ops, requests, telemetry};

/// A stage and what it does.
pub struct Service {
    name: &'static str,
    serve: Box<dyn FnOnce(Stage) -> Serving + Send>,
    pages: Option<Box<dyn FnOnce(Stage) -> anyhow::Result<Router> + Send>>,
    guard: Option<Guard>,
    checks: fn(&Config) -> anyhow::Result<()>,
}

/// Puts a guard before the operator's endpoints.
type Guard = fn(&Stage, Router) -> anyhow::Result<Router>;

type Serving = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

impl Service {
    /// `serve` works until its stage is told to stop, and returns.
    pub fn new<S, R>(name: &'static str, serve: S) -> Self
    where
        S: FnOnce(Stage) -> R + Send + 'static,
        R: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        Self {
            name,
            serve: Box::new(move |stage| Box::pin(serve(stage))),
            pages: None,
            guard: None,
            checks: |_| Ok(()),
        }
    }

    /// What it answers over HTTP on `GOUJI_LISTEN`, beside the operator's endpoints.
    #[must_use]
    pub fn http(mut self, pages: impl FnOnce(Stage) -> anyhow::Result<Router> + Send + 'static) -> Self {
        self.pages = Some(Box::new(pages));
        self
    }

    /// Who may use the operator's endpoints of a process that has this service in it.
    #[must_use]
    pub fn guards(mut self, guard: Guard) -> Self {
        self.guard = Some(guard);
        self
    }

    /// What else it needs to understand of the settings, before anything opens.
    #[must_use]
    pub fn checks(mut self, checks: fn(&Config) -> anyhow::Result<()>) -> Self {
        self.checks = checks;
        self
    }

    /// Whether it can use these settings.
    ///
    /// # Errors
    /// What it cannot use.
    pub fn check(&self, config: &Config) -> anyhow::Result<()> {
        connect::check(config)?;
        (self.checks)(config)
    }
}

/// What every service takes from its command line.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// File of settings; `gouji config` prints one with every setting and its default.
    #[arg(long, env = "GOUJI_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Check the settings and end.
    #[arg(long)]
    check: bool,
}

/// The whole of a service's `main`.
pub fn run(service: Service) -> ExitCode {
    let name = service.name;
    let command = Arguments::command().name(format!("gouji-{name}"));
    let arguments = command.try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; if nobody reads them, there is nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let loaded = Config::load(arguments.config.as_deref(), &[]);
    let config = match loaded.and_then(|config| service.check(&config).map(|()| config)) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error:#}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    if arguments.check {
        eprintln!("{name}: the settings can be used");
        return ExitCode::SUCCESS;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("starting threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ran = runtime.block_on(async {
        telemetry::init(&format!("gouji-{name}"), &config);
        let stop = Stop::on_signals().context("listening to signals")?;
        run_together(&config, &stop, vec![service]).await
    });
    // A computation that nobody waits for any more must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs several services in this process, until it is time to stop or one of them fails. They share the
/// CPU seats and the operator's endpoints, and nothing else.
///
/// # Errors
/// The first service that could not start or that failed.
pub async fn run_together(config: &Config, stop: &Stop, services: Vec<Service>) -> anyhow::Result<()> {
    let listener = match config.listen {
        Some(address) => {
            Some(TcpListener::bind(address).await.with_context(|| format!("GOUJI_LISTEN={address}"))?)
        }
        None => None,
    };
    let names: Vec<&'static str> = services.iter().map(|service| service.name).collect();
    let mut buses = Vec::new();
    for name in names {
        buses.push(Bus::connect(name, config).await.with_context(|| format!("opening {name}"))?);
    }
    let mut serving = JoinSet::new();
    // Who asks while the stages wait for the bus and the log is told what they wait for.
    let opened = Arc::new(OnceLock::new());
    if let Some(listener) = listener {
        // No new requests after a stop, and those that are under way end like messages in flight.
        let (stop, router) = (stop.clone(), ops::until_opened(buses.clone(), opened.clone()));
        serving.spawn(async move {
            http::serve(listener, router, &stop).await;
            Ok(())
        });
    }
    let seats = Seats::for_each_core();
    let mut stages = Vec::new();
    for bus in buses {
        let name = bus.stage;
        let opening = Stage::open_on(bus, config, seats.clone(), stop.clone());
        tokio::select! {
            // What an opening says that was told to stop is no failure.
            biased;
            () = stop.wished() => return Ok(()),
            stage = opening => stages.push(stage.with_context(|| format!("opening {name}"))?),
        }
    }
    telemetry::watch_stages(&stages);
    match &config.originals {
        OriginalsAt::Folder(folder) => telemetry::watch_disk("originals", folder),
        OriginalsAt::Bucket | OriginalsAt::S3(_) => telemetry::watch_disk("spool", std::env::temp_dir()),
    }
    let mut router = ops::router(stages.clone());
    if let Some((guard, stage)) =
        services.iter().zip(&stages).find_map(|(service, stage)| Some((service.guard?, stage)))
    {
        router = guard(stage, router)?;
    }
    for (service, stage) in services.into_iter().zip(&stages) {
        if let Some(pages) = service.pages {
            router = router.merge(pages(stage.clone()).with_context(|| service.name)?);
        }
        let served = (service.serve)(stage.clone());
        serving.spawn(async move { served.await.with_context(|| service.name) });
    }
    // Set once, here.
    opened.set(requests::observed(router)).ok();
    let ended = all_ended(&mut serving, stop, config.drain + GRACE).await;
    futures::future::join_all(stages.iter().map(Stage::close)).await;
    // Flushing blocks.
    tokio::task::spawn_blocking(telemetry::flush).await.ok();
    ended
}

/// How a process ends whose settings cannot be used: `EX_USAGE` of sysexits.
pub const EXIT_USAGE: u8 = 64;
/// Beyond the drain, for what a service does after its last message.
const GRACE: Duration = Duration::from_secs(3);

async fn all_ended(
    serving: &mut JoinSet<anyhow::Result<()>>,
    stop: &Stop,
    patience: Duration,
) -> anyhow::Result<()> {
    let mut failed = None;
    let all = async {
        while let Some(one) = serving.join_next().await {
            if let Err(error) = one.context("a service panicked").flatten() {
                tracing::error!("{error:#}");
                failed.get_or_insert(error);
                stop.now();
            }
        }
    };
    let patience_over = async {
        stop.wished().await;
        tokio::time::sleep(patience).await;
    };
    tokio::select! {
        () = all => (),
        () = patience_over => tracing::warn!("not everything ended in time"),
    }
    serving.shutdown().await;
    failed.map_or(Ok(()), Err)
}
