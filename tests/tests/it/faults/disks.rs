//! Disks that are full: what cannot be kept is not taken in, what was taken in waits until there is room, and
//! nobody is refused.

use reqwest::StatusCode;
use tests::cluster::is_root;
use tests::disk::SmallDisk;
use tests::generate::{Generated, Layout, Options, generate};
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;
use tests::proof::{Log, SEED, archive, reconciled, reports, send_until_taken};

use super::nothing_is_lost;

/// Room for a test's worth of anything.
const MEGABYTES: u32 = 96;

#[tokio::test]
async fn no_room_for_the_log() {
    if !is_root("faults::disks::no_room_for_the_log") {
        return;
    }
    let range = 11_000..11_030;
    let reports = reports(range.clone());
    let (early, late) = reports.split_at(20);
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(&folder.path().join("nats"), MEGABYTES).unwrap();
    let mut pipeline = Pipeline::start_at(folder.path(), Shape::default(), &[]).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    send_until_taken(&api, "early.zip", &archive(early)).await;
    log.until("indexed", early.len()).await;

    disk.fill().unwrap();
    // Ingest may still accept what fits into the open page of the log; then it answers 503.
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

/// Parse has nowhere to put the texts that are too long to travel: it waits, and nobody is refused.
#[tokio::test]
async fn no_room_for_texts() {
    if !is_root("faults::disks::no_room_for_texts") {
        return;
    }
    let plain = Options { layouts: vec![Layout::Tabs], ..Options::default() };
    let mut reports: Vec<Generated> = (11_100..11_120).map(|number| generate(SEED, number, &plain)).collect();
    for report in &mut reports {
        report.bytes.extend(format!("\n附件：{}\n", without_pattern(20_000)).into_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(&folder.path().join("originals"), MEGABYTES).unwrap();
    let settings = [
        ("GOUJI_ORIGINALS", folder.path().join("originals").display().to_string()),
        // Otherwise ingest would answer 503 long before.
        ("GOUJI_RESERVE_MB", "1".to_owned()),
    ];
    let pipeline = Pipeline::start_with(Shape::default(), &settings).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let operate = |arguments: &[&str]| {
        let output = pipeline.command(arguments).unwrap().output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    operate(&["pause", "parse"]);
    send_until_taken(&api, "all.zip", &archive(&reports)).await;
    disk.fill().unwrap();
    operate(&["resume", "parse"]);
    let parse = &pipeline.parse[0].process;
    until("parse to find no room", SOON, async || {
        Ok(parse.said().contains("fetching no more until an attempt succeeds").then_some(()))
    })
    .await
    .unwrap();
    let (status, answer) = api.send("a.html", reports[0].bytes.clone(), None).await.unwrap();
    assert_eq!((status, answer["code"].as_str()), (StatusCode::SERVICE_UNAVAILABLE, Some("disk-full")));
    disk.make_room().unwrap();
    log.until("indexed", reports.len()).await;
    reconciled(&pipeline).await;
    // What writes there ends before the disk goes.
    drop(pipeline);
}

/// So many characters that hardly compress.
fn without_pattern(count: u32) -> String {
    (0..count)
        .filter_map(|place| char::from_u32(0x4e00 + place.wrapping_mul(2_654_435_761) % 20_000))
        .collect()
}
