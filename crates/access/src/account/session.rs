//! Sessions: what the cookie of a browser stands for.
//!
//! The cookie has the key of its account and 256 random bits. The bucket has the SHA-256 of those only, so a reader of
//! it can sign in as nobody.

use std::time::Duration;

use bus::{Bucket, LONGEST_SESSION};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Account, random_hex};

/// Hex digits of the key of an account, and of the random part of a cookie.
const ACCOUNT_DIGITS: usize = 32;
const SECRET_DIGITS: usize = 64;
/// The time of the last request is written this often, so that a page with five requests writes once.
const RENEW_AFTER_MS: i64 = 60_000;
/// Longest description of a browser, in characters.
const LONGEST_CLIENT: usize = 200;

/// How somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// With a password.
    Password,
    /// At the identity provider.
    Unified,
}

/// A session as the bucket has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// When it began and when its last request was, milliseconds since 1970-01-01 UTC.
    pub began_at_ms: i64,
    /// See `began_at_ms`.
    pub seen_at_ms: i64,
    /// The epoch of the account when it began.
    epoch: u64,
    /// How its user signed in.
    pub way: Way,
    /// Address of the browser.
    pub origin: String,
    /// What the browser says it is.
    pub client: String,
    /// Its sequence in the bucket.
    #[serde(skip)]
    sequence: u64,
}

/// The key of a session in the bucket: that of its account, and the hash of its secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionId {
    account: String,
    hash: String,
}

/// Why a cookie stands for nobody.
#[derive(Debug)]
pub(crate) enum SessionError {
    /// There is no such session, or it is over.
    Ended,
    /// The bus does not answer.
    Unavailable(anyhow::Error),
}

impl SessionId {
    /// The session of a cookie; none where that was not made by us.
    pub(crate) fn of_cookie(value: &str) -> Option<Self> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if value.len() != ACCOUNT_DIGITS + SECRET_DIGITS || !value.bytes().all(is_hex) {
            return None;
        }
        let (account, secret) = value.split_at(ACCOUNT_DIGITS);
        Some(Self { account: account.to_owned(), hash: HEXLOWER.encode(&Sha256::digest(secret)) })
    }

    /// The key of its account.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// How pages name it.
    pub fn name(&self) -> &str {
        &self.hash
    }

    fn key(&self) -> String {
        format!("{}.{}", self.account, self.hash)
    }
}

impl Session {
    pub(crate) fn new(account: &Account, way: Way, origin: &str, client: &str, now_ms: i64) -> Self {
        let client = client.chars().filter(|letter| !letter.is_control()).take(LONGEST_CLIENT).collect();
        let epoch = account.epoch;
        Self {
            began_at_ms: now_ms,
            seen_at_ms: now_ms,
            epoch,
            way,
            origin: origin.to_owned(),
            client,
            sequence: 0,
        }
    }

    /// Whether it goes on at this time.
    pub(crate) fn is_alive(&self, account: &Account, idle: Duration, now_ms: i64) -> bool {
        let within = |since_ms: i64, limit: Duration| {
            now_ms.saturating_sub(since_ms) < i64::try_from(limit.as_millis()).unwrap_or(i64::MAX)
        };
        !account.is_disabled
            && account.epoch == self.epoch
            && within(self.began_at_ms, LONGEST_SESSION)
            && within(self.seen_at_ms, idle)
    }

    /// The same with a request at this time, if that has to be written.
    pub(crate) fn renewed(&self, now_ms: i64) -> Option<Self> {
        let is_due = now_ms.saturating_sub(self.seen_at_ms) >= RENEW_AFTER_MS;
        is_due.then(|| Self { seen_at_ms: now_ms, ..self.clone() })
    }
}

/// The bucket of sessions.
#[derive(Clone)]
pub(crate) struct Sessions(pub(crate) Bucket);

