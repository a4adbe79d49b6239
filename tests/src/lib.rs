//! End-to-end tests with real servers and real processes, and the reports they run on.

pub mod generate;
