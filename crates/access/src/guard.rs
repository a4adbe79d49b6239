//! The checks that every request passes before its handler runs.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::account::{Accounts, SessionError, SessionId};
use crate::audit::Action;
use crate::key::{KeyError, Role};
use crate::problem::Challenge;
use crate::{AccessControl, Caller, Code, Parameters, Problem, encoding, ip_of};

/// The key that a route requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requires {
    /// No key: the route shows no report and changes nothing.
    Nothing,
    /// Any key; the handler shows a key with the role submit its own reports only.
    Key,
    /// A key with the role submit or operate.
    Submit,
    /// A key with the role review, lead or operate.
    Review,
    /// A key with the role lead or operate.
    Lead,
    /// A key with the role operate.
    Operate,
}

impl Requires {
    pub(crate) fn allows(self, role: Role) -> bool {
        match self {
            Self::Nothing | Self::Key => true,
            Self::Submit => matches!(role, Role::Submit | Role::Operate),
            Self::Review => matches!(role, Role::Review | Role::Lead | Role::Operate),
            Self::Lead => matches!(role, Role::Lead | Role::Operate),
            Self::Operate => role == Role::Operate,
        }
    }

    /// The roles that it allows, for the caller who has another.
    fn roles(self) -> &'static str {
        match self {
            Self::Nothing | Self::Key => "任意",
            Self::Submit => "报送单位（submit）或管理员（operate）",
            Self::Review => "审核员（review）、负责人（lead）或管理员（operate）",
            Self::Lead => "负责人（lead）或管理员（operate）",
            Self::Operate => "管理员（operate）",
        }
    }
}

/// Longest query of a URL, in bytes. The longest search that people type has 300.
const QUERY_BYTES: usize = 8 << 10;

pub(crate) async fn authorize(
    State((access, requires, parameters)): State<(AccessControl, Requires, Parameters)>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let caller = match access.check(requires, &head).await {
        Ok(caller) => caller,
        Err((caller, problem)) => return with_caller(caller, problem.into_response()),
    };
    match admit(&caller, parameters, Request::from_parts(head, body)) {
        Ok(request) => with_caller(caller, next.run(request).await),
        Err(problem) => with_caller(caller, problem.into_response()),
    }
}

/// The response with its caller as an extension, so that a service can offer only what this caller may do.
fn with_caller(caller: Caller, mut response: Response) -> Response {
    response.extensions_mut().insert(caller);
    response
}

/// The request with its caller and its decoded body.
fn admit(caller: &Caller, parameters: Parameters, mut request: Request) -> Result<Request, Problem> {
    parameters.check(request.uri().query().unwrap_or_default())?;
    request.extensions_mut().insert(caller.clone());
    encoding::decode(request)
}

pub(crate) async fn authorize_metrics(
    State(access): State<AccessControl>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path() != "/metrics" {
        return next.run(request).await;
    }
    if access.is_open() && !access.0.local {
        // The proxy authenticates users, and a user whom it lets through is no operator.
        return not_here(request.uri()).into_response();
    }
    let (head, body) = request.into_parts();
    match access.check(Requires::Operate, &head).await {
        Ok(_) => next.run(Request::from_parts(head, body)).await,
        Err((_, problem)) => problem.into_response(),
    }
}

fn not_here(uri: &Uri) -> Problem {
    Problem::not_found(format!("没有地址 {}。", uri.path()))
}

fn peer(head: &Parts) -> Option<IpAddr> {
    head.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| ip_of(peer.0))
}

/// How often an answer that goes on looks whether its caller may still have it.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// What a caller may do before it has changed a password that somebody else gave it.
const BEFORE_CHANGE: [&str; 3] = ["/account", "/account/password", "/logout"];

/// Why a request comes from nobody who is known.
enum Unknown {
    /// It carries neither a key nor a cookie of ours.
    Nobody,
    Key(KeyError),
    SessionEnded,
    Unavailable(anyhow::Error),
}

impl AccessControl {
    /// Whether nobody has to say who they are.
    pub fn is_open(&self) -> bool {
        self.0.keys.is_none() && self.0.accounts.is_none()
    }

