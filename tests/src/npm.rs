//! Packages of npm that a test runs with Node.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The folder that has `node_modules` with these packages, `name@version`, a private copy below `target`.
///
/// # Errors
/// Why there is none, in a line: Node or npm is missing, or the registry cannot be reached.
pub fn installed(name: &str, packages: &[&str]) -> Result<PathBuf, String> {
    // Tests of one process install one after the other, into the same folder.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _turn = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let target = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/npm"));
    let versions: String = packages.join("-").replace(['/', '@'], "");
    let folder = target.join(format!("{name}-{versions}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    let work = target.join(format!("installing-{name}-{}", std::process::id()));
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
    let output = npm.arg(&work).args(packages).output().map_err(|error| format!("npm: {error}"))?;
    let moved = if output.status.success() {
        std::fs::rename(&work, &folder).map_err(|error| error.to_string())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("npm: {}", said.lines().next().unwrap_or_default()))
    };
    std::fs::remove_dir_all(&work).ok();
    // Another test may have been faster.
    if folder.is_dir() { Ok(folder) } else { moved.map(|()| folder) }
}

/// Node with a script, which finds the packages in `folder` as if it lay there.
///
/// # Errors
/// If the script cannot be copied there.
pub fn node(folder: &Path, script: &Path) -> std::io::Result<Command> {
    // Node looks for packages beside the file of a module. Another test may run the same script just now, so it
    // is replaced whole.
    let copy = folder.join(script.file_name().unwrap_or_default());
    let whole = tempfile::NamedTempFile::new_in(folder)?;
    std::fs::copy(script, whole.path())?;
    whole.persist(&copy)?;
    let mut node = Command::new("node");
    node.arg(copy);
    Ok(node)
}
