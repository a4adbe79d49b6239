//! Every kind of page that is offered to each role, in a real browser from the width of a desk to that of a phone: no
//! complaint, nothing offered that is refused, nothing wider than its window, and nothing that axe finds inaccessible.

use std::path::Path;

use serde_json::{Value, json};
use tests::processes::until;
use tests::skip::skip;

use super::{PATIENCE, PICTURES, Up, new_key, playwright, run_script};

/// Reports with errors, with warnings, without either, and one in every way of showing an original.
const REPORTS: [&str; 6] = [
    "page-utf8.html",
    "page-single-file.mht",
    "word-automatic-numbers.docx",
    "pdf-landscape-over-pages.pdf",
    "ofd-over-pages.ofd",
    "workbook-one-sheet.xlsx",
];
/// An agency that has not reported.
const ROSTER: &str = "机关名称,区划代码\n枣庄市城市管理局,370400\n";
/// Where everybody begins; the rest is found from there.
const START: [&str; 3] = ["/", "/help", "/check"];
/// Where the office begins too: what its forms ask for.
const OFFICE: [&str; 8] = [
    "/documents?kind=letter&year=2024",
    "/documents?kind=reminder&region=3704&year=2024",
    "/documents?kind=bulletin&region=3704&year=2024",
    "/roster?region=3704&year=2024",
    "/regions?region=3704&year=2024",
    "/compare?region=37&cell=requests.received.total",
    "/compare?by=region&region=37&cell=requests.received.total",
    "/?q=表三 新收 总计>0",
];
/// The agency is looked at as closely as possible, since its page is that of the office without most of it.
const WIDTHS: [[u32; 2]; 3] = [[1280, 800], [1440, 900], [390, 844]];
const WIDTHS_OF_OFFICE: [[u32; 2]; 2] = [[1440, 900], [390, 844]];

/// Gives the pages of the office something to show: a roster, a report that was returned, a file that was refused, and
/// a changed policy.
async fn furnish(up: &Up) {
    let post = async |path: &str, body: String, media_type: &str| {
        let request = up.client.post(up.at(path)).header("content-type", media_type).body(body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    };
    post("/api/v1/roster", ROSTER.into(), "text/csv").await;
    let failing = up.json("/api/v1/reports?verdict=fail&limit=1").await;
    let key = failing["hits"][0]["key"].as_str().unwrap();
    let returned = json!({"act": "returned", "note": "请更正后重新报送。", "deadline": "2036-02-15"});
    post(&format!("/api/v1/reports/{key}/reviews"), returned.to_string(), "application/json").await;
    let account = json!({"name": "zhangsan", "display": "张三", "role": "review", "regions": ["37"]});
    post("/api/v1/users", account.to_string(), "application/json").await;
    up.submit("photo.png", b"\x89PNG\r\n\x1a\n".to_vec()).await;
    until("the refusal", PATIENCE, async || {
        Ok((up.json("/api/v1/status").await["counts"]["refused"] == 1).then_some(()))
    })
    .await
    .unwrap();
}

/// What the head of the office sends, and what comes back is a page of its own.
fn forms(roster: &Path) -> Value {
    json!([
        {
            "page": "/rules",
            "fill": {"select[name=\"rule.T3-01\"]": "off", "input[name=why]": "试行"},
            "press": "form[action=\"/rules/preview\"] button.primary",
        },
        {
            "page": "/roster",
            "fill": {"form[action=\"/roster/import\"] input[type=file]": roster},
            "press": "form[action=\"/roster/import\"] button",
        },
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_every_role_is_in_order() {
    let (chromium, packages) = match playwright() {
        Ok(found) => found,
        Err((missing, enable)) => return skip("http::crawl", &missing, enable),
    };
    let scratch = tempfile::tempdir().unwrap();
    let keys = scratch.path().join("keys.toml");
    let key = |role: &str, more: &[&str]| new_key(&keys, role, role, more);
    let operate = key("operate", &[]);
    let [submit, review, lead] = [("submit", "37"), ("review", "37"), ("lead", "")].map(|(role, region)| {
        if region.is_empty() { key(role, &[]) } else { key(role, &["--region", region]) }
    });
    let roster = scratch.path().join("roster.csv");
    std::fs::write(&roster, format!("{ROSTER}枣庄市教育局,370400\n")).unwrap();
    let settings = [("GOUJI_KEYS", keys.to_str().unwrap()), ("GOUJI_ACCOUNTS", "true")];
    let up = Up::start(&REPORTS, &settings, &operate).await;
    furnish(&up).await;
    let office: Vec<&str> = START.into_iter().chain(OFFICE).collect();
    let new_user = json!([{
        "page": "/users/new",
        "fill": {"input[name=name]": "lisi", "input[name=display]": "李四", "select[name=role]": "lead"},
        "press": "form[action=\"/users\"] button.primary",
    }]);
    let roles = json!([
        {"name": "submit", "key": submit, "widths": WIDTHS, "reports": REPORTS.len(), "start": START},
        {"name": "review", "key": review, "widths": WIDTHS_OF_OFFICE, "reports": 2, "start": office},
        {"name": "lead", "key": lead, "widths": WIDTHS_OF_OFFICE, "reports": 2, "start": office, "forms": forms(&roster)},
        {"name": "operate", "key": operate, "widths": WIDTHS_OF_OFFICE, "reports": 2, "start": office, "forms": new_user},
    ]);
    let settings = json!({"url": up.url, "chromium": chromium, "pictures": PICTURES, "roles": roles});
    let said = run_script(&packages, "crawl.mjs", &settings).await;
    println!("{said}");
    assert!(said.ends_with("\n0 faults\n"), "{said}");
}
