//! A worker's footing: configuration, telemetry, streams, the work loop, originals and shutdown.
//!
//! A service brings a name and a handler; the rest is here. This is the one crate that knows which bus
//! carries the facts. It knows nothing of reports but their ids.
//!
//! ```no_run
//! use proto::RefusalClass;
//! use proto::v1::{ReportParsed, ReportSubmitted};
//! use stage::{Handled, Refusal, Service, Stage};
//!
//! fn main() -> std::process::ExitCode {
//!     stage::run(Service::new("parse", async |stage: Stage| stage.work(parse).await))
//! }
//!
//! async fn parse(stage: Stage, submitted: ReportSubmitted) -> Handled<ReportParsed> {
//!     let original = submitted.original.clone().unwrap_or_default();
//!     let bytes = stage.originals().get(&original.sha256).await?;
//!     let text = stage.cpu(move || String::from_utf8(bytes.into())).await?;
//!     if text.is_err() {
//!         return Err(Refusal::new(RefusalClass::NotText, "文件不是 UTF-8 文本。", "not UTF-8").into());
//!     }
//!     Ok(ReportParsed { submitted: Some(submitted), ..Default::default() }.into())
//! }
//! ```

mod batch;
mod config;
mod connect;
mod delivery;
mod failpoint;
mod feed;
mod fetch;
mod http;
mod identity;
mod lease;
mod operate;
mod ops;
mod originals;
mod outcome;
mod publish;
mod read;
mod requests;
pub mod retry;
mod run;
mod seats;
pub mod settings;
mod shutdown;
pub mod telemetry;
pub mod tls;
pub mod topology;
mod work;

use std::sync::Arc;

use proto::{Fact, subject};

pub use batch::{Batches, Bounds, Standing};
pub use config::{Config, LogFormat, OriginalsAt, S3At, WrongSetting};
pub use failpoint::failpoint;
pub use feed::{Extent, Feed, Since};
pub use identity::UserKey;
pub use lease::{INDEX_LEASE, Leader, Lease};
pub use operate::FOR_EVER;
pub use ops::router;
pub use originals::{Listed, NotGot, NotStored, Originals, S3, Stored};
pub use outcome::{Done, Handled, Refusal, Trouble};
pub use publish::{NotPublished, Published};
pub use read::{Counts, Event, Lag};
pub use run::{EXIT_USAGE, Service, run, run_together};
pub use seats::Seats;
pub use shutdown::Stop;

/// One stage in this process: its connection, its originals, its seats. Clones are the same stage.
#[derive(Clone)]
pub struct Stage(Arc<Parts>);

struct Parts {
    name: &'static str,
    config: Config,
    bus: connect::Bus,
    originals: Originals,
    seats: Seats,
    stop: Stop,
    breaker: retry::Breaker,
    health: ops::Health,
    recently: read::Recently,
}

impl Stage {
    /// Connects, and waits until the bus is there and the log on it. Nothing is made or changed there: that
    /// is for [`topology::apply`].
    ///
    /// # Errors
    /// If credentials or the folder of originals cannot be used, or it was told to stop while it waited.
    pub async fn open(name: &'static str, config: &Config, seats: Seats, stop: Stop) -> anyhow::Result<Self> {
        Self::open_on(connect::Bus::connect(name, config).await?, config, seats, stop).await
    }

    /// The same, on a connection that somebody else looks at too.
    pub(crate) async fn open_on(
        bus: connect::Bus,
        config: &Config,
        seats: Seats,
        stop: Stop,
    ) -> anyhow::Result<Self> {
        let name = bus.stage;
        let until_there = topology::wait_for(&bus, config);
        if stop.child().run_until_cancelled(until_there).await.is_none() {
            anyhow::bail!("told to stop while waiting for the log");
        }
        let originals = Originals::open(&config.originals, &bus).await?;
        Ok(Self::of(name, config, bus, originals, seats, stop))
    }

    /// The stage of an operator's tool, which wants to know at once that something is not there.
    ///
    /// # Errors
    /// If the bus does not answer within ten seconds, or has no log.
    pub async fn operator(config: &Config) -> anyhow::Result<Self> {
        let bus = topology::connect(config).await?;
        topology::must_be_there(&bus, config).await?;
        let originals = match &config.originals {
            // Looked at where it is, and not made where it is not.
            OriginalsAt::Folder(root) => Originals::Folder(root.clone()),
            at => Originals::open(at, &bus).await?,
        };
        Ok(Self::of(topology::OPERATOR, config, bus, originals, Seats::for_each_core(), Stop::new()))
    }

