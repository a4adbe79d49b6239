//! What holds of a whole province: generated, so that the truth is known.

pub(crate) mod county;
mod province;
mod roll_up;
mod scopes;
