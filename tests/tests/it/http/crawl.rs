//! Every kind of page that is offered to an agency, in a real browser at three widths: no complaint, nothing offered that is
//! refused, nothing wider than its window, and nothing that axe finds inaccessible.

use serde_json::json;
use tests::skip::skip;

use super::{PICTURES, Up, new_key, playwright, run_script};

/// Reports with errors, with warnings, without either, and one in every way of showing an original.
const REPORTS: [&str; 6] = [
    "page-utf8.html",
    "page-single-file.mht",
    "word-automatic-numbers.docx",
    "pdf-landscape-over-pages.pdf",
    "ofd-over-pages.ofd",
    "workbook-one-sheet.xlsx",
];
/// Where the agency begins; the rest it finds by itself.
const START: [&str; 3] = ["/", "/help", "/check"];

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_an_agency_is_in_order() {
    let (chromium, packages) = match playwright() {
        Ok(found) => found,
        Err((missing, enable)) => return skip("http::crawl", &missing, enable),
    };
    let scratch = tempfile::tempdir().unwrap();
    let keys = scratch.path().join("keys.toml");
    let operate = new_key(&keys, "operate", "operate", &[]);
    let roles = json!([
        {"name": "submit", "key": new_key(&keys, "submit", "submit", &["--region", "37"])},
    ]);
    let up = Up::start(&REPORTS, &[("GOUJI_KEYS", keys.to_str().unwrap())], &operate).await;
    let settings = json!({
        "url": up.url, "chromium": chromium, "pictures": PICTURES, "roles": roles, "start": START,
    });
    let said = run_script(&packages, "crawl.mjs", &settings).await;
    assert!(said.ends_with("\n0 faults\n"), "{said}");
}
