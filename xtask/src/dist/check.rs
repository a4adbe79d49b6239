//! `cargo xtask dist check`: whether a release is what an operator in a closed network needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::root::Root;
use super::{Made, Release, archive, image};
use crate::workspace::{self, Workspace};
use crate::{debian, go};

/// What validates bills of materials, from PyPI.
const VALIDATOR: &str = "cyclonedx-python-lib[json-validation]==11.12.0";
const VALIDATE: &str = "import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1], encoding='utf-8').read())
sys.exit(f'{sys.argv[1]}: {error}' if error else 0)
";

/// Reads images as others do, by the specification of OCI.
const UMOCI: (&str, &str) = ("github.com/opencontainers/umoci/cmd/umoci", "v0.6.0");

/// Reports of several formats that go through the pipeline in each root.
const SAMPLES: [&str; 5] = [
    "samples/reports/page-utf8.html",
    "samples/reports/word-automatic-numbers.docx",
    "samples/reports/ofd-over-pages.ofd",
    "samples/reports/pdf-landscape-over-pages.pdf",
    "samples/reports/workbook-one-sheet.xlsx",
];

/// A new pipeline has connected by then, on a machine that does other things too.
const CONNECTED: Duration = Duration::from_secs(120);
/// The time between two attempts to send.
const AGAIN: Duration = Duration::from_secs(1);

/// What a machine in a closed network does not have.
const ABSENT: [&str; 6] = ["cargo", "rustc", "python3", "pip", "go", "docker"];

/// Runs every check; the first complaint ends it.
pub(super) fn run(workspace: &Workspace, release: &Release, made: &Made) -> Result<()> {
    let work = workspace.target.join("dist-check");
    if work.exists() {
        fs::remove_dir_all(&work).with_context(|| format!("empty {}", work.display()))?;
    }
    fs::create_dir_all(&work)?;
    same_twice(workspace, release, made, &work.join("again"))?;
    bill(workspace, &made.unpacked.join("sbom.cdx.json"))?;
    workspace::run(Command::new("sh").arg(made.unpacked.join("install.sh")).arg("--check"))?;
    let bundle = unpack_image(workspace, release, &made.image, &work)?;
    bill(workspace, &bundle.join("usr/local/share/doc/gouji/sbom.cdx.json"))?;
    let is_root = workspace::read(Command::new("id").arg("-u"))?.trim() == "0";
    if !is_root {
        eprintln!(
            "not checked: only root can run the release in an empty root (sudo cargo xtask dist check)"
        );
        return Ok(());
    }
    in_image(workspace, &bundle)?;
    match debian::empty_root(&workspace.target.join("debian-root"), &work.join("debian")) {
        Some(root) => in_debian(workspace, made, &root)?,
        None => eprintln!("not checked: a Debian root cannot be had here (apt-get install debootstrap)"),
    }
    fs::remove_dir_all(&work).with_context(|| format!("remove {}", work.display()))
}

/// Makes everything again and compares the bytes.
fn same_twice(workspace: &Workspace, release: &Release, made: &Made, again: &Path) -> Result<()> {
    let second = release.make(workspace, again)?;
    for (one, other) in [(&made.archive, &second.archive), (&made.image, &second.image)] {
        workspace::run(Command::new("cmp").arg(one).arg(other)).context("the second one is another")?;
    }
    eprintln!("the same bytes twice: archive and image");
    fs::remove_dir_all(again).with_context(|| format!("remove {}", again.display()))
}

/// Validates a bill of materials against the schema of CycloneDX.
fn bill(workspace: &Workspace, path: &Path) -> Result<()> {
    let python = workspace.target.join("cyclonedx/bin/python");
    if !python.is_file() {
        workspace::run(Command::new("python3").args(["-m", "venv"]).arg(workspace.target.join("cyclonedx")))?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", VALIDATOR]);
        workspace::run(&mut pip)?;
    }
    workspace::run(Command::new(&python).args(["-c", VALIDATE]).arg(path))?;
    eprintln!("valid by CycloneDX 1.6: {}", path.display());
    Ok(())
}

/// Unpacks the image with a program that is not ours. Returns its root.
fn unpack_image(workspace: &Workspace, release: &Release, image: &Path, work: &Path) -> Result<PathBuf> {
    let umoci = go::install(workspace, UMOCI.0, UMOCI.1)?;
    let (layout, bundle) = (work.join("layout"), work.join("bundle"));
    fs::create_dir_all(&layout)?;
    workspace::run(Command::new("tar").arg("--extract").arg("--file").arg(image).arg("-C").arg(&layout))?;
    let mut unpack = Command::new(umoci);
    unpack.arg("unpack").arg("--image").arg(format!("{}:{}", layout.display(), release.version)).arg(&bundle);
    if workspace::read(Command::new("id").arg("-u"))?.trim() != "0" {
        unpack.arg("--rootless");
    }
    workspace::run(&mut unpack)?;
    Ok(bundle.join("rootfs"))
}

