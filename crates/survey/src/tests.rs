//! What holds of a whole province: generated, so that the truth is known.

pub(crate) mod county;
pub(crate) mod province;
mod roll_up;
mod scopes;
