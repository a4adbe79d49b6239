//! `cargo xtask fuzz`: runs every reader under libFuzzer, starting from the samples and the corpus.
//!
//! Stable Rust is enough: coverage is a pass of LLVM, and safe code needs no address sanitizer.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::workspace::{self, Workspace};

/// The flags that `cargo fuzz` passes too.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1";

/// Runs the named targets, or all, each for its share of the time. Inputs that reach new code go to
/// `target/fuzz/found`; an input that breaks a reader goes to `fuzz/broken` and ends the run. With `keep`,
/// the task reduces the new inputs to those that add coverage and copies them to the corpus.
pub(crate) fn run(workspace: &Workspace, seconds: u64, keep: bool, targets: &[String]) -> Result<()> {
    let work = workspace.target.join("fuzz");
    let seeds = work.join("seeds");
    let mut build = workspace.cargo(&["build", "--package", "fuzz", "--bin", "seeds", "--quiet"]);
    workspace::run(&mut build)?;
    let mut write = std::process::Command::new(workspace.target.join("debug/seeds"));
    workspace::run(write.arg(workspace.root.join("samples/reports")).arg(&seeds))?;

    let mut names: Vec<String> = fs::read_dir(&seeds)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<std::io::Result<_>>()?;
    names.sort();
    if let Some(unknown) = targets.iter().find(|target| !names.contains(target)) {
        bail!("there is no target `{unknown}`; there are {}", names.join(", "));
    }
    names.retain(|name| targets.is_empty() || targets.contains(name));
    let broken = workspace.root.join("fuzz/broken/");
    fs::create_dir_all(&broken)?;
    let share = Duration::from_secs(seconds) / u32::try_from(names.len())?;
    for name in names {
        let found = work.join("found").join(&name);
        let corpus = workspace.root.join("fuzz/corpus").join(&name);
        fs::create_dir_all(&found)?;
        fs::create_dir_all(&corpus)?;
        let libfuzzer = |arguments: &[&str]| {
            // With a target named, the flags are not for build scripts too.
            let mut command = workspace.cargo(&["run", "--quiet", "--package", "fuzz", "--bin", "fuzz"]);
            command.args(["--features", "libfuzzer", "--profile", "fuzz", "--target", "host-tuple"]);
            command.arg("--target-dir").arg(&work).arg("--").args(arguments);
            command.env("RUSTFLAGS", COVERAGE).env("GOUJI_FUZZ_TARGET", &name);
            command
        };
        let limits = ["-rss_limit_mb=1024", "-timeout=10", "-max_len=200000", "-print_final_stats=1"];
        let mut command = libfuzzer(&limits);
        command.arg(format!("-max_total_time={}", share.as_secs().max(1)));
        command.arg(format!("-artifact_prefix={}/{name}-", broken.display()));
        command.arg(&found).arg(&corpus).arg(seeds.join(&name));
        workspace::run(&mut command).with_context(|| format!("fuzz {name}: see fuzz/broken"))?;
        if keep {
            let mut command = libfuzzer(&["-merge=1", "-max_len=16384"]);
            workspace::run(command.arg(&corpus).arg(seeds.join(&name)).arg(&found))?;
        }
    }
    Ok(())
}
