//! API keys: how a key looks, and the file that lists them.
//!
//! A key is 256 random bits, so its plain SHA-256 may be stored in a file: nobody can guess the key, and a slow
//! salted hash, as passwords need it, would only make floods of requests cheaper. The file holds no secret, but
//! anybody who can write it can add a key.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::Context as _;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use jiff::Timestamp;
use jiff::civil::Date;
use proto::v1::Scope;
use report::beijing;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use toml::Spanned;

/// The beginning of every key, by which people and secret scanners recognise one.
pub const PREFIX: &str = "gouji_";
/// Random bytes of a key.
const BYTES: usize = 32;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Send, withdraw and see reports of its own agencies and regions.
    Submit,
    /// See, judge and export the reports of its regions, or all.
    Review,
    /// What reviewers do, and what binds the office: waivers, acceptance of many, the rule policy, notices.
    Lead,
    /// Everything.
    Operate,
}

impl Role {
    /// Every role, the least powerful first.
    pub const ALL: [Self; 4] = [Self::Submit, Self::Review, Self::Lead, Self::Operate];

    /// The role with this name in the file of keys.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Submit => "报送单位",
            Self::Review => "审核员",
            Self::Lead => "负责人",
            Self::Operate => "管理员",
        }
    }

    /// Its name in the file of keys and in the audit trail.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Review => "review",
            Self::Lead => "lead",
            Self::Operate => "operate",
        }
    }
}

/// A key as the file lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Name of its owner, in logs, facts and the audit trail.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The reports that it may send and see; none if it may send and see any.
    pub scope: Option<Scope>,
    /// The last day, in China, on which it is valid.
    pub expires: Option<Date>,
    hash: [u8; 32],
}

impl Key {
    /// Whether its last day is not over.
    fn is_valid(&self) -> bool {
        let today = beijing::day(Timestamp::now().as_millisecond());
        self.expires.is_none_or(|last| Some(last) >= today)
    }
}

/// The file of keys is wrong.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct KeyFileError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there, without the text of the line, which may be a key that somebody pasted.
    pub what: String,
}

/// Generates a key.
///
/// # Errors
/// If the system has no random numbers.
pub fn generate() -> anyhow::Result<String> {
    let mut random = [0; BYTES];
    getrandom::fill(&mut random).context("drawing random numbers")?;
    Ok(format!("{PREFIX}{}", HEXLOWER.encode(&random)))
}

/// The SHA-256 of a key, as the file of keys lists it.
pub fn hash_of(key: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(key))
}

/// Redacts the keys in a text from outside, before it is logged, published or stored.
pub fn redact(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(PREFIX) {
        let (before, key) = rest.split_at(at + PREFIX.len());
        redacted.push_str(before);
        let end = key.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(key.len());
        redacted.push_str(if end >= KEY_DIGITS { "…" } else { &key[..end] });
        rest = &key[end..];
    }
    redacted + rest
}

/// A text with so many hex digits after the prefix is taken for a key or for a part of one.
const KEY_DIGITS: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    key: Vec<Spanned<Block>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    name: Spanned<String>,
    role: Role,
    sha256: Spanned<String>,
    #[serde(default)]
    regions: Vec<Spanned<String>>,
    #[serde(default)]
    agencies: Vec<Spanned<String>>,
    expires: Option<Spanned<String>>,
}

/// Longest name of a key, in characters.
const LONGEST_NAME: usize = 64;

/// The keys of a file.
///
/// # Errors
/// The first line that cannot be used.
pub fn parse(text: &str) -> Result<Vec<Key>, KeyFileError> {
    let line = |at: Range<usize>| 1 + text[..at.start.min(text.len())].matches('\n').count();
    let wrong = |at: Range<usize>, what: &str| KeyFileError { line: line(at), what: what.to_owned() };
    let file: File = toml::from_str(text).map_err(|error| {
        let what = redact(error.message());
        wrong(error.span().unwrap_or_default(), &what)
    })?;
    let mut keys: Vec<Key> = Vec::new();
    for block in file.key {
        let whole = block.span();
        let Block { name, role, sha256, regions, agencies, expires } = block.into_inner();
        let is_plain = |letter: char| letter.is_alphanumeric() || "-_.@".contains(letter);
        let length = name.get_ref().chars().count();
        if length == 0 || length > LONGEST_NAME || !name.get_ref().chars().all(is_plain) {
            return Err(wrong(name.span(), "a name is 1 to 64 letters, digits, `-`, `_`, `.` and `@`"));
        }
        if keys.iter().any(|key| key.name == *name.get_ref()) {
            return Err(wrong(name.span(), "another key has this name"));
        }
        let hash = sha256_of(sha256.get_ref())
            .ok_or_else(|| wrong(sha256.span(), "sha256 is 64 hex digits, as `gouji key new` prints them"))?;
        for region in &regions {
            let code = region.get_ref();
            if wrong_region(code) {
                return Err(wrong(region.span(), "a region is its code of two, four, six or nine digits"));
            }
        }
        if let Some(agency) = agencies.iter().find(|agency| agency.get_ref().trim().is_empty()) {
            return Err(wrong(agency.span(), "an agency is its name as its reports have it"));
        }
        let own = |list: Vec<Spanned<String>>| list.into_iter().map(Spanned::into_inner).collect();
        let scope = Scope { regions: own(regions), agencies: own(agencies) };
        let scope = scope_of(role, scope).map_err(|what| wrong(whole, what))?;
        let expires = match expires {
            None => None,
            Some(day) => match day.get_ref().parse() {
                Ok(date) => Some(date),
                Err(_) => return Err(wrong(day.span(), "expires is a day in quotes, e.g. \"2027-03-31\"")),
            },
        };
        keys.push(Key { name: name.into_inner(), role, scope, expires, hash });
    }
    Ok(keys)
}

