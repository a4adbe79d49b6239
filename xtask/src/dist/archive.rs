//! The folder that is carried, and how it becomes one file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::components::Component;
use super::{PROGRAMS, Release, notices, sbom};
use crate::workspace::{self, Workspace};

/// Folders and files of the repository that an operator needs without one, and where they go.
const CARRIED: [(&str, &str); 9] = [
    ("deploy", "deploy"),
    ("docs/operations.md", "docs/operations.md"),
    ("docs/buses.md", "docs/buses.md"),
    ("docs/codes.md", "docs/codes.md"),
    ("docs/rules.md", "docs/rules.md"),
    ("docs/threats.md", "docs/threats.md"),
    ("docs/performance.md", "docs/performance.md"),
    ("CHANGELOG.md", "docs/CHANGELOG.md"),
    ("LICENSE", "LICENSE"),
];

/// The program that installs the rest.
const INSTALLER: &str = "install.sh";

/// Fills `folder` with everything of the release.
pub(super) fn fill(
    workspace: &Workspace,
    release: &Release,
    components: &[Component],
    folder: &Path,
) -> Result<()> {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin)?;
    for (program, _) in PROGRAMS {
        let mut strip = Command::new("strip");
        strip.arg("--strip-all").arg("-o").arg(bin.join(program)).arg(release.programs.join(program));
        workspace::run(&mut strip)?;
        allow("755", &bin.join(program))?;
    }
    // As it was published, so that its checksum can be looked up.
    fs::copy(&release.nats_server, bin.join("nats-server"))?;
    allow("755", &bin.join("nats-server"))?;
    let files = workspace.files()?;
    for (from, to) in CARRIED {
        let below = format!("{from}/");
        let carried = files.iter().filter(|file| *file == from || file.starts_with(&below));
        for file in carried {
            let target = folder.join(format!("{to}{}", file.strip_prefix(from).unwrap_or_default()));
            copy(&workspace.root.join(file), &target)?;
        }
        ensure!(folder.join(to).exists(), "{from} is not in the repository");
    }
    fs::rename(folder.join("deploy").join(INSTALLER), folder.join(INSTALLER))?;
    allow("755", &folder.join(INSTALLER))?;
    fs::write(folder.join("THIRD-PARTY.txt"), notices::write(components)?)?;
    fs::write(folder.join("sbom.cdx.json"), sbom::write(release, components)?)?;
    fs::write(folder.join("RELEASE"), about(release, &bin)?)?;
    let all: Vec<PathBuf> = below(folder)?;
    let sums = checksums(folder, &all.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    Ok(fs::write(folder.join("SHA256SUMS"), sums)?)
}

/// What the installer reads before it installs anything.
fn about(release: &Release, bin: &Path) -> Result<String> {
    let Release { version, architecture, commit, .. } = release;
    let mut oldest = (0, 0);
    for (program, _) in PROGRAMS {
        let symbols = workspace::read(Command::new("objdump").arg("-T").arg(bin.join(program)))?;
        oldest = oldest.max(oldest_c_library(&symbols));
    }
    let (major, minor) = oldest;
    Ok(format!("version={version}\ncommit={commit}\narchitecture={architecture}\nglibc={major}.{minor}\n"))
}

/// The newest version of the C library that a program asks for, which is the oldest that runs it.
fn oldest_c_library(symbols: &str) -> (u32, u32) {
    let versions = symbols.split("GLIBC_").skip(1).filter_map(|rest| {
        let number = rest.split(|letter: char| letter != '.' && !letter.is_ascii_digit()).next()?;
        let mut parts = number.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    });
    versions.max().unwrap_or_default()
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).with_context(|| format!("copy {}", from.display()))?;
    Ok(())
}

/// Makes a file or a folder what `mode` says.
pub(super) fn allow(mode: &str, path: &Path) -> Result<()> {
    workspace::run(Command::new("chmod").arg(mode).arg(path))
}

/// Every file below a folder, in order.
pub(super) fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(below(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The lines of `sha256sum` for files, by their paths from `folder`.
pub(super) fn checksums(folder: &Path, files: &[&Path]) -> Result<String> {
    let mut command = Command::new("sha256sum");
    command.arg("--").current_dir(folder);
    workspace::read(command.args(files.iter().map(|file| file.strip_prefix(folder).unwrap_or(file))))
}

/// A command of tar that gives the same bytes for the same files, independent of their owners and times.
pub(super) fn tar(release: &Release, folder: &Path) -> Command {
    let mut tar = Command::new("tar");
    tar.args(["--format=gnu", "--sort=name", "--numeric-owner", "--mode=u+rwX,go+rX,go-w"]);
    tar.arg(format!("--mtime=@{}", release.committed)).arg("--directory").arg(folder).env("LC_ALL", "C");
    tar
}

/// Packs `name` in `folder` into a compressed archive.
pub(super) fn pack(release: &Release, folder: &Path, name: &str, archive: &Path) -> Result<()> {
    let mut tar = tar(release, folder);
    tar.args(["--owner=0", "--group=0", "--create", "--file=-", name]).stdout(Stdio::piped());
    let mut writing = tar.spawn().context("run tar")?;
    let unpacked = writing.stdout.take().context("tar writes to a pipe")?;
    gzip(unpacked.into(), archive)?;
    ensure!(writing.wait()?.success(), "{} failed", workspace::line(&tar));
    Ok(())
}

/// Compresses without a name and a time.
pub(super) fn gzip(from: Stdio, to: &Path) -> Result<()> {
    let file = File::create(to).with_context(|| format!("create {}", to.display()))?;
    workspace::run(Command::new("gzip").args(["--no-name", "--stdout"]).stdin(from).stdout(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_c_library_is_the_newest_that_a_symbol_asks_for() {
        let symbols = "0 DF *UND* 0 (GLIBC_2.2.5) read\n0 DF *UND* 0 (GLIBC_2.34) main\n0 DF *UND* 0 GLIBC_2.4 x\n0 GLIBC_PRIVATE y\n";
        assert_eq!(oldest_c_library(symbols), (2, 34));
        assert_eq!(oldest_c_library(""), (0, 0));
    }
}
