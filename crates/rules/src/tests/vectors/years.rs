//! Across years: XY and SIM-01. `last:` begins what the report of the year before differs in.

use super::Vector;

#[rustfmt::skip]
pub(super) const VECTORS: &[Vector] = &[

];
