//! Checking a file before it is sent: `POST /api/v1/check` and the page `/check`.

use std::io::{Cursor, Write as _};
use std::path::Path;

use axum::body::{Body, Bytes};
use axum::http::Request;
use check::CheckedFile;
use report::beijing;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::harness::{Answer, TestConsole, sample};

const FORM: &str = "multipart/form-data; boundary=b";

/// A form with one file.
fn form(name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
    [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat()
}

async fn check(console: &TestConsole, name: &str, bytes: &[u8]) -> Answer {
    let request = Request::post(format!("/api/v1/check?name={name}"));
    console.ask_with(request, Body::from(bytes.to_vec())).await
}

async fn code_of(console: &TestConsole, request: axum::http::request::Builder, body: Body) -> (u16, String) {
    let answer = console.ask_with(request, body).await;
    (answer.status.as_u16(), answer.json()["code"].as_str().unwrap().to_owned())
}

/// What the same readers and rules say in this process.
fn expected(name: &str, bytes: &[u8]) -> Option<serde_json::Value> {
    let document = document::read(bytes, &document::Limits::default()).ok()?;
    let report = reading::read(&document, Some(name));
    reading::recognise(&document, &report).ok()?;
    let day = beijing::day(jiff::Timestamp::now().as_millisecond());
    let review = rules::review_as(report, None, &rules::RulePolicy::default(), day);
    let file = CheckedFile { name: name.into(), bytes: bytes.into(), encoding: None, outcome: Ok(review) };
    Some(file.to_json())
}

fn names_of_samples() -> Vec<String> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/reports"));
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// How much there is in the folder of originals and texts, and on the log.
async fn kept(console: &TestConsole) -> (usize, u64) {
    fn files(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
    }
    let log = console.worker.bus().extent().await.unwrap();
    (files(&console.folder().join("originals")), log.last)
}

#[tokio::test]
async fn every_sample_is_checked_as_it_is_read_and_nothing_is_kept() {
    let console = TestConsole::empty_with(&[("GOUJI_CHECK_RATE", "100000")]).await;
    let before = kept(&console).await;
    let mut read = 0;
    for name in names_of_samples() {
        let bytes = sample(&name);
        if document::sniff(&bytes) == document::Kind::Zip {
            continue;
        }
        let answer = check(&console, &name, &bytes).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let answer = answer.json();
        match expected(&name, &bytes) {
            Some(expected) => assert_eq!(answer, expected, "{name}"),
            None => {
                assert_eq!(
                    (&answer["status"], &answer["verdict"]),
                    (&"unreadable".into(), &().into()),
                    "{name}"
                );
            }
        }
        read += 1;
    }
    assert!(read > 20, "{read} samples");
    assert_eq!(kept(&console).await, before, "files and facts");
}

#[tokio::test]
async fn an_archive_is_a_list_and_a_form_is_a_file() {
    let console = TestConsole::empty().await;
    let name = "page-utf8.html";
    let bytes = sample(name);
    let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in [(name, &bytes[..]), ("b/hello.txt", b"hello")] {
        packed.start_file(name, SimpleFileOptions::default()).unwrap();
        packed.write_all(bytes).unwrap();
    }
    let packed = packed.finish().unwrap().into_inner();
    let list = check(&console, "all.zip", &packed).await.json();
    let files: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["all.zip/page-utf8.html", "all.zip/b/hello.txt"]);
    assert_eq!((&list[0]["verdict"], &list[1]["status"]), (&"pass".into(), &"unreadable".into()));

    let request = Request::post("/api/v1/check").header("content-type", FORM);
    let answer = console.ask_with(request, Body::from(form(name, &bytes))).await.json();
    assert_eq!(Some(answer), expected(name, &bytes));

    let empty = ZipWriter::new(Cursor::new(Vec::new())).finish().unwrap().into_inner();
    let answer = check(&console, "empty.zip", &empty).await;
    assert!(answer.status == 200, "{}", answer.text());
}

