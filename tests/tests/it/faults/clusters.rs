//! Three servers with a copy of the log each: any one of them may be killed, drained or cut off.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::stream::Info;
use rustix::process::Signal;
use tests::cluster::is_root;
use tests::cluster::{Hosts, SERVERS};
use tests::pipeline::{Pipeline, Shape};
use tests::processes::{NatsServer, SyncInterval, until};
use tests::proof::{Log, PATIENCE, archive, reports, send_until_taken};

use super::nothing_is_lost;

#[tokio::test]
async fn one_server_after_another_is_killed_then_the_leader_leaves() {
    if !is_root("faults::clusters::one_server_after_another_is_killed_then_the_leader_leaves") {
        return;
    }
    let range = 14_000..14_100;
    let reports = reports(range.clone());
    let (folder, hosts) = (tempfile::tempdir().unwrap(), Hosts::make().unwrap());
    let servers = hosts.cluster(folder.path(), SyncInterval::Always).await.unwrap();
    let mut pipeline = Pipeline::start_on(folder.path(), servers, Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let sending = async {
        for (number, batch) in reports.chunks(4).enumerate() {
            send_until_taken(&api, &format!("{number}.zip"), &archive(batch)).await;
        }
    };
    let disturbing = async {
        for host in 1..=SERVERS {
            log.until("indexed", usize::from(host) * 15).await;
            server(&mut pipeline, host).kill().unwrap();
            server(&mut pipeline, host).start_again().await.unwrap();
            in_step(&pipeline).await;
        }
        let leader = leader_of(&info(&pipeline).await.unwrap()).unwrap();
        // Lame duck: it hands over what it leads and sends its clients away before it ends.
        let leaving = server(&mut pipeline, leader);
        leaving.process().signal(Signal::USR2).unwrap();
        log.until("indexed", reports.len()).await;
    };
    tokio::join!(sending, disturbing);
    nothing_is_lost(&pipeline, range).await;
}

#[tokio::test]
async fn the_leader_is_cut_off_from_everybody() {
    if !is_root("faults::clusters::the_leader_is_cut_off_from_everybody") {
        return;
    }
    let range = 14_200..14_260;
    let reports = reports(range.clone());
    let (early, late) = reports.split_at(20);
    let (folder, hosts) = (tempfile::tempdir().unwrap(), Hosts::make().unwrap());
    let servers = hosts.cluster(folder.path(), SyncInterval::Always).await.unwrap();
    let pipeline = Pipeline::start_on(folder.path(), servers, Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    send_until_taken(&api, "early.zip", &archive(early)).await;
    log.until("indexed", early.len()).await;

    let leader = leader_of(&info(&pipeline).await.unwrap()).unwrap();
    hosts.cut(leader).unwrap();
    send_until_taken(&api, "late.zip", &archive(late)).await;
    log.until("indexed", reports.len()).await;
    hosts.heal(leader).unwrap();
    in_step(&pipeline).await;
    nothing_is_lost(&pipeline, range).await;
}

fn server(pipeline: &mut Pipeline, host: u8) -> &mut NatsServer {
    match host {
        1 => &mut pipeline.nats,
        other => &mut pipeline.others[usize::from(other) - 2],
    }
}

/// The log as whichever server answers tells of it; none where nobody leads it at the moment.
async fn info(pipeline: &Pipeline) -> Option<Info> {
    let urls: Vec<String> =
        [&pipeline.nats].into_iter().chain(&pipeline.others).map(NatsServer::url).collect();
    let asking = async {
        let jetstream = jetstream::new(async_nats::connect(urls).await.ok()?);
        Some(jetstream.get_stream("GOUJI").await.ok()?.cached_info().clone())
    };
    tokio::time::timeout(Duration::from_secs(5), asking).await.ok().flatten()
}

/// The number of the host whose copy is the one that is written.
fn leader_of(info: &Info) -> Option<u8> {
    info.cluster.as_ref()?.leader.as_ref()?.strip_prefix("host-")?.parse().ok()
}

/// Waits until every copy of the log is whole again, so that the next server may be lost.
async fn in_step(pipeline: &Pipeline) {
    until("the copies of the log to be in step", PATIENCE, async || {
        let info = info(pipeline).await;
        let replicas = info.and_then(|info| info.cluster).map(|cluster| cluster.replicas).unwrap_or_default();
        let whole = replicas.iter().filter(|replica| replica.current && !replica.offline).count();
        Ok((whole == usize::from(SERVERS) - 1).then_some(()))
    })
    .await
    .unwrap();
}
