//! Killed workers, killed servers, stops.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use bus::Since;
use futures::StreamExt;
use proto::v1::{ReportParsed, ReportSubmitted};
use proto::{RefusalClass, subject};
use tokio::sync::{Notify, mpsc};
use worker::Handled;

use crate::server::Server;
use crate::{PATIENCE, config, id, open, open_with, parse, parsed_from, refusal, submitted, wait_for};

/// The log as an operator might have made it, with little patience for workers.
async fn impatient_log(server: &Server) -> pull::Config {
    let jetstream = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let log = jetstream::stream::Config {
        name: "GOUJI".into(),
        subjects: vec![subject::ALL.into()],
        allow_direct: true,
        ..Default::default()
    };
    let place = pull::Config {
        durable_name: Some("parse".into()),
        filter_subject: subject::filter::<ReportSubmitted>(),
        ack_policy: AckPolicy::Explicit,
        ack_wait: Duration::from_secs(1),
        ..Default::default()
    };
    jetstream.create_stream(log).await.unwrap().create_consumer(place.clone()).await.unwrap();
    place
}

#[tokio::test]
async fn what_a_killed_worker_held_comes_again_and_no_setting_is_flipped() {
    let server = Server::start();
    let place = impatient_log(&server).await;
    let (first, second) = (open(&server, "parse").await, open(&server, "parse").await);
    let (taken, mut takes) = mpsc::unbounded_channel();
    let dying = tokio::spawn({
        let first = first.clone();
        async move {
            first
                .work(move |fact: ReportSubmitted| {
                    taken.send(fact.id).unwrap();
                    std::future::pending::<Handled<ReportParsed>>()
                })
                .await
        }
    });
    first.bus().publish(&submitted(1)).await.unwrap();
    takes.recv().await.unwrap();
    dying.abort();
    tokio::spawn({
        let second = second.clone();
        async move { second.work(parse).await }
    });
    wait_for::<ReportParsed>(&second, 1).await;
    let jetstream = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let there: jetstream::consumer::PullConsumer =
        jetstream.get_consumer_from_stream("parse", "GOUJI").await.unwrap();
    assert_eq!(there.cached_info().config.ack_wait, place.ack_wait);
}

#[tokio::test]
async fn what_kills_every_worker_is_refused() {
    let server = Server::start();
    let worker = open(&server, "parse").await;
    worker.bus().publish(&submitted(1)).await.unwrap();
    let jetstream = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let place: jetstream::consumer::PullConsumer =
        jetstream.get_consumer_from_stream("parse", "GOUJI").await.unwrap();
    for _ in 0..worker::retry::DELIVERIES {
        let mut batch = place.fetch().max_messages(1).expires(PATIENCE).messages().await.unwrap();
        let message = batch.next().await.unwrap().unwrap();
        message.ack_with(jetstream::AckKind::Nak(None)).await.unwrap();
    }
    tokio::spawn({
        let worker = worker.clone();
        async move { worker.work(parse).await }
    });
    let refused = refusal(&worker, 1).await;
    assert_eq!(refused.class, RefusalClass::KilledWorker.name());
    assert_eq!(refused.submitted, Some(submitted(1)));
}

