//! Exports: read back by the programs that analysts use, and broken off.

use std::future::{IntoFuture, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, Output};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, Version};
use http_body::Body as _;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tower::ServiceExt as _;

use crate::harness::TestConsole;
use crate::skip::skip;

/// What reads the exports, with the versions that were tried.
const READERS: [&str; 4] = ["openpyxl==3.1.5", "pyarrow==26.0.1", "duckdb==2.0.1", "frictionless==5.21.0"];

/// The folder with the readers, a private copy below `target`; why there is none.
fn readers() -> Result<PathBuf, String> {
    let target = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/export-readers"));
    let folder = target.join(READERS.join("-").replace("==", "-"));
    if folder.is_dir() {
        return Ok(folder);
    }
    let work = target.join(format!("installing-{}", std::process::id()));
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--target"]);
    let installed = run(pip.arg(&work).args(READERS));
    let moved = installed.and_then(|_| std::fs::rename(&work, &folder).map_err(|error| error.to_string()));
    std::fs::remove_dir_all(&work).ok();
    moved.map(|()| folder)
}

fn run(command: &mut Command) -> Result<String, String> {
    let Output { status, stdout, stderr } = command.output().map_err(|error| error.to_string())?;
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if status.success() { Ok(said) } else { Err(said) }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_programs_of_analysts_read_every_export() {
    let folder = match tokio::task::spawn_blocking(readers).await.unwrap() {
        Ok(folder) => folder,
        Err(why) => {
            let why = why.lines().last().unwrap_or_default().to_owned();
            skip("console::export", &format!("the readers cannot be installed: {why}"), "pip needs PyPI");
            return;
        }
    };
    let console = TestConsole::with_samples().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, console.router.clone()).into_future());
    let scratch = tempfile::tempdir().unwrap();
    let mut command = Command::new("python3");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/console/read_exports.py");
    command.env("PYTHONPATH", &folder).arg(script).arg(address).arg(scratch.path());
    let read = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    let said = read.unwrap_or_else(|said| panic!("{said}"));
    assert!(said.contains(" figures"), "{said}");
}

/// What came of a body, up to its end or its failure.
struct Received {
    bytes: Vec<u8>,
    trailers: Option<HeaderMap>,
    failure: Option<String>,
}

async fn next_piece(body: &mut Body) -> Option<Result<http_body::Frame<Bytes>, axum::Error>> {
    poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
}

async fn receive(mut body: Body) -> Received {
    let mut received = Received { bytes: Vec::new(), trailers: None, failure: None };
    while let Some(piece) = next_piece(&mut body).await {
        match piece.map(http_body::Frame::into_data) {
            Ok(Ok(bytes)) => received.bytes.extend(bytes),
            Ok(Err(end)) => received.trailers = end.into_trailers().ok(),
            Err(error) => received.failure = Some(error.to_string()),
        }
    }
    received
}

