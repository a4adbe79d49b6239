//! Unified sign-in, at the certified OpenID Provider of npm.

use std::path::{Path, PathBuf};

use reqwest::{Method, StatusCode, Url};
use tests::npm;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::{Process, free_port, until};
use tests::skip::skip;

use super::accounts::{Browser, location};

/// Where browsers would reach console; the tests send them to its real address.
const ADDRESS: &str = "http://gouji.test";
const PROVIDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/oidc/provider.mjs");
/// The version that was tried.
const PACKAGES: [&str; 1] = ["oidc-provider@9.13.3"];

struct Setup {
    pipeline: Pipeline,
    provider: Process,
    issuer: String,
    folder: tempfile::TempDir,
}

impl Setup {
    async fn open(test: &str, settings: &[(&'static str, &str)], provider: &[(&str, &str)]) -> Option<Self> {
        let packages = match npm::installed("oidc-provider", &PACKAGES) {
            Ok(packages) => packages,
            Err(why) => {
                skip(test, &why, "needs Node with npm");
                return None;
            }
        };
        let folder = tempfile::tempdir().unwrap();
        let port = free_port().unwrap().to_string();
        let mut node = npm::node(&packages, Path::new(PROVIDER)).unwrap();
        node.arg(&port).arg(format!("{ADDRESS}/login/unified/callback"));
        node.arg(format!("{ADDRESS}/login")).envs(provider.iter().copied());
        let provider = Process::start("provider", &mut node, folder.path()).unwrap();
        until("the provider to start", SOON, async || Ok(provider.said().contains("ready").then_some(())))
            .await
            .unwrap();
        let secret: PathBuf = folder.path().join("secret");
        std::fs::write(&secret, "a secret of the tests: it protects nothing\n").unwrap();
        let issuer = format!("http://127.0.0.1:{port}");
        let own = [
            ("GOUJI_ACCOUNTS", "true"),
            ("GOUJI_ADDRESS", ADDRESS),
            ("GOUJI_OIDC_ISSUER", issuer.as_str()),
            ("GOUJI_OIDC_CLIENT_ID", "gouji"),
            ("GOUJI_OIDC_CLIENT_SECRET", secret.to_str().unwrap()),
        ];
        let all: Vec<_> =
            own.iter().chain(settings).map(|(name, value)| (*name, (*value).to_owned())).collect();
        let pipeline = Pipeline::start_with(Shape::default(), &all).await.unwrap();
        let setup = Self { pipeline, provider, issuer, folder };
        setup.console_is_there().await;
        Some(setup)
    }

    async fn console_is_there(&self) {
        until("console to answer", SOON, async || {
            let status = Browser::new().get(&self.console("/login")).await.status();
            Ok((status == StatusCode::OK).then_some(()))
        })
        .await
        .unwrap();
    }

    fn console(&self, path: &str) -> String {
        format!("{}{path}", self.pipeline.console.address())
    }

    /// Signs in at the provider. Returns the address of the callback, before console has seen it.
    async fn callback(&self, browser: &mut Browser, login: &str) -> String {
        let begun = browser.get(&self.console("/login/unified?next=%2Fstatus")).await;
        assert_eq!(begun.status(), StatusCode::SEE_OTHER);
        let mut at_provider = Browser::new();
        let mut next = location(&begun);
        assert!(next.contains("code_challenge_method=S256") && next.contains("&nonce="), "{next}");
        loop {
            let response = at_provider.get(&next).await;
            if response.status().is_redirection() {
                next = Url::parse(&self.issuer).unwrap().join(&location(&response)).unwrap().to_string();
                if next.starts_with(ADDRESS) {
                    return next;
                }
                continue;
            }
            // A page that asks for the name, or whether gouji may know it.
            let page = response.text().await.unwrap();
            let prompt = if page.contains("value=\"login\"") { "login" } else { "consent" };
            let (_, action) = page.split_once("action=\"").unwrap_or_else(|| panic!("{page}"));
            let action = action.split_once('"').unwrap().0;
            let action = Url::parse(&self.issuer).unwrap().join(action).unwrap();
            let fields = [("prompt", prompt), ("login", login), ("password", "any")];
            let sent = at_provider.send(Method::POST, action.as_str(), Some(&fields)).await;
            next = action.join(&location(&sent)).unwrap().to_string();
        }
    }

    /// The same callback at the real address of console.
    fn at_console(&self, callback: &str) -> String {
        self.console(callback.strip_prefix(ADDRESS).unwrap())
    }

    async fn sign_in(&self, browser: &mut Browser, login: &str) -> reqwest::Response {
        let callback = self.callback(browser, login).await;
        browser.get(&self.at_console(&callback)).await
    }
}

const BY_GROUP: [(&str, &str); 2] =
    [("GOUJI_OIDC_ROLE_CLAIM", "groups"), ("GOUJI_OIDC_ROLES", "zwgk=operate, xian-review=review:6101")];

#[tokio::test]
async fn the_provider_gives_roles_and_nobody_signs_in_for_another() {
    let Some(setup) = Setup::open("unified sign-in", &BY_GROUP, &[]).await else { return };
    let mut wang = Browser::new();
    let signed_in = setup.sign_in(&mut wang, "wang").await;
    assert_eq!((signed_in.status(), location(&signed_in).as_str()), (StatusCode::SEE_OTHER, "/status"));
    let users = wang.get(&setup.console("/users")).await.text().await.unwrap();
    assert!(users.contains("wang of the tests") && users.contains("统一身份认证"), "{users}");
    let mut li = Browser::new();
    setup.sign_in(&mut li, "li").await;
    assert_eq!(li.get(&setup.console("/users")).await.status(), StatusCode::FORBIDDEN);
    let account = li.get(&setup.console("/account")).await.text().await.unwrap();
    assert!(account.contains("审核员") && account.contains("陕西省西安市（6101）"), "{account}");
    assert!(!account.contains("修改密码"), "its password is the provider's");

    // Somebody without a role here gets a page that says what to do.
    let zhao = setup.sign_in(&mut Browser::new(), "zhao").await;
    assert_eq!(zhao.status(), StatusCode::FORBIDDEN);
    assert!(zhao.text().await.unwrap().contains("还没有本系统的权限"));

    // A callback in another browser, twice, with another state or another nonce signs nobody in.
    let mut browser = Browser::new();
    let callback = setup.at_console(&setup.callback(&mut browser, "wang").await);
    let refused = async |browser: &mut Browser, url: &str, status: StatusCode| {
        let answer = browser.get(url).await;
        assert_eq!(answer.status(), status, "{url}");
        assert!(!browser.cookies.iter().any(|(name, _)| name == "gouji-session"), "{url}");
    };
    refused(&mut Browser::new(), &callback, StatusCode::BAD_REQUEST).await;
    refused(&mut browser, &callback.replace("state=", "state=0"), StatusCode::BAD_REQUEST).await;
    refused(&mut browser, &callback.replace("iss=", "iss=x"), StatusCode::BAD_REQUEST).await;
    refused(&mut browser, &callback.replace("code=", "error=access_denied&x="), StatusCode::FORBIDDEN).await;
    let (_, cookie) = browser.cookies.iter_mut().find(|(name, _)| name == "gouji-unified").unwrap();
    let mut parts: Vec<String> = cookie.split('.').map(str::to_owned).collect();
    parts[1] = "0".repeat(64);
    let true_cookie = std::mem::replace(cookie, parts.join("."));
    refused(&mut browser, &callback, StatusCode::BAD_GATEWAY).await;
    // The provider takes a code once.
    browser.cookies.iter_mut().for_each(|(name, value)| {
        if name == "gouji-unified" {
            value.clone_from(&true_cookie);
        }
    });
    refused(&mut browser, &callback, StatusCode::BAD_GATEWAY).await;

    // Signing out leads to the page that signs out there too.
    let out = wang.send(Method::POST, &setup.console("/logout"), Some(&[])).await;
    assert_eq!(location(&out), "/login?out=unified");
    let page = wang.get(&setup.console("/login?out=unified")).await.text().await.unwrap();
    assert!(page.contains("/session/end?client_id=gouji&amp;post_logout_redirect_uri="), "{page}");
    drop((setup.provider, setup.folder));
}

#[tokio::test]
async fn an_expired_token_signs_nobody_in() {
    let old = [("ID_TOKEN_SECONDS", "10"), ("SLOW_SECONDS", "180"), ("CLAIMS_IN_TOKEN", "true")];
    let Some(setup) = Setup::open("expired ID token", &BY_GROUP, &old).await else { return };
    let mut browser = Browser::new();
    let answer = setup.sign_in(&mut browser, "wang").await;
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    assert!(!browser.cookies.iter().any(|(name, _)| name == "gouji-session"));
}

#[tokio::test]
async fn without_a_table_of_roles_an_administrator_makes_the_accounts() {
    let Some(setup) = Setup::open("unified sign-in without roles", &[], &[]).await else { return };
    let mut admin = super::accounts::administrator(&setup.pipeline).await;
    let stranger = setup.sign_in(&mut Browser::new(), "li").await;
    assert_eq!(stranger.status(), StatusCode::FORBIDDEN);
    let fields =
        [("name", "li"), ("display", "李四"), ("role", "lead"), ("regions", "6101"), ("unified", "true")];
    let made = admin.send(Method::POST, &setup.console("/users"), Some(&fields)).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER, "{}", made.text().await.unwrap());
    let mut li = Browser::new();
    assert_eq!(location(&setup.sign_in(&mut li, "li").await), "/status");
    let account = li.get(&setup.console("/account")).await.text().await.unwrap();
    assert!(account.contains("李四") && account.contains("负责人"), "{account}");
    // An account with a password is nobody's at the provider.
    let taken = setup.sign_in(&mut Browser::new(), "chief").await;
    assert_eq!(taken.status(), StatusCode::CONFLICT);
}
