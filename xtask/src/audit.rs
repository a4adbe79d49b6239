//! `cargo xtask audit`: licences and sources of all dependencies, and known vulnerabilities.

use std::io::Write as _;
use std::process::Command;

use anyhow::{Result, bail};

use crate::licences;
use crate::workspace::{self, Workspace};

/// Checks the licences, and asks cargo-deny for advisories, whose database comes from the network.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    licences::check(workspace)?;
    writeln!(std::io::stdout(), "every licence and every source is allowed")?;
    let installed =
        Command::new("cargo-deny").arg("--version").output().is_ok_and(|said| said.status.success());
    if !installed {
        bail!(
            "advisories were not checked: cargo-deny is not installed; install it with `cargo install --locked cargo-deny`"
        );
    }
    workspace::run(&mut workspace.cargo(&["deny", "check", "advisories", "licenses", "sources"]))
}