/// Whether a text is no code of a region.
pub(crate) fn wrong_region(code: &str) -> bool {
    ![2, 4, 6, 9].contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_digit())
}

/// The scope that a role may have: none means every report.
pub(crate) fn scope_of(role: Role, scope: Scope) -> Result<Option<Scope>, &'static str> {
    let (in_regions, of_agencies) = (!scope.regions.is_empty(), !scope.agencies.is_empty());
    match role {
        Role::Submit if !in_regions && !of_agencies => {
            Err("a key with the role submit needs regions, agencies or both")
        }
        Role::Review | Role::Lead if of_agencies => {
            Err("agencies are for the role submit; review and lead may have regions")
        }
        Role::Operate if in_regions || of_agencies => Err("the role operate has no regions and no agencies"),
        _ => Ok((in_regions || of_agencies).then_some(scope)),
    }
}

fn sha256_of(text: &str) -> Option<[u8; 32]> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// Why a key is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyError {
    Unknown,
    Expired,
}

/// The keys of a file. The file is read again when it changes, so that keys can be added and removed without a
/// restart. If the new content is wrong, the old keys stay valid and the error is logged once.
pub(crate) struct Keys {
    path: PathBuf,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    stamp: Stamp,
    keys: Arc<Vec<Key>>,
}

/// Modification time and size, which change when the file changes.
type Stamp = Option<(SystemTime, u64)>;

