//! An sshd in front of an exchange folder, with the shipped configuration, on a port of its own.
//!
//! Its users are system users that every Debian has, so that the machine gets no new ones. sshd confines a user only
//! to folders of root, so everything is below a folder of root.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::processes::{Process, free_port, until};

/// Users without a home, a shell or a password, each with an id and a group of the same number.
pub const USERS: [(&str, u32); 2] = [("irc", 39), ("news", 9)];

const PROGRAM: &str = "/usr/sbin/sshd";
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/sftp");

/// Why there can be no sshd on this machine; none if there can.
pub fn missing() -> Option<&'static str> {
    if !Path::new(PROGRAM).is_file() {
        return Some("no sshd");
    }
    (!rustix::process::geteuid().is_root()).then_some("no root")
}

/// A running sshd; it ends when this is dropped.
#[derive(Debug)]
pub struct Sshd {
    process: Process,
    folder: TempDir,
    port: u16,
}

impl Sshd {
    /// Makes the folders of the exchange folder as shipped, and starts sshd in front of them.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("gouji-sshd-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir_in("/var/lib")
            .context("making a folder")?;
        let at = folder.path();
        make_folders(&at.join("inbox"))?;
        for (user, _) in USERS {
            make_key(&at.join(user))?;
        }
        make_key(&at.join("host"))?;
        // Where sshd separates its privileges; the unit of the package makes it otherwise.
        fs::create_dir_all("/run/sshd").context("making /run/sshd")?;
        let port = free_port()?;
        fs::write(at.join("sshd_config"), config(at, port)?).context("writing the configuration")?;
        let mut command = Command::new(PROGRAM);
        let process =
            Process::start("sshd", command.args(["-D", "-e", "-f"]).arg(at.join("sshd_config")), at)?;
        let mut sshd = Self { process: process, folder, port };
        sshd.listening().await?;
        Ok(sshd)
    }

    /// The exchange folder.
    pub fn inbox(&self) -> PathBuf {
        self.folder.path().join("inbox")
    }

    /// What sshd printed.
    pub fn said(&self) -> String {
        self.process.said()
    }

    /// Runs a batch of commands of `sftp` as a user, with the key of a user.
    ///
    /// # Errors
    /// If sftp cannot be run.
    pub fn sftp(&self, user: &str, key: &str, commands: &str) -> Result<Output> {
        let mut sftp = Command::new("sftp");
        sftp.args(["-b", "-", "-P", &self.port.to_string(), "-i"]).arg(self.folder.path().join(key)).args([
            "-oBatchMode=yes",
            "-oIdentitiesOnly=yes",
            "-oStrictHostKeyChecking=no",
            "-oUserKnownHostsFile=/dev/null",
            "-oConnectTimeout=20",
        ]);
        sftp.arg(format!("{user}@127.0.0.1"));
        sftp.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = sftp.spawn().context("starting sftp")?;
        let mut stdin = child.stdin.take().context("sftp has an input")?;
        stdin.write_all(commands.as_bytes()).context("writing to sftp")?;
        drop(stdin);
        child.wait_with_output().context("running sftp")
    }

    async fn listening(&mut self) -> Result<()> {
        let address = ("127.0.0.1", self.port);
        let process = &mut self.process;
        until("sshd to listen", Duration::from_secs(30), async || {
            if let Some(status) = process.ended()? {
                bail!("sshd ended at once: {status}: {}", process.said());
            }
            Ok(tokio::net::TcpStream::connect(address).await.ok().map(drop))
        })
        .await
    }
}

/// The folders of `folders.conf`, for each user in place of the sender. The tests run ingest as root, so root has the
/// place of the user gouji.
fn make_folders(inbox: &Path) -> Result<()> {
    let shipped =
        fs::read_to_string(Path::new(SHIPPED).join("folders.conf")).context("reading folders.conf")?;
    let lines = shipped.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let lines: Vec<Vec<&str>> = lines.map(|line| line.split_whitespace().collect()).collect();
    for (user, id) in USERS {
        let id_of = |name: &str| if name == "SENDER" { id } else { 0 };
        for line in &lines {
            let [_, path, mode, owner, group] = line[..] else { bail!("folders.conf: {line:?}") };
            let below = path.strip_prefix("/srv/gouji/inbox").context("a path of folders.conf")?;
            let path = inbox.join(below.trim_start_matches('/').replace("SENDER", user));
            fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
            chown(&path, Some(id_of(owner)), Some(id_of(group))).context("giving a folder away")?;
            let mode = u32::from_str_radix(mode, 8).context("a mode of folders.conf")?;
            fs::set_permissions(&path, Permissions::from_mode(mode)).context("setting rights")?;
        }
    }
    Ok(())
}

/// The shipped configuration for our folders and users, with what the main file of a distribution says.
fn config(at: &Path, port: u16) -> Result<String> {
    let shipped = fs::read_to_string(Path::new(SHIPPED).join("gouji.conf")).context("reading gouji.conf")?;
    let at = at.display().to_string();
    let users = USERS.map(|(user, _)| user).join(",");
    let replaced = [
        ("Match Group gouji-senders", format!("Match User {users}")),
        ("/srv/gouji/inbox", format!("{at}/inbox")),
        ("/etc/ssh/gouji-senders/%u", format!("{at}/%u.pub")),
    ];
    let mut text = shipped;
    for (from, to) in replaced {
        ensure!(text.contains(from), "gouji.conf has no {from}");
        text = text.replace(from, &to);
    }
    Ok(format!(
        "ListenAddress 127.0.0.1:{port}\nHostKey {at}/host\nPidFile {at}/sshd.pid\nUsePAM no\n\
         PasswordAuthentication no\nSubsystem sftp internal-sftp\n{text}"
    ))
}

fn make_key(path: &Path) -> Result<()> {
    let mut command = Command::new("ssh-keygen");
    let output =
        command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).output().context("ssh-keygen")?;
    ensure!(output.status.success(), "ssh-keygen: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
