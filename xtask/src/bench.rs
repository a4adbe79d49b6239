//! `cargo xtask bench`: the pipeline measured through a real nats-server; with `formats`, the readers
//! beside the tools that people otherwise use; with `rules`, what the rules find of what was planted.

use anyhow::Result;

use crate::workspace::{self, Workspace};

/// Builds every program for release, and runs the bench of the `tests` package on them.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let alone = ["formats", "rules"];
    if let Some((name, arguments)) =
        arguments.split_first().filter(|(name, _)| alone.contains(&name.as_str()))
    {
        let mut bench = workspace.cargo(&["run", "--release", "--package", "tests", "--bin", name, "--"]);
        return workspace::run(bench.args(arguments));
    }
    let nats_server = workspace.nats_server()?;
    workspace::run(&mut workspace.cargo(&["build", "--release", "--workspace", "--bins"]))?;
    let mut bench = workspace.cargo(&["run", "--release", "--package", "tests", "--bin", "bench", "--"]);
    workspace::run(bench.args(arguments).env("GOUJI_NATS_SERVER", nats_server))
}
