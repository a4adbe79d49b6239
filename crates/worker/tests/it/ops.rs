//! The operator's endpoints.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt;
use worker::Worker;

use crate::server::Server;
use crate::{open, parse, submitted};

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
