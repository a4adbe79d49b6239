//! `cargo xtask test`: every test, and at the end what this machine could not test.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::num::NonZero;
use std::{env, fs, thread};

use anyhow::{Context as _, Result};

use crate::workspace::{self, Workspace};
use crate::{debian, promtool};

/// Builds every program, because end-to-end tests run them as separate processes, and runs every test.
///
/// # Errors
/// If something does not build, or a test fails. All tests run before that.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let nats_server = workspace.nats_server()?;
    workspace::run(&mut workspace.cargo(&["build", "--workspace", "--bins"]))?;
    // A test that cannot run here adds a line; see `tests/src/skip.rs`.
    let skipped = workspace.target.join("skipped.txt");
    fs::write(&skipped, "").with_context(|| format!("write {}", skipped.display()))?;
    let mut test = workspace.cargo(&["test"]);
    if !names(arguments, &["--no-fail-fast"]) {
        test.arg("--no-fail-fast");
    }
    if !names(arguments, &["-p", "--package"]) {
        test.arg("--workspace");
    }
    test.args(arguments).env("GOUJI_NATS_SERVER", nats_server).env("GOUJI_SKIPPED", &skipped);
    if env::var_os("RUST_TEST_THREADS").is_none() {
        test.env("RUST_TEST_THREADS", threads().to_string());
    }
    if let Some(promtool) = promtool::find(&workspace.target.join("promtool")) {
        test.env("GOUJI_PROMTOOL", promtool);
    }
    if let Some(browser) = debian::browser() {
        test.env("GOUJI_BROWSER", browser);
    }
    debian::install_nginx();
    debian::install_sshd();
    debian::install_databases();
    let tested = workspace::run(&mut test);
    let lines = fs::read_to_string(&skipped).with_context(|| format!("read {}", skipped.display()))?;
    write!(std::io::stdout(), "{}", summary(&lines))?;
    tested
}

/// Two tests a core: the end-to-end tests wait for other processes longer than they compute.
fn threads() -> usize {
    2 * thread::available_parallelism().map_or(1, NonZero::get)
}

/// Each test that was skipped once, or that there is none.
fn summary(skipped: &str) -> String {
    let lines: BTreeSet<&str> = skipped.lines().filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return "no test was skipped\n".to_owned();
    }
    lines.into_iter().map(|line| format!("not tested: {line}\n")).collect()
}

/// Whether one of these options is among the arguments for cargo itself.
fn names(arguments: &[String], options: &[&str]) -> bool {
    let mut cargos = arguments.iter().take_while(|argument| *argument != "--");
    cargos.any(|argument| options.iter().any(|option| argument.starts_with(option)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_workspace_is_tested_unless_packages_are_named() {
        let check = |line: &str, expected| {
            let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(names(&arguments, &["-p", "--package"]), expected, "{line:?}");
        };
        check("", false);
        check("-p reading", true);
        check("--package=reading", true);
        check("--no-fail-fast", false);
        check("-- -p", false);
    }

    #[test]
    fn each_skipped_test_is_printed_once() {
        assert_eq!(summary(""), "no test was skipped\n");
        assert_eq!(
            summary("b: no root\na: no seeds\nb: no root\n"),
            "not tested: a: no seeds\nnot tested: b: no root\n"
        );
    }
}
