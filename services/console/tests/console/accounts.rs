//! Signing in, sessions, users and the audit trail, as a browser sees them.

use std::collections::BTreeMap;

use access::AccessControl;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use tower::ServiceExt;

use crate::harness::{Answer, TestConsole};

const HOST: &str = "gouji.example";
const PASSWORD: &str = "correct horse battery";

/// A browser with its cookies, on a console where people have accounts.
struct Browser<'a> {
    console: &'a TestConsole,
    cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    fn new(console: &'a TestConsole) -> Self {
        Self { console, cookies: BTreeMap::new() }
    }

    /// Signed in as this account.
    async fn signed_in(console: &'a TestConsole, name: &str, password: &str) -> Self {
        let mut browser = Self::new(console);
        let answer = browser.sign_in(name, password, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        browser
    }

    async fn sign_in(&mut self, name: &str, password: &str, next: &str) -> Answer {
        self.post("/login", &[("name", name), ("password", password), ("next", next)]).await
    }

    async fn get(&mut self, address: &str) -> Answer {
        self.send(Method::GET, address, &[("sec-fetch-site", "same-origin")], "").await
    }

    async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, address, &[("origin", "http://gouji.example")], &encoded(fields)).await
    }

    async fn send(&mut self, method: Method, address: &str, headers: &[(&str, &str)], form: &str) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(address).header(header::HOST, HOST);
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(form.to_owned())).unwrap();
        let response = self.console.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        for cookie in head.headers.get_all(header::SET_COOKIE) {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        self.cookies.retain(|_, value| !value.is_empty());
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: head.status, headers: head.headers, body }
    }

    async fn status_of(&mut self, address: &str) -> (u16, String) {
        let answer = self.get(address).await;
        (answer.status.as_u16(), answer.header("location").to_owned())
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    fields
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect::<Vec<_>>()
        .join("&")
}

async fn console() -> TestConsole {
    TestConsole::empty_with(&[("GOUJI_ACCOUNTS", "true")]).await
}

/// Makes the first administrator with the link of the first start, and signs it in.
async fn administrator(console: &TestConsole) -> Browser<'_> {
    let access = AccessControl::open(&console.worker).unwrap();
    let secret = access.first_link().await.unwrap().expect("there are no accounts");
    let mut browser = Browser::new(console);
    let address = format!("/login/first/{secret}");
    assert!(browser.get(&address).await.text().contains("设立首个管理员账号"));
    let fields = [("name", "chief"), ("display", "王主任"), ("password", PASSWORD), ("again", PASSWORD)];
    let answer = browser.post(&address, &fields).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/users"), "{}", answer.text());
    // The link works once.
    assert_eq!(Browser::new(console).post(&address, &fields).await.status.as_u16(), 404);
    assert_eq!(access.first_link().await.unwrap(), None);
    browser
}

/// Makes an account. Returns its initial password.
async fn create(admin: &mut Browser<'_>, name: &str, role: &str, regions: &str, agencies: &str) -> String {
    let fields =
        [("name", name), ("display", name), ("role", role), ("regions", regions), ("agencies", agencies)];
    let page = admin.post("/users", &fields).await.text();
    let (_, rest) = page.split_once("<dt>初始密码</dt><dd><code>").unwrap_or_else(|| panic!("{page}"));
    rest.split_once('<').unwrap().0.to_owned()
}

/// The same with a password of its own.
async fn create_and_change(admin: &mut Browser<'_>, name: &str, role: &str, regions: &str) -> String {
    let initial = create(admin, name, role, regions, "").await;
    let mut browser = Browser::signed_in(admin.console, name, &initial).await;
    let chosen = format!("{initial} 之后");
    let fields = [("present", initial.as_str()), ("password", &chosen), ("again", &chosen)];
    let answer = browser.post("/account/password", &fields).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text());
    chosen
}

