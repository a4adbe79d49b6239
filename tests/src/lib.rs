//! End-to-end tests and measurements with real servers and real processes, and the reports they run on.

pub mod api;
pub mod asyncapi;
pub mod bench;
pub mod browser;
pub mod cluster;
pub mod disk;
pub mod generate;
pub mod judge;
pub mod kafka;
pub mod mariadb;
pub mod npm;
pub mod pip;
pub mod pipeline;
pub mod postgres;
pub mod processes;
pub mod proof;
pub mod proxy;
pub mod seen;
pub mod skip;
pub mod soak;
pub mod sshd;
pub mod webhook;
