//! Whatever is killed, nothing is lost and nothing is doubled.

use futures::future::join_all;
use serde_json::Value;
use tests::api::list;
use tests::pipeline::{Pipeline, Shape};

use super::{nothing_is_lost, reports};
use tests::proof::{Log, archive, everything_arrived, send_until_taken};

#[tokio::test]
async fn a_parser_killed_half_way() {
    let reports = reports(0..300);
    let mut pipeline = Pipeline::start(Shape { parse: 2, ..Shape::default() }).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let kill = async {
        log.until("parsed", 60).await;
        pipeline.parse[0].kill().unwrap();
        let parsed = log.observer.counts().await.unwrap().parsed;
        assert!(parsed < 300, "it was killed too late");
    };
    let (receipt, ()) = tokio::join!(api.submit("all.zip", archive(&reports)), kill);
    let receipt = receipt.unwrap();
    assert_eq!(list(&receipt["reports"]).len(), 300);
    assert_eq!(list(&receipt["refused"]), [] as [Value; 0]);
    pipeline.parse[0] = pipeline.another("parse", 2).await.unwrap();
    log.until("indexed", 300).await;
    everything_arrived(&api, &reports).await;
}

#[tokio::test]
async fn everything_killed_one_after_the_other() {
    let range = 1_000..1_200;
    let reports = reports(range.clone());
    let mut pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let sending = async {
        for (number, batch) in reports.chunks(40).enumerate() {
            send_until_taken(&api, &format!("{number}.zip"), &archive(batch)).await;
        }
    };
    let disturbing = async {
        disturb_everything(&mut pipeline, &mut log).await;
        log.until("indexed", reports.len()).await;
    };
    tokio::join!(sending, disturbing);
    nothing_is_lost(&pipeline, range).await;
}

async fn disturb_everything(pipeline: &mut Pipeline, log: &mut Log) {
    log.until("indexed", 1).await;
    pipeline.index.kill().unwrap();
    pipeline.index.start_again().unwrap();
    log.until("validated", 60).await;
    pipeline.nats.kill().unwrap();
    pipeline.nats.start_again().await.unwrap();
    log.until("parsed", 120).await;
    assert!(log.observer.counts().await.unwrap().indexed < 200, "it was killed too late");
    pipeline.nats.kill().unwrap();
    for service in pipeline.services() {
        service.kill().unwrap();
    }
    // In whatever order machines come back.
    for service in pipeline.services() {
        service.start_again().unwrap();
    }
    pipeline.nats.start_again().await.unwrap();
    pipeline.ready().await.unwrap();
}

#[tokio::test]
async fn everything_shut_down_under_load() {
    let reports = reports(2_000..2_200);
    let mut pipeline = Pipeline::start(Shape { parse: 2, ..Shape::default() }).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let sending = async {
        for (number, batch) in reports.chunks(50).enumerate() {
            send_until_taken(&api, &format!("{number}.zip"), &archive(batch)).await;
        }
    };
    let stopping = async {
        log.until("parsed", 30).await;
        let stopped = join_all(
            pipeline
                .services()
                .map(async |service| (service.name().to_owned(), service.terminate().await.unwrap().code())),
        );
        for (service, code) in stopped.await {
            assert_eq!(code, Some(0), "{service}");
        }
        // What was on the wire to a fetch that was given up comes again after half a minute.
        for service in pipeline.services() {
            service.start_again().unwrap();
        }
        pipeline.ready().await.unwrap();
        log.until("indexed", reports.len()).await;
    };
    tokio::join!(sending, stopping);
    everything_arrived(&api, &reports).await;
}
