//! A correction takes the place of what it corrects, whichever of the two comes first.

use proto::v1::{Blob, ReportSubmitted};
use tests::api::{list, text};
use tests::generate::{Generated, Options, generate};
use tests::judge::judge;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;

use super::{Log, SEED, id, sha256};

/// The same report of the same agency with a wrong cell and without.
fn wrong_and_right(indices: std::ops::RangeFrom<u64>) -> (Generated, Generated) {
    let wrong = |index| generate(SEED, index, &Options { faults_percent: 100, ..Options::default() });
    let index = { indices }
        .find(|index| wrong(*index).truth.faults.iter().any(|fault| fault.cell.is_some()))
        .unwrap();
    (wrong(index), generate(SEED, index, &Options::default()))
}

/// A search finds the right version of this report, and lists both.
async fn the_right_one_stands(pipeline: &Pipeline, wrong: &Generated, right: &Generated) {
    let (api, year) = (pipeline.api(), right.truth.year.to_string());
    let of_agency = [("q", right.truth.agency.as_str()), ("year", year.as_str())];
    let found = until("both versions", SOON, async || {
        let page = api.search(&of_agency).await?;
        let hit = list(&page["hits"]).iter().find(|hit| hit["agency"] == right.truth.agency).cloned();
        Ok(hit.filter(|hit| hit["versions"] == 2))
    })
    .await
    .unwrap();
    assert_eq!(found["id"], id(&right.bytes));
    let current = api.report(&text(&found["key"])).await.unwrap();
    assert_eq!(judge(&current, &right.truth).complaints, [] as [String; 0]);
    let versions: Vec<String> =
        list(&current["versions"]).iter().map(|version| text(&version["id"])).collect();
    assert_eq!(versions, [id(&wrong.bytes), id(&right.bytes)], "earliest first");
    let earlier = api.report(&id(&wrong.bytes)).await.unwrap();
    assert_eq!(judge(&earlier, &wrong.truth).complaints, [] as [String; 0]);
}

#[tokio::test]
async fn a_correction_supersedes() {
    let (wrong, right) = wrong_and_right(6_000..);
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    api.submit(&wrong.file_name, wrong.bytes.clone()).await.unwrap();
    log.until("indexed", 1).await;
    api.submit(&right.file_name, right.bytes.clone()).await.unwrap();
    log.until("indexed", 2).await;
    the_right_one_stands(&pipeline, &wrong, &right).await;
}

#[tokio::test]
async fn what_was_submitted_earlier_and_arrives_later_does_not() {
    let (wrong, right) = wrong_and_right(7_000..);
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    api.submit(&right.file_name, right.bytes.clone()).await.unwrap();
    log.until("indexed", 1).await;
    // Another ingest accepted this one an hour ago, and the bus was away until now.
    let right_at_ms = api.report(&id(&right.bytes)).await.unwrap()["submitted_at_ms"].as_i64().unwrap();
    let stored = pipeline.blobs().await.unwrap().put(&wrong.bytes[..], 1 << 20).await.unwrap();
    assert_eq!(stored.sha256, sha256(&wrong.bytes));
    let submitted = ReportSubmitted {
        id: id(&wrong.bytes),
        submission: sha256(b"an hour ago"),
        original: Some(Blob {
            sha256: stored.sha256,
            size_bytes: stored.size_bytes,
            media_type: "text/plain".into(),
        }),
        file_name: wrong.file_name.clone(),
        submitted_at_ms: right_at_ms - 3_600_000,
        door: "folder".into(),
        ..Default::default()
    };
    log.observer.publish(&submitted).await.unwrap();
    log.until("indexed", 2).await;
    the_right_one_stands(&pipeline, &wrong, &right).await;
}
