//! Published reports: fetched from a web site, looked at again, changed, taken away and put back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use proto::subject;
use proto::v1::ReportSubmitted;
use serde_json::{Value, json};
use tests::api::{list, text};
use tests::pipeline::{Pipeline, SOON, Service, Shape};
use tests::processes::until;
use tokio::net::TcpListener;

/// Pages by their path; what is not there is 404.
type Pages = Arc<Mutex<HashMap<&'static str, String>>>;

/// A web site on loopback.
struct Site {
    url: String,
    pages: Pages,
}

impl Site {
    async fn start(host: &str) -> Self {
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let pages = Pages::default();
        let router = Router::new().fallback(page).with_state(pages.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, pages }
    }

    fn set(&self, path: &'static str, body: impl Into<String>) {
        self.pages.lock().unwrap().insert(path, body.into());
    }

    fn remove(&self, path: &'static str) {
        self.pages.lock().unwrap().remove(path);
    }
}

async fn page(State(pages): State<Pages>, request: Request) -> Response {
    match pages.lock().unwrap().get(request.uri().path()) {
        Some(body) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], body.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What the API of the visits is asked.
struct Visits<'a> {
    ingest: &'a Service,
    client: reqwest::Client,
}

impl Visits<'_> {
    fn url(&self) -> String {
        format!("{}/api/v1/published", self.ingest.address())
    }

    async fn ask(&self, changes: &Value) {
        let answer = self.client.post(self.url()).json(changes).send().await.unwrap();
        assert_eq!(answer.status(), 202, "{}", answer.text().await.unwrap());
    }

    /// The pages by their path, as soon as nothing is due.
    async fn done(&self) -> HashMap<String, Value> {
        until("all visits", SOON, async || {
            let Ok(answer) = self.client.get(self.url()).send().await else { return Ok(None) };
            let answer: Value = answer.json().await?;
            let pages = list(&answer["pages"]);
            let is_done = pages.iter().all(|page| page["is_due"] == false);
            let path = |page: &Value| {
                let address = text(&page["address"]);
                address.splitn(4, '/').nth(3).unwrap_or_default().to_owned()
            };
            Ok(is_done.then(|| pages.iter().map(|page| (path(page), page.clone())).collect()))
        })
        .await
        .unwrap()
    }
}

