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

/// The line says where the last thing that was clicked stands, and nothing of what was clicked before.
fn evidence_is_that_of_what_was_clicked(browser: &mut Browser, report: &str) {
    browser.open(report).unwrap();
    let shown = "document.getElementById('proof').hidden ? '' : document.getElementById('proof').textContent";
    assert_eq!(browser.evaluate(shown).unwrap(), "");
    let other = "document.getElementById('cell-requests.carried_out.enterprise')";
    browser.evaluate(&format!("{other}.click()")).unwrap();
    let of_cell = browser.evaluate(shown).unwrap();
    assert!(of_cell.as_str().unwrap().contains("原文填写"), "{of_cell}");
    let findings = browser.evaluate("document.querySelectorAll('.finding').length").unwrap();
    for index in 0..findings.as_u64().unwrap() {
        let of_finding = browser
            .evaluate(&format!(
                "(() => {{ const finding = document.querySelectorAll('.finding')[{index}]; {other}.click(); \
                 finding.querySelector('.message').click(); \
                 const cells = finding.dataset.cells.split(' ').filter(Boolean).map(id => `cell-${{id}}`); \
                 return {{ titles: cells.map(id => document.getElementById(id)?.title), shown: {shown}, \
                 isOfOther: cells.includes({other}.id), other: {other}.title, \
                 on: cells.every(id => document.getElementById(id).classList.contains('on')) }}; }})()"
            ))
            .unwrap();
        let shown = of_finding["shown"].as_str().unwrap();
        for title in of_finding["titles"].as_array().unwrap().iter().take(4) {
            assert!(shown.contains(title.as_str().unwrap()), "{title} of {of_finding}");
        }
        assert_eq!(of_finding["on"], true, "{of_finding}");
        assert!(of_finding["isOfOther"] == true || !shown.contains(of_finding["other"].as_str().unwrap()));
    }
}

/// One sample of each way in which an original is shown.
const ORIGINALS: [&str; 5] = [
    "pdf-heads-repeated.pdf",
    "ofd-thin-boxes.ofd",
    "page-gb18030.html",
    "word-tracked-changes.docx",
    "workbook-one-sheet.xlsx",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_click_on_either_side_of_the_desk_marks_the_other() {
    let Some(program) = find() else {
        skip("http::browser", "no browser", "apt-get install chromium");
        return;
    };
    let up = Up::with(&ORIGINALS).await;
    let hits = up.json("/api/v1/reports?limit=50").await;
    let keys: Vec<String> =
        hits["hits"].as_array().unwrap().iter().map(|hit| hit["key"].as_str().unwrap().to_owned()).collect();
    assert_eq!(keys.len(), ORIGINALS.len(), "{hits}");
    let url = up.url.clone();
    tokio::task::spawn_blocking(move || {
        let mut browser = Browser::start(&program).unwrap();
        for key in keys {
            desk(&mut browser, &format!("{url}/reports/{key}"));
        }
    })
    .await
    .unwrap();
}

/// Functions that the checks of the desk share.
const DESK: &str = "
    window.places = name => [...document.querySelectorAll(`[data-at~='${name}']`)];
    window.inside = (element, pane) => {
        const [inner, outer] = [element.getBoundingClientRect(), pane.getBoundingClientRect()];
        return inner.bottom > outer.top && inner.top < outer.bottom && inner.width > 0 && inner.height > 0;
    };
    window.press = element => element.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}));
    window.key = key => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
    window.left = document.getElementById('figures'); window.right = document.getElementById('evidence');
    true";

fn desk(browser: &mut Browser, report: &str) {
    browser
        .ask(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": false}),
        )
        .unwrap();
    assert_eq!(browser.open(report).unwrap(), Vec::<String>::new(), "{report}");
    browser.evaluate(DESK).unwrap();
    let mut is = |what: &str, expression: &str| {
        let found = browser.evaluate(expression).unwrap();
        assert_eq!(found, true, "{report}: {what}");
    };
    is(
        "both panes are on one screen",
        "[left, right].every(pane => { const box = pane.getBoundingClientRect(); return box.top < 300 && box.bottom <= 800 && box.height > 350; })",
    );
    is("the page does not scroll", "document.documentElement.scrollHeight <= 800");
    is(
        "every figure that was read has its place",
        "[...document.querySelectorAll('.form td.read')].every(cell => places(cell.id).length > 0)",
    );
    is(
        "a click on a cell marks its place",
        "(() => { const cells = [...document.querySelectorAll('.form td.read')]; return cells.filter((_, index) => index % 17 === 0).every(cell => { press(cell.firstElementChild); return cell.classList.contains('on') && places(cell.id).every(place => place.classList.contains('on')) && inside(places(cell.id)[0], right); }); })()",
    );
    is(
        "a click on a place chooses its cell",
        "(() => { const cells = [...document.querySelectorAll('.form td.read')]; const other = cells.at(-1); return cells.filter((_, index) => index % 13 === 0).every(cell => { press(other); press(places(cell.id)[0].querySelector('rect') ?? places(cell.id)[0]); const on = [...document.querySelectorAll('.form td.on')]; return on.length > 0 && on.every(one => places(one.id)[0] === places(cell.id)[0]) && inside(on[0], left); }); })()",
    );
    is(
        "arrows go from cell to cell",
        "(() => { const cell = document.querySelector('#cell-requests\\.received\\.natural_person, .requests td[title]'); press(cell); key('ArrowDown'); const next = document.querySelector('.form td.on'); return next !== cell && next === document.activeElement; })()",
    );
    is(
        "escape clears",
        "(() => { key('Escape'); return document.querySelectorAll('.on').length === 0 && document.getElementById('proof').hidden; })()",
    );
    is(
        "n and p go through the findings",
        "(() => { const findings = [...document.querySelectorAll('#findings .finding')]; if (findings.length === 0) return true; key('n'); const first = document.querySelector('.finding.on'); key('p'); const last = document.querySelector('.finding.on'); return first === findings[0] && last === findings.at(-1) && document.querySelectorAll('.finding.on').length === 1; })()",
    );
    is(
        "the drawn pages have arrived",
        "Promise.all([...document.querySelectorAll('.sheet img')].slice(0, 1).map(image => image.decode())).then(() => [...document.querySelectorAll('.sheet img')].slice(0, 1).every(image => image.naturalWidth > 500))",
    );
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
    check(browser, "#evidence", "display", "none");
    check(browser, ".signatures", "display", "flex");
    let on = "[...document.querySelectorAll('.form td.on')].every(cell => getComputedStyle(cell).outlineStyle === 'none')";
    assert_eq!(browser.evaluate(on).unwrap(), true);
}
