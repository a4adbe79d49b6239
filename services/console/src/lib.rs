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
mod record;
mod report_page;
mod search_page;
mod status_page;
mod words;

use std::sync::Arc;
use std::time::Duration;

use access::{Door, Needs, Route};
use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rules::RulePolicy;
use search::{CurrentReader, Reader};
use stage::{Service, Stage};

use crate::live::Live;
use crate::problem::Problem;

/// The service, with the index in a folder on a local disk; `index` writes it.
pub fn service() -> Service {
    let idle = async |stage: Stage| {
        stage.stop().wished().await;
        Ok(())
    };
    Service::new("console", idle).http(router).guards(access::operators).checks(|config| {
        access::check(config)?;
        RulePolicy::of(config.rule_policy.as_deref())?;
        Ok(())
    })
}

/// The pages and the API, over the index and the log of `stage`.
///
/// Has to be called inside a Tokio runtime: it starts the one poller behind all live counts, which
/// ends when the stage is told to stop.
///
/// # Errors
/// If the rule policy cannot be used. An index that cannot be read is told to whoever asks, until
/// it can.
pub fn router(stage: Stage) -> anyhow::Result<Router> {
    let index = CurrentReader::new(&stage.config().index);
    let policy = RulePolicy::of(stage.config().rule_policy.as_deref())?;
    let live = Live::start(&stage);
    let door = Door::open(&stage)?;
    tokio::spawn(stage::telemetry::watch_log(stage.clone()));
    let app = App(Arc::new(Parts { stage, index, policy, live }));
    tokio::spawn(until_readable(app.clone()));
    Ok(door
        .router(routes())
        .fallback(not_found)
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(middleware::from_fn(guard))
        .with_state(app))
}

/// The console is ready once there is an index to read; reading tells.
async fn until_readable(app: App) {
    app.stage().tell(Some("waiting for the index".into()));
    while app.read(|_| Ok(())).await.is_err() && !app.stage().stop().is_wished() {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Before the index is looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What every handler works with; clones are the same.
#[derive(Clone)]
struct App(Arc<Parts>);

struct Parts {
    stage: Stage,
    index: CurrentReader,
    policy: RulePolicy,
    live: Live,
}

impl App {
    fn stage(&self) -> &Stage {
        &self.0.stage
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
            app.stage().tell(reader.as_ref().err().map(ToString::to_string));
            work(&reader?)
        });
        read.await.map_err(|error| Problem::internal(&error.into()))?.map_err(problem::of_search)
    }
}

/// Every path, and what it needs; those of the API are all in `openapi.json`. What needs any key tells a key
/// that submits of its own reports only.
fn routes() -> Vec<Route<App>> {
    vec![
        ("/", Needs::Key, get(search_page::show)),
        ("/reports/{id}", Needs::Key, get(report_page::show)),
        ("/across", Needs::Review, get(across_page::show)),
        ("/status", Needs::Review, get(status_page::show)),
        ("/assets/{name}", Needs::Nothing, get(file::asset)),
        ("/openapi.json", Needs::Nothing, get(file::openapi)),
        ("/api/v1/reports", Needs::Key, get(find::reports)),
        ("/api/v1/reports/{id}", Needs::Key, get(api::report)),
        ("/api/v1/reports/{id}/source", Needs::Key, get(file::source)),
        ("/api/v1/reports/{id}/cells", Needs::Key, get(api::cells)),
        ("/api/v1/reports/{id}/findings", Needs::Key, get(api::findings)),
        ("/api/v1/reports/{id}/versions", Needs::Key, get(api::versions)),
        ("/api/v1/reports/{id}/letter", Needs::Review, get(letter::letter)),
        ("/api/v1/sum", Needs::Key, get(find::sum)),
        ("/api/v1/kept", Needs::Review, get(kept::kept)),
        ("/api/v1/rollup", Needs::Review, get(across::roll_up)),
        ("/api/v1/roster", Needs::Review, get(across::attendance)),
        ("/api/v1/survey", Needs::Review, get(across::survey)),
        ("/api/v1/status", Needs::Key, get(live::status)),
        ("/api/v1/status/{id}", Needs::Key, get(life::status)),
        ("/api/v1/events", Needs::Key, get(live::events)),
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
        let mut page = page::Fault(problem).into_response();
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
        let described: serde_json::Value = serde_json::from_str(file::OPENAPI).unwrap();
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
