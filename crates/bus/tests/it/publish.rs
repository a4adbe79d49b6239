//! Publishing a fact once.

use async_nats::HeaderMap;
use async_nats::jetstream::{self, message::PublishMessage};
use bus::topology::{Changes, apply};
use bus::{Appended, Bus, BusConfig, Published};
use bytes::Bytes;
use proto::v1::{
    Region, Report, ReportIndexed, ReportParsed, ReportRefused, ReportReviewed, ReportSubmitted,
    ReportValidated,
};
use proto::{Fact, Message};
use tokio_util::sync::CancellationToken;

use crate::server::Server;
use crate::{config, id, open, submitted};

#[tokio::test]
async fn one_fact_of_one_id_exists_once() {
    let server = Server::start();
    let bus = open(&server, "parse").await;
    let parsed = |year, code: &str| ReportParsed {
        report: Some(Report {
            year,
            region: Some(Region { code: code.into(), name: String::new() }),
            ..Default::default()
        }),
        submitted: Some(submitted(1)),
        ..Default::default()
    };
    let publish = async |fact| bus.publish(&fact).await.unwrap();
    assert_eq!(publish(parsed(2024, "610103")).await, Published::New);
    assert_eq!(publish(parsed(2024, "610103")).await, Published::AlreadyThere);
    assert_eq!(publish(parsed(2023, "370400")).await, Published::AlreadyThere);
    assert_eq!(bus.publish(&submitted(1)).await.unwrap(), Published::New);
    assert!(bus.publish(&ReportSubmitted::default()).await.is_err());
}

#[tokio::test]
async fn a_hundred_publishers_of_one_fact_make_it_once() {
    let server = Server::start();
    let bus = open(&server, "ingest").await;
    let all = futures::future::join_all((0..100).map(|number| {
        let fact = ReportSubmitted { submission: number.to_string(), ..submitted(1) };
        let bus = bus.clone();
        async move { bus.publish(&fact).await.unwrap() }
    }));
    let new = all.await.into_iter().filter(|published| *published == Published::New).count();
    assert_eq!(new, 1);
    assert_eq!(bus.counts().await.unwrap().submitted, 1);
}

#[tokio::test]
async fn a_fact_has_one_successor() {
    let server = Server::start();
    let bus = open(&server, "parse").await;
    bus.publish(&submitted(1)).await.unwrap();
    let parsed = ReportParsed { submitted: Some(submitted(1)), ..Default::default() };
    let refused =
        ReportRefused { submitted: Some(submitted(1)), stage: "parse".into(), ..Default::default() };
    assert_eq!(bus.publish_successor(&parsed, 1).await.unwrap(), Published::New);
    assert_eq!(bus.publish_successor(&refused, 1).await.unwrap(), Published::AlreadyThere);
    assert_eq!(bus.publish_successor(&parsed, 1).await.unwrap(), Published::AlreadyThere);
    let history = bus.history(&id(1)).await.unwrap();
    assert_eq!(history.iter().map(|event| event.fact()).collect::<Vec<_>>(), ["submitted", "parsed"]);
}

/// Somebody else on the bus.
struct Stranger(jetstream::Context);

impl Stranger {
    async fn on(server: &Server) -> Self {
        Self(jetstream::new(async_nats::connect(server.url()).await.unwrap()))
    }

    /// Puts a message on the log, under an id for the server's window of duplicates.
    async fn put(&self, subject: &str, message_id: &str, payload: impl Into<Bytes>) {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", message_id);
        let message = PublishMessage::build().payload(payload.into()).headers(headers);
        self.0.send_publish(subject.to_owned(), message).await.unwrap().await.unwrap();
    }
}

#[tokio::test]
async fn a_fact_is_published_whatever_others_put_on_its_subjects() {
    let server = Server::start();
    let bus = open(&server, "ingest").await;
    let stranger = Stranger::on(&server).await;
    let subject = |number| submitted(number).subject().unwrap().to_string();
    let published = async |number, expected: Published, place: usize| {
        assert_eq!(bus.publish(&submitted(number)).await.unwrap(), expected, "{number}");
        assert_eq!(bus.last_of_id::<ReportSubmitted>(&id(number)).await.unwrap(), Some(submitted(number)));
        let history = bus.history(&id(number)).await.unwrap();
        assert_eq!(history[place].payload, submitted(number).encode_to_vec(), "{number}");
    };
    // The id that the window of duplicates would have for our fact.
    stranger.put("gouji.v1.audited.x._._._._", &format!("submitted.{}", id(1)), "x").await;
    published(1, Published::New, 0).await;
    // No fact, on its very subject and on others of its id.
    stranger.put(&subject(2), "a", "x").await;
    stranger.put(&format!("gouji.v1.submitted.{}.2024.37.04.00", id(2)), "b", "y").await;
    stranger.put(&format!("gouji.v1.submitted.{}.odd", id(2)), "c", submitted(1).encode_to_vec()).await;
    published(2, Published::New, 0).await;
    published(2, Published::AlreadyThere, 0).await;
    // A later one does not hide it.
    stranger.put(&subject(2), "d", "z").await;
    published(2, Published::AlreadyThere, 0).await;
    // A message that is none, which a stage has refused already.
    stranger.put(&subject(4), "f", "x").await;
    let refused =
        ReportRefused { submitted: Some(submitted(4)), stage: "parse".into(), ..Default::default() };
    stranger.put(&refused.subject().unwrap().to_string(), "g", refused.encode_to_vec()).await;
    published(4, Published::New, 1).await;
    // A fact of a later stage about the same id.
    let indexed = ReportIndexed { submitted: Some(submitted(3)), ..Default::default() };
    stranger.put(&indexed.subject().unwrap().to_string(), "e", indexed.encode_to_vec()).await;
    published(3, Published::New, 1).await;
}

