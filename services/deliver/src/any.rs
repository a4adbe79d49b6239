//! The kinds of targets behind one type.

use std::collections::BTreeSet;

use anyhow::Context as _;
use bus::Bus;
use worker::outlets::{OutletConfig, TargetKind};

use crate::change::{Batch, Place};
use crate::folder::FolderTarget;
use crate::kafka::KafkaTarget;
use crate::nats::Nats;
use crate::table::Tables;
use crate::target::{Batching, Kept, Target, TargetError};
use crate::webhook::Webhook;

/// A target of any kind.
pub enum AnyTarget {
    /// An exchange folder.
    Folder(FolderTarget),
    /// Exchange tables.
    Table(Tables),
    /// A Kafka topic.
    Kafka(KafkaTarget),
    /// An HTTP address.
    Webhook(Webhook),
    /// The stream of our own bus that regions copy.
    Nats(Nats),
}

/// Calls the same method of whatever target it is.
macro_rules! each {
    ($target:expr, $inner:ident => $call:expr) => {
        match $target {
            AnyTarget::Folder($inner) => $call,
            AnyTarget::Table($inner) => $call,
            AnyTarget::Kafka($inner) => $call,
            AnyTarget::Webhook($inner) => $call,
            AnyTarget::Nats($inner) => $call,
        }
    };
}

impl AnyTarget {
    /// Checks what the settings say, and opens nothing.
    ///
    /// # Errors
    /// What cannot be used.
    pub fn check(outlet: &OutletConfig) -> anyhow::Result<()> {
        match outlet.to {
            TargetKind::Folder => Self::folder(outlet).map(drop),
            TargetKind::Table => Tables::new(outlet).map(drop),
            // Their files need not be readable for the process that checks the settings.
            TargetKind::Kafka | TargetKind::Webhook | TargetKind::Nats => Ok(()),
        }
    }

    fn folder(outlet: &OutletConfig) -> anyhow::Result<Self> {
        let folder = outlet.folder.as_ref().with_context(|| missing(outlet))?;
        Ok(Self::Folder(FolderTarget::new(&outlet.name, folder, outlet.carry)?))
    }

    /// The target of an outlet; only a stream of our own bus needs `bus`. `installation` names the one that sends.
    ///
    /// # Errors
    /// If a file that the settings name cannot be read, or what they say cannot be used.
    pub fn open(outlet: &OutletConfig, installation: &str, bus: Option<&Bus>) -> anyhow::Result<Self> {
        let missing = || missing(outlet);
        match outlet.to {
            TargetKind::Folder => Self::folder(outlet),
            TargetKind::Nats => {
                let export = bus.context("this outlet needs a connection to the bus")?.export();
                Ok(Self::Nats(Nats::new(export, format!("/gouji/{installation}"))))
            }
            TargetKind::Table => Ok(Self::Table(Tables::new(outlet)?)),
            TargetKind::Webhook => {
                let webhook = outlet.webhook.as_ref().with_context(missing)?;
                Ok(Self::Webhook(Webhook::open(webhook, &format!("/gouji/{installation}"))?))
            }
            TargetKind::Kafka => {
                let kafka = outlet.kafka.clone().with_context(missing)?;
                Ok(Self::Kafka(KafkaTarget::new(&outlet.name, kafka, format!("/gouji/{installation}"))))
            }
        }
    }
}

fn missing(outlet: &OutletConfig) -> String {
    format!("outlet {} has no table [outlet.{}]", outlet.name, outlet.to.as_str())
}

impl Target for AnyTarget {
    async fn test(&mut self) -> Result<Vec<String>, TargetError> {
        each!(self, target => target.test().await)
    }

    fn batching(&self) -> Batching {
        each!(self, target => target.batching())
    }

    async fn place(&mut self) -> Result<Kept, TargetError> {
        each!(self, target => target.place().await)
    }

    async fn deliver(&mut self, batch: &Batch) -> Result<(), TargetError> {
        each!(self, target => target.deliver(batch).await)
    }

    async fn rewind(&mut self, to: Place) -> Result<(), TargetError> {
        each!(self, target => target.rewind(to).await)
    }

    fn keeps_replaced(&self) -> bool {
        each!(self, target => target.keeps_replaced())
    }

    async fn delivered(&mut self, log_made_at_ms: i64) -> Result<Option<BTreeSet<u64>>, TargetError> {
        each!(self, target => target.delivered(log_made_at_ms).await)
    }
}
