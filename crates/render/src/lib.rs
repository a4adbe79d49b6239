#![doc = include_str!("../README.md")]

mod error;
pub mod form_layout;
mod letter;
mod location;
pub mod roll_up;
#[cfg(test)]
mod tests;
mod text;

pub use error::RenderError;
pub use letter::{Addresser, Letter, letter};
