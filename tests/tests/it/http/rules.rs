//! What every client of HTTP may rely on.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::{Value, json};
use tests::generate::{Options, generate};
use tests::processes::until;

use super::{PATIENCE, Up};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Status, code and document of a problem; its texts are Chinese.
async fn problem(request: RequestBuilder) -> (u16, String, Value) {
    let answer = request.send().await.unwrap();
    let (status, url) = (answer.status().as_u16(), answer.url().to_string());
    let media_type = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let document = answer.text().await.unwrap();
    assert_eq!(media_type, "application/problem+json", "{url} {status}: {document}");
    let document: Value = serde_json::from_str(&document).unwrap();
    let detail = document["detail"].as_str().unwrap();
    assert!(detail.chars().any(|char| char > '\u{4e00}'), "{url}: {detail}");
    for english in ["Failed", "failed", "invalid", "expected", "missing", "error"] {
        assert!(!detail.contains(english), "{url}: {detail}");
    }
    (status, document["code"].as_str().unwrap().to_owned(), document)
}

#[tokio::test]
async fn answers_follow_the_rules_of_http() {
    let up = Up::with(&["page-utf8.html", "page-gb18030.html"]).await;
    let page = up.json("/api/v1/reports?limit=1&sort=submitted").await;
    let (id, key) = (
        page["hits"][0]["id"].as_str().unwrap().to_owned(),
        page["hits"][0]["key"].as_str().unwrap().to_owned(),
    );
    known_answers_are_not_sent_again(&up, &id, &key).await;
    answers_are_compressed_and_assets_kept(&up).await;
    uploads_may_be_compressed(&up).await;
    a_key_stands_for_one_upload(&up).await;
    every_error_is_a_problem_document(&up, &id).await;
    a_report_is_withdrawn_once_by_key_or_id(&up, &key, &id).await;
}

async fn known_answers_are_not_sent_again(up: &Up, id: &str, key: &str) {
    let css = page_asset(up).await;
    for path in [
        format!("/api/v1/reports/{key}"),
        format!("/api/v1/reports/{id}/cells"),
        format!("/api/v1/reports/{key}/findings"),
        format!("/api/v1/reports/{key}/versions"),
        format!("/api/v1/reports/{key}/source"),
        format!("/api/v1/reports/{key}/letter?date=2025-03-01"),
        "/openapi.json".to_owned(),
        css,
    ] {
        let fresh = up.client.get(up.at(&path)).send().await.unwrap();
        assert_eq!(fresh.status(), 200, "{path}");
        let tag = fresh.headers()[header::ETAG].clone();
        let again = up.client.get(up.at(&path)).header(header::IF_NONE_MATCH, &tag).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(again.headers()[header::ETAG], tag, "{path}");
        assert!(again.bytes().await.unwrap().is_empty(), "{path}");
        let other = up.client.get(up.at(&path)).header(header::IF_NONE_MATCH, "\"0\"").send().await.unwrap();
        assert_eq!(other.status(), 200, "{path}");
    }
}

/// The address of the style sheet, as a page names it.
async fn page_asset(up: &Up) -> String {
    let page = up.client.get(up.at("/")).send().await.unwrap().text().await.unwrap();
    let (_, rest) = page.split_once("href=\"/assets/console.css").unwrap();
    format!("/assets/console.css{}", rest.split_once('"').unwrap().0)
}

async fn answers_are_compressed_and_assets_kept(up: &Up) {
    let css = page_asset(up).await;
    for path in ["/", "/openapi.json", "/api/v1/reports?facets=year,agency", &css] {
        let plain = up.client.get(up.at(path)).send().await.unwrap();
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING), "{path}");
        let plain = plain.bytes().await.unwrap();
        let packed = up.client.get(up.at(path)).header(header::ACCEPT_ENCODING, "gzip").send().await.unwrap();
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip", "{path}");
        let packed = packed.bytes().await.unwrap();
        assert!(packed.len() * 4 < plain.len() * 3, "{path}: {} of {}", packed.len(), plain.len());
        let mut unpacked = Vec::new();
        GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked[..20], plain[..20], "{path}");
    }
    let kept = up.client.get(up.at(&css)).send().await.unwrap();
    assert_eq!(kept.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable", "{css}");
    for path in ["/assets/console.css", "/assets/console.css?v=0123456789abcdef"] {
        let other = up.client.get(up.at(path)).send().await.unwrap();
        assert_eq!(other.headers()[header::CACHE_CONTROL], "no-cache", "{path}");
    }
}

async fn uploads_may_be_compressed(up: &Up) {
    let report = generate(7, 1, &Options::default());
    let post = |coding: &str, bytes: Vec<u8>| {
        let request = up.client.post(up.at("/api/v1/reports")).query(&[("file_name", &report.file_name)]);
        request.header(header::CONTENT_ENCODING, coding).body(bytes)
    };
    let answer = post("gzip", gzip(&report.bytes)).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let receipt: Value = answer.json().await.unwrap();
    let id = receipt["reports"][0]["id"].as_str().unwrap().to_owned();
    let source = up.client.get(up.at(&format!("/api/v1/reports/{id}/source"))).send().await.unwrap();
    assert_eq!(source.bytes().await.unwrap(), report.bytes);

    let (status, code, _) = problem(post("gzip", report.bytes.clone())).await;
    assert_eq!((status, &*code), (400, "broken-encoding"));
    let (status, code, _) = problem(post("br", report.bytes.clone())).await;
    assert_eq!((status, &*code), (415, "unsupported-encoding"));
    // A small body that unpacks to more than a file may have meets the limit of a file.
    let bomb = gzip(&vec![b' '; document::limits::BYTES + 1]);
    assert!(bomb.len() * 500 < document::limits::BYTES, "{}", bomb.len());
    let (status, code, _) = problem(post("gzip", bomb)).await;
    assert_eq!((status, &*code), (413, "too-large"));
    let states = up.client.post(up.at("/api/v1/states")).header(header::CONTENT_TYPE, "application/json");
    let answer = states.header(header::CONTENT_ENCODING, "gzip").body(gzip(b"[\"x\"]")).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()[0]["state"], "unknown");
}

