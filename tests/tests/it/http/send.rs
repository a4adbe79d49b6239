//! Sending from the browser, and checking before it: the pages 报送 and 自查 over a running pipeline.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use tests::api::zip;
use tests::browser::{Browser, find};
use tests::processes::until;
use tests::skip::skip;

use super::{PATIENCE, SAMPLES, Up};

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(SAMPLES).join(name)).unwrap()
}

/// The files that the browser sends: reports in order and with errors, an archive, and what is no report.
fn files(folder: &Path) -> Vec<PathBuf> {
    let packed = zip(vec![
        ("region/page-single-file.mht", &sample("page-single-file.mht")[..]),
        ("region/hello.txt", b"hello"),
        ("region/nothing.txt", b""),
    ]);
    let files: [(&str, Vec<u8>); 6] = [
        ("page-utf8.html", sample("page-utf8.html")),
        ("tabs-row-without-figures.txt", sample("tabs-row-without-figures.txt")),
        ("page-gb18030.html", sample("page-gb18030.html")),
        ("all.zip", packed.unwrap()),
        ("empty.txt", Vec::new()),
        ("photo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0".to_vec()),
    ];
    let write = |(name, bytes): &(&str, Vec<u8>)| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    files.iter().map(write).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_sent_from_the_browser_and_followed_to_their_verdict() {
    let Some(program) = find() else {
        skip("http::send", "no browser", "apt-get install chromium");
        return;
    };
    let up = Up::with(&[]).await;
    let url = up.url.clone();
    tokio::task::spawn_blocking(move || send(&mut Browser::start(&program).unwrap(), &url)).await.unwrap();
}

fn send(browser: &mut Browser, url: &str) {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(browser.open(&format!("{url}/send")).unwrap(), Vec::<String>::new());
    let document = browser.ask("DOM.getDocument", json!({})).unwrap();
    let of = json!({"nodeId": document["root"]["nodeId"], "selector": "#file"});
    let input = browser.ask("DOM.querySelector", of).unwrap();
    let chosen = json!({"nodeId": input["nodeId"], "files": files(folder.path())});
    browser.ask("DOM.setFileInputFiles", chosen).unwrap();
    // Six files and the three of the archive.
    let rows = browser
        .evaluate(
            "new Promise((done) => { const look = () => { \
             const rows = [...document.querySelectorAll('#rows > li:not(.titles)')]; \
             if (rows.length < 9 || rows.some((row) => row.hasAttribute('data-open'))) return setTimeout(look, 100); \
             done(rows.map((row) => ['.name', '.state', '.verdict', '.links', '.why'].map((part) => row.querySelector(part)?.textContent ?? ''))); \
             }; look(); })",
        )
        .unwrap();
    let rows: BTreeMap<String, [String; 4]> = rows.as_array().unwrap().iter().map(row).collect();
    assert_eq!(rows.len(), 9, "{rows:?}");
    for name in ["page-utf8.html", "region/page-single-file.mht"] {
        let [state, verdict, links, _] = &rows[name];
        assert!(state == "可检索" && !verdict.is_empty() && links.contains("年度报告"), "{name}: {rows:?}");
    }
    assert!(rows["page-utf8.html"][1].contains("通过"), "{rows:?}");
    let [_, verdict, links, _] = &rows["tabs-row-without-figures.txt"];
    assert!(verdict.contains("问题") && links.contains("整改意见"), "{rows:?}");
    assert_eq!(rows["all.zip"][0], "2份，未接收1", "{rows:?}");
    for name in ["empty.txt", "photo.png", "region/hello.txt", "region/nothing.txt"] {
        let [state, verdict, _, why] = &rows[name];
        assert_eq!((state.as_str(), verdict.as_str()), ("未接收", ""), "{name}: {rows:?}");
        assert!(why.contains('。'), "{name}: {why}");
    }
    let complaints = browser.complaints();
    assert!(complaints.iter().all(|complaint| complaint.contains("422")), "{complaints:?}");
    let summary = browser.evaluate("document.querySelector('[data-summary]').textContent").unwrap();
    assert!(summary.as_str().unwrap().starts_with("已上传6/6个文件"), "{summary}");
    receipt(browser);
}

fn row(row: &Value) -> (String, [String; 4]) {
    let text = |index: usize| row[index].as_str().unwrap().to_owned();
    (text(0), [1, 2, 3, 4].map(text))
}

/// One receipt for everything that was sent, laid out for paper.
fn receipt(browser: &mut Browser) {
    let text = browser
        .evaluate(
            "(async () => { const form = document.querySelector('[data-receipt]').form; \
             form.dispatchEvent(new Event('submit')); \
             const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) }); \
             return answer.status + await answer.text(); })()",
        )
        .unwrap();
    let text = text.as_str().unwrap();
    assert!(text.starts_with("200"), "{text}");
    for name in
        ["page-utf8.html", "region/page-single-file.mht", "empty.txt", "photo.png", "region/nothing.txt"]
    {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(text.contains("报送回执") && text.contains("北京时间") && text.contains("badge pass"), "{text}");
    let form = "document.querySelector('[data-receipt]').form";
    browser.evaluate(&format!("{form}.removeAttribute('target'); {form}.requestSubmit()")).unwrap();
    let shown = "new Promise((done) => { const look = () => \
                 document.querySelector('.receipt') ? done(document.title) : setTimeout(look, 50); look(); })";
    // The page may go away while it is asked.
    let title = (0..20).find_map(|_| browser.evaluate(shown).ok()).unwrap();
    assert!(title.as_str().unwrap().starts_with("报送回执"), "{title}");
    browser.ask("Emulation.setEmulatedMedia", json!({"media": "print"})).unwrap();
    assert_eq!(browser.style(".receipt .seal", "display").unwrap(), "flex");
    assert_eq!(browser.style(".top", "display").unwrap(), "none");
}

#[tokio::test]
async fn a_form_without_a_script_leads_to_its_receipt() {
    let up = Up::with(&[]).await;
    let client = tests::api::http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let post = async |files: &[(&str, Vec<u8>)]| {
        let mut form = reqwest::multipart::Form::new();
        for (name, bytes) in files {
            form = form
                .part("file", reqwest::multipart::Part::bytes(bytes.clone()).file_name((*name).to_owned()));
        }
        let request = client.post(up.at("/api/v1/reports")).header(header::ACCEPT, "text/html,*/*;q=0.8");
        request.multipart(form).send().await.unwrap()
    };
    let answer = post(&[("page-utf8.html", sample("page-utf8.html")), ("empty.txt", Vec::new())]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let address = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert!(address.starts_with("/send/receipt/"), "{address}");
    let page = async |address: &str| {
        let answer = client.get(up.at(address)).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    up.found(1).await;
    until("the receipt to tell the verdict", PATIENCE, async || {
        let (status, text) = page(&address).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        Ok((text.contains("可检索") && text.contains("badge pass")).then_some(text))
    })
    .await
    .unwrap();
    let (_, text) = page(&address).await;
    for expected in ["page-utf8.html", "empty.txt", "文件是空的", "SHA-256", "未登记"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }

    // The same bytes again: received before, and said so.
    let again = post(&[("copy.html", sample("page-utf8.html"))]).await;
    let again = again.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert!(page(&again).await.1.contains("此前已收到相同的文件"));

    // Nothing was accepted: the receipt says why; nobody chose a file: a page says so.
    let refused = post(&[("empty.txt", Vec::new())]).await;
    assert_eq!(refused.status(), StatusCode::SEE_OTHER);
    let nothing = post(&[("", Vec::new())]).await;
    assert_eq!(nothing.status(), StatusCode::BAD_REQUEST);
    assert!(nothing.text().await.unwrap().contains("请求中没有文件"));

    // Bytes that somebody sent are no submission, whatever they say.
    let forged = r#"{"key":"1","files":[],"refused":[],"terms":{"door":"http","sender":"省政府"}}"#;
    up.submit("forged.json", forged.as_bytes().to_vec()).await;
    let address = format!("/send/receipt/{}", tests::proof::sha256(forged.as_bytes()));
    assert_eq!(page(&address).await.0, StatusCode::NOT_FOUND);
    assert_eq!(page("/send/receipt/x").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn programs_get_the_address_of_the_submission() {
    let up = Up::with(&[]).await;
    let post = async |name: &str, bytes: Vec<u8>| {
        let request = up.client.post(up.at("/api/v1/reports")).query(&[("file_name", name)]).body(bytes);
        let answer = request.send().await.unwrap();
        let address = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
        (answer.status(), up.json(&address).await)
    };
    let name = "tabs-row-without-figures.txt";
    let (status, submission) = post(name, sample(name)).await;
    assert_eq!((status, &submission["total"]), (StatusCode::ACCEPTED, &1.into()));
    let (status, submission) = post("empty.txt", Vec::new()).await;
    assert_eq!(
        (status, &submission["refused"][0]["class"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &"empty".into())
    );
    up.found(1).await;
    let id = submission_id(&up, name).await;
    let states: Value =
        up.client.post(up.at("/api/v1/states")).json(&[id]).send().await.unwrap().json().await.unwrap();
    let state = &states[0];
    assert_eq!((&state["state"], state["verdict"].is_string()), (&"indexed".into(), true), "{state}");
    assert!(state["report"].is_string() && state["problems"].as_u64() > Some(0), "{state}");
}

/// The id of the report in this sample.
async fn submission_id(up: &Up, name: &str) -> String {
    let answer = up.submit(name, sample(name)).await;
    assert!(!answer.is_empty());
    answer
}

/// What `gouji check` prints is what the API answers, for every sample.
#[tokio::test]
async fn the_api_checks_as_the_command_does() {
    // Before the first connection, which would be idle for as long as this takes, and be closed.
    let command = crate::commands::gouji(&["check", "--format", "json", SAMPLES]).output().unwrap();
    let up = Up::with(&[]).await;
    let lines = String::from_utf8(command.stdout).unwrap();
    let mut compared = 0;
    let folder = format!("{SAMPLES}/");
    for line in lines.lines() {
        let expected: Value = serde_json::from_str(line).unwrap();
        let path = expected["file"].as_str().unwrap().to_owned();
        let name = path.strip_prefix(&folder).unwrap();
        let Ok(bytes) = fs::read(&path) else { continue };
        let request = up.client.post(up.at("/api/v1/check")).query(&[("name", &path)]).body(bytes);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        // The command compares reports of the same agency with each other, and the API has one.
        let is_compared = |finding: &Value| finding["against"].is_object();
        let without = |of: &Value| {
            let findings = of["findings"].as_array().unwrap().iter();
            findings.filter(|finding| !is_compared(finding)).cloned().collect::<Vec<_>>()
        };
        assert_eq!(without(&answer), without(&expected), "{name}");
        for field in [
            "file", "sha256", "format", "status", "reason", "agency", "region", "year", "form", "cells",
            "claims",
        ] {
            assert_eq!(answer[field], expected[field], "{field} of {name}");
        }
        if !expected["findings"].as_array().unwrap().iter().any(is_compared) {
            assert_eq!(answer, expected, "{name}");
        }
        compared += 1;
    }
    assert!(compared > 20, "{compared} samples");
}
