//! The context of one service in this process.

use std::sync::{Arc, Weak};

use blobs::Blobs;
use bus::Bus;

use crate::config::Config;
use crate::control::Control;
use crate::cpu::CpuPool;
use crate::health::Health;
use crate::shutdown::Shutdown;
use crate::telemetry;

/// What a service is started with: its connection, its store, its CPU pool. A service hands its handlers only
/// what they need of it. Clones are the same worker.
#[derive(Clone)]
pub struct Worker(Arc<Parts>);

struct Parts {
    config: Config,
    bus: Bus,
    blobs: Blobs,
    cpu: CpuPool,
    control: Control,
    health: Health,
}

/// A reference that does not keep the worker alive.
#[derive(Clone)]
pub(crate) struct WeakWorker(Weak<Parts>);

impl Worker {
    /// Connects, and waits until the bus has the log. Creates nothing on the bus; that is for
    /// [`bus::topology::apply`].
    ///
    /// # Errors
    /// If the credentials or the store cannot be used, or a shutdown is requested while it waits.
    pub async fn open(
        stage: &'static str,
        config: &Config,
        cpu: CpuPool,
        shutdown: Shutdown,
    ) -> anyhow::Result<Self> {
        telemetry::install();
        let bus = Bus::connect(stage, &config.bus, shutdown.token()).await?;
        Self::open_on(bus, config, cpu, shutdown).await
    }

    /// The same, on a connection that exists.
    pub(crate) async fn open_on(
        bus: Bus,
        config: &Config,
        cpu: CpuPool,
        shutdown: Shutdown,
    ) -> anyhow::Result<Self> {
        if !shutdown.unless_requested(bus.wait_until_ready(&config.bus)).await {
            anyhow::bail!("shut down while waiting for the log");
        }
        let blobs = Blobs::open(&config.originals, &bus).await?;
        Ok(Self::new(config, bus, blobs, cpu, shutdown))
    }

    /// The worker of an operator's tool, which fails at once where something is missing.
    ///
    /// # Errors
    /// If the bus does not answer within ten seconds, or has no log.
    pub async fn operator(config: &Config) -> anyhow::Result<Self> {
        let bus = Bus::operator(&config.bus).await?;
        let blobs = Blobs::open_existing(&config.originals, &bus).await?;
        Ok(Self::new(config, bus, blobs, CpuPool::for_each_core(), Shutdown::new()))
    }

    fn new(config: &Config, bus: Bus, blobs: Blobs, cpu: CpuPool, shutdown: Shutdown) -> Self {
        Self(Arc::new(Parts {
            config: config.clone(),
            control: Control::new(bus.stage(), shutdown),
            bus,
            blobs,
            cpu,
            health: Health::new(),
        }))
    }

    /// The name of its stage, e.g. `parse`.
    pub fn name(&self) -> &'static str {
        self.0.control.stage
    }

    /// The settings of this process.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The log.
    pub fn bus(&self) -> &Bus {
        &self.0.bus
    }

    /// The store of originals and texts.
    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// The threads for CPU-bound work, which all services of the process share.
    pub fn cpu(&self) -> &CpuPool {
        &self.0.cpu
    }

    /// The shutdown of the process.
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.control.shutdown
    }

    /// Retries until `attempt` succeeds, as often as the breaker admits: for work that must be done and that
    /// no report is at fault for. None where the process shuts down first.
    pub async fn retry<T, R>(&self, attempt: impl FnMut() -> R) -> Option<T>
    where
        R: Future<Output = anyhow::Result<T>>,
    {
        self.0.control.retry(attempt).await
    }

    /// Sets why the worker does not work in full, which `/readyz` shows; none where it does.
    pub fn set_degraded(&self, reason: Option<String>) {
        self.0.health.set_degraded(reason);
    }

    /// Why the worker is not ready; none where it is.
    pub fn problem(&self) -> Option<String> {
        if self.shutdown().is_requested() {
            return Some("stopping".into());
        }
        let problem = self.bus().problem().or_else(|| self.control().breaker.reason());
        problem.or_else(|| self.0.health.problem())
    }

    pub(crate) fn control(&self) -> &Control {
        &self.0.control
    }

    pub(crate) fn health(&self) -> &Health {
        &self.0.health
    }

    pub(crate) fn downgrade(&self) -> WeakWorker {
        WeakWorker(Arc::downgrade(&self.0))
    }
}

impl WeakWorker {
    pub(crate) fn upgrade(&self) -> Option<Worker> {
        self.0.upgrade().map(Worker)
    }
}
