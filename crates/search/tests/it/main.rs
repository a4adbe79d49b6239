//! The index through its public face, on real files.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its index has failed")]

mod damage;
mod generations;
mod place;
mod suite;
mod writing;

use suite::{Random, entry, find, index_of};
