//! Live feeds.

use bus::Since;
use proto::subject;
use proto::v1::ReportSubmitted;
use tokio_util::sync::CancellationToken;

use crate::server::Server;
use crate::{TIMEOUT, id, open, open_until, submitted};

#[tokio::test]
async fn a_feed_gives_the_facts_in_order() {
    let server = Server::start();
    let shutdown = CancellationToken::new();
    let bus = open_until(&server, "console", shutdown.clone()).await;
    let publish = async |numbers: std::ops::Range<u32>| {
        for number in numbers {
            bus.publish(&submitted(number)).await.unwrap();
        }
    };
    let check = async |since, numbers: std::ops::Range<u32>| {
        let mut feed = bus.follow(subject::filter::<ReportSubmitted>(), since).await.unwrap();
        let mut left = numbers.len() as u64;
        for number in numbers {
            assert_eq!(feed.left(), left);
            left -= 1;
            let event = feed.next().await.unwrap();
            assert_eq!((event.id(), event.sequence), (id(number).as_str(), u64::from(number) + 1));
            assert_eq!(event.decode::<ReportSubmitted>(), Some(submitted(number)));
        }
        feed
    };
    publish(0..600).await;
    check(Since::Start, 0..600).await;
    check(Since::Sequence(599), 598..600).await;
    let mut now = check(Since::Now, 0..0).await;
    publish(600..602).await;
    assert_eq!(now.next().await.unwrap().id(), id(600));
    assert_eq!(now.next().await.unwrap().id(), id(601));
    shutdown.cancel();
    assert_eq!(now.next().await, None);
}

#[tokio::test]
async fn a_feed_goes_on_after_a_restart_of_the_server() {
    let mut server = Server::start();
    let bus = open(&server, "console").await;
    let mut feed = bus.follow(subject::filter::<ReportSubmitted>(), Since::Start).await.unwrap();
    for number in 0..3 {
        bus.publish(&submitted(number)).await.unwrap();
        let next = tokio::time::timeout(TIMEOUT, feed.next()).await.unwrap();
        assert_eq!(next.unwrap().id(), id(number));
        server.restart();
    }
}
