//! What is made on the bus, and what is not.

use std::time::Duration;

use async_nats::jetstream::{self, stream};
use bus::topology::{Action, Changes, apply, plan};
use proto::subject;
use proto::v1::ReportParsed;
use worker::{CpuPool, Service, Shutdown, Worker};

use crate::server::Server;
use crate::{PATIENCE, config, open, parse, submitted, wait_for};

async fn bus(server: &Server) -> jetstream::Context {
    jetstream::new(async_nats::connect(server.url()).await.unwrap())
}

#[tokio::test]
async fn what_was_applied_needs_nothing_more_from_however_many() {
    let server = Server::start();
    let config = config(&server, &[("GOUJI_ORIGINALS", "bucket:")]);
    let planned = plan(&config.bus).await.unwrap();
    assert_eq!(planned.len(), 11);
    assert!(planned.iter().all(|step| step.action == Action::Create), "{planned:?}");
    let applying = (0..8).map(|_| apply(&config.bus, Changes::Safe));
    for applied in futures::future::join_all(applying).await {
        applied.unwrap();
    }
    assert_eq!(plan(&config.bus).await.unwrap(), []);
    let worker = Worker::open("parse", &config, CpuPool::for_each_core(), Shutdown::new()).await.unwrap();
    assert_eq!(worker.bus().lag().await.unwrap().len(), 3);
    assert_eq!(worker.bus().counts().await.unwrap(), bus::Counts::default());
    assert_eq!(worker.problem(), None);
}

#[tokio::test]
async fn what_is_safe_is_changed_and_what_could_lose_something_is_not() {
    let server = Server::start();
    let config = config(&server, &[]);
    let there = stream::Config {
        name: "GOUJI".into(),
        subjects: vec![subject::ALL.into(), "elsewhere.>".into()],
        max_bytes: 1 << 30,
        max_message_size: 1000,
        ..Default::default()
    };
    bus(&server).await.create_stream(there).await.unwrap();
    assert!(apply(&config.bus, Changes::Missing).await.unwrap().iter().any(|step| step.is_refused()));
    let steps = apply(&config.bus, Changes::Safe).await.unwrap();
    let told = steps[0].to_string();
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert!(steps[0].is_to_do() && steps[0].is_refused());
    for part in ["change stream GOUJI", "max_msg_size: 1000 → 1048576", "subjects: ", "max_age: 0 stays"] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let log = bus(&server).await.get_stream("GOUJI").await.unwrap();
    let now = &log.cached_info().config;
    assert_eq!((now.max_message_size, now.max_bytes, now.max_age), (1 << 20, 1 << 30, Duration::ZERO));
    assert_eq!(now.subjects.len(), 2);
    let left = plan(&config.bus).await.unwrap();
    assert!(left.len() == 1 && !left[0].is_to_do(), "{left:?}");
}

#[tokio::test]
async fn a_log_that_was_deleted_and_made_again_is_bound_again() {
    let server = Server::start();
    let worker = open(&server, "parse").await;
    tokio::spawn({
        let worker = worker.clone();
        async move { worker.work(parse).await }
    });
    worker.bus().publish(&submitted(1)).await.unwrap();
    wait_for::<ReportParsed>(&worker, 1).await;
    bus(&server).await.delete_stream("GOUJI").await.unwrap();
    apply(&config(&server, &[]).bus, Changes::Safe).await.unwrap();
    worker.bus().publish(&submitted(2)).await.unwrap();
    wait_for::<ReportParsed>(&worker, 2).await;
}

#[tokio::test]
async fn a_stage_makes_nothing_and_waits_for_the_log() {
    let server = Server::start();
    let config = config(&server, &[]);
    let shutdown = Shutdown::new();
    let opening = tokio::spawn({
        let (config, shutdown) = (config.clone(), shutdown.clone());
        async move { Worker::open("parse", &config, CpuPool::for_each_core(), shutdown).await }
    });
    let error = Worker::operator(&config).await.err().unwrap().to_string();
    assert!(
        error.contains("the log GOUJI is not on the bus") && error.contains("gouji topology apply"),
        "{error}"
    );
    assert!(bus(&server).await.get_stream("GOUJI").await.is_err(), "nobody made it");
    assert!(!opening.is_finished());
    apply(&config.bus, Changes::Safe).await.unwrap();
    tokio::time::timeout(PATIENCE, opening).await.unwrap().unwrap().unwrap();
    Worker::operator(&config).await.unwrap();
}

#[tokio::test]
async fn a_stage_that_waits_can_be_stopped_and_says_that_it_waits() {
    let server = Server::start();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let config = config(&server, &[("GOUJI_LISTEN", &address)]);
    let shutdown = Shutdown::new();
    let running = tokio::spawn({
        let shutdown = shutdown.clone();
        let service = Service::new("parse", async |worker: Worker| worker.work(parse).await);
        async move { worker::run_together(&config, &shutdown, vec![service]).await }
    });
    let asked = async |path: &str| {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        loop {
            let Ok(mut connection) = tokio::net::TcpStream::connect(&address).await else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
            connection.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.unwrap();
            return answer;
        }
    };
    let ready = asked("/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("gouji topology apply"), "{ready}");
    assert!(asked("/healthz").await.starts_with("HTTP/1.1 200"));
    shutdown.trigger();
    tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
}
