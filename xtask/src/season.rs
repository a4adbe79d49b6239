//! `cargo xtask season`: a season on several hosts, which are network namespaces of this machine.

use anyhow::Result;

use crate::workspace::{self, Workspace};

/// Builds the programs as they are shipped, because it measures, and starts the season.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let build = ["build", "--release", "--workspace", "--bins"];
    workspace::run(&mut workspace.cargo(&build))?;
    let mut season =
        workspace.cargo(&["run", "--release", "--package", "tests", "--bin", "bench", "--", "season"]);
    workspace::run(season.args(arguments).env("GOUJI_NATS_SERVER", workspace.nats_server()?))
}
