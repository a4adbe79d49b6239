//! What reviewers do: through the API, through the forms, and in the lists.

use access::key::{generate, hash_of};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::harness::{TestConsole, sample};

const WRONG: &str = "tabs-row-without-figures.txt";
const GOOD: &str = "page-utf8.html";

/// A console with a report in order and one with findings; their keys.
async fn with_two(more: &[(&str, &str)]) -> (TestConsole, String, String) {
    let mut console = TestConsole::empty_with(more).await;
    let (_, good) = console.submit(GOOD, &sample(GOOD)).await;
    let (_, wrong) = console.submit(WRONG, &sample(WRONG)).await;
    console.index_reviews().await;
    (console, good, wrong)
}

/// The bytes of a sample as its agency sends it again: another file of the same report.
fn corrected(name: &str) -> Vec<u8> {
    [sample(name), b"\n\n".to_vec()].concat()
}

async fn act(console: &TestConsole, key: &str, body: Value) -> (StatusCode, Value) {
    let answer = console.post(&format!("/api/v1/reports/{key}/reviews"), &body.to_string()).await;
    (answer.status, answer.json())
}

async fn reviews(console: &TestConsole, key: &str) -> Value {
    console.get(&format!("/api/v1/reports/{key}/reviews")).await.json()
}

/// How many reports each state has.
async fn states(console: &TestConsole) -> Value {
    let found = console.get("/api/v1/reports?limit=0&facets=review").await.json();
    let counts = found["facets"]["review"].as_array().unwrap().iter();
    counts.map(|count| (count["value"].as_str().unwrap().to_owned(), count["count"].clone())).collect()
}

#[tokio::test]
async fn a_report_is_returned_sent_again_and_accepted() {
    let (mut console, _, wrong) = with_two(&[]).await;
    assert_eq!(states(&console).await, json!({"pending": 2}));
    let body = json!({"act": "returned", "deadline": "2099-03-01", "note": "请更正表三", "seen": 0});
    let (status, now) = act(&console, &wrong, body).await;
    assert_eq!(
        (status, &now["state"], &now["due"]),
        (StatusCode::OK, &json!("returned"), &json!("2099-03-01"))
    );
    // The page reads the log and is current at once; the lists follow.
    let page = console.get(&format!("/reports/{wrong}")).await.text();
    for text in ["退回修改", "整改期限 2099-03-01", "请更正表三", "name=\"seen\" value=\"1\""] {
        assert!(page.contains(text), "{text}");
    }
    console.index_reviews().await;
    assert_eq!(states(&console).await, json!({"pending": 1, "returned": 1}));
    let list = console.get("/review?tab=returned").await.text();
    assert!(list.contains(&format!("value=\"{wrong}:1\"")) && list.contains("2099-03-01"), "{list}");
    let found = console.get("/api/v1/reports?review=returned&due=2099-01..2099-12").await.json();
    assert_eq!(found["hits"][0]["key"], wrong);

    let (_, key) = console.submit(WRONG, &corrected(WRONG)).await;
    assert_eq!(key, wrong);
    console.index_reviews().await;
    assert_eq!(states(&console).await, json!({"pending": 1, "resent": 1}));
    assert_eq!(reviews(&console, &wrong).await["state"], "resent");
    let (status, now) = act(&console, &wrong, json!({"act": "accepted", "seen": 1})).await;
    assert_eq!((status, &now["state"]), (StatusCode::OK, &json!("accepted")));
    console.index_reviews().await;
    assert_eq!(states(&console).await, json!({"accepted": 1, "pending": 1}));

    // Another version ends the acceptance, and the page says so.
    console.submit(WRONG, &[corrected(WRONG), b"\n".to_vec()].concat()).await;
    console.index_reviews().await;
    assert_eq!(states(&console).await, json!({"pending": 2}));
    assert!(console.get(&format!("/reports/{wrong}")).await.text().contains("此前的版本已通过审核"));
}

