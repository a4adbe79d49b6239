//! `cargo xtask mutants`: which changes of the rules no test notices.

use anyhow::{Context, Result, ensure};

use crate::workspace::{self, Workspace};

/// Mutates crate `rules` with cargo-mutants. `arguments` are handed to it, e.g. `--shard 0/20`.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let is_there = workspace.cargo(&["mutants", "--version"]).output().context("run cargo")?;
    ensure!(
        is_there.status.success(),
        "cargo-mutants is not installed: cargo install cargo-mutants --locked"
    );
    let mut command = workspace.cargo(&["mutants", "--package", "rules"]);
    command.args(["--output", "target"]).args(arguments);
    workspace::run(&mut command)
}
