//! The power goes: what the kernel had not written is gone, for the log, the originals and the index alike.

use std::fs;

use rustix::process::Signal;
use tests::cluster::is_root;
use tests::disk::PoweredDisk;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::{SyncInterval, until};
use tests::proof::{Log, archive, reports, send_until_taken};

use super::nothing_is_lost;

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_loss_of_power() {
    power_goes(
        "faults::power::what_was_acknowledged_is_there_after_a_loss_of_power",
        SyncInterval::Always,
        15_000,
    )
    .await;
}

/// Where the log is not flushed with each message its end goes; the originals, which are, bring it back.
#[tokio::test]
async fn a_log_that_lost_its_end_comes_back_from_the_originals() {
    power_goes(
        "faults::power::a_log_that_lost_its_end_comes_back_from_the_originals",
        SyncInterval::Default,
        15_100,
    )
    .await;
}

async fn power_goes(test: &str, sync: SyncInterval, first: u64) {
    if !is_root(test) {
        return;
    }
    let range = first..first + 60;
    let reports = reports(range.clone());
    let folder = tempfile::tempdir().unwrap();
    let mut disk = PoweredDisk::mount(&folder.path().join("disk")).unwrap();
    let shape = Shape { sync, ..Shape::default() };
    let at = folder.path().join("disk/gouji");
    fs::create_dir(&at).unwrap();
    let mut pipeline = Pipeline::start_at(&at, shape, &[]).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let (early, late) = reports.split_at(20);
    send_until_taken(&api, "early.zip", &archive(early)).await;
    log.until("indexed", early.len()).await;
    disk.flush().unwrap();
    for (number, batch) in late.chunks(10).enumerate() {
        send_until_taken(&api, &format!("{number}.zip"), &archive(batch)).await;
    }
    log.until("indexed", 30).await;
    let nats = [pipeline.nats.process().id()];
    let services: Vec<u32> = pipeline.services().map(|service| service.process.id()).collect();
    for service in pipeline.services() {
        service.process.signal(Signal::STOP).unwrap();
    }
    pipeline.nats.process().signal(Signal::STOP).unwrap();
    until("everything to stand still", SOON, async || {
        Ok(nats.iter().chain(&services).all(|process| stands_still(*process)).then_some(()))
    })
    .await
    .unwrap();
    let lost = disk.lose_power().unwrap();
    drop((log, pipeline));
    until("the disk to be let go", SOON, async || Ok(disk.come_back(lost.clone()).ok())).await.unwrap();

    let pipeline = Pipeline::start_at(&at, shape, &[]).await.unwrap();
    if sync == SyncInterval::Default {
        let output = pipeline.command(&["reconcile", "--rebuild"]).unwrap().output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("rebuilt: "), "{said}");
    }
    let mut log = Log::of(&pipeline).await;
    log.until("indexed", reports.len()).await;
    nothing_is_lost(&pipeline, range).await;
    drop(pipeline);
}

/// Whether every thread of a process is stopped, and so in no system call.
fn stands_still(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    threads.flatten().all(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('T'))
    })
}
