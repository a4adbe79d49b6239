//! Pages that are drawn, worn as scanners, printers and offices wear them, and read.

mod pages;
#[path = "../../../../tests/src/skip.rs"]
#[expect(unreachable_pub, reason = "it is a module of another crate")]
mod skip;
mod worn;
