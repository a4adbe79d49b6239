//! `cargo xtask soak`: injects faults at random while reports come in, by a seed that it prints.

use anyhow::Result;

use crate::workspace::{self, Workspace};

/// Builds the programs as for tests, and starts the soak.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    workspace::run(&mut workspace.cargo(&["build", "--workspace", "--bins"]))?;
    let mut soak = workspace.cargo(&["run", "--package", "tests", "--bin", "bench", "--", "soak"]);
    workspace::run(soak.args(arguments).env("GOUJI_NATS_SERVER", workspace.nats_server()?))
}
