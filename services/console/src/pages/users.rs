//! `/users`: the accounts of the office. An administrator makes them, gives them roles, and disables them.

use access::account::{Account, Password, Profile};
use access::{Action, Caller, Role};
use axum::extract::{OriginalUri, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use export::{Column, Kind, Value};
use maud::{Markup, html};
use report::beijing;

use super::layout::{self, ErrorPage};
use super::login;
use crate::app::App;
use crate::form::Form;
use crate::list_export;
use crate::params::{Id, Params};
use crate::problem::Problem;
use crate::users::{self, WithPassword, scope_text};

const TITLE: &str = "用户";
/// Accounts on one page; the fields above the list find the others.
const LISTED: usize = 300;

/// `GET /users`.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, ErrorPage> {
    let (text, role) = (params.get("q").unwrap_or_default(), params.get("role").unwrap_or_default());
    let found = users::list(&app, text, Role::parse(role)).await?;
    let content = html! {
        div.title-row { h1 { (TITLE) } a.button.primary href="/users/new" { "新建账号" } }
        form.card.asking action="/users" role="search" aria-label="筛选账号" {
            label { "查找 " input type="search" name="q" value=(text) size="26" placeholder="登录名、姓名、区划代码、机关"; }
            label { "角色 " (role_select(Role::parse(role), true)) }
            button.button { "筛选" }
            span.quiet { "共 " (found.len()) " 个账号" @if found.len() > LISTED { "，只列出前 " (LISTED) " 个" } "　" (list_export::links("/users", &params)) }
        }
        section.card {
            @if found.is_empty() { p { "没有符合条件的账号。" } } @else { (rows(&found[..found.len().min(LISTED)])) }
        }
    };
    Ok(layout::page_with(&app, &caller, TITLE, "", &["account.css"], content).await.into_response())
}

/// `GET /users.csv` and `GET /users.xlsx`: the accounts that the page lists with the same parameters, all of them.
pub(crate) async fn table(
    State(app): State<App>,
    caller: Caller,
    OriginalUri(address): OriginalUri,
    params: Params,
) -> Result<Response, Problem> {
    let format = list_export::format_of(&address)?;
    let (text, role) = (params.get("q").unwrap_or_default(), params.get("role").unwrap_or_default());
    let found = users::list(&app, text, Role::parse(role)).await?;
    let detail = format!("{} accounts", found.len());
    app.access().record(&caller, Action { name: "export-users", object: "", detail: &detail }).await?;
    let columns = vec![
        Column::new("name", "登录名", Kind::Text, "登录用的名称。"),
        Column::new("display", "姓名", Kind::Text, "姓名和单位。"),
        Column::new("role", "角色", Kind::Text, "账号能做什么。"),
        Column::new("scope", "范围", Kind::Text, "负责的地区或者机关。"),
        Column::new("sign_in", "登录方式", Kind::Text, "密码或者统一身份认证。"),
        Column::new("state", "状态", Kind::Text, "正常、待改初始密码或者已停用。"),
        Column::new("created", "建立时间", Kind::Time, "账号建立的时间。"),
    ];
    let row = |account: &Account| {
        vec![
            Value::text(account.name.clone()),
            Value::text(account.display.clone()),
            Value::text(account.role.title()),
            Value::text(scope_text(&account.regions, &account.agencies)),
            Value::text(way(account)),
            Value::text(state(account)),
            Value::Time(account.created_at_ms),
        ]
    };
    list_export::answer(TITLE, columns, found.iter().map(row).collect(), format).await
}

fn rows(accounts: &[Account]) -> Markup {
    html! {
        div.scroll tabindex="0" { table.plain.left.users {
            thead { tr { th scope="col" { "登录名" } th scope="col" { "姓名" } th scope="col" { "角色" } th scope="col" { "范围" } th scope="col" { "登录方式" } th scope="col" { "状态" } th scope="col" { "建立时间" } } }
            tbody {
                @for account in accounts {
                    tr.off[account.is_disabled] {
                        th scope="row" { a href={ "/users/" (account.id()) } { (account.name) } }
                        td { (account.display) }
                        td.nowrap { (account.role.title()) }
                        td.scope { (scope_text(&account.regions, &account.agencies)) }
                        td.nowrap { (way(account)) }
                        td.nowrap { (state(account)) }
                        td.nowrap { (beijing::format_time(account.created_at_ms)) }
                    }
                }
            }
        } }
    }
}

