//! One report is one trace, from its upload to the index, over every process that had it in hand.

use std::fs;
use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::Value;
use tests::api::list;
use tests::generate::{Options, generate};
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;

use super::collector::{Collector, Span};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// Sends a file as a caller who is in a trace already; the id of its report.
async fn submit(pipeline: &Pipeline, name: &str, bytes: Vec<u8>, trace: &str) -> String {
    bus::tls::prepare();
    let client = tests::api::http().build().unwrap();
    let request = client
        .post(format!("{}/api/v1/reports", pipeline.ingest.address()))
        .query(&[("file_name", name)])
        .header("traceparent", format!("00-{trace}-{CALLER}-01"))
        .body(bytes);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    list(&answer["reports"])[0]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// A document that is too much for an ordinary reader is read twice, the second time behind everything else.
const PATIENCE: Duration = Duration::from_secs(180);

/// The spans of a trace, as soon as there is one of this name.
async fn spans_with(collector: &Collector, trace: &str, name: &str) -> Vec<Span> {
    let what = format!("a span {name}");
    let found = until(&what, PATIENCE, async || {
        let spans: Vec<Span> = collector.spans().into_iter().filter(|span| span.trace == trace).collect();
        Ok(spans.iter().any(|span| span.name == name).then_some(spans))
    });
    found.await.unwrap_or_else(|error| {
        let spans = collector.spans();
        let all: Vec<_> = spans.iter().map(|span| format!("{} {}", span.service, span.name)).collect();
        panic!("{error:#} among {all:#?}")
    })
}

fn only<'a>(spans: &'a [Span], service: &str, name: &str) -> &'a Span {
    let found: Vec<_> = spans.iter().filter(|span| span.service == service && span.name == name).collect();
    assert_eq!(found.len(), 1, "{service} {name} among {spans:#?}");
    found[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn one_report_is_one_trace_through_every_process() {
    let collector = Collector::start().await;
    let pipeline = Pipeline::start_with(Shape::default(), &collector.settings()).await.unwrap();
    let report = generate(11, 1, &Options::default());
    let id = submit(&pipeline, &report.file_name, report.bytes.clone(), TRACE).await;
    // Service, span, and the service and span that led to it.
    let journey = [
        ("gouji-ingest", "send gouji.v1.submitted", "gouji-ingest", "POST /api/v1/reports"),
        ("gouji-parse", "process gouji.v1.submitted", "gouji-ingest", "send gouji.v1.submitted"),
        ("gouji-parse", "get original", "gouji-parse", "process gouji.v1.submitted"),
        ("gouji-parse", "read", "gouji-parse", "process gouji.v1.submitted"),
        ("gouji-parse", "reader", "gouji-parse", "read"),
        ("gouji-parse", "reader document", "gouji-parse", "reader"),
        ("gouji-parse", "reader reading", "gouji-parse", "reader"),
        ("gouji-parse", "reader text", "gouji-parse", "reader"),
        ("gouji-parse", "send gouji.v1.parsed", "gouji-parse", "process gouji.v1.submitted"),
        ("gouji-validate", "process gouji.v1.parsed", "gouji-parse", "send gouji.v1.parsed"),
        ("gouji-validate", "send gouji.v1.validated", "gouji-validate", "process gouji.v1.parsed"),
        ("gouji-index", "process gouji.v1.validated", "gouji-validate", "send gouji.v1.validated"),
        ("gouji-index", "send gouji.v1.indexed", "gouji-index", "process gouji.v1.validated"),
    ];
    // A process sends a span after it has ended, and in its own time.
    for name in journey.map(|(_, name, ..)| name).into_iter().chain(["POST /api/v1/reports"]) {
        spans_with(&collector, TRACE, name).await;
    }
    let spans = spans_with(&collector, TRACE, "POST /api/v1/reports").await;
    for (service, name, parent_service, parent) in journey {
        let (span, parent) = (only(&spans, service, name), only(&spans, parent_service, parent));
        assert_eq!(span.parent, parent.id, "{service} {name} is a part of {parent:?}");
        assert!(parent.begun_ns <= span.begun_ns, "{name} begins after {}", parent.name);
    }
    let upload = only(&spans, "gouji-ingest", "POST /api/v1/reports");
    assert_eq!(
        (upload.parent.as_str(), upload.attributes["http.response.status_code"].as_str()),
        (CALLER, "202")
    );
    assert_eq!(upload.attributes["http.route"], "/api/v1/reports");
    assert_eq!(upload.kind, SpanKind::Server);
    // The file, and what was sent as one.
    let put = spans.iter().filter(|span| span.service == "gouji-ingest" && span.name == "put original");
    assert!(put.clone().count() == 2 && put.clone().all(|span| span.parent == upload.id), "{spans:#?}");
    let named = spans.iter().filter(|span| span.name.starts_with("process"));
    let ids: Vec<_> = named.map(|span| (&span.name, span.attributes.get("report.id"))).collect();
    assert!(ids.len() == 3 && ids.iter().all(|(_, of)| *of == Some(&id)), "{ids:#?} of {id}");

    // The child is a process of its own, and its own clock tells when it did what.
    let reader = only(&spans, "gouji-parse", "reader");
    let status = fs::read_to_string(format!("/proc/{}/status", reader.attributes["process.pid"])).unwrap();
    assert!(status.contains(&format!("PPid:\t{}\n", pipeline.parse[0].process.id())), "{status}");
    let phases = ["reader document", "reader reading", "reader text"];
    let phases = phases.map(|name| only(&spans, "gouji-parse", name));
    assert!(phases.windows(2).all(|pair| pair[0].ended_ns <= pair[1].begun_ns), "{phases:#?}");
    // The child counts in whole microseconds.
    let inside = |span: &&Span| reader.begun_ns < span.begun_ns + 1000 && span.ended_ns <= reader.ended_ns;
    assert!(phases.iter().all(inside), "{reader:#?} {phases:#?}");

    // The batch is a trace of its own; it leads to the report, and the report to it.
    let item = only(&spans, "gouji-index", "process gouji.v1.validated");
    let batch = until("the batch", SOON, async || {
        let link = (TRACE.to_owned(), item.id.clone());
        Ok(collector.spans().into_iter().find(|span| span.links.contains(&link)))
    });
    let batch = batch.await.unwrap();
    assert_eq!(batch.attributes["messaging.batch.message_count"], "1");
    assert!(item.links.contains(&(batch.trace, batch.id)), "{item:#?}");

    // The console has traces as well, and no span contains the query.
    let client = tests::api::http().build().unwrap();
    let life = client.get(format!("{}/api/v1/status/{id}", pipeline.console.address())).send().await.unwrap();
    let life: Value = life.json().await.unwrap();
    let facts = list(&life["facts"]);
    assert!(facts.len() == 4 && facts.iter().all(|fact| fact["trace_id"] == TRACE), "{life}");
    let found = client
        .get(format!("{}/api/v1/reports/{id}", pipeline.console.address()))
        .query(&[("secret", "never-recorded")])
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
    // Refused, as every parameter that the API does not know.
    assert_eq!(found.send().await.unwrap().status(), 400);
    let spans = spans_with(&collector, TRACE, "GET /api/v1/reports/{id}").await;
    let asked = only(&spans, "gouji-console", "GET /api/v1/reports/{id}");
    assert_eq!(asked.parent, CALLER);
    assert!(!format!("{:?}", collector.spans()).contains("never-recorded"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_limit_killed_and_what_was_refused_can_be_followed() {
    let collector = Collector::start().await;
    let pipeline = Pipeline::start_with(Shape::default(), &collector.settings()).await.unwrap();
    // Too much for an ordinary reader, and little enough for the large one.
    let large = "一、本年新收政府信息公开申请数量\t9\n".repeat(400_000).into_bytes();
    let large_trace = "1af7651916cd43dd8448eb211c80319c";
    submit(&pipeline, "large.txt", large, large_trace).await;
    let spans = spans_with(&collector, large_trace, "process gouji.v1.submitted").await;
    let readers: Vec<_> = spans.iter().filter(|span| span.name == "reader").collect();
    let killed =
        readers.iter().find(|reader| !reader.events.is_empty()).unwrap_or_else(|| panic!("{spans:#?}"));
    let (event, limit) = &killed.events[0];
    assert_eq!(event, "limit reached");
    // Whichever comes first on this machine.
    let first = (limit["limit"].as_str(), limit["value"].as_str(), killed.attributes["error.type"].as_str());
    let limits = [("memory_bytes", "67108864", "memory"), ("cpu_seconds", "2", "cpu")];
    assert!(limits.contains(&first), "{first:?}");
    let other = readers.iter().find(|reader| reader.id != killed.id).unwrap();
    assert_ne!(killed.attributes["process.pid"], other.attributes["process.pid"]);
    assert!(killed.ended_ns <= other.begun_ns);

    let refused_trace = "2af7651916cd43dd8448eb211c80319c";
    let id = submit(&pipeline, "noise.txt", b"\0\x01\x02\xff".repeat(10_000), refused_trace).await;
    let spans = spans_with(&collector, refused_trace, "process gouji.v1.submitted").await;
    let process = only(&spans, "gouji-parse", "process gouji.v1.submitted");
    assert_eq!(process.attributes["error.type"], "not-text");
    let said = pipeline.parse[0].process.said();
    let about: Vec<Value> = said
        .lines()
        .filter(|line| line.contains(&id))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!about.is_empty(), "{said}");
    for line in &about {
        assert_eq!(
            (line["report.id"].as_str(), line["trace_id"].as_str()),
            (Some(&*id), Some(refused_trace)),
            "{line}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_switches_traces_off_gets_none() {
    let collector = Collector::start().await;
    let mut settings = collector.settings();
    settings.push(("OTEL_TRACES_SAMPLER", "always_off".to_owned()));
    let mut pipeline = Pipeline::start_with(Shape::default(), &settings).await.unwrap();
    let api = pipeline.api();
    let report = generate(11, 2, &Options::default());
    let receipt = api.submit(&report.file_name, report.bytes.clone()).await.unwrap();
    let id = list(&receipt["reports"])[0]["id"].as_str().unwrap();
    until("the report", SOON, async || Ok(api.report(id).await.ok())).await.unwrap();
    // What was kept back leaves before a process ends.
    for service in pipeline.services() {
        service.terminate().await.unwrap();
    }
    let spans = collector.spans();
    assert!(spans.is_empty(), "{spans:#?}");
}
