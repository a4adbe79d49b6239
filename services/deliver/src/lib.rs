//! Carries what becomes of reports to the data buses of the government.
//!
//! An *outlet* is one target with its filter: an exchange folder, exchange tables, a Kafka topic or a webhook.
//! One process serves an outlet. It follows the log, makes outward messages of the facts, and hands them to the
//! target in batches; its place on the log is kept with the target, or in a bucket on the bus.

pub mod change;
pub mod envelope;
pub mod kafka;
pub mod table;
pub mod target;
pub mod webhook;
