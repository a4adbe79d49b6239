//! promtool, which checks metrics and alerts: the one on the `PATH`, or a private copy out of Debian's package.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workspace;

/// The package that promtool comes in.
const PACKAGE: &str = "prometheus";

/// The path of a promtool; none where there is none and none can be had. A test that needs it says so then.
pub(crate) fn find(folder: &Path) -> Option<PathBuf> {
    let private = folder.join("usr/bin/promtool");
    [PathBuf::from("promtool"), private.clone()].into_iter().find(|program| runs(program)).or_else(|| {
        download(folder)?;
        runs(&private).then_some(private)
    })
}

fn runs(program: &Path) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Unpacks Debian's package into `folder` and installs nothing, so that no Prometheus is started.
fn download(folder: &Path) -> Option<()> {
    std::fs::create_dir_all(folder).ok()?;
    let quiet = |line: &[&str]| {
        let mut command = Command::new(line.first()?);
        command.args(line.get(1..)?).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        workspace::run(&mut command).ok()
    };
    // A fresh machine has no package lists yet.
    quiet(&["apt-get", "download", PACKAGE])
        .or_else(|| quiet(&["apt-get", "update"]).and_then(|()| quiet(&["apt-get", "download", PACKAGE])))?;
    let packages = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let package = packages.into_iter().find(|path| path.extension().is_some_and(|end| end == "deb"))?;
    quiet(&["dpkg", "-x", package.to_str()?, "."])
}
