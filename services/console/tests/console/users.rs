//! Accounts through the API, and the stream of events that ends with the right to it.

use std::path::Path;
use std::time::Duration;

use access::key::hash_of;
use axum::body::{Body, BodyDataStream};
use axum::http::{Method, Request, StatusCode, header};
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use worker::{OutletState, OutletStates};

use crate::harness::{Answer, TestConsole};

const OPERATOR: &str = "gouji_operator";
const REVIEWER: &str = "gouji_reviewer";

/// The file with the keys of these owners.
fn write_keys(file: &Path, owners: &[(&str, &str, &str)]) {
    let block = |(name, role, key): &(&str, &str, &str)| {
        format!("[[key]]\nname = \"{name}\"\nrole = \"{role}\"\nsha256 = \"{}\"\n", hash_of(key))
    };
    std::fs::write(file, owners.iter().map(block).collect::<String>()).unwrap();
}

/// A console with accounts and two keys; requests carry that of the operator.
async fn console(folder: &Path) -> TestConsole {
    let file = folder.join("keys.toml");
    write_keys(&file, &[("值班", "operate", OPERATOR), ("审核", "review", REVIEWER)]);
    let settings = [("GOUJI_ACCOUNTS", "true"), ("GOUJI_KEYS", file.to_str().unwrap())];
    let mut console = TestConsole::empty_with(&settings).await;
    console.bearer = OPERATOR.into();
    console
}

async fn send(console: &TestConsole, method: Method, address: &str, body: Value) -> Answer {
    let request = Request::builder().method(method).uri(address).header("content-type", "application/json");
    console.ask_with(request, Body::from(body.to_string())).await
}

/// Signs in with a password. Returns the cookie; none where it is refused.
async fn sign_in(console: &TestConsole, name: &str, password: &str) -> Option<String> {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let request = Request::post("/login")
        .header(header::HOST, "gouji.example")
        .header(header::ORIGIN, "http://gouji.example")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("name={}&password={}", encode(name), encode(password))));
    let response = console.router.clone().oneshot(request.unwrap()).await.unwrap();
    let cookie = response.headers().get(header::SET_COOKIE)?.to_str().unwrap().to_owned();
    (response.status() == StatusCode::SEE_OTHER).then(|| cookie.split(';').next().unwrap().to_owned())
}

#[tokio::test]
async fn an_administrator_makes_changes_and_disables_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let mut console = console(folder.path()).await;
    let new = json!({"name": "张三", "display": "张三（市政务公开办）", "role": "operate"});
    let made = send(&console, Method::POST, "/api/v1/users", new.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.header("cache-control"), "no-store");
    let password = made.json()["initial_password"].as_str().unwrap().to_owned();
    let account = made.json()["user"].clone();
    assert_eq!(account["role"], "operate");
    assert_eq!(account["must_change_password"], true);
    let cookie = sign_in(&console, "张三", &password).await.expect("the first password signs in");

    // By id and by name, and never with a hash of a password.
    let name = "%E5%BC%A0%E4%B8%89";
    for id in [account["id"].as_str().unwrap(), name] {
        let shown = console.get(&format!("/api/v1/users/{id}")).await;
        assert_eq!(shown.json(), account);
        assert!(!shown.text().contains("argon2"), "{}", shown.text());
    }
    let listed = console.get("/api/v1/users?q=%E5%B8%82%E6%94%BF&role=operate").await.json();
    assert_eq!((&listed["total"], &listed["users"][0]), (&json!(1), &account));
    assert_eq!(console.get("/api/v1/users?role=review").await.json()["total"], 0);

    // What cannot be, and the error names its field.
    let check = |answer: Answer, status: u16, field: &str| {
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
        assert_eq!(answer.json()["field"].as_str().unwrap_or_default(), field, "{}", answer.text());
    };
    check(send(&console, Method::POST, "/api/v1/users", new).await, 409, "name");
    let clerk = json!({"name": "clerk", "display": "clerk", "role": "submit"});
    check(send(&console, Method::POST, "/api/v1/users", clerk).await, 422, "regions");
    let root = json!({"name": "root", "display": "root", "role": "root"});
    check(send(&console, Method::POST, "/api/v1/users", root).await, 400, "role");
    let address = format!("/api/v1/users/{name}");
    // The last administrator stays one.
    check(send(&console, Method::PATCH, &address, json!({"role": "review"})).await, 409, "");
    check(send(&console, Method::PATCH, &address, json!({"disabled": true})).await, 409, "");
    check(send(&console, Method::PATCH, "/api/v1/users/nobody", json!({})).await, 404, "");

    let other = json!({"name": "li", "display": "李四", "role": "operate"});
    send(&console, Method::POST, "/api/v1/users", other).await;
    let changed =
        send(&console, Method::PATCH, &address, json!({"role": "review", "regions": ["6101"]})).await;
    assert_eq!(changed.json()["role"], "review");
    assert_eq!(changed.json()["display"], "张三（市政务公开办）", "what is absent stays");
    let reset = send(&console, Method::POST, &format!("{address}/password"), json!({})).await.json();
    let new_password = reset["initial_password"].as_str().unwrap();
    assert_eq!(sign_in(&console, "张三", &password).await, None);
    let later = sign_in(&console, "张三", new_password).await.expect("the new password signs in");
    assert_ne!(cookie, later);
    let disabled = send(&console, Method::PATCH, &address, json!({"disabled": true})).await;
    assert_eq!(disabled.json()["disabled"], true);
    assert_eq!(sign_in(&console, "张三", new_password).await, None);

    let audit = console.get("/api/v1/audit").await.text();
    for action in ["create-account", "change-account", "reset-password", "disable-account"] {
        assert!(audit.contains(&format!("\"action\":\"{action}\"")), "{action} is not in {audit}");
    }
    assert!(!audit.contains(new_password), "no password is in the audit trail");
    console.bearer = REVIEWER.into();
    for address in ["/api/v1/users", &address] {
        assert_eq!(console.get(address).await.status, StatusCode::FORBIDDEN);
    }
}

