//! Which role may use which route.

use std::process::Command;

use reqwest::{Method, StatusCode};
use tests::pipeline::SOON;
use tests::processes::{free_port, program, until};

use super::{Keys, Setup, answer};

/// Every path with the roles that it admits: submit, review, operate. All others are turned away.
const ROUTES: [(Method, &str, [bool; 3]); 44] = [
    (Method::GET, "/", [true, true, true]),
    (Method::GET, "/reports/x", [true, true, true]),
    (Method::GET, "/regions", [false, true, true]),
    (Method::GET, "/status", [false, true, true]),
    (Method::GET, "/roster", [false, true, true]),
    (Method::GET, "/published", [false, true, true]),
    (Method::GET, "/roster/current", [false, true, true]),
    (Method::POST, "/roster/confirm", [false, false, true]),
    (Method::GET, "/documents", [true, true, true]),
    (Method::GET, "/documents.csv", [true, true, true]),
    (Method::GET, "/news.csv", [true, true, true]),
    (Method::GET, "/rules", [true, true, true]),
    (Method::POST, "/rules/preview", [false, false, true]),
    (Method::POST, "/rules/change", [false, false, true]),
    (Method::GET, "/api/v1/reports", [true, true, true]),
    (Method::GET, "/api/v1/reports/x", [true, true, true]),
    (Method::GET, "/api/v1/reports/x/source", [true, true, true]),
    (Method::GET, "/api/v1/reports/x/cells", [true, true, true]),
    (Method::GET, "/api/v1/reports/x/findings", [true, true, true]),
    (Method::GET, "/api/v1/reports/x/versions", [true, true, true]),
    (Method::GET, "/api/v1/reports/x/letter", [true, true, true]),
    (Method::GET, "/api/v1/reminders", [false, true, true]),
    (Method::GET, "/api/v1/bulletin", [false, true, true]),
    (Method::GET, "/api/v1/policy", [false, true, true]),
    (Method::POST, "/api/v1/policy/changes", [false, false, true]),
    (Method::GET, "/review", [false, true, true]),
    (Method::POST, "/reports/x/reviews", [false, true, true]),
    (Method::GET, "/api/v1/reports/x/reviews", [true, true, true]),
    (Method::POST, "/api/v1/reports/x/reviews", [false, true, true]),
    (Method::POST, "/api/v1/reviews", [false, true, true]),
    (Method::GET, "/api/v1/sum", [true, true, true]),
    (Method::GET, "/api/v1/kept", [false, true, true]),
    (Method::GET, "/api/v1/rollup", [false, true, true]),
    (Method::GET, "/api/v1/roster", [false, true, true]),
    (Method::GET, "/api/v1/survey", [false, true, true]),
    (Method::GET, "/api/v1/status", [true, true, true]),
    (Method::GET, "/api/v1/status/x", [true, true, true]),
    (Method::GET, "/api/v1/submissions/x", [true, true, true]),
    (Method::POST, "/api/v1/reports", [true, false, true]),
    (Method::POST, "/api/v1/reports/x/withdrawal", [true, false, true]),
    (Method::POST, "/api/v1/states", [true, true, true]),
    (Method::POST, "/api/v1/roster", [false, false, true]),
    (Method::GET, "/api/v1/published", [false, false, true]),
    (Method::POST, "/api/v1/published", [false, false, true]),
];
/// Nobody is asked here.
const OPEN: [&str; 4] = ["/healthz", "/readyz", "/openapi.json", "/assets/console.css"];

fn keys() -> Keys {
    let mut keys = Keys::new();
    keys.add("submit", &["--role", "submit", "--region", "61"]);
    keys.add("review", &["--role", "review"]);
    keys.add("operate", &["--role", "operate"]);
    keys.add("expired", &["--role", "operate", "--expires", "2020-01-01"]);
    keys
}

