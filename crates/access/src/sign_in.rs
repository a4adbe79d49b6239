//! Signing in and out, and what is done to accounts: the acts behind the pages.
//!
//! A wrong password costs the one who tries it: a name and an address together have a few attempts, so that guessing is
//! slow and nobody locks the owner out from another address. A browser that somebody signed in with before has attempts
//! of its own, so that not even somebody behind the same proxy can use them up.

use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::Context as _;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use data_encoding::HEXLOWER;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::account::{
    Account, AccountError, Accounts, ChangeError, Directory, NewAccount, Password, Session, SessionId, Way,
};
use crate::audit::Action;
use crate::guard::rate_limited;
use crate::{AccessControl, Caller, Code, Problem, account, rate};

/// Attempts of one name from one address, and of one address with any name, before each has to wait.
const ATTEMPTS_OF_NAME: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
const ATTEMPTS_OF_ADDRESS: NonZeroU32 = NonZeroU32::new(100).expect("a hundred is not zero");
/// Then there is another attempt every so often.
const NAME_EVERY: Duration = Duration::from_secs(30);
const ADDRESS_EVERY: Duration = Duration::from_secs(3);
/// Attempts between two purges of what is remembered of them.
const PURGE_EVERY: usize = 1_000;
/// The link of the first start can be used for so long.
const FIRST_LINK: Duration = Duration::from_secs(3600);

/// Counts attempts to sign in.
pub(crate) struct Attempts {
    names: Limiter,
    addresses: Limiter,
}

impl Default for Attempts {
    fn default() -> Self {
        let quota = |every: Duration, burst: NonZeroU32| {
            Quota::with_period(every).expect("the period is not zero").allow_burst(burst)
        };
        Self {
            names: RateLimiter::hashmap(quota(NAME_EVERY, ATTEMPTS_OF_NAME)),
            addresses: RateLimiter::hashmap(quota(ADDRESS_EVERY, ATTEMPTS_OF_ADDRESS)),
        }
    }
}

impl Attempts {
    /// # Errors
    /// The seconds until the next attempt. A known browser is counted by itself.
    fn take(&self, account: &str, origin: &str, is_known_browser: bool) -> Result<(), u64> {
        if self.names.len() > PURGE_EVERY {
            self.names.retain_recent();
            self.addresses.retain_recent();
        }
        let network = origin.parse().map_or_else(|_| origin.to_owned(), |ip| rate::network(ip).to_string());
        if is_known_browser {
            return check(&self.names, &format!("{account} known"));
        }
        check(&self.addresses, &network)?;
        check(&self.names, &format!("{account} {network}"))
    }
}

type Limiter = RateLimiter<String, HashMapStateStore<String>, DefaultClock>;

fn check(limiter: &Limiter, who: &String) -> Result<(), u64> {
    limiter.check_key(who).map_err(|until| until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
}

/// An attempt to sign in.
pub struct Attempt<'a> {
    /// The name of the account.
    pub name: &'a str,
    /// The password.
    pub password: &'a Password,
    /// The headers of the request.
    pub headers: &'a HeaderMap,
}

/// Somebody who has signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// The account.
    pub account: Account,
    /// The cookies to set.
    pub cookies: Vec<HeaderValue>,
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// What a browser gets that signed in with a password: it is derived from the stored hash, so it ends with the password.
fn device_of(account: &Account) -> Option<String> {
    let hash = serde_json::to_string(account.password.as_ref()?).ok()?;
    let digest = Sha256::new().chain_update("gouji-device").chain_update(hash).finalize();
    Some(format!("{}{}", account.id(), HEXLOWER.encode(&digest)))
}

impl AccessControl {
    /// Whether people have accounts.
    pub fn has_accounts(&self) -> bool {
        self.0.accounts.is_some()
    }

    pub(crate) fn accounts(&self) -> Result<&Accounts, Problem> {
        let off = || Problem::not_found("本系统没有启用账号。".into());
        self.0.accounts.as_ref().ok_or_else(off)
    }