async fn open(console: &TestConsole, address: &str) -> (HeaderMap, Body) {
    let request = Request::get(address).body(Body::empty()).unwrap();
    let response = console.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{address}");
    let (parts, body) = response.into_parts();
    (parts.headers, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_export_says_how_many_rows_it_has() {
    let console = TestConsole::with_samples().await;
    for shape in ["reports", "figures", "findings", "versions", "dictionary"] {
        let (headers, body) = open(&console, &format!("/api/v1/export?shape={shape}&format=jsonl")).await;
        let received = receive(body).await;
        assert_eq!(received.failure, None);
        let lines = received.bytes.iter().filter(|byte| **byte == b'\n').count();
        assert!(lines > 0, "{shape}");
        let trailers = received.trailers.expect("the last chunk of a whole export brings the number of rows");
        assert_eq!(trailers["gouji-rows-written"], lines.to_string(), "{shape}");
        assert_eq!(headers["trailer"], "gouji-rows-written");
        if let Some(rows) = headers.get("gouji-rows") {
            assert_eq!(rows, &lines.to_string(), "{shape}");
        }
        assert_eq!(headers["cache-control"], "no-store");
        assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename="));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_export_does_not_end_well() {
    let console = TestConsole::with_samples().await;
    // More than the pieces that wait for a client.
    let (_, mut body) = open(&console, "/api/v1/export?shape=figures&format=jsonl").await;
    assert!(next_piece(&mut body).await.unwrap().is_ok());
    console.worker.shutdown().trigger();
    let received = receive(body).await;
    assert!(received.failure.is_some(), "the body ended as if it were whole");
    assert!(received.trailers.is_none());
}

const SOCKET_BYTES: u32 = 4 << 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_export_has_no_last_chunk() {
    let console = TestConsole::with_samples().await;
    // The kernel would take all of it at once into buffers of the usual size.
    let listening = TcpSocket::new_v4().unwrap();
    listening.set_send_buffer_size(SOCKET_BYTES).unwrap();
    listening.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = listening.listen(8).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, console.router.clone()).into_future());
    let ask = async |more: &str| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(SOCKET_BYTES).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        let request = format!(
            "GET /api/v1/export?shape=figures&format=jsonl HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\n{more}Connection: close, TE\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    };
    // Compressed or not, the last chunk is there, and the trailer after it.
    for more in ["", "Accept-Encoding: gzip\r\n"] {
        let mut whole = Vec::new();
        ask(more).await.read_to_end(&mut whole).await.unwrap();
        let end = String::from_utf8_lossy(&whole[whole.len() - 60..]).into_owned();
        assert!(end.contains("0\r\ngouji-rows-written: ") && end.ends_with("\r\n\r\n"), "{more} {end}");
    }
    // Not compressed: then it is larger than all buffers on the way.
    let mut stream = ask("").await;
    let mut broken = vec![0; 100];
    stream.read_exact(&mut broken).await.unwrap();
    console.worker.shutdown().trigger();
    // A reset connection is an error here, and just as good.
    stream.read_to_end(&mut broken).await.ok();
    let end = String::from_utf8_lossy(&broken[broken.len().saturating_sub(120)..]).into_owned();
    assert!(!end.contains("\r\n0\r\n"), "{} bytes, as if the export were whole: {end}", broken.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_makes_room() {
    let console = TestConsole::with_samples().await;
    let address = "/api/v1/export?shape=figures&format=jsonl";
    let mut open_exports = Vec::new();
    for _ in 0..4 {
        open_exports.push(open(&console, address).await);
    }
    let refused = console.get(address).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text());
    assert_eq!(refused.json()["code"], "too-many-exports");
    assert_eq!(refused.header("retry-after"), "10");
    drop(open_exports);
    let again = async {
        while console.get("/api/v1/export?format=jsonl").await.status != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), again).await.expect("the exports have stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_exported_is_refused() {
    let console = TestConsole::empty().await;
    let check = async |query: &str, field: &str| {
        let answer = console.get(&format!("/api/v1/export?{query}")).await;
        assert_eq!(
            (answer.status, &answer.json()["field"]),
            (StatusCode::BAD_REQUEST, &Value::from(field)),
            "{query}"
        );
    };
    check("shape=pages", "shape").await;
    check("format=doc", "format").await;
    check("names=en", "names").await;
    check("year=twenty", "year").await;
    check("sort=-year", "sort").await;
    let old = Request::get("/api/v1/export").version(Version::HTTP_10);
    let old = console.ask(old).await;
    assert_eq!((old.status.as_u16(), &old.json()["code"]), (426, &Value::from("needs-http-1-1")));
    let empty = console.get("/api/v1/export?format=jsonl").await;
    assert_eq!(
        (empty.status, empty.header("gouji-reports"), empty.text().as_str()),
        (StatusCode::OK, "0", "")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_counts_what_the_export_holds() {
    let console = TestConsole::with_samples().await;
    let page = console.get("/export?year=2023&cell.requests.received.total=0..").await.text();
    let total = console.get("/api/v1/reports?year=2023&cell.requests.received.total=0..").await.json();
    let total = total["total"].as_u64().unwrap();
    assert!(total > 0 && page.contains(&format!("<b data-reports>{total}</b>")), "{total} {page}");
    let lists = console.get("/?year=2023").await.text();
    assert!(
        lists.contains("/api/v1/export?year=2023&amp;shape=reports&amp;names=zh&amp;format=xlsx"),
        "{lists}"
    );
}
