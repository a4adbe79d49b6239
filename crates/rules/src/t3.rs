//! Table three, 收到和处理政府信息公开申请情况.
//!
//! `GOUJI_GENERATE=1 cargo test -p rules` writes this list from the files in `t3/`.

mod columns;
mod t3_01_columns_balance;
mod t3_02_outcomes_add_up;
mod t3_02b_outcomes_add_up_2019;
mod t3_03_applicants_add_up;
mod t3_04_totals_written;
mod t3_05_columns_present;
mod t3_07_right_column;
mod t3_08_rows_filled;
mod t3_09_rows_aligned;
mod t3_11_table_filled;
mod t3_12_fee_plausible;
mod t3_13_all_concluded;
mod t3_14_carried_out_plausible;
mod t3_15_not_negative;
mod t3_16_rows_of_the_form;
mod t3_17_figures_differ;
mod t3_18_rows_once;

pub use t3_01_columns_balance::T3_01;
pub use t3_02_outcomes_add_up::T3_02;
pub use t3_02b_outcomes_add_up_2019::T3_02B;
pub use t3_03_applicants_add_up::T3_03;
pub use t3_04_totals_written::T3_04;
pub use t3_05_columns_present::T3_05;
pub use t3_07_right_column::T3_07;
pub use t3_08_rows_filled::T3_08;
pub use t3_09_rows_aligned::T3_09;
pub use t3_11_table_filled::T3_11;
pub use t3_12_fee_plausible::T3_12;
pub use t3_13_all_concluded::T3_13;
pub use t3_14_carried_out_plausible::T3_14;
pub use t3_15_not_negative::T3_15;
pub use t3_16_rows_of_the_form::T3_16;
pub use t3_17_figures_differ::T3_17;
pub use t3_18_rows_once::T3_18;

use crate::Rule;

/// The rules of the family, by id.
pub(crate) const RULES: &[&Rule] = &[
    &T3_01, &T3_02, &T3_02B, &T3_03, &T3_04, &T3_05, &T3_07, &T3_08, &T3_09, &T3_11, &T3_12, &T3_13, &T3_14,
    &T3_15, &T3_16, &T3_17, &T3_18,
];