    /// The caller of a request that its route admits; otherwise the caller, as far as it is known, and the problem.
    async fn check(&self, requires: Requires, head: &Parts) -> Result<Caller, (Caller, Problem)> {
        let peer = peer(head);
        let anonymous = Caller::anonymous(peer.map(|peer| peer.to_string()).unwrap_or_default());
        let anonymous = if self.is_open() { anonymous } else { anonymous.signed_out() };
        let deny = |caller: &Caller, problem: Problem| {
            let object = format!("{} {}", head.method, head.uri.path());
            self.record_denial(
                caller,
                Action { name: "access", object: &object, detail: problem.code.name() },
            );
            (caller.clone(), problem)
        };
        if head.uri.query().is_some_and(|query| query.len() > QUERY_BYTES) {
            let detail = format!("地址中的参数超过 {QUERY_BYTES} 字节。");
            return Err((anonymous, Problem::new(Code::QueryTooLong, detail, "请减少检索条件。")));
        }
        let presented = presented(&head.headers);
        if !head.method.is_safe() && !presented.as_ref().is_some_and(|one| one.is_bearer) {
            // A program says who it is in a header of its own; the rest are browsers, and these tell their origin.
            let is_form = !head.uri.path().starts_with("/api/") && presented.is_none();
            let has_cookie = presented.is_none() && self.0.cookies.session(&head.headers).is_some();
            let is_browser = self.0.accounts.is_some() && (is_form || has_cookie);
            check_origin(head, is_browser).map_err(|problem| deny(&anonymous, problem))?;
        }
        if self.is_open() {
            if self.0.local {
                check_host(head).map_err(|problem| deny(&anonymous, problem))?;
            }
            return Ok(anonymous);
        }
        let known = self.identify(presented, head, &anonymous.origin).await;
        if requires == Requires::Nothing {
            return Ok(known.unwrap_or(anonymous));
        }
        let caller = match known {
            Ok(caller) => caller,
            Err(Unknown::Unavailable(error)) => return Err((anonymous, Problem::bus(&error))),
            Err(unknown) => {
                if let Some(seconds) = peer.and_then(|peer| self.0.rate.address(peer).err()) {
                    return Err(deny(&anonymous, rate_limited(seconds)));
                }
                return Err(deny(&anonymous, self.unknown(&head.uri, &unknown)));
            }
        };
        if let Err(seconds) = self.0.rate.key(&caller.name) {
            return Err(deny(&caller, rate_limited(seconds)));
        }
        let must_change = caller.session.as_ref().is_some_and(|session| session.must_change);
        if must_change && !BEFORE_CHANGE.contains(&head.uri.path()) {
            return Err((caller, must_change_password(&head.uri)));
        }
        match caller.role {
            Some(role) if !requires.allows(role) => Err(deny(&caller, wrong_role(role, requires))),
            _ => Ok(caller),
        }
    }

    /// Who sent a request: a key comes before a cookie.
    async fn identify(
        &self,
        presented: Option<Presented>,
        head: &Parts,
        origin: &str,
    ) -> Result<Caller, Unknown> {
        if let Some(presented) = presented {
            let keys = self.0.keys.as_ref().ok_or(Unknown::Key(KeyError::Unknown))?;
            let key = keys.find(&presented.key).map_err(Unknown::Key)?;
            return Ok(Caller::of_key(key, origin.to_owned()));
        }
        let accounts = self.0.accounts.as_ref().ok_or(Unknown::Nobody)?;
        let cookie = self.0.cookies.session(&head.headers).ok_or(Unknown::Nobody)?;
        let id = SessionId::of_cookie(cookie).ok_or(Unknown::SessionEnded)?;
        match accounts.authenticate(&id).await {
            Ok((account, session)) => Ok(Caller::of_account(account, id, session.way, origin.to_owned())),
            Err(SessionError::Ended) => Err(Unknown::SessionEnded),
            Err(SessionError::Unavailable(error)) => Err(Unknown::Unavailable(error)),
        }
    }

    /// The problem of a caller who is not known, and how it can become known.
    fn unknown(&self, uri: &Uri, unknown: &Unknown) -> Problem {
        let is_api = uri.path().starts_with("/api/") || uri.path() == "/metrics";
        let challenge = match is_api {
            true => Challenge::Bearer,
            false if self.0.accounts.is_some() => Challenge::SignIn,
            false => Challenge::Basic,
        };
        let problem = match unknown {
            Unknown::SessionEnded => Problem::new(Code::SessionEnded, "登录已失效。", "请重新登录。"),
            Unknown::Key(KeyError::Expired) => wrong_key(Code::ExpiredKey, "密钥已经过期。"),
            Unknown::Key(_) => wrong_key(Code::UnknownKey, "密钥不在名册中。"),
            _ if self.0.accounts.is_some() => {
                let hint = "请在页面上登录；程序请带 Authorization: Bearer gouji_… 请求头。";
                Problem::new(Code::NoKey, "请求没有带密钥，也没有登录。", hint)
            }
            _ => no_key(),
        };
        Problem { challenge: Some(challenge), ..problem }
    }

