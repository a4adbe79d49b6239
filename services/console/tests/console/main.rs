//! The console over a real log and a real index.

mod api;
mod house;
mod pages;
mod preview;
mod server;
