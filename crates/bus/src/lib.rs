#![doc = include_str!("../README.md")]

mod api;
mod bucket;
mod cache;
mod config;
mod connect;
mod consume;
mod consumers;
mod delivery;
mod event;
mod export;
mod failpoint;
mod feed;
mod group_commit;
mod identity;
mod lag;
mod lease;
pub mod metrics;
mod names;
mod objects;
mod operate;
mod publish;
mod read;
mod ready;
mod stats;
pub mod tls;
pub mod topology;
pub mod trace;

pub use bucket::{Bucket, Entry, Snapshot, Written};
pub use config::BusConfig;
pub use connect::{Bus, check};
pub use consume::{Consumer, FETCH_WAIT, Position};
pub use delivery::{DecodeError, Delivery, with_progress};
pub use event::Event;
pub use export::{Export, ExportError, Exported, Outward};
pub use failpoint::failpoint;
pub use feed::{Feed, Since};
pub use group_commit::Announced;
pub use identity::UserKey;
pub use lease::{Leader, Lease};
pub use names::{
    ACCOUNTS, FETCH_LEASE, INDEX_LEASE, LEASE, LEASES, LONGEST_SESSION, OUTLETS, PUBLISHED, SESSIONS,
};
pub use objects::{Object, ObjectStore};
pub use operate::PAUSE_WITHOUT_END;
pub use publish::{Appended, PublishError, Published};
pub use read::{Extent, Facts};
pub use stats::{Counts, Lag};
