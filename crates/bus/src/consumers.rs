//! Finding a durable consumer on the log.

use async_nats::jetstream::consumer::{Consumer, pull};

use crate::connect::Bus;
use crate::names::STREAM;

/// The durable consumer of that name.
pub(crate) async fn bind(bus: &Bus, durable: &str) -> anyhow::Result<Consumer<pull::Config>> {
    bus.jetstream
        .get_consumer_from_stream(durable, STREAM)
        .await
        .map_err(|error| anyhow::anyhow!("binding to {durable} on the log {STREAM}: {error}"))
}