#[tokio::test]
async fn pages_lead_to_the_sign_in_and_back() {
    let console = console().await;
    administrator(&console).await;
    let mut browser = Browser::new(&console);
    let address = "/?q=%E7%94%B3%E8%AF%B7";
    let login = "/login?next=%2F%3Fq%3D%25E7%2594%25B3%25E8%25AF%25B7";
    assert_eq!(browser.status_of(address).await, (303, login.into()));
    let api = browser.get("/api/v1/reports").await;
    assert_eq!((api.status.as_u16(), &api.json()["code"]), (401, &"no-key".into()));
    assert_eq!(api.header("www-authenticate"), "Bearer realm=\"gouji\"");

    let page = browser.get(login).await;
    assert!(page.text().contains("autocomplete=\"current-password\""), "{}", page.text());
    assert!(!page.text().contains("处理状态"), "nothing is offered that needs an account");
    let wrong = browser.sign_in("chief", "wrong horse battery", address).await;
    assert_eq!(wrong.status.as_u16(), 401);
    assert!(wrong.text().contains("登录名或密码不对。") && wrong.text().contains("value=\"chief\""));
    let unknown = browser.sign_in("nobody", PASSWORD, address).await;
    assert_eq!(unknown.status.as_u16(), 401);
    assert!(browser.cookies.is_empty());

    let right = browser.sign_in(" Chief ", PASSWORD, address).await;
    assert_eq!((right.status.as_u16(), right.header("location")), (303, address));
    let cookie = right.header("set-cookie");
    assert!(
        cookie.starts_with("gouji-session=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let page = browser.get("/").await;
    assert_eq!(page.status.as_u16(), 200);
    for offered in ["王主任", "退出", "用户", "操作记录", "处理状态"] {
        assert!(page.text().contains(offered), "{offered}");
    }
    assert_eq!(browser.status_of("/login?next=%2Fstatus").await, (303, "/status".into()));

    let mut other = Browser::new(&console);
    let elsewhere = other.sign_in("chief", PASSWORD, "https://evil.example/").await;
    assert_eq!(elsewhere.header("location"), "/");
}

#[tokio::test]
async fn a_session_ends_with_what_ends_it() {
    let console = console().await;
    let mut admin = administrator(&console).await;
    let password = create_and_change(&mut admin, "lisi", "review", "").await;
    let sign_in = async || Browser::signed_in(&console, "lisi", &password).await;
    let lives = async |browser: &mut Browser<'_>| {
        // A process may believe for a second what it knew.
        tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
        browser.get("/").await.status.as_u16() == 200
    };

    // Signing in again replaces the session of the browser, and signing out ends it.
    let mut browser = sign_in().await;
    let mut thief = Browser { console: &console, cookies: browser.cookies.clone() };
    assert!(lives(&mut thief).await);
    browser.sign_in("lisi", &password, "").await;
    assert_ne!(browser.cookies["gouji-session"], thief.cookies["gouji-session"]);
    assert!(!lives(&mut thief).await && lives(&mut browser).await);
    thief.cookies = browser.cookies.clone();
    assert_eq!(browser.post("/logout", &[]).await.header("location"), "/login");
    assert!(!browser.cookies.contains_key("gouji-session"));
    assert!(!lives(&mut thief).await);

    // One can be ended from another, and all at once.
    let (mut one, mut two) = (sign_in().await, sign_in().await);
    let page = one.get("/account").await.text();
    let (_, rest) = page.split_once("name=\"session\" value=\"").unwrap();
    let other = rest.split_once('"').unwrap().0.to_owned();
    assert_eq!(one.post("/account/sessions", &[("session", &other)]).await.status.as_u16(), 303);
    assert!(lives(&mut one).await && !lives(&mut two).await);
    let mut two = sign_in().await;
    one.post("/account/sessions", &[("session", "all")]).await;
    assert!(!lives(&mut one).await && !lives(&mut two).await);

    // So does the administrator, and nobody signs in to a disabled account.
    let mut browser = sign_in().await;
    let users = admin.get("/users").await.text();
    let row = users.split("<tr").find(|row| row.contains(">lisi<")).unwrap();
    let address = row.split_once("href=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    assert_eq!(admin.post(&address, &[("act", "disable")]).await.status.as_u16(), 303);
    assert!(!lives(&mut browser).await);
    let refused = browser.sign_in("lisi", &password, "").await;
    assert!(refused.status.as_u16() == 401 && refused.text().contains("已停用"), "{}", refused.text());
    admin.post(&address, &[("act", "enable")]).await;
    let mut browser = sign_in().await;
    let page = admin.post(&address, &[("act", "reset")]).await.text();
    assert!(page.contains("初始密码只显示这一次"));
    assert!(!lives(&mut browser).await);
}

#[tokio::test]
async fn an_initial_password_is_changed_before_anything_else() {
    let console = console().await;
    let mut admin = administrator(&console).await;
    let initial = create(&mut admin, "zhangsan", "submit", "6101", "西安市财政局").await;
    let mut browser = Browser::new(&console);
    let answer = browser.sign_in("zhangsan", &initial, "/status").await;
    assert_eq!(answer.header("location"), "/account");
    assert_eq!(browser.status_of("/").await, (303, "/account".into()));
    let api = browser.get("/api/v1/reports").await;
    assert_eq!((api.status.as_u16(), &api.json()["code"]), (403, &"password-change-required".into()));
    let mut change = async |present: &str, password: &str, again: &str| {
        let fields = [("present", present), ("password", password), ("again", again)];
        let answer = browser.post("/account/password", &fields).await;
        (answer.status.as_u16(), answer.text())
    };
    let mut refused = async |present: &str, password: &str, again: &str, why: &str| {
        let (status, page) = change(present, password, again).await;
        assert!(status == 422 && page.contains(why), "{status} {why}");
    };
    refused("not it", PASSWORD, PASSWORD, "现在的密码不对").await;
    refused(&initial, PASSWORD, "another", "两次输入").await;
    refused(&initial, "short", "short", "至少10位").await;
    refused(&initial, "password123", "password123", "太常见").await;
    refused(&initial, &initial, &initial, "不能与现在的密码相同").await;
    assert_eq!(change(&initial, PASSWORD, PASSWORD).await.0, 303);
    assert_eq!(browser.status_of("/").await.0, 200);
    assert_eq!(Browser::new(&console).sign_in("zhangsan", &initial, "").await.status.as_u16(), 401);
    // A sender of reports is offered and given only its own.
    let page = browser.get("/").await.text();
    for withheld in ["汇总与比对", "处理状态", ">用户<", ">操作记录<"] {
        assert!(!page.contains(withheld), "{withheld}");
    }
    for address in [
        "/status",
        "/regions",
        "/users",
        "/users.csv",
        "/users.xlsx",
        "/audit",
        "/api/v1/kept",
        "/api/v1/audit",
    ] {
        assert_eq!(browser.get(address).await.status.as_u16(), 403, "{address}");
    }
}

#[tokio::test]
async fn no_other_site_acts_with_a_session() {
    let console = console().await;
    let mut admin = administrator(&console).await;
    let form = encoded(&[("name", "evil"), ("display", "x"), ("role", "operate")]);
    for headers in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("origin", "http://gouji.example")],
        &[("sec-fetch-site", "same-site")],
    ] {
        let answer = admin.send(Method::POST, "/users", headers, &form).await;
        assert_eq!(answer.status.as_u16(), 403, "{headers:?}");
    }
    // Nor does it sign a browser in, so that its owner works in the account of somebody else.
    let login = encoded(&[("name", "chief"), ("password", PASSWORD)]);
    for headers in [&[][..], &[("origin", "https://evil.example")]] {
        let answer = Browser::new(&console).send(Method::POST, "/login", headers, &login).await;
        assert_eq!(answer.status.as_u16(), 403, "{headers:?}");
    }
    assert!(!admin.get("/users").await.text().contains("evil"));
    assert_eq!(admin.get("/logout").await.status.as_u16(), 405, "a link signs nobody out");
}

