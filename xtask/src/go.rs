//! Programs that their authors publish as Go modules: built once, at a pinned version that Go's database of checksums
//! knows, and stored below the target folder.

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
        let mut install = Command::new("go");
        install.args(["install", "-ldflags=-s -w"]).arg(format!("{package}@{version}"));
        workspace::run(install.env("GOBIN", &folder).env("GOFLAGS", "").current_dir(&workspace.target))
            .context("install Go 1.25 or newer, and allow it to reach a module proxy (GOPROXY)")?;
    }
    Ok(program)
}
