//! Taking messages from the log, as many as there is room for.
//!
//! Always by `fetch`, never by the client's endless stream: that one can stall with work waiting.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::Consumer;
use async_nats::jetstream::consumer::pull::{Batch, Config as Place};
use futures::{FutureExt, StreamExt};
use tokio::sync::watch;

use crate::Stage;
use crate::delivery::give_back;
use crate::topology;

/// Waiting for the first message of a fetch.
pub(crate) const EXPIRES: Duration = Duration::from_secs(5);
/// A fetch may bring so many messages, however little of the largest size would fit; a fact is a few KB.
const LEAST_AT_ONCE: usize = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Vain questions for a place, some seconds each, before another server is asked.
const PATIENCE: u32 = 3;

/// The place of a stage on the log, and what was asked for there.
pub(crate) struct Source {
    stage: Stage,
    durable: &'static str,
    place: Consumer<Place>,
    open: Option<Batch>,
    connections: watch::Receiver<u64>,
    pause: Duration,
    /// How often in a row the place was asked for in vain.
    unbound: u32,
}

impl Source {
    pub(crate) async fn bind(stage: &Stage, durable: &'static str) -> anyhow::Result<Self> {
        let place = topology::bind(stage.bus(), durable).await?;
        stage.health().bound();
        let connections = stage.bus().connections();
        Ok(Self {
            stage: stage.clone(),
            durable,
            place,
            open: None,
            connections,
            pause: FIRST_PAUSE,
            unbound: 0,
        })
    }

    /// Asks for what is there, waiting a little for the first message. False where it is time to stop.
    pub(crate) async fn ask(&mut self, messages: usize, bytes: usize) -> bool {
        self.ask_within(messages, bytes, EXPIRES).await
    }

    /// The same, waiting so long for the first message.
    pub(crate) async fn ask_within(&mut self, messages: usize, bytes: usize, patience: Duration) -> bool {
        // The server is not told of bytes: where the log has replicas, its word that a batch is complete
        // overtakes the messages of the batch, and they would be lost until they come again.
        let fit = bytes / topology::LARGEST_MESSAGE as usize;
        let messages = messages.min(fit.max(LEAST_AT_ONCE));
        loop {
            if self.stage.stop().is_wished() {
                return false;
            }
            self.connections.mark_unchanged();
            match self.place.fetch().max_messages(messages).expires(patience).messages().await {
                Ok(batch) => {
                    self.stage.health().fetched();
                    self.open = Some(batch);
                    return true;
                }
                Err(error) => self.recover(&error.to_string()).await,
            }
        }
    }

    /// Up to where on the log everything was answered, and how many messages the place has given out.
    pub(crate) async fn standing(&mut self) -> anyhow::Result<(u64, u64)> {
        let place = self.place.get_info().await.context("asking for our place on the log")?;
        Ok((place.ack_floor.stream_sequence, place.delivered.consumer_sequence))
    }

    /// The next message of what was asked for; none where that is all of it.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        let batch = self.open.as_mut()?;
        let stop = self.stage.stop().clone();
        let item = tokio::select! {
            item = batch.next() => item,
            () = stop.wished() => {
                self.leave().await;
                return None;
            }
            // The request was lost with the connection it was sent on.
            _ = self.connections.changed() => {
                self.leave().await;
                return None;
            }
        };
        match item {
            Some(Ok(message)) => {
                self.pause = FIRST_PAUSE;
                self.is_there();
                Some(message)
            }
            None => {
                self.open = None;
                self.is_there();
                None
            }
            Some(Err(error)) => {
                self.open = None;
                self.recover(&error.to_string()).await;
                None
            }
        }
    }

    fn is_there(&mut self) {
        if std::mem::take(&mut self.unbound) > 0 {
            self.stage.tell(None);
        }
    }

    /// Gives back what has come of it already.
    async fn leave(&mut self) {
        let Some(mut batch) = self.open.take() else { return };
        while let Some(Some(Ok(message))) = batch.next().now_or_never() {
            give_back(&message).await;
        }
    }

    /// Waits a little longer each time; the log may have been made anew, and our place on it with it.
    async fn recover(&mut self, error: &str) {
        tracing::warn!(stage = self.durable, "fetching: {error}");
        let stop = self.stage.stop().clone();
        tokio::select! {
            () = tokio::time::sleep(self.pause) => (),
            () = stop.wished() => return,
        }
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        match topology::bind(self.stage.bus(), self.durable).await {
            Ok(place) => {
                self.place = place;
                self.is_there();
            }
            Err(error) => {
                tracing::warn!(stage = self.durable, "{error:#}");
                self.stage.tell(Some(format!("{error:#}")));
                self.unbound += 1;
                // A server that is cut off from its cluster still answers pings; another one may do more.
                if self.unbound.is_multiple_of(PATIENCE) && self.stage.bus().trouble().is_none() {
                    tracing::warn!(
                        stage = self.durable,
                        "connecting anew, to another server if there is one"
                    );
                    self.stage.bus().client.force_reconnect().await.ok();
                }
            }
        }
    }
}