#[tokio::test]
async fn the_last_administrator_and_wrong_accounts_are_refused() {
    let console = console().await;
    let mut admin = administrator(&console).await;
    let users = admin.get("/users").await.text();
    // The last link to an account: the first is that to make one.
    let (_, rest) = users.rsplit_once("href=\"/users/").unwrap();
    let address = format!("/users/{}", rest.split_once('"').unwrap().0);
    for fields in [&[("act", "disable")][..], &[("act", "save"), ("display", "王主任"), ("role", "review")]]
    {
        let answer = admin.post(&address, fields).await;
        assert!(
            answer.status.as_u16() == 409 && answer.text().contains("最后一个可用的管理员"),
            "{fields:?}"
        );
    }
    for (fields, why) in [
        ([("name", "chief"), ("display", "x"), ("role", "review"), ("regions", "")], "已被使用"),
        ([("name", "a b"), ("display", "x"), ("role", "review"), ("regions", "")], "登录名应为"),
        ([("name", "clerk"), ("display", "x"), ("role", "submit"), ("regions", "")], "须写明地区或机关"),
        ([("name", "clerk"), ("display", "x"), ("role", "review"), ("regions", "61x")], "61x"),
        ([("name", "clerk"), ("display", " "), ("role", "review"), ("regions", "")], "姓名应为"),
    ] {
        let answer = admin.post("/users", &fields).await;
        assert!(answer.status.is_client_error() && answer.text().contains(why), "{why}: {}", answer.status);
    }
}

