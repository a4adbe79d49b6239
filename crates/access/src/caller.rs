//! The caller of a request, and the reports that it may see.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use proto::v1::{ReportSubmitted, Scope};

use crate::key::{Key, Role};
use crate::problem::Problem;

/// The caller of a request. If the service has no keys, callers are anonymous and may do everything.
#[derive(Debug, Clone, PartialEq)]
pub struct Caller {
    /// Name of the key; empty if the caller is anonymous.
    pub name: String,
    /// What the caller may do; none if it is anonymous.
    pub role: Option<Role>,
    /// The reports that the caller may send and see; none if it may send and see all.
    pub scope: Option<Scope>,
    /// Address of the peer; empty if it is unknown.
    pub origin: String,
}

impl Caller {
    pub(crate) fn anonymous(origin: String) -> Self {
        Self { name: String::new(), role: None, scope: None, origin }
    }

    pub(crate) fn of_key(key: Key, origin: String) -> Self {
        Self { name: key.name, role: Some(key.role), scope: key.scope, origin }
    }

    /// Whether the caller may see every report.
    pub fn sees_all(&self) -> bool {
        self.scope.is_none()
    }

    /// Whether the caller may see a report of this region and agency.
    pub fn may_see(&self, region: Option<&str>, agency: Option<&str>) -> bool {
        self.scope.as_ref().is_none_or(|scope| scope.covers(region, agency))
    }

    /// Whether the caller may see the state of this submission: its own, and those of keys with the same scope.
    pub fn may_follow(&self, submitted: &ReportSubmitted) -> bool {
        self.scope.is_none() || submitted.sender == self.name || submitted.scope == self.scope
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
