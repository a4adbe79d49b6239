//! Every page in a real browser: nothing in its console, and styled as it is meant.

use serde_json::json;
use tests::browser::{Browser, find};
use tests::skip::skip;

use super::Up;

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_styled_and_complains_of_nothing() {
    let Some(program) = find() else {
        skip("http::browser", "no browser", "apt-get install chromium");
        return;
    };
    let up = Up::with(&["page-utf8.html", "page-single-file.mht"]).await;
    let hits = up.json("/api/v1/reports?verdict=fail").await;
    let key = hits["hits"][0]["key"].as_str().unwrap().to_owned();
    let url = up.url.clone();
    tokio::task::spawn_blocking(move || look(&mut Browser::start(&program).unwrap(), &url, &key))
        .await
        .unwrap();
}

fn look(browser: &mut Browser, url: &str, key: &str) {
    let mut open = |path: &str, selector: &str, property: &str, expected: &str| {
        let complaints = browser.open(&format!("{url}{path}")).unwrap();
        assert_eq!(complaints, Vec::<String>::new(), "{path}");
        let found = browser.style(selector, property).unwrap();
        assert!(found.contains(expected), "{path}: {property} of {selector} is {found}");
    };
    open("/", ".top", "background-color", "rgb(31, 78, 121)");
    open("/?q=%E5%85%AC%E5%BC%80", "mark", "background-color", "rgb(255, 229, 138)");
    open(&format!("/reports/{key}"), ".form td", "border-top-style", "solid");
    open("/regions", "form.asking", "display", "flex");
    open("/regions?region=44&year=2021&survey=true", ".card", "border-top-style", "solid");
    open("/status", "table.plain", "border-collapse", "collapse");
    open("/send", ".drop", "border-top-style", "dashed");
    open("/check", ".drop", "text-align", "center");
    open("/news", ".news li", "display", "grid");
    open("/help", ".guide", "display", "grid");
    open("/api", ".operation pre", "overflow-x", "auto");
    let letter = format!("/api/v1/reports/{key}/letter?date=2025-03-01");
    open(&letter, "h1", "text-align", "center");
    open(&letter, "td", "border-top-style", "solid");
    open(&letter, "main", "max-width", "px");
    open("/api/v1/rollup?region=44&year=2021&format=html", "table.official td", "border-top-style", "solid");
    open("/api/v1/rollup?region=44&year=2021&format=html", "h1", "text-align", "center");
    evidence_is_that_of_what_was_clicked(browser, &format!("{url}/reports/{key}"));
    paper(browser, &format!("{url}/reports/{key}"));
}

/// The bar shows the location of the last thing that was clicked, and of nothing else.
fn evidence_is_that_of_what_was_clicked(browser: &mut Browser, report: &str) {
    browser.open(report).unwrap();
    let shown = "document.getElementById('proof').hidden ? '' : document.getElementById('proof').textContent";
    assert_eq!(browser.evaluate(shown).unwrap(), "");
    browser
        .evaluate("document.querySelector('#cell-requests\\\\.carried_out\\\\.enterprise').click()")
        .unwrap();
    let of_cell = browser.evaluate(shown).unwrap();
    assert!(of_cell.as_str().unwrap().contains("requests.carried_out.enterprise"), "{of_cell}");
    let findings = browser.evaluate("document.querySelectorAll('.finding').length").unwrap();
    for index in 0..findings.as_u64().unwrap() {
        let of_finding = browser
            .evaluate(&format!(
                "(() => {{ const finding = document.querySelectorAll('.finding')[{index}]; \
                 document.querySelector('#cell-requests\\\\.carried_out\\\\.enterprise').click(); \
                 finding.querySelector('.what').click(); \
                 return {{ cells: finding.dataset.cells.split(' ').filter(Boolean), shown: {shown} }}; }})()"
            ))
            .unwrap();
        let shown = of_finding["shown"].as_str().unwrap();
        let cells: Vec<&str> =
            of_finding["cells"].as_array().unwrap().iter().filter_map(|id| id.as_str()).collect();
        for id in cells.iter().take(4) {
            assert!(shown.contains(id), "{id} of {of_finding}");
        }
        assert!(
            cells.contains(&"requests.carried_out.enterprise") || !shown.contains("carried_out.enterprise")
        );
    }
}

/// On paper: the lines of the tables, no mark of the last click, and a place for signatures.
fn paper(browser: &mut Browser, report: &str) {
    browser.open(report).unwrap();
    browser.evaluate("document.querySelector('.finding').click()").unwrap();
    browser.ask("Emulation.setEmulatedMedia", json!({"media": "print"})).unwrap();
    let check = |browser: &mut Browser, selector: &str, property: &str, expected: &str| {
        assert_eq!(browser.style(selector, property).unwrap(), expected, "{property} of {selector}");
    };
    check(browser, ".form td", "background-clip", "padding-box");
    check(browser, ".proof", "display", "none");
    check(browser, ".top", "display", "none");
    check(browser, "#text", "display", "none");
    check(browser, ".signatures", "display", "flex");
    let on = "[...document.querySelectorAll('.form td.on')].every(cell => getComputedStyle(cell).outlineStyle === 'none')";
    assert_eq!(browser.evaluate(on).unwrap(), true);
}