fn way(account: &Account) -> &'static str {
    if account.has_password() { "密码" } else { "统一身份认证" }
}

fn state(account: &Account) -> &'static str {
    match (account.is_disabled, account.must_change) {
        (true, _) => "已停用",
        (false, true) => "待改初始密码",
        (false, false) => "正常",
    }
}

fn role_select(chosen: Option<Role>, any: bool) -> Markup {
    html! {
        select name="role" {
            @if any { option value="" selected[chosen.is_none()] { "全部" } }
            @for role in Role::ALL { option value=(role.name()) selected[chosen == Some(role)] { (role.title()) } }
        }
    }
}

/// What an administrator filled in, to be shown again where it was refused.
struct Filled {
    display: String,
    role: Role,
    regions: Vec<String>,
    agencies: Vec<String>,
}

impl Filled {
    fn of(account: &Account) -> Self {
        let Account { display, role, regions, agencies, .. } = account.clone();
        Self { display, role, regions, agencies }
    }

    fn parse(form: &Form) -> Result<Self, Problem> {
        let role = Role::parse(form.get("role"))
            .ok_or_else(|| Problem::bad_parameter("role", format!("没有角色“{}”。", form.get("role"))))?;
        Ok(Self {
            display: form.get("display").to_owned(),
            role,
            regions: form.list("regions"),
            agencies: form.list("agencies"),
        })
    }

    fn profile(&self) -> Profile {
        Profile {
            display: self.display.clone(),
            role: self.role,
            regions: self.regions.clone(),
            agencies: self.agencies.clone(),
        }
    }

    fn fields(&self) -> Markup {
        html! {
            label { "姓名" input name="display" value=(self.display) required maxlength="64" autocomplete="off"; span.quiet { "如：张三（市政务公开办）" } }
            label { "角色" (role_select(Some(self.role), false)) span.quiet { (ROLES) } }
            label { "地区" input name="regions" value=(self.regions.join("、")) maxlength="2000" autocomplete="off"; span.quiet { "区划代码，多个用顿号隔开，如 6101、610302；审核员和负责人不填即为全部" } }
            label { "机关" textarea name="agencies" rows="3" { (self.agencies.join("\n")) } span.quiet { "只用于报送单位，按年度报告上的机关名称，一行一个" } }
        }
    }
}

const ROLES: &str = "报送单位：报送和查看本单位年度报告；审核员：审核；负责人：另可豁免、批量通过、定规则；管理员：全部，含用户管理";

/// `GET /users/new`.
pub(crate) async fn new(State(app): State<App>, caller: Caller) -> Result<Response, ErrorPage> {
    app.access().directory().await?;
    let filled =
        Filled { display: String::new(), role: Role::Review, regions: Vec::new(), agencies: Vec::new() };
    Ok(new_page(&app, &caller, "", &filled, false, None).await)
}

async fn new_page(
    app: &App,
    caller: &Caller,
    name: &str,
    filled: &Filled,
    is_unified: bool,
    problem: Option<&Problem>,
) -> Response {
    let content = html! {
        h1 { "新建账号" }
        section.card {
            @if let Some(problem) = problem { (login::refusal(problem)) }
            form.fields method="post" action="/users" {
                label { "登录名" input name="name" value=(name) required minlength="2" maxlength="64" autocomplete="off" spellcheck="false"; span.quiet { "2至64个字母、数字、汉字或 - _ . @，建立后不能改" } }
                (filled.fields())
                @if app.access().has_unified_sign_in() {
                    label.check { input type="checkbox" name="unified" value="true" checked[is_unified]; " 用统一身份认证登录，不设密码" }
                }
                div.buttons { button.primary { "建立账号" } a.button href="/users" { "返回" } }
            }
        }
    };
    layout::page_with(app, caller, "新建账号", "", &["account.css"], content).await.into_response()
}

