//! The whole pipeline on this machine, and the command line itself.

pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod man;
pub(crate) mod nats;
pub(crate) mod running;
pub(crate) mod up;
