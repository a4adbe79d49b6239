//! The console over a real log and a real index.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod across;
mod api;
mod house;
mod pages;
mod preview;
mod server;
