//! What an operator sees of a running pipeline, and the S3-compatible storage that it may use.

mod collector;
mod index;
mod metrics;
mod s3;
pub(crate) mod s3_server;
mod trace;
