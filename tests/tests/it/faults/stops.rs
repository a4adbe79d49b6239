//! Shutdown under load, again and again; processes frozen for a while.

use rustix::process::Signal;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;
use tests::proof::{Log, archive, reports, send_until_taken};

use super::nothing_is_lost;

/// How often each service but the console is shut down.
const CYCLES: usize = 5;

#[tokio::test]
async fn shut_down_again_and_again() {
    let range = 13_000..13_200;
    let reports = reports(range.clone());
    let mut pipeline = Pipeline::start(Shape { parse: 2, ..Shape::default() }).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let sending = async {
        for (number, batch) in reports.chunks(5).enumerate() {
            send_until_taken(&api, &format!("{number}.zip"), &archive(batch)).await;
        }
    };
    let stopping = async {
        for cycle in 0..CYCLES {
            for name in ["parse", "validate", "index", "ingest", "parse-1"] {
                let service = pipeline.service(name).unwrap();
                let status = service.terminate().await.unwrap();
                assert_eq!(status.code(), Some(0), "{name} in cycle {cycle}");
                service.start_again().unwrap();
                service.ready().await.unwrap();
            }
        }
        log.until("indexed", reports.len()).await;
    };
    tokio::join!(sending, stopping);
    nothing_is_lost(&pipeline, range).await;
}

/// A process that stands still while the log gives its work to another, and then goes on as if nothing had
/// been: the others have done it, and the index is written by one.
#[tokio::test]
async fn stopped_for_longer_than_a_message_may_wait() {
    let range = 13_300..13_400;
    let reports = reports(range.clone());
    let pipeline = Pipeline::start(Shape { parse: 2, validate: 2, ..Shape::default() }).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let still = [&pipeline.parse[0], &pipeline.validate[0]];
    let archive = archive(&reports);
    let sending = send_until_taken(&api, "all.zip", &archive);
    let stopping = async {
        log.until("parsed", 10).await;
        for service in still {
            service.process.signal(Signal::STOP).unwrap();
        }
        pipeline.index.process.signal(Signal::STOP).unwrap();
        log.until("validated", reports.len()).await;
        until("the lag of the index to show", SOON, async || {
            let lag = log.observer.lag().await?;
            Ok(lag.iter().any(|lag| lag.stage == "index" && lag.total() > 0).then_some(()))
        })
        .await
        .unwrap();
        for service in still {
            service.process.signal(Signal::CONT).unwrap();
        }
        pipeline.index.process.signal(Signal::CONT).unwrap();
        log.until("indexed", reports.len()).await;
    };
    tokio::join!(sending, stopping);
    nothing_is_lost(&pipeline, range).await;
}
