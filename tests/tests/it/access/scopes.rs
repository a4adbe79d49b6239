//! Whose reports a key may send, see and take back.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::generate::Generated;
use tests::pipeline::SOON;
use tests::processes::until;

use super::{Keys, Setup, report};

/// Two reports of different provinces.
fn two() -> (Generated, Generated) {
    let province = |report: &Generated| report.truth.region_code[..2].to_owned();
    let ours = report(0);
    let theirs = (1..).map(report).find(|theirs| province(theirs) != province(&ours)).unwrap();
    (ours, theirs)
}

#[tokio::test]
async fn a_key_sends_sees_and_takes_back_its_own_only() {
    let (ours, theirs) = two();
    let mut keys = Keys::new();
    keys.add("we", &["--role", "submit", "--region", &ours.truth.region_code[..2]]);
    keys.add(
        "they",
        &["--role", "submit", "--region", &theirs.truth.region_code, "--agency", &theirs.truth.agency],
    );
    keys.add(
        "others",
        &["--role", "submit", "--region", &theirs.truth.region_code, "--agency", "没有这个局"],
    );
    keys.add("operator", &["--role", "operate"]);
    let setup = Setup::open(keys, &[]).await;

    let (our_id, duplicate) = setup.send("we", &ours).await;
    assert!(!duplicate);
    setup.until_state("we", &our_id, "indexed").await;

    // Somebody else's report goes no further, and takes nothing from the one whose it is.
    let (wrong_id, _) = setup.send("we", &theirs).await;
    let refused = setup.until_state("we", &wrong_id, "refused").await;
    assert_eq!(refused["class"], "not-yours");
    assert!(refused["message"].as_str().unwrap().contains("范围"), "{refused}");
    let (_, duplicate) = setup.send("we", &theirs).await;
    assert!(duplicate, "the same sender has its answer");
    let (other_id, _) = setup.send("others", &theirs).await;
    setup.until_state("others", &other_id, "refused").await;
    let (their_id, duplicate) = setup.send("they", &theirs).await;
    assert!(!duplicate, "what was refused to others is not lost to them");
    setup.until_state("they", &their_id, "indexed").await;

    let found = async |who: &str| -> Vec<Value> {
        let (status, page) = setup.get(who, "/api/v1/reports?facets=agency").await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page["hits"].as_array().unwrap().iter().map(|hit| hit["id"].clone()).collect()
    };
    until("both to be found", SOON, async || Ok((found("operator").await.len() == 2).then_some(())))
        .await
        .unwrap();
    assert_eq!(found("we").await, [json!(our_id)]);
    assert_eq!(found("they").await, [json!(their_id)]);
    assert!(found("others").await.is_empty());
    for path in ["", "/source", "/cells", "/findings", "/versions", "/letter"] {
        let check = async |who: &str, id: &str, expected: StatusCode| {
            let path = format!("/api/v1/reports/{id}{path}");
            assert_eq!(setup.get(who, &path).await.0, expected, "{who}: {path}");
        };
        check("we", &our_id, StatusCode::OK).await;
        check("they", &our_id, StatusCode::NOT_FOUND).await;
        check("we", &their_id, StatusCode::NOT_FOUND).await;
        check("operator", &their_id, StatusCode::OK).await;
    }
    assert_eq!(setup.get("they", &format!("/reports/{our_id}")).await.0, StatusCode::NOT_FOUND);
    // An agency finds its own letters among the documents, and cannot ask for those of others by key.
    let (_, ours) = setup.get("we", &format!("/api/v1/reports/{our_id}")).await;
    let our_key = ours["key"].as_str().unwrap();
    let documents = async |who: &str| {
        let request = setup.request(&Method::GET, "/documents").bearer_auth(setup.keys.get(who));
        request.send().await.unwrap().text().await.unwrap()
    };
    for (who, sees) in [("we", true), ("they", false)] {
        let page = documents(who).await;
        let is_open = ours["verdict"] != "pass";
        assert_eq!(page.contains(&format!("/api/v1/reports/{our_key}/letter")), sees && is_open, "{page}");
        let (status, _) = setup.get(who, &format!("/api/v1/letters?key={our_key}")).await;
        assert_eq!(status == StatusCode::OK, sees && is_open, "{who}");
    }
    assert_eq!(setup.get("they", &format!("/api/v1/status/{our_id}")).await.0, StatusCode::NOT_FOUND);
    // Which host leads the index is for those who run it.
    for (who, may_know) in [("they", false), ("operator", true)] {
        let (_, status) = setup.get(who, "/api/v1/status").await;
        assert_eq!(status["index_leader"]["holder"].is_string(), may_know, "{who}: {status}");
        assert_eq!(status.get("index_leader").is_some(), may_know, "{who}: {status}");
    }
    let (_, states) = setup.post_json("they", "/api/v1/states", &json!([our_id])).await;
    assert_eq!(states[0]["state"], "unknown");

    let reason = json!({"who": "某某", "why": "换一份"});
    let withdraw = async |who: &str, id: &str| {
        setup.post_json(who, &format!("/api/v1/reports/{id}/withdrawal"), &reason).await
    };
    let (status, problem) = withdraw("we", &their_id).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("not-yours")));
    let (status, taken) = withdraw("they", &their_id).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{taken}");
    until("it to be taken back", SOON, async || {
        Ok(found("operator").await.eq(&[json!(our_id)]).then_some(()))
    })
    .await
    .unwrap();

    let audit = setup.audit();
    let did = |who: &str, action: &str, allowed: bool| {
        audit
            .iter()
            .filter(|one| one["who"] == who && one["action"] == action && one["allowed"] == allowed)
            .count()
    };
    assert_eq!(
        (did("we", "submit", true), did("they", "submit", true), did("they", "withdraw", true)),
        (3, 1, 1)
    );
    assert_eq!(did("we", "withdraw", false), 1, "{audit:?}");
}

/// After a loss of the log, the originals tell the refused submission of one sender from the accepted one of
/// another.
#[tokio::test]
async fn a_lost_log_gives_nobody_the_reports_of_others() {
    let (ours, theirs) = two();
    let mut keys = Keys::new();
    keys.add("we", &["--role", "submit", "--region", &ours.truth.region_code[..2]]);
    keys.add("they", &["--role", "submit", "--region", &theirs.truth.region_code]);
    keys.add("operator", &["--role", "operate"]);
    let setup = Setup::open(keys, &[]).await;
    let (wrong_id, _) = setup.send("we", &theirs).await;
    setup.until_state("we", &wrong_id, "refused").await;
    let (their_id, _) = setup.send("they", &theirs).await;
    setup.until_state("they", &their_id, "indexed").await;

    let bus = async_nats::connect(setup.pipeline.nats.url()).await.unwrap();
    async_nats::jetstream::new(bus).delete_stream("GOUJI").await.unwrap();
    for verb in [&["topology", "apply"][..], &["reconcile", "--rebuild"]] {
        let output = setup.pipeline.command(verb).unwrap().output().unwrap();
        assert!(output.status.success(), "{verb:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    setup.until_state("they", &their_id, "indexed").await;
    setup.until_state("we", &wrong_id, "refused").await;
}