    /// Signs in with a password. The session that the browser had before ends.
    ///
    /// # Errors
    /// If name or password is wrong, there were too many attempts, or the bus does not answer.
    pub async fn sign_in(&self, caller: &Caller, attempt: Attempt<'_>) -> Result<SignedIn, Problem> {
        let accounts = self.accounts()?;
        let id = Account::id_of(attempt.name);
        let account = accounts.get(&id).await.map_err(|error| Problem::bus(&error))?;
        let device = self.0.cookies.device(attempt.headers);
        let is_known = match (account.as_ref().and_then(device_of), device) {
            (Some(own), Some(device)) => bool::from(own.as_bytes().ct_eq(device.as_bytes())),
            _ => false,
        };
        let name: String = attempt.name.chars().take(64).collect();
        let deny = |problem: Problem| {
            let action = Action { name: "sign-in", object: &name, detail: problem.code.name() };
            self.deny(caller, action, problem)
        };
        if let Err(seconds) = self.0.attempts.take(&id, &caller.origin, is_known) {
            return Err(deny(rate_limited(seconds)));
        }
        let stored = account.as_ref().and_then(|account| account.password.clone());
        let is_right = attempt.password.is(stored).await.map_err(|error| {
            tracing::warn!("comparing a password: {error:#}");
            Problem::new(Code::TooOften, "同时登录的人太多。", "请稍后再试。").retry_after(2)
        })?;
        let Some(account) = account.filter(|_| is_right) else {
            let hint = "请核对大小写和输入法；忘记密码时，请管理员重置。";
            return Err(deny(Problem::new(Code::WrongPassword, "登录名或密码不对。", hint)));
        };
        if account.is_disabled {
            let detail = "这个账号已停用。";
            return Err(deny(Problem::new(Code::WrongPassword, detail, "如需使用，请联系管理员。")));
        }
        self.begin(caller, account, Way::Password, attempt.headers).await
    }

    /// Begins a session of an account, and ends the one that the browser had.
    pub(crate) async fn begin(
        &self,
        caller: &Caller,
        account: Account,
        way: Way,
        headers: &HeaderMap,
    ) -> Result<SignedIn, Problem> {
        let accounts = self.accounts()?;
        if let Some(earlier) = self.0.cookies.session(headers).and_then(SessionId::of_cookie) {
            accounts.end(&earlier).await.map_err(|error| Problem::bus(&error))?;
        }
        let client = headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let session = Session::new(&account, way, &caller.origin, client, now_ms());
        let who = Caller::named(&account, &caller.origin);
        let detail = match way {
            Way::Password => "password",
            Way::Unified => "identity provider",
        };
        self.record(&who, Action { name: "sign-in", object: &account.name, detail }).await?;
        let cookie = accounts.sessions().begin(&account, &session).await;
        let cookie = cookie.map_err(|error| Problem::bus(&error))?;
        let mut cookies = vec![self.0.cookies.set_session(&cookie)];
        if let (Way::Password, Some(device)) = (way, device_of(&account)) {
            cookies.push(self.0.cookies.set_device(&device));
        }
        Ok(SignedIn { account, cookies })
    }

    /// Ends the session of the caller. Returns the cookie to set.
    ///
    /// # Errors
    /// If the bus does not answer; then the session goes on.
    pub async fn sign_out(&self, caller: &Caller) -> Result<HeaderValue, Problem> {
        if let Some(session) = &caller.session {
            let accounts = self.accounts()?;
            self.record(caller, Action { name: "sign-out", object: &caller.name, detail: "" }).await?;
            accounts.end(&session.id).await.map_err(|error| Problem::bus(&error))?;
        }
        Ok(self.0.cookies.end_session())
    }

    /// The cookie that ends the session of a browser.
    pub fn sign_out_cookie(&self) -> HeaderValue {
        self.0.cookies.end_session()
    }

    /// Every account.
    ///
    /// # Errors
    /// If people have no accounts, or the bus does not answer.
    pub async fn directory(&self) -> Result<Directory, Problem> {
        self.accounts()?.directory().await.map_err(|error| Problem::bus(&error))
    }

    /// Changes one account, and records it before.
    ///
    /// # Errors
    /// If it may not be changed like this, or the bus does not answer.
    pub async fn change_account(
        &self,
        caller: &Caller,
        action: Action<'_>,
        change: impl Fn(&mut Directory) -> Result<Account, AccountError>,
    ) -> Result<Account, Problem> {
        let accounts = self.accounts()?;
        // What cannot be done is no act, and is not recorded.
        let mut present = accounts.directory().await.map_err(|error| Problem::bus(&error))?;
        change(&mut present).map_err(|error| refused(&error))?;
        self.record(caller, action).await?;
        accounts.change(change).await.map_err(|error| match error {
            ChangeError::Refused(error) => refused(&error),
            ChangeError::Unavailable(error) => Problem::bus(&error),
        })
    }

