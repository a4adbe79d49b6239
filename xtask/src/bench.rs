//! `cargo xtask bench`: the pipeline measured through a real nats-server. With a name, one thing alone:
//! `formats`, the readers beside the tools that people otherwise use; `rules`, what the rules find of what
//! was planted; `scale`, more processes of a stage; `growth`, the index from a thousand documents on;
//! `commits`, what a flush of the log costs and whether it can be shared.

use anyhow::Result;

use crate::workspace::{self, Workspace};

/// Runs a bench of the `tests` package, built for release, on programs built for release.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let named = |names: &[&str]| arguments.first().filter(|name| names.contains(&name.as_str()));
    let (name, arguments) = match named(&["commits", "formats", "growth", "rules", "scale"]) {
        Some(name) => (name.as_str(), &arguments[1..]),
        None => ("bench", arguments),
    };
    if ["bench", "scale"].contains(&name) {
        workspace::run(&mut workspace.cargo(&["build", "--release", "--workspace", "--bins"]))?;
    }
    let mut bench = workspace.cargo(&["run", "--release", "--package", "tests", "--bin", name, "--"]);
    workspace::run(bench.args(arguments).env("GOUJI_NATS_SERVER", workspace.nats_server()?))
}
