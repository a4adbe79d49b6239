//! Programs that their authors publish as Go modules: built once, at a pinned version that Go's database of checksums
//! knows, and stored below the target folder.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::workspace::{self, Workspace};

/// The path of a program, which is built where it is not there yet.
///
/// # Errors
/// If there is no Go on this machine, or the module cannot be fetched or built.
pub(crate) fn install(workspace: &Workspace, package: &str, version: &str) -> Result<PathBuf> {
    let name = package.rsplit('/').next().unwrap_or(package);
    let folder = workspace.target.join("go").join(format!("{name}-{version}"));
    let program = folder.join(name);
    if !program.is_file() {
        eprintln!("building {name} {version}");
        fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        // In a module of our own, because `go install` refuses modules that replace others.
        fs::write(folder.join("go.mod"), "module tool\n\ngo 1.24.0\n")?;
        let go = |words: &[&str]| {
            let mut command = Command::new("go");
            command.args(words).env("GOFLAGS", "-buildvcs=false").current_dir(&folder);
            workspace::run(&mut command)
                .context("install Go 1.25 or newer, and allow it to reach a module proxy (GOPROXY)")
        };
        go(&["get", &format!("{package}@{version}")])?;
        go(&["build", "-mod=mod", "-ldflags=-s -w", "-o", name, package])?;
    }
    Ok(program)
}
