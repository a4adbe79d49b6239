//! Packages of PyPI that a test runs with Python.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The folder that has these packages, `name==version`, for `PYTHONPATH`; a private copy below `target`.
///
/// # Errors
/// Why there is none, in a line: Python or pip is missing, or the registry cannot be reached.
pub fn installed(name: &str, packages: &[&str]) -> Result<PathBuf, String> {
    // Tests of one process install one after the other, into the same folder.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _turn = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let target = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/pip"));
    let folder = target.join(format!("{name}-{}", packages.join("-").replace("==", "-")));
    if folder.is_dir() {
        return Ok(folder);
    }
    let work = target.join(format!("installing-{name}-{}", std::process::id()));
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--target"]);
    let output = pip.arg(&work).args(packages).output().map_err(|error| format!("python3: {error}"))?;
    let moved = if output.status.success() {
        fs::rename(&work, &folder).map_err(|error| error.to_string())
    } else {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(format!("pip: {}", said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default()))
    };
    fs::remove_dir_all(&work).ok();
    // Another process may have been faster.
    if folder.is_dir() { Ok(folder) } else { moved.map(|()| folder) }
}
