#![doc = include_str!("../README.md")]

mod connection;
mod settings;
mod topic;

pub use connection::Connection;
pub use settings::{SettingsError, settings};
pub use topic::{Topic, TopicLimits, find_topic, read_limits};