#[tokio::test]
async fn a_hostile_file_is_unreadable_and_the_next_is_read() {
    let console = TestConsole::empty().await;
    for hostile in ["<div>".repeat(1_000_000).into_bytes(), b"\0\x01\x02\xff".repeat(10_000)] {
        let answer = check(&console, "a.html", &hostile).await.json();
        assert_eq!((&answer["status"], &answer["verdict"]), (&"unreadable".into(), &().into()));
        assert!(answer["reason"].as_str().unwrap().contains('。'), "{}", answer["reason"]);
    }
    let name = "page-utf8.html";
    assert_eq!(check(&console, name, &sample(name)).await.json()["status"], "read");
}

#[tokio::test]
async fn a_check_has_limits_of_its_own() {
    let post = || Request::post("/api/v1/check");
    let console = TestConsole::empty_with(&[("GOUJI_CHECKS", "1"), ("GOUJI_CHECK_RATE", "5")]).await;
    assert_eq!(code_of(&console, post(), Body::empty()).await, (400, "no-file".into()));
    let large = post().header("content-length", "50000001");
    assert_eq!(code_of(&console, large, Body::empty()).await, (413, "upload-too-large".into()));
    // One that takes the only permit and never ends.
    let endless = Body::from_stream(futures::stream::pending::<std::io::Result<Bytes>>());
    let router = console.router.clone();
    let first = tokio::spawn(async move {
        tower::ServiceExt::oneshot(router, post().body(endless).unwrap()).await.unwrap()
    });
    tokio::task::yield_now().await;
    let busy = console.ask_with(post(), Body::from("x")).await;
    assert_eq!((busy.status.as_u16(), busy.header("retry-after")), (503, "10"));
    assert_eq!(busy.json()["code"], "too-many-checks");
    first.abort();
    assert!(first.await.is_err());
    assert_eq!(check(&console, "a.txt", b"hello").await.status, 200, "the permit is free again");
    let often = console.ask_with(post(), Body::from("x")).await;
    assert_eq!(often.status, 429);
    let seconds: u64 = often.header("retry-after").parse().unwrap();
    assert!((1..=13).contains(&seconds), "{seconds}");
    assert_eq!(often.json()["code"], "too-often");
}

#[tokio::test]
async fn checking_may_be_open_where_the_rest_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.toml");
    std::fs::write(&keys, "").unwrap();
    let keys = keys.to_str().unwrap();
    let closed = TestConsole::empty_with(&[("GOUJI_KEYS", keys)]).await;
    assert_eq!(closed.get("/check").await.status, 401);
    assert_eq!(check(&closed, "a.txt", b"hello").await.status, 401);
    let open = TestConsole::empty_with(&[("GOUJI_KEYS", keys), ("GOUJI_CHECK_OPEN", "true")]).await;
    assert_eq!(open.get("/check").await.status, 200);
    assert_eq!(check(&open, "a.txt", b"hello").await.json()["status"], "unreadable");
    for closed in ["/", "/send", "/api/v1/reports", "/api/v1/status"] {
        assert_eq!(open.get(closed).await.status, 401, "{closed}");
    }
}

#[tokio::test]
async fn the_page_shows_what_the_check_finds_without_a_script() {
    let console = TestConsole::empty().await;
    let page = console.get("/check").await.text();
    assert!(page.contains("enctype=\"multipart/form-data\"") && page.contains("报送前自查"), "{page}");
    let check = async |name: &str, bytes: &[u8], texts: &[&str]| {
        let request = Request::post("/check").header("content-type", FORM);
        let answer = console.ask_with(request, Body::from(form(name, bytes))).await;
        assert_eq!(answer.status, 200);
        for text in texts {
            assert!(answer.text().contains(text), "{name}: {text}");
        }
    };
    check("page-utf8.html", &sample("page-utf8.html"), &["badge pass", "各项校核均未发现问题", "id=\"cell-"])
        .await;
    let wrong = "tabs-row-without-figures.txt";
    check(wrong, &sample(wrong), &["class=\"findings\"", "依据：", "读到的表格"]).await;
    check("hello.txt", b"hello", &["无法读取", "hello.txt"]).await;
    let request = Request::post("/check").header("content-type", FORM);
    let nothing = console.ask_with(request, Body::from(form("", b""))).await;
    assert!(nothing.status == 400 && nothing.text().contains("没有文件"), "{}", nothing.text());
}
