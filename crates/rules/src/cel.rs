//! The cells of all three tables, one finding a table.
//!
//! `GOUJI_GENERATE=1 cargo test -p rules` writes this list from the files in `cel/`.

mod cel_01_no_placeholders;
mod cel_02_no_blanks;
mod cel_03_plain_digits;
mod cel_04_no_words;
mod cel_05_one_number;
mod cel_06_no_fractions;
mod cel_07_seen_as_stored;
mod tables;

pub use cel_01_no_placeholders::CEL_01;
pub use cel_02_no_blanks::CEL_02;
pub use cel_03_plain_digits::CEL_03;
pub use cel_04_no_words::CEL_04;
pub use cel_05_one_number::CEL_05;
pub use cel_06_no_fractions::CEL_06;
pub use cel_07_seen_as_stored::CEL_07;

use crate::Rule;

/// The rules of the family, by id.
pub(crate) const RULES: &[&Rule] = &[&CEL_01, &CEL_02, &CEL_03, &CEL_04, &CEL_05, &CEL_06, &CEL_07];
