//! The bucket of accounts, and who a cookie stands for.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bus::{ACCOUNTS, Bucket, Bus, SESSIONS, Written};
use jiff::Timestamp;
use tokio::sync::watch;

use super::{Account, AccountError, Directory, Session, SessionError, SessionId, Sessions};

/// An answer of the bus counts for so long, so that a page with five requests asks once. After a sign-out elsewhere a
/// session goes on for at most so long.
const FRESH: Duration = Duration::from_secs(1);
/// While the bus does not answer, what it said counts for so long: searches need no bus, and should go on.
const STALE: Duration = Duration::from_secs(600);
/// Answers that are remembered; then all are forgotten.
const REMEMBERED: usize = 20_000;
/// How often accounts may change between a read and a write of ours.
const RACES: usize = 20;
/// The subject of an account: one part, unlike the links of a first start.
const EVERY_ACCOUNT: &str = "*";

/// Accounts and sessions; clones share what is remembered.
#[derive(Clone)]
pub(crate) struct Accounts(Arc<Parts>);

struct Parts {
    accounts: Bucket,
    sessions: Sessions,
    idle: Duration,
    /// Whether this process writes the time of the last request of a session.
    renews: bool,
    known_accounts: Remembered<String, Option<Account>>,
    known_sessions: Remembered<SessionId, Option<Session>>,
    /// Changes with every account that this process changes and every session that it ends.
    changes: watch::Sender<()>,
}

/// Why accounts were not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It may not be done.
    #[error(transparent)]
    Refused(#[from] AccountError),
    /// The bus does not answer.
    #[error("changing an account: {0:#}")]
    Unavailable(anyhow::Error),
}

impl Accounts {
    pub(crate) fn open(bus: &Bus, idle: Duration, renews: bool) -> Self {
        Self(Arc::new(Parts {
            accounts: bus.bucket(ACCOUNTS),
            sessions: Sessions(bus.bucket(SESSIONS)),
            idle,
            renews,
            known_accounts: Remembered::default(),
            known_sessions: Remembered::default(),
            changes: watch::Sender::new(()),
        }))
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Every account as the bucket has it now.
    pub(crate) async fn directory(&self) -> anyhow::Result<Directory> {
        Ok(self.load().await?.0)
    }

    /// The account with this key as the bucket has it now.
    pub(crate) async fn get(&self, id: &str) -> anyhow::Result<Option<Account>> {
        let stored = self.0.accounts.get(id).await?;
        Ok(stored.map(|entry| serde_json::from_slice(&entry.value)).transpose()?)
    }

    async fn load(&self) -> anyhow::Result<(Directory, u64)> {
        // The last change of the whole bucket, so that a write after it is refused where anything came between.
        let snapshot = self.0.accounts.all(">").await?;
        let mut directory = Directory::default();
        for entry in snapshot.entries.into_iter().filter(|entry| !entry.key.contains('.')) {
            directory.0.insert(entry.key, serde_json::from_slice(&entry.value)?);
        }
        Ok((directory, snapshot.last))
    }

    /// Changes one account. `change` sees every account, and is repeated where another process was faster.
    pub(crate) async fn change(
        &self,
        change: impl Fn(&mut Directory) -> Result<Account, AccountError>,
    ) -> Result<Account, ChangeError> {
        for _ in 0..RACES {
            let (mut directory, last) = self.load().await.map_err(ChangeError::Unavailable)?;
            let account = change(&mut directory)?;
            let value =
                serde_json::to_vec(&account).map_err(|error| ChangeError::Unavailable(error.into()))?;
            let written = self.0.accounts.put_after(&account.id(), value.into(), last).await;
            if written.map_err(ChangeError::Unavailable)? == Written::Stored {
                self.0.known_accounts.set(account.id(), Some(account.clone()));
                self.0.changes.send_replace(());
                return Ok(account);
            }
        }
        Err(ChangeError::Unavailable(anyhow::anyhow!("accounts change all the time")))
    }

    /// Tells when this process changed an account or ended a session.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.0.changes.subscribe()
    }

    /// Who a cookie stands for. The request renews the session.
    pub(crate) async fn authenticate(&self, id: &SessionId) -> Result<(Account, Session), SessionError> {
        let (account, session) = self.look_up(id).await?;
        let (parts, now_ms) = (&self.0, Timestamp::now().as_millisecond());
        if parts.renews
            && let Some(renewed) = session.renewed(now_ms)
        {
            parts.known_sessions.set(id.clone(), Some(renewed.clone()));
            let (sessions, id) = (parts.sessions.clone(), id.clone());
            tokio::spawn(async move {
                if let Err(error) = sessions.renew(&id, &renewed).await {
                    tracing::warn!("cannot renew a session: {error:#}");
                }
            });
        }
        Ok((account, session))
    }

    /// The account and the session with this id, if it goes on. Looking renews nothing.
    pub(crate) async fn look_up(&self, id: &SessionId) -> Result<(Account, Session), SessionError> {
        let parts = &self.0;
        let session = parts.known_sessions.get_or_ask(id, async || parts.sessions.get(id).await);
        let Some(session) = session.await.map_err(SessionError::Unavailable)? else {
            return Err(SessionError::Ended);
        };
        let key = id.account().to_owned();
        let account = parts.known_accounts.get_or_ask(&key, async || self.get(&key).await);
        let Some(account) = account.await.map_err(SessionError::Unavailable)? else {
            return Err(SessionError::Ended);
        };
        if session.is_alive(&account, parts.idle, Timestamp::now().as_millisecond()) {
            Ok((account, session))
        } else {
            Err(SessionError::Ended)
        }
    }

    /// Ends a session.
    pub(crate) async fn end(&self, id: &SessionId) -> anyhow::Result<()> {
        self.0.sessions.end(id).await?;
        self.0.known_sessions.set(id.clone(), None);
        self.0.changes.send_replace(());
        Ok(())
    }

    /// The sessions of an account that go on.
    pub(crate) async fn sessions_of(&self, account: &Account) -> anyhow::Result<Vec<(SessionId, Session)>> {
        let now_ms = Timestamp::now().as_millisecond();
        let mut sessions = self.0.sessions.of(&account.id()).await?;
        sessions.retain(|(_, session)| session.is_alive(account, self.0.idle, now_ms));
        sessions.sort_by_key(|(_, session)| std::cmp::Reverse(session.seen_at_ms));
        Ok(sessions)
    }

    /// Whether there is any account.
    pub(crate) async fn is_empty(&self) -> anyhow::Result<bool> {
        Ok(self.0.accounts.all(EVERY_ACCOUNT).await?.entries.is_empty())
    }
}

/// What the bus said a moment ago.
struct Remembered<K, V>(Mutex<HashMap<K, (Instant, V)>>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Remembered<K, V> {
    fn get(&self, key: &K, within: Duration) -> Option<V> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).filter(|(at, _)| at.elapsed() < within).map(|(_, value)| value.clone())
    }

    fn set(&self, key: K, value: V) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, (Instant::now(), value));
    }

    async fn get_or_ask(&self, key: &K, ask: impl AsyncFnOnce() -> anyhow::Result<V>) -> anyhow::Result<V> {
        if let Some(value) = self.get(key, FRESH) {
            return Ok(value);
        }
        match ask().await {
            Ok(value) => {
                self.set(key.clone(), value.clone());
                Ok(value)
            }
            Err(error) => self.get(key, STALE).ok_or(error),
        }
    }
}
