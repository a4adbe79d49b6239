//! The pages, in Chinese. They load nothing from elsewhere and work without their script.

mod changes;
mod finding;
mod layout;
mod navigation;
mod official_tables;
pub(crate) mod original_view;
mod regional;
mod report;
mod search;
mod status;

pub(crate) use layout::error_page;
pub(crate) use regional::{redirect_to_regional, regional};
pub(crate) use report::report;
pub(crate) use search::search;
pub(crate) use status::status;
