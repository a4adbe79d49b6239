#![doc = include_str!("../README.md")]

mod cells;
mod column;
mod comma;
mod dictionary;
mod error;
mod json_lines;
mod package;
mod parquet_file;
mod provenance;
mod record;
mod shape;
mod sink;
mod spreadsheet;
mod table;
#[cfg(test)]
mod tests;

pub use column::{Column, Kind, Value};
pub use comma::without_formula;
pub use error::ExportError;
pub use package::{Licence, Package};
pub use provenance::Provenance;
pub use record::{Record, Records, VersionRecord};
pub use shape::Shape;
pub use table::{Format, Names, Request, write, write_table};
