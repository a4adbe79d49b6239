//! Reports that were sent more than once.
//!
//! `GOUJI_GENERATE=1 cargo test -p rules` writes this list from the files in `dup/`.

mod dup_01_one_report;
mod dup_02_one_sender;

pub use dup_01_one_report::DUP_01;
pub use dup_02_one_sender::DUP_02;

use crate::Rule;

/// The rules of the family, by id.
pub(crate) const RULES: &[&Rule] = &[&DUP_01, &DUP_02];
