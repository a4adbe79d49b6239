//! `/login`: signing in and out, and the first administrator.

use access::account::{NewAccount, Password, Profile, Way};
use access::{Attempt, Caller, Code, Role, SignedIn};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use maud::{Markup, html};

use super::layout::{self, ErrorPage};
use crate::app::App;
use crate::form::Form;
use crate::params::{Id, Params, percent_encode};
use crate::problem::Problem;

const TITLE: &str = "登录";

/// An address of ours to go on to after signing in. Anything else leads to the start: a link to the page of sign-in
/// must not lead to another site.
pub(crate) fn local_address(next: &str) -> &str {
    let is_local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control)
        && !["/login", "/logout"].iter().any(|own| next.starts_with(own));
    if is_local { next } else { "/" }
}

/// The page of sign-in that leads on to this address.
pub(crate) fn address(next: &str) -> String {
    match local_address(next) {
        "/" => "/login".into(),
        next => format!("/login?next={}", percent_encode(next)),
    }
}

/// `GET /login`.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, ErrorPage> {
    let next = local_address(params.get("next").unwrap_or("/"));
    if !app.access().has_accounts() || !caller.is_signed_out {
        return Ok(Redirect::to(next).into_response());
    }
    let notice = match params.get("out") {
        Some(_) => Some(html! {
            "已退出本系统。"
            @if let Some(address) = app.access().unified_sign_out().await {
                "统一身份认证可能仍在登录，" a href=(address) { "一并退出" } "。"
            }
        }),
        None => params.get("ended").map(|_| html! { "登录已失效，请重新登录。" }),
    };
    Ok(page(&app, &caller, "", next, notice.as_ref(), None).await)
}

