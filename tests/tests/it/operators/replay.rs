//! Refusals by faults of ours, and replays.

use std::fs;

use serde_json::Value;
use tests::pipeline::{Pipeline, Shape};
use tests::processes::until;

use super::{PATIENCE, acts, id, operate, operator, place, reach, reports, send, sha256, sound};

/// An original that is missing while its report is read, and live traffic while it is replayed.
#[tokio::test]
async fn refusals_of_ours_are_replayed_beside_live_traffic() {
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let all = reports(0..30);
    let (unlucky, live) = all.split_at(3);
    assert!(operate(&pipeline, &["pause", "parse"]).contains("until it is resumed"));
    send(&pipeline, unlucky).await;
    let paused = until("the pause to be visible", PATIENCE, async || {
        let lag = pipeline.api().status().await?["lag"][0].take();
        Ok((lag["waiting"] == 3 && lag["oldest_ms"].is_i64()).then_some(lag["paused_until_ms"].clone()))
    });
    assert!(paused.await.unwrap().is_i64());
    let originals: Vec<_> = unlucky.iter().map(|report| place(&pipeline, &sha256(&report.bytes))).collect();
    originals.iter().for_each(|original| fs::rename(original, original.with_extension("away")).unwrap());
    operate(&pipeline, &["resume", "parse"]);
    let first: Vec<String> = unlucky.iter().map(|report| id(&report.bytes, 0)).collect();
    reach(&pipeline, &first, "refused").await;

    let listed = operate(&pipeline, &["refused", "list"]);
    assert!(listed.starts_with("      3  original-lost  (parse)\n"), "{listed}");
    assert!(first.iter().all(|id| listed.contains(id)), "{listed}");
    let line =
        operate(&pipeline, &["refused", "list", "--json", "--class", "original-lost", "--since", "1h"]);
    let one: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    assert_eq!((&one["open"], &one["stage"]), (&true.into(), &"parse".into()));
    assert_eq!(operate(&pipeline, &["refused", "list", "--class", "gave-up"]), "nothing is refused\n");
    let shown = operate(&pipeline, &["refused", "show", &first[0]]);
    assert!(shown.contains("original-lost") && shown.contains("what to do"), "{shown}");
    let missing = operator(&pipeline, &["reconcile"]);
    assert!(missing.code == Some(1) && missing.out.contains("missing: originals"), "{missing:?}");

    originals.iter().for_each(|original| fs::rename(original.with_extension("away"), original).unwrap());
    let select = ["refused", "replay", "--class", "original-lost"];
    let would = operate(&pipeline, &[&select[..], &["--dry-run"]].concat());
    assert!(would.contains("3 would be replayed"), "{would}");
    let replaying = async {
        let done = operate(&pipeline, &select);
        assert!(done.contains("3 are replayed"), "{done}");
    };
    tokio::join!(send(&pipeline, live), replaying);
    let second: Vec<String> = unlucky.iter().map(|report| id(&report.bytes, 1)).collect();
    reach(&pipeline, &second, "indexed").await;
    let account = sound(&pipeline).await;
    assert_eq!((&account["received"], &account["indexed"]), (&33.into(), &30.into()));
    assert_eq!(account["refused"], 3);
    assert_eq!(operate(&pipeline, &["refused", "list"]), "nothing is refused\n");
    assert!(operate(&pipeline, &["refused", "list", "--all"]).contains("(tried again since)"));
    assert!(operate(&pipeline, &select).contains("0 are replayed"), "twice is once");
    let status = operate(&pipeline, &["status", &second[0], "--server", &pipeline.console.address()]);
    assert!(status.contains("indexed") && status.contains("refused by parse: original-lost"), "{status}");
    let overview = operate(&pipeline, &["status", "--server", &pipeline.console.address()]);
    assert!(overview.contains("      3  original-lost"), "{overview}");
    let acts = acts(&pipeline.observer().await.unwrap()).await;
    // The start of the pipeline created the log.
    let acts: Vec<&str> =
        acts.iter().filter(|(who, _)| who == "somebody").map(|(_, act)| act.as_str()).collect();
    assert_eq!(acts, ["pause", "resume", "replay"]);
}

#[tokio::test]
async fn every_current_report_is_replayed_and_an_interrupted_run_continues() {
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let all = reports(100..112);
    send(&pipeline, &all).await;
    let ids =
        |generation: u32| -> Vec<String> { all.iter().map(|report| id(&report.bytes, generation)).collect() };
    reach(&pipeline, &ids(0), "indexed").await;
    let withdrawn = pipeline.api().withdraw(&ids(0)[0], "甲", "数字有误").await.unwrap();
    let withdrawal = withdrawn["id"].as_str().unwrap().to_owned();
    reach(&pipeline, std::slice::from_ref(&withdrawal), "indexed").await;
    let before = pipeline.api().search_all(&[]).await.unwrap();

    // As a run leaves it that was killed after four.
    let observer = pipeline.observer().await.unwrap();
    observer.record_action("somebody", "replay-all-begin", "all", "").await.unwrap();
    let four: Vec<String> = ids(0)[1..5].to_vec();
    operate(&pipeline, &[&["replay"], &four.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat());
    reach(&pipeline, &ids(1)[1..5], "indexed").await;
    let said = operate(&pipeline, &["replay", "--all"]);
    assert!(said.contains("going on") && said.contains("7 of 11 are left"), "{said}");
    assert!(said.contains("7 are replayed"), "{said}");
    reach(&pipeline, &ids(1)[1..], "indexed").await;
    sound(&pipeline).await;
    let states = pipeline.api().states(&[ids(1)[0].clone(), id(b"", 0)]).await.unwrap();
    assert_eq!(states[0]["state"], "unknown", "a withdrawn report is not replayed");
    assert_eq!(pipeline.api().search_all(&[]).await.unwrap().len(), before.len());
    let said = operate(&pipeline, &["replay", "--all", "--dry-run"]);
    assert!(said.contains("11 would be replayed"), "{said}");
}
