//! The door in: an upload or a file in the drop folder becomes a stored original and a
//! `ReportSubmitted`.
//!
//! The order is the promise: the bytes are durable, then the fact is on the log, then the sender is
//! told. Whatever dies in between, the sender has not been told and sends again, and the same bytes
//! are the same original.

mod accept;
mod admission;
mod folder;
mod http;
mod kept;
mod name;
mod pace;
mod roster;
mod submission;
mod withdraw;

use std::sync::Arc;

use access::{Door, Requires, Route};
use anyhow::Context as _;
use axum::Router;
use axum::routing::{get, post};
use stage::{Service, Stage};

use crate::admission::Admission;

pub use kept::{Sent, facts_of};

/// The service: the HTTP door, and a drop folder if there is one.
pub fn service() -> Service {
    Service::new("ingest", serve).http(router).guards(access::operators).checks(access::check)
}

/// The HTTP door. Has to be called inside a Tokio runtime.
///
/// # Errors
/// If the keys cannot be used.
pub fn router(stage: Stage) -> anyhow::Result<Router> {
    let ingest = Ingest::open(stage)?;
    Ok(ingest.0.door.clone().router(routes()).with_state(ingest))
}

/// Every path, and what it needs; all are in the console's `openapi.json`.
fn routes() -> Vec<Route<Ingest>> {
    vec![
        ("/api/v1/reports", Requires::Submit, post(http::submit)),
        ("/api/v1/reports/{id}/withdrawal", Requires::Submit, post(withdraw::withdraw)),
        ("/api/v1/submissions/{id}", Requires::Key, get(submission::submission)),
        ("/api/v1/states", Requires::Key, post(submission::states)),
        ("/api/v1/roster", Requires::Operate, post(roster::import)),
    ]
}

/// What every handler works with; clones are the same.
#[derive(Clone)]
struct Ingest(Arc<Parts>);

struct Parts {
    door: Door,
    admission: Admission,
}

impl Ingest {
    fn open(stage: Stage) -> anyhow::Result<Self> {
        let door = Door::open(&stage).context("opening the door")?;
        Ok(Self(Arc::new(Parts { door, admission: Admission::new(stage) })))
    }

    fn stage(&self) -> &Stage {
        self.0.door.stage()
    }

    fn door(&self) -> &Door {
        &self.0.door
    }

    fn admission(&self) -> &Admission {
        &self.0.admission
    }
}

async fn serve(stage: Stage) -> anyhow::Result<()> {
    match stage.config().inbox.clone() {
        Some(inbox) => folder::watch(Ingest::open(stage)?, inbox).await,
        None => {
            stage.stop().wished().await;
            Ok(())
        }
    }
}