#[tokio::test]
async fn the_second_of_two_reviewers_learns_what_the_first_did() {
    let (_console, good, _) = with_two(&[]).await;
    let console = &_console;
    let dismissed = json!({"act": "commented", "text": "先电话核实", "seen": 0});
    assert_eq!(act(console, &good, dismissed).await.0, StatusCode::OK);
    let (status, problem) = act(console, &good, json!({"act": "accepted", "seen": 0})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("review-conflict")));
    assert!(problem["detail"].as_str().unwrap().contains("备注"), "{problem}");
    assert_eq!(reviews(console, &good).await["state"], "pending");
    // A comment needs nothing of what others did.
    let (status, now) = act(console, &good, json!({"act": "commented", "text": "已核实"})).await;
    assert_eq!((status, &now["seen"]), (StatusCode::OK, &json!(2)));

    // Of many at the same time, each finds its place or learns why not: nothing is overwritten.
    let all = (0..8).map(|number| {
        let body = json!({"act": "commented", "text": format!("第{number}条"), "seen": 2});
        act(console, &good, body)
    });
    let outcomes = futures::future::join_all(all).await;
    let taken = outcomes.iter().filter(|(status, _)| *status == StatusCode::OK).count();
    assert_eq!(taken, 1, "{outcomes:?}");
    let acts = reviews(console, &good).await["acts"].as_array().unwrap().len();
    assert_eq!(acts, 3);

    // Who saw an earlier version has to look again.
    let (status, problem) = act(console, &good, json!({"act": "accepted", "version": "0-g0"})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("review-conflict")));
}

#[tokio::test]
async fn findings_are_dismissed_and_inherited_by_the_same_figures() {
    let (mut console, _, wrong) = with_two(&[]).await;
    let findings = console.get(&format!("/api/v1/reports/{wrong}/findings")).await.json();
    let finding = &findings["findings"][0];
    let rule = finding["rule"].as_str().unwrap();
    let hit = async |console: &TestConsole| {
        let found = console.get("/api/v1/reports?sort=-open").await.json();
        let hits = found["hits"].as_array().unwrap().clone();
        hits.into_iter().find(|hit| hit["key"] == wrong).unwrap()
    };
    let before = hit(&console).await;
    assert!(before["problem"]["problems"].as_u64().unwrap() > 0, "{before}");
    assert!(console.get("/").await.text().contains(before["problem"]["title"].as_str().unwrap()));

    let letter =
        async |console: &TestConsole| console.get(&format!("/api/v1/reports/{wrong}/letter")).await.text();
    let letter_before = letter(&console).await;
    let (status, problem) = act(&console, &wrong, json!({"act": "dismissed", "why": "已核实"})).await;
    assert_eq!((status.as_u16(), &problem["field"]), (400, &json!("findings")));
    let (status, problem) =
        act(&console, &wrong, json!({"act": "dismissed", "findings": [{"rule": rule}]})).await;
    assert_eq!((status.as_u16(), &problem["code"]), (400, &json!("no-reason")));
    let body = json!({"act": "dismissed", "why": "已核实", "findings": [{"rule": "T9-99"}]});
    let (status, problem) = act(&console, &wrong, body).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("no-such-finding")));
    let open = reviews(&console, &wrong).await["open"].as_u64().unwrap();
    let body =
        json!({"act": "dismissed", "why": "已核实", "findings": [{"rule": rule, "cells": finding["cells"]}]});
    let (status, now) = act(&console, &wrong, body).await;
    assert_eq!(status, StatusCode::OK, "{now}");
    assert!(now["open"].as_u64().unwrap() < open, "{now}");
    let count = |hit: &Value| {
        hit["review"]["open_errors"].as_u64().unwrap() + hit["review"]["open_warnings"].as_u64().unwrap()
    };
    console.index_reviews().await;
    let after = hit(&console).await;
    assert!(count(&after) < count(&before), "{after}");
    // The agency does not see it.
    assert!(letter(&console).await.len() < letter_before.len());
    let found = console.get(&format!("/api/v1/reports?open={rule}&limit=0")).await.json();
    let all = console.get(&format!("/api/v1/reports?finding={rule}&limit=0")).await.json();
    assert!(found["total"].as_u64() < all["total"].as_u64(), "{found} {all}");
    // The same figures in a version that is sent later.
    console.submit(WRONG, &corrected(WRONG)).await;
    console.index_reviews().await;
    assert_eq!(count(&hit(&console).await), count(&after));
    assert!(reviews(&console, &wrong).await["decisions"][0]["act"] == "dismissed");
    let page = console.get(&format!("/reports/{wrong}")).await.text();
    assert!(page.contains("不作为问题") && page.contains("已核实"), "{page}");
}

