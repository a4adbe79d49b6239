//! A key is nowhere but with its owner.

use std::collections::BTreeSet;

use bus::Since;
use proto::Fact as _;
use proto::v1::{ActionTaken, ReportIndexed};
use reqwest::Method;
use tests::pipeline::SOON;
use tests::processes::until;

use super::{House, Keys, answer, report};

#[tokio::test]
async fn a_key_is_in_no_log_and_in_no_fact() {
    let mut keys = Keys::new();
    keys.add("operator", &["--role", "operate"]);
    let house = House::open(keys, &[("RUST_LOG", "debug")]).await;
    let key = house.keys.get("operator").to_owned();
    let stranger = key.replace(|letter: char| letter.is_ascii_digit(), "7");
    for secret in [&key, &stranger] {
        let knock = |method: Method, path: String| house.knock(&method, &path);
        // Where people put a key by mistake: the query, the path, a name, a reason, a header of another kind.
        let tries = [
            knock(Method::GET, format!("/api/v1/reports?q={secret}&key={secret}")),
            knock(Method::GET, format!("/api/v1/reports/{secret}")),
            knock(Method::GET, format!("/api/v1/status/{secret}")),
            knock(Method::GET, format!("/{secret}")),
            knock(Method::GET, "/".into()).header("x-api-key", secret).header("idempotency-key", secret),
            knock(Method::POST, format!("/api/v1/reports?file_name={secret}.txt"))
                .header("idempotency-key", secret)
                .body(report(7).bytes),
            knock(Method::POST, format!("/api/v1/reports?file_name={secret}.txt")).body(""),
            knock(Method::POST, "/api/v1/states".into()).json(&[secret]),
            knock(Method::POST, format!("/api/v1/reports/{secret}/withdrawal"))
                .json(&serde_json::json!({"who": secret, "why": secret})),
        ];
        for request in tries {
            answer(request.try_clone().unwrap()).await;
            answer(request.try_clone().unwrap().bearer_auth(secret)).await;
            answer(request.basic_auth(secret, Some(secret))).await;
        }
    }
    until("everything to be indexed", SOON, async || {
        let (_, status) = house.get("operator", "/api/v1/status").await;
        Ok((status["counts"]["indexed"] == 1).then_some(()))
    })
    .await
    .unwrap();

    let mut told = Vec::new();
    for service in ["ingest", "parse", "validate", "index", "console"] {
        let log = house.pipeline.folder().join(format!("{service}.log"));
        told.push((service.to_owned(), std::fs::read(log).unwrap()));
    }
    let observer = house.pipeline.observer().await.unwrap();
    let mut feed = observer.follow(proto::subject::ALL, Since::Start).await.unwrap();
    let action = observer.latest::<ActionTaken>().await.unwrap().unwrap().id;
    let report = observer.latest::<ReportIndexed>().await.unwrap().unwrap().submitted.unwrap().id;
    let mut to_come = BTreeSet::from([(ActionTaken::NAME, action), (ReportIndexed::NAME, report)]);
    while !to_come.is_empty() {
        let event = feed.next().await.unwrap();
        told.push((event.subject.clone(), event.payload.to_vec()));
        to_come.retain(|(fact, id)| !(*fact == event.fact() && id == event.id()));
    }
    for (place, bytes) in told {
        let text = String::from_utf8_lossy(&bytes);
        for secret in [&key, &stranger] {
            // Also not half of it.
            assert!(!text.contains(&secret[..30]), "a key stands in {place}");
        }
    }
}
