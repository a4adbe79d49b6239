//! `cargo xtask bench`: the pipeline measured through a real nats-server.

use anyhow::Result;

use crate::workspace::{self, Workspace};

/// Builds every program for release, and runs the bench of the `tests` package on them.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let nats_server = workspace.nats_server()?;
    workspace::run(&mut workspace.cargo(&["build", "--release", "--workspace", "--bins"]))?;
    let mut bench = workspace.cargo(&["run", "--release", "--package", "tests", "--bin", "bench", "--"]);
    workspace::run(bench.args(arguments).env("GOUJI_NATS_SERVER", nats_server))
}
