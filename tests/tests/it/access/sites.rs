//! Requests that other web sites make a browser send, and the headers that a browser gets.

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tests::pipeline::{Pipeline, Shape};

use super::{Keys, Setup, answer, console_reads};

#[tokio::test]
async fn a_site_cannot_act_with_the_password_that_a_browser_knows() {
    let mut keys = Keys::new();
    keys.add("operator", &["--role", "operate"]);
    let setup = Setup::open(keys, &[]).await;
    let post = |headers: &[(&str, &str)]| {
        let request = setup.request(&Method::POST, "/api/v1/states").json(&["x"]);
        let request = request.basic_auth("", Some(setup.keys.get("operator")));
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    let own = setup.pipeline.ingest.address();
    assert_eq!(answer(post(&[])).await.0, StatusCode::OK);
    assert_eq!(answer(post(&[("origin", &own)])).await.0, StatusCode::OK);
    assert_eq!(answer(post(&[("origin", &own), ("sec-fetch-site", "same-origin")])).await.0, StatusCode::OK);
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", own.as_str()), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        let (status, problem) = answer(post(headers)).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::FORBIDDEN, &Value::from("cross-site")),
            "{headers:?}"
        );
    }
    // No answer may be read by a page of another site.
    let request = setup.request(&Method::GET, "/api/v1/reports").bearer_auth(setup.keys.get("operator"));
    let response = request.header("origin", "https://evil.example").send().await.unwrap();
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_site_cannot_reach_a_pipeline_that_asks_for_nothing() {
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    console_reads(&pipeline, "none is asked for").await;
    let client = Client::builder().no_proxy().build().unwrap();
    let get = |host: Option<&str>| {
        let request = client.get(format!("{}/api/v1/reports", pipeline.console.address()));
        host.map(|host| request.try_clone().unwrap().header("host", host)).unwrap_or(request)
    };
    assert_eq!(answer(get(None)).await.0, StatusCode::OK);
    assert_eq!(answer(get(Some("localhost:8470"))).await.0, StatusCode::OK);
    let (status, problem) = answer(get(Some("rebound.evil.example"))).await;
    assert_eq!((status, &problem["code"]), (StatusCode::MISDIRECTED_REQUEST, &Value::from("wrong-host")));
    let forged = client.post(format!("{}/api/v1/roster", pipeline.ingest.address())).body("机关名称\n某局\n");
    let (status, _) = answer(forged.header("origin", "https://evil.example")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}
