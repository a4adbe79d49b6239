//! The account finds what is planted.

use std::fs;
use std::path::Path;

use async_nats::jetstream;
use async_nats::jetstream::consumer::PullConsumer;
use futures::StreamExt;
use tests::pipeline::{Pipeline, Shape};
use tests::processes::until;

use super::{PATIENCE, acts, id, operate, operator, place, reach, reports, send, sha256, sound};

/// The account is not sound, and says this.
#[track_caller]
fn unsound(pipeline: &Pipeline, more: &[&str], expected: &[&str]) {
    let said = operator(pipeline, &[&["reconcile", "--patience", "3"], more].concat());
    assert_eq!(said.code, Some(1), "{said:?}");
    for part in expected {
        assert!(said.out.contains(part), "{part} is not in\n{}", said.out);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_lost_missing_corrupt_or_not_in_the_index_is_named() {
    let mut pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let all = reports(200..210);
    let (first, last) = all.split_at(8);
    send(&pipeline, first).await;
    let ids: Vec<String> = all.iter().map(|report| id(&report.bytes, 0)).collect();
    reach(&pipeline, &ids[..8], "indexed").await;
    let account = sound(&pipeline).await;
    // Their texts travelled with the facts.
    assert_eq!((&account["received"], &account["texts"]), (&8.into(), &0.into()));

    let old = tempfile::tempdir().unwrap();
    let old = old.path().join("index");
    copy(&pipeline.index_folder(), &old);
    send(&pipeline, &last[..1]).await;
    reach(&pipeline, &ids[8..9], "indexed").await;
    unsound(&pipeline, &["--index", old.to_str().unwrap()], &["        1  not in the index", &ids[8]]);

    let original = place(&pipeline, &sha256(&all[0].bytes));
    let bytes = fs::read(&original).unwrap();
    fs::write(&original, "other bytes").unwrap();
    operate(&pipeline, &["reconcile"]);
    unsound(&pipeline, &["--deep"], &["        1  corrupt", &sha256(&all[0].bytes)]);
    fs::remove_file(&original).unwrap();
    unsound(&pipeline, &[], &["        1  missing", &sha256(&all[0].bytes)]);
    fs::write(&original, bytes).unwrap();
    operate(&pipeline, &["reconcile", "--deep"]);

    // Somebody takes a report from a stage, says that it is done, and does nothing.
    for parse in &mut pipeline.parse {
        parse.kill().unwrap();
    }
    send(&pipeline, &last[1..]).await;
    let jetstream = jetstream::new(async_nats::connect(pipeline.nats.url()).await.unwrap());
    let place: PullConsumer = jetstream.get_consumer_from_stream("parse", "GOUJI").await.unwrap();
    until("the report to be taken", PATIENCE, async || {
        let mut batch = place.fetch().max_messages(1).expires(PATIENCE / 10).messages().await?;
        match batch.next().await {
            Some(Ok(message)) => {
                message.double_ack().await.unwrap();
                Ok(Some(()))
            }
            _ => Ok(None),
        }
    })
    .await
    .unwrap();
    unsound(&pipeline, &[], &["        1  lost", &ids[9], "in flight          0"]);
    for parse in &mut pipeline.parse {
        parse.start_again().unwrap();
    }
    pipeline.ready().await.unwrap();
    operate(&pipeline, &["replay", &ids[9]]);
    reach(&pipeline, &[id(&all[9].bytes, 1)], "indexed").await;
    sound(&pipeline).await;

    let log = jetstream.get_stream("GOUJI").await.unwrap();
    let sent =
        log.get_last_raw_message_by_subject(&format!("gouji.v1.submitted.{}._._._._", ids[2])).await.unwrap();
    assert!(log.delete_message(sent.sequence).await.is_err(), "nobody deletes what was acknowledged");
    sound(&pipeline).await;
}

#[tokio::test]
async fn a_lost_log_comes_back_from_the_originals() {
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let all = reports(300..308);
    send(&pipeline, &all).await;
    let ids: Vec<String> = all.iter().map(|report| id(&report.bytes, 0)).collect();
    reach(&pipeline, &ids, "indexed").await;
    let withdrawn = pipeline.api().withdraw(&ids[0], "甲", "数字有误").await.unwrap();
    let withdrawal = withdrawn["id"].as_str().unwrap().to_owned();
    reach(&pipeline, std::slice::from_ref(&withdrawal), "indexed").await;
    let again = pipeline.api().submit_again(&all[1].file_name, all[1].bytes.clone()).await.unwrap();
    assert_eq!(again["reports"][0]["id"], id(&all[1].bytes, 1));
    reach(&pipeline, &[id(&all[1].bytes, 1)], "indexed").await;
    let observer = pipeline.observer().await.unwrap();
    let before = observer.last_of_id::<proto::v1::ReportSubmitted>(&withdrawal).await.unwrap().unwrap();

    let jetstream = jetstream::new(async_nats::connect(pipeline.nats.url()).await.unwrap());
    jetstream.delete_stream("GOUJI").await.unwrap();
    let readiness = format!("{}/readyz", pipeline.parse[0].address());
    until("parse to miss the log", PATIENCE, async || {
        let answer = tests::api::http().build()?.get(&readiness).send().await?;
        Ok((answer.status() == 503 && answer.text().await?.contains("log GOUJI")).then_some(()))
    })
    .await
    .unwrap();
    let said = operator(&pipeline, &["reconcile"]);
    assert!(said.code == Some(2) && said.err.contains("gouji topology apply"), "{said:?}");
    operate(&pipeline, &["topology", "apply"]);
    unsound(&pipeline, &[], &["        9  unlogged", &ids[7], &withdrawal]);
    let rebuilt = operate(&pipeline, &["reconcile", "--rebuild"]);
    assert!(rebuilt.contains("10 reports of 10 submissions"), "{rebuilt}");
    reach(&pipeline, &[&ids[..], &[withdrawal.clone(), id(&all[1].bytes, 1)]].concat(), "indexed").await;
    let after = observer.last_of_id::<proto::v1::ReportSubmitted>(&withdrawal).await.unwrap().unwrap();
    // New reports go before what is rebuilt.
    assert_eq!(proto::v1::ReportSubmitted { bulk: true, ..before }, after);
    let account = sound(&pipeline).await;
    assert_eq!(account["received"], 10);
    let twice = operate(&pipeline, &["reconcile", "--rebuild"]);
    assert!(twice.contains("0 reports"), "{twice}");
    assert!(acts(&observer).await.contains(&("somebody".to_owned(), "rebuild".to_owned())));
}