    /// Ends when the key or the session of a caller does, or when it may no longer do this: an answer that goes on for
    /// hours must not outlive the right to it.
    pub async fn ended(&self, caller: &Caller, requires: Requires) {
        let mut changes = self.0.accounts.as_ref().map(Accounts::changes);
        while self.still_admits(caller, requires).await {
            let changed = async {
                match &mut changes {
                    Some(changes) => changes.changed().await.is_ok(),
                    None => std::future::pending().await,
                }
            };
            // Files of keys change, sessions grow old, and another process may end one.
            let _ = tokio::time::timeout(LOOK_AGAIN, changed).await;
        }
    }

    /// Asking does not renew a session. A bus that does not answer ends nothing.
    async fn still_admits(&self, caller: &Caller, requires: Requires) -> bool {
        let role = match (&caller.session, &self.0.accounts, &self.0.keys) {
            (Some(session), Some(accounts), _) => match accounts.look_up(&session.id).await {
                Ok((account, _)) => Some(account.role),
                Err(SessionError::Unavailable(_)) => caller.role,
                Err(SessionError::Ended) => None,
            },
            (None, _, Some(keys)) if caller.role.is_some() => {
                keys.named(&caller.name).ok().map(|key| key.role)
            }
            _ => return true,
        };
        role.is_some_and(|role| requires.allows(role))
    }

    /// The sender of what lies in a folder that has the name of a key: the scope of this key holds. Where no key is
    /// required, any name may send, and nothing is limited. `origin` says how the files arrive.
    ///
    /// # Errors
    /// If no key has this name, or if it has expired or may not send.
    pub fn sender_of_folder(&self, name: &str, origin: &str) -> Result<Caller, Problem> {
        if self.is_open() {
            return Ok(Caller { name: name.to_owned(), ..Caller::anonymous(origin.to_owned()) });
        }
        let found = self.0.keys.as_ref().map_or(Err(KeyError::Unknown), |keys| keys.named(name));
        let key = found.map_err(|error| {
            let (code, detail) = match error {
                KeyError::Unknown => (Code::UnknownKey, format!("名册中没有名为“{name}”的密钥。")),
                KeyError::Expired => (Code::ExpiredKey, format!("密钥“{name}”已经过期。")),
            };
            Problem::new(code, detail, "请向管理员申请或更换密钥；名称须与密钥的名称完全一致。")
        })?;
        match Requires::Submit.allows(key.role) {
            true => Ok(Caller::of_key(key, origin.to_owned())),
            false => Err(wrong_role(key.role, Requires::Submit)),
        }
    }

    /// Records that a handler denied an action to a caller, and returns the problem.
    pub fn deny(&self, caller: &Caller, action: Action<'_>, problem: Problem) -> Problem {
        self.record_denial(caller, action);
        problem
    }
}

/// A key that came with a request.
struct Presented {
    key: String,
    is_bearer: bool,
}

/// `Authorization: Bearer <key>`, or Basic with the key as the password, for which browsers prompt.
fn presented(headers: &HeaderMap) -> Option<Presented> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Presented { key: rest.trim().to_owned(), is_bearer: true });
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (_, key) = decoded.split_once(':')?;
    Some(Presented { key: key.to_owned(), is_bearer: false })
}

/// Prevents cross-site request forgery. A browser adds a stored password to requests that another web site makes
/// it send, also to addresses of its own machine, so a request that changes something has to come from one of our
/// own pages or from no browser.
///
/// Every browser says where a request that changes something comes from, so one that says nothing is refused where
/// the request could only come from a browser.
fn check_origin(head: &Parts, is_browser: bool) -> Result<(), Problem> {
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let is_cross_site = match (text("sec-fetch-site"), head.headers.get(ORIGIN)) {
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
            origin.is_none_or(|(_, from)| Some(from) != host(head))
        }
        (None, None) => is_browser,
    };
    if !is_cross_site {
        return Ok(());
    }
    Err(Problem::new(
        Code::CrossSite,
        "这个请求由其他网站的页面发出，已拒绝。",
        "请在本系统的页面上操作，或用带 Authorization: Bearer 密钥的程序调用。",
    ))
}

/// Prevents DNS rebinding. A service that listens on loopback without keys is still reached by a browser whose
/// web site resolves to a loopback address; such requests name the web site as their host.
fn check_host(head: &Parts) -> Result<(), Problem> {
    let Some(host) = host(head) else { return Ok(()) };
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    let address = name.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = address.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    if is_loopback || name.eq_ignore_ascii_case("localhost") {
        return Ok(());
    }
    Err(Problem::new(
        Code::WrongHost,
        format!("没有设置密钥时，只接受以本机地址发出的请求，而不是“{name}”。"),
        "请以 http://127.0.0.1 访问；前面有代理时，请设置密钥（GOUJI_KEYS），或由代理验证身份并设置 GOUJI_OPEN=true。",
    ))
}

