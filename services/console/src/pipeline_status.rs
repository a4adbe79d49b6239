//! How much there is before and after each stage, now and as it changes. One poller asks the bus for
//! all who look, and rests while nobody does.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access::{Caller, Role};
use axum::Json;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use bus::{Bus, Counts, INDEX_LEASE, Lag, Leader, Since};
use futures::{Stream, StreamExt, stream};
use proto::subject;
use proto::v1::ReportRefused;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use worker::{Shutdown, Worker};

use crate::App;
use crate::problem::{self, Problem};

/// Time between two questions.
const PERIOD: Duration = Duration::from_secs(1);
/// Open event streams; each holds a connection.
const MAX_LISTENERS: usize = 1_000;
/// Refusals that are kept for the status page.
const REFUSALS: usize = 50;
/// Before a lost feed is opened again.
const REOPEN_AFTER: Duration = Duration::from_secs(5);

pub(crate) async fn status(State(app): State<App>, caller: Caller) -> Result<Json<Value>, Problem> {
    let snapshot = Snapshot::take(app.bus()).await.map_err(|error| Problem::bus(&error))?;
    let reports = app.read(|reader| reader.count()).await?;
    let mut status = snapshot.json();
    for (place, lag) in snapshot.lag.iter().enumerate() {
        let oldest_ms = app.bus().oldest_ms(lag).await.map_err(|error| Problem::bus(&error))?;
        status["lag"][place]["oldest_ms"] = oldest_ms.into();
    }
    status["refused_by_class"] = json!(app.live().classes());
    status["searchable_reports"] = reports.into();
    // It names a host and a folder, which are nothing to those who send reports.
    if caller.role != Some(Role::Submit) {
        match app.bus().leader(INDEX_LEASE).await {
            Ok(leader) => {
                let told = |Leader { holder, until_ms }| json!({"holder": holder, "until_ms": until_ms});
                status["index_leader"] = json!(leader.map(told));
            }
            // All else is worth knowing without it.
            Err(error) => tracing::warn!("asking who leads the index: {error:#}"),
        }
    }
    Ok(Json(status))
}

pub(crate) async fn events(
    State(app): State<App>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let listener = app.live().listen().ok_or_else(problem::too_many_listeners)?;
    let first = Snapshot::take(app.bus()).await.map_err(|error| Problem::bus(&error))?;
    let changes = stream::unfold(listener, async |mut listener| {
        listener.changed().await.ok()?;
        let snapshot = listener.borrow_and_update().clone()?;
        Some((snapshot, listener))
    });
    let shutdown = app.worker().shutdown().clone();
    let all =
        stream::once(async { first }).chain(changes).take_until(async move { shutdown.requested().await });
    let all = all.map(|snapshot| Ok(Event::default().event("status").data(snapshot.json().to_string())));
    Ok(Sse::new(all).keep_alive(KeepAlive::default()))
}

/// The counts at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) counts: Counts,
    pub(crate) lag: Vec<Lag>,
}

impl Snapshot {
    /// Asks the bus; stages keep the answer for two seconds, so that many may ask.
    pub(crate) async fn take(bus: &Bus) -> anyhow::Result<Self> {
        Ok(Self { counts: bus.counts().await?, lag: bus.lag().await? })
    }

    fn json(&self) -> Value {
        let Counts { submitted, parsed, validated, indexed, refused } = self.counts;
        let lag = self.lag.iter().map(|lag| {
            json!({
                "stage": lag.stage,
                "waiting": lag.waiting,
                "in_flight": lag.in_flight,
                "redelivered": lag.redelivered,
                "paused_until_ms": lag.paused_until_ms,
            })
        });
        json!({
            "counts": {
                "submitted": submitted,
                "parsed": parsed,
                "validated": validated,
                "indexed": indexed,
                "refused": refused,
            },
            "lag": lag.collect::<Vec<_>>(),
        })
    }
}

/// A refusal with its id and its time.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) id: String,
    pub(crate) at_ms: i64,
    pub(crate) refused: ReportRefused,
}

/// What changes while people look at it.
pub(crate) struct Live {
    sender: watch::Sender<Option<Snapshot>>,
    wanted: Arc<Notify>,
    refused: Arc<Mutex<Refusals>>,
}

/// What was refused, as far as it is told.
#[derive(Debug, Default)]
struct Refusals {
    last: VecDeque<Refused>,
    /// How many of each class, of all.
    classes: BTreeMap<String, u64>,
}

impl Live {
    pub(crate) fn start(worker: &Worker) -> Self {
        let (sender, _) = watch::channel(None);
        let wanted = Arc::new(Notify::new());
        let refused = Arc::new(Mutex::new(Refusals::default()));
        let (bus, shutdown) = (worker.bus(), worker.shutdown());
        tokio::spawn(poll(bus.clone(), shutdown.clone(), sender.clone(), wanted.clone()));
        tokio::spawn(follow(bus.clone(), shutdown.clone(), refused.clone()));
        Self { sender, wanted, refused }
    }

    /// The last refusals, latest first.
    pub(crate) fn refused(&self) -> Vec<Refused> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.last.iter().rev().cloned().collect()
    }

    /// How many of each class were refused, also those that were tried again since.
    fn classes(&self) -> BTreeMap<String, u64> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).classes.clone()
    }

    fn listen(&self) -> Option<watch::Receiver<Option<Snapshot>>> {
        let free = self.sender.receiver_count() < MAX_LISTENERS;
        free.then(|| {
            let listener = self.sender.subscribe();
            self.wanted.notify_one();
            listener
        })
    }
}

async fn poll(bus: Bus, shutdown: Shutdown, sender: watch::Sender<Option<Snapshot>>, wanted: Arc<Notify>) {
    let turns = async {
        loop {
            if sender.receiver_count() == 0 {
                wanted.notified().await;
            }
            match Snapshot::take(&bus).await {
                Ok(snapshot) => {
                    sender.send_if_modified(|known| {
                        let changed = known.as_ref() != Some(&snapshot);
                        *known = Some(snapshot);
                        changed
                    });
                }
                Err(error) => tracing::warn!("asking the bus: {error:#}"),
            }
            tokio::time::sleep(PERIOD).await;
        }
    };
    tokio::select! {
        () = turns => {}
        () = shutdown.requested() => {}
    }
}

/// Keeps the last refusals on the log.
async fn follow(bus: Bus, shutdown: Shutdown, refused: Arc<Mutex<Refusals>>) {
    let mut since = Since::Start;
    while !shutdown.is_requested() {
        match bus.follow(subject::filter::<ReportRefused>(), since).await {
            Ok(mut feed) => {
                while let Some(event) = feed.next().await {
                    since = Since::Sequence(event.sequence + 1);
                    let Some(fact) = event.decode::<ReportRefused>() else { continue };
                    let mut kept = refused.lock().unwrap_or_else(PoisonError::into_inner);
                    *kept.classes.entry(fact.class.clone()).or_default() += 1;
                    if kept.last.len() == REFUSALS {
                        kept.last.pop_front();
                    }
                    kept.last.push_back(Refused {
                        id: event.id().to_owned(),
                        at_ms: event.at_ms,
                        refused: fact,
                    });
                }
            }
            Err(error) => tracing::warn!("following refusals: {error:#}"),
        }
        tokio::select! {
            () = shutdown.requested() => {}
            () = tokio::time::sleep(REOPEN_AFTER) => {}
        }
    }
}
