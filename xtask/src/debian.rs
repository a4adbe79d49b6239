//! Programs of Debian for the tests, which root can install: a browser for the pages, nginx in front of them,
//! databases for the exchange tables, sshd in front of the exchange folder, and valgrind, which counts instructions.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workspace;

/// Programs that speak the DevTools protocol, by the names under which distributions install them.
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The name of a browser; none where there is none and none can be had. The test that needs it says so then.
pub(crate) fn browser() -> Option<PathBuf> {
    on_path(&PROGRAMS).or_else(|| {
        install("chromium")?;
        on_path(&PROGRAMS)
    })
}

/// Installs nginx where there is none. The test that needs it finds it, or says that it is not there.
pub(crate) fn install_nginx() {
    // Not on the `PATH` of everybody.
    let is_there = on_path(&["nginx"]).is_some() || Path::new("/usr/sbin/nginx").is_file();
    if !is_there {
        install("nginx-light");
    }
}

/// Installs sshd where there is none, and where installing it starts none: systemd would open a port to the network.
pub(crate) fn install_sshd() {
    let is_there = Path::new("/usr/sbin/sshd").is_file();
    if !is_there && !Path::new("/run/systemd/system").is_dir() {
        install("openssh-server");
        install("openssh-client");
    }
}

/// Installs PostgreSQL and MariaDB with their ODBC drivers where they are not there. The tests that need them find
/// them, or say that they are not there.
pub(crate) fn install_databases() {
    let needed = [
        ("/usr/share/postgresql-common/pg_wrapper", "postgresql"),
        ("/usr/sbin/mariadbd", "mariadb-server"),
        ("/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so", "odbc-postgresql"),
        ("/usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so", "odbc-mariadb"),
    ];
    for (file, package) in needed {
        if !Path::new(file).is_file() {
            install(package);
        }
    }
}

/// Installs valgrind where there is none; whether there is one now.
pub(crate) fn install_valgrind() -> bool {
    let is_there = || on_path(&["valgrind"]).is_some();
    is_there() || install("valgrind").is_some() && is_there()
}

/// A program of a package: the one on the `PATH`, or a private copy that is unpacked into `folder`. Nothing is
/// installed, so no server of the package starts. None where neither can be had.
pub(crate) fn unpacked(package: &str, program: &str, folder: &Path) -> Option<PathBuf> {
    let private = folder.join(program);
    let name = Path::new(program).file_name()?;
    [PathBuf::from(name), private.clone()].into_iter().find(|program| runs(program)).or_else(|| {
        download(package, folder)?;
        runs(&private).then_some(private)
    })
}

fn runs(program: &Path) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn download(package: &str, folder: &Path) -> Option<()> {
    std::fs::create_dir_all(folder).ok()?;
    let quiet = |line: &[&str]| {
        let mut command = Command::new(line.first()?);
        command.args(line.get(1..)?).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        workspace::run(&mut command).ok()
    };
    // A fresh machine has no package lists yet.
    quiet(&["apt-get", "download", package])
        .or_else(|| quiet(&["apt-get", "update"]).and_then(|()| quiet(&["apt-get", "download", package])))?;
    let packages = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let archive = packages.into_iter().find(|path| path.extension().is_some_and(|end| end == "deb"))?;
    quiet(&["dpkg", "-x", archive.to_str()?, "."])
}

/// A root with the smallest Debian of this machine's release and its certificates, copied to `target`; none where it
/// cannot be had, which needs root and Debian's mirror. `original` keeps the first one.
pub(crate) fn empty_root(original: &Path, target: &Path) -> Option<PathBuf> {
    if !original.join("etc/debian_version").is_file() {
        let about = std::fs::read_to_string("/etc/os-release").ok()?;
        let release = about.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="))?;
        on_path(&["debootstrap"]).or_else(|| {
            install("debootstrap")?;
            on_path(&["debootstrap"])
        })?;
        let making = original.with_extension("making");
        std::fs::remove_dir_all(&making).ok();
        let mut make = Command::new("debootstrap");
        make.args(["--variant=minbase", "--include=ca-certificates", release])
            .arg(&making)
            .stdout(Stdio::null());
        workspace::run(&mut make).ok()?;
        std::fs::rename(&making, original).ok()?;
    }
    workspace::run(Command::new("cp").arg("--archive").arg(original).arg(target)).ok()?;
    Some(target.to_owned())
}

fn on_path(programs: &[&str]) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&folders);
    places.find_map(|folder| programs.iter().map(|name| folder.join(name)).find(|path| path.is_file()))
}

fn install(package: &str) -> Option<()> {
    let quiet = |line: &[&str]| {
        let mut command = Command::new(line.first()?);
        command.args(line.get(1..)?).env("DEBIAN_FRONTEND", "noninteractive");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        workspace::run(&mut command).ok()
    };
    let install = ["apt-get", "install", "--yes", "--no-install-recommends", package];
    // A fresh machine has no package lists yet.
    quiet(&install).or_else(|| quiet(&["apt-get", "update"]).and_then(|()| quiet(&install)))
}
