//! The data buses of the government, in and out, with real servers and real processes on either side.

mod folder;
