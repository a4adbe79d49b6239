//! The pages, in Chinese. They load nothing from elsewhere and work without their script.

mod finding;
mod layout;
mod official_tables;
pub(crate) mod original_view;
mod regional;
mod report;
mod search;
mod status;

pub(crate) use layout::ErrorPage;
pub(crate) use regional::{redirect_to_regional, regional};
pub(crate) use report::report;
pub(crate) use search::search;
pub(crate) use status::status;
