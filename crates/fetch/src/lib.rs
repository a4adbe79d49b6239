#![doc = include_str!("../README.md")]

mod addresses;
mod charset;
mod choice;
mod error;
mod fetcher;
mod label;
mod list;
mod networks;
mod outline;
mod records;
mod robots;
mod visit;

pub use addresses::{AddressesError, ListedAddress, addresses, web_address};
pub use choice::{names_report, stated_year};
pub use error::FetchError;
pub use fetcher::{Answer, Body, Fetcher, FetcherConfig, Validators};
pub use list::Found;
pub use networks::{Networks, NetworksError};
pub use reqwest::Url;
pub use visit::{Document, Known, Snapshot, Visit, visit};
