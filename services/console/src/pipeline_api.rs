//! `GET /api/v1/status` and the event stream `GET /api/v1/events`.

use std::convert::Infallible;

use access::{Caller, Requires, Role};
use axum::Json;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use bus::INDEX_LEASE;
use futures::{Stream, StreamExt, stream};
use serde_json::Value;

use crate::api;
use crate::app::App;
use crate::outlets::Outlet;
use crate::pipeline_status::{self, IndexLeader, PipelineStatus, Snapshot};
use crate::problem::{self, Problem};

/// The state of the pipeline now.
pub(crate) async fn status(State(app): State<App>, caller: Caller) -> Result<Json<Value>, Problem> {
    let snapshot = app.snapshot().await.map_err(|error| Problem::bus(&error))?;
    let searchable = app.read(pipeline_status::searchable).await?;
    let snapshot = Snapshot { searchable: Some(searchable), ..snapshot };
    let mut oldest_ms = Vec::new();
    for lag in &snapshot.lag {
        oldest_ms.push(app.bus().oldest_ms(lag).await.map_err(|error| Problem::bus(&error))?);
    }
    // The name of the leader holds a host and a folder, which senders of reports have no need to know.
    let may_know_leader = caller.role != Some(Role::Submit);
    let index_leader = if may_know_leader { index_leader(&app).await } else { None };
    let outlets = if may_know_leader { outlets_of(&app, &caller).await } else { None };
    let refused_by_class = app.monitor().refused_by_class();
    let status = PipelineStatus { snapshot, oldest_ms, refused_by_class, index_leader, outlets };
    Ok(Json(api::pipeline_status(&status)))
}

/// None where the bus does not answer: the rest of the status is useful without it.
async fn index_leader(app: &App) -> Option<IndexLeader> {
    let leader = app.bus().leader(INDEX_LEASE).await;
    let leader = leader.inspect_err(|error| tracing::warn!("looking up the leader of the index: {error:#}"));
    leader.ok().map(IndexLeader)
}

/// None where the bus does not answer.
async fn outlets_of(app: &App, caller: &Caller) -> Option<Vec<Outlet>> {
    let outlets = crate::outlets::outlets(app, caller).await;
    outlets.inspect_err(|error| tracing::warn!("looking up the outlets: {error:#}")).ok()
}

/// The counts of the pipeline, once at the beginning and then whenever they change, as long as the key or the session
/// of the caller goes on.
pub(crate) async fn events(
    State(app): State<App>,
    caller: Caller,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>, Problem> {
    let listener = app.monitor().listen().ok_or_else(problem::too_many_listeners)?;
    let first = app.snapshot().await.map_err(|error| Problem::bus(&error))?;
    let changes = stream::unfold(listener, async |mut listener| {
        listener.changed().await.ok()?;
        let snapshot = listener.borrow_and_update().clone()?;
        Some((snapshot, listener))
    });
    let shutdown = app.worker().shutdown().clone();
    let access = app.access().clone();
    let over = async move {
        tokio::select! {
            () = shutdown.requested() => (),
            () = access.ended(&caller, Requires::Key) => (),
        }
    };
    let all = stream::once(async { first }).chain(changes).take_until(over);
    let all =
        all.map(|snapshot| Ok(Event::default().event("status").data(api::snapshot(&snapshot).to_string())));
    Ok(Sse::new(all).keep_alive(KeepAlive::default()))
}