/// The visits are the only difference: no pause, and gone is what was missed twice at once.
fn settings(host: &str) -> [(&'static str, String); 3] {
    [
        ("GOUJI_FETCH_NETWORKS", host.to_owned()),
        ("GOUJI_FETCH_DELAY_MS", "0".to_owned()),
        ("GOUJI_FETCH_GONE_HOURS", "0".to_owned()),
    ]
}

fn sample(name: &str) -> String {
    let path = format!("{}/../samples/reports/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// The findings about what became of the page, as soon as the report is in so many versions.
async fn findings(pipeline: &Pipeline, versions: usize) -> (Value, Vec<String>) {
    let api = pipeline.api();
    let report = until("the versions of the report", SOON, async || {
        let found = api.search(&[("q", "吴江区教育局")]).await?;
        let Some(hit) = list(&found["hits"]).first().cloned() else { return Ok(None) };
        let report = api.report(&text(&hit["key"])).await?;
        Ok((list(&report["versions"]).len() == versions).then_some(report))
    })
    .await
    .unwrap();
    let of_site = |finding: &&Value| text(&finding["rule"]).starts_with("WEB-");
    let found = list(&report["findings"]).iter().filter(of_site);
    let found =
        found.map(|finding| format!("{} {}", text(&finding["rule"]), text(&finding["message"]))).collect();
    (report, found)
}

#[tokio::test]
async fn a_published_report_is_followed_through_its_life() {
    let site = Site::start("127.0.0.21").await;
    let original = sample("page-utf8.html");
    site.set(
        "/nb/",
        "<html><title>年度报告</title><a href='1.html'>吴江区教育局2022年政府信息公开工作年度报告</a>\
                      <a href='2.html'>某局2022年政府信息公开工作年度报告</a>",
    );
    site.set("/nb/1.html", &original);
    let pipeline = Pipeline::start_with(Shape::default(), &settings("127.0.0.21")).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let visits = Visits { ingest: &pipeline.ingest, client };
    // A list leads to its reports, of which one is not there.
    let address = format!("{}/nb/", site.url);
    visits.ask(&json!({ "pages": [{ "address": address }] })).await;
    let pages = visits.done().await;
    assert_eq!((&pages["nb/"]["state"], &pages["nb/"]["listed"]), (&json!("list"), &json!(2)));
    assert_eq!(
        (&pages["nb/1.html"]["state"], &pages["nb/2.html"]["state"]),
        (&json!("fetched"), &json!("gone"))
    );
    let (report, found) = findings(&pipeline, 1).await;
    assert_eq!(found, [""; 0]);
    assert_eq!(report["published_at"]["address"], format!("{}/nb/1.html", site.url));
    assert!(report["published_at"]["fetched_at_ms"].as_i64().unwrap() > 0);
    let first = text(&report["id"]);
    let again = json!({ "again": true });
    // The same bytes are nothing, and neither is another frame around the report.
    visits.ask(&again).await;
    assert_eq!(visits.done().await["nb/1.html"]["state"], "unchanged");
    site.set("/nb/1.html", original.replace("printPage()", "print()"));
    visits.ask(&again).await;
    visits.done().await;
    // Figures that are changed are a finding, one by one.
    let changed = original.replace(
        "<td>9</td><td>2</td><td>0</td><td>0</td><td>1</td><td>0</td><td>12</td>",
        "<td>8</td><td>3</td><td>0</td><td>0</td><td>1</td><td>0</td><td>12</td>",
    );
    assert_ne!(changed, original);
    site.set("/nb/1.html", &changed);
    visits.ask(&again).await;
    visits.done().await;
    let (report, found) = findings(&pipeline, 2).await;
    let [found] = &found[..] else { panic!("{found:?}") };
    assert!(found.starts_with("WEB-01 ") && found.contains("共4处"), "{found}");
    assert!(found.contains("由9改为8") && found.contains("由2改为3"), "{found}");
    assert_eq!(report["published_at"]["first"], first.as_str());
    // Missed twice, it is gone; what was changed stays a finding.
    site.remove("/nb/1.html");
    visits.ask(&again).await;
    let pages = visits.done().await;
    assert_eq!(
        (&pages["nb/1.html"]["state"], &pages["nb/1.html"]["is_gone"]),
        (&json!("gone"), &json!(true))
    );
    let (report, found) = findings(&pipeline, 3).await;
    let rules: Vec<&str> = found.iter().map(|found| &found[..6]).collect();
    assert_eq!(rules, ["WEB-01", "WEB-02"], "{found:?}");
    assert!(report["published_at"]["gone_since_ms"].as_i64().unwrap() > 0);
    // The list of the pages says what changed there.
    let page = |path: &str| format!("{}{path}", pipeline.console.address());
    let listed =
        visits.client.get(page("/published?changed=true")).send().await.unwrap().text().await.unwrap();
    assert_eq!(listed.matches("<tr data-state=\"gone\"").count(), 1, "{listed}");
    assert!(listed.contains("由9改为8") && listed.contains("起无法访问（404）"), "{listed}");
    let rows = visits.client.get(page("/published/export?format=jsonl&state=gone")).send().await.unwrap();
    let rows = rows.text().await.unwrap();
    let row: Value = rows
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|row: &Value| row["report"].is_string())
        .unwrap();
    assert!(text(&row["changes"]).contains("由9改为8"), "{row}");
    assert_eq!(row["address"], format!("{}/nb/1.html", site.url));
    // The roster says who published where.
    pipeline.api().import_roster("机关名称\n苏州市吴江区教育局\n").await.unwrap();
    let url = format!("{}/api/v1/roster?year=2022", pipeline.console.address());
    let roster: Value = visits.client.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(roster["agencies"][0]["reports"][0]["address"], format!("{}/nb/1.html", site.url), "{roster}");
    // And it may come back.
    site.set("/nb/1.html", &changed);
    visits.ask(&again).await;
    visits.done().await;
    let (_, found) = findings(&pipeline, 4).await;
    assert_eq!(found.len(), 1, "{found:?}");
    // What the pipeline refused of all that is the page with another frame.
    let refused: Vec<String> =
        tests::proof::Log::of(&pipeline).await.refusals().await.into_iter().map(|one| one.class).collect();
    assert_eq!(refused, ["unchanged"]);
}

/// Every fact about what was submitted.
async fn submitted(pipeline: &Pipeline) -> Vec<ReportSubmitted> {
    let mut facts = Vec::new();
    let filter = subject::filter::<ReportSubmitted>();
    let observer = pipeline.observer().await.unwrap();
    let add = |event: bus::Event| {
        facts.extend(event.decode::<ReportSubmitted>());
        Ok(())
    };
    observer.scan(&filter, add).await.unwrap();
    facts
}

#[tokio::test]
async fn a_kill_in_a_visit_loses_nothing_and_doubles_nothing() {
    let site = Site::start("127.0.0.22").await;
    let original = sample("page-utf8.html");
    let mut pipeline = Pipeline::start_with(Shape::default(), &settings("127.0.0.22")).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let address = format!("{}/1.html", site.url);
    // The request and the submission are recorded in the audit trail before the fact is published.
    let steps = ["kept", "sighted", "published@3", "visited"];
    for (number, step) in steps.into_iter().enumerate() {
        // Each time another figure: a version of its own.
        site.set(
            "/1.html",
            original.replace("colspan=\"3\">146<", &format!("colspan=\"3\">{}<", 200 + number)),
        );
        let ingest = &mut pipeline.ingest;
        ingest.kill().unwrap();
        ingest.variables.insert("GOUJI_FAILPOINT", step.to_owned());
        ingest.start_again().unwrap();
        // The request itself may be what the process dies of.
        let url = format!("{}/api/v1/published", ingest.address());
        let changes = json!({ "pages": [{ "address": address }] });
        until("the request", SOON, async || {
            let sent = client.post(&url).json(&changes).send().await;
            Ok(sent.is_ok_and(|answer| answer.status().is_success()).then_some(()))
        })
        .await
        .unwrap();
        ingest.process.end(SOON).await.unwrap();
        ingest.variables.remove("GOUJI_FAILPOINT");
        ingest.start_again().unwrap();
        ingest.ready().await.unwrap();
        let visits = Visits { ingest, client: client.clone() };
        visits.done().await;
        findings(&pipeline, number + 1).await;
    }
    let facts = submitted(&pipeline).await;
    assert_eq!(facts.len(), steps.len(), "{facts:#?}");
    assert!(facts.iter().all(|fact| fact.generation == 0 && fact.door == "fetch"));
}