impl Keys {
    /// # Errors
    /// If the file cannot be read or used.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let stamp = stamp(path);
        let keys = Arc::new(read(path)?);
        Ok(Self { path: path.to_owned(), loaded: Mutex::new(Loaded { stamp, keys }) })
    }

    /// Looks up the key that a request presented. It compares every hash in constant time, so that the time
    /// reveals nothing.
    pub(crate) fn find(&self, presented: &str) -> Result<Key, KeyError> {
        let hash: [u8; 32] = Sha256::digest(presented).into();
        let keys = self.current();
        let mut found = None;
        for key in keys.iter() {
            if bool::from(key.hash[..].ct_eq(&hash[..])) {
                found = Some(key);
            }
        }
        let key = found.ok_or(KeyError::Unknown)?;
        if key.is_valid() { Ok(key.clone()) } else { Err(KeyError::Expired) }
    }

    /// The key with this name, for what arrives without the key itself.
    pub(crate) fn named(&self, name: &str) -> Result<Key, KeyError> {
        let keys = self.current();
        let key = keys.iter().find(|key| key.name == name).ok_or(KeyError::Unknown)?;
        if key.is_valid() { Ok(key.clone()) } else { Err(KeyError::Expired) }
    }

    /// Whether a key has this name.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.current().iter().any(|key| key.name == name)
    }

    fn current(&self) -> Arc<Vec<Key>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.path);
        if stamp != loaded.stamp {
            loaded.stamp = stamp;
            match read(&self.path) {
                Ok(keys) => {
                    tracing::info!(keys = keys.len(), "reloaded the keys");
                    loaded.keys = Arc::new(keys);
                }
                Err(error) => tracing::error!("cannot reload the keys, the old ones stay valid: {error:#}"),
            }
        }
        loaded.keys.clone()
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<Key>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("keys in {}", path.display()))?;
    parse(&text).with_context(|| format!("keys in {}", path.display()))
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(rest: &str) -> String {
        format!("[[key]]\nname = \"a\"\nsha256 = \"{}\"\n{rest}\n", "0f".repeat(32))
    }

    #[test]
    fn a_file_lists_keys() {
        let text = format!(
            "# Ours.\n{}{}",
            block(
                "role = \"submit\"\nregions = [\"6101\"]\nagencies = [\"西安市财政局\"]\nexpires = \"2027-03-31\""
            ),
            block("role = \"operate\"").replace("\"a\"", "\"省政务公开办\""),
        );
        let of_city = block("role = \"lead\"\nregions = [\"6101\"]");
        let scope = parse(&of_city).unwrap()[0].scope.clone().unwrap();
        assert!(scope.covers(Some("610102"), None) && !scope.covers(Some("610200"), None));
        let keys = parse(&text).unwrap();
        let scope = keys[0].scope.clone().unwrap();
        assert!(scope.covers(Some("610102"), Some("西安市财政局")));
        assert_eq!((keys[0].role, keys[0].expires), (Role::Submit, Some(jiff::civil::date(2027, 3, 31))));
        assert_eq!(
            (keys[1].name.as_str(), keys[1].role, &keys[1].scope),
            ("省政务公开办", Role::Operate, &None)
        );
        assert_eq!(parse(""), Ok(Vec::new()));
    }

    #[test]
    fn errors_name_the_line_and_not_its_text() {
        let check = |text: &str, line: usize, what: &str| {
            let wrong = parse(text).unwrap_err();
            assert!(wrong.line == line && wrong.what.contains(what), "{wrong}");
            assert!(!wrong.what.contains("secret"), "{wrong}");
        };
        let operate = block("role = \"operate\"");
        check(&block("role = \"root\""), 4, "unknown variant");
        check(&block("role = \"operate\"\ncolour = 1"), 5, "unknown field `colour`");
        check(&block("role = \"submit\""), 1, "needs regions, agencies or both");
        check(&block("role = \"review\"\nagencies = [\"a\"]"), 1, "are for the role submit");
        check(&block("role = \"operate\"\nregions = [\"61\"]"), 1, "operate has no regions");
        check(&block("role = \"submit\"\nregions = [\"61\",\n\"6\"]"), 6, "two, four, six or nine digits");
        check(&block("role = \"submit\"\nagencies = [\" \"]"), 5, "an agency is its name");
        check(&block("role = \"operate\"\nexpires = \"soon\""), 5, "2027-03-31");
        check(&format!("{operate}{operate}"), 6, "another key has this name");
        check(&operate.replace("\"a\"", "\"a\\nb\""), 2, "a name is");
        check(&operate.replace(&"0f".repeat(32), "gouji_secret"), 3, "64 hex digits");
        check("[[key]\n", 1, "");
        check("[keys]\n", 1, "unknown field `keys`");
    }

    #[test]
    fn a_key_is_valid_until_its_last_day_and_the_file_is_reloaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let key = generate().unwrap();
        let block = |expires: &str| {
            format!("[[key]]\nname = \"a\"\nrole = \"review\"\nsha256 = \"{}\"\n{expires}", hash_of(&key))
        };
        std::fs::write(&path, block("")).unwrap();
        let keys = Keys::open(&path).unwrap();
        assert_eq!(keys.find(&key).map(|key| key.name), Ok("a".into()));
        assert_eq!(keys.find(&generate().unwrap()), Err(KeyError::Unknown));
        assert_eq!(keys.find(&hash_of(&key)), Err(KeyError::Unknown));
        assert!(keys.named("a").is_ok() && keys.named("b") == Err(KeyError::Unknown));
        std::fs::write(&path, block("expires = \"2020-01-01\"\n")).unwrap();
        assert_eq!(keys.find(&key), Err(KeyError::Expired));
        assert!(keys.has_name("a") && keys.named("a") == Err(KeyError::Expired));
        std::fs::write(&path, block("expires = \"2999-01-01\"\n# longer")).unwrap();
        assert!(keys.find(&key).is_ok());
        std::fs::write(&path, "broken").unwrap();
        assert!(keys.find(&key).is_ok(), "a broken file changes nothing");
        std::fs::write(&path, "# nobody").unwrap();
        assert_eq!(keys.find(&key), Err(KeyError::Unknown));
        assert!(Keys::open(&folder.path().join("none")).is_err());
    }

    #[test]
    fn keys_are_redacted() {
        let key = generate().unwrap();
        assert_eq!(redact(&format!("a/{key}.txt?{key}")), "a/gouji_….txt?gouji_…");
        assert_eq!(redact(&key[..40]), "gouji_…");
        assert_eq!(redact("gouji_up 年报 gouji_"), "gouji_up 年报 gouji_");
    }
}
