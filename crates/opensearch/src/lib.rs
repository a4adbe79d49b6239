#![doc = include_str!("../README.md")]

mod address;
mod client;

use std::path::Path;
use std::sync::Arc;

use search::Generations;

pub use address::{Address, AddressError};
pub use client::Client;

/// The generations of the index at this place: the path of a folder, or the address of a cluster.
///
/// # Errors
/// If it is the address of a cluster and cannot be used.
pub fn generations(at: &Path) -> Result<Generations, AddressError> {
    match Address::parse(&at.to_string_lossy())? {
        None => Ok(Generations::new(at)),
        Some(address) => {
            let settings = address.settings.clone();
            Ok(Generations::in_cluster(Arc::new(Client::new(&address)?), settings))
        }
    }
}
