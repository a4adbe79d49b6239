//! Publishing a fact once.

use bus::Published;
use proto::v1::{Region, Report, ReportParsed, ReportRefused, ReportSubmitted};

use crate::server::Server;
use crate::{id, open, submitted};

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
    let refused = ReportRefused { submitted: Some(submitted(1)), ..Default::default() };
    assert_eq!(bus.publish_successor(&parsed, 1).await.unwrap(), Published::New);
    assert_eq!(bus.publish_successor(&refused, 1).await.unwrap(), Published::AlreadyThere);
    assert_eq!(bus.publish_successor(&parsed, 1).await.unwrap(), Published::AlreadyThere);
    let history = bus.history(&id(1)).await.unwrap();
    assert_eq!(history.iter().map(|event| event.fact()).collect::<Vec<_>>(), ["submitted", "parsed"]);
}
