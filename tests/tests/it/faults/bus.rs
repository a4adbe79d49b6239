//! The bus killed under load, and lines to it that are slow or dead.

use std::time::Duration;

use tests::pipeline::{Pipeline, Shape};
use tests::proof::{Log, archive, reports, send_until_taken};
use tests::proxy::{Line, Proxy};

use super::nothing_is_lost;

#[tokio::test]
async fn a_server_killed_again_and_again() {
    let range = 12_000..12_120;
    let reports = reports(range.clone());
    let mut pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let sending = async {
        for (number, batch) in reports.chunks(10).enumerate() {
            send_until_taken(&api, &format!("{number}.zip"), &archive(batch)).await;
        }
    };
    let killing = async {
        for parsed in [5, 20, 40, 60, 80] {
            log.until("parsed", parsed).await;
            pipeline.nats.kill().unwrap();
            pipeline.nats.start_again().await.unwrap();
        }
        log.until("indexed", reports.len()).await;
    };
    tokio::join!(sending, killing);
    nothing_is_lost(&pipeline, range).await;
}

/// A worker that hears nothing for longer than it may keep a message: others get what it held, and what it
/// publishes late is found to be there.
#[tokio::test]
async fn a_worker_cut_off_and_a_slow_one() {
    let range = 12_200..12_350;
    let reports = reports(range.clone());
    let pipeline = Pipeline::start(Shape { parse: 0, validate: 0, ..Shape::default() }).await.unwrap();
    let proxies = [(); 2].map(|()| Proxy::to(pipeline.nats.address()));
    let [cut, slow] = futures::future::join_all(proxies).await.try_into().unwrap();
    let (cut, slow): (Proxy, Proxy) = (cut.unwrap(), slow.unwrap());
    slow.set(Line::Slow(Duration::from_millis(40)));
    let mut workers = Vec::new();
    for (number, service, proxy) in
        [(1, "parse", &cut), (2, "parse", &slow), (1, "validate", &cut), (2, "validate", &slow)]
    {
        let through = [("GOUJI_NATS_URL", proxy.url())];
        workers.push(pipeline.another_by(service, number, &through).await.unwrap());
    }
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let archive = archive(&reports);
    let sending = send_until_taken(&api, "all.zip", &archive);
    let cutting = async {
        log.until("parsed", 20).await;
        cut.set(Line::Cut);
        // All of it, so all that the lost ones held has come to the others.
        log.until("indexed", reports.len()).await;
        cut.set(Line::Good);
    };
    tokio::join!(sending, cutting);
    // The client notices a cut connection and reconnects within a minute or two.
    for worker in &mut workers {
        let mut patience = 4;
        while let Err(error) = worker.ready().await {
            patience -= 1;
            assert!(patience > 0, "{error:#}");
        }
    }
    nothing_is_lost(&pipeline, range).await;
}
