#![doc = include_str!("../README.md")]

mod error;
pub mod form_layout;
mod letter;
mod location;
mod problem;
pub mod roll_up;
#[cfg(test)]
mod tests;
mod text;

pub use error::RenderError;
pub use letter::{Addresser, Letter, letter};
pub use problem::problem_summary;
