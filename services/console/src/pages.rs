//! The pages, in Chinese. They load nothing from elsewhere and work without their script.

mod api;
mod check;
mod finding;
mod help;
mod layout;
mod navigation;
mod official_tables;
mod regional;
mod report;
mod search;
mod send;
mod status;

pub(crate) use api::api;
pub(crate) use check::{check, form as check_form};
pub(crate) use help::help;
pub(crate) use layout::error_page;
pub(crate) use regional::{redirect_to_regional, regional};
pub(crate) use report::report;
pub(crate) use search::search;
pub(crate) use send::{receipt, receipts, send};
pub(crate) use status::status;
