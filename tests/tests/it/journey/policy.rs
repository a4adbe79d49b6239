//! The rule policy is changed while everything runs: what comes next is judged under it, what was there is judged
//! again, and no process is started again for it.

use reqwest::StatusCode;
use serde_json::Value;
use tests::api::{http, list};
use tests::generate::{Generated, Layout, Options, generate_of};
use tests::pipeline::{Pipeline, Shape};
use tests::processes::until;

use super::{Log, PATIENCE, SEED, id};

const YEAR: u16 = 2024;
/// The rule that is switched off: received and carried over are what was concluded and carried over.
const RULE: &str = "T3-01";

fn right() -> Options {
    Options { layouts: vec![Layout::Tabs], ..Options::default() }
}

/// The report of an agency with a wrong total, which breaks the rule.
fn wrong(agency: u64) -> Generated {
    let mut report = generate_of(SEED, agency, YEAR, &right());
    let text = String::from_utf8(report.bytes).unwrap();
    let line = text.lines().find(|line| line.contains("本年新收政府信息公开申请数量")).unwrap();
    let spoilt: Vec<String> = line
        .split('\t')
        .map(|cell| {
            cell.trim().parse::<u64>().map_or_else(|_| cell.to_owned(), |figure| (figure + 1).to_string())
        })
        .collect();
    report.bytes = text.replacen(line, &spoilt.join("\t"), 1).into_bytes();
    report
}

/// The findings of the rule in a report, and the version of the rules.
async fn found(pipeline: &Pipeline, id: &str) -> (usize, String, Value) {
    let report = pipeline.api().report(id).await.unwrap();
    let findings = list(&report["findings"]).iter().filter(|finding| finding["rule"] == RULE).count();
    (findings, report["rules_version"].as_str().unwrap().to_owned(), report["verdict"].clone())
}

async fn change(pipeline: &Pipeline, seen: &str, policy: &str) -> (StatusCode, Value) {
    let url = format!("{}/api/v1/policy/changes", pipeline.console.address());
    let mut request = http().build().unwrap().post(url).query(&[("why", "试行")]);
    if !seen.is_empty() {
        request = request.query(&[("seen", seen)]);
    }
    let answer = request.body(policy.to_owned()).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// What a policy would change.
async fn try_out(pipeline: &Pipeline, policy: &str) -> Value {
    let url = format!("{}/api/v1/policy/changes?why=x&dry_run=true", pipeline.console.address());
    let answer = http().build().unwrap().post(url).body(policy.to_owned()).send().await.unwrap();
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_policy_is_in_force_without_a_restart() {
    let pipeline = Pipeline::start(Shape { validate: 2, ..Shape::default() }).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let (first, second) = (wrong(1), wrong(2));
    api.submit("a.txt", first.bytes.clone()).await.unwrap();
    log.until("indexed", 1).await;
    let before = until("the report to be found", PATIENCE, async || {
        Ok(Some(found(&pipeline, &id(&first.bytes)).await).filter(|(findings, ..)| *findings > 0))
    });
    let (findings, version, _) = before.await.unwrap();
    assert!(!version.contains('+'), "{version}");

    let policy = format!("off = [\"{RULE}\"]\n");
    let (status, changed) = change(&pipeline, "", &policy).await;
    assert_eq!((status, changed["id"].as_str()), (StatusCode::CREATED, Some("policy-1")), "{changed}");
    // Somebody who looked before that change does not undo it.
    assert_eq!(change(&pipeline, "", "off = []").await.0, StatusCode::CONFLICT);

    let judged_again = async || {
        until("the report to be judged again", PATIENCE, async || {
            Ok((found(&pipeline, &id(&first.bytes)).await.0 == 0).then_some(()))
        })
        .await
        .unwrap();
    };
    judged_again().await;
    api.submit("b.txt", second.bytes.clone()).await.unwrap();
    log.until("indexed", 2).await;
    let (none, version, _) = found(&pipeline, &id(&second.bytes)).await;
    assert_eq!(none, 0);
    assert_eq!(version.rsplit_once('+').map(|(_, digest)| digest.len()), Some(8), "{version}");

    // The policy before comes back, for both.
    let (status, changed) = change(&pipeline, "policy-1", "off = []").await;
    assert_eq!(status, StatusCode::CREATED, "{changed}");
    for bytes in [&first.bytes, &second.bytes] {
        until("the finding to come back", PATIENCE, async || {
            Ok((found(&pipeline, &id(bytes)).await.0 == findings).then_some(()))
        })
        .await
        .unwrap();
    }

    // A preview judges the reports that the change can touch, and only these, once the index has judged all of them.
    api.submit("c.txt", generate_of(SEED, 3, YEAR, &right()).bytes).await.unwrap();
    log.until("indexed", 3).await;
    let preview = until("a preview of what the rule finds", PATIENCE, async || {
        let preview = try_out(&pipeline, &policy).await;
        Ok((preview["touched"] == 2 && preview["all"] == 3).then_some(preview))
    });
    let preview = preview.await.unwrap();
    assert_eq!((&preview["reports"], &preview["changed"]), (&Value::from(2), &Value::from(2)), "{preview}");
    assert_eq!(preview["rules"][0]["gone"], 2, "{preview}");
    let page = http().build().unwrap().get(format!("{}/rules", pipeline.console.address()));
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("已按现行政策校核"), "{page}");
}
