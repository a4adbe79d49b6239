//! The door in: an upload or a file in the drop folder becomes a stored original and a
//! `ReportSubmitted`.
//!
//! The order is the promise: the bytes are durable, then the fact is on the log, then the sender is
//! told. Whatever dies in between, the sender has not been told and sends again, and the same bytes
//! are the same original.

mod accept;
mod folder;
mod http;
mod kept;
mod problem;
mod roster;
mod submission;
mod withdraw;

use axum::Router;
use stage::{Service, Stage};

pub use kept::{Sent, facts_of};

/// The service: the HTTP door, and a drop folder if there is one.
pub fn service() -> Service {
    Service::new("ingest", serve).http(|stage| Ok(router(stage)))
}

/// The HTTP door.
pub fn router(stage: Stage) -> Router {
    http::router(stage.clone())
        .merge(submission::router(stage.clone()))
        .merge(withdraw::router(stage.clone()))
        .merge(roster::router(stage))
}

async fn serve(stage: Stage) -> anyhow::Result<()> {
    match stage.config().inbox.clone() {
        Some(inbox) => folder::watch(stage, inbox).await,
        None => {
            stage.stop().wished().await;
            Ok(())
        }
    }
}
