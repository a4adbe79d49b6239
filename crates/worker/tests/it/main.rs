//! The work loop on a real nats-server.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

mod ops;
mod outcomes;
mod process;
#[path = "../../../bus/tests/it/server.rs"]
mod server;
mod survival;
mod topology;
mod trace;

use std::time::Duration;

use bus::topology::{Changes, apply};
use bus::{Event, Since};
use proto::v1::{ReportParsed, ReportRefused, ReportSubmitted};
use proto::{Fact, subject};
use worker::{Config, CpuPool, Handled, Shutdown, Worker};

use server::Server;

/// A message that a killed server took with it comes again after 30 s, and a second loss doubles that;
/// nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(100);

fn config(server: &Server, more: &[(&str, &str)]) -> Config {
    let originals = server.folder().join("originals");
    Config::from_variables(|name| match name {
        "GOUJI_NATS_URL" => Some(server.url()),
        "GOUJI_ORIGINALS" if !more.iter().any(|(known, _)| *known == name) => {
            Some(originals.to_str().unwrap().to_owned())
        }
        _ => more.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
    })
    .unwrap()
}

async fn open(server: &Server, name: &'static str) -> Worker {
    open_with(name, &config(server, &[])).await
}

async fn open_with(name: &'static str, config: &Config) -> Worker {
    apply(&config.bus, Changes::Missing).await.unwrap();
    Worker::open(name, config, CpuPool::for_each_core(), Shutdown::new()).await.unwrap()
}

fn id(number: u32) -> String {
    format!("{number:032x}-g0")
}

fn submitted(number: u32) -> ReportSubmitted {
    ReportSubmitted { id: id(number), file_name: format!("{number}.html"), ..Default::default() }
}

fn parsed_from(submitted: ReportSubmitted) -> ReportParsed {
    ReportParsed { submitted: Some(submitted), ..Default::default() }
}

async fn parse(submitted: ReportSubmitted) -> Handled<ReportParsed> {
    Ok(parsed_from(submitted).into())
}

/// Waits for a fact about an id.
async fn wait_for<F: Fact>(worker: &Worker, number: u32) -> F {
    wait_for_event::<F>(worker, number).await.decode().unwrap()
}

async fn wait_for_event<F: Fact>(worker: &Worker, number: u32) -> Event {
    let filter = subject::any_of_id::<F>(&id(number)).unwrap();
    let mut feed = worker.bus().follow(filter, Since::Start).await.unwrap();
    tokio::time::timeout(PATIENCE, feed.next())
        .await
        .unwrap_or_else(|_| panic!("no {} fact about {}", F::NAME, id(number)))
        .unwrap()
}

async fn refusal(worker: &Worker, number: u32) -> ReportRefused {
    wait_for(worker, number).await
}
