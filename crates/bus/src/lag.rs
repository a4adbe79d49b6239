//! Asking the bus for the backlog of the stages and the number of facts.

use proto::Fact;
use proto::v1::{ReportIndexed, ReportParsed, ReportRefused, ReportSubmitted, ReportValidated};

use crate::connect::Bus;
use crate::consumers::bind;
use crate::event::milliseconds;
use crate::names::{DURABLES, tally};
use crate::read;
use crate::stats::{Counts, Lag};

impl Bus {
    /// The backlog of each stage; up to two seconds old.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn lag(&self) -> anyhow::Result<Vec<Lag>> {
        self.cache.lag.get_or_ask(async || self.lag_now().await).await
    }

    /// The backlog of each stage, now.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn lag_now(&self) -> anyhow::Result<Vec<Lag>> {
        let mut lag = Vec::new();
        for durable in DURABLES {
            let consumer = bind(self, durable.name).await?;
            let info = consumer.cached_info();
            let paused_until = info.config.pause_until.filter(|_| info.paused);
            lag.push(Lag {
                stage: durable.name,
                waiting: info.num_pending,
                in_flight: info.num_ack_pending as u64,
                redelivered: info.num_redelivered as u64,
                done_up_to: info.ack_floor.stream_sequence,
                handed_up_to: info.delivered.stream_sequence,
                paused_until_ms: paused_until.map(|until| milliseconds(until.unix_timestamp_nanos())),
            });
        }
        Ok(lag)
    }

    /// How many facts of each kind there are; up to two seconds old.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn counts(&self) -> anyhow::Result<Counts> {
        self.cache.counts.get_or_ask(async || self.counts_now().await).await
    }

    /// How many facts of each kind there are, now.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn counts_now(&self) -> anyhow::Result<Counts> {
        Ok(Counts {
            submitted: self.count::<ReportSubmitted>().await?,
            parsed: self.count::<ReportParsed>().await?,
            validated: self.count::<ReportValidated>().await?,
            indexed: self.count::<ReportIndexed>().await?,
            refused: self.count::<ReportRefused>().await?,
        })
    }

    /// The server counts the pending messages of a consumer as they arrive. Listing the subjects of a
    /// stream would cost a line for each message instead.
    async fn count<F: Fact>(&self) -> anyhow::Result<u64> {
        Ok(bind(self, &tally::<F>()).await?.cached_info().num_pending)
    }

    /// When the oldest fact was published that a stage has not acknowledged, milliseconds since 1970-01-01
    /// UTC; none where the stage has nothing to do.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn oldest_ms(&self, lag: &Lag) -> anyhow::Result<Option<i64>> {
        let durable = DURABLES.into_iter().find(|durable| durable.name == lag.stage);
        match durable.map(|durable| durable.filter()) {
            Some(filter) if lag.total() > 0 => {
                Ok(read::next(self, &filter, lag.done_up_to + 1).await?.map(|event| event.at_ms))
            }
            _ => Ok(None),
        }
    }
}
