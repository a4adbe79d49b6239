//! The console over a real log and a real index.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod accounts;
mod api;
mod checks;
mod harness;
mod pages;
mod preview;
mod regional;
mod server;
