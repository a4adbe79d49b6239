//! Disks that are full: what cannot be kept is not taken in, what was taken in waits until there is room, and
//! nobody is refused.

use reqwest::StatusCode;
use tests::cluster::is_root;
use tests::disk::SmallDisk;
use tests::pipeline::{Pipeline, Shape};
use tests::proof::{Log, archive, reports, send_until_taken};

use crate::nothing_is_lost;

/// Room for a test's worth of anything.
const MEGABYTES: u32 = 96;

#[tokio::test]
async fn no_room_for_the_log() {
    if !is_root("no_room_for_the_log") {
        return;
    }
    let range = 11_000..11_030;
    let reports = reports(range.clone());
    let (early, late) = reports.split_at(20);
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(&folder.path().join("nats"), MEGABYTES).unwrap();
    let mut pipeline = Pipeline::start_at(folder.path(), Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    send_until_taken(&api, "early.zip", &archive(early)).await;
    log.until("indexed", early.len()).await;

    disk.fill().unwrap();
    // What fits into the page that is open may still be taken in; then the door says to come back.
    let mut refused = None;
    for report in late {
        let (status, answer) = api.send(&report.file_name, report.bytes.clone(), None).await.unwrap();
        if status != StatusCode::ACCEPTED {
            refused = Some((status, answer));
            break;
        }
    }
    let (status, answer) = refused.expect("a full log takes nothing in");
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");

    disk.make_room().unwrap();
    // nats-server 2.15 does not write to a log again whose disk was full, until it is restarted.
    pipeline.nats.kill().unwrap();
    pipeline.nats.start_again().await.unwrap();
    send_until_taken(&api, "late.zip", &archive(late)).await;
    log.until("indexed", reports.len()).await;
    nothing_is_lost(&pipeline, range).await;
}
