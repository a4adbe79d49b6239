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
use blobs::Blobs;
use bus::Bus;
use worker::{Service, Worker};

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
pub fn router(worker: Worker) -> anyhow::Result<Router> {
    let ingest = Ingest::open(worker)?;
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
    worker: Worker,
    door: Door,
    admission: Admission,
}

impl Ingest {
    fn open(worker: Worker) -> anyhow::Result<Self> {
        let door = Door::open(&worker).context("opening the door")?;
        Ok(Self(Arc::new(Parts { door, admission: Admission::new(worker.clone()), worker })))
    }

    fn worker(&self) -> &Worker {
        &self.0.worker
    }

    fn bus(&self) -> &Bus {
        self.0.worker.bus()
    }

    fn blobs(&self) -> &Blobs {
        self.0.worker.blobs()
    }

    fn door(&self) -> &Door {
        &self.0.door
    }

    fn admission(&self) -> &Admission {
        &self.0.admission
    }
}

async fn serve(worker: Worker) -> anyhow::Result<()> {
    match worker.config().inbox.clone() {
        Some(inbox) => folder::watch(Ingest::open(worker)?, inbox).await,
        None => {
            worker.shutdown().requested().await;
            Ok(())
        }
    }
}
