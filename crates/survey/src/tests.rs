//! Cases of the rules among agencies, and generated provinces whose sums are known.

mod cases;
pub(crate) mod county;
pub(crate) mod province;
mod roll_up;
mod scopes;