/// `POST /login`.
pub(crate) async fn sign_in(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ErrorPage> {
    let next = local_address(form.get("next"));
    let name = form.get("name").trim();
    let attempt = Attempt { name, password: &Password::new(form.get("password")), headers: &headers };
    match app.access().sign_in(&caller, attempt).await {
        Ok(signed_in) => Ok(go_on(&signed_in, next)),
        Err(problem) if matches!(problem.code, Code::WrongPassword | Code::TooOften) => {
            let mut response = page(&app, &caller, name, next, None, Some(&problem)).await;
            *response.status_mut() = problem.status;
            if let Some(seconds) = problem.retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            Ok(response)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /logout`.
pub(crate) async fn sign_out(State(app): State<App>, caller: Caller) -> Result<Response, ErrorPage> {
    let cookie = app.access().sign_out(&caller).await?;
    let is_unified = caller.session.is_some_and(|session| session.way == Way::Unified);
    // A form may lead only to addresses of ours, so the page has a link to the identity provider.
    let next = if is_unified { "/login?out=unified" } else { "/login" };
    Ok(with_cookies(Redirect::to(next).into_response(), &[cookie]))
}

/// `GET /login/unified`: to the identity provider.
pub(crate) async fn begin_unified(State(app): State<App>, params: Params) -> Result<Response, ErrorPage> {
    let next = local_address(params.get("next").unwrap_or("/"));
    let (address, cookie) = app.access().begin_unified(next).await?;
    Ok(with_cookies(Redirect::to(&address).into_response(), &[cookie]))
}

/// `GET /login/unified/callback`: back from the identity provider.
pub(crate) async fn finish_unified(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ErrorPage> {
    let query = query.unwrap_or_default();
    let (signed_in, next) = app.access().finish_unified(&caller, &query, &headers).await?;
    Ok(go_on(&signed_in, local_address(&next)))
}

/// To an address, with the cookies of a session that began. A password that somebody else gave is changed first.
pub(crate) fn go_on(signed_in: &SignedIn, next: &str) -> Response {
    let next = if signed_in.account.must_change { "/account" } else { next };
    with_cookies(Redirect::to(next).into_response(), &signed_in.cookies)
}

pub(crate) fn with_cookies(mut response: Response, cookies: &[HeaderValue]) -> Response {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    response
}

async fn page(
    app: &App,
    caller: &Caller,
    name: &str,
    next: &str,
    notice: Option<&Markup>,
    problem: Option<&Problem>,
) -> Response {
    let content = html! {
        section.card.sign-in {
            h1 { "登录" }
            @if let Some(notice) = notice { p.notice { (notice) } }
            @if let Some(problem) = problem { (refusal(problem)) }
            form method="post" action="/login" {
                input type="hidden" name="next" value=(next);
                label { "登录名" input name="name" value=(name) autocomplete="username" required autofocus maxlength="64" spellcheck="false"; }
                label { "密码" input name="password" type="password" autocomplete="current-password" required maxlength="256"; }
                button.primary { "登录" }
            }
            @if app.access().has_unified_sign_in() {
                p.or { a.button href=(format!("/login/unified?next={}", percent_encode(next))) { "统一身份认证登录" } }
            }
            p.quiet { "没有账号或忘记密码，请联系本单位的系统管理员。" }
        }
    };
    let page = layout::page_with(app, caller, TITLE, "", &["account.css"], content).await;
    ([(header::CACHE_CONTROL, "no-store")], page).into_response()
}

/// Why something was refused, above the form that was refused.
pub(super) fn refusal(problem: &Problem) -> Markup {
    html! {
        p.notice.bad role="alert" {
            (problem.detail) @if let Some(hint) = problem.hint { (hint) }
            @if let Some(seconds) = problem.retry_after { "（" (seconds) "秒后可再试）" }
        }
    }
}

/// `GET /login/first/{id}`: the link of the first start.
pub(crate) async fn first(
    State(app): State<App>,
    caller: Caller,
    Id(secret): Id,
) -> Result<Response, ErrorPage> {
    app.access().check_first_link(&secret).await?;
    Ok(first_page(&app, &caller, &secret, &Form::default(), None).await)
}

/// `POST /login/first/{id}`: makes the first administrator.
pub(crate) async fn create_first(
    State(app): State<App>,
    caller: Caller,
    Id(secret): Id,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ErrorPage> {
    // Before a password is hashed, which is expensive.
    app.access().check_first_link(&secret).await?;
    match create(&app, &caller, &secret, &headers, &form).await {
        Ok(signed_in) => Ok(go_on(&signed_in, "/users")),
        Err(problem) if problem.field.is_some() => {
            let mut response = first_page(&app, &caller, &secret, &form, Some(&problem)).await;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn create(
    app: &App,
    caller: &Caller,
    secret: &str,
    headers: &HeaderMap,
    form: &Form,
) -> Result<SignedIn, Problem> {
    let password = chosen_password(form, form.get("name"))?;
    let hash = password.hash().await.map_err(|error| Problem::internal(&error))?;
    let profile = Profile {
        display: form.get("display").to_owned(),
        role: Role::Operate,
        regions: Vec::new(),
        agencies: Vec::new(),
    };
    let new = NewAccount {
        name: form.get("name").to_owned(),
        profile,
        password: Some(hash),
        must_change: false,
        now_ms: Timestamp::now().as_millisecond(),
    };
    app.access().create_first(caller, secret, new, headers).await
}

/// The new password of a form that asks for it twice.
pub(super) fn chosen_password(form: &Form, name: &str) -> Result<Password, Problem> {
    let password = Password::new(form.get("password"));
    if form.get("password") != form.get("again") {
        return Err(access::wrong_password("两次输入的新密码不一样。"));
    }
    password.check(name).map_err(|weak| access::wrong_password(weak.to_string()))?;
    Ok(password)
}

/// The fields for a new password.
pub(super) fn password_fields() -> Markup {
    html! {
        label { "新密码" input name="password" type="password" autocomplete="new-password" required minlength="10" maxlength="256"; span.quiet { "至少10位，可以是一句话；不要用常见密码。" } }
        label { "再输入一次" input name="again" type="password" autocomplete="new-password" required minlength="10" maxlength="256"; }
    }
}

async fn first_page(
    app: &App,
    caller: &Caller,
    secret: &str,
    form: &Form,
    problem: Option<&Problem>,
) -> Response {
    let content = html! {
        section.card.sign-in {
            h1 { "设立首个管理员账号" }
            p { "系统还没有账号。设立后，用这个账号为同事建立账号、分配角色。" }
            @if let Some(problem) = problem { (refusal(problem)) }
            form method="post" action={ "/login/first/" (secret) } {
                label { "登录名" input name="name" value=(form.get("name")) autocomplete="username" required autofocus minlength="2" maxlength="64" spellcheck="false"; }
                label { "姓名" input name="display" value=(form.get("display")) autocomplete="name" required maxlength="64"; }
                (password_fields())
                button.primary { "设立账号" }
            }
        }
    };
    let page = layout::page_with(app, caller, "设立首个管理员账号", "", &["account.css"], content).await;
    ([(header::CACHE_CONTROL, "no-store"), (header::REFERRER_POLICY, "no-referrer")], page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_ours_are_led_on_to() {
        let check = |next: &str, expected: &str| assert_eq!(local_address(next), expected, "{next}");
        check("/reports/x?q=1", "/reports/x?q=1");
        check("", "/");
        check("https://evil.example", "/");
        check("//evil.example", "/");
        check("/\\evil.example", "/");
        check("/a\r\nset-cookie: x", "/");
        check("javascript:alert(1)", "/");
        check("/login?next=/login", "/");
        check("/logout", "/");
        assert_eq!(address("/users?a=1"), "/login?next=%2Fusers%3Fa%3D1");
        assert_eq!(address("//evil.example"), "/login");
    }
}
