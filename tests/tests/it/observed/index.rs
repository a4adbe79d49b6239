//! What an operator sees of the index: which process leads, how much each holds, and how far it is behind.

use std::process::Output;
use std::time::Duration;

use bus::Bus;
use proto::v1::ReportValidated;
use serde_json::Value;
use tests::generate::{Options, generate};
use tests::pipeline::{Pipeline, SOON, Service, Shape};
use tests::processes::until;

/// A lease lapses after a quarter of a minute, and how far an index is behind is measured every ten seconds.
const PATIENCE: Duration = Duration::from_secs(90);

/// What `gouji` prints when all goes well.
#[track_caller]
fn gouji(pipeline: &Pipeline, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = pipeline.command(arguments).unwrap().output().unwrap();
    assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// Waits until a process measures this.
async fn measures(service: &Service, metric: &str, wanted: impl Fn(f64) -> bool) {
    let what = format!("{metric} of {}", service.name());
    let mut last = f64::NAN;
    let reached = until(&what, PATIENCE, async || {
        last = service.metric(&format!("{metric}{{")).await?;
        Ok(wanted(last).then_some(()))
    });
    reached.await.unwrap_or_else(|error| panic!("{error:#}: it is {last}"));
}

/// Waits until an index holds everything on the log.
async fn is_complete(service: &Service, log: &Bus, reports: f64) {
    let last = log.last_sequence::<ReportValidated>().await.unwrap();
    #[expect(clippy::cast_precision_loss, reason = "a few places")]
    measures(service, "gouji_index_position", |position| position >= last as f64).await;
    measures(service, "gouji_index_behind", |behind| behind == 0.0).await;
    measures(service, "gouji_index_reports", |held| held == reports).await;
}

async fn submit(pipeline: &Pipeline, numbers: std::ops::Range<u64>) -> String {
    let mut last = Value::Null;
    for number in numbers {
        let report = generate(17, number, &Options::default());
        last = pipeline.api().submit(&report.file_name, report.bytes).await.unwrap();
    }
    last["reports"][0]["id"].as_str().unwrap().to_owned()
}

async fn counted(pipeline: &Pipeline, fact: &str, count: u64) -> Value {
    let what = format!("{count} {fact}");
    until(&what, SOON, async || {
        let status = pipeline.api().status().await?;
        Ok((status["counts"][fact] == count).then_some(status))
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn leader_content_and_lag_of_each_index_are_visible() {
    let mut pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let beside = pipeline.folder().join("beside").display().to_string();
    let follower = pipeline.another_by("index", 1, &[("GOUJI_INDEX", beside.clone())]).await.unwrap();
    let log = pipeline.observer().await.unwrap();
    submit(&pipeline, 0..8).await;
    let status = counted(&pipeline, "indexed", 8).await;
    #[expect(clippy::cast_precision_loss, reason = "a few reports")]
    let reports = status["searchable_reports"].as_u64().unwrap() as f64;

    for (service, leads) in [(&pipeline.index, 1.0), (&follower, 0.0)] {
        is_complete(service, &log, reports).await;
        measures(service, "gouji_index_leads", |value| value == leads).await;
        measures(service, "gouji_index_generation", |generation| generation == 1.0).await;
        measures(service, "gouji_index_write_duration_seconds_count", |batches| batches >= 1.0).await;
        let room = service.metric("gouji_disk_available_bytes{gouji_disk=\"index\"").await.unwrap();
        assert!(room > 0.0);
    }
    let overview = gouji(&pipeline, &["status"]);
    let led = |folder: &str| format!("{folder}, whose lease lasts until ");
    let own = pipeline.index_folder().display().to_string();
    assert!(overview.contains("the index is led by ") && overview.contains(&led(&own)), "{overview}");

    // What nobody takes is missing where the leader is, and nowhere else.
    gouji(&pipeline, &["pause", "index"]);
    let id = submit(&pipeline, 8..11).await;
    counted(&pipeline, "validated", 11).await;
    measures(&pipeline.index, "gouji_index_behind", |behind| behind >= 3.0).await;
    let reports = reports + 3.0;
    is_complete(&follower, &log, reports).await;
    gouji(&pipeline, &["resume", "index"]);
    counted(&pipeline, "indexed", 11).await;
    is_complete(&pipeline.index, &log, reports).await;

    pipeline.index.kill().unwrap();
    measures(&follower, "gouji_index_leads", |value| value == 1.0).await;
    let overview = gouji(&pipeline, &["status"]);
    assert!(overview.contains(&led(&beside)), "{overview}");
    drop(follower);
    until("the lease to lapse", PATIENCE, async || {
        Ok(gouji(&pipeline, &["status"]).contains("the index is led by nobody").then_some(()))
    })
    .await
    .unwrap();

    // One trace from its upload on, and `gouji status` prints it once.
    let life: Value = serde_json::from_str(&gouji(&pipeline, &["status", &id, "--json"])).unwrap();
    let facts = life["facts"].as_array().unwrap();
    let trace = facts[0]["trace_id"].as_str().unwrap();
    assert!(facts.len() == 4 && trace.len() == 32, "{life}");
    assert!(facts.iter().all(|fact| fact["trace_id"] == trace), "{life}");
    let printed = gouji(&pipeline, &["status", &id]);
    assert_eq!(printed.matches(trace).count(), 1, "{printed}");
    assert!(printed.contains(&format!("submitted   trace {trace}\n")), "{printed}");
}
