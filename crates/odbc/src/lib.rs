#![doc = include_str!("../README.md")]

mod connection_string;
mod database;
mod definition;
mod driver;
mod error;
mod session;

pub use database::{Bytes, Database, Value};
pub use definition::{Column, Dialect, Table, Type, View, qualified};
pub use error::{Kind, OdbcError};
pub use session::{SchemaNameError, Session, schema_name};
