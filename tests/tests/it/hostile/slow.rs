//! Documents that take longer to read than any report should.

use serde_json::Value;
use tests::api::{list, text};
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;
use tests::proof::{Log, id, reports, send_until_taken};

/// More documents than are read at once.
const FLOOD: usize = 8;

/// Sound, within every limit, and long: more than a reader of the ordinary lane may compute.
fn long_report(number: usize) -> Vec<u8> {
    let sentence = "全年主动公开政府信息若干条，依法受理申请，积极回应社会关切，持续优化营商环境。\n";
    format!("某市第{number}局2024年政府信息公开工作年度报告\n{}", sentence.repeat(50_000)).into_bytes()
}

#[tokio::test]
async fn slow_documents_hold_up_no_others_and_open_no_breaker() {
    let good = reports(16_000..16_008);
    let slow: Vec<Vec<u8>> = (0..FLOOD).map(long_report).collect();
    let ids: Vec<String> = slow.iter().map(|bytes| id(bytes)).collect();
    let mut pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    for (number, bytes) in slow.iter().enumerate() {
        send_until_taken(&api, &format!("{number}.txt"), bytes).await;
    }
    for report in &good {
        send_until_taken(&api, &report.file_name, &report.bytes).await;
    }
    // The good ones came last, and are through while slow ones still wait for their turn.
    until("the good reports to be indexed", 4 * SOON, async || {
        let good: Vec<String> = good.iter().map(|report| id(&report.bytes)).collect();
        let states = api.states(&good).await?;
        Ok(list(&states).iter().all(|state| state["state"] == "indexed").then_some(()))
    })
    .await
    .unwrap();
    let unread = unread_of(&api.states(&ids).await.unwrap());
    assert!(unread >= FLOOD / 2, "{unread} of {FLOOD} slow documents still wait");
    assert!(pipeline.parse[0].metric("gouji_reader_lost_total{").await.unwrap() >= 1.0);
    assert!(pipeline.parse[0].metric("gouji_stage_slow_lane_waiting").await.unwrap() >= 1.0);

    // A restart forgets none of those that wait.
    assert!(pipeline.parse[0].terminate().await.unwrap().success());
    pipeline.parse[0].start_again().unwrap();
    pipeline.ready().await.unwrap();
    let ended = until("the slow ones to come to an end", 20 * SOON, async || {
        let states = api.states(&ids).await?;
        Ok((unread_of(&states) == 0).then_some(states))
    })
    .await
    .unwrap();
    for state in list(&ended) {
        let class = text(&state["class"]);
        assert!(state["state"] == "indexed" || ["too-slow", "not-a-report"].contains(&&*class), "{state}");
    }
    assert_eq!(pipeline.parse[0].metric("gouji_stage_breaker_opened_total").await.unwrap(), 0.0);
    log.until("submitted", FLOOD + good.len()).await;
}

/// How many of these reports parse has not finished.
fn unread_of(states: &Value) -> usize {
    list(states).iter().filter(|state| state["state"] == "submitted").count()
}
