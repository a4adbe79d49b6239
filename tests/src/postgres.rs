//! A PostgreSQL of its own, as Debian packages it, and its ODBC driver.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::Signal;

use crate::processes::{Process, free_port, until};

/// The driver, by the path that Debian gives it.
pub const DRIVER: &str = "/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so";
/// What installs both.
pub const INSTALL: &str = "apt-get install postgresql odbc-postgresql";

/// A server on loopback, killed when this is dropped.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
}

/// The user that PostgreSQL and MariaDB run as, because they refuse root; none where this process is not root.
#[derive(Debug, Clone, Copy)]
pub struct User {
    id: u32,
    group: u32,
}

impl User {
    /// The user of this name.
    ///
    /// # Errors
    /// If this process is root, and there is no such user.
    pub fn find(name: &str) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").context("reading the users of this machine")?;
        let line = users.lines().find(|line| line.split(':').next() == Some(name));
        let mut numbers = line.with_context(|| format!("there is no user {name}"))?.split(':').skip(2);
        let mut number = || numbers.next().and_then(|number| number.parse().ok());
        let (id, group) = (number(), number());
        let user = id.zip(group).map(|(id, group)| Self { id, group });
        Ok(Some(user.with_context(|| format!("user {name} has no number"))?))
    }

    /// Makes a folder that belongs to the user, in one that the user may pass through.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn folder(user: Option<Self>, at: &Path) -> Result<()> {
        fs::create_dir_all(at).with_context(|| format!("making {}", at.display()))?;
        fs::set_permissions(at, fs::Permissions::from_mode(0o700)).context("closing a folder")?;
        let Some(user) = user else { return Ok(()) };
        chown(at, Some(user.id), Some(user.group)).context("giving a folder away")?;
        let parent = at.parent().context("a folder is in a folder")?;
        fs::set_permissions(parent, fs::Permissions::from_mode(0o711)).context("opening a folder")
    }

    /// A command that runs as the user.
    pub fn command(user: Option<Self>, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some(user) = user {
            command.uid(user.id).gid(user.group);
        }
        command
    }
}

impl Postgres {
    /// Whether a server and its driver are there.
    pub fn is_there() -> bool {
        programs().is_some() && Path::new(DRIVER).is_file()
    }

    /// Makes a cluster below `folder` and starts it.
    ///
    /// # Errors
    /// If it is not installed, or does not start.
    pub async fn start(folder: &Path) -> Result<Self> {
        let programs = programs().context("there is no PostgreSQL")?;
        let user = User::find("postgres")?;
        let data = folder.join("postgres");
        User::folder(user, &data)?;
        let mut init = User::command(user, &programs.join("initdb"));
        init.args([
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "-D",
        ]);
        let made = init.arg(&data).current_dir(&data).output().context("running initdb")?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        // Only superusers come in without a password.
        let hba = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(data.join("pg_hba.conf"), hba).context("writing who may come in")?;
        let port = free_port()?;
        let process = spawn(&programs, folder, port)?;
        let mut server = Self { process, programs, folder: folder.to_owned(), port };
        server.listening().await?;
        Ok(server)
    }

    /// What `psql` prints for statements, columns separated by `|`.
    ///
    /// # Errors
    /// If one of them fails.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String> {
        let output = self.client(database, sql).output().context("running psql")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "psql: {said}");
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// `psql` with statements.
    pub fn client(&self, database: &str, sql: &str) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres"]);
        psql.args(["-p", &self.port.to_string(), "-d", database, "-c", sql]);
        psql
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it again after it was killed.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start_again(&mut self) -> Result<()> {
        let begun = std::time::Instant::now();
        // Its children hold its memory until they notice that it is gone.
        loop {
            self.process = spawn(&self.programs, &self.folder, self.port)?;
            match self.listening().await {
                Ok(()) => return Ok(()),
                Err(error) if begun.elapsed() > PATIENCE => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn listening(&mut self) -> Result<()> {
        let port = self.port.to_string();
        until("PostgreSQL to listen", PATIENCE, async || {
            if let Some(status) = self.process.ended()? {
                bail!("PostgreSQL ended at once: {status}: {}", self.process.said());
            }
            let mut ready = Command::new(self.programs.join("pg_isready"));
            let ready =
                ready.args(["-q", "-h", "127.0.0.1", "-p", &port]).status().context("running pg_isready")?;
            Ok(ready.success().then_some(()))
        })
        .await
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its children end with it, and at once.
        self.process.signal(Signal::QUIT).ok();
    }
}

const PATIENCE: Duration = Duration::from_secs(60);

fn spawn(programs: &Path, folder: &Path, port: u16) -> Result<Process> {
    let user = User::find("postgres")?;
    let data = folder.join("postgres");
    let mut command = User::command(user, &programs.join("postgres"));
    command.arg("-D").arg(&data).args(["-p", &port.to_string()]).current_dir(&data);
    // A process that is killed loses nothing that the system has; only the power would take it.
    for setting in [
        "fsync=off",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "shared_buffers=32MB",
        "timezone=UTC",
    ] {
        command.args(["-c", setting]);
    }
    Process::start("postgres", &mut command, folder)
}

/// The folder of the newest server.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let versions = versions.flatten().map(|version| version.path().join("bin"));
    versions.filter(|programs| programs.join("initdb").is_file()).max()
}
