//! A web site on loopback: pages by their path, and a log of what was asked for.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use fetch::Url;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One answer.
#[derive(Clone, Default)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// How long the site takes to answer.
    pub(crate) after: Duration,
}

impl Page {
    pub(crate) fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::of("text/html; charset=utf-8", body)
    }

    pub(crate) fn of(kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", kind.to_owned())];
        Self { status: 200, headers, body: body.into(), ..Self::default() }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn redirect(to: impl Into<String>) -> Self {
        Self::status(302).with("location", to)
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A request as the site saw it.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
}

#[derive(Clone, Default)]
struct Shared {
    /// Each path has its answers in order; the last stays.
    pages: Arc<Mutex<HashMap<String, Vec<Page>>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

pub(crate) struct Site {
    address: SocketAddr,
    shared: Shared,
    serving: JoinHandle<()>,
}

impl Site {
    /// Starts a site at an address of this machine, on a free port.
    pub(crate) async fn at(host: &str) -> Self {
        let ip: IpAddr = host.parse().unwrap();
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared::default();
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, serving }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    pub(crate) fn set(&self, path: &str, page: Page) {
        self.set_all(path, vec![page]);
    }

    pub(crate) fn set_all(&self, path: &str, pages: Vec<Page>) {
        self.shared.pages.lock().unwrap().insert(path.to_owned(), pages);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// The paths that were asked for, without `robots.txt`.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.path).filter(|path| path != "/robots.txt").collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let begun = Instant::now();
    let path = request.uri().path_and_query().unwrap().to_string();
    let page = {
        let mut pages = shared.pages.lock().unwrap();
        match pages.get_mut(&path) {
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers[0].clone(),
            None => Page::status(404),
        }
    };
    tokio::time::sleep(page.after).await;
    let header =
        |name: &str| page.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let asks =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok().map(str::to_owned));
    let is_known = asks("if-none-match").is_some_and(|etag| Some(etag) == header("etag"))
        || asks("if-modified-since").is_some_and(|day| Some(day) == header("last-modified"));
    let (status, body) = if is_known { (304, Vec::new()) } else { (page.status, page.body) };
    let headers = request.headers().clone();
    shared.asked.lock().unwrap().push(Asked { path, headers, begun, ended: Instant::now() });
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in page.headers {
        response.headers_mut().insert(name, value.try_into().unwrap());
    }
    response
}
