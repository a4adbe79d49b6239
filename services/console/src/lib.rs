//! The door out: searches, reports and the state of the pipeline over HTTP, as JSON and as pages.
//!
//! Reads the index and the log and changes neither. The JSON is described in `openapi.json`; the pages
//! show the same to people, in Chinese, with nothing loaded from elsewhere. Every call into the index
//! blocks and runs off the async threads.

mod across;
mod across_page;
mod api;
mod file;
mod find;
mod form;
mod kept;
mod letter;
mod life;
mod live;
mod load;
mod page;
mod params;
mod place;
mod problem;
mod report_page;
mod search_page;
mod status_page;
mod words;

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use rules::Office;
use search::{Index, Reader};
use stage::{Config, Service, Stage};

use crate::live::Live;
use crate::problem::Problem;

/// The service, with the index in a folder on a local disk; `index` writes it.
pub fn service() -> Service {
    let idle = async |stage: Stage| {
        stage.stop().wished().await;
        Ok(())
    };
    Service::new("console", idle).http(router).checks(|config| office(config).map(drop))
}

/// What the office decided about the rules.
fn office(config: &Config) -> anyhow::Result<Office> {
    Office::of(config.office.as_deref()).context("GOUJI_OFFICE")
}

/// The pages and the API, over the index and the log of `stage`.
///
/// Has to be called inside a Tokio runtime: it starts the one poller behind all live counts, which
/// ends when the stage is told to stop.
///
/// # Errors
/// If the index cannot be opened, also where another version made it.
pub fn router(stage: Stage) -> anyhow::Result<Router> {
    let index_folder = &stage.config().index;
    let open = || Index::open(index_folder)?.reader();
    let reader = open().with_context(|| format!("index in {}", index_folder.display()))?;
    let office = office(stage.config())?;
    let live = Live::start(&stage);
    tokio::spawn(stage::telemetry::watch_log(stage.clone()));
    let app = App(Arc::new(Parts { stage, reader, office, live }));
    let router = routes().into_iter().fold(Router::new(), |router, (path, route)| router.route(path, route));
    Ok(router
        .fallback(not_found)
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(middleware::from_fn(guard))
        .with_state(app))
}

/// What every handler works with; clones are the same.
#[derive(Clone)]
struct App(Arc<Parts>);

struct Parts {
    stage: Stage,
    reader: Reader,
    office: Office,
    live: Live,
}

impl App {
    fn stage(&self) -> &Stage {
        &self.0.stage
    }

    /// What the office decided about the rules.
    fn office(&self) -> &Office {
        &self.0.office
    }

    fn live(&self) -> &Live {
        &self.0.live
    }

    /// Reads the index on a thread that may block, for as long as it takes.
    fn read_on(&self, work: impl FnOnce(&Reader) + Send + 'static) {
        let reader = self.0.reader.clone();
        tokio::task::spawn_blocking(move || work(&reader));
    }

    /// Reads the index on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, search::Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let reader = self.0.reader.clone();
        let done = tokio::task::spawn_blocking(move || work(&reader)).await;
        Ok(done.map_err(|error| Problem::internal(&error.into()))??)
    }
}

/// Every path; those of the API are all in `openapi.json`.
fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/", get(search_page::show)),
        ("/reports/{id}", get(report_page::show)),
        ("/across", get(across_page::show)),
        ("/status", get(status_page::show)),
        ("/assets/{name}", get(file::asset)),
        ("/openapi.json", get(file::openapi)),
        ("/api/v1/reports", get(find::reports)),
        ("/api/v1/reports/{id}", get(api::report)),
        ("/api/v1/reports/{id}/source", get(file::source)),
        ("/api/v1/reports/{id}/cells", get(api::cells)),
        ("/api/v1/reports/{id}/findings", get(api::findings)),
        ("/api/v1/reports/{id}/versions", get(api::versions)),
        ("/api/v1/reports/{id}/letter", get(letter::letter)),
        ("/api/v1/sum", get(find::sum)),
        ("/api/v1/kept", get(kept::kept)),
        ("/api/v1/rollup", get(across::roll_up)),
        ("/api/v1/roster", get(across::attendance)),
        ("/api/v1/survey", get(across::survey)),
        ("/api/v1/status", get(live::status)),
        ("/api/v1/status/{id}", get(life::status)),
        ("/api/v1/events", get(live::events)),
    ]
}

async fn not_found(OriginalUri(uri): OriginalUri) -> Response {
    let problem = Problem::not_found(format!("没有地址 {}。", uri.path()));
    if uri.path().starts_with("/api/") {
        problem.into_response()
    } else {
        page::Fault(problem).into_response()
    }
}

/// Nothing but our own files may load or run in our pages, and nobody may frame them.
const POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
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
        let described: serde_json::Value = serde_json::from_str(file::OPENAPI).unwrap();
        let paths = described["paths"].as_object().unwrap().iter();
        let ours =
            paths.filter(|(_, path)| path["get"]["tags"][0].as_str().is_some_and(|tag| tag != "ingest"));
        let described: BTreeSet<&str> = ours.map(|(path, _)| path.as_str()).collect();
        let routes = routes();
        let is_api = |path: &&str| path.starts_with("/api/") || *path == "/openapi.json";
        let served: BTreeSet<&str> = routes.iter().map(|(path, _)| *path).filter(is_api).collect();
        assert_eq!(described, served);
    }
}
