//! A report against those of other agencies.
//!
//! `GOUJI_GENERATE=1 cargo test -p rules` writes this list from the files in `agg/`.

mod agg_01_whole_is_its_parts;
mod agg_02_scope_stated;
mod agg_03_part_within_whole;
mod agg_04_on_the_roster_in_time;
mod agg_05_like_its_peers;

pub use agg_01_whole_is_its_parts::AGG_01;
pub use agg_02_scope_stated::AGG_02;
pub use agg_03_part_within_whole::AGG_03;
pub use agg_04_on_the_roster_in_time::AGG_04;
pub use agg_05_like_its_peers::AGG_05;

use crate::Rule;

/// The rules of the family, by id.
pub(crate) const RULES: &[&Rule] = &[&AGG_01, &AGG_02, &AGG_03, &AGG_04, &AGG_05];
