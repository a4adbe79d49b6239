//! `/account`: the caller's own account: its role, its password, and where it is signed in.

use access::account::{Password, Session, SessionId};
use access::{Action, Caller};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use report::beijing;

use super::layout::{self, ErrorPage};
use super::login;
use crate::app::App;
use crate::form::Form;
use crate::params::Params;
use crate::problem::Problem;

const TITLE: &str = "我的账号";

/// `GET /account`.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, ErrorPage> {
    let done = params.get("done").map(|_| "已修改密码；其他地方的登录已全部结束。");
    page(&app, &caller, done, None).await
}

/// `POST /account/password`.
pub(crate) async fn change_password(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ErrorPage> {
    let present = Password::new(form.get("present"));
    let changed = match login::chosen_password(&form, &caller.name) {
        Ok(new) => app.access().change_own_password(&caller, &present, &new, &headers).await,
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(signed_in) => Ok(login::go_on(&signed_in, "/account?done=password")),
        Err(problem) if problem.field.is_some() => {
            let mut response = page(&app, &caller, None, Some(&problem)).await?;
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /account/sessions`: ends one session, or all.
pub(crate) async fn end_sessions(
    State(app): State<App>,
    caller: Caller,
    form: Form,
) -> Result<Response, ErrorPage> {
    match form.get("session") {
        "all" => {
            let action = Action { name: "end-sessions", object: &caller.name, detail: "all" };
            let end = |directory: &mut access::account::Directory| directory.end_sessions(&caller.name);
            app.access().change_account(&caller, action, end).await?;
            let cookie = app.access().sign_out_cookie();
            Ok(login::with_cookies(Redirect::to("/login").into_response(), &[cookie]))
        }
        name => {
            app.access().end_own_session(&caller, name).await?;
            Ok(Redirect::to("/account").into_response())
        }
    }
}

async fn page(
    app: &App,
    caller: &Caller,
    notice: Option<&str>,
    problem: Option<&Problem>,
) -> Result<Response, ErrorPage> {
    let Some(own) = &caller.session else {
        let content = html! {
            section.card {
                h1 { (TITLE) }
                p { @match caller.role {
                    Some(role) => { "当前以密钥“" (caller.name) "”访问，角色为" (role.title()) "。密钥由管理员在密钥文件中管理。" }
                    None => { "本系统没有启用账号，能打开页面的人都可以操作。" }
                } }
            }
        };
        return Ok(layout::page(app, caller, TITLE, "", content).await.into_response());
    };
    let sessions = app.access().own_sessions(caller).await?;
    let content = html! {
        h1 { (TITLE) }
        @if let Some(notice) = notice { p.notice.good role="status" { (notice) } }
        @if own.must_change { p.notice.warn role="alert" { "初始密码由管理员设定，请先改成只有您知道的密码。" } }
        section.card {
            dl.facts {
                div { dt { "登录名" } dd { (caller.name) } }
                div { dt { "姓名" } dd { (own.display) } }
                div { dt { "角色" } dd { (caller.role.map_or("", |role| role.title())) } }
                div { dt { "范围" } dd { (scope(caller)) } }
            }
            p.quiet { "角色和范围由管理员设定；需要调整时，请联系管理员。" }
        }
        @if own.way == access::account::Way::Password {
            section.card {
                h2 { "修改密码" }
                @if let Some(problem) = problem { (login::refusal(problem)) }
                form.fields method="post" action="/account/password" {
                    input type="hidden" name="username" value=(caller.name) autocomplete="username";
                    label { "现在的密码" input name="present" type="password" autocomplete="current-password" required maxlength="256"; }
                    (login::password_fields())
                    button.primary { "修改密码" }
                }
            }
        }
        @if !own.must_change { (sessions_table(&sessions, &own.id)) }
    };
    Ok(layout::page_with(app, caller, TITLE, "", &["account.css"], content).await.into_response())
}

/// The scope of the caller in words.
fn scope(caller: &Caller) -> String {
    match &caller.scope {
        None => "全部".into(),
        Some(scope) => crate::users::scope_text(&scope.regions, &scope.agencies),
    }
}

fn sessions_table(sessions: &[(SessionId, Session)], own: &SessionId) -> Markup {
    html! {
        section.card {
            h2 { "登录情况" }
            div.scroll tabindex="0" { table.plain.left {
                thead { tr { th scope="col" { "登录时间" } th scope="col" { "最近使用" } th scope="col" { "地址" } th scope="col" { "浏览器" } th scope="col" { "操作" } } }
                tbody {
                    @for (id, session) in sessions {
                        tr {
                            td.nowrap { (beijing::format_time(session.began_at_ms)) }
                            td.nowrap { (beijing::format_time(session.seen_at_ms)) }
                            td.nowrap { (session.origin) }
                            td { (session.client) }
                            td.nowrap {
                                @if id == own { "本次登录" } @else {
                                    form method="post" action="/account/sessions" { button.button name="session" value=(id.name()) { "结束" } }
                                }
                            }
                        }
                    }
                }
            } }
            form method="post" action="/account/sessions" { button.button name="session" value="all" { "结束全部登录" } " " span.quiet { "包括本次；之后需要重新登录。" } }
        }
    }
}
