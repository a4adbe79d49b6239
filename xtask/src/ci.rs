//! `cargo xtask ci`: everything that a change has to pass, quickest first.

use anyhow::Result;

use crate::workspace::{self, Workspace};
use crate::{deploy, fuzz, test, tidy};

/// Enough for each change; `cargo xtask fuzz` runs longer.
const FUZZ_SECONDS: u64 = 180;

/// Runs every step; the first that fails ends it.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    workspace::run(&mut workspace.cargo(&["fmt", "--all", "--check"]))?;
    tidy::run(workspace, false)?;
    deploy::run(workspace)?;
    let lints = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    workspace::run(&mut workspace.cargo(&lints))?;
    test::run(workspace, &[])?;
    fuzz::run(workspace, FUZZ_SECONDS, false, &[])
}
