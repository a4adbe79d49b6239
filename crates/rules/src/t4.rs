//! Table four, 政府信息公开行政复议、行政诉讼情况.
//!
//! `GOUJI_GENERATE=1 cargo test -p rules` writes this list from the files in `t4/`.

mod t4_01_reviews_add_up;
mod t4_02_direct_litigation_adds_up;
mod t4_03_litigation_after_review_adds_up;
mod t4_04_fifteen_figures;
mod t4_06_litigation_follows_review;
mod t4_07_disputes_follow_requests;
mod t4_08_few_corrected;

pub use t4_01_reviews_add_up::T4_01;
pub use t4_02_direct_litigation_adds_up::T4_02;
pub use t4_03_litigation_after_review_adds_up::T4_03;
pub use t4_04_fifteen_figures::T4_04;
pub use t4_06_litigation_follows_review::T4_06;
pub use t4_07_disputes_follow_requests::T4_07;
pub use t4_08_few_corrected::T4_08;

use crate::Rule;

/// The rules of the family, by id.
pub(crate) const RULES: &[&Rule] = &[&T4_01, &T4_02, &T4_03, &T4_04, &T4_06, &T4_07, &T4_08];
