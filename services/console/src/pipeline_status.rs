//! The counts of the pipeline now and as they change, and the latest refusals.
//!
//! One task polls the bus for all open event streams, and pauses while there is none.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::{Bus, Counts, Lag, Leader, Since};
use proto::subject;
use proto::v1::ReportRefused;
use search::{CurrentReader, IndexError, Query, Reader};
use tokio::sync::{Notify, watch};
use worker::{Shutdown, Worker};

use crate::outlets::Outlet;

/// Interval between two polls of the bus.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Limit of open event streams; each holds a connection.
const MAX_LISTENERS: usize = 1_000;
/// Refusals in memory for the status page.
const MAX_REFUSALS: usize = 50;
/// Delay before the console follows refusals again after an error.
const RECONNECT_DELAY: Duration = Duration::from_secs(5);

/// How many reports have passed each stage, and how many wait, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) counts: Counts,
    pub(crate) lag: Vec<Lag>,
    /// Reports that a search finds; none while the index cannot be read.
    pub(crate) searchable: Option<u64>,
}

impl Snapshot {
    /// Asks the bus and the index. The answer of the bus is cached for two seconds, so frequent calls are cheap.
    pub(crate) async fn take(bus: &Bus, index: &Arc<CurrentReader>) -> anyhow::Result<Self> {
        let (counts, lag) = (bus.counts().await?, bus.lag().await?);
        let index = index.clone();
        let searchable = tokio::task::spawn_blocking(move || searchable(&index.reader()?)).await?;
        Ok(Self { counts, lag, searchable: searchable.ok() })
    }
}

/// How many reports a search without conditions finds: the latest version of each that is not withdrawn.
pub(crate) fn searchable(reader: &Reader) -> Result<u64, IndexError> {
    Ok(reader.search(&Query::default())?.total)
}

/// The whole state of the pipeline.
pub(crate) struct PipelineStatus {
    pub(crate) snapshot: Snapshot,
    /// The age of the oldest waiting report of each stage of `snapshot.lag`.
    pub(crate) oldest_ms: Vec<Option<i64>>,
    pub(crate) refused_by_class: BTreeMap<String, u64>,
    /// None where the caller may not know it or the bus did not answer.
    pub(crate) index_leader: Option<IndexLeader>,
    /// None where the caller may not know them or the bus did not answer.
    pub(crate) outlets: Option<Vec<Outlet>>,
}

/// Who holds the lease on the index; nobody while it is free.
pub(crate) struct IndexLeader(pub(crate) Option<Leader>);

/// One refusal with the id of its report and its time.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) id: String,
    pub(crate) at_ms: i64,
    pub(crate) refused: ReportRefused,
}

/// Watches the pipeline in the background.
pub(crate) struct PipelineMonitor {
    sender: watch::Sender<Option<Snapshot>>,
    /// Wakes the poller when a listener arrives.
    wake: Arc<Notify>,
    refusals: Arc<Mutex<Refusals>>,
}

#[derive(Debug, Default)]
struct Refusals {
    /// The last [`MAX_REFUSALS`], oldest first.
    last: VecDeque<Refusal>,
    /// How many of each class since the log began.
    by_class: BTreeMap<String, u64>,
}

impl PipelineMonitor {
    /// Starts the background tasks. They end at shutdown.
    pub(crate) fn start(worker: &Worker, index: Arc<CurrentReader>) -> Self {
        let (sender, _) = watch::channel(None);
        let wake = Arc::new(Notify::new());
        let refusals = Arc::new(Mutex::new(Refusals::default()));
        let (bus, shutdown) = (worker.bus(), worker.shutdown());
        tokio::spawn(poll(bus.clone(), index, shutdown.clone(), sender.clone(), wake.clone()));
        tokio::spawn(follow_refusals(bus.clone(), shutdown.clone(), refusals.clone()));
        Self { sender, wake, refusals }
    }

    /// The last refusals, latest first.
    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.last.iter().rev().cloned().collect()
    }

    /// How many reports of each class were refused, including those that were replayed since.
    pub(crate) fn refused_by_class(&self) -> BTreeMap<String, u64> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).by_class.clone()
    }

    /// Changes from now on; none where too many listen already.
    pub(crate) fn listen(&self) -> Option<watch::Receiver<Option<Snapshot>>> {
        let is_free = self.sender.receiver_count() < MAX_LISTENERS;
        is_free.then(|| {
            let listener = self.sender.subscribe();
            self.wake.notify_one();
            listener
        })
    }
}

async fn poll(
    bus: Bus,
    index: Arc<CurrentReader>,
    shutdown: Shutdown,
    sender: watch::Sender<Option<Snapshot>>,
    wake: Arc<Notify>,
) {
    let polls = async {
        loop {
            if sender.receiver_count() == 0 {
                wake.notified().await;
            }
            match Snapshot::take(&bus, &index).await {
                Ok(snapshot) => {
                    sender.send_if_modified(|known| {
                        let is_changed = known.as_ref() != Some(&snapshot);
                        *known = Some(snapshot);
                        is_changed
                    });
                }
                Err(error) => tracing::warn!("polling the counts of the pipeline: {error:#}"),
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    };
    tokio::select! {
        () = polls => {}
        () = shutdown.requested() => {}
    }
}

/// Reads the refusals of the log from the beginning and follows them.
async fn follow_refusals(bus: Bus, shutdown: Shutdown, refusals: Arc<Mutex<Refusals>>) {
    let mut since = Since::Start;
    while !shutdown.is_requested() {
        match bus.follow(subject::filter::<ReportRefused>(), since).await {
            Ok(mut feed) => {
                while let Some(event) = feed.next().await {
                    since = Since::Sequence(event.sequence + 1);
                    let Some(refused) = event.decode::<ReportRefused>() else { continue };
                    let refusal = Refusal { id: event.id().to_owned(), at_ms: event.at_ms, refused };
                    refusals.lock().unwrap_or_else(PoisonError::into_inner).add(refusal);
                }
            }
            Err(error) => tracing::warn!("following the refusals on the log: {error:#}"),
        }
        tokio::select! {
            () = shutdown.requested() => {}
            () = tokio::time::sleep(RECONNECT_DELAY) => {}
        }
    }
}

impl Refusals {
    fn add(&mut self, refusal: Refusal) {
        *self.by_class.entry(refusal.refused.class.clone()).or_default() += 1;
        if self.last.len() == MAX_REFUSALS {
            self.last.pop_front();
        }
        self.last.push_back(refusal);
    }
}