#[tokio::test]
async fn everything_an_administrator_does_is_in_the_audit_trail() {
    let console = console().await;
    let mut admin = administrator(&console).await;
    create(&mut admin, "lisi", "lead", "6101", "").await;
    Browser::new(&console).sign_in("lisi", "wrong horse battery", "").await;
    let entries = async |admin: &mut Browser<'_>, query: &str| {
        let text = admin.get(&format!("/api/v1/audit?{query}")).await.text();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines
            .map(|one| format!("{} {} {}", one["who"], one["action"], one["object"]).replace('"', ""))
            .collect::<Vec<_>>()
    };
    let all = entries(&mut admin, "").await;
    assert_eq!(&all[..3], [" create-account chief", "chief sign-in chief", "chief create-account lisi"]);
    assert_eq!(entries(&mut admin, "action=create-account&who=chief").await, ["chief create-account lisi"]);
    let formula = [("name", "zhao"), ("display", "=1+1"), ("role", "review"), ("regions", "6101")];
    admin.post("/users", &formula).await;
    let csv = admin.get("/users.csv?role=review").await.text();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains("zhao,'=1+1,审核员,"), "{csv}");
    assert_eq!(entries(&mut admin, "action=export-users").await, ["chief export-users "]);
    let audit = admin.get("/audit").await.text();
    assert!(audit.contains("导出用户") && !audit.contains("export-users</td>"), "{audit}");
    // A denial is published in the background.
    let denied = async {
        while !entries(&mut admin, "refused=true&action=sign-in").await.contains(&" sign-in lisi".to_owned())
        {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), denied).await.unwrap();
    let page = admin.get("/audit").await.text();
    assert!(page.contains("建立账号") && page.contains("角色：负责人；范围：6101"), "{page}");
    assert!(admin.get("/audit?from=2999-01-01").await.text().contains("没有符合条件的记录"));
    assert!(admin.get("/audit?from=soon").await.text().contains("“soon”不是日期"));
    let csv = admin.get("/api/v1/audit?format=csv").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.text().starts_with("\u{feff}\"时间\",\"何人\""), "{}", csv.text());
    assert!(csv.text().lines().count() > 4);
    assert_eq!(admin.get("/api/v1/audit?format=pdf").await.status.as_u16(), 400);
    // No password is in it.
    assert!(!csv.text().contains(PASSWORD) && !csv.text().contains("wrong horse"));
}

#[tokio::test]
async fn the_head_of_a_region_tries_out_no_policy_of_the_office() {
    let console = console().await;
    let mut admin = administrator(&console).await;
    let password = create_and_change(&mut admin, "lisi", "lead", "6101").await;
    let mut head = Browser::signed_in(&console, "lisi", &password).await;
    let tried = head.post("/rules/preview", &[("seen", ""), ("why", "试行"), ("rule.T3-01", "off")]).await;
    assert_eq!(tried.status.as_u16(), 403, "{}", tried.text());
    let address = "/api/v1/policy/changes?why=x&dry_run=true";
    let tried = head.send(Method::POST, address, &[("origin", "http://gouji.example")], "off = []").await;
    assert_eq!(tried.status.as_u16(), 403, "{}", tried.text());
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle() {
    let settings = [("GOUJI_ACCOUNTS", "true"), ("GOUJI_ADDRESS", "https://gouji.example")];
    let console = TestConsole::empty_with(&settings).await;
    let access = AccessControl::open(&console.worker).unwrap();
    let secret = access.first_link().await.unwrap().unwrap();
    let mut browser = Browser::new(&console);
    let fields = [("name", "chief"), ("display", "王主任"), ("password", PASSWORD), ("again", PASSWORD)];
    let answer = browser.post(&format!("/login/first/{secret}"), &fields).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("__Host-gouji-session=") && cookie.ends_with("; SameSite=Lax; Secure"),
        "{cookie}"
    );
    assert_eq!(browser.get("/").await.status.as_u16(), 200);
    // What the bucket has says that its last request was long ago.
    let bucket = console.worker.bus().bucket(bus::SESSIONS);
    let entry = bucket.all(">").await.unwrap().entries.pop().unwrap();
    let mut session: serde_json::Value = serde_json::from_slice(&entry.value).unwrap();
    let seen = session["seen_at_ms"].as_i64().unwrap();
    session["seen_at_ms"] = (seen - 61 * 60_000).into();
    bucket.put(&entry.key, session.to_string().into_bytes().into()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
    assert_eq!(browser.status_of("/").await, (303, "/login".into()));
    let text = String::from_utf8(entry.value.to_vec()).unwrap();
    let secret = &browser.cookies["__Host-gouji-session"][32..];
    assert!(!text.contains(secret) && !entry.key.contains(secret), "the bucket has no cookie");
}
