//! A root without a network in which the release runs: chroot in a network namespace that has only loopback.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace;

/// What runs in it sees a `/proc`, the devices, and a `/tmp` of its own; all of them end with the process.
const ENTER: &str = "user=$1; shift
mkdir -p \"$0/proc\" \"$0/dev\" \"$0/tmp\"
mount -t proc proc \"$0/proc\" && mount --rbind /dev \"$0/dev\" && mount -t tmpfs -o mode=1777 tmp \"$0/tmp\" &&
exec chroot --userspec=\"$user\" \"$0\" \"$@\"";

/// A folder as root, with a network namespace of its own that is removed on drop.
pub(super) struct Root {
    pub(super) folder: PathBuf,
    namespace: String,
}

impl Root {
    /// Makes the namespace and starts its loopback.
    pub(super) fn new(folder: &Path, name: &str) -> Result<Self> {
        let root =
            Self { folder: folder.to_owned(), namespace: format!("gouji-{name}-{}", std::process::id()) };
        workspace::run(Command::new("ip").args(["netns", "add", &root.namespace]))?;
        let lo = ["-n", &root.namespace, "link", "set", "lo", "up"];
        workspace::run(Command::new("ip").args(lo))?;
        Ok(root)
    }

    /// A command in the root, as a user like `10001:10001`, with nothing of our environment.
    pub(super) fn command(&self, user: &str, words: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace, "sh", "-c", ENTER]).arg(&self.folder);
        command.arg(user).args(words);
        command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("LANG", "C.UTF-8").env("HOME", "/var/lib/gouji");
        command
    }

    /// Starts a pipeline, and returns it once it is up.
    pub(super) fn up(&self, user: &str, data: &str) -> Result<Up> {
        let mut command = self.command(user, &["/usr/local/bin/gouji", "up", "--lang", "en", "--data", data]);
        let mut child = command.stdout(Stdio::piped()).spawn().context("start `gouji up`")?;
        let printed = child.stdout.take().context("it prints to a pipe")?;
        let up = Up { child };
        let mut lines = BufReader::new(printed).lines();
        // It prints this line once it listens, or ends.
        while let Some(line) = lines.next().transpose()? {
            if line.starts_with("gouji is up") {
                // It must not find its pipe closed.
                std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
                return Ok(up);
            }
        }
        bail!("`gouji up` ended before it was up, in {}", self.folder.display())
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        Command::new("ip").args(["netns", "delete", &self.namespace]).status().ok();
    }
}

/// A running pipeline, which is ended on drop as an operator would.
pub(super) struct Up {
    child: Child,
}

impl Up {
    /// Asks it to end and waits.
    pub(super) fn end(&mut self) -> Result<()> {
        let process = self.child.id().to_string();
        workspace::run(Command::new("kill").args(["-TERM", &process]))?;
        let status = self.child.wait()?;
        ensure!(status.success(), "`gouji up` ended with {status}");
        Ok(())
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}
