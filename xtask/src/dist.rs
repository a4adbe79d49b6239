//! `cargo xtask dist`: what is carried into a closed network. One archive for this platform with programs, nats-server,
//! units, documents, licences and a bill of materials, and an OCI image of the same.
//!
//! The same programs give the same bytes: files are sorted, owned by root, and as old as the last commit. It uses GNU
//! tar, gzip, strip, objdump and sha256sum, and `go` to name what nats-server consists of.

mod archive;
mod check;
mod components;
mod image;
mod notices;
mod root;
mod sbom;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::workspace::{self, Workspace};

/// The programs, and the packages that build them.
const PROGRAMS: [(&str, &str); 7] = [
    ("gouji", "gouji"),
    ("gouji-ingest", "ingest"),
    ("gouji-parse", "parse"),
    ("gouji-validate", "validate"),
    ("gouji-index", "index"),
    // There is a foreign package of the same name.
    ("gouji-console", "console@0.1.0"),
    ("gouji-deliver", "deliver"),
];

/// What `cargo xtask dist` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A folder with built programs, instead of building them.
    #[arg(long, global = true)]
    from: Option<PathBuf>,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Make everything twice and compare; install and run it, as root, in empty roots without a network.
    Check,
}

/// Makes the archive and the image, or checks them.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let programs = match &arguments.from {
        Some(folder) => folder.clone(),
        None => build(workspace)?,
    };
    let release = Release::new(workspace, &programs)?;
    let folder = workspace.target.join("dist");
    let made = release.make(workspace, &folder)?;
    match arguments.task {
        None => Ok(()),
        Some(Task::Check) => check::run(workspace, &release, &made),
    }
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mut build = workspace.cargo(&["build", "--release", "--locked", "--bins"]);
    build.args(PROGRAMS.iter().flat_map(|(_, package)| ["--package", package]));
    // With the features that the tests build with.
    workspace::run(build.args(["--package", "workspace-hack"]))?;
    Ok(workspace.target.join("release"))
}

/// What a release is made of.
struct Release {
    version: String,
    /// `x86_64` or `aarch64`.
    architecture: &'static str,
    /// The commit, with `-dirty` behind it where files are not committed.
    commit: String,
    /// When it was committed, in seconds since 1970: the age of every file.
    committed: u64,
    /// The folder with the built programs.
    programs: PathBuf,
    nats_server: PathBuf,
}

/// The files that one run makes.
struct Made {
    archive: PathBuf,
    image: PathBuf,
    /// The folder that is in the archive.
    unpacked: PathBuf,
}

impl Release {
    fn new(workspace: &Workspace, programs: &Path) -> Result<Self> {
        ensure!(cfg!(target_os = "linux"), "a release is made on Linux, for the platform of this machine");
        for (program, _) in PROGRAMS {
            let path = programs.join(program);
            ensure!(path.is_file(), "{} is not there; build it, or name another folder", path.display());
        }
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            workspace::read(command.args(arguments).current_dir(&workspace.root))
        };
        let committed = git(&["log", "-1", "--format=%ct"])?;
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            architecture: std::env::consts::ARCH,
            commit: git(&["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])?
                .trim()
                .to_owned(),
            committed: committed.trim().parse().context("read when the last commit was made")?,
            programs: programs.to_owned(),
            nats_server: workspace.nats_server()?,
        })
    }

    /// `gouji-0.1.0-linux-x86_64`.
    fn name(&self) -> String {
        format!("gouji-{}-linux-{}", self.version, self.architecture)
    }

    /// Makes archive, image and checksums in `folder`, which is emptied.
    fn make(&self, workspace: &Workspace, folder: &Path) -> Result<Made> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("empty {}", folder.display()))?;
        }
        let unpacked = folder.join(self.name());
        fs::create_dir_all(&unpacked).with_context(|| format!("create {}", unpacked.display()))?;
        let components = components::of_programs(workspace, self)?;
        archive::fill(workspace, self, &components, &unpacked)?;
        let archive = folder.join(format!("{}.tar.gz", self.name()));
        archive::pack(self, folder, &self.name(), &archive)?;
        let image = image::make(workspace, self, &components, &unpacked, folder)?;
        let sums = archive::checksums(folder, &[&archive, &image])?;
        fs::write(folder.join("SHA256SUMS"), &sums)?;
        eprint!("made in {}:\n{sums}", folder.display());
        Ok(Made { archive, image, unpacked })
    }
}