impl Sessions {
    /// Begins a session. Returns the value of its cookie.
    pub(crate) async fn begin(&self, account: &Account, session: &Session) -> anyhow::Result<String> {
        let cookie = format!("{}{}", account.id(), random_hex::<{ SECRET_DIGITS / 2 }>()?);
        let id = SessionId::of_cookie(&cookie).ok_or_else(|| anyhow::anyhow!("a cookie of ours is wrong"))?;
        self.0.put(&id.key(), serde_json::to_vec(session)?.into()).await?;
        Ok(cookie)
    }

    /// Writes a session again, unless it has ended or another process was faster.
    pub(crate) async fn renew(&self, id: &SessionId, session: &Session) -> anyhow::Result<()> {
        let value = serde_json::to_vec(session)?.into();
        self.0.replace(&id.key(), value, session.sequence).await.map(drop)
    }

    pub(crate) async fn get(&self, id: &SessionId) -> anyhow::Result<Option<Session>> {
        let Some(stored) = self.0.get(&id.key()).await? else { return Ok(None) };
        let session: Session = serde_json::from_slice(&stored.value)?;
        Ok(Some(Session { sequence: stored.sequence, ..session }))
    }

    pub(crate) async fn end(&self, id: &SessionId) -> anyhow::Result<()> {
        self.0.delete(&id.key()).await
    }

    /// The sessions of an account, by their names; some of them may be over.
    pub(crate) async fn of(&self, account: &str) -> anyhow::Result<Vec<(SessionId, Session)>> {
        let stored = self.0.all(&format!("{account}.*")).await?;
        let session = |entry: bus::Entry| {
            let (account, hash) = entry.key.split_once('.')?;
            let id = SessionId { account: account.to_owned(), hash: hash.to_owned() };
            Some((id, serde_json::from_slice(&entry.value).ok()?))
        };
        Ok(stored.entries.into_iter().filter_map(session).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Directory, NewAccount, Password, Profile};
    use super::*;
    use crate::Role;

    async fn account() -> Account {
        let profile =
            Profile { display: "a".into(), role: Role::Operate, regions: Vec::new(), agencies: Vec::new() };
        let password = Some(Password::new("x").hash().await.unwrap());
        let new = NewAccount { name: "one".into(), profile, password, must_change: false, now_ms: 0 };
        Directory::default().create(new).unwrap()
    }

    #[tokio::test]
    async fn a_session_ends_by_idleness_by_age_and_by_what_happens_to_its_account() {
        let (minute, hour) = (60_000, 3_600_000);
        let account = account().await;
        let session = Session::new(&account, Way::Password, "", "Firefox\n", 0);
        assert_eq!(session.client, "Firefox");
        let idle = Duration::from_secs(3600);
        assert!(session.is_alive(&account, idle, 59 * minute));
        assert!(!session.is_alive(&account, idle, 60 * minute));
        assert_eq!(session.renewed(minute - 1), None);
        let renewed = session.renewed(59 * minute).unwrap();
        assert!(renewed.is_alive(&account, idle, 90 * minute));
        let busy = session.renewed(12 * hour - 1).unwrap();
        assert!(busy.is_alive(&account, idle, 12 * hour - 1) && !busy.is_alive(&account, idle, 12 * hour));
        assert!(!session.is_alive(&Account { is_disabled: true, ..account.clone() }, idle, 0));
        assert!(!session.is_alive(&Account { epoch: 1, ..account }, idle, 0));
    }

    #[test]
    fn a_cookie_is_ours_or_nobodys() {
        let cookie = "0f".repeat(48);
        let id = SessionId::of_cookie(&cookie).unwrap();
        assert_eq!((id.account().len(), id.name().len()), (32, 64));
        assert!(!id.key().contains(&cookie[32..]), "the bucket has no secret");
        for wrong in ["", "0f", &"0F".repeat(48), &".>".repeat(48), &"0f".repeat(49)] {
            assert_eq!(SessionId::of_cookie(wrong), None, "{wrong}");
        }
    }
}
