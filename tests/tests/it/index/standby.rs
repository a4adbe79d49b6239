//! Several processes, each with an index of its own: one leads, and any may be killed or stand still.

use rustix::process::{Pid, Signal, kill_process};
use tests::api::metric;

use super::*;

#[tokio::test]
async fn a_killed_leader_is_replaced_and_every_index_holds_everything() {
    let setup = Setup::new().await;
    let mut leader = setup.start("a");
    setup.publish(0..5).await;
    setup.indexed(5).await;
    let follower = setup.start("b");
    follower.says("ready").await;
    let load = setup.publish(5..120);
    let kill = async {
        setup.indexed(20).await;
        leader.process.kill().unwrap();
    };
    tokio::join!(load, kill);
    setup.indexed(120).await;
    let leader = setup.start("a");
    // Seven agencies and five years.
    let contents = setup.holds("b", 120).await;
    assert_eq!(contents.len(), 35);
    setup.holds_the_same("a", &contents).await;
    setup.publish(120..125).await;
    setup.indexed(125).await;
    follower.end().await;
    // The other one takes over at once.
    setup.publish(125..130).await;
    setup.indexed(130).await;
    let contents = setup.holds("a", 130).await;
    leader.end().await;
    let _again = setup.start("b");
    setup.holds_the_same("b", &contents).await;
    setup.tells_what_it_has("b").await;
    let counts = setup.counts().await;
    assert_eq!((counts.validated, counts.indexed, counts.refused), (130, 130, 0));
}

/// A leader that stands still for longer than its lease, and then goes on with what it had taken.
#[tokio::test]
async fn a_leader_that_stood_still_does_no_harm() {
    let setup = Setup::new().await;
    let first = setup.start("a");
    setup.publish(0..5).await;
    setup.indexed(5).await;
    let second = setup.start("b");
    second.says("ready").await;
    let pid = Pid::from_raw(first.process.id().cast_signed()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    setup.publish(5..60).await;
    setup.indexed(60).await;
    kill_process(pid, Signal::CONT).unwrap();
    setup.publish(60..90).await;
    setup.indexed(90).await;
    let contents = setup.holds("b", 90).await;
    setup.holds_the_same("a", &contents).await;
    // The first went on with an index that was behind what the second had published.
    setup.tells_what_it_has("b").await;
    let counts = setup.counts().await;
    assert_eq!((counts.validated, counts.indexed, counts.refused), (90, 90, 0));
}

#[tokio::test]
async fn a_second_process_on_one_folder_stands_by() {
    let setup = Setup::new().await;
    let mut first = setup.start("a");
    setup.publish(0..5).await;
    setup.indexed(5).await;
    let _second = setup.start("a");
    setup.publish(5..10).await;
    setup.indexed(10).await;
    first.process.kill().unwrap();
    setup.publish(10..20).await;
    setup.indexed(20).await;
}

/// A lease that expired while the bus was away is void: a process that still trusted it would create one
/// consumer after another.
#[tokio::test]
async fn a_bus_that_is_away_until_the_lease_lapses_does_no_harm() {
    let mut setup = Setup::new().await;
    let indexer = setup.start("a");
    setup.publish(0..10).await;
    setup.indexed(10).await;
    let address = format!("http://{}", indexer.address);
    assert_eq!(metric(&address, "gouji_index_leads").await.unwrap(), 1.0);
    setup.nats.kill().unwrap();
    until("the lease to expire", PATIENCE, async || {
        Ok((metric(&address, "gouji_index_leads").await? == 0.0).then_some(()))
    })
    .await
    .unwrap();
    setup.nats.start_again().await.unwrap();
    setup.publish(10..20).await;
    setup.indexed(20).await;
    let bus = async_nats::connect(setup.nats.url()).await.unwrap();
    let log = async_nats::jetstream::new(bus).get_stream("GOUJI").await.unwrap();
    let places = log.cached_info().state.consumer_count;
    assert!(places < 30, "{places} places on the log");
    indexer.end().await;
}
