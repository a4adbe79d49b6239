//! The data buses of the government, in and out: real servers and foreign programs on the other side.

mod folder;
mod inbox;
mod kafka;
mod webhook;
