//! Pages that are drawn, worn as scanners, printers and offices wear them, and read.

mod pages;
#[path = "../../../../tests/src/skip.rs"]
mod skip;
mod worn;
