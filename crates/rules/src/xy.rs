//! A report against those of other years.
//!
//! `GOUJI_GENERATE=1 cargo test -p rules` writes this list from the files in `xy/`.

mod carried;
mod xy_01_carried_over;
mod xy_02_carried_over_corrected;
mod xy_03_documents_follow;
mod xy_04_documents_recounted;
mod xy_05_items_follow;
mod xy_06_pending_resolved;
mod xy_07_no_jumps;
mod xy_08_not_last_years_table;
mod xy_09_comparisons_hold;
mod xy_10_series_complete;
mod xy_11_same_name;

pub use xy_01_carried_over::XY_01;
pub use xy_02_carried_over_corrected::XY_02;
pub use xy_03_documents_follow::XY_03;
pub use xy_04_documents_recounted::XY_04;
pub use xy_05_items_follow::XY_05;
pub use xy_06_pending_resolved::XY_06;
pub use xy_07_no_jumps::XY_07;
pub use xy_08_not_last_years_table::XY_08;
pub use xy_09_comparisons_hold::XY_09;
pub use xy_10_series_complete::XY_10;
pub use xy_11_same_name::XY_11;

use crate::Rule;

/// The rules of the family, by id.
pub(crate) const RULES: &[&Rule] =
    &[&XY_01, &XY_02, &XY_03, &XY_04, &XY_05, &XY_06, &XY_07, &XY_08, &XY_09, &XY_10, &XY_11];
