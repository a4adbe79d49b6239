//! What an administrator does to accounts, for the page and for the API.

use access::account::{Account, Directory, NewAccount, Password, Profile};
use access::{Action, Caller, Role};
use jiff::Timestamp;

use crate::app::App;
use crate::problem::Problem;
use crate::region_lookup;

/// An account and the password that it was given, which is shown once and stored nowhere.
pub(crate) struct WithPassword {
    pub(crate) account: Account,
    /// None where the identity provider signs it in.
    pub(crate) password: Option<Password>,
}

/// The scope of an account in words.
pub(crate) fn scope_text(regions: &[String], agencies: &[String]) -> String {
    let regions = regions.iter().map(|code| match region_lookup::name(code) {
        Some(name) => format!("{name}（{code}）"),
        None => code.clone(),
    });
    let parts: Vec<String> = regions.chain(agencies.iter().cloned()).collect();
    if parts.is_empty() { "全部".into() } else { parts.join("、") }
}

/// The accounts that have a text in a name or in their scope, and a role; an empty text is in all.
pub(crate) async fn list(app: &App, text: &str, role: Option<Role>) -> Result<Vec<Account>, Problem> {
    let directory = app.access().directory().await?;
    let has_text = |account: &Account| {
        let names = [&account.name, &account.display];
        names.into_iter().chain(&account.regions).chain(&account.agencies).any(|own| own.contains(text))
    };
    let is_wanted = |account: &&Account| role.is_none_or(|role| account.role == role) && has_text(account);
    Ok(directory.accounts().into_iter().filter(is_wanted).cloned().collect())
}

/// The account with this id or this name.
pub(crate) async fn find(app: &App, id_or_name: &str) -> Result<Account, Problem> {
    let directory = app.access().directory().await?;
    let of_name = Account::id_of(id_or_name);
    let found = directory.accounts().into_iter().find(|one| one.id() == id_or_name || one.id() == of_name);
    found.cloned().ok_or_else(|| Problem::not_found("没有这个账号。".into()))
}

/// Makes an account, with a random password unless the identity provider signs it in.
pub(crate) async fn create(
    app: &App,
    caller: &Caller,
    name: &str,
    profile: Profile,
    is_unified: bool,
) -> Result<WithPassword, Problem> {
    let password = if is_unified { None } else { Some(random_password()?) };
    let hash = match &password {
        Some(password) => Some(password.hash().await.map_err(|error| Problem::internal(&error))?),
        None => None,
    };
    let new = NewAccount {
        name: name.to_owned(),
        profile,
        must_change: hash.is_some(),
        password: hash,
        now_ms: Timestamp::now().as_millisecond(),
    };
    let account = app.access().create_account(caller, new).await?;
    Ok(WithPassword { account, password })
}

/// Gives an account another name to be known by, another role or another scope.
pub(crate) async fn change_profile(
    app: &App,
    caller: &Caller,
    name: &str,
    profile: Profile,
) -> Result<Account, Problem> {
    let scope = scope_text(&profile.regions, &profile.agencies);
    let detail = format!("{} {scope}", profile.role.name());
    let action = Action { name: "change-account", object: name, detail: &detail };
    let change = |all: &mut Directory| all.change_profile(name, profile.clone());
    app.access().change_account(caller, action, change).await
}

/// Disables an account and ends its sessions, or enables it again.
pub(crate) async fn set_disabled(
    app: &App,
    caller: &Caller,
    name: &str,
    is_disabled: bool,
) -> Result<Account, Problem> {
    let kind = if is_disabled { "disable-account" } else { "enable-account" };
    let action = Action { name: kind, object: name, detail: "" };
    app.access().change_account(caller, action, |all| all.set_disabled(name, is_disabled)).await
}

/// Ends every session of an account.
pub(crate) async fn end_sessions(app: &App, caller: &Caller, name: &str) -> Result<Account, Problem> {
    let action = Action { name: "end-sessions", object: name, detail: "" };
    app.access().change_account(caller, action, |all| all.end_sessions(name)).await
}

/// Gives an account a new random password and ends its sessions.
pub(crate) async fn reset_password(app: &App, caller: &Caller, name: &str) -> Result<WithPassword, Problem> {
    let password = random_password()?;
    let hash = password.hash().await.map_err(|error| Problem::internal(&error))?;
    let action = Action { name: "reset-password", object: name, detail: "" };
    let reset = |all: &mut Directory| all.set_password(name, hash.clone(), true);
    let account = app.access().change_account(caller, action, reset).await?;
    Ok(WithPassword { account, password: Some(password) })
}

fn random_password() -> Result<Password, Problem> {
    Password::random().map_err(|error| Problem::internal(&error))
}