/// Of two who have read the same acts, one is stored; what is no act stands in nobody's way.
#[tokio::test]
async fn an_act_is_appended_to_those_that_its_publisher_has_read() {
    let server = Server::start();
    let bus = open(&server, "console").await;
    let stranger = Stranger::on(&server).await;
    let act = |number, text: &str| ReportReviewed {
        report: "0123abcd".into(),
        number,
        text: text.into(),
        year: 2024,
        ..Default::default()
    };
    let read = async || bus.facts_of_id::<ReportReviewed>("0123abcd").await.unwrap();
    let nothing = read().await;
    assert_eq!(bus.append(&act(1, "a"), &nothing).await.unwrap(), Appended::New);
    assert_eq!(bus.append(&act(1, "b"), &nothing).await.unwrap(), Appended::Conflict);
    // With the same words it is another act all the same.
    assert_eq!(bus.append(&act(1, "a"), &nothing).await.unwrap(), Appended::Conflict);
    let one = read().await;
    assert_eq!(one.facts, [act(1, "a")]);
    stranger.put("gouji.v1.reviewed.0123abcd._._._._", "a", "x").await;
    stranger.put(&act(1, "").subject().unwrap().to_string(), "b", submitted(1).encode_to_vec()).await;
    // The year of a report may be read otherwise later.
    let other_year = ReportReviewed { year: 0, ..act(2, "c") };
    assert_eq!(bus.append(&other_year, &one).await.unwrap(), Appended::New);
    assert_eq!(bus.append(&act(2, "d"), &one).await.unwrap(), Appended::Conflict);
    assert_eq!(read().await.facts, [act(1, "a"), other_year]);
    assert_eq!(bus.facts_of_id::<ReportReviewed>("4567").await.unwrap().facts, []);
}

#[tokio::test]
async fn only_an_outcome_of_the_same_stage_is_a_successor() {
    let server = Server::start();
    let bus = open(&server, "parse").await;
    let stranger = Stranger::on(&server).await;
    let parsed = |number| ReportParsed { submitted: Some(submitted(number)), ..Default::default() };
    let put = async |number: u32, subject: String, payload: Vec<u8>| {
        bus.publish(&submitted(number)).await.unwrap();
        let sequence = bus.last_sequence::<ReportSubmitted>().await.unwrap();
        stranger.put(&subject, &format!("x{number}"), payload).await;
        bus.publish_successor(&parsed(number), sequence).await.unwrap()
    };
    let validated = ReportValidated { submitted: Some(submitted(1)), ..Default::default() };
    let subject = validated.subject().unwrap().to_string();
    assert_eq!(put(1, subject, validated.encode_to_vec()).await, Published::New);
    let indexed = ReportIndexed { submitted: Some(submitted(2)), ..Default::default() };
    assert_eq!(put(2, indexed.subject().unwrap().to_string(), indexed.encode_to_vec()).await, Published::New);
    let subject = parsed(3).subject().unwrap().to_string();
    assert_eq!(put(3, subject, b"junk".to_vec()).await, Published::New);
    let refused = |number, stage: &str, submission: &str| {
        let about = ReportSubmitted { submission: submission.into(), ..submitted(number) };
        let refused = ReportRefused { submitted: Some(about), stage: stage.into(), ..Default::default() };
        (refused.subject().unwrap().to_string(), refused.encode_to_vec())
    };
    let (subject, payload) = refused(4, "parse", "");
    assert_eq!(put(4, subject, payload).await, Published::AlreadyThere);
    let (subject, payload) = refused(5, "index", "");
    assert_eq!(put(5, subject, payload).await, Published::New);
    // Of a message that was no submission, or another one.
    let (subject, payload) = refused(6, "parse", "another");
    assert_eq!(put(6, subject, payload).await, Published::New);
}

#[tokio::test]
async fn the_source_of_a_fact_names_the_installation() {
    let server = Server::start();
    let named = BusConfig { installation: "zaozhuang".into(), ..config(&server) };
    apply(&named, Changes::Missing).await.unwrap();
    let log = Stranger::on(&server).await.0.get_stream("GOUJI").await.unwrap();
    let source = async |config: &BusConfig, number: u32| {
        let bus = Bus::connect("ingest", config, CancellationToken::new()).await.unwrap();
        bus.wait_until_ready(config).await;
        bus.publish(&submitted(number)).await.unwrap();
        let subject = submitted(number).subject().unwrap().to_string();
        let message = log.get_last_raw_message_by_subject(&subject).await.unwrap();
        message.headers.get("ce-source").unwrap().to_string()
    };
    assert_eq!(source(&named, 1).await, "/gouji/zaozhuang/ingest");
    assert_eq!(source(&config(&server), 2).await, "/gouji/ingest");
}