/// Opens the stream of events with a header, and reads its first event.
async fn events(console: &TestConsole, name: header::HeaderName, value: &str) -> BodyDataStream {
    let request = Request::get("/api/v1/events").header(name, value).body(Body::empty()).unwrap();
    let response = console.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut stream = response.into_body().into_data_stream();
    assert!(stream.next().await.unwrap().unwrap().starts_with(b"event: status"));
    stream
}

/// Waits for the end of a stream.
async fn ends(mut stream: BodyDataStream) {
    let end = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(30), end).await.expect("the stream ends");
}

#[tokio::test]
async fn a_stream_of_events_ends_with_its_session_or_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let console = console(folder.path()).await;
    let clerk = json!({"name": "clerk", "display": "clerk", "role": "review"});
    let made = send(&console, Method::POST, "/api/v1/users", clerk).await.json();
    let password = made["initial_password"].as_str().unwrap();
    let cookie = sign_in(&console, "clerk", password).await.unwrap();
    // A first password has to be changed before a stream can be opened.
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let chosen = format!("{password} 之后");
    let form = format!("present={}&password={1}&again={1}", encode(password), encode(&chosen));
    let request = Request::post("/account/password")
        .header(header::HOST, "gouji.example")
        .header(header::ORIGIN, "http://gouji.example")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form));
    console.router.clone().oneshot(request.unwrap()).await.unwrap();
    let cookie = sign_in(&console, "clerk", &chosen).await.unwrap();

    let of_session = events(&console, header::COOKIE, &cookie).await;
    let of_key = events(&console, header::AUTHORIZATION, &format!("Bearer {REVIEWER}")).await;
    let of_operator = events(&console, header::AUTHORIZATION, &format!("Bearer {OPERATOR}")).await;
    send(&console, Method::POST, "/api/v1/users/clerk/sign-out", json!({})).await;
    ends(of_session).await;
    write_keys(&folder.path().join("keys.toml"), &[("值班", "operate", OPERATOR)]);
    ends(of_key).await;
    // That of a key which is still valid goes on: it ends by the shutdown only.
    console.worker.shutdown().trigger();
    ends(of_operator).await;
}

#[tokio::test]
async fn what_targets_answer_is_for_operators_and_counts_of_everybody_for_who_sees_everybody() {
    const OWN: &str = "gouji_own";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    write_keys(
        &file,
        &[("值班", "operate", OPERATOR), ("审核", "review", REVIEWER), ("市局", "review", OWN)],
    );
    // The last of them reviews one province.
    let text = std::fs::read_to_string(&file).unwrap() + "regions = [\"37\"]\n";
    std::fs::write(&file, text).unwrap();
    let mut console = TestConsole::empty_with(&[("GOUJI_KEYS", file.to_str().unwrap())]).await;
    console.bearer = OPERATOR.into();
    console.submit("page-gb18030.html", &crate::harness::sample("page-gb18030.html")).await;
    console.commit().await;
    let refuses = |state: &mut OutletState| {
        (state.set_aside, state.problem) = (2, "connecting to 10.1.2.3:5432: refused".into());
        Ok(())
    };
    OutletStates::new(console.worker.bus()).change("sheng", refuses).await.unwrap();

    let shows = async |console: &TestConsole, texts: &[(&str, bool)]| {
        let page = console.get("/status").await.text();
        for (text, expected) in texts {
            assert_eq!(page.contains(text), *expected, "{text} in {page}");
        }
    };
    let problem = "connecting to 10.1.2.3:5432: refused";
    let (kept, counts) = ("原因由管理员查看", "data-count=\"submitted\"");
    shows(&console, &[(problem, true), ("gouji outlet show sheng", true), (kept, false)]).await;
    assert_eq!(console.get("/api/v1/status").await.json()["outlets"][0]["problem"], problem);
    console.bearer = REVIEWER.into();
    shows(&console, &[(problem, false), ("gouji outlet", false), (kept, true)]).await;
    let problem = console.get("/api/v1/status").await.json()["outlets"][0]["problem"].clone();
    assert!(problem.as_str().unwrap().contains(kept), "{problem}");
    assert!(console.get("/").await.text().contains(counts));
    // Nothing of that province was sent, and the counts of the others are not its reviewer's.
    console.bearer = OWN.into();
    shows(&console, &[("您的范围内当前可检索 <b>0</b>", true), ("全系统合计", true)]).await;
    assert!(!console.get("/").await.text().contains(counts));
}

#[tokio::test]
async fn the_audit_page_says_in_chinese_what_programs_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let mut console = console(folder.path()).await;
    let new = json!({"name": "lisi", "display": "李四", "role": "review", "regions": ["3704"]});
    assert_eq!(send(&console, Method::POST, "/api/v1/users", new).await.status, StatusCode::CREATED);
    console.bearer = REVIEWER.into();
    assert_eq!(console.get("/audit").await.status, StatusCode::FORBIDDEN);
    console.bearer = OPERATOR.into();
    // A denial is recorded beside the answer.
    let page = loop {
        let page = console.get("/audit").await.text();
        if page.contains("拒绝</span>") {
            break page;
        }
        tokio::task::yield_now().await;
    };
    for text in ["角色：审核员；范围：3704", "角色没有这项权限"] {
        assert!(page.contains(text), "{text} in {page}");
    }
    let table = console.get("/api/v1/audit?format=csv").await.text();
    assert!(table.contains("角色：审核员；范围：3704") && !table.contains("wrong-role"), "{table}");
}
