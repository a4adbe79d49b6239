//! What is created on the bus, and what is not.

use std::time::Duration;

use async_nats::jetstream::{self, stream};
use bus::topology::{Action, Changes, apply, plan};
use bus::{Bus, BusConfig, Counts};
use proto::v1::ReportSubmitted;
use proto::{Message, subject};
use tokio_util::sync::CancellationToken;

use crate::server::Server;
use crate::{TIMEOUT, config, id, open, submitted};

async fn jetstream(server: &Server) -> jetstream::Context {
    jetstream::new(async_nats::connect(server.url()).await.unwrap())
}

#[tokio::test]
async fn what_was_applied_needs_nothing_more_from_however_many() {
    let server = Server::start();
    let config = BusConfig { object_store: true, ..config(&server) };
    let planned = plan(&config).await.unwrap();
    assert_eq!(planned.len(), 17);
    assert!(planned.iter().all(|step| step.action == Action::Create), "{planned:?}");
    let applying = (0..8).map(|_| apply(&config, Changes::Safe));
    for applied in futures::future::join_all(applying).await {
        applied.unwrap();
    }
    assert_eq!(plan(&config).await.unwrap(), []);
    let bus = Bus::connect("parse", &config, CancellationToken::new()).await.unwrap();
    bus.wait_until_ready(&config).await;
    assert_eq!(bus.lag().await.unwrap().len(), 4);
    assert_eq!(bus.counts().await.unwrap(), Counts::default());
    assert_eq!(bus.problem(), None);
}

#[tokio::test]
async fn what_is_safe_is_changed_and_what_could_lose_something_is_not() {
    let server = Server::start();
    let config = config(&server);
    let there = stream::Config {
        name: "GOUJI".into(),
        subjects: vec![subject::ALL.into(), "elsewhere.>".into()],
        max_bytes: 1 << 30,
        max_message_size: 1000,
        ..Default::default()
    };
    jetstream(&server).await.create_stream(there).await.unwrap();
    assert!(apply(&config, Changes::Missing).await.unwrap().iter().any(|step| step.is_refused()));
    let steps = apply(&config, Changes::Safe).await.unwrap();
    let printed = steps[0].to_string();
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert!(steps[0].is_to_do() && steps[0].is_refused());
    for part in ["change stream GOUJI", "max_msg_size: 1000 → 1048576", "subjects: ", "max_age: 0 stays"] {
        assert!(printed.contains(part), "{part} is not in {printed}");
    }
    let log = jetstream(&server).await.get_stream("GOUJI").await.unwrap();
    let now = &log.cached_info().config;
    assert_eq!((now.max_message_size, now.max_bytes, now.max_age), (1 << 20, 1 << 30, Duration::ZERO));
    assert_eq!(now.subjects.len(), 2);
    let left = plan(&config).await.unwrap();
    assert!(left.len() == 1 && !left[0].is_to_do(), "{left:?}");
}

#[tokio::test]
async fn a_log_of_the_version_before_is_refused_by_name() {
    let put = async |id: &str, fact: ReportSubmitted| {
        let server = Server::start();
        let config = config(&server);
        apply(&config, Changes::Safe).await.unwrap();
        let subject = format!("gouji.v1.submitted._._.{id}");
        let jetstream = jetstream(&server).await;
        jetstream.publish(subject, fact.encode_to_vec().into()).await.unwrap().await.unwrap();
        plan(&config).await.map_err(|error| format!("{error:#}"))
    };
    let error = put(&id(1), submitted(1)).await.unwrap_err();
    assert!(error.contains("gouji.v1.submitted._._.") && error.contains("earlier version"), "{error}");
    assert_eq!(put("x", submitted(1)).await, Ok(Vec::new()), "what only looks like it is no reason");
}

#[tokio::test]
async fn nobody_deletes_a_fact_and_consumers_are_limited() {
    let server = Server::start();
    let bus = open(&server, "ingest").await;
    bus.publish(&submitted(1)).await.unwrap();
    let log = jetstream(&server).await.get_stream("GOUJI").await.unwrap();
    assert!(log.delete_message(1).await.is_err());
    assert!(log.purge().await.is_err());
    assert_eq!(bus.last_of_id::<ReportSubmitted>(&id(1)).await.unwrap(), Some(submitted(1)));
    let create = async |number: u32| {
        let config = jetstream::consumer::pull::Config {
            durable_name: Some(format!("x{number}")),
            ..Default::default()
        };
        log.create_consumer(config).await.is_ok()
    };
    let mut made = 0;
    while made < 100 && create(made).await {
        made += 1;
    }
    assert!((1..32).contains(&made), "{made} consumers besides ours");
}

#[tokio::test]
async fn a_stage_creates_nothing_and_waits_for_the_log() {
    let server = Server::start();
    let config = config(&server);
    let waiting = tokio::spawn({
        let config = config.clone();
        async move {
            let bus = Bus::connect("parse", &config, CancellationToken::new()).await.unwrap();
            bus.wait_until_ready(&config).await;
        }
    });
    let error = Bus::operator(&config).await.err().unwrap().to_string();
    assert!(
        error.contains("the log GOUJI is not on the bus") && error.contains("gouji topology apply"),
        "{error}"
    );
    assert!(jetstream(&server).await.get_stream("GOUJI").await.is_err(), "nobody created it");
    assert!(!waiting.is_finished());
    apply(&config, Changes::Safe).await.unwrap();
    tokio::time::timeout(TIMEOUT, waiting).await.unwrap().unwrap();
    Bus::operator(&config).await.unwrap();
}