async fn a_key_stands_for_one_upload(up: &Up) {
    let post = |key: &str, number: u64| {
        let report = generate(11, number, &Options::default());
        let request = up.client.post(up.at("/api/v1/reports")).query(&[("file_name", &report.file_name)]);
        request.header("Idempotency-Key", key).body(report.bytes)
    };
    let first: Value = post("k-1", 1).send().await.unwrap().json().await.unwrap();
    let again: Value = post("k-1", 1).send().await.unwrap().json().await.unwrap();
    assert_eq!(first["submission"], again["submission"]);
    assert_eq!(again["reports"][0]["duplicate"], true);
    let (status, code, _) = problem(post("k-1", 2)).await;
    assert_eq!((status, &*code), (422, "idempotency-key-reused"));
    assert_eq!(post("k-2", 2).send().await.unwrap().status(), 202);
}

async fn every_error_is_a_problem_document(up: &Up, id: &str) {
    let get = |path: &str| up.client.get(up.at(path));
    let post = |path: &str, body: &'static str| {
        up.client.post(up.at(path)).header(header::CONTENT_TYPE, "application/json").body(body)
    };
    let withdrawal = format!("/api/v1/reports/{id}/withdrawal");
    let zeros = "0".repeat(64);
    let requests = [
        (get("/api/v1/nothing"), 404, "not-found"),
        (get("/api/v1/reports/%FF"), 404, "not-found"),
        (get("/api/v1/submissions/%FF"), 404, "not-found"),
        (get("/api/v1/submissions/0?from=-1"), 400, "bad-parameter"),
        (get("/api/v1/submissions/0?form=1"), 400, "bad-parameter"),
        (get(&format!("/api/v1/submissions/{zeros}")), 404, "no-such-submission"),
        (get("/api/v1/status?a=1"), 400, "bad-parameter"),
        (get("/api/v1/reports/0?a=1"), 400, "bad-parameter"),
        (get("/api/v1/rollup?region=37&year=2024&a=1"), 400, "bad-parameter"),
        (get("/api/v1/reports?highlight=AAA"), 400, "bad-parameter"),
        (get(&format!("/api/v1/reports/{id}/letter?deadline=")), 400, "bad-parameter"),
        (get("/openapi.json?a=1"), 400, "bad-parameter"),
        (post("/api/v1/reports?name=x.html", "x"), 400, "bad-parameter"),
        (post("/api/v1/reports?again=maybe", "x"), 400, "bad-parameter"),
        (post("/api/v1/states", "[\"x\""), 400, "bad-json"),
        (post("/api/v1/states", "[1]"), 422, "bad-json"),
        (post("/api/v1/states?x=1", "[]"), 400, "bad-parameter"),
        (up.client.post(up.at("/api/v1/states")).body("[]"), 415, "bad-json"),
        (post(&withdrawal, "{\"who\":1}"), 422, "bad-json"),
        (post(&withdrawal, "{\"who\":\"\",\"why\":\"b\"}"), 400, "no-reason"),
        (post("/api/v1/reports/0123/withdrawal", "{\"who\":\"a\",\"why\":\"b\"}"), 404, "no-such-report"),
        (up.client.delete(up.at("/api/v1/reports")), 405, "method-not-allowed"),
        (up.client.put(up.at("/api/v1/states")), 405, "method-not-allowed"),
        (up.client.request(Method::PATCH, up.at("/api/v1/roster")), 405, "method-not-allowed"),
        (
            up.client
                .post(up.at("/api/v1/reports"))
                .header(header::CONTENT_TYPE, "multipart/form-data")
                .body("no boundary"),
            400,
            "bad-form",
        ),
    ];
    for (request, status, code) in requests {
        let (found, found_code, document) = problem(request).await;
        assert_eq!((found, &*found_code), (status, code), "{document}");
    }
    let allowed = up.client.delete(up.at("/api/v1/reports")).send().await.unwrap();
    let allowed = allowed.headers()[header::ALLOW].to_str().unwrap().to_owned();
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
}

async fn a_report_is_withdrawn_once_by_key_or_id(up: &Up, key: &str, id: &str) {
    let withdraw = async |name: &str| {
        let request = up.client.post(up.at(&format!("/api/v1/reports/{name}/withdrawal")));
        let answer = request.json(&json!({"who": "张三", "why": "数字有误"})).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    for name in [key, id] {
        assert_eq!(up.json(&format!("/api/v1/status/{name}")).await["state"], "indexed", "{name}");
    }
    let (status, first) = withdraw(key).await;
    assert_eq!((status, &first["report"], &first["already"]), (202, &json!(key), &json!(false)));
    until("the withdrawal", PATIENCE, async || {
        Ok((up.json(&format!("/api/v1/status/{key}")).await["state"] == "withdrawn").then_some(()))
    })
    .await
    .unwrap();
    for name in [key, id] {
        let (status, again) = withdraw(name).await;
        assert_eq!((status, &again["id"], &again["already"]), (200, &first["id"], &json!(true)), "{name}");
        let life = up.json(&format!("/api/v1/status/{name}")).await;
        assert_eq!(
            (&life["state"], &life["withdrawn"]["who"]),
            (&json!("withdrawn"), &json!("张三")),
            "{name}"
        );
    }
}
