//! How messages end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bus::Since;
use proto::v1::{Origin, ReportIndexed, ReportParsed, ReportRefused, ReportSubmitted, ReportValidated};
use proto::{Fact, Message, RefusalClass, header, subject};
use sha2::Digest;
use worker::{BatchLimits, Done, Handled, HandlerError, Refusal};

use crate::server::Server;
use crate::{PATIENCE, id, open, parse, parsed_from, refusal, submitted, wait_for};

#[tokio::test]
async fn a_fact_leads_to_the_next_one() {
    let server = Server::start();
    let (ingest, worker) = (open(&server, "ingest").await, open(&server, "parse").await);
    assert_eq!(worker.bus().history(&id(1)).await.unwrap(), []);
    ingest.bus().publish(&submitted(1)).await.unwrap();
    assert_eq!(
        ingest.bus().lag().await.unwrap().iter().map(|lag| lag.total()).collect::<Vec<_>>(),
        [1, 0, 0, 0]
    );
    let working = tokio::spawn({
        let worker = worker.clone();
        async move { worker.work(parse).await }
    });
    assert_eq!(wait_for::<ReportParsed>(&ingest, 1).await, parsed_from(submitted(1)));
    let history = worker.bus().history(&id(1)).await.unwrap();
    assert_eq!(history.iter().map(|event| event.fact()).collect::<Vec<_>>(), ["submitted", "parsed"]);
    assert_eq!(worker.bus().last_of_id::<ReportSubmitted>(&id(1)).await.unwrap(), Some(submitted(1)));
    assert_eq!(worker.bus().last_of_id::<ReportIndexed>(&id(1)).await.unwrap(), None);
    assert_eq!(worker.bus().last_of_id::<ReportIndexed>("*").await.unwrap(), None);
    worker.shutdown().trigger();
    working.await.unwrap().unwrap();
    let lag = worker.bus().lag().await.unwrap();
    assert_eq!(
        lag.iter().map(|lag| (lag.stage, lag.total())).collect::<Vec<_>>(),
        [("parse", 0), ("parse-bulk", 0), ("validate", 1), ("index", 0)]
    );
    let counts = worker.bus().counts().await.unwrap();
    assert_eq!((counts.submitted, counts.parsed, counts.refused), (1, 1, 0));
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_with_its_bytes() {
    let server = Server::start();
    let worker = open(&server, "parse").await;
    let client = async_nats::connect(server.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let publish = async |number, kind: &str, payload: Vec<u8>| {
        let subject = submitted(number).subject().unwrap().to_string();
        let mut headers = async_nats::HeaderMap::new();
        headers.insert(header::CE_TYPE, kind);
        jetstream.publish_with_headers(subject, headers, payload.into()).await.unwrap().await.unwrap();
    };
    publish(1, ReportSubmitted::TYPE, b"\xff\xff\xff".to_vec()).await;
    publish(2, ReportSubmitted::TYPE, submitted(7).encode_to_vec()).await;
    publish(3, "gouji.v9.Unheard", submitted(3).encode_to_vec()).await;
    // No id to file a refusal under: the bytes are hashed.
    jetstream.publish("gouji.v1.submitted.strange._._._._.odd", "x".into()).await.unwrap().await.unwrap();
    let odd = ReportSubmitted { id: "odd!".into(), ..Default::default() }.encode_to_vec();
    let odd_hash =
        sha2::Sha256::digest(&odd)[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    jetstream.publish("gouji.v1.submitted.odd!._._._._", odd.into()).await.unwrap().await.unwrap();
    tokio::spawn({
        let worker = worker.clone();
        async move { worker.work(parse).await }
    });
    let check = async |number, event: &[u8], detail: &str| {
        let refused = refusal(&worker, number).await;
        assert_eq!(refused.class, RefusalClass::UndecodableEvent.name());
        assert_eq!(refused.stage, "parse");
        assert_eq!(refused.event, event);
        assert!(refused.detail.contains(detail), "{}", refused.detail);
        assert_eq!(subject::id_token(&refused.event_subject), id(number));
    };
    check(1, b"\xff\xff\xff", "decoding gouji.v1.ReportSubmitted").await;
    check(2, &submitted(7).encode_to_vec(), "on the subject of").await;
    check(3, &submitted(3).encode_to_vec(), "found gouji.v9.Unheard").await;
    for hash in ["2d711642b726b04401627ca9fbac32f5", &odd_hash] {
        let filter = subject::any_of_id::<ReportRefused>(&format!("{hash}-g0")).unwrap();
        worker.bus().follow(filter, Since::Start).await.unwrap().next().await.unwrap();
    }
}

#[tokio::test]
async fn a_refusal_tells_why_and_where() {
    let server = Server::start();
    let worker = open(&server, "parse").await;
    worker.bus().publish(&submitted(1)).await.unwrap();
    tokio::spawn({
        let worker = worker.clone();
        async move {
            worker
                .work(async |_: ReportSubmitted| -> Handled<ReportParsed> {
                    let origin = Origin { line: 7, ..Default::default() };
                    Err(Refusal::new(RefusalClass::UnsupportedFormat, "不支持的格式", "an executable")
                        .at(origin)
                        .into())
                })
                .await
        }
    });
    let refused = refusal(&worker, 1).await;
    assert_eq!(refused.class, "unsupported-format");
    assert_eq!(refused.message, "不支持的格式");
    assert_eq!(refused.detail, "an executable");
    assert_eq!(refused.origin.unwrap().line, 7);
    assert_eq!(refused.submitted, Some(submitted(1)));
    assert_eq!(refused.attempts, []);
}

#[tokio::test]
async fn what_fails_is_tried_again() {
    let server = Server::start();
    let worker = open(&server, "parse").await;
    let attempts = Arc::new(AtomicUsize::new(0));
    tokio::spawn({
        let (worker, attempts) = (worker.clone(), Arc::clone(&attempts));
        let cpu = worker.cpu().clone();
        async move {
            worker
                .work(move |fact: ReportSubmitted| {
                    let attempt = attempts.fetch_add(1, Ordering::SeqCst);
                    let cpu = cpu.clone();
                    async move {
                        match attempt {
                            0 => cpu.run(|| panic!("a bug")).await?,
                            1 => Err(anyhow::anyhow!("the disk is away"))?,
                            _ => (),
                        }
                        Handled::Ok(parsed_from(fact).into())
                    }
                })
                .await
        }
    });
    worker.bus().publish(&submitted(1)).await.unwrap();
    wait_for::<ReportParsed>(&worker, 1).await;
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn what_always_fails_is_refused_with_its_history() {
    let server = Server::start();
    let worker = open(&server, "parse").await;
    tokio::spawn({
        let worker = worker.clone();
        async move {
            worker
                .work(async |fact: ReportSubmitted| -> Handled<ReportParsed> {
                    if fact.id == id(2) {
                        panic!("odd table");
                    }
                    Err(anyhow::anyhow!("no space").context("writing text"))?
                })
                .await
        }
    });
    worker.bus().publish(&submitted(1)).await.unwrap();
    worker.bus().publish(&submitted(2)).await.unwrap();
    let check = async |number, error: &str| {
        let refused = refusal(&worker, number).await;
        assert_eq!(refused.class, RefusalClass::GaveUp.name());
        assert_eq!(refused.detail, error);
        assert_eq!(refused.submitted, Some(submitted(number)));
        assert_eq!(refused.attempts.len(), worker::retry::ATTEMPTS);
        assert!(refused.attempts.iter().all(|attempt| attempt.error == error));
        assert!(refused.attempts.is_sorted_by_key(|attempt| attempt.at_ms));
    };
    check(1, "writing text: no space").await;
    check(2, "panicked: odd table").await;
}

#[tokio::test]
async fn a_fact_too_large_for_the_bus_is_refused() {
    let server = Server::start();
    let worker = open(&server, "parse").await;
    worker.bus().publish(&submitted(1)).await.unwrap();
    tokio::spawn({
        let worker = worker.clone();
        async move {
            worker
                .work(async |fact: ReportSubmitted| -> Handled<ReportParsed> {
                    Ok(ReportParsed { reader_version: "x".repeat(2 << 20), ..parsed_from(fact) }.into())
                })
                .await
        }
    });
    assert_eq!(refusal(&worker, 1).await.class, RefusalClass::FactTooLarge.name());
}

const LIMITS: BatchLimits =
    BatchLimits { messages: 1000, bytes: 16 << 20, linger: Duration::from_millis(50), pause: Duration::ZERO };

#[tokio::test]
async fn batches_take_what_is_there_and_answer_each() {
    let server = Server::start();
    let worker = open(&server, "index").await;
    let validated = |number| ReportValidated { submitted: Some(submitted(number)), ..Default::default() };
    for number in 0..300 {
        worker.bus().publish(&validated(number)).await.unwrap();
    }
    let (sizes, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let working = tokio::spawn({
        let worker = worker.clone();
        let failed = AtomicUsize::new(0);
        async move {
            let handle = |facts: Vec<ReportValidated>| {
                sizes.send(facts.len()).unwrap();
                let outcomes = facts
                    .into_iter()
                    .map(|fact| match fact.submitted.as_ref().map(|submitted| submitted.id.clone()) {
                        Some(known) if known == id(7) => {
                            Err(Refusal::new(RefusalClass::NotText, "奇怪", "odd").into())
                        }
                        Some(known) if known == id(8) && failed.fetch_add(1, Ordering::SeqCst) == 0 => {
                            Err(HandlerError::Failed(anyhow::anyhow!("the index is away")))
                        }
                        _ => {
                            Ok(Done::from(ReportIndexed { submitted: fact.submitted, ..Default::default() }))
                        }
                    })
                    .collect::<Vec<_>>();
                async move { outcomes }
            };
            let mut batches = worker.batches(BatchLimits { messages: 100, ..LIMITS }).await.unwrap();
            while !worker.shutdown().is_requested() {
                batches.next(&handle).await;
            }
            batches.close().await;
        }
    });
    assert_eq!(refusal(&worker, 7).await.class, "not-text");
    for number in (0..300).filter(|number| *number != 7) {
        wait_for::<ReportIndexed>(&worker, number).await;
    }
    let mut batches = Vec::new();
    while let Ok(size) = seen.try_recv() {
        batches.push(size);
    }
    // One came twice, and kept nobody waiting.
    assert_eq!((batches.iter().sum::<usize>(), batches[0]), (301, 100));
    assert!(batches.iter().all(|size| *size <= 100), "{batches:?}");
    // Alone on the log, one goes through at once.
    worker.bus().publish(&validated(300)).await.unwrap();
    assert_eq!(seen.recv().await, Some(1));
    wait_for::<ReportIndexed>(&worker, 300).await;
    worker.shutdown().trigger();
    working.await.unwrap();
}

/// A store that is away for longer than anything is tried refuses nobody, and says so at `/readyz`.
#[tokio::test]
async fn a_store_that_is_away_is_waited_for() {
    let server = Server::start();
    let (one_by_one, in_bulk) = (open(&server, "parse").await, open(&server, "index").await);
    let originals = server.folder().join("originals");
    let (incoming, away) = (originals.join("incoming"), originals.join("away"));
    std::fs::rename(&incoming, &away).unwrap();
    let attempts = Arc::new(AtomicUsize::new(0));
    let validated = ReportValidated { submitted: Some(submitted(2)), ..Default::default() };
    one_by_one.bus().publish(&submitted(1)).await.unwrap();
    in_bulk.bus().publish(&validated).await.unwrap();
    tokio::spawn({
        let (worker, attempts) = (one_by_one.clone(), Arc::clone(&attempts));
        let blobs = worker.blobs().clone();
        async move {
            worker
                .work(move |fact: ReportSubmitted| {
                    attempts.fetch_add(1, Ordering::SeqCst);
                    let blobs = blobs.clone();
                    async move {
                        blobs.put(&b"text"[..], 10).await?;
                        Handled::Ok(parsed_from(fact).into())
                    }
                })
                .await
        }
    });
    tokio::spawn({
        let worker = in_bulk.clone();
        async move {
            let mut batches = worker.batches::<ReportValidated>(LIMITS).await.unwrap();
            loop {
                let put = async |fact: ReportValidated| -> Handled<ReportIndexed> {
                    worker.blobs().put(&b"more"[..], 10).await?;
                    Ok(ReportIndexed { submitted: fact.submitted, ..Default::default() }.into())
                };
                batches.next(|facts| futures::future::join_all(facts.into_iter().map(put))).await;
            }
        }
    });
    let waits = async {
        while attempts.load(Ordering::SeqCst) <= worker::retry::ATTEMPTS
            || in_bulk.problem().is_none_or(|problem| !problem.contains("storing an original"))
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waits).await.unwrap();
    assert!(one_by_one.problem().unwrap().contains("storing an original"));
    std::fs::rename(&away, &incoming).unwrap();
    wait_for::<ReportParsed>(&one_by_one, 1).await;
    wait_for::<ReportIndexed>(&in_bulk, 2).await;
    assert_eq!((one_by_one.problem(), in_bulk.problem()), (None, None));
    assert_eq!(one_by_one.bus().counts().await.unwrap().refused, 0);
}
