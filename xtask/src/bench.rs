//! `cargo xtask bench`: the pipeline measured through a real nats-server. With a name, one thing alone:
//! `formats`, the readers beside the tools that people otherwise use; `rules`, what the rules find of what
//! was planted; `scale`, more processes of a stage; `growth`, the index from a thousand documents on;
//! `search`, what the index costs and how fast it answers;
//! `memory`, every process under the largest inputs;
//! `commits`, what a flush of the log costs and whether it can be shared.

use anyhow::Result;

use crate::workspace::{self, Workspace};

/// Runs a bench of the `tests` package, built for release, on programs built for release.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    workspace::run(&mut workspace.cargo(&["build", "--release", "--workspace", "--bins"]))?;
    let mut bench = workspace.cargo(&["run", "--release", "--package", "tests", "--bin", "bench", "--"]);
    // What stands before and behind `--` is for the bench alike.
    let arguments = arguments.iter().filter(|argument| *argument != "--");
    workspace::run(bench.args(arguments).env("GOUJI_NATS_SERVER", workspace.nats_server()?))
}
