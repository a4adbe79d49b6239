//! Bytes that change on the disks of a running pipeline.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::api::{Api, http, list, text};
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;
use tests::proof::{Log, counts, everything_arrived, id, reconciled, reports, send_until_taken, sha256};

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// The extension of the files to damage, and how.
type Damage<'a> = (&'a str, &'a dyn Fn(&Path));

#[tokio::test]
async fn an_original_with_a_flipped_byte_is_healed_by_the_next_copy() {
    let reports = reports(16_100..16_102);
    let mut pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let stored = |bytes: &[u8]| {
        let hash = sha256(bytes);
        pipeline.originals_folder().join(&hash[..2]).join(hash)
    };
    let (first, second) = (stored(&reports[0].bytes), stored(&reports[1].bytes));
    assert!(pipeline.parse[0].terminate().await.unwrap().success());
    for report in &reports {
        send_until_taken(&api, &report.file_name, &report.bytes).await;
    }
    flip(&first);
    flip(&second);
    // Sent again before anybody missed it: it is whole, and still the same report.
    let again = send_until_taken(&api, &reports[0].file_name, &reports[0].bytes).await;
    assert_eq!(list(&again["reports"])[0]["duplicate"], json!(true));
    assert_eq!(fs::read(&first).unwrap(), reports[0].bytes);
    pipeline.parse[0].start_again().unwrap();
    pipeline.ready().await.unwrap();
    log.until("indexed", 1).await;
    log.until("refused", 1).await;
    let refused = api.states(&[id(&reports[1].bytes)]).await.unwrap();
    assert_eq!(list(&refused)[0]["class"], json!("original-lost"));

    // Sent again after it was refused: it is read again, and no duplicate.
    let again = send_until_taken(&api, &reports[1].file_name, &reports[1].bytes).await;
    let accepted = &list(&again["reports"])[0];
    assert_eq!(accepted["duplicate"], json!(false), "{again}");
    assert!(text(&accepted["id"]).ends_with("-g1"), "{again}");
    log.until("indexed", 2).await;
    counts(&api, 3, 2, 1).await;
    let again = send_until_taken(&api, &reports[1].file_name, &reports[1].bytes).await;
    assert_eq!(list(&again["reports"])[0]["duplicate"], json!(true), "now it is one: {again}");
}

#[tokio::test]
async fn a_damaged_index_is_unavailable_until_it_is_rebuilt() {
    let mut reports = reports(16_200..16_210);
    let late = reports.split_off(6);
    let mut pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    for report in &reports {
        send_until_taken(&api, &report.file_name, &report.bytes).await;
    }
    log.until("indexed", reports.len()).await;
    let cut = |path: &Path| File::options().write(true).open(path).unwrap().set_len(100).unwrap();
    let damages: [Damage<'_>; 4] = [
        ("fast", &cut),
        ("idx", &|path| flip(path)),
        ("store", &|path| fs::remove_file(path).unwrap()),
        ("json", &cut),
    ];
    for ((extension, damage), report) in damages.into_iter().zip(&late) {
        let file = file_of(&pipeline, extension);
        damage(&file);
        unavailable(&pipeline, &api, &file).await;
        // The index waits with what arrives, and dies of nothing.
        send_until_taken(&api, &report.file_name, &report.bytes).await;
        until("the index to be not ready", SOON, async || {
            let answer = http().build()?.get(format!("{}/readyz", pipeline.index.address())).send().await?;
            Ok((answer.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(()))
        })
        .await
        .unwrap();
        assert_eq!(pipeline.index.process.ended().unwrap(), None, "{extension}");
        let made = pipeline.command(&["reindex"]).unwrap().output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        log.until("indexed", reports.len() + 1).await;
        reports.push(report.clone());
        pipeline.ready().await.unwrap();
        everything_arrived(&api, &reports).await;
    }
    assert_eq!(log.refusals().await.len(), 0);
    reconciled(&pipeline).await;
}

/// A file of the current generation of the index; of segments the largest.
fn file_of(pipeline: &Pipeline, extension: &str) -> PathBuf {
    let generations = search::Generations::new(pipeline.index_folder());
    let folder = generations.path(generations.current().unwrap().unwrap());
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_wanted = |path: &PathBuf| {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        path.extension().is_some_and(|one| one == extension) && !is_hidden
    };
    files.filter(is_wanted).max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap()
}

/// The console says that the index cannot be used, in every answer from it and at `/readyz`.
async fn unavailable(pipeline: &Pipeline, api: &Api, damaged: &Path) {
    let client = http().build().unwrap();
    let console = pipeline.console.address();
    let said = until("the console to be not ready", SOON, async || {
        let answer = client.get(format!("{console}/readyz")).send().await?;
        let is_ready = answer.status().is_success();
        Ok((!is_ready).then_some(answer.text().await?))
    })
    .await
    .unwrap();
    let name = damaged.file_name().unwrap().to_str().unwrap();
    assert!(said.contains(name), "{said} names {name}");
    let some_id = "0".repeat(32);
    for path in [
        "/api/v1/reports",
        "/api/v1/sum?cell=requests.received.total",
        &format!("/api/v1/reports/{some_id}-g0"),
    ] {
        let answer = client.get(format!("{console}{path}")).send().await.unwrap();
        let status = answer.status();
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::SERVICE_UNAVAILABLE, &json!("index-unavailable")),
            "{path}: {problem}"
        );
    }
    assert!(api.search(&[]).await.is_err());
}
