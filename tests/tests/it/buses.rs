//! The data buses of the government, with real servers on their side.

mod kafka;
