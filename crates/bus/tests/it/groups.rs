//! Facts that are stored in groups, on a real server.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::jetstream::{self, stream};
use bus::{Bus, Published};
use futures::future::join_all;
use proto::Fact;
use proto::v1::{ReportParsed, ReportSubmitted};

use crate::server::Server;
use crate::{id, open, submitted};

/// More than one group takes.
const MANY: u32 = 600;

async fn publish_announced(bus: &Bus, numbers: std::ops::Range<u32>) -> Vec<Published> {
    let announced = bus.announce(numbers.len());
    let publishing = numbers
        .zip(&announced)
        .map(async |(number, announced)| bus.publish_announced(&submitted(number), announced).await.unwrap());
    join_all(publishing).await
}

async fn stream(server: &Server) -> stream::Stream {
    let jetstream = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    jetstream.get_stream("GOUJI").await.unwrap()
}

/// The ids of the batches that the messages of the log came in; empty for a message that came by itself.
async fn batches(server: &Server) -> Vec<String> {
    let mut stream = stream(server).await;
    let last = stream.info().await.unwrap().state.last_sequence;
    let mut batches = Vec::new();
    for sequence in 1..=last {
        let message = stream.get_raw_message(sequence).await.unwrap();
        batches.push(message.headers.get("Nats-Batch-Id").map_or_else(String::new, ToString::to_string));
    }
    batches
}

fn new(published: &[Published]) -> usize {
    published.iter().filter(|published| **published == Published::New).count()
}

#[tokio::test]
async fn announced_facts_are_stored_in_groups_and_a_single_one_by_itself() {
    let server = Server::start();
    let bus = open(&server, "ingest").await;
    assert_eq!(bus.publish(&submitted(1_000)).await.unwrap(), Published::New);
    assert_eq!(new(&publish_announced(&bus, 0..MANY).await), MANY as usize);
    assert_eq!(new(&publish_announced(&bus, 2_000..2_003).await), 3);
    let batches = batches(&server).await;
    let (alone, grouped): (Vec<&String>, Vec<&String>) = batches.iter().partition(|batch| batch.is_empty());
    assert_eq!(alone.len(), 4, "{batches:?}");
    let groups: BTreeSet<_> = grouped.iter().collect();
    assert_eq!((grouped.len(), groups.len()), (MANY as usize, 3), "{batches:?}");
    // Each is there as if it had come alone.
    for number in 0..MANY {
        assert_eq!(bus.last_of_id::<ReportSubmitted>(&id(number)).await.unwrap(), Some(submitted(number)));
    }
}

#[tokio::test]
async fn a_refused_fact_refuses_no_other_of_its_group() {
    let server = Server::start();
    let bus = open(&server, "ingest").await;
    bus.publish(&submitted(7)).await.unwrap();
    let published = publish_announced(&bus, 0..40).await;
    for (number, published) in published.iter().enumerate() {
        let expected = if number == 7 { Published::AlreadyThere } else { Published::New };
        assert_eq!(*published, expected, "{number}");
    }
    assert_eq!(bus.counts().await.unwrap().submitted, 40);
    assert!(batches(&server).await.iter().all(String::is_empty), "the group with it was refused");
}

#[tokio::test]
async fn a_log_that_takes_no_batches_gets_one_fact_after_the_other() {
    let server = Server::start();
    let bus = open(&server, "ingest").await;
    let stream = stream(&server).await;
    let config = stream.cached_info().config.clone();
    assert!(config.allow_atomic_publish);
    let jetstream = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let without = stream::Config { allow_atomic_publish: false, ..config };
    jetstream.update_stream(without).await.unwrap();
    assert_eq!(new(&publish_announced(&bus, 0..MANY).await), MANY as usize);
    assert_eq!(batches(&server).await, vec![String::new(); MANY as usize]);
}

#[tokio::test]
async fn two_workers_publish_the_same_successors_in_groups() {
    let server = Server::start();
    let ingest = open(&server, "ingest").await;
    publish_announced(&ingest, 0..MANY).await;
    let workers = [open(&server, "parse").await, open(&server, "parse").await];
    let mut deliveries = Vec::new();
    for worker in &workers {
        // Each has all of them, as after a redelivery that crossed an acknowledgement.
        let mut consumer = worker.consumers::<ReportSubmitted>().await.unwrap().remove(0);
        let mut all = Vec::new();
        while all.len() < MANY as usize {
            assert!(consumer.fetch(MANY as usize, 16 << 20, Duration::from_secs(5)).await);
            while let Some(delivery) = consumer.next().await {
                all.push(delivery);
            }
        }
        for delivery in &all {
            delivery.release().await;
        }
        deliveries.push(all);
    }
    let publishing = workers.iter().zip(&deliveries).map(async |(worker, deliveries)| {
        let publishing = deliveries.iter().map(async |delivery| {
            let submitted = delivery.decode::<ReportSubmitted>().unwrap();
            let parsed = ReportParsed { submitted: Some(submitted), ..Default::default() };
            worker.publish_outcome(&parsed, delivery).await.unwrap()
        });
        new(&join_all(publishing).await)
    });
    let new: usize = join_all(publishing).await.into_iter().sum();
    assert_eq!(new, MANY as usize);
    for number in 0..MANY {
        let history = ingest.history(&id(number)).await.unwrap();
        let facts: Vec<&str> = history.iter().map(bus::Event::fact).collect();
        assert_eq!(facts, [ReportSubmitted::NAME, ReportParsed::NAME], "{number}");
    }
}

#[tokio::test]
async fn a_server_killed_while_groups_are_on_their_way_stores_each_fact_once() {
    let mut server = Server::start();
    let bus = open(&server, "ingest").await;
    let publishing = tokio::spawn({
        let bus = bus.clone();
        async move {
            for start in (0..1_000).step_by(50) {
                publish_announced(&bus, start..start + 50).await;
            }
        }
    });
    for facts in [150, 600] {
        while bus.counts_now().await.is_ok_and(|counts| counts.submitted < facts) {
            tokio::task::yield_now().await;
        }
        server.restart();
        bus.wait_until_ready(&crate::config(&server)).await;
    }
    publishing.await.unwrap();
    let mut ids = BTreeSet::new();
    let filter = proto::subject::filter::<ReportSubmitted>();
    bus.scan(&filter, |event| {
        assert!(ids.insert(event.id().to_owned()), "{} is there twice", event.id());
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(ids.len(), 1_000);
}
