//! The shipped configuration of nginx: one address in front of ingest and console.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::{Client, Method, StatusCode, header};
use serde_json::Value;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::{Process, free_port, until};
use tests::skip::skip;

use super::SAMPLES;

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/nginx/gouji.conf");

/// `GOUJI_NGINX`, else the one on the PATH or where Debian installs it.
fn nginx() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("GOUJI_NGINX") {
        return Some(named.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&folders).chain(["/usr/sbin".into()]);
    folders.map(|folder| folder.join("nginx")).find(|path| path.is_file())
}

/// The shipped file with the addresses of these services.
fn configuration(folder: &Path, port: u16, ingest: &str, console: &str) -> PathBuf {
    let without_scheme = |url: &str| url.trim_start_matches("http://").to_owned();
    let shipped = fs::read_to_string(SHIPPED).unwrap();
    let mut text = shipped.clone();
    for (from, to) in [
        ("server 127.0.0.1:8471;", format!("server {};", without_scheme(ingest))),
        ("server 127.0.0.1:8472;", format!("server {};", without_scheme(console))),
        ("listen 80;", format!("listen 127.0.0.1:{port};")),
    ] {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text = text.replace(from, &to);
    }
    fs::write(folder.join("gouji.conf"), text).unwrap();
    let place = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("  {kind}_temp_path {place}/{kind};\n"))
        .collect();
    let main = format!(
        "daemon off;\npid {place}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n  access_log off;\n{temporary}  include {place}/gouji.conf;\n}}\n"
    );
    let path = folder.join("nginx.conf");
    fs::write(&path, main).unwrap();
    path
}

#[tokio::test]
async fn pages_and_uploads_have_one_address() {
    let Some(program) = nginx() else {
        skip("http::proxy", "no nginx", "apt-get install nginx-light");
        return;
    };
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let port = free_port().unwrap();
    let path = configuration(folder.path(), port, &pipeline.ingest.address(), &pipeline.console.address());
    let mut command = Command::new(program);
    command.arg("-e").arg("stderr").arg("-p").arg(folder.path()).arg("-c").arg(path);
    let _nginx = Process::start("nginx", &mut command, folder.path()).unwrap();
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let client = tests::api::http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    until("nginx", SOON, async || Ok(client.get(at("/help")).send().await.is_ok().then_some(())))
        .await
        .unwrap();

    every_operation_reaches_its_service(&client, &at).await;
    let request = client.post(at("/api/v1/reports")).header(header::ACCEPT, "text/html");
    let bytes = fs::read(Path::new(SAMPLES).join("page-utf8.html")).unwrap();
    let part = reqwest::multipart::Part::bytes(bytes).file_name("page-utf8.html");
    let answer = request.multipart(reqwest::multipart::Form::new().part("file", part)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let receipt = at(answer.headers()[header::LOCATION].to_str().unwrap());
    until("the verdict on the receipt", SOON, async || {
        let text = client.get(&receipt).send().await?.text().await?;
        Ok(text.contains("badge pass").then_some(()))
    })
    .await
    .unwrap();
    let mut events = client.get(at("/api/v1/events")).send().await.unwrap();
    let first = events.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: status"), "{first:?}");
    for hidden in ["/metrics", "/readyz"] {
        assert_eq!(client.get(at(hidden)).send().await.unwrap().status(), StatusCode::NOT_FOUND, "{hidden}");
    }
}

/// The wrong service answers that it has no such address, or not this method.
async fn every_operation_reaches_its_service(client: &Client, at: &impl Fn(&str) -> String) {
    let description: Value = client.get(at("/openapi.json")).send().await.unwrap().json().await.unwrap();
    let mut tried = 0;
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys().filter(|method| *method != "parameters") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let path = path.replace("{id}", "x").replace("{n}", "1");
            let answer = client.request(method.clone(), at(&path)).send().await.unwrap();
            let status = answer.status();
            assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            if status == StatusCode::NOT_FOUND {
                let problem: Value = answer.json().await.unwrap();
                let detail = problem["detail"].as_str().unwrap_or_default();
                assert!(!detail.contains("地址"), "{method} {path}: {problem}");
            }
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried} operations");
}
