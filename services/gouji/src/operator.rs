//! What an operator types: the bus, refusals, replays, reconciliation, the index, keys, settings.

pub(crate) mod audit;
pub(crate) mod bus;
pub(crate) mod config;
mod connection;
pub(crate) mod key;
pub(crate) mod outlet;
pub(crate) mod pause;
mod readings;
pub(crate) mod reconcile;
pub(crate) mod refused;
pub(crate) mod reindex;
pub(crate) mod replay;
pub(crate) mod resume;
pub(crate) mod scans;
pub(crate) mod topology;
pub(crate) mod user;
