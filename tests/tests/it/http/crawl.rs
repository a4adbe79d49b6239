//! Every page that is offered to each role, in a real browser at three widths: no complaint, nothing offered that is
//! refused, nothing wider than its window, and nothing that axe finds inaccessible.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use tests::browser::find;
use tests::npm;
use tests::skip::skip;

use super::Up;

/// Versions that were tried.
const PACKAGES: [&str; 2] = ["playwright-core@1.65.1", "@axe-core/playwright@4.13.0"];
/// Reports with errors, with warnings, without either, of two years, and one in every way of showing an original.
const REPORTS: [&str; 6] = [
    "page-utf8.html",
    "page-single-file.mht",
    "word-automatic-numbers.docx",
    "pdf-landscape-over-pages.pdf",
    "ofd-over-pages.ofd",
    "workbook-one-sheet.xlsx",
];
/// Where each role begins; the rest it finds by itself.
const START: [&str; 3] = ["/", "/help", "/check"];

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_every_role_is_in_order() {
    let Some(chromium) = find() else {
        return skip("http::crawl", "no browser", "apt-get install chromium");
    };
    let folder = match npm::installed("playwright", &PACKAGES) {
        Ok(folder) => folder,
        Err(why) => return skip("http::crawl", &why, "needs Node with npm"),
    };
    let scratch = tempfile::tempdir().unwrap();
    let keys = scratch.path().join("keys.toml");
    let key = |name: &str, more: &[&str]| {
        let mut command = super::super::commands::gouji(&["key", "new", "--name", name, "--file"]);
        let output = command.arg(&keys).args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let operate = key("operate", &["--role", "operate"]);
    let roles = json!([
        {"name": "nobody", "key": null},
        {"name": "submit", "key": key("submit", &["--role", "submit", "--region", "37"])},
        {"name": "review", "key": key("review", &["--role", "review"])},
        {"name": "lead", "key": key("lead", &["--role", "lead"])},
        {"name": "operate", "key": operate},
    ]);
    let up = Up::start(&REPORTS, &[("GOUJI_KEYS", keys.to_str().unwrap())], &operate).await;
    let pictures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/pictures"));
    let settings = json!({
        "url": up.url, "chromium": chromium, "pictures": pictures, "roles": roles, "start": START,
    });
    let file = scratch.path().join("settings.json");
    std::fs::write(&file, settings.to_string()).unwrap();
    let script = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/browser/crawl.mjs"));
    let mut node: Command = npm::node(&folder, script).unwrap();
    let output = tokio::task::spawn_blocking(move || node.arg(file).output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.ends_with("0 faults\n"), "{said}");
}
