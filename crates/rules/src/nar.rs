//! The narrative against the tables, and against itself.
//!
//! `GOUJI_GENERATE=1 cargo test -p rules` writes this list from the files in `nar/`.

mod agreement;
mod nar_01_received;
mod nar_02_none_received;
mod nar_03_concluded;
mod nar_04_outcomes;
mod nar_05_parts_add_up;
mod nar_06_shares;
mod nar_07_disputes;
mod nar_08_decisions;
mod nar_09_documents;
mod nar_10_fee_reported;
mod nar_11_no_holes;
mod received;

pub use nar_01_received::NAR_01;
pub use nar_02_none_received::NAR_02;
pub use nar_03_concluded::NAR_03;
pub use nar_04_outcomes::NAR_04;
pub use nar_05_parts_add_up::NAR_05;
pub use nar_06_shares::NAR_06;
pub use nar_07_disputes::NAR_07;
pub use nar_08_decisions::NAR_08;
pub use nar_09_documents::NAR_09;
pub use nar_10_fee_reported::NAR_10;
pub use nar_11_no_holes::NAR_11;

use crate::Rule;

/// The rules of the family, by id.
pub(crate) const RULES: &[&Rule] =
    &[&NAR_01, &NAR_02, &NAR_03, &NAR_04, &NAR_05, &NAR_06, &NAR_07, &NAR_08, &NAR_09, &NAR_10, &NAR_11];
