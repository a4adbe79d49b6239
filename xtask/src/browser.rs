//! A browser for the tests of the pages: one on the `PATH`, or Debian's chromium, which root can install.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::workspace;

/// Programs that speak the DevTools protocol, by the names under which distributions install them.
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The name of a browser; none where there is none and none can be had. The test that needs it says so then.
pub(crate) fn find() -> Option<PathBuf> {
    installed().or_else(|| {
        install()?;
        installed()
    })
}

fn installed() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&folders);
    places.flat_map(|folder| PROGRAMS.map(|name| folder.join(name))).find(|path| path.is_file())
}

fn install() -> Option<()> {
    let quiet = |line: &[&str]| {
        let mut command = Command::new(line.first()?);
        command.args(line.get(1..)?).env("DEBIAN_FRONTEND", "noninteractive");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        workspace::run(&mut command).ok()
    };
    let chromium = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"];
    // A fresh machine has no package lists yet.
    quiet(&chromium).or_else(|| quiet(&["apt-get", "update"]).and_then(|()| quiet(&chromium)))
}
