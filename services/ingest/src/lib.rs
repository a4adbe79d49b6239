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
mod submission;

use std::path::PathBuf;

use axum::Router;
use stage::{Service, Stage};

/// The service: the HTTP door, and the drop folder of `GOUJI_INBOX` if there is one.
pub fn service() -> Service {
    Service::new("ingest", async |stage: Stage| serve(stage, inbox()).await).http(|stage| Ok(router(stage)))
}

/// `GOUJI_INBOX`: a folder whose files are taken in; none by default.
fn inbox() -> Option<PathBuf> {
    std::env::var_os("GOUJI_INBOX").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The HTTP door.
pub fn router(stage: Stage) -> Router {
    http::router(stage.clone()).merge(submission::router(stage))
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
