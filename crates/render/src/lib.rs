#![doc = include_str!("../README.md")]

mod bulletin;
pub mod catalog;
mod checked;
mod error;
pub mod form_layout;
mod form_table;
mod letter;
mod location;
mod problem;
mod reminder;
pub mod roll_up;
mod roster;
mod sides;
#[cfg(test)]
mod tests;
mod text;

pub use bulletin::{Bulletin, CommonProblem, LateReport, Ranked, Standing, Totals, bulletin};
pub use checked::{CheckedReport, checked_html, checked_xlsx};
pub use error::RenderError;
pub use letter::{Addresser, Letter, letter};
pub use location::{in_other_report, location};
pub use problem::problem_summary;
pub use reminder::{Overdue, reminder};
pub use roster::roster_template;
pub use sides::{Sides, sides, sides_of_equation};