#[tokio::test]
async fn forms_work_without_script() {
    let (mut console, good, wrong) = with_two(&[]).await;
    let page = console.get(&format!("/reports/{wrong}")).await.text();
    let token = page.split("name=\"finding\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let address = format!("/reports/{wrong}/reviews");
    let sent = console
        .post(
            &address,
            &format!("act=dismissed&seen=0&about=findings&finding={token}&why=%E5%B7%B2%E6%A0%B8%E5%AE%9E"),
        )
        .await;
    assert_eq!(
        (sent.status.as_u16(), sent.header("location")),
        (303, format!("/reports/{wrong}#review").as_str()),
        "{}",
        sent.text()
    );
    // The form of findings never acts on the whole report.
    let sent = console.post(&address, "act=reopened&seen=1&about=findings").await;
    assert_eq!(sent.status, 400, "{}", sent.text());
    let sent = console.post(&address, "act=accepted&seen=0").await;
    assert_eq!(sent.status, 409);
    assert!(sent.text().contains("不作为问题") && sent.text().contains("<html"), "{}", sent.text());

    // Many at once: first what is done to how many, then the outcomes.
    let list = console.get("/review").await.text();
    let letters = "/documents?review=pending&amp;kind=letter";
    assert!(list.contains(letters), "{list}");
    let made = console.get(&letters.replace("&amp;", "&")).await.text();
    assert!(made.contains("可以生成") && made.contains("name=\"review\" value=\"pending\""), "{made}");
    assert!(list.contains(&format!("value=\"{good}:0\"")), "{list}");
    let form = format!("act=returned&deadline=2099-03-01&report={good}:0&report={wrong}:0&back=/review");
    let asked = console.post("/review", &form).await.text();
    assert!(asked.contains("对 2 份年度报告办理“退回修改”"), "{asked}");
    assert_eq!(reviews(&console, &good).await["state"], "pending");
    let done = console.post("/review", &format!("{form}&confirmed=true")).await.text();
    // On one of them somebody had acted since.
    assert!(done.contains("已办理 1 份，1 份未办理") && done.contains(&wrong), "{done}");
    assert_eq!(reviews(&console, &good).await["state"], "returned");
    console.index_reviews().await;
    let list = console.get("/review?tab=returned").await.text();
    assert!(list.contains(&good) && !list.contains(&wrong), "{list}");
    // All that a list finds, whatever is ticked.
    let all = console
        .post(
            "/review",
            "act=assigned&assignee=%E6%9D%8E%E5%9B%9B&all=1&filter=review%3Dpending&confirmed=true",
        )
        .await;
    assert!(all.text().contains("已办理 1 份"), "{}", all.text());
    assert_eq!(reviews(&console, &wrong).await["assignee"], "李四");
    let other =
        console.post("/review", "act=assigned&assignee=x&all=7&filter=review%3Dpending&confirmed=true").await;
    assert_eq!(other.status, 409, "{}", other.text());
}

#[tokio::test]
async fn many_reports_have_an_outcome_each() {
    let (mut console, good, wrong) = with_two(&[]).await;
    let many = async |console: &TestConsole, body: Value| {
        let answer = console.post("/api/v1/reviews", &body.to_string()).await;
        (answer.status.as_u16(), answer.json())
    };
    let reports = json!([{"key": good, "seen": 0}, {"key": wrong, "seen": 4}, {"key": "0".repeat(32)}]);
    let (status, outcome) = many(&console, json!({"act": "accepted", "reports": reports})).await;
    assert_eq!((status, &outcome["done"], &outcome["failed"]), (200, &json!(1), &json!(2)), "{outcome}");
    let codes: Vec<&Value> = outcome["reports"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, [&Value::Null, &json!("review-conflict"), &json!("not-found")]);
    console.index_reviews().await;
    let filter = |expected: u64| json!({"act": "accepted", "filter": "review=pending", "expected": expected});
    assert_eq!(many(&console, filter(2)).await.0, 409);
    let (_, outcome) = many(&console, filter(1)).await;
    assert_eq!((&outcome["done"], &outcome["reports"][0]["key"]), (&json!(1), &json!(wrong)));
    assert_eq!(many(&console, json!({"act": "accepted"})).await.0, 400);
    assert_eq!(many(&console, json!({"act": "praised", "reports": [{"key": good}]})).await.0, 400);
    assert_eq!(many(&console, json!({"act": "accepted", "filter": "colour=red"})).await.0, 400);
    let later = json!({"act": "returned", "deadline": "2001-01-01", "reports": [{"key": good}]});
    assert_eq!(many(&console, later).await.1["failed"], 1);
}

/// What each role may do and see. An agency sees what was decided on its report, and nothing of what reviewers say
/// among themselves.
#[tokio::test]
async fn each_role_does_and_sees_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    let mut file = String::new();
    let mut key = |name: &str, role: &str, more: &str| {
        let key = generate().unwrap();
        file += &format!(
            "[[key]]\nname = \"{name}\"\nrole = \"{role}\"\nsha256 = \"{}\"\n{more}\n",
            hash_of(&key)
        );
        key
    };
    let (reviewer, lead) = (key("张三", "review", ""), key("王五", "lead", ""));
    let elsewhere = key("外地", "review", "regions = [\"65\"]");
    let agency = key("报送", "submit", "regions = [\"32\", \"51\"]");
    std::fs::write(&path, file).unwrap();
    let (mut console, good, wrong) = with_two(&[("GOUJI_KEYS", path.to_str().unwrap())]).await;
    let key_of = console.get("/api/v1/reports").await;
    assert_eq!(key_of.status, StatusCode::UNAUTHORIZED);
    console.bearer.clone_from(&reviewer);
    let (status, problem) = act(&console, &good, json!({"act": "accepted"})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("wrong-role")));
    let page = console.get(&format!("/reports/{wrong}")).await.text();
    assert!(page.contains("value=\"returned\"") && !page.contains("value=\"accepted\""));
    assert!(!page.contains("value=\"waived\""));
    let comment = json!({"act": "commented", "text": "内部意见", "seen": 0});
    assert_eq!(act(&console, &wrong, comment).await.0, StatusCode::OK);
    let assign = json!({"act": "assigned", "assignee": "张三", "seen": 1});
    assert_eq!(act(&console, &wrong, assign).await.0, StatusCode::OK);
    let back = json!({"act": "returned", "note": "请更正", "deadline": "2099-03-01", "seen": 2});
    assert_eq!(act(&console, &wrong, back).await.0, StatusCode::OK);
    let rule = json!([{"rule": "T3-08"}]);
    let waive = json!({"act": "waived", "findings": rule, "why": "并入过渡期间", "until": "2099-12-31"});
    assert_eq!(act(&console, &wrong, waive.clone()).await.0, StatusCode::FORBIDDEN);
    console.index_reviews().await;
    assert!(console.get("/review?tab=mine").await.text().contains(&wrong));
    assert!(console.get("/review").await.text().contains("我的"));

    console.bearer.clone_from(&lead);
    assert_eq!(act(&console, &good, json!({"act": "accepted"})).await.0, StatusCode::OK);
    let (status, now) = act(&console, &wrong, waive).await;
    assert_eq!(status, StatusCode::OK, "{now}");

    console.bearer.clone_from(&elsewhere);
    assert_eq!(
        act(&console, &wrong, json!({"act": "commented", "text": "x"})).await.0,
        StatusCode::NOT_FOUND
    );
    let filter = json!({"act": "commented", "text": "x", "filter": "year=2007..2099"}).to_string();
    assert_eq!(console.post("/api/v1/reviews", &filter).await.status, StatusCode::BAD_REQUEST);

    // A report in which the rules find nothing is returned all the same, and its agency finds that among the letters.
    console.bearer.clone_from(&reviewer);
    let note = json!({"act": "returned", "note": "请补充第五部分", "deadline": "2099-04-01"});
    assert_eq!(act(&console, &good, note).await.0, StatusCode::OK);
    console.index_reviews().await;

    console.bearer = agency;
    let documents = console.get("/documents").await.text();
    for text in [&format!("/reports/{good}"), "请于2099-04-01前重新报送。请补充第五部分"] {
        assert!(documents.contains(text), "{text} in {documents}");
    }
    let letter = console.get(&format!("/api/v1/reports/{wrong}/letter")).await.text();
    assert!(letter.contains("请于2099年3月1日前"), "{letter}");
    let own = reviews(&console, &wrong).await;
    let acts: Vec<&str> =
        own["acts"].as_array().unwrap().iter().filter_map(|act| act["act"].as_str()).collect();
    assert_eq!((acts, &own["due"]), (vec!["returned"], &json!("2099-03-01")), "{own}");
    let page = console.get(&format!("/reports/{wrong}")).await.text();
    assert!(page.contains("请更正") && page.contains("整改期限 2099-03-01"), "{page}");
    for hidden in ["内部意见", "经办", "并入过渡期间", "<form class=\"act\""] {
        assert!(!page.contains(hidden) && !own.to_string().contains(hidden), "{hidden}");
    }
    for forbidden in [
        "assignee=%E5%BC%A0%E4%B8%89",
        "q=assignee:%E5%BC%A0%E4%B8%89",
        "open=error",
        "facets=assignee",
        "sort=-open",
    ] {
        let answer = console.get(&format!("/api/v1/reports?{forbidden}")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{forbidden}");
    }
    let hits = console.get("/api/v1/reports?review=returned").await.json();
    assert_eq!((&hits["total"], &hits["hits"][0]["review"]["assignee"]), (&json!(2), &Value::Null));
    assert_eq!(console.get("/review").await.status, StatusCode::FORBIDDEN);
    let (status, _) = act(&console, &wrong, json!({"act": "commented", "text": "x"})).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}
