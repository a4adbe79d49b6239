//! End-to-end tests and measurements with real servers and real processes, and the reports they run on.

pub mod api;
pub mod bench;
pub mod generate;
pub mod judge;
pub mod pipeline;
pub mod processes;
