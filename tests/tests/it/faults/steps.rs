//! Every process killed at every step between taking a report and having answered for it.

use std::os::unix::process::ExitStatusExt as _;

use tests::pipeline::{Pipeline, SOON, Shape};
use tests::proof::{Log, archive, reports, send_until_taken};

use super::nothing_is_lost;

/// The steps at which a process may be ended (`bus::failpoint`), in the order in which it takes them, and
/// how often it has to come there first. A process comes to `applied` once for a whole batch.
const STEPS: [(&str, &[&str]); 4] = [
    ("ingest", &["staged@1", "kept@3", "sent@3", "published@3"]),
    ("parse", &["taken@3", "handled@3", "sent@3", "published@3", "acknowledged@3"]),
    ("validate", &["taken@3", "handled@3", "sent@3", "published@3", "acknowledged@3"]),
    ("index", &["taken@3", "applied@1", "handled@3", "sent@3", "published@3", "acknowledged@3"]),
];

/// Sent for each step, so that there is work before and after it.
const BATCH: u64 = 6;

/// Enough for groups that share a flush.
const GROUP: u64 = 24;

/// `stored` comes between the log's answer to a group and everything that depends on it: no publisher has
/// the answer, and no delivery is acknowledged.
#[tokio::test]
async fn a_process_killed_between_a_group_and_its_acknowledgements() {
    let range = 12_000..12_000 + GROUP;
    let reports = reports(range.clone());
    let mut pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    for stage in ["index", "ingest"] {
        pipeline.service(stage).unwrap().kill().unwrap();
    }
    let archive = archive(&reports);
    let sending = send_until_taken(&api, "group.zip", &archive);
    tokio::join!(sending, killed_in_a_group(&mut pipeline, "ingest"));
    // What the index fetches is there at once, so its outcomes are ready at the same time.
    log.until("validated", reports.len()).await;
    killed_in_a_group(&mut pipeline, "index").await;
    pipeline.ready().await.unwrap();
    log.until("indexed", reports.len()).await;
    nothing_is_lost(&pipeline, range).await;
}

/// Starts a service that ends itself when the log has its first group, and then starts it to work on.
async fn killed_in_a_group(pipeline: &mut Pipeline, stage: &str) {
    let service = pipeline.service(stage).unwrap();
    service.variables.insert("GOUJI_FAILPOINT", "stored".to_owned());
    service.start_again().unwrap();
    let status = service.process.end(SOON).await.unwrap();
    assert_eq!(status.signal(), Some(ABORTED), "{stage}: {status}");
    service.variables.remove("GOUJI_FAILPOINT");
    service.start_again().unwrap();
}

#[tokio::test]
async fn a_process_killed_at_any_step() {
    let steps: Vec<(&str, &str)> =
        STEPS.iter().flat_map(|(stage, steps)| steps.iter().map(|step| (*stage, *step))).collect();
    let range = 10_000..10_000 + BATCH * steps.len() as u64;
    let reports = reports(range.clone());
    let mut pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    for ((stage, step), batch) in steps.into_iter().zip(reports.chunks(BATCH as usize)) {
        let service = pipeline.service(stage).unwrap();
        service.kill().unwrap();
        service.variables.insert("GOUJI_FAILPOINT", step.to_owned());
        // It may come to the step before anybody could see it ready.
        service.start_again().unwrap();
        let name = format!("{stage}-{step}.zip");
        let archive = archive(batch);
        let sending = send_until_taken(&api, &name, &archive);
        let dying = async {
            let status = service.process.end(SOON).await.unwrap();
            assert_eq!(status.signal(), Some(ABORTED), "{stage} at {step}: {status}");
            service.variables.remove("GOUJI_FAILPOINT");
            service.start_again().unwrap();
        };
        tokio::join!(sending, dying);
    }
    pipeline.ready().await.unwrap();
    log.until("indexed", reports.len()).await;
    nothing_is_lost(&pipeline, range).await;
}

/// How a process ends itself at a step.
const ABORTED: i32 = 6;
