#![doc = include_str!("../README.md")]

mod api;
mod app;
mod assets;
mod audit;
mod audit_api;
mod audit_detail;
mod check_api;
mod checks;
mod children;
mod compare;
mod compare_api;
mod compare_export;
mod complete;
mod download;
mod export_api;
mod export_order;
mod figure_form;
mod first_start;
mod form;
mod labels;
mod letter;
mod letters;
mod list_export;
mod news;
mod news_api;
mod notices;
mod office;
mod openapi;
mod original;
mod original_api;
mod outlets;
mod pages;
mod params;
mod pipeline_api;
mod pipeline_status;
mod policy_api;
mod policy_changes;
mod problem;
mod published_pages;
mod receipt;
mod region_lookup;
mod regional;
mod regional_api;
mod report_api;
mod report_changes;
mod report_history;
mod report_lookup;
mod report_stream;
mod reviews;
mod reviews_api;
mod roster;
mod routes;
mod search_api;
mod search_query;
mod users;
mod users_api;

pub use export_api::FoundRecords;

use std::time::Duration;

use access::AccessControl;
use axum::Router;
use axum::middleware;
use policy::PolicyFollower;
use rules::RulePolicy;
use worker::{Service, Worker};

use crate::app::App;
use crate::problem::Problem;

pub use crate::children::{Children, RENDERER_LIMITS, run_child};

/// The service. It reads the index that `index` writes, from a folder on a local disk.
pub fn service() -> Service {
    let idle = async |worker: Worker| {
        worker.shutdown().requested().await;
        Ok(())
    };
    Service::new("console", idle).http(router).guards(access::protect_metrics).checks(|config| {
        access::check_config(config)?;
        RulePolicy::of(config.rule_policy.as_deref())?;
        office::check_config(config)?;
        Ok(())
    })
}

/// The pages and the API over the index, the blobs and the log of `worker`.
///
/// It starts background tasks that end at shutdown, so it has to be called inside a Tokio runtime.
///
/// # Errors
/// If the rule policy or the keys cannot be used. An index that cannot be read is no error here: requests
/// are answered with a problem until it can.
pub fn router(worker: Worker) -> anyhow::Result<Router> {
    router_with_children(worker, Children::this()?)
}

/// The same, with the programs that read and draw documents: those that call [`run_child`].
///
/// # Errors
/// Those of [`router`].
pub fn router_with_children(worker: Worker, children: Children) -> anyhow::Result<Router> {
    let policy = PolicyFollower::start(&worker)?;
    let access = AccessControl::open(&worker)?;
    tokio::spawn(worker::watch_log(worker.bus().clone(), worker.shutdown().clone()));
    tokio::spawn(worker::watch_outlets(worker.clone()));
    let check_open = worker.config().check_open;
    let app = App::new(worker, policy, access.clone(), children);
    // Set before the first request is answered, not when the task first runs.
    app.worker().set_degraded(Some("waiting for the index".into()));
    tokio::spawn(watch_index(app.clone()));
    if app.access().has_accounts() {
        tokio::spawn(first_start::print_link(app.clone()));
    }
    Ok(access
        .router(routes::admitting(check_open, routes::routes()))
        .fallback(routes::not_found)
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(middleware::from_fn(routes::finish_response))
        .with_state(app))
}

/// Interval between two looks at a sound index.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Interval between two attempts to read the index.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// Reports at `/readyz` whether the index can be read, also while nobody asks for anything.
async fn watch_index(app: App) {
    loop {
        let interval = if app.is_readable().await { CHECK_INTERVAL } else { RETRY_INTERVAL };
        if !app.worker().shutdown().unless_requested(tokio::time::sleep(interval)).await {
            return;
        }
    }
}
