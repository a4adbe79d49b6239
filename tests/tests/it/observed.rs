//! What an operator sees of a running pipeline, and the storage that it may lean on.

mod collector;
mod index;
mod metrics;
mod s3;
mod s3_server;
mod trace;
