//! All accounts together, and what may be done to them. It knows no bus and no clock.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use proto::v1::Scope;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::password::PasswordHash;
use crate::key::{Role, scope_of, wrong_region};

/// Longest name of an account and longest display name, in characters.
const LONGEST_NAME: usize = 64;

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The name to sign in with; never changes.
    pub name: String,
    /// The name that people know, e.g. 张三（市政务公开办）.
    pub display: String,
    /// What the account may do.
    pub role: Role,
    /// The regions of its scope; empty with `agencies` if it sees every report.
    #[serde(default)]
    pub regions: Vec<String>,
    /// The agencies of its scope.
    #[serde(default)]
    pub agencies: Vec<String>,
    /// None where the identity provider signs it in.
    pub(crate) password: Option<PasswordHash>,
    /// Whether the password was given by somebody else, and has to be changed before anything else is done.
    #[serde(default)]
    pub must_change: bool,
    /// Whether it may not sign in any more.
    #[serde(default)]
    pub is_disabled: bool,
    /// Issuer and subject of the identity that signed in first; from then on no other may.
    #[serde(default)]
    pub(crate) identity: Option<String>,
    /// Sessions of an earlier epoch have ended.
    #[serde(default)]
    pub(crate) epoch: u64,
    /// When it was made, milliseconds since 1970-01-01 UTC.
    pub created_at_ms: i64,
}

/// What an administrator decides of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// See [`Account::display`].
    pub display: String,
    /// See [`Account::role`].
    pub role: Role,
    /// See [`Account::regions`].
    pub regions: Vec<String>,
    /// See [`Account::agencies`].
    pub agencies: Vec<String>,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// See [`Account::name`].
    pub name: String,
    /// What its owner may do.
    pub profile: Profile,
    /// None where the identity provider signs it in.
    pub password: Option<PasswordHash>,
    /// See [`Account::must_change`].
    pub must_change: bool,
    /// Now, milliseconds since 1970-01-01 UTC.
    pub now_ms: i64,
}

/// Why an account is not made or changed. The text is Chinese, for the administrator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The name cannot be used.
    #[error("登录名应为2至64个字母、数字、汉字或 - _ . @。")]
    BadName,
    /// The display name cannot be used.
    #[error("姓名应为1至64个字。")]
    BadDisplay,
    /// Another account, or a key of a program, has this name.
    #[error("登录名“{0}”已被使用。")]
    Taken(String),
    /// A code is no code of a region.
    #[error("“{0}”不是两位、四位、六位或九位的区划代码。")]
    BadRegion(String),
    /// The role cannot have this scope.
    #[error("{0}")]
    BadScope(&'static str),
    /// Nobody could make accounts any more.
    #[error("这是最后一个可用的管理员账号，不能停用，也不能改为其他角色。")]
    LastAdministrator,
    /// There is no account with this name.
    #[error("没有登录名为“{0}”的账号。")]
    Unknown(String),
    /// The account has no password of its own.
    #[error("账号“{0}”由统一身份认证登录，没有密码可改。")]
    NoPassword(String),
    /// Accounts exist, so the link of the first start is over.
    #[error("系统已有账号，首次启动的链接已失效。")]
    AlreadySetUp,
    /// Another identity signed in to this account first, or it has a password.
    #[error("账号“{0}”不属于这个统一身份。请联系管理员。")]
    OtherIdentity(String),
}

impl Account {
    /// Its key in the buckets: a part of the SHA-256 of its name, because a name may have any letters.
    pub fn id_of(name: &str) -> String {
        HEXLOWER.encode(&Sha256::digest(folded(name))[..16])
    }

    /// The key of this account.
    pub fn id(&self) -> String {
        Self::id_of(&self.name)
    }

    /// The reports that it may send and see; none if it may send and see any.
    pub fn scope(&self) -> Option<Scope> {
        let scope = Scope { regions: self.regions.clone(), agencies: self.agencies.clone() };
        (scope != Scope::default()).then_some(scope)
    }

    /// Whether it signs in with a password of its own.
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    fn is_administrator(&self) -> bool {
        self.role == Role::Operate && !self.is_disabled
    }

