//! From the claims of an identity to a role and a scope.

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::Role;

/// The role of each value of a claim, in the order of the settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RoleTable(Vec<Row>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    value: String,
    role: Role,
    regions: Vec<String>,
}

impl RoleTable {
    /// Reads `value=role` or `value=role:region+region`, with commas between the rows.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let rows = text.split(',').map(str::trim).filter(|row| !row.is_empty()).map(|row| {
            let (value, role) = row.split_once('=').with_context(|| format!("{row:?} is not value=role"))?;
            let (role, regions) = role.split_once(':').unwrap_or((role, ""));
            let known = Role::ALL.map(Role::name).join(", ");
            let role = Role::parse(role.trim())
                .with_context(|| format!("{:?} is not a role; there are {known}", role.trim()))?;
            let regions: Vec<String> = regions
                .split('+')
                .map(str::trim)
                .filter(|code| !code.is_empty())
                .map(str::to_owned)
                .collect();
            if role == Role::Operate && !regions.is_empty() {
                bail!("{row:?}: the role operate has no regions");
            }
            Ok(Row { value: value.trim().to_owned(), role, regions })
        });
        rows.collect::<anyhow::Result<_>>().map(Self)
    }

    /// The role and the regions of the first row whose value the claim has.
    pub(super) fn grant(&self, claim: Option<&Value>) -> Option<(Role, Vec<String>)> {
        let values = texts(claim);
        let row = self.0.iter().find(|row| values.contains(&row.value))?;
        Some((row.role, row.regions.clone()))
    }
}

/// The texts of a claim: it is one, or a list of them.
pub(super) fn texts(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// The part of a scope that a role may have. Agencies narrow only what a sender of reports may do.
pub(super) fn scope_of(
    role: Role,
    regions: Vec<String>,
    agencies: Vec<String>,
) -> (Vec<String>, Vec<String>) {
    match role {
        Role::Submit => (regions, agencies),
        Role::Review | Role::Lead => (regions, Vec::new()),
        Role::Operate => (Vec::new(), Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_row_that_fits_gives_the_role() {
        let table = RoleTable::parse("admins=operate, 西安审核=review:6101+6102,zwgk = lead").unwrap();
        let check = |claim: Value, expected: Option<(Role, &[&str])>| {
            let granted = table.grant(Some(&claim));
            let expected = expected.map(|(role, regions)| {
                (role, regions.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>())
            });
            assert_eq!(granted, expected, "{claim}");
        };
        check(json!("zwgk"), Some((Role::Lead, &[])));
        check(json!(["x", "zwgk", "西安审核"]), Some((Role::Review, &["6101", "6102"])));
        check(json!(["zwgk", "admins"]), Some((Role::Operate, &[])));
        check(json!("others"), None);
        check(json!(7), None);
        assert_eq!(table.grant(None), None);
    }

    #[test]
    fn a_wrong_table_says_where() {
        let check = |text: &str, what: &str| {
            let error = RoleTable::parse(text).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        };
        check("a=lead, b", "\"b\" is not value=role");
        check("a=root", "\"root\" is not a role; there are submit, review, lead, operate");
        check("a=operate:61", "has no regions");
        assert_eq!(RoleTable::parse("").unwrap(), RoleTable::default());
    }
}
