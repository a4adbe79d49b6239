//! `gouji user`: the accounts of the people who sign in.

use std::process::ExitCode;

use access::Role;
use anyhow::{Result, anyhow};
use clap::{Args, Subcommand};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};

use crate::client::answers::{Account, AccountWithPassword, Accounts};
use crate::client::{Server, parsed};
use crate::language::{text, word};
use crate::print::say;

/// Make accounts for people, change what they may do, and disable them. It needs a key with the role operate.
#[derive(Debug, Args)]
pub(crate) struct User {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List accounts, by name.
    List(List),
    /// Make an account. Its first password is printed once and stored nowhere; it has to be changed at the first
    /// sign-in.
    New(New),
    /// Give an account another role or another scope.
    Role(Change),
    /// Disable an account: it cannot sign in any more, and its sessions end. What it did stays.
    Disable(Named),
    /// Enable a disabled account again.
    Enable(Named),
    /// Give an account a new first password, and end its sessions.
    Reset(Named),
    /// End the sessions of an account.
    SignOut(Named),
}

#[derive(Debug, Args)]
struct List {
    /// Only accounts with this text in a name, a region or an agency.
    text: Option<String>,
    /// Only accounts with this role.
    #[arg(long, value_parser = role)]
    role: Option<Role>,
    /// Print the answer of the API as it is.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct New {
    /// The name to sign in with; never changes.
    name: String,
    /// The name that people know, e.g. 张三（市政务公开办）; by default the name to sign in with.
    #[arg(long)]
    display: Option<String>,
    /// What it may do: submit, review, lead or operate.
    #[arg(long, value_parser = role)]
    role: Role,
    #[command(flatten)]
    scope: Scope,
    /// Let the identity provider sign it in, without a password.
    #[arg(long)]
    unified: bool,
}

#[derive(Debug, Args)]
struct Change {
    /// The name of the account.
    name: String,
    /// What it may do: submit, review, lead or operate.
    #[arg(long, value_parser = role)]
    role: Option<Role>,
    /// The name that people know.
    #[arg(long)]
    display: Option<String>,
    #[command(flatten)]
    scope: Scope,
    /// Take its scope away, so that it may see everything.
    #[arg(long, conflicts_with_all = ["regions", "agencies"])]
    everything: bool,
}

/// The reports that an account may send or see.
#[derive(Debug, Args)]
struct Scope {
    /// Code of a region of its scope; repeat for several. Not for `operate`.
    #[arg(long = "region", value_name = "CODE")]
    regions: Vec<String>,
    /// Name of an agency of its scope, as in the reports; repeat for several. Only for `submit`.
    #[arg(long = "agency", value_name = "NAME")]
    agencies: Vec<String>,
}

#[derive(Debug, Args)]
struct Named {
    /// The name of the account.
    name: String,
}

fn role(name: &str) -> Result<Role, String> {
    Role::parse(name)
        .ok_or_else(|| text!("可用 submit、review、lead、operate", "use submit, review, lead or operate"))
}

impl User {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.act())))
    }

    async fn act(&self) -> Result<()> {
        match &self.verb {
            Verb::List(list) => self.list(list).await,
            Verb::New(new) => self.make(new).await,
            Verb::Role(change) => self.change(&change.name, change.body()).await,
            Verb::Disable(named) => self.change(&named.name, json!({"disabled": true})).await,
            Verb::Enable(named) => self.change(&named.name, json!({"disabled": false})).await,
            Verb::Reset(named) => {
                let url = self.address(&[&named.name, "password"])?;
                show_password(&parsed(&self.send(Method::POST, url, None).await?)?);
                Ok(())
            }
            Verb::SignOut(named) => {
                let url = self.address(&[&named.name, "sign-out"])?;
                say(&line(&parsed(&self.send(Method::POST, url, None).await?)?));
                Ok(())
            }
        }
    }

    async fn list(&self, list: &List) -> Result<()> {
        let mut query = Vec::new();
        query.extend(list.text.as_deref().map(|text| ("q", text)));
        query.extend(list.role.map(|role| ("role", role.name())));
        let body = self.server.get_text("/api/v1/users", &query).await?;
        if list.json {
            say(&body);
            return Ok(());
        }
        let Accounts { users } = parsed(&body)?;
        for user in &users {
            say(&line(user));
        }
        Ok(())
    }

    async fn make(&self, new: &New) -> Result<()> {
        let body = json!({
            "name": new.name,
            "display": new.display.as_ref().unwrap_or(&new.name),
            "role": new.role.name(),
            "regions": new.scope.regions,
            "agencies": new.scope.agencies,
            "unified": new.unified,
        });
        let url = self.address(&[])?;
        show_password(&parsed(&self.send(Method::POST, url, Some(&body)).await?)?);
        Ok(())
    }

    async fn change(&self, name: &str, body: Value) -> Result<()> {
        let url = self.address(&[name])?;
        say(&line(&parsed(&self.send(Method::PATCH, url, Some(&body)).await?)?));
        Ok(())
    }

    /// The address of the accounts, or of what is below them. A name may have any letters.
    fn address(&self, below: &[&str]) -> Result<Url> {
        let mut url = self.server.at("/api/v1/users", &[])?;
        url.path_segments_mut().map_err(|()| anyhow!("the address of the server has no path"))?.extend(below);
        Ok(url)
    }

    async fn send(&self, method: Method, url: Url, body: Option<&Value>) -> Result<String> {
        let mut request = self.server.client()?.request(method, url);
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        self.server.answer(request).await
    }
}

impl Change {
    /// What changes: only what was named.
    fn body(&self) -> Value {
        let Scope { regions, agencies } = &self.scope;
        let mut body = Map::new();
        if let Some(role) = self.role {
            body.insert("role".into(), role.name().into());
        }
        if let Some(display) = &self.display {
            body.insert("display".into(), display.as_str().into());
        }
        // A scope is replaced as a whole.
        if self.everything || !regions.is_empty() || !agencies.is_empty() {
            body.insert("regions".into(), json!(regions));
            body.insert("agencies".into(), json!(agencies));
        }
        Value::Object(body)
    }
}

/// Prints a first password alone on a line, for a script; what it is goes to the terminal.
fn show_password(made: &AccountWithPassword) {
    let AccountWithPassword { user, initial_password } = made;
    let name = &user.name;
    match initial_password {
        Some(password) => {
            eprintln!(
                "{}",
                text!(
                    "账号 {name} 的初始密码，只显示这一次，首次登录后须修改：",
                    "the first password of {name}; it is stored nowhere, and has to be changed at the first sign-in:"
                )
            );
            say(password);
        }
        None => eprintln!(
            "{}",
            text!("账号 {name} 用统一身份认证登录。", "{name} signs in at the identity provider")
        ),
    }
}

/// An account on one line: role, name, state, display name, scope.
fn line(user: &Account) -> String {
    let state = match (user.disabled, user.must_change_password) {
        (true, _) => word("已停用", "disabled"),
        (false, true) => word("待改初始密码", "must change its password"),
        (false, false) => word("正常", "active"),
    };
    let scope = [user.regions.as_slice(), &user.agencies].concat().join("、");
    let columns = [&user.role, &user.name, state, &user.display, scope.as_str()];
    columns.join("  ").trim_end().to_owned()
}