    /// Makes an account. Its name must be that of no key, because facts name both alike.
    ///
    /// # Errors
    /// If it cannot be made like this, or the bus does not answer.
    pub async fn create_account(&self, caller: &Caller, new: NewAccount) -> Result<Account, Problem> {
        if self.0.keys.as_ref().is_some_and(|keys| keys.has_name(new.name.trim())) {
            return Err(refused(&AccountError::Taken(new.name)));
        }
        let scope = [new.profile.regions.as_slice(), &new.profile.agencies].concat().join(" ");
        let detail = format!("{} {scope}", new.profile.role.name());
        let name = new.name.clone();
        let action = Action { name: "create-account", object: &name, detail: detail.trim() };
        self.change_account(caller, action, move |directory| directory.create(new.clone())).await
    }

    /// Changes the caller's own password; every other session of the account ends, and this one is replaced.
    ///
    /// # Errors
    /// If the present password is wrong, the new one may not be chosen, or the bus does not answer.
    pub async fn change_own_password(
        &self,
        caller: &Caller,
        present: &Password,
        new: &Password,
        headers: &HeaderMap,
    ) -> Result<SignedIn, Problem> {
        let accounts = self.accounts()?;
        let id = Account::id_of(&caller.name);
        if let Err(seconds) = self.0.attempts.take(&id, &caller.origin, true) {
            return Err(rate_limited(seconds));
        }
        let account = accounts.get(&id).await.map_err(|error| Problem::bus(&error))?;
        let stored = account.and_then(|account| account.password);
        if !present.is(stored).await.map_err(|error| Problem::unanswered(&error))? {
            let action = Action { name: "change-password", object: &caller.name, detail: "wrong-password" };
            let problem = Problem::new(Code::WrongPassword, "现在的密码不对。", "请重新输入。");
            return Err(self.deny(caller, action, problem.field("present")));
        }
        if present.reveal() == new.reveal() {
            return Err(wrong_password("新密码不能与现在的密码相同。"));
        }
        new.check(&caller.name).map_err(|weak| wrong_password(weak.to_string()))?;
        let hash = new.hash().await.map_err(|error| Problem::unanswered(&error))?;
        let action = Action { name: "change-password", object: &caller.name, detail: "" };
        let change = |directory: &mut Directory| directory.set_password(&caller.name, hash.clone(), false);
        let account = self.change_account(caller, action, change).await?;
        self.begin(caller, account, Way::Password, headers).await
    }