/// `POST /users`.
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    form: Form,
) -> Result<Response, ErrorPage> {
    let filled = Filled::parse(&form)?;
    let is_unified = form.get("unified") == "true" && app.access().has_unified_sign_in();
    match users::create(&app, &caller, form.get("name"), filled.profile(), is_unified).await {
        Ok(WithPassword { account, password: None }) => {
            Ok(Redirect::to(&format!("/users/{}", account.id())).into_response())
        }
        Ok(WithPassword { account, password: Some(password) }) => {
            Ok(password_page(&app, &caller, &account, &password, "已建立账号").await)
        }
        Err(problem) if problem.field.is_some() => {
            let page = new_page(&app, &caller, form.get("name"), &filled, is_unified, Some(&problem)).await;
            Ok(with_status(page, problem.status))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn with_status(mut response: Response, status: StatusCode) -> Response {
    *response.status_mut() = status;
    response
}

/// The one page that shows a password.
async fn password_page(
    app: &App,
    caller: &Caller,
    account: &Account,
    password: &Password,
    title: &str,
) -> Response {
    let content = html! {
        section.card {
            h1 { (title) }
            p { "请把下面的登录名和初始密码交给" (account.display) "。初始密码只显示这一次，首次登录后须修改。" }
            dl.facts.secret {
                div { dt { "登录名" } dd { (account.name) } }
                div { dt { "初始密码" } dd { code { (password.reveal()) } } }
            }
            p { a.button href={ "/users/" (account.id()) } { "查看账号" } " " a.button href="/users" { "返回用户列表" } }
        }
    };
    let page = layout::page_with(app, caller, title, "", &["account.css"], content).await;
    ([(header::CACHE_CONTROL, "no-store")], page).into_response()
}

/// `GET /users/{id}`.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    params: Params,
) -> Result<Response, ErrorPage> {
    let account = users::find(&app, &id).await?;
    let filled = Filled::of(&account);
    let notice = params.get("done").map(|_| "已保存。");
    Ok(edit_page(&app, &caller, &account, &filled, notice, None).await)
}

async fn edit_page(
    app: &App,
    caller: &Caller,
    account: &Account,
    filled: &Filled,
    notice: Option<&str>,
    problem: Option<&Problem>,
) -> Response {
    let act = |act: &str, label: &str| {
        html! { button.button name="act" value=(act) { (label) } }
    };
    let content = html! {
        h1 { (account.name) " " span.quiet { (way(account)) "登录，" (state(account)) } }
        @if let Some(notice) = notice { p.notice.good role="status" { (notice) } }
        @if let Some(problem) = problem { (login::refusal(problem)) }
        section.card {
            form.fields method="post" action={ "/users/" (account.id()) } {
                (filled.fields())
                div.buttons { button.primary name="act" value="save" { "保存" } a.button href="/users" { "返回用户列表" } }
            }
        }
        section.card {
            h2 { "登录" }
            form.acts method="post" action={ "/users/" (account.id()) } {
                @if account.is_disabled { (act("enable", "启用账号")) } @else {
                    @if account.has_password() { (act("reset", "重置密码")) }
                    (act("end", "结束其全部登录"))
                    (act("disable", "停用账号"))
                }
            }
            p.quiet { "停用后立即不能登录，已有的登录随即结束；报送和审核的记录都保留。" a href={ "/audit?object=" (crate::params::percent_encode(&account.name)) } { "这个账号的变更记录" } }
        }
    };
    layout::page_with(app, caller, &account.name, "", &["account.css"], content).await.into_response()
}

/// `POST /users/{id}`.
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    form: Form,
) -> Result<Response, ErrorPage> {
    let account = users::find(&app, &id).await?;
    let name = account.name.as_str();
    let done = || Redirect::to(&format!("/users/{id}?done=true")).into_response();
    let changed = match form.get("act") {
        "save" => {
            let filled = Filled::parse(&form)?;
            match users::change_profile(&app, &caller, name, filled.profile()).await {
                Err(problem) if problem.status.is_client_error() => {
                    let page = edit_page(&app, &caller, &account, &filled, None, Some(&problem)).await;
                    return Ok(with_status(page, problem.status));
                }
                changed => changed,
            }
        }
        "disable" => users::set_disabled(&app, &caller, name, true).await,
        "enable" => users::set_disabled(&app, &caller, name, false).await,
        "end" => users::end_sessions(&app, &caller, name).await,
        "reset" => {
            let reset = users::reset_password(&app, &caller, name).await?;
            let Some(password) = reset.password else { return Ok(done()) };
            return Ok(password_page(&app, &caller, &reset.account, &password, "已重置密码").await);
        }
        other => return Err(Problem::bad_parameter("act", format!("没有操作“{other}”。")).into()),
    };
    match changed {
        Ok(_) => Ok(done()),
        Err(problem) if problem.status == StatusCode::CONFLICT => {
            let filled = Filled::of(&account);
            let page = edit_page(&app, &caller, &account, &filled, None, Some(&problem)).await;
            Ok(with_status(page, problem.status))
        }
        Err(problem) => Err(problem.into()),
    }
}
