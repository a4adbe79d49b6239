//! Every end-to-end test in one program, because each test binary links the whole workspace again.
//!
//! The first part of a test's name is its module: `cargo test -p tests -- faults::` runs one module.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

mod access;
mod asyncapi;
mod bus;
mod buses;
mod commands;
mod faults;
mod formats;
mod hostile;
mod http;
mod index;
mod journey;
mod observed;
mod operators;
mod proportion;
mod published;
mod rules;
mod samples;
mod seen;
