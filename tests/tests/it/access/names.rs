//! Names and texts that want to be more than names and texts: paths, headers, lines of a log, formulas.

use std::fs;
use std::io::{Cursor, Read as _};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::api::zip;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;
use zip::ZipArchive;

use super::{Keys, Setup, report};

const FORMULAS: [&str; 6] =
    ["=HYPERLINK(\"http://evil.example\")局", "+1+1局", "-1+1局", "@SUM(A1)局", "\t=1+1局", "<b>粗体</b>&局"];

#[tokio::test]
async fn names_in_archives_stay_names() {
    let mut keys = Keys::new();
    keys.add("operator", &["--role", "operate"]);
    let setup = Setup::open(keys, &[]).await;
    let names = [
        ("../../../etc/cron.d/gouji", "etc/cron.d/gouji"),
        ("/etc/passwd", "etc/passwd"),
        ("..\\..\\windows\\a.html", "windows/a.html"),
        ("a\r\nX-Evil: 1.html", "a__X-Evil: 1.html"),
        ("nul\0byte.html", "nul_byte.html"),
        ("年报\u{202e}lmth.exe", "年报_lmth.exe"),
        ("\u{1b}[2J.html", "_[2J.html"),
        (
            "{\"level\":\"ERROR\"}\n{\"level\":\"ERROR\"}.html",
            "{\"level\":\"ERROR\"}_{\"level\":\"ERROR\"}.html",
        ),
        ("x\" onload=\"alert(1).html", "x\" onload=\"alert(1).html"),
    ];
    let files: Vec<Vec<u8>> = (0..names.len() as u64).map(|index| report(index).bytes).collect();
    let mut archive: Vec<(&str, &[u8])> =
        names.iter().zip(&files).map(|((name, _), bytes)| (*name, bytes.as_slice())).collect();
    archive.push(("empty\r\n\u{1b}[31m{}.txt", b""));
    let (status, receipt) = setup.post("operator", "/api/v1/reports", zip(archive).unwrap()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{receipt}");
    let texts = |list: &Value, field: &str| -> Vec<String> {
        list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&receipt["reports"], "file_name"), names.map(|(_, plain)| plain));
    assert_eq!(texts(&receipt["refused"], "file_name"), ["empty___[31m{}.txt"]);

    for (id, (_, plain)) in texts(&receipt["reports"], "id").iter().zip(names) {
        setup.until_state("operator", id, "indexed").await;
        let request = setup.request(&Method::GET, &format!("/api/v1/reports/{id}/source"));
        let response = request.bearer_auth(setup.keys.get("operator")).send().await.unwrap();
        assert!(!response.headers().contains_key("x-evil"));
        let disposition = response.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(disposition.starts_with("attachment; filename=\""), "{disposition}");
        assert_eq!(disposition.matches('"').count(), 2, "{disposition}");
        let page =
            setup.request(&Method::GET, &format!("/reports/{id}")).bearer_auth(setup.keys.get("operator"));
        let page = page.send().await.unwrap().text().await.unwrap();
        assert!(!page.contains("onload=\"alert"), "{plain}");
    }
    // Every line of every log is one object that we wrote.
    for service in ["ingest", "parse", "validate", "index", "console"] {
        let log = fs::read_to_string(setup.pipeline.folder().join(format!("{service}.log"))).unwrap();
        for line in log.lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{service}: {line}"));
            assert!(line["level"].is_string() && line["target"].is_string(), "{service}: {line}");
        }
        assert!(!log.contains('\u{1b}') && !log.contains('\u{202e}'));
    }
    assert!(!setup.pipeline.folder().join("etc").exists());
}

#[tokio::test]
async fn the_drop_folder_keeps_everything_below_it() {
    let settings = [("GOUJI_LOG", "human".to_owned())];
    let pipeline = Pipeline::start_with(Shape::default(), &settings).await.unwrap();
    let (inbox, names) = (pipeline.inbox(), ["a\\..\\..\\..\\..\\out.html", "a\nINFO forged line.html"]);
    for (name, index) in names.iter().zip(0..) {
        fs::write(inbox.join(name), report(index).bytes).unwrap();
    }
    fs::write(inbox.join("empty\n\u{1b}[31mred.txt"), b"").unwrap();
    let secret = pipeline.folder().join("secret.html");
    fs::write(&secret, report(5).bytes).unwrap();
    std::os::unix::fs::symlink(&secret, inbox.join("link.html")).unwrap();
    for name in names {
        let done = inbox.join("done").join(name);
        until(name, SOON, async || Ok(done.exists().then_some(()))).await.unwrap();
    }
    // Too long for a receipt beside it.
    fs::write(inbox.join(format!("{}.html", "长".repeat(83))), report(6).bytes).unwrap();
    let cut = until("the long one", SOON, async || {
        let done = fs::read_dir(inbox.join("done")).unwrap().flatten();
        let names: Vec<String> = done.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        let cut = names.iter().find(|name| name.contains("长长") && name.ends_with(".html"));
        Ok(cut.filter(|cut| names.contains(&format!("{cut}.receipt.json"))).cloned())
    });
    assert!(cut.await.unwrap().len() < 255);
    let refused = inbox.join("refused").join("empty\n\u{1b}[31mred.txt");
    until("the empty one", SOON, async || Ok(refused.exists().then_some(()))).await.unwrap();
    for above in [pipeline.folder(), pipeline.folder().parent().unwrap()] {
        assert!(!above.join("out.html").exists() && !above.join("out.html.receipt.json").exists());
    }
    assert!(inbox.join("link.html").exists(), "what lies elsewhere is not taken in");
    let said = pipeline.ingest.process.said();
    assert!(!said.lines().any(|line| line.starts_with("INFO forged")), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
}

#[tokio::test]
async fn formulas_in_names_are_text_in_every_export() {
    let mut keys = Keys::new();
    keys.add("operator", &["--role", "operate"]);
    let setup = Setup::open(keys, &[]).await;
    let quoted = FORMULAS.map(|name| format!("\"{}\",610100", name.replace('"', "\"\"")));
    let roster = format!("机关名称,区划代码\n{}\n", quoted.join("\n"));
    let (status, imported) = setup.post("operator", "/api/v1/roster", roster).await;
    assert_eq!((status, &imported["agencies"]), (StatusCode::CREATED, &json!(FORMULAS.len())), "{imported}");
    let export = async |format: &str| {
        let path = format!("/api/v1/rollup?region=61&year=2024&format={format}");
        let request = setup.request(&Method::GET, &path).bearer_auth(setup.keys.get("operator"));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{format}");
        response.bytes().await.unwrap().to_vec()
    };
    let page = String::from_utf8(export("html").await).unwrap();
    assert!(page.contains("&lt;b&gt;") && !page.contains("<b>粗体"), "{page}");
    let mut workbook = ZipArchive::new(Cursor::new(export("xlsx").await)).unwrap();
    let mut texts = String::new();
    for index in 0..workbook.len() {
        let mut part = workbook.by_index(index).unwrap();
        let (name, mut text) = (part.name().unwrap().into_owned(), String::new());
        part.read_to_string(&mut text).unwrap();
        if name.contains("worksheets/") {
            assert!(!text.contains("<f>") && !text.contains("<f "), "{name} has a formula");
            assert!(!text.contains("<hyperlink"), "{name} has a link");
        }
        assert!(!name.contains("externalLink"), "{name}");
        texts.push_str(&text);
    }
    assert!(texts.contains("=HYPERLINK(") && texts.contains("@SUM(A1)"), "the names are there as text");
}
