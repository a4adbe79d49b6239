//! Texts that are too alike.
//!
//! `GOUJI_GENERATE=1 cargo test -p rules` writes this list from the files in `sim/`.

mod sim_01_not_last_years_text;
mod sim_02_not_another_agencys_text;
mod sim_03_little_boilerplate;

pub use sim_01_not_last_years_text::SIM_01;
pub use sim_02_not_another_agencys_text::SIM_02;
pub use sim_03_little_boilerplate::SIM_03;

use crate::Rule;

/// The rules of the family, by id.
pub(crate) const RULES: &[&Rule] = &[&SIM_01, &SIM_02, &SIM_03];
