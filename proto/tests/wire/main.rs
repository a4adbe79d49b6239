//! The contract: what is written today and what was written once.
//!
//! Without the feature `facts` only the generated code is compared, so that it can be generated while the rest
//! of the crate does not compile yet.

#[cfg(feature = "facts")]
mod arbitrary;
mod generated;
#[cfg(feature = "facts")]
mod golden;
#[cfg(feature = "facts")]
mod inwards;
#[cfg(feature = "facts")]
mod round_trip;
#[cfg(feature = "facts")]
mod size;