    fn apply(&mut self, profile: Profile) {
        let Profile { display, role, regions, agencies } = profile;
        (self.display, self.role, self.regions, self.agencies) = (display, role, regions, agencies);
    }
}

/// A name as it is compared: names that look alike are one.
fn folded(name: &str) -> String {
    let half_width = |letter| match letter {
        '！'..='～' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        _ => letter,
    };
    name.trim().chars().map(half_width).flat_map(char::to_lowercase).collect()
}

impl Profile {
    /// The same without the spaces round its texts, if a role may have this scope.
    ///
    /// # Errors
    /// What is wrong with it.
    fn checked(self) -> Result<Self, AccountError> {
        let clean = |list: Vec<String>| -> Vec<String> {
            let trimmed = list.iter().map(|one| one.trim().to_owned());
            trimmed.filter(|one| !one.is_empty()).collect()
        };
        let (regions, agencies) = (clean(self.regions), clean(self.agencies));
        let display = self.display.trim().to_owned();
        if display.is_empty()
            || display.chars().count() > LONGEST_NAME
            || display.chars().any(char::is_control)
        {
            return Err(AccountError::BadDisplay);
        }
        if let Some(code) = regions.iter().find(|code| wrong_region(code)) {
            return Err(AccountError::BadRegion(code.clone()));
        }
        let scope = Scope { regions: regions.clone(), agencies: agencies.clone() };
        scope_of(self.role, scope).map_err(|_| AccountError::BadScope(scope_rule(self.role)))?;
        Ok(Self { display, role: self.role, regions, agencies })
    }
}

/// Which scope a role may have.
fn scope_rule(role: Role) -> &'static str {
    match role {
        Role::Submit => "报送单位须写明地区或机关，至少一项。",
        Role::Review | Role::Lead => "审核员和负责人只能限定地区，不能限定机关；不写地区即为全部。",
        Role::Operate => "管理员的范围是全部，不能限定地区或机关。",
    }
}

/// Every account by its key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directory(pub(crate) BTreeMap<String, Account>);

impl Directory {
    /// Every account, by name.
    pub fn accounts(&self) -> Vec<&Account> {
        let mut accounts: Vec<&Account> = self.0.values().collect();
        accounts.sort_by(|one, other| one.name.cmp(&other.name));
        accounts
    }

