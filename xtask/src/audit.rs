//! `cargo xtask audit`: licences, sources and bans of all dependencies, and known vulnerabilities.

use std::io::Write as _;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::{self, Workspace};
use crate::{cargo_deny, licences};

/// Checks everything that needs no network, and then the advisories, whose database is a git repository.
///
/// # Errors
/// If a dependency is not allowed or has an advisory, or there is no cargo-deny; with `GOUJI_REQUIRE=all`, also if
/// the database cannot be reached.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    licences::check(workspace)?;
    let cargo_deny = cargo_deny::find(&workspace.target.join("cargo-deny"))?;
    let check = |what: &[&str]| {
        let mut command = Command::new(&cargo_deny);
        command.args(["check", "--hide-inclusion-graph"]).args(what).current_dir(&workspace.root);
        command
    };
    workspace::run(&mut check(&["bans", "licenses", "sources"]))?;
    let Output { status, stdout, stderr } =
        check(&["advisories"]).output().with_context(|| format!("run {}", cargo_deny.display()))?;
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    if let Some(why) = unreachable(&said) {
        let line = format!("advisories were not checked: {why}");
        ensure!(std::env::var("GOUJI_REQUIRE").as_deref() != Ok("all"), "{line}");
        writeln!(std::io::stdout(), "{line}")?;
        return Ok(());
    }
    write!(std::io::stdout(), "{said}")?;
    if !status.success() {
        bail!("a dependency has an advisory");
    }
    Ok(())
}

/// Why the database of advisories could not be had, if it could not.
fn unreachable(said: &str) -> Option<&str> {
    let failed = said.lines().any(|line| line.contains("failed to fetch advisory database"));
    let reason = said.lines().find_map(|line| line.strip_prefix("fatal: "));
    failed.then(|| reason.unwrap_or("the database cannot be fetched"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_out_of_reach_is_no_vulnerability() {
        let fetching = "[ERROR] failed to fetch advisory database https://example.org/db with cli: …\n\
                        fatal: unable to access 'https://example.org/db': Could not resolve host\n";
        assert_eq!(
            unreachable(fetching),
            Some("unable to access 'https://example.org/db': Could not resolve host")
        );
        assert_eq!(unreachable("error[vulnerability]: memory corruption\nadvisories FAILED\n"), None);
        assert_eq!(unreachable("advisories ok\n"), None);
    }
}