    fn of(
        name: &'static str,
        config: &Config,
        bus: connect::Bus,
        originals: Originals,
        seats: Seats,
        stop: Stop,
    ) -> Self {
        Self(Arc::new(Parts {
            name,
            config: config.clone(),
            bus,
            originals,
            seats,
            stop,
            breaker: retry::Breaker::new(name),
            health: ops::Health::new(),
            recently: read::Recently::default(),
        }))
    }

    /// Its name, e.g. `parse`.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// The settings of this process.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Where originals are kept.
    pub fn originals(&self) -> &Originals {
        &self.0.originals
    }

    /// The wish to stop.
    pub fn stop(&self) -> &Stop {
        &self.0.stop
    }

    /// Computes on a thread of its own, as soon as there is a seat.
    ///
    /// # Errors
    /// If `work` panics.
    pub async fn cpu<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        self.0.seats.take(work).await
    }

    /// Publishes a fact that nothing on the log led to, as ingest does. The current span becomes its
    /// parent. Has the log's word for it when it returns.
    ///
    /// # Errors
    /// If it cannot stand on the log, or the bus has no answer for twenty seconds.
    pub async fn publish_once<F: Fact>(&self, fact: &F) -> Result<Published, NotPublished> {
        publish::Outgoing::new(self.name(), fact)?.publish(self.bus()).await
    }

    /// What lies before each stage; up to two seconds old.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn lag(&self) -> anyhow::Result<Vec<Lag>> {
        self.0.recently.lag(self.bus()).await
    }

    /// What lies before each stage, now.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn lag_now(&self) -> anyhow::Result<Vec<Lag>> {
        read::lag(self.bus()).await
    }

    /// How many facts of each kind there are; up to two seconds old.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn counts(&self) -> anyhow::Result<Counts> {
        self.0.recently.counts(self.bus()).await
    }

    /// The facts about one id, oldest first; none where there is no such id.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn history(&self, id: &str) -> anyhow::Result<Vec<Event>> {
        match subject::history(id) {
            Ok(filter) => read::last_of_each(self.bus(), &filter).await,
            Err(_) => Ok(Vec::new()),
        }
    }

    /// The fact `F` about one id, if there is one.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn last_of_id<F: Fact>(&self, id: &str) -> anyhow::Result<Option<F>> {
        let Ok(filter) = subject::any_of_id::<F>(id) else { return Ok(None) };
        Ok(read::last(self.bus(), &filter).await?.and_then(|event| event.decode()))
    }

    /// The fact `F` that came last, whatever it is about, if there is one.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn latest<F: Fact>(&self) -> anyhow::Result<Option<F>> {
        Ok(read::latest(self.bus(), &subject::filter::<F>()).await?.and_then(|event| event.decode()))
    }

    /// The place on the log of the fact `F` that came last; 0 where there is none.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn last_place<F: Fact>(&self) -> anyhow::Result<u64> {
        let last = read::latest(self.bus(), &subject::filter::<F>()).await?;
        Ok(last.map_or(0, |event| event.sequence))
    }

    /// The facts that `filter` takes, e.g. [`proto::subject::ALL`] or `proto::subject::filter::<F>()`, as they come.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn follow(&self, filter: impl Into<String>, since: Since) -> anyhow::Result<Feed> {
        Feed::open(self.bus().clone(), filter.into(), since, self.stop()).await
    }

    /// How far the log goes.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn extent(&self) -> anyhow::Result<Extent> {
        feed::extent(self.bus()).await
    }

    /// When the log took what stands at this place, milliseconds since 1970-01-01 UTC; none where nothing does.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn taken_at(&self, sequence: u64) -> anyhow::Result<Option<i64>> {
        let found = read::next(self.bus(), subject::ALL, sequence).await?;
        Ok(found.filter(|event| event.sequence == sequence).map(|event| event.at_ms))
    }

    /// What keeps it from working in full, told at `/readyz` until it is none.
    pub fn tell(&self, trouble: Option<String>) {
        self.health().tell(trouble);
    }

    /// Lets everything leave that was sent, and closes the connection.
    pub async fn close(&self) {
        self.bus().close().await;
    }

    fn bus(&self) -> &connect::Bus {
        &self.0.bus
    }

    fn breaker(&self) -> &retry::Breaker {
        &self.0.breaker
    }

    fn health(&self) -> &ops::Health {
        &self.0.health
    }
}
