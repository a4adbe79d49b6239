//! Compares the licence and the source of each dependency with `deny.toml`.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::workspace::{self, Workspace};

/// All packages of the build, from `cargo metadata`.
#[derive(Debug, Deserialize)]
struct Everything {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// Its registry or repository; none for packages of this workspace.
    source: Option<String>,
}

/// Complains of every dependency whose licence is not allowed, or that does not come from the registry.
///
/// # Errors
/// All complaints, or that cargo or `deny.toml` cannot be read.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let path = workspace.root.join("deny.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let (allowed, exceptions) = (allowed(&text), exceptions(&text));
    ensure!(!allowed.is_empty(), "deny.toml allows no licence: `allow = [` is not there");
    let metadata = workspace::read(&mut workspace.cargo(&["metadata", "--format-version=1", "--locked"]))?;
    let everything: Everything =
        serde_json::from_str(&metadata).context("read what `cargo metadata` printed")?;
    let complaints: Vec<String> =
        everything.packages.iter().filter_map(|package| complaint(package, &allowed, &exceptions)).collect();
    if complaints.is_empty() {
        return Ok(());
    }
    bail!(
        "{}\n    use another package, or allow it in deny.toml after reading its licence",
        complaints.join("\n")
    )
}

fn complaint(package: &Package, allowed: &BTreeSet<&str>, exceptions: &[(&str, &str)]) -> Option<String> {
    let Package { name, version, license, source } = package;
    let source = source.as_deref()?;
    if !source.starts_with("registry+") && !source.starts_with("sparse+") {
        return Some(format!("{name} {version} comes from {source} and not from the registry"));
    }
    let of_package = exceptions.iter().filter(|(_, package)| package == name).map(|(licence, _)| *licence);
    let allowed: &BTreeSet<&str> = &allowed.iter().copied().chain(of_package).collect();
    match license.as_deref() {
        None => Some(format!("{name} {version} names no licence")),
        Some(expression) if !is_allowed(expression, allowed) => {
            Some(format!("{name} {version} has the licence {expression}"))
        }
        Some(_) => None,
    }
}

/// The list in the section on licences.
fn allowed(text: &str) -> BTreeSet<&str> {
    let list = text.split_once("\nallow = [").and_then(|(_, rest)| rest.split_once(']'));
    list.map_or("", |(list, _)| list).split('"').skip(1).step_by(2).collect()
}

/// Licences that one package may have, each with the name of the package.
fn exceptions(text: &str) -> Vec<(&str, &str)> {
    let list = text.split_once("\nexceptions = [").and_then(|(_, rest)| rest.split_once("\n]"));
    let lines = list.map_or("", |(list, _)| list).lines();
    lines
        .filter_map(|line| {
            let mut quoted = line.split('"').skip(1).step_by(2);
            Some((quoted.next()?, quoted.next()?))
        })
        .collect()
}

/// Whether an SPDX expression allows the package in one way. `AND` binds closer than `OR`, old packages write
/// `/` for `OR`, and an exception (`WITH`) only permits more.
fn is_allowed(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let allows = any(&mut words, allowed);
    allows && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &BTreeSet<&str>) -> bool {
    let mut allows = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        allows |= all(words, allowed);
    }
    allows
}

fn all(words: &mut Words<'_>, allowed: &BTreeSet<&str>) -> bool {
    let mut allows = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        allows &= one(words, allowed);
    }
    allows
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<&str>) -> bool {
    let allows = match words.next() {
        Some("(") => {
            let allows = any(words, allowed);
            words.next_if_eq(&")").is_some() && allows
        }
        Some(licence) => allowed.contains(licence),
        None => false,
    };
    if words.next_if_eq(&"WITH").is_some() {
        words.next();
    }
    allows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_allowed_where_one_way_is() {
        let allowed = allowed("[licenses]\n# Ours.\nallow = [\n    \"MIT\",\n    \"Apache-2.0\",\n]\n");
        let check = |expression: &str, expected: bool| {
            assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
        };
        check("MIT", true);
        check("MIT OR GPL-3.0-only", true);
        check("GPL-3.0-only/MIT", true);
        check("MIT AND GPL-3.0-only", false);
        check("(MIT OR GPL-3.0-only) AND Apache-2.0", true);
        check("(MIT OR GPL-3.0-only) AND GPL-3.0-only", false);
        check("GPL-3.0-only OR MIT AND Apache-2.0", true);
        check("Apache-2.0 WITH LLVM-exception", true);
        check("AGPL-3.0-only", false);
        check("MIT-but-different", false);
        check("MIT GPL-3.0-only", false);
        check("(MIT", false);
        check("", false);
    }

    #[test]
    fn one_package_may_have_a_licence_of_its_own() {
        let text = "[licenses]\nexceptions = [\n    { allow = [\"NCSA\"], crate = \"a\" },\n]\n";
        assert_eq!(exceptions(text), [("NCSA", "a")]);
        assert_eq!(exceptions("[licenses]\n"), []);
    }

    #[test]
    fn packages_of_other_sources_are_named() {
        let allowed = BTreeSet::from(["MIT"]);
        let check = |license: Option<&str>, source: Option<&str>, expected: Option<&str>| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            let package = Package {
                name: "a".into(),
                version: "1.0.0".into(),
                license: own(license),
                source: own(source),
            };
            assert_eq!(complaint(&package, &allowed, &[("NCSA", "a")]).as_deref(), expected);
        };
        check(None, None, None);
        check(Some("MIT"), Some("registry+somewhere"), None);
        check(None, Some("registry+somewhere"), Some("a 1.0.0 names no licence"));
        check(Some("AGPL-3.0-only"), Some("registry+x"), Some("a 1.0.0 has the licence AGPL-3.0-only"));
        check(Some("MIT AND NCSA"), Some("registry+x"), None);
        check(Some("MIT"), Some("git+there"), Some("a 1.0.0 comes from git+there and not from the registry"));
    }
}
