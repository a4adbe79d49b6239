//! The `main` of a service: settings, telemetry, connection, work, signals, drain.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches, Parser};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use blobs::BlobsConfig;
use bus::Bus;

use crate::config::Config;
use crate::cpu::CpuPool;
use crate::disk::watch_disk;
use crate::shutdown::Shutdown;
use crate::worker::Worker;
use crate::{http, ops, requests, telemetry, worker_metrics};

/// A service: its name, its work, and its routes.
pub struct Service {
    name: &'static str,
    serve: Box<dyn FnOnce(Worker) -> Serving + Send>,
    routes: Option<Box<dyn FnOnce(Worker) -> anyhow::Result<Router> + Send>>,
    guard: Option<Guard>,
    checks: Box<dyn Fn(&Config) -> anyhow::Result<()> + Send>,
}

/// Adds access control to the operator's endpoints.
type Guard = fn(&Worker, Router) -> anyhow::Result<Router>;

type Serving = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

impl Service {
    /// `serve` works until the process shuts down, and returns.
    pub fn new<S, R>(name: &'static str, serve: S) -> Self
    where
        S: FnOnce(Worker) -> R + Send + 'static,
        R: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        Self {
            name,
            serve: Box::new(move |worker| Box::pin(serve(worker))),
            routes: None,
            guard: None,
            checks: Box::new(|_| Ok(())),
        }
    }

    /// Adds routes to those of the operator on `GOUJI_LISTEN`.
    #[must_use]
    pub fn http(mut self, routes: impl FnOnce(Worker) -> anyhow::Result<Router> + Send + 'static) -> Self {
        self.routes = Some(Box::new(routes));
        self
    }

    /// Adds access control to the operator's endpoints of every process that runs this service.
    #[must_use]
    pub fn guards(mut self, guard: Guard) -> Self {
        self.guard = Some(guard);
        self
    }

    /// Adds a check of the settings, which runs before anything is opened.
    #[must_use]
    pub fn checks(mut self, checks: impl Fn(&Config) -> anyhow::Result<()> + Send + 'static) -> Self {
        self.checks = Box::new(checks);
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn check(&self, config: &Config) -> anyhow::Result<()> {
        bus::check(&config.bus)?;
        (self.checks)(config)
    }
}

/// The command line of every service.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// File of settings; `gouji config` prints one with every setting and its default.
    #[arg(long, env = "GOUJI_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Check the settings and exit.
    #[arg(long)]
    check: bool,
}

/// The `main` of a service.
pub fn run(service: Service) -> ExitCode {
    let command = Arguments::command().name(format!("gouji-{}", service.name));
    run_with(command, |_| service)
}

/// The `main` of a service of which there are several, each with a name of its own on the command line. `what` says
/// what is named, and `service` makes the one with that name.
pub fn run_named(
    program: &'static str,
    what: &'static str,
    service: impl FnOnce(&str) -> Service,
) -> ExitCode {
    let named = Arg::new(NAMED).value_name("NAME").help(what).required(true);
    let command = Arguments::command().name(program).arg(named);
    run_with(command, |matches| service(matches.get_one::<String>(NAMED).map_or("", String::as_str)))
}

/// The argument of [`run_named`].
const NAMED: &str = "named";

fn run_with(command: Command, service: impl FnOnce(&ArgMatches) -> Service) -> ExitCode {
    let parsed = command.try_get_matches().and_then(|matches| {
        let arguments = Arguments::from_arg_matches(&matches)?;
        Ok((service(&matches), arguments))
    });
    let (service, arguments) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // Printing fails only where nobody reads the output.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let name = service.name;
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
        let shutdown = Shutdown::on_signals().context("listening to signals")?;
        run_together(&config, &shutdown, vec![service]).await
    });
    // A blocking computation whose result is no longer needed must not keep the process alive.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs several services in this process, until it shuts down or one of them fails. They share the CPU pool
