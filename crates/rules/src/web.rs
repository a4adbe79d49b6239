//! What became of a report on the web site where it was published.
//!
//! `GOUJI_GENERATE=1 cargo test -p rules` writes this list from the files in `web/`.

mod web_01_figures_stay;
mod web_02_stays_published;

pub use web_01_figures_stay::WEB_01;
pub use web_02_stays_published::WEB_02;

use crate::Rule;

/// The rules of the family, by id.
pub(crate) const RULES: &[&Rule] = &[&WEB_01, &WEB_02];
