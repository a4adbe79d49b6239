#![doc = include_str!("../README.md")]

mod blob;
mod blobs;
mod bucket;
mod config;
mod error;
mod folder;
mod group;
mod s3;
mod text;

pub use blob::{Listed, Stored};
pub use blobs::Blobs;
pub use config::{BlobsConfig, S3Config};
pub use error::{GetError, PutError};
pub use group::BlobGroup;
pub use text::{StoredText, unpack_text};