    /// The sessions of the caller's account that go on, the latest first.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn own_sessions(&self, caller: &Caller) -> Result<Vec<(SessionId, Session)>, Problem> {
        let accounts = self.accounts()?;
        let account = accounts.get(&Account::id_of(&caller.name)).await;
        let Some(account) = account.map_err(|error| Problem::bus(&error))? else { return Ok(Vec::new()) };
        accounts.sessions_of(&account).await.map_err(|error| Problem::bus(&error))
    }

    /// Ends one of the caller's own sessions, by its name.
    ///
    /// # Errors
    /// If there is no such session, or the bus does not answer.
    pub async fn end_own_session(&self, caller: &Caller, name: &str) -> Result<(), Problem> {
        let sessions = self.own_sessions(caller).await?;
        let found = sessions.into_iter().find(|(id, _)| id.name() == name);
        let (id, _) = found.ok_or_else(|| Problem::not_found("没有这个登录，可能已经结束。".into()))?;
        self.record(caller, Action { name: "end-session", object: &caller.name, detail: "" }).await?;
        self.accounts()?.end(&id).await.map_err(|error| Problem::bus(&error))
    }

    /// The secret of a new link that makes the first administrator; none if there are accounts.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn first_link(&self) -> anyhow::Result<Option<String>> {
        let Some(accounts) = &self.0.accounts else { return Ok(None) };
        if !accounts.is_empty().await? {
            return Ok(None);
        }
        let secret = account::random_hex::<32>()?;
        let until_ms = now_ms() + i64::try_from(FIRST_LINK.as_millis())?;
        let value = until_ms.to_string().into_bytes().into();
        accounts.sessions().0.put(&first_key(&secret), value).await.context("storing the link")?;
        Ok(Some(secret))
    }

    /// Whether the secret is that of a link of the first start that can be used.
    ///
    /// # Errors
    /// If it is not, or the bus does not answer.
    pub async fn check_first_link(&self, secret: &str) -> Result<(), Problem> {
        let accounts = self.accounts()?;
        let over = || {
            let hint = "请重新启动 console（或 gouji up），终端会显示新的链接。";
            Problem::not_found("这个链接无效或已过期。".into()).hint(hint)
        };
        let is_hex = secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex {
            return Err(over());
        }
        let stored = accounts.sessions().0.get(&first_key(secret)).await;
        let stored = stored.map_err(|error| Problem::bus(&error))?.ok_or_else(over)?;
        let until_ms = std::str::from_utf8(&stored.value).ok().and_then(|text| text.parse::<i64>().ok());
        if until_ms.is_none_or(|until_ms| until_ms < now_ms()) {
            return Err(over());
        }
        match accounts.is_empty().await.map_err(|error| Problem::bus(&error))? {
            true => Ok(()),
            false => Err(refused(&AccountError::AlreadySetUp)),
        }
    }

    /// Makes the first administrator, of the caller who has the link, and signs it in. The link ends.
    ///
    /// # Errors
    /// If the link cannot be used any more, the account cannot be made like this, or the bus does not answer.
    pub async fn create_first(
        &self,
        caller: &Caller,
        secret: &str,
        new: NewAccount,
        headers: &HeaderMap,
    ) -> Result<SignedIn, Problem> {
        self.check_first_link(secret).await?;
        let accounts = self.accounts()?;
        let name = new.name.clone();
        let action = Action { name: "create-account", object: &name, detail: "first administrator" };
        let create = |directory: &mut Directory| directory.create_first(new.clone());
        let account = self.change_account(caller, action, create).await?;
        accounts.sessions().0.delete(&first_key(secret)).await.map_err(|error| Problem::bus(&error))?;
        self.begin(caller, account, Way::Password, headers).await
    }
}

/// The key of a link of the first start, beside the sessions.
fn first_key(secret: &str) -> String {
    format!("first.{}", HEXLOWER.encode(&Sha256::digest(secret)))
}

/// A password that may not be chosen.
pub fn wrong_password(detail: impl Into<String>) -> Problem {
    let hint = "请用一句好记的话，或几个不相干的词，至少10位。";
    Problem::new(Code::WrongAccount, detail, hint).field("password")
}

pub(crate) fn refused(error: &AccountError) -> Problem {
    let (status, field) = match error {
        AccountError::BadName => (StatusCode::UNPROCESSABLE_ENTITY, Some("name")),
        AccountError::BadDisplay => (StatusCode::UNPROCESSABLE_ENTITY, Some("display")),
        AccountError::BadRegion(_) | AccountError::BadScope(_) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Some("regions"))
        }
        AccountError::Taken(_) => (StatusCode::CONFLICT, Some("name")),
        AccountError::LastAdministrator | AccountError::AlreadySetUp | AccountError::NoPassword(_) => {
            (StatusCode::CONFLICT, None)
        }
        AccountError::Unknown(_) => (StatusCode::NOT_FOUND, Some("name")),
        AccountError::OtherIdentity(_) => (StatusCode::CONFLICT, None),
    };
    let problem = Problem::new(Code::WrongAccount, error.to_string(), "请改正后再试。").status(status);
    match field {
        Some(field) => problem.field(field),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attacker_locks_out_nobody_else() {
        let attempts = Attempts::default();
        let tries = |origin: &str, is_known: bool| {
            (0..20).filter(|_| attempts.take("one", origin, is_known).is_ok()).count()
        };
        assert_eq!(tries("192.0.2.1", false), 10, "then the attacker has to wait");
        assert!(matches!(attempts.take("one", "192.0.2.1", false), Err(1..=30)));
        assert_eq!(tries("192.0.2.2", false), 10, "the owner at another address has attempts of its own");
        assert_eq!(tries("192.0.2.1", true), 10, "and so has the owner's browser behind the same proxy");
        let names = (0..200).filter(|name| attempts.take(&name.to_string(), "192.0.2.3", false).is_ok());
        assert_eq!(names.count(), 100, "one address does not try one password on every name");
    }
}
