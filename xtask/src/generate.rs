//! `cargo xtask gen`: the generated code of the contract.

use anyhow::Result;

use crate::workspace::{self, Workspace};

/// Writes the generated code, or checks that it is current.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<()> {
    // The crate may not compile with the present generated code, so the test does without it.
    let test = ["test", "--quiet", "--package", "proto", "--no-default-features", "--test", "wire"];
    let mut command = workspace.cargo(&test);
    match check {
        true => command.env_remove("GOUJI_GENERATE"),
        false => command.env("GOUJI_GENERATE", "1"),
    };
    workspace::run(&mut command)
}