/// Runs the pipeline in the root of the image, as its user.
fn in_image(workspace: &Workspace, folder: &Path) -> Result<()> {
    ensure!(!folder.join("bin/sh").exists(), "the image has a shell");
    carry(workspace, folder)?;
    let root = Root::new(folder, "image")?;
    let user = format!("{0}:{0}", image::USER);
    through(&root, &user, "/var/lib/gouji/data")?;
    eprintln!("the image runs the pipeline as user {} with a C library and nothing else", image::USER);
    Ok(())
}

/// Installs the archive in the root of a fresh Debian, and runs the pipeline there.
fn in_debian(workspace: &Workspace, made: &Made, folder: &Path) -> Result<()> {
    let name = made.archive.file_name().context("the archive has a name")?;
    fs::copy(&made.archive, folder.join("root").join(name))?;
    carry(workspace, folder)?;
    let root = Root::new(folder, "debian")?;
    for program in ABSENT {
        let is_there =
            root.command("0:0", &["sh", "-c", "command -v \"$0\"", program]).output()?.status.success();
        ensure!(!is_there, "the empty root has {program}");
    }
    let install = "cd /root && tar xzf \"$0\" && ./gouji-*/install.sh && ./gouji-*/install.sh";
    let archive = name.to_string_lossy();
    workspace::run(&mut root.command("0:0", &["sh", "-c", install, archive.as_ref()]))?;
    let installed = archive::below(&folder.join("etc/systemd/system"))?;
    ensure!(
        installed.iter().any(|path| path.ends_with("gouji-ingest.service")),
        "the installer has put no units"
    );
    // A machine that is being prepared, as another machine sees it.
    let prepared = "mkdir -p /prepared/etc && cp /etc/passwd /etc/group /prepared/etc/ && /root/gouji-*/install.sh --root /prepared && test -x /prepared/usr/local/bin/gouji";
    workspace::run(&mut root.command("0:0", &["sh", "-c", prepared]))?;
    // Bytes that changed on the way are found.
    let changed = "cd /root/gouji-*/ && echo >> docs/operations.md && ! ./install.sh --check";
    workspace::run(&mut root.command("0:0", &["sh", "-c", changed]))?;
    workspace::run(&mut root.command("0:0", &["sh", "-c", "install -d -o gouji -g gouji /var/lib/gouji"]))?;
    through(&root, "gouji:gouji", "/var/lib/gouji/data")?;
    eprintln!("the archive installs twice and runs in an empty Debian without a network");
    Ok(())
}

/// Puts reports into a root.
fn carry(workspace: &Workspace, folder: &Path) -> Result<()> {
    let reports = folder.join("reports");
    fs::create_dir_all(&reports)?;
    for sample in SAMPLES {
        let path = workspace.root.join(sample);
        fs::copy(&path, reports.join(path.file_name().context("a sample has a name")?))
            .with_context(|| format!("copy {sample}"))?;
    }
    Ok(())
}

/// Starts the pipeline, sends reports, finds them, counts them, stops it, starts it again, and finds them still.
fn through(root: &Root, user: &str, data: &str) -> Result<()> {
    let gouji = |words: &[&str]| {
        let words: Vec<&str> = ["/usr/local/bin/gouji"].iter().chain(words).copied().collect();
        workspace::read(&mut root.command(user, &words))
    };
    let mut up = root.up(user, data)?;
    // While a new pipeline connects to its bus it answers 503, and a sender sends again.
    let deadline = Instant::now() + CONNECTED;
    while let Err(error) = gouji(&["submit", "--lang", "en", "/reports"]) {
        ensure!(Instant::now() < deadline && error.to_string().contains("(503)"), error);
        std::thread::sleep(AGAIN);
    }
    let found = gouji(&["search", "--lang", "en", "年度报告"])?;
    eprint!("{found}");
    let counted = gouji(&["reconcile", "--lang", "en"])?;
    eprint!("{counted}");
    up.end()?;
    let mut up = root.up(user, data)?;
    let again = gouji(&["search", "--lang", "en", "年度报告"])?;
    ensure!(again == found, "after a restart a search finds something else: {again}");
    up.end()
}