fn host(head: &Parts) -> Option<&str> {
    head.headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| head.uri.authority().map(|authority| authority.as_str()))
}

fn must_change_password(uri: &Uri) -> Problem {
    let detail = "初始密码尚未修改，不能进行其他操作。";
    let problem = Problem::new(Code::PasswordChangeRequired, detail, "请先在“我的账号”中修改密码。");
    let is_page = !uri.path().starts_with("/api/");
    Problem { challenge: is_page.then_some(Challenge::ChangePassword), ..problem }
}

fn no_key() -> Problem {
    let hint = "程序请带 Authorization: Bearer gouji_… 请求头，gouji 命令用 --key-file 或 GOUJI_KEY；\
                浏览器弹出登录框时，用户名任意，密码填密钥。密钥向管理员申请。";
    Problem::new(Code::NoKey, "请求没有带密钥。", hint)
}

fn wrong_key(code: Code, detail: &str) -> Problem {
    Problem::new(code, detail, "请核对密钥是否完整；仍不行时，请向管理员申请新的密钥。")
}

fn wrong_role(role: Role, requires: Requires) -> Problem {
    let detail = format!("这项操作需要的角色是{}，而您的角色是{}。", requires.roles(), role.title());
    let hint = "如工作需要，请向管理员申请相应的角色。";
    Problem::new(Code::WrongRole, detail, hint)
}

pub(crate) fn rate_limited(seconds: u64) -> Problem {
    let hint = "请按 Retry-After 指示的秒数后再试。";
    Problem::new(Code::TooOften, "请求过于频繁。", hint).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn head(headers: &[(&str, &str)]) -> Parts {
        let request =
            headers.iter().fold(Request::post("/"), |request, (name, value)| request.header(*name, *value));
        request.body(Body::empty()).unwrap().into_parts().0
    }

    #[test]
    fn a_key_is_a_bearer_token_or_a_password() {
        let check = |value: &str, key: Option<&str>| {
            let found = presented(&head(&[("authorization", value)]).headers);
            assert_eq!(found.map(|found| found.key).as_deref(), key, "{value}");
        };
        check("Bearer gouji_1", Some("gouji_1"));
        check("bearer  gouji_1 ", Some("gouji_1"));
        check(&format!("Basic {}", STANDARD.encode("张三:gouji_1:2")), Some("gouji_1:2"));
        check(&format!("Basic {}", STANDARD.encode("gouji_1")), None);
        check("Basic §", None);
        check("Digest x", None);
        check("gouji_1", None);
    }

    #[test]
    fn cross_site_requests_are_denied() {
        let check = |headers: &[(&str, &str)], expected: bool| {
            assert_eq!(check_origin(&head(headers), false).is_ok(), expected, "{headers:?}");
        };
        assert!(
            check_origin(&head(&[("host", "gouji.example")]), true).is_err(),
            "a browser says where it is"
        );
        let host = ("host", "gouji.example:8470");
        check(&[host], true);
        check(&[host, ("origin", "http://gouji.example:8470")], true);
        check(&[host, ("origin", "https://gouji.example:8470"), ("sec-fetch-site", "same-origin")], true);
        check(&[host, ("sec-fetch-site", "none")], true);
        check(&[host, ("origin", "http://evil.example")], false);
        check(&[host, ("origin", "http://gouji.example")], false);
        check(&[host, ("origin", "null")], false);
        check(&[host, ("origin", "http://gouji.example:8470"), ("sec-fetch-site", "cross-site")], false);
        check(&[host, ("sec-fetch-site", "same-site")], false);
    }

    #[test]
    fn without_keys_only_loopback_hosts_are_allowed() {
        let check = |host: &str, expected: bool| {
            assert_eq!(check_host(&head(&[("host", host)])).is_ok(), expected, "{host}");
        };
        check("127.0.0.1:8470", true);
        check("localhost", true);
        check("LOCALHOST:80", true);
        check("[::1]:8470", true);
        check("[::1]", true);
        check("evil.example:8470", false);
        check("127.0.0.1.evil.example", false);
        check("192.168.1.1:8470", false);
    }

    #[test]
    fn routes_allow_their_roles() {
        let check = |requires: Requires, admitted: [bool; 4]| {
            assert_eq!(Role::ALL.map(|role| requires.allows(role)), admitted, "{requires:?}");
        };
        check(Requires::Nothing, [true, true, true, true]);
        check(Requires::Key, [true, true, true, true]);
        check(Requires::Submit, [true, false, false, true]);
        check(Requires::Review, [false, true, true, true]);
        check(Requires::Lead, [false, false, true, true]);
        check(Requires::Operate, [false, false, false, true]);
    }
}
