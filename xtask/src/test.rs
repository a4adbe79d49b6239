//! `cargo xtask test`: everything that proves the product, with what it needs installed by itself.

use anyhow::Result;

use crate::workspace::{self, Workspace};

/// Builds every program, for the journeys run them as separate processes, and runs every test.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let nats_server = workspace.nats_server()?;
    workspace::run(&mut workspace.cargo(&["build", "--workspace", "--bins"]))?;
    let mut test = workspace.cargo(&["test"]);
    if !names_packages(arguments) {
        test.arg("--workspace");
    }
    workspace::run(test.args(arguments).env("GOUJI_NATS_SERVER", nats_server))
}

fn names_packages(arguments: &[String]) -> bool {
    let ours = arguments.iter().take_while(|argument| *argument != "--");
    ours.into_iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_workspace_is_tested_unless_packages_are_named() {
        let check = |line: &str, expected| {
            let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(names_packages(&arguments), expected, "{line:?}");
        };
        check("", false);
        check("-p reading", true);
        check("--package=reading", true);
        check("-- -p", false);
    }
}
