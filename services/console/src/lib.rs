//! The door out: searches, reports and the state of the pipeline over HTTP, as JSON and as pages.
//!
//! Reads the index and the log and changes neither. The JSON is described in `openapi.json`; the pages
//! show the same to people, in Chinese, with nothing loaded from elsewhere. Every call into the index
//! blocks and runs off the async threads.

mod api;
mod assets;
mod download;
mod form_tables;
mod labels;
mod layout;
mod letter;
mod params;
mod pipeline_status;
mod problem;
mod record;
mod region_lookup;
mod regional;
mod regional_page;
mod report_history;
mod report_lookup;
mod report_page;
mod report_stream;
mod search_api;
mod search_page;
mod status_page;

use std::sync::Arc;
use std::time::Duration;

use access::{AccessControl, Requires, Route};
use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use blobs::Blobs;
use bus::Bus;
use rules::RulePolicy;
use search::{CurrentReader, Reader};
use worker::{Service, Worker};

use crate::pipeline_status::Live;
use crate::problem::Problem;

/// The service, with the index in a folder on a local disk; `index` writes it.
pub fn service() -> Service {
    let idle = async |worker: Worker| {
        worker.shutdown().requested().await;
        Ok(())
    };
    Service::new("console", idle).http(router).guards(access::protect_metrics).checks(|config| {
        access::check_config(config)?;
        RulePolicy::of(config.rule_policy.as_deref())?;
        Ok(())
    })
}

/// The pages and the API, over the index and the log.
///
/// Has to be called inside a Tokio runtime: it starts the one poller behind all live counts, which
/// ends when the stage is told to stop.
///
/// # Errors
/// If the rule policy cannot be used. An index that cannot be read is told to whoever asks, until
/// it can.
pub fn router(worker: Worker) -> anyhow::Result<Router> {
    let index = CurrentReader::new(&worker.config().index);
    let policy = RulePolicy::of(worker.config().rule_policy.as_deref())?;
    let live = Live::start(&worker);
    let access = AccessControl::open(&worker)?;
    tokio::spawn(worker::watch_log(worker.bus().clone(), worker.shutdown().clone()));
    let app = App(Arc::new(Parts { worker, index, policy, live }));
    tokio::spawn(until_readable(app.clone()));
    Ok(access
        .router(routes())
        .fallback(not_found)
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(middleware::from_fn(guard))
        .with_state(app))
}

/// The console is ready once there is an index to read; reading tells.
async fn until_readable(app: App) {
    app.worker().set_degraded(Some("waiting for the index".into()));
    while app.read(|_| Ok(())).await.is_err() && !app.worker().shutdown().is_requested() {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Before the index is looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What every handler works with; clones are the same.
#[derive(Clone)]
struct App(Arc<Parts>);

struct Parts {
    worker: Worker,
    index: CurrentReader,
    policy: RulePolicy,
    live: Live,
}

impl App {
    fn worker(&self) -> &Worker {
        &self.0.worker
    }

    fn bus(&self) -> &Bus {
        self.0.worker.bus()
    }

    fn blobs(&self) -> &Blobs {
        self.0.worker.blobs()
    }

    /// The rule policy.
    fn policy(&self) -> &RulePolicy {
        &self.0.policy
    }

    fn live(&self) -> &Live {
        &self.0.live
    }

    /// Reads the index on a thread that may block, for as long as it takes.
    async fn read_on(&self, work: impl FnOnce(&Reader) + Send + 'static) -> Result<(), Problem> {
        let reader = self.read(|reader| Ok(reader.clone())).await?;
        tokio::task::spawn_blocking(move || work(&reader));
        Ok(())
    }

    /// Reads the index on a thread that may block: whichever generation is current.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, search::IndexError> + Send + 'static,
    ) -> Result<T, Problem> {
        let app = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let reader = app.0.index.reader();
            app.worker().set_degraded(reader.as_ref().err().map(ToString::to_string));
            work(&reader?)
        });
        read.await.map_err(|error| Problem::internal(&error.into()))?.map_err(problem::of_search)
    }
}

/// Every path, and what it needs; those of the API are all in `openapi.json`. What needs any key tells a key
/// that submits of its own reports only.
fn routes() -> Vec<Route<App>> {
    vec![
        ("/", Requires::Key, get(search_page::show)),
        ("/reports/{id}", Requires::Key, get(report_page::show)),
        ("/regions", Requires::Review, get(regional_page::show)),
        ("/across", Requires::Review, get(regional_page::moved)),
        ("/status", Requires::Review, get(status_page::show)),
        ("/assets/{name}", Requires::Nothing, get(assets::asset)),
        ("/openapi.json", Requires::Nothing, get(assets::openapi)),
        ("/api/v1/reports", Requires::Key, get(search_api::reports)),
        ("/api/v1/reports/{id}", Requires::Key, get(api::report)),
        ("/api/v1/reports/{id}/source", Requires::Key, get(download::source)),
        ("/api/v1/reports/{id}/cells", Requires::Key, get(api::cells)),
        ("/api/v1/reports/{id}/findings", Requires::Key, get(api::findings)),
        ("/api/v1/reports/{id}/versions", Requires::Key, get(api::versions)),
        ("/api/v1/reports/{id}/letter", Requires::Review, get(letter::letter)),
        ("/api/v1/sum", Requires::Key, get(search_api::sum)),
        ("/api/v1/kept", Requires::Review, get(report_stream::kept)),
        ("/api/v1/rollup", Requires::Review, get(regional::roll_up)),
        ("/api/v1/roster", Requires::Review, get(regional::attendance)),
        ("/api/v1/survey", Requires::Review, get(regional::survey)),
        ("/api/v1/status", Requires::Key, get(pipeline_status::status)),
        ("/api/v1/status/{id}", Requires::Key, get(report_history::status)),
        ("/api/v1/events", Requires::Key, get(pipeline_status::events)),
    ]
}

async fn not_found(OriginalUri(uri): OriginalUri) -> Response {
    Problem::not_found(format!("没有地址 {}。", uri.path())).into_response()
}

/// Nothing but our own files may load or run in our pages, and nobody may frame them.
const POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

async fn guard(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_page = !path.starts_with("/api/") && path != "/openapi.json";
    let mut response = next.run(request).await;
    if is_page && let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let mut page = layout::Fault(problem).into_response();
        for name in [header::WWW_AUTHENTICATE, header::RETRY_AFTER] {
            if let Some(value) = response.headers_mut().remove(&name) {
                page.headers_mut().insert(name, value);
            }
        }
        response = page;
    }
    let mut default = |name: HeaderName, value: &'static str| {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::CONTENT_SECURITY_POLICY, POLICY);
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "same-origin");
    default(header::CACHE_CONTROL, "no-cache");
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[tokio::test]
    async fn the_api_and_its_description_are_the_same() {
        let described: serde_json::Value = serde_json::from_str(assets::OPENAPI).unwrap();
        let paths = described["paths"].as_object().unwrap().iter();
        let ours =
            paths.filter(|(_, path)| path["get"]["tags"][0].as_str().is_some_and(|tag| tag != "ingest"));
        let described: BTreeSet<&str> = ours.map(|(path, _)| path.as_str()).collect();
        let routes = routes();
        let is_api = |path: &&str| path.starts_with("/api/") || *path == "/openapi.json";
        let served: BTreeSet<&str> = routes.iter().map(|(path, ..)| *path).filter(is_api).collect();
        assert_eq!(described, served);
    }
}
