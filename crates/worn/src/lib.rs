#![doc = include_str!("../README.md")]

mod print;
mod wear;

pub use print::{STYLE, pages, print};
pub use wear::{Wear, wear};
