//! Data buses of the government, in and out.

mod inbox;
