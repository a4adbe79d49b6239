//! What leaves for data buses, and what comes from them: real servers and foreign programs on the other side.

mod webhook;
