//! Passwords: which may be chosen, and how they are stored.
//!
//! A password is stored as its Argon2id hash with a random salt, in the PHC format. A slow hash costs memory and time,
//! so only a few are computed at once; the others wait.

use std::sync::LazyLock;

use anyhow::Context as _;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

/// Shortest password, in characters.
pub(crate) const SHORTEST: usize = 10;
/// Longest password, in bytes: a longer one only costs time.
const LONGEST_BYTES: usize = 256;
/// Fewest different characters.
const DIFFERENT: usize = 5;
/// The cost that OWASP recommends for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Hashes at once; each takes 19 MiB and a core for some tens of milliseconds.
const AT_ONCE: usize = 4;
/// Callers that wait for a hash; further ones get 503.
const WAITING: usize = 64;

/// The commonest passwords of ten characters and more, in lower case.
const COMMONEST: [&str; 40] = [
    "0123456789",
    "1234567890",
    "12345678910",
    "123456789a",
    "1234567890a",
    "123456789q",
    "a123456789",
    "aa123456789",
    "qq123456789",
    "abc123456789",
    "abcd123456",
    "abcde12345",
    "1234abcd1234",
    "123123123123",
    "1231231234",
    "qwertyuiop",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "1qazxsw23edc",
    "q1w2e3r4t5",
    "asdfghjkl123",
    "zxcvbnm123",
    "password12",
    "password123",
    "password1234",
    "passw0rd123",
    "p@ssw0rd123",
    "p@ssword123",
    "admin12345",
    "admin123456",
    "administrator",
    "root123456",
    "woaini1314",
    "woaini5201314",
    "iloveyou123",
    "zhengwu123",
    "gouji123456",
];

/// A password as somebody typed it. It is never logged: it has no `Display`, and its `Debug` hides it.
#[derive(Clone)]
pub struct Password(String);

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// It is too short.
    #[error("密码至少{SHORTEST}位。")]
    Short,
    /// It is too long.
    #[error("密码最多{LONGEST_BYTES}个字节。")]
    Long,
    /// Everybody tries it first.
    #[error("这个密码太常见，容易被猜中，请另选一个。")]
    Common,
    /// It has the name of its account in it.
    #[error("密码不能含有登录名。")]
    HasName,
}

/// A password as it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(String);

static PERMITS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(AT_ONCE));
static QUEUE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(AT_ONCE + WAITING));

/// What a password is compared with where there is no account, so that this takes as long.
static NOBODY: LazyLock<Option<PasswordHash>> = LazyLock::new(|| hash_now(b"nobody has this password").ok());

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl Password {
    /// What somebody typed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A random password that can be read aloud: 80 bits in four groups, without letters that look alike.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn random() -> anyhow::Result<Self> {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).context("drawing random numbers")?;
        let letters: Vec<char> =
            random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        Ok(Self(groups.join("-")))
    }

    /// The text, for the one time that it is shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Checks that it may be chosen by the owner of this account.
    ///
    /// # Errors
    /// Why it may not.
    pub fn check(&self, name: &str) -> Result<(), WeakPassword> {
        if self.0.chars().count() < SHORTEST {
            return Err(WeakPassword::Short);
        }
        if self.0.len() > LONGEST_BYTES {
            return Err(WeakPassword::Long);
        }
        let lower = self.0.to_lowercase();
        let mut letters: Vec<char> = lower.chars().collect();
        letters.sort_unstable();
        letters.dedup();
        if letters.len() < DIFFERENT || COMMONEST.contains(&lower.as_str()) {
            return Err(WeakPassword::Common);
        }
        let name = name.to_lowercase();
        if name.chars().count() > 2 && lower.contains(&name) {
            return Err(WeakPassword::HasName);
        }
        Ok(())
    }

    /// Its hash with a new salt.
    ///
    /// # Errors
    /// If too many wait, or the system has no random numbers.
    pub async fn hash(&self) -> anyhow::Result<PasswordHash> {
        let text = self.0.clone();
        in_turn(move || hash_now(text.as_bytes())).await?
    }

    /// Whether it is the password with this hash. Without a hash it never is, and that takes as long to say.
    ///
    /// # Errors
    /// If too many wait.
    pub(crate) async fn is(&self, hash: Option<PasswordHash>) -> anyhow::Result<bool> {
        if self.0.len() > LONGEST_BYTES {
            return Ok(false);
        }
        let text = self.0.clone();
        in_turn(move || {
            let (hash, is_known) = match hash {
                Some(hash) => (Some(hash), true),
                None => (NOBODY.clone(), false),
            };
            let is_equal = hash.is_some_and(|hash| {
                PasswordVerifier::<str>::verify_password(&Argon2::default(), text.as_bytes(), &hash.0).is_ok()
            });
            is_equal && is_known
        })
        .await
    }
}

fn hash_now(password: &[u8]) -> anyhow::Result<PasswordHash> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).context("drawing random numbers")?;
    let params =
        Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(password, &salt);
    Ok(PasswordHash(hash.map_err(|error| anyhow::anyhow!("argon2: {error}"))?.to_string()))
}

/// Computes on a blocking thread, a few at once.
async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    let _place = QUEUE.try_acquire().context("too many sign-ins at once")?;
    let _permit = PERMITS.acquire().await?;
    Ok(tokio::task::spawn_blocking(work).await?)
}

impl PasswordHash {
    #[cfg(test)]
    pub(super) fn for_tests() -> Self {
        Self("$argon2id$not-used".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused() {
        let check = |text: &str, expected: Result<(), WeakPassword>| {
            assert_eq!(Password::new(text).check("zhangsan"), expected, "{text}");
        };
        check("short-9字", Err(WeakPassword::Short));
        check("1234567890", Err(WeakPassword::Common));
        check("Password123", Err(WeakPassword::Common));
        check("1212121212121", Err(WeakPassword::Common));
        check("my-ZhangSan-2026", Err(WeakPassword::HasName));
        check(&"好词".repeat(50), Err(WeakPassword::Long));
        check("correct horse battery", Ok(()));
        check("春眠不觉晓处处闻啼鸟", Ok(()));
    }

    #[test]
    fn the_commonest_are_long_enough_to_matter() {
        for common in COMMONEST {
            assert!(common.chars().count() >= SHORTEST && *common == common.to_lowercase(), "{common}");
        }
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_shown_by_nothing() {
        let password = Password::random().unwrap();
        assert_eq!(password.check("zhangsan"), Ok(()));
        let hash = password.hash().await.unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert_ne!(hash, password.hash().await.unwrap(), "each has a salt of its own");
        assert!(password.is(Some(hash.clone())).await.unwrap());
        assert!(!Password::new("another one").is(Some(hash.clone())).await.unwrap());
        assert!(!Password::new("nobody has this password").is(None).await.unwrap());
        let shown = format!("{password:?} {hash:?}");
        assert!(!shown.contains(password.reveal()) && !shown.contains("argon2"), "{shown}");
    }
}
