//! The door in: an upload or a file in the drop folder becomes a stored original and a
//! `ReportSubmitted`.
//!
//! The order is the promise: the bytes are durable, then the fact is on the log, then the sender is
//! told. Whatever dies in between, the sender has not been told and sends again, and the same bytes
//! are the same original.

mod accept;
mod folder;
mod http;
mod problem;
mod roster;
mod submission;
mod withdraw;

use std::path::PathBuf;

use axum::Router;
use stage::{Service, Stage};

/// The service: the HTTP door, and a drop folder if there is one.
pub fn service(inbox: Option<PathBuf>) -> Service {
    Service::new("ingest", |stage: Stage| serve(stage, inbox)).http(|stage| Ok(router(stage)))
}

/// `GOUJI_INBOX`: a folder whose files are taken in; none by default.
pub fn inbox_from_env() -> Option<PathBuf> {
    std::env::var_os("GOUJI_INBOX").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The HTTP door.
pub fn router(stage: Stage) -> Router {
    http::router(stage.clone())
        .merge(submission::router(stage.clone()))
        .merge(withdraw::router(stage.clone()))
        .merge(roster::router(stage))
}

async fn serve(stage: Stage, inbox: Option<PathBuf>) -> anyhow::Result<()> {
    match inbox {
        Some(inbox) => folder::watch(stage, inbox).await,
        None => {
            stage.stop().wished().await;
            Ok(())
        }
    }
}