/// and the operator's endpoints, and nothing else.
///
/// # Errors
/// The first service that could not start or that failed.
pub async fn run_together(
    config: &Config,
    shutdown: &Shutdown,
    services: Vec<Service>,
) -> anyhow::Result<()> {
    let listener = bound("GOUJI_LISTEN", config.listen).await?;
    let monitor = bound("GOUJI_MONITOR_LISTEN", config.monitor_listen).await?;
    let names: Vec<&'static str> = services.iter().map(|service| service.name).collect();
    let mut buses = Vec::new();
    for name in names {
        buses.push(
            Bus::connect(name, &config.bus, shutdown.token())
                .await
                .with_context(|| format!("opening {name}"))?,
        );
    }
    let mut serving = JoinSet::new();
    // Serve /readyz while the workers still connect.
    let (opened, monitored) = (Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
    for (listener, opened) in [(listener, &opened), (monitor, &monitored)] {
        let Some(listener) = listener else { continue };
        // Accepts no new requests after a shutdown; requests in progress are finished like messages in flight.
        let (shutdown, router) = (shutdown.clone(), ops::while_connecting(buses.clone(), opened.clone()));
        serving.spawn(async move {
            http::serve(listener, router, &shutdown).await;
            Ok(())
        });
    }
    let cpu = CpuPool::for_each_core();
    let mut workers = Vec::new();
    for bus in buses {
        let name = bus.stage();
        let opening = Worker::open_on(bus, config, cpu.clone(), shutdown.clone());
        tokio::select! {
            // `biased`: during shutdown, ignore the error of a half-opened worker.
            biased;
            () = shutdown.requested() => return Ok(()),
            worker = opening => workers.push(worker.with_context(|| format!("opening {name}"))?),
        }
    }
    worker_metrics::watch(&workers);
    match &config.originals {
        BlobsConfig::Folder(folder) => watch_disk("originals", folder),
        BlobsConfig::Bucket | BlobsConfig::S3(_) => watch_disk("spool", std::env::temp_dir()),
    }
    let mut router = ops::router(workers.clone());
    let guarded = services.iter().zip(&workers).find_map(|(service, worker)| Some((service.guard?, worker)));
    if let Some((guard, worker)) = guarded {
        router = guard(worker, router)?;
    }
    for (service, worker) in services.into_iter().zip(&workers) {
        if let Some(routes) = service.routes {
            router = router.merge(routes(worker.clone()).with_context(|| service.name)?);
        }
        let served = (service.serve)(worker.clone());
        serving.spawn(async move { served.await.with_context(|| service.name) });
    }
    // Set only here, so this cannot fail.
    opened.set(requests::observed(router)).ok();
    monitored.set(requests::observed(ops::router(workers.clone()))).ok();
    let ended = until_ended(&mut serving, shutdown, config.drain + GRACE).await;
    futures::future::join_all(workers.iter().map(|worker| worker.bus().close())).await;
    // Flushing blocks the thread.
    tokio::task::spawn_blocking(telemetry::flush).await.ok();
    ended
}

async fn bound(variable: &str, address: Option<SocketAddr>) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = address else { return Ok(None) };
    Ok(Some(TcpListener::bind(address).await.with_context(|| format!("{variable}={address}"))?))
}

/// The exit status for settings that cannot be used: `EX_USAGE` of sysexits.
pub const EXIT_USAGE: u8 = 64;
/// How long a service may take after its last message, in addition to the drain.
const GRACE: Duration = Duration::from_secs(3);

/// Waits until every service has ended. A failure of one shuts down the others; `limit` after a shutdown the
/// rest is aborted.
async fn until_ended(
    serving: &mut JoinSet<anyhow::Result<()>>,
    shutdown: &Shutdown,
    limit: Duration,
) -> anyhow::Result<()> {
    let mut failed = None;
    let all = async {
        while let Some(one) = serving.join_next().await {
            if let Err(error) = one.context("a service panicked").flatten() {
                tracing::error!("{error:#}");
                failed.get_or_insert(error);
                shutdown.trigger();
            }
        }
    };
    let limit_reached = async {
        shutdown.requested().await;
        tokio::time::sleep(limit).await;
    };
    tokio::select! {
        () = all => (),
        () = limit_reached => tracing::warn!("a service did not end in time"),
    }
    serving.shutdown().await;
    failed.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(28);

    #[tokio::test(start_paused = true)]
    async fn a_service_that_fails_shuts_down_the_others() {
        let (shutdown, mut serving) = (Shutdown::new(), JoinSet::new());
        let other = shutdown.clone();
        serving.spawn(async move {
            other.requested().await;
            Ok(())
        });
        serving.spawn(async { Err(anyhow::anyhow!("no index")) });
        let error = until_ended(&mut serving, &shutdown, LIMIT).await.unwrap_err();
        assert_eq!(error.to_string(), "no index");
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_does_not_end_is_aborted_after_the_limit() {
        let (shutdown, mut serving) = (Shutdown::new(), JoinSet::new());
        serving.spawn(std::future::pending());
        shutdown.trigger();
        let started = Instant::now();
        until_ended(&mut serving, &shutdown, LIMIT).await.unwrap();
        assert_eq!(started.elapsed(), LIMIT);
    }
}
