//! One report is one trace.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::trace::{SpanKind, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use proto::v1::{ReportParsed, ReportSubmitted};
use tracing::Instrument;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use worker::Handled;

use crate::server::Server;
use crate::{id, open, parsed_from, submitted, wait_for_event};

#[derive(Debug, Clone, Default)]
struct ExportedSpans(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for ExportedSpans {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

fn attribute(span: &SpanData, name: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == name);
    found.map(|attribute| attribute.value.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn the_parent_of_a_message_came_in_its_headers() {
    let exported = ExportedSpans::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exported.clone()).build();
    tracing_subscriber::registry()
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")))
        .with(tracing_subscriber::filter::LevelFilter::INFO)
        .init();
    let server = Server::start();
    let worker = open(&server, "parse").await;
    let request = tracing::info_span!("upload");
    bus::trace::continue_trace(&request, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    worker.bus().publish(&submitted(4242)).instrument(request).await.unwrap();
    let working = tokio::spawn({
        let worker = worker.clone();
        async move {
            worker
                .work(async |fact: ReportSubmitted| -> Handled<ReportParsed> {
                    tracing::info_span!("reading", test = true).in_scope(|| ());
                    Ok(parsed_from(fact).into())
                })
                .await
        }
    });
    wait_for_event::<ReportParsed>(&worker, 4242).await;
    worker.shutdown().trigger();
    working.await.unwrap().unwrap();

    let spans = exported.0.lock().unwrap().clone();
    let trace = spans
        .iter()
        .filter(|span| span.span_context.trace_id().to_string() == "0af7651916cd43dd8448eb211c80319c");
    let trace: Vec<_> = trace.collect();
    let find = |name: &str| {
        trace.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name} in {trace:#?}"))
    };
    let (upload, process) = (find("upload"), find("process gouji.v1.submitted"));
    assert_eq!(upload.parent_span_id.to_string(), "b7ad6b7169203331");
    let sent = find("send gouji.v1.submitted");
    assert_eq!(sent.parent_span_id, upload.span_context.span_id());
    assert_eq!(process.parent_span_id, sent.span_context.span_id());
    assert!(process.parent_span_is_remote);
    assert_eq!(find("reading").parent_span_id, process.span_context.span_id());
    assert_eq!(find("send gouji.v1.parsed").parent_span_id, process.span_context.span_id());
    assert_eq!(process.span_kind, SpanKind::Consumer);
    assert_eq!(attribute(process, "messaging.system"), "nats");
    assert_eq!(attribute(process, "messaging.consumer.group.name"), "parse");
    assert_eq!(attribute(process, "messaging.message.id"), format!("submitted.{}", id(4242)));
    assert_eq!(
        attribute(process, "messaging.destination.template"),
        "gouji.v1.submitted.{id}.{year}.{region}"
    );
}
