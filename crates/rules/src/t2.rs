//! Table two, 主动公开政府信息情况.
//!
//! `GOUJI_GENERATE=1 cargo test -p rules` writes this list from the files in `t2/`.

mod rows;
mod t2_01_all_filled;
mod t2_02_whole_numbers;
mod t2_03_in_force_enough;
mod t2_04_in_force_not_zero;
mod t2_05_documents_published;
mod t2_06_decisions_are_no_balance;
mod t2_07_items_not_negative;
mod t2_08_fees_in_the_unit;
mod t2_09_procurement;
mod t2_10_no_units;
mod t2_11_regulations;
mod t2_12_core_business;
mod t2_13_headings;
mod t2_14_row_labels;
mod t2_15_in_force_filled;
mod t2_16_fees_are_no_items;

pub use t2_01_all_filled::T2_01;
pub use t2_02_whole_numbers::T2_02;
pub use t2_03_in_force_enough::T2_03;
pub use t2_04_in_force_not_zero::T2_04;
pub use t2_05_documents_published::T2_05;
pub use t2_06_decisions_are_no_balance::T2_06;
pub use t2_07_items_not_negative::T2_07;
pub use t2_08_fees_in_the_unit::T2_08;
pub use t2_09_procurement::T2_09;
pub use t2_10_no_units::T2_10;
pub use t2_11_regulations::T2_11;
pub use t2_12_core_business::T2_12;
pub use t2_13_headings::T2_13;
pub use t2_14_row_labels::T2_14;
pub use t2_15_in_force_filled::T2_15;
pub use t2_16_fees_are_no_items::T2_16;

use crate::Rule;

/// The rules of the family, by id.
pub(crate) const RULES: &[&Rule] = &[
    &T2_01, &T2_02, &T2_03, &T2_04, &T2_05, &T2_06, &T2_07, &T2_08, &T2_09, &T2_10, &T2_11, &T2_12, &T2_13,
    &T2_14, &T2_15, &T2_16,
];
