//! Across years: XY and SIM-01. `last:` begins what the report of the year before differs in.

use super::{F2021, Fails, Holds, Vector};

#[rustfmt::skip]
pub(super) const VECTORS: &[Vector] = &[
    ("SIM-01", F2021, "print=1:0..400 last: print=1:0..400", Fails),
    ("SIM-01", F2021, "print=5:0..400 last: print=5:0..390", Fails),
    ("SIM-01", F2021, "print=5:0..400 last: print=5:150..550", Holds),
    ("SIM-01", F2021, "print=1:0..400 last: print=5:0..400", Holds),
    ("SIM-01", F2021, "print=6:0..400 last: print=6:0..400", Holds),
    ("SIM-01", F2021, "print=5:0..90 last: print=5:0..90", Holds),
    ("SIM-01", F2021, "print=5:0..400 last:", Holds),
];