#[tokio::test]
async fn every_route_answers_its_roles_and_nobody_else() {
    let setup = Setup::open(keys(), &[]).await;
    for (method, path, admitted) in &ROUTES {
        let (status, problem) = answer(setup.request(method, path)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
        if path.starts_with("/api/") {
            assert_eq!(problem["type"], "urn:gouji:problem:no-key", "{path}");
            assert!(problem["hint"].as_str().unwrap().contains("Bearer"), "{problem}");
        }
        for (who, admitted) in ["submit", "review", "operate"].into_iter().zip(admitted) {
            let (status, problem) =
                answer(setup.request(method, path).bearer_auth(setup.keys.get(who))).await;
            let turned_away = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
            assert_eq!(!turned_away, *admitted, "{who}: {method} {path}: {status} {problem}");
        }
        let expired = setup.request(method, path).bearer_auth(setup.keys.get("expired"));
        assert_eq!(answer(expired).await.0, StatusCode::UNAUTHORIZED, "expired: {method} {path}");
    }
    for path in OPEN {
        assert_eq!(answer(setup.request(&Method::GET, path)).await.0, StatusCode::OK, "{path}");
    }
    // A proxy on this machine may name its client or not.
    for header in ["x-forwarded-for", "x-real-ip", "via", "accept"] {
        let metrics = || setup.request(&Method::GET, "/metrics").header(header, "192.0.2.7");
        assert_eq!(answer(metrics()).await.0, StatusCode::UNAUTHORIZED, "{header}");
        for (who, status) in [("review", StatusCode::FORBIDDEN), ("operate", StatusCode::OK)] {
            assert_eq!(answer(metrics().bearer_auth(setup.keys.get(who))).await.0, status, "{who} {header}");
        }
    }

    // A browser is asked for a password on pages, and the key is the password.
    let page = setup.request(&Method::GET, "/").send().await.unwrap();
    let asked = page.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(asked.starts_with("Basic realm="), "{asked}");
    assert!(page.text().await.unwrap().contains("请求没有带密钥"), "people get a page");
    let page = setup.request(&Method::GET, "/").basic_auth("张三", Some(setup.keys.get("review")));
    assert_eq!(answer(page).await.0, StatusCode::OK);
    let api = setup.request(&Method::GET, "/api/v1/reports").send().await.unwrap();
    assert_eq!(api.headers()["www-authenticate"], "Bearer realm=\"gouji\"");

    // A key that is taken out of the file opens nothing any more; a file that is broken changes nothing.
    assert_eq!(setup.get("review", "/api/v1/kept").await.0, StatusCode::OK);
    let text = std::fs::read_to_string(setup.keys.file()).unwrap();
    std::fs::write(setup.keys.file(), format!("{text}\n[[key")).unwrap();
    assert_eq!(setup.get("review", "/api/v1/kept").await.0, StatusCode::OK);
    std::fs::write(setup.keys.file(), text.replace("\"review\"\nrole", "\"other\"\nrole = \"submit\" #"))
        .unwrap();
    assert_eq!(setup.get("review", "/api/v1/kept").await.0, StatusCode::OK, "no such file of keys");
    let blocks: Vec<&str> = text.split("[[key]]").filter(|block| !block.contains("\"review\"")).collect();
    std::fs::write(setup.keys.file(), blocks.join("[[key]]")).unwrap();
    assert_eq!(setup.get("review", "/api/v1/kept").await.0, StatusCode::UNAUTHORIZED);

    until("the refusals to be written down", SOON, async || {
        let audit = setup.audit();
        Ok(audit
            .iter()
            .any(|action| action["allowed"] == false && action["origin"] == "127.0.0.1")
            .then_some(()))
    })
    .await
    .unwrap();
}

#[test]
fn a_service_without_keys_answers_this_machine_only() {
    let keys = keys();
    let check = |service: &str, more: &[(&str, &str)], expected: i32, says: &str| {
        let mut command = Command::new(program(&format!("gouji-{service}")).unwrap());
        command.arg("--check").env("GOUJI_LISTEN", format!("0.0.0.0:{}", free_port().unwrap()));
        command.env("GOUJI_INDEX", "/nowhere").envs(more.iter().copied());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(expected), "{service} {more:?}: {said}");
        assert!(said.contains(says), "{said}");
    };
    let file = keys.file().display().to_string();
    for service in ["ingest", "console"] {
        check(service, &[], 64, "GOUJI_KEYS");
        check(service, &[("GOUJI_LISTEN", "127.0.0.1:0")], 0, "");
        check(service, &[("GOUJI_KEYS", &file)], 0, "");
        check(service, &[("GOUJI_OPEN", "true")], 0, "");
    }
    std::fs::write(keys.file(), "[[key]]\nname = \"a\"\nrole = \"root\"\n").unwrap();
    check("ingest", &[("GOUJI_KEYS", &file)], 64, "line 3");
}
