//! A MariaDB of its own, as Debian packages it, and its ODBC driver.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::postgres::User;
use crate::processes::{Process, free_port, until};

/// The driver, by the path that Debian gives it.
pub const DRIVER: &str = "/usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so";
/// What installs both.
pub const INSTALL: &str = "apt-get install mariadb-server odbc-mariadb";

const SERVER: &str = "/usr/sbin/mariadbd";
const PATIENCE: Duration = Duration::from_secs(60);

/// A server on loopback, killed when this is dropped.
#[derive(Debug)]
pub struct MariaDb {
    process: Process,
    folder: PathBuf,
    port: u16,
}

impl MariaDb {
    /// Whether a server and its driver are there.
    pub fn is_there() -> bool {
        Path::new(SERVER).is_file() && Path::new(DRIVER).is_file()
    }

    /// Makes a database below `folder` and starts it.
    ///
    /// # Errors
    /// If it is not installed, or does not start.
    pub async fn start(folder: &Path) -> Result<Self> {
        let user = User::find("mysql")?;
        let data = folder.join("mariadb");
        User::folder(user, &data)?;
        let mut install = User::command(user, Path::new("/usr/bin/mariadb-install-db"));
        install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        install.args(["--skip-name-resolve", "--innodb-flush-method=nosync"]);
        let data_folder = format!("--datadir={}", data.display());
        let made =
            install.arg(data_folder).current_dir(&data).output().context("running mariadb-install-db")?;
        ensure!(made.status.success(), "mariadb-install-db: {}", String::from_utf8_lossy(&made.stderr));
        let port = free_port()?;
        let process = spawn(folder, port)?;
        let mut server = Self { process, folder: folder.to_owned(), port };
        server.listening().await?;
        Ok(server)
    }

    /// What the client prints for statements, columns separated by tabs.
    ///
    /// # Errors
    /// If one of them fails.
    pub fn mariadb(&self, database: &str, sql: &str) -> Result<String> {
        let output = self.client(database, sql).output().context("running mariadb")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "mariadb: {said}");
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// The client with statements.
    pub fn client(&self, database: &str, sql: &str) -> Command {
        let mut client = Command::new("mariadb");
        client.args([
            "--no-defaults",
            "--default-character-set=utf8mb4",
            "-N",
            "-B",
            "-h127.0.0.1",
            "-uroot",
        ]);
        client.args(["-P", &self.port.to_string(), database, "-e", sql]);
        client
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.process
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
        self.process = spawn(&self.folder, self.port)?;
        self.listening().await
    }

    async fn listening(&mut self) -> Result<()> {
        until("MariaDB to listen", PATIENCE, async || {
            if let Some(status) = self.process.ended()? {
                bail!("MariaDB ended at once: {status}: {}", self.process.said());
            }
            Ok(self.mariadb("mysql", "SELECT 1").ok().map(drop))
        })
        .await
    }
}

fn spawn(folder: &Path, port: u16) -> Result<Process> {
    let user = User::find("mysql")?;
    let data = folder.join("mariadb");
    let mut command = User::command(user, Path::new(SERVER));
    command.args(["--no-defaults", "--skip-name-resolve", "--bind-address=127.0.0.1"]);
    command.arg(format!("--port={port}"));
    command.arg(format!("--datadir={}", data.display()));
    command.arg(format!("--socket={}", data.join("socket").display()));
    // A process that is killed loses nothing that the system has; only the power would take it.
    command.args([
        "--innodb-flush-method=nosync",
        "--innodb-buffer-pool-size=32M",
        "--innodb-log-file-size=16M",
    ]);
    Process::start("mariadb", command.current_dir(&data), folder)
}
