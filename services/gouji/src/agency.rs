//! What an agency types: check its own report, send it, find it, see how far it is.

pub(crate) mod check;
pub(crate) mod findings;
pub(crate) mod search;
pub(crate) mod status;
pub(crate) mod submit;
