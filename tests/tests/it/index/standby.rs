//! Several processes, each with an index of its own: one leads, and any may be killed or stand still.

use rustix::process::{Pid, Signal, kill_process};
use tests::api::metric;

use super::*;

#[tokio::test]
async fn a_killed_leader_is_replaced_and_every_index_holds_everything() {
    let house = House::new().await;
    let mut leader = house.start("a");
    house.publish(0..5).await;
    house.indexed(5).await;
    let follower = house.start("b");
    follower.says("ready").await;
    let load = house.publish(5..120);
    let kill = async {
        house.indexed(20).await;
        leader.process.kill().unwrap();
    };
    tokio::join!(load, kill);
    house.indexed(120).await;
    let leader = house.start("a");
    // Seven agencies and five years.
    let contents = house.holds("b", 120).await;
    assert_eq!(contents.len(), 35);
    house.holds_the_same("a", &contents).await;
    house.publish(120..125).await;
    house.indexed(125).await;
    follower.end().await;
    // The other one takes over at once.
    house.publish(125..130).await;
    house.indexed(130).await;
    let contents = house.holds("a", 130).await;
    leader.end().await;
    let _again = house.start("b");
    house.holds_the_same("b", &contents).await;
    let counts = house.counts().await;
    assert_eq!((counts.validated, counts.indexed, counts.refused), (130, 130, 0));
}

/// A leader that stands still for longer than its lease, and then goes on with what it had taken.
#[tokio::test]
async fn a_leader_that_stood_still_does_no_harm() {
    let house = House::new().await;
    let first = house.start("a");
    house.publish(0..5).await;
    house.indexed(5).await;
    let second = house.start("b");
    second.says("ready").await;
    let pid = Pid::from_raw(first.process.id().cast_signed()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    house.publish(5..60).await;
    house.indexed(60).await;
    kill_process(pid, Signal::CONT).unwrap();
    house.publish(60..90).await;
    house.indexed(90).await;
    let contents = house.holds("b", 90).await;
    house.holds_the_same("a", &contents).await;
    let counts = house.counts().await;
    assert_eq!((counts.validated, counts.indexed, counts.refused), (90, 90, 0));
}

#[tokio::test]
async fn a_second_process_on_one_folder_stands_by() {
    let house = House::new().await;
    let mut first = house.start("a");
    house.publish(0..5).await;
    house.indexed(5).await;
    let _second = house.start("a");
    house.publish(5..10).await;
    house.indexed(10).await;
    first.process.kill().unwrap();
    house.publish(10..20).await;
    house.indexed(20).await;
}

/// A lease that expired while the bus was away is void: a process that still trusted it would create one
/// consumer after another.
#[tokio::test]
async fn a_bus_that_is_away_until_the_lease_lapses_does_no_harm() {
    let mut house = House::new().await;
    let keeper = house.start("a");
    house.publish(0..10).await;
    house.indexed(10).await;
    let address = format!("http://{}", keeper.address);
    assert_eq!(metric(&address, "gouji_index_leads").await.unwrap(), 1.0);
    house.nats.kill().unwrap();
    until("the lease to expire", PATIENCE, async || {
        Ok((metric(&address, "gouji_index_leads").await? == 0.0).then_some(()))
    })
    .await
    .unwrap();
    house.nats.start_again().await.unwrap();
    house.publish(10..20).await;
    house.indexed(20).await;
    let bus = async_nats::connect(house.nats.url()).await.unwrap();
    let log = async_nats::jetstream::new(bus).get_stream("GOUJI").await.unwrap();
    let places = log.cached_info().state.consumer_count;
    assert!(places < 30, "{places} places on the log");
    keeper.end().await;
}
