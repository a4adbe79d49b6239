//! The console over a real log and a real index.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod accounts;
mod api;
mod checks;
mod compare;
mod export;
mod harness;
mod news;
mod office;
mod originals;
mod pages;
mod preview;
mod regional;
mod reviews;
mod server;
#[path = "../../../../tests/src/skip.rs"]
#[expect(unreachable_pub, reason = "it is public in `tests`, where it belongs")]
mod skip;
mod users;
