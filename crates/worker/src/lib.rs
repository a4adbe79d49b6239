#![doc = include_str!("../README.md")]

mod attempts;
mod backlog;
mod batch;
mod config;
mod control;
mod cpu;
mod disk;
mod health;
mod http;
mod log_metrics;
mod metrics;
mod ops;
mod outcome;
mod outlet_metrics;
mod outlet_state;
pub mod outlets;
mod requests;
pub mod retry;
mod run;
pub mod settings;
mod settle;
mod shutdown;
mod slow_lane;
pub mod spans;
pub mod telemetry;
mod work;
mod worker;
mod worker_metrics;

pub use batch::{BatchLimits, Batches, Progress};
pub use config::{
    Config, FetchConfig, LogFormat, OfficeConfig, OidcConfig, SandboxRequirement, SettingError, WEAK_SANDBOX,
};
pub use cpu::CpuPool;
pub use disk::watch_disk;
pub use log_metrics::watch_log;
pub use ops::router;
pub use outcome::{Done, Handled, HandlerError, Lane, Refusal};
pub use outlet_metrics::{OutletLag, watch_outlets};
pub use outlet_state::{OutletState, OutletStates, Position};
pub use run::{EXIT_USAGE, Service, run, run_named, run_together};
pub use shutdown::Shutdown;
pub use worker::Worker;
