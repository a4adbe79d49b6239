//! A report is returned, sent again and accepted; and an index that was killed, lost or built again, and a report that
//! was read again, give the same states.

use std::collections::BTreeMap;

use proto::v1::ReportReviewed;
use serde_json::{Value, json};
use tests::api::{Api, list, text};
use tests::generate::{Generated, Options, generate};
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;

use super::{Log, PATIENCE, SEED, id};

/// A report with errors and the same without, and the report of another agency.
fn reports() -> (Generated, Generated, Generated) {
    let wrong = |index| generate(SEED, index, &Options { faults_percent: 100, ..Options::default() });
    let index = (8_000..).find(|index| wrong(*index).truth.faults.iter().any(|fault| fault.cell.is_some()));
    let index = index.unwrap();
    let right = |index| generate(SEED, index, &Options::default());
    let other = (index + 1..).map(right).find(|other| other.truth.agency != right(index).truth.agency);
    (wrong(index), right(index), other.unwrap())
}

/// Where every report stands: its key with the state and what belongs to it.
async fn states(api: &Api) -> anyhow::Result<BTreeMap<String, Value>> {
    let page = api.search(&[("limit", "200")]).await?;
    Ok(list(&page["hits"]).iter().map(|hit| (text(&hit["key"]), hit["review"].clone())).collect())
}

/// Waits until the lists show this report in this state.
async fn stands(api: &Api, key: &str, state: &str) {
    let what = format!("{key} to be {state}");
    let found = until(&what, SOON, async || {
        let hits = api.search(&[("review", state), ("limit", "200")]).await?;
        Ok(list(&hits["hits"]).iter().any(|hit| hit["key"] == key).then_some(()))
    });
    found.await.unwrap();
}

async fn act(api: &Api, key: &str, act: Value) -> Value {
    let (status, answer) = api.review(key, &act).await.unwrap();
    assert!(status.is_success(), "{act}: {status} {answer}");
    answer
}

#[tokio::test]
async fn what_reviewers_did_survives_whatever_happens_to_the_index() {
    let (wrong, right, other) = reports();
    let mut pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    api.submit(&wrong.file_name, wrong.bytes.clone()).await.unwrap();
    api.submit(&other.file_name, other.bytes.clone()).await.unwrap();
    log.until("indexed", 2).await;
    let key = |of: &Generated| {
        let (api, id) = (pipeline.api(), id(&of.bytes));
        async move {
            let report = until("the report", SOON, async || Ok(api.report(&id).await.ok()));
            text(&report.await.unwrap()["key"])
        }
    };
    let (wrong_key, other_key) = (key(&wrong).await, key(&other).await);

    // Returned, sent again, accepted.
    let back = json!({"act": "returned", "deadline": "2099-03-01", "note": "请更正", "seen": 0});
    assert_eq!(act(&api, &wrong_key, back.clone()).await["state"], "returned");
    let (status, problem) = api.review(&wrong_key, &back).await.unwrap();
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("review-conflict")));
    stands(&api, &wrong_key, "returned").await;
    let assigned = json!({"act": "assigned", "assignee": "李四", "seen": 0});
    act(&api, &other_key, assigned).await;
    api.submit(&right.file_name, right.bytes.clone()).await.unwrap();
    log.until("indexed", 3).await;
    stands(&api, &wrong_key, "resent").await;
    assert_eq!(act(&api, &wrong_key, json!({"act": "accepted", "seen": 1})).await["state"], "accepted");
    let over = json!({"act": "returned", "deadline": "2020-01-01", "seen": 1});
    assert_eq!(api.review(&other_key, &over).await.unwrap().0.as_u16(), 400);
    let late = json!({"act": "returned", "note": "请说明", "seen": 1});
    act(&api, &other_key, late).await;
    stands(&api, &wrong_key, "accepted").await;
    stands(&api, &other_key, "returned").await;
    let expected = states(&api).await.unwrap();
    assert_eq!(expected[&other_key]["assignee"], "李四");
    let same = async |what: &str| {
        let holds = until(what, PATIENCE, async || {
            let now = states(&api).await.unwrap_or_default();
            Ok((now == expected).then_some(()))
        });
        holds.await.unwrap();
    };

    // Killed; lost; built again from the log.
    pipeline.index.kill().unwrap();
    pipeline.index.start_again().unwrap();
    same("the index after a kill").await;
    pipeline.index.kill().unwrap();
    std::fs::remove_dir_all(pipeline.index_folder()).unwrap();
    pipeline.index.start_again().unwrap();
    same("the index after a loss").await;
    let reindexed = pipeline.command(&["reindex"]).unwrap().output().unwrap();
    assert!(reindexed.status.success(), "{}", String::from_utf8_lossy(&reindexed.stderr));
    same("the index after it was built again").await;

    // The same bytes read again are no new version of the agency: the acceptance stands.
    api.submit_again(&right.file_name, right.bytes.clone()).await.unwrap();
    log.until("indexed", 4).await;
    same("the index after a replay").await;
    let acts = log.observer.facts_of_id::<ReportReviewed>(&wrong_key).await.unwrap().facts;
    assert_eq!(acts.iter().map(|act| act.number).collect::<Vec<_>>(), [1, 2]);
}
