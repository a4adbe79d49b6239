//! The whole pipeline on this machine.

pub(crate) mod demo;
pub(crate) mod nats;
pub(crate) mod running;
pub(crate) mod up;
