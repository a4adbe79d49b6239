//! A key is nowhere but with its owner.

use std::collections::BTreeSet;

use bus::Since;
use proto::Fact as _;
use proto::v1::{ActionTaken, ReportIndexed};
use reqwest::Method;
use tests::pipeline::SOON;
use tests::processes::until;

use super::{Keys, Setup, answer, report};

#[tokio::test]
async fn a_key_is_in_no_log_and_in_no_fact() {
    let mut keys = Keys::new();
    keys.add("operator", &["--role", "operate"]);
    let setup = Setup::open(keys, &[("RUST_LOG", "debug")]).await;
    let key = setup.keys.get("operator").to_owned();
    let stranger = key.replace(|letter: char| letter.is_ascii_digit(), "7");
    for secret in [&key, &stranger] {
        let request = |method: Method, path: String| setup.request(&method, &path);
        // Where people put a key by mistake: the query, the path, a name, a reason, a header of another kind.
        let tries = [
            request(Method::GET, format!("/api/v1/reports?q={secret}&key={secret}")),
            request(Method::GET, format!("/api/v1/reports/{secret}")),
            request(Method::GET, format!("/api/v1/status/{secret}")),
            request(Method::GET, format!("/{secret}")),
            request(Method::GET, "/".into()).header("x-api-key", secret).header("idempotency-key", secret),
            request(Method::POST, format!("/api/v1/reports?file_name={secret}.txt"))
                .header("idempotency-key", secret)
                .body(report(7).bytes),
            request(Method::POST, format!("/api/v1/reports?file_name={secret}.txt")).body(""),
            request(Method::POST, "/api/v1/states".into()).json(&[secret]),
            request(Method::POST, format!("/api/v1/reports/{secret}/withdrawal"))
                .json(&serde_json::json!({"who": secret, "why": secret})),
        ];
        for request in tries {
            answer(request.try_clone().unwrap()).await;
            answer(request.try_clone().unwrap().bearer_auth(secret)).await;
            answer(request.basic_auth(secret, Some(secret))).await;
        }
    }
    until("everything to be indexed", SOON, async || {
        let (_, status) = setup.get("operator", "/api/v1/status").await;
        Ok((status["counts"]["indexed"] == 1).then_some(()))
    })
    .await
    .unwrap();

    let mut outputs = Vec::new();
    for service in ["ingest", "parse", "validate", "index", "console"] {
        let log = setup.pipeline.folder().join(format!("{service}.log"));
        outputs.push((service.to_owned(), std::fs::read(log).unwrap()));
    }
    let observer = setup.pipeline.observer().await.unwrap();
    let mut feed = observer.follow(proto::subject::ALL, Since::Start).await.unwrap();
    let action = observer.latest::<ActionTaken>().await.unwrap().unwrap().id;
    let report = observer.latest::<ReportIndexed>().await.unwrap().unwrap().submitted.unwrap().id;
    let mut to_come = BTreeSet::from([(ActionTaken::NAME, action), (ReportIndexed::NAME, report)]);
    while !to_come.is_empty() {
        let event = feed.next().await.unwrap();
        outputs.push((event.subject.clone(), event.payload.to_vec()));
        to_come.retain(|(fact, id)| !(*fact == event.fact() && id == event.id()));
    }
    for (place, bytes) in outputs {
        let text = String::from_utf8_lossy(&bytes);
        for secret in [&key, &stranger] {
            // Also not half of it.
            assert!(!text.contains(&secret[..30]), "a key stands in {place}");
        }
    }
}
