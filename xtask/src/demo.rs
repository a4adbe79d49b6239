//! `cargo xtask demo`: the whole pipeline on this machine, with the samples sent through it.

use std::process::Command;

use anyhow::Result;

use crate::workspace::{self, Workspace};

/// Builds the command that people type, and has it show itself.
pub(crate) fn run(workspace: &Workspace, once: bool) -> Result<()> {
    let nats_server = workspace.nats_server()?;
    // With the features that `cargo xtask test` builds with, so that the tests need not compile it again.
    workspace::run(&mut workspace.cargo(&["build", "--package=gouji", "--package=workspace-hack"]))?;
    let mut gouji = Command::new(workspace.target.join("debug/gouji"));
    gouji
        .args(["demo", "samples/reports"])
        .env("GOUJI_NATS_SERVER", nats_server)
        .current_dir(&workspace.root);
    if once {
        gouji.arg("--once");
    }
    hand_over(&mut gouji)
}

/// Becomes the command, so that Ctrl-C and the exit status are its own.
#[cfg(unix)]
fn hand_over(command: &mut Command) -> Result<()> {
    use anyhow::Context;
    use std::os::unix::process::CommandExt;
    Err(command.exec()).with_context(|| format!("run {}", workspace::line(command)))
}

#[cfg(not(unix))]
fn hand_over(command: &mut Command) -> Result<()> {
    workspace::run(command)
}
