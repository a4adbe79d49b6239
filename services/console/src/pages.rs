//! The pages, in Chinese. They load nothing from elsewhere and work without their script.

mod account;
mod api;
mod audit;
mod changes;
mod check;
mod compare;
mod documents;
mod export;
mod finding;
mod help;
mod layout;
pub(crate) mod login;
mod navigation;
mod news;
mod official_tables;
pub(crate) mod original_view;
mod outlets;
mod published;
mod regional;
mod report;
mod review;
mod review_forms;
mod review_panel;
mod roster;
mod rules;
mod search;
mod search_figures;
mod send;
mod status;
mod users;

pub(crate) use account::{change_password, end_sessions, show as account};
pub(crate) use api::api;
pub(crate) use audit::show as audit;
pub(crate) use changes::changes;
pub(crate) use check::{check, form as check_form};
pub(crate) use compare::compare;
pub(crate) use documents::{documents, documents_table};
pub(crate) use export::export;
pub(crate) use help::help;
pub(crate) use layout::error_page;
pub(crate) use news::{news, seen as news_seen, table as news_table};
pub(crate) use published::{published, published_export};
pub(crate) use regional::{redirect_to_regional, regional};
pub(crate) use report::report;
pub(crate) use review::{review, wrong};
pub(crate) use review_forms::{act, act_on_many};
pub(crate) use roster::{
    board_table, roster, roster_check, roster_current, roster_exception, roster_import, roster_template,
};
pub(crate) use rules::{rules, rules_change, rules_preview};
pub(crate) use search::search;
pub(crate) use send::{receipt, receipts, send};
pub(crate) use status::status;
pub(crate) use users::{
    change as change_user, create as create_user, list as users, new as new_user, show as user,
    table as users_table,
};
