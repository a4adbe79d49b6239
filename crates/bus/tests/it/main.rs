//! The log on a real nats-server.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

mod feed;
mod groups;
mod lease;
mod publish;
mod server;
mod topology;

use std::time::Duration;

use bus::topology::{Changes, apply};
use bus::{Bus, BusConfig};
use proto::v1::ReportSubmitted;
use tokio_util::sync::CancellationToken;

use server::Server;

/// Longer than anything takes that works.
const TIMEOUT: Duration = Duration::from_secs(60);

fn config(server: &Server) -> BusConfig {
    BusConfig { url: Some(server.url()), ..BusConfig::default() }
}

/// A connection to a server whose topology is applied.
async fn open(server: &Server, stage: &'static str) -> Bus {
    open_until(server, stage, CancellationToken::new()).await
}

async fn open_until(server: &Server, stage: &'static str, shutdown: CancellationToken) -> Bus {
    let config = config(server);
    apply(&config, Changes::Missing).await.unwrap();
    let bus = Bus::connect(stage, &config, shutdown).await.unwrap();
    bus.wait_until_ready(&config).await;
    bus
}

fn id(number: u32) -> String {
    format!("{number:032x}-g0")
}

fn submitted(number: u32) -> ReportSubmitted {
    ReportSubmitted { id: id(number), file_name: format!("{number}.html"), ..Default::default() }
}