    /// The account with this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn get(&self, name: &str) -> Result<&Account, AccountError> {
        self.0.get(&Account::id_of(name)).ok_or_else(|| AccountError::Unknown(name.to_owned()))
    }

    fn get_mut(&mut self, name: &str) -> Result<&mut Account, AccountError> {
        self.0.get_mut(&Account::id_of(name)).ok_or_else(|| AccountError::Unknown(name.to_owned()))
    }

    /// Makes an account.
    ///
    /// # Errors
    /// If its name is taken, or something in it cannot be used.
    pub fn create(&mut self, new: NewAccount) -> Result<Account, AccountError> {
        let name = new.name.trim().to_owned();
        let is_plain = |letter: char| letter.is_alphanumeric() || "-_.@".contains(letter);
        let length = name.chars().count();
        if !(2..=LONGEST_NAME).contains(&length) || !name.chars().all(is_plain) {
            return Err(AccountError::BadName);
        }
        let id = Account::id_of(&name);
        if self.0.contains_key(&id) {
            return Err(AccountError::Taken(name));
        }
        let Profile { display, role, regions, agencies } = new.profile.checked()?;
        let account = Account {
            name,
            display,
            role,
            regions,
            agencies,
            password: new.password,
            must_change: new.must_change,
            is_disabled: false,
            identity: None,
            epoch: 0,
            created_at_ms: new.now_ms,
        };
        self.0.insert(id, account.clone());
        Ok(account)
    }

    /// Makes the first administrator.
    ///
    /// # Errors
    /// If there are accounts already, or something in it cannot be used.
    pub fn create_first(&mut self, new: NewAccount) -> Result<Account, AccountError> {
        if !self.0.is_empty() {
            return Err(AccountError::AlreadySetUp);
        }
        self.create(new)
    }

    /// Changes what an administrator decides. Its sessions go on with the new role.
    ///
    /// # Errors
    /// If there is no such account, the profile cannot be used, or no administrator would be left.
    pub fn change_profile(&mut self, name: &str, profile: Profile) -> Result<Account, AccountError> {
        let profile = profile.checked()?;
        self.change(name, |account| account.apply(profile))
    }

    /// Disables an account and ends its sessions, or enables it again.
    ///
    /// # Errors
    /// If there is no such account, or no administrator would be left.
    pub fn set_disabled(&mut self, name: &str, is_disabled: bool) -> Result<Account, AccountError> {
        self.change(name, |account| {
            account.is_disabled = is_disabled;
            account.epoch += 1;
        })
    }

    /// Gives an account a password and ends its sessions.
    ///
    /// # Errors
    /// If there is no such account, or the identity provider signs it in.
    pub fn set_password(
        &mut self,
        name: &str,
        password: PasswordHash,
        must_change: bool,
    ) -> Result<Account, AccountError> {
        if !self.get(name)?.has_password() {
            return Err(AccountError::NoPassword(name.to_owned()));
        }
        self.change(name, |account| {
            account.password = Some(password);
            account.must_change = must_change;
            account.epoch += 1;
        })
    }

    /// Ends every session of an account.
    ///
    /// # Errors
    /// If there is no such account.
    pub fn end_sessions(&mut self, name: &str) -> Result<Account, AccountError> {
        self.change(name, |account| account.epoch += 1)
    }

    /// The account that an identity of the identity provider signs in to. Where `profile` is given, the provider
    /// decides role and scope, and an account that does not exist is made; else an administrator has made it.
    ///
    /// # Errors
    /// If there is no such account, or it belongs to another identity or has a password.
    pub fn sign_in_identity(
        &mut self,
        name: &str,
        identity: &str,
        profile: Option<Profile>,
        now_ms: i64,
    ) -> Result<Account, AccountError> {
        let known = self.0.contains_key(&Account::id_of(name));
        if let (false, Some(profile)) = (known, &profile) {
            let new = NewAccount {
                name: name.to_owned(),
                profile: profile.clone(),
                password: None,
                must_change: false,
                now_ms,
            };
            self.create(new)?;
        }
        let account = self.get(name)?;
        let is_other = account.identity.as_deref().is_some_and(|bound| bound != identity);
        if account.has_password() || is_other {
            return Err(AccountError::OtherIdentity(name.to_owned()));
        }
        let profile = profile.map(Profile::checked).transpose()?;
        self.change(name, |account| {
            account.identity = Some(identity.to_owned());
            if let Some(profile) = profile {
                account.apply(profile);
            }
        })
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Account)) -> Result<Account, AccountError> {
        let had_administrator = self.has_administrator();
        let before = self.get(name)?.clone();
        change(self.get_mut(name)?);
        if had_administrator && !self.has_administrator() {
            *self.get_mut(name)? = before;
            return Err(AccountError::LastAdministrator);
        }
        self.get(name).cloned()
    }

    fn has_administrator(&self) -> bool {
        self.0.values().any(Account::is_administrator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(role: Role, regions: &[&str], agencies: &[&str]) -> Profile {
        let own = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
        Profile { display: "张三".into(), role, regions: own(regions), agencies: own(agencies) }
    }

    fn new(name: &str, profile: Profile) -> NewAccount {
        let password = Some(PasswordHash::for_tests());
        NewAccount { name: name.into(), profile, password, must_change: true, now_ms: 1 }
    }

    fn with(names: &[(&str, Role)]) -> Directory {
        let mut directory = Directory::default();
        for (name, role) in names {
            directory.create(new(name, profile(*role, &[], &[]))).unwrap();
        }
        directory
    }

    #[test]
    fn an_account_has_a_name_and_a_scope_that_fits_its_role() {
        let check = |name: &str, role: Role, regions: &[&str], agencies: &[&str], expected: Option<&str>| {
            let mut directory = with(&[("chief", Role::Operate)]);
            let made = directory.create(new(name, profile(role, regions, agencies)));
            let error = made.err().map(|error| error.to_string());
            match (expected, error) {
                (None, None) => (),
                (Some(expected), Some(error)) => assert!(error.contains(expected), "{error}"),
                (expected, error) => panic!("{name}: {expected:?} {error:?}"),
            }
        };
        check("张三", Role::Review, &[], &[], None);
        check("zhang.san@xian", Role::Submit, &["6101"], &["西安市财政局"], None);
        check("x", Role::Review, &[], &[], Some("登录名应为"));
        check("a b", Role::Review, &[], &[], Some("登录名应为"));
        check("CHIEF", Role::Review, &[], &[], Some("已被使用"));
        check("ｃｈｉｅｆ", Role::Review, &[], &[], Some("已被使用"));
        check("clerk", Role::Submit, &[], &[], Some("须写明地区或机关"));
        check("clerk", Role::Submit, &["61x"], &[], Some("“61x”"));
        check("lead", Role::Lead, &["61"], &["某局"], Some("只能限定地区"));
        check("root", Role::Operate, &["61"], &[], Some("不能限定"));
    }

    #[test]
    fn the_last_administrator_stays() {
        let mut directory = with(&[("one", Role::Operate), ("two", Role::Operate), ("three", Role::Review)]);
        directory.set_disabled("one", true).unwrap();
        assert_eq!(directory.set_disabled("two", true), Err(AccountError::LastAdministrator));
        let lead = profile(Role::Lead, &[], &[]);
        assert_eq!(directory.change_profile("two", lead.clone()), Err(AccountError::LastAdministrator));
        assert!(
            !directory.get("two").unwrap().is_disabled && directory.get("two").unwrap().role == Role::Operate
        );
        directory.set_disabled("one", false).unwrap();
        assert_eq!(directory.change_profile("two", lead).unwrap().role, Role::Lead);
    }

    #[test]
    fn what_changes_who_may_sign_in_ends_the_sessions() {
        let mut directory = with(&[("one", Role::Operate), ("two", Role::Review)]);
        let epoch = |directory: &Directory| directory.get("two").unwrap().epoch;
        directory.change_profile("two", profile(Role::Lead, &["61"], &[])).unwrap();
        assert_eq!(epoch(&directory), 0, "a new role goes on in the same session");
        directory.set_password("two", PasswordHash::for_tests(), false).unwrap();
        directory.set_disabled("two", true).unwrap();
        directory.end_sessions("two").unwrap();
        assert_eq!(epoch(&directory), 3);
    }

    #[test]
    fn the_first_administrator_is_made_once() {
        let mut directory = Directory::default();
        let first = || new("one", profile(Role::Operate, &[], &[]));
        directory.create_first(first()).unwrap();
        assert_eq!(directory.create_first(first()), Err(AccountError::AlreadySetUp));
    }

    #[test]
    fn an_identity_signs_in_to_its_own_account_only() {
        let mut directory = with(&[("one", Role::Operate)]);
        let check =
            |directory: &mut Directory, name: &str, identity: &str, profile, expected: Option<&str>| {
                let error = directory.sign_in_identity(name, identity, profile, 1).err();
                match (expected, error.map(|error| error.to_string())) {
                    (None, None) => (),
                    (Some(expected), Some(error)) => assert!(error.contains(expected), "{error}"),
                    (expected, error) => panic!("{name}: {expected:?} {error:?}"),
                }
            };
        check(&mut directory, "one", "https://id|1", None, Some("不属于这个统一身份"));
        check(&mut directory, "two", "https://id|2", None, Some("没有登录名"));
        let review = Some(profile(Role::Review, &["61"], &[]));
        check(&mut directory, "two", "https://id|2", review, None);
        check(&mut directory, "two", "https://id|2", Some(profile(Role::Lead, &[], &[])), None);
        assert_eq!(directory.get("two").unwrap().role, Role::Lead);
        check(&mut directory, "two", "https://id|3", None, Some("不属于这个统一身份"));
        let hash = PasswordHash::for_tests();
        assert_eq!(directory.set_password("two", hash, true), Err(AccountError::NoPassword("two".into())));
    }
}
