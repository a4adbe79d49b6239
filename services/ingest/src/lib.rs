#![doc = include_str!("../README.md")]

mod admission;
mod builder;
mod folder;
mod http;
mod kafka;
mod lanes;
mod manifest;
mod name;
mod published;
mod recovery;
mod roster;
mod submission;
mod table;
mod upload_body;
mod withdraw;

use std::sync::Arc;

use access::Parameters::Only;
use access::{AccessControl, Requires, Route};
use anyhow::Context as _;
use axum::Router;
use axum::routing::{get, post};
use blobs::Blobs;
use bus::Bus;
use tokio::task::JoinSet;
use worker::outlets::SourceKind;
use worker::{Config, Service, Worker};

use crate::admission::Admission;
use crate::lanes::Lanes;

pub use recovery::{Recovered, recover};
pub use table::schema as table_schema;

/// The service: the HTTP API, and the exchange folder and the inlets if they are configured.
pub fn service() -> Service {
    Service::new("ingest", serve).http(router).guards(access::protect_metrics).checks(check)
}

/// Checks that these settings can be used.
fn check(config: &Config) -> anyhow::Result<()> {
    access::check_config(config)?;
    published::check_config(config)?;
    config.routes.inlets.iter().try_for_each(kafka::check)?;
    config.routes.inlets.iter().try_for_each(table::check)
}

/// The HTTP API. Has to be called inside a Tokio runtime.
///
/// # Errors
/// If the file of keys is wrong.
pub fn router(worker: Worker) -> anyhow::Result<Router> {
    let ingest = Ingest::open(worker)?;
    Ok(ingest.access().clone().router(routes()).with_state(ingest))
}

/// Every path with the key that it requires; the console's `openapi.json` describes all of them.
fn routes() -> Vec<Route<Ingest>> {
    vec![
        ("/api/v1/reports", Requires::Submit, Only(&["file_name", "again"]), post(http::submit)),
        ("/api/v1/reports/{id}/withdrawal", Requires::Submit, Only(&[]), post(withdraw::withdraw)),
        ("/api/v1/submissions/{id}", Requires::Key, Only(&["from"]), get(submission::submission)),
        ("/api/v1/states", Requires::Key, Only(&[]), post(submission::states)),
        ("/api/v1/roster", Requires::Operate, Only(&["dry_run", "current"]), post(roster::import)),
        ("/api/v1/published", Requires::Operate, Only(&[]), get(published::show).post(published::change)),
    ]
}

/// The state of every handler; clones share it.
#[derive(Clone)]
struct Ingest(Arc<Parts>);

struct Parts {
    worker: Worker,
    access: AccessControl,
    admission: Admission,
    lanes: Lanes,
}

impl Ingest {
    fn open(worker: Worker) -> anyhow::Result<Self> {
        let access = AccessControl::open(&worker).context("setting up access control")?;
        Ok(Self(Arc::new(Parts {
            access,
            admission: Admission::new(worker.clone()),
            lanes: Lanes::default(),
            worker,
        })))
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

    fn access(&self) -> &AccessControl {
        &self.0.access
    }

    fn admission(&self) -> &Admission {
        &self.0.admission
    }

    fn lanes(&self) -> &Lanes {
        &self.0.lanes
    }
}

/// Watches every way in but HTTP, until shutdown.
async fn serve(worker: Worker) -> anyhow::Result<()> {
    let ingest = Ingest::open(worker.clone())?;
    let mut sources = JoinSet::new();
    sources.spawn(published::run(ingest.clone()));
    if let Some(inbox) = worker.config().inbox.clone() {
        sources.spawn(folder::watch(ingest.clone(), inbox));
    }
    for inlet in worker.config().routes.inlets.clone() {
        match inlet.from {
            SourceKind::Kafka => sources.spawn(kafka::consume(ingest.clone(), inlet)),
            SourceKind::Table => sources.spawn(table::poll(ingest.clone(), inlet)),
        };
    }
    while let Some(ended) = sources.join_next().await {
        ended.context("a way in panicked").flatten()?;
    }
    worker.shutdown().requested().await;
    Ok(())
}
