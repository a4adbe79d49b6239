//! The live feed, and what an operator's tools see.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use bus::Since;
use proto::subject;
use proto::v1::ReportSubmitted;
use tower::ServiceExt;
use worker::Worker;

use crate::server::Server;
use crate::{id, open, parse, submitted};

#[tokio::test]
async fn a_feed_gives_the_facts_in_order() {
    let server = Server::start();
    let worker = open(&server, "console").await;
    let publish = async |numbers: std::ops::Range<u32>| {
        for number in numbers {
            worker.bus().publish(&submitted(number)).await.unwrap();
        }
    };
    let check = async |since, numbers: std::ops::Range<u32>| {
        let mut feed = worker.bus().follow(subject::filter::<ReportSubmitted>(), since).await.unwrap();
        for number in numbers {
            let event = feed.next().await.unwrap();
            assert_eq!((event.id(), event.sequence), (id(number).as_str(), u64::from(number) + 1));
            assert_eq!(event.decode::<ReportSubmitted>(), Some(submitted(number)));
        }
        feed
    };
    publish(0..600).await;
    check(Since::Start, 0..600).await;
    check(Since::Sequence(599), 598..600).await;
    let mut now = check(Since::Now, 0..0).await;
    publish(600..602).await;
    assert_eq!(now.next().await.unwrap().id(), id(600));
    assert_eq!(now.next().await.unwrap().id(), id(601));
    worker.shutdown().trigger();
    assert_eq!(now.next().await, None);
}

async fn ask(worker: &Worker, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = worker::router(vec![worker.clone()]).oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.into()).unwrap())
}

#[tokio::test]
async fn an_operator_sees_readiness_and_metrics() {
    let server = Server::start();
    let worker = open(&server, "parse").await;
    tokio::spawn({
        let worker = worker.clone();
        async move { worker.work(parse).await }
    });
    worker.bus().publish(&submitted(1)).await.unwrap();
    crate::wait_for::<proto::v1::ReportParsed>(&worker, 1).await;
    assert_eq!(ask(&worker, "/healthz").await.0, StatusCode::OK);
    assert_eq!(ask(&worker, "/readyz").await, (StatusCode::OK, "ready\n".into()));
    let (_, metrics) = ask(&worker, "/metrics").await;
    assert!(metrics.contains("messaging_client_consumed_messages_total"), "{metrics}");
    assert!(metrics.contains(r#"gouji_stage="parse""#), "{metrics}");
    worker.shutdown().trigger();
    assert_eq!(ask(&worker, "/readyz").await, (StatusCode::SERVICE_UNAVAILABLE, "parse: stopping\n".into()));
}
