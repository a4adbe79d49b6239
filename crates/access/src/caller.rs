//! Who is at the door, and which reports they may see.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use proto::v1::{ReportSubmitted, Scope};

use crate::key::{Key, Role};
use crate::problem::Problem;

/// Who asks. Where the door asks for no keys, that is nobody, who may do everything.
#[derive(Debug, Clone, PartialEq)]
pub struct Caller {
    /// Name of the key; empty where there are none.
    pub name: String,
    /// What it may do; none where there are no keys.
    pub role: Option<Role>,
    /// Which reports it may send, and see; none where that is all.
    pub scope: Option<Scope>,
    /// Address of the peer; empty where it is not known.
    pub origin: String,
}

impl Caller {
    pub(crate) fn nobody(origin: String) -> Self {
        Self { name: String::new(), role: None, scope: None, origin }
    }

    pub(crate) fn of_key(key: Key, origin: String) -> Self {
        Self { name: key.name, role: Some(key.role), scope: key.scope, origin }
    }

    /// Whether there is anything that it may not see.
    pub fn sees_all(&self) -> bool {
        self.scope.is_none()
    }

    /// Whether it may see a report of this region and agency.
    pub fn may_see(&self, region: Option<&str>, agency: Option<&str>) -> bool {
        self.scope.as_ref().is_none_or(|scope| scope.covers(region, agency))
    }

    /// Whether it may see what became of this act of sending: its own, and those of keys for the same
    /// reports.
    pub fn may_follow(&self, submitted: &ReportSubmitted) -> bool {
        self.scope.is_none() || submitted.sender == self.name || submitted.scope == self.scope
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::internal(&anyhow::anyhow!("{} has no door", parts.uri.path())))
    }
}