#[tokio::test]
async fn a_stop_lets_what_is_in_flight_end_and_loses_nothing() {
    let server = Server::start();
    let worker = open_with("parse", &config(&server, &[("GOUJI_PERMITS", "4")])).await;
    for number in 0..20 {
        worker.bus().publish(&submitted(number)).await.unwrap();
    }
    let gate = Arc::new(Notify::new());
    let (taken, mut takes) = mpsc::unbounded_channel();
    let working = tokio::spawn({
        let (worker, gate) = (worker.clone(), Arc::clone(&gate));
        async move {
            worker
                .work(move |fact: ReportSubmitted| {
                    let gate = Arc::clone(&gate);
                    taken.send(()).unwrap();
                    async move {
                        gate.notified().await;
                        Handled::Ok(parsed_from(fact).into())
                    }
                })
                .await
        }
    });
    for _ in 0..4 {
        takes.recv().await.unwrap();
    }
    worker.shutdown().trigger();
    assert_eq!(worker.problem().as_deref(), Some("stopping"));
    for _ in 0..4 {
        gate.notify_one();
    }
    working.await.unwrap().unwrap();
    assert!(takes.try_recv().is_err(), "nothing is begun after a stop");
    worker.bus().close().await;
    let next = open(&server, "parse").await;
    let lag = next.bus().lag().await.unwrap();
    assert_eq!((lag[0].waiting, lag[0].in_flight), (16, 0));
    assert_eq!(next.bus().counts().await.unwrap().parsed, 4);
    tokio::spawn({
        let next = next.clone();
        async move { next.work(parse).await }
    });
    for number in 0..20 {
        wait_for::<ReportParsed>(&next, number).await;
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let server = Server::start();
    let worker = open_with("parse", &config(&server, &[("GOUJI_DRAIN_SECONDS", "1")])).await;
    worker.bus().publish(&submitted(1)).await.unwrap();
    let (taken, mut takes) = mpsc::unbounded_channel();
    let working = tokio::spawn({
        let worker = worker.clone();
        async move {
            worker
                .work(move |_: ReportSubmitted| {
                    taken.send(()).unwrap();
                    std::future::pending::<Handled<ReportParsed>>()
                })
                .await
        }
    });
    takes.recv().await.unwrap();
    worker.shutdown().trigger();
    tokio::time::timeout(Duration::from_secs(5), working).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn work_goes_on_when_the_server_was_killed() {
    let mut server = Server::start();
    let worker = open_with("parse", &config(&server, &[("GOUJI_PERMITS", "4")])).await;
    tokio::spawn({
        let worker = worker.clone();
        async move { worker.work(parse).await }
    });
    let mut feed = worker.bus().follow(subject::filter::<ReportParsed>(), Since::Start).await.unwrap();
    // A worker whose server is killed before it has found its consumer ends with an error.
    worker.bus().publish(&submitted(1_000)).await.unwrap();
    assert_eq!(feed.next().await.unwrap().id(), id(1_000));
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    for round in 0..3 {
        let numbers = round * 50..(round + 1) * 50;
        let publishing = tokio::spawn({
            let worker = worker.clone();
            async move {
                for number in numbers {
                    worker.bus().publish(&submitted(number)).await.unwrap();
                }
            }
        });
        if round < 2 {
            server.restart();
        }
        publishing.await.unwrap();
        let arrive = async {
            while seen.lock().unwrap().len() < 50 * (round as usize + 1) {
                let event = feed.next().await.unwrap();
                assert!(seen.lock().unwrap().insert(event.id().to_owned()), "{} came twice", event.id());
            }
        };
        tokio::time::timeout(PATIENCE, arrive).await.unwrap();
    }
    assert_eq!(worker.bus().counts().await.unwrap().parsed, 151);
}

/// The client's endless stream stalls with small requests and much waiting; ours must not.
#[tokio::test]
async fn small_requests_never_stall() {
    const COUNT: u32 = 3000;
    let server = Server::start();
    let worker = open_with("parse", &config(&server, &[("GOUJI_PERMITS", "2")])).await;
    let publishing = (0..COUNT).map(|number| {
        let worker = worker.clone();
        async move { worker.bus().publish(&submitted(number)).await.unwrap() }
    });
    futures::stream::iter(publishing).buffer_unordered(64).collect::<Vec<_>>().await;
    let mut feed = worker.bus().follow(subject::filter::<ReportParsed>(), Since::Start).await.unwrap();
    tokio::spawn({
        let worker = worker.clone();
        async move { worker.work(parse).await }
    });
    for _ in 0..COUNT {
        let next = tokio::time::timeout(Duration::from_secs(4), feed.next()).await;
        next.expect("no gap while work is waiting").unwrap();
    }
}
