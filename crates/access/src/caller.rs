//! The caller of a request, and the reports that it may see.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use proto::v1::{ReportSubmitted, Scope};

use crate::account::{Account, SessionId, Way};
use crate::guard::Requires;
use crate::key::{Key, Role};
use crate::problem::Problem;

/// The caller of a request. If the service has neither keys nor accounts, callers are anonymous and may do everything.
#[derive(Debug, Clone, PartialEq)]
pub struct Caller {
    /// Name of the key or of the account; empty if the caller is anonymous.
    pub name: String,
    /// What the caller may do; none if it is anonymous.
    pub role: Option<Role>,
    /// The reports that the caller may send and see; none if it may send and see all.
    pub scope: Option<Scope>,
    /// Address of the peer; empty if it is unknown.
    pub origin: String,
    /// Whether the service asks for keys and this caller presented none: it may do only what requires nothing.
    pub is_signed_out: bool,
    /// The session of a person who is signed in; none for a key.
    pub session: Option<CallerSession>,
}

/// The session of a caller.
#[derive(Debug, Clone, PartialEq)]
pub struct CallerSession {
    /// Which of the sessions of its account it is.
    pub id: SessionId,
    /// The name that people know.
    pub display: String,
    /// How its user signed in.
    pub way: Way,
    /// Whether the password has to be changed before anything else is done.
    pub must_change: bool,
}

impl Caller {
    pub(crate) fn anonymous(origin: String) -> Self {
        Self { name: String::new(), role: None, scope: None, origin, is_signed_out: false, session: None }
    }

    /// The same caller, where the service asks for keys and this one presented none.
    pub(crate) fn signed_out(self) -> Self {
        Self { is_signed_out: true, ..self }
    }

    /// A caller who was not checked, and may do only what requires nothing.
    pub fn unknown() -> Self {
        Self::anonymous(String::new()).signed_out()
    }

    /// The service itself, which accepts what lies in the exchange folder.
    pub fn service(origin: &str) -> Self {
        Self::anonymous(origin.to_owned())
    }

    pub(crate) fn of_key(key: Key, origin: String) -> Self {
        Self {
            name: key.name,
            role: Some(key.role),
            scope: key.scope,
            origin,
            is_signed_out: false,
            session: None,
        }
    }

    /// Somebody who is about to sign in to this account.
    pub(crate) fn named(account: &Account, origin: &str) -> Self {
        let role = Some(account.role);
        Self { name: account.name.clone(), role, ..Self::anonymous(origin.to_owned()) }
    }

    pub(crate) fn of_account(account: Account, id: SessionId, way: Way, origin: String) -> Self {
        let scope = account.scope();
        let must_change = account.must_change;
        Self {
            name: account.name,
            role: Some(account.role),
            scope,
            origin,
            is_signed_out: false,
            session: Some(CallerSession { id, display: account.display, way, must_change }),
        }
    }

    /// Whether a route that requires this would admit the caller; pages offer only what it may do.
    pub fn can(&self, requires: Requires) -> bool {
        match self.role {
            Some(role) => requires.allows(role),
            None => requires == Requires::Nothing || !self.is_signed_out,
        }
    }

    /// Whether the caller works on the reports of others: everybody but a sender of reports.
    pub fn is_reviewer(&self) -> bool {
        self.can(Requires::Review)
    }

    /// Whether the caller may see every report.
    pub fn sees_all(&self) -> bool {
        self.scope.is_none()
    }

    /// Whether the caller may see a report of this region and agency.
    pub fn may_see(&self, region: Option<&str>, agency: Option<&str>) -> bool {
        self.scope.as_ref().is_none_or(|scope| scope.covers(region, agency))
    }

    /// Whether the caller may see everything about this region: its roster, its sums, its comparisons.
    pub fn may_see_region(&self, region: &str) -> bool {
        self.may_see(Some(region), None)
    }

    /// The region of the caller's scope that a region is in; none where the scope names no regions.
    pub fn scope_around(&self, region: &str) -> Option<&str> {
        let mut regions = self.scope.as_ref()?.regions.iter();
        let covers = |own: &&String| {
            let scope = Scope { regions: vec![(*own).clone()], agencies: Vec::new() };
            scope.covers(Some(region), None)
        };
        regions.find(covers).map(String::as_str)
    }

    /// Whether the caller may see the state of this submission: its own, and those of keys with the same scope.
    /// A reviewer also sees the submissions of all senders within its regions.
    pub fn may_follow(&self, submitted: &ReportSubmitted) -> bool {
        let is_of_own_region = || {
            let sent = submitted.scope.as_ref().map(|scope| &scope.regions);
            self.is_reviewer()
                && sent.is_some_and(|regions| {
                    !regions.is_empty() && regions.iter().all(|region| self.may_see_region(region))
                })
        };
        self.scope.is_none()
            || submitted.sender == self.name
            || submitted.scope == self.scope
            || is_of_own_region()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| {
            Problem::internal(&anyhow::anyhow!("{} is not behind access control", parts.uri.path()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(role: Option<Role>, regions: &[&str]) -> Caller {
        let own = regions.iter().map(|code| (*code).to_owned()).collect();
        let scope = (!regions.is_empty()).then_some(Scope { regions: own, agencies: Vec::new() });
        Caller { role, scope, name: "a".into(), ..Caller::anonymous(String::new()) }
    }

    #[test]
    fn a_caller_is_offered_what_its_role_may_do() {
        let open = Caller::anonymous(String::new());
        let signed_out = open.clone().signed_out();
        let check = |caller: &Caller, requires: Requires, expected: bool| {
            assert_eq!(caller.can(requires), expected, "{caller:?} {requires:?}");
        };
        check(&open, Requires::Operate, true);
        check(&signed_out, Requires::Nothing, true);
        check(&signed_out, Requires::Key, false);
        check(&signed_out, Requires::Operate, false);
        check(&caller(Some(Role::Submit), &["61"]), Requires::Review, false);
        check(&caller(Some(Role::Review), &[]), Requires::Lead, false);
        check(&caller(Some(Role::Lead), &[]), Requires::Review, true);
        check(&caller(Some(Role::Operate), &[]), Requires::Lead, true);
    }

    #[test]
    fn a_reviewer_follows_what_was_sent_within_its_regions() {
        let sent = |regions: &[&str]| ReportSubmitted {
            sender: "b".into(),
            scope: caller(None, regions).scope,
            ..Default::default()
        };
        let check = |role: Role, own: &[&str], regions: &[&str], expected: bool| {
            assert_eq!(
                caller(Some(role), own).may_follow(&sent(regions)),
                expected,
                "{role:?} {own:?} {regions:?}"
            );
        };
        check(Role::Review, &[], &[], true);
        check(Role::Review, &["6101"], &["610102"], true);
        check(Role::Review, &["610100"], &["610102", "610103"], true);
        check(Role::Lead, &["6101"], &["610102", "6102"], false);
        check(Role::Review, &["6101"], &["61"], false);
        check(Role::Review, &["6101"], &[], false);
        check(Role::Submit, &["6101"], &["610102"], false);
        check(Role::Submit, &["6101"], &["6101"], true);
    }
}
