//! Real processes: a nats-server and the programs of this workspace, each killed when its handle is dropped.
//!
//! The output of a process goes to a file, whose end is printed when a test fails.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it; its output is appended to `<folder>/<name>.log`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(name: &str, command: &mut Command, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let out = File::options().create(true).append(true).open(&log).context("opening a log")?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone().context("opening a log")?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its output so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// If the system does not know it.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("looking after {}", self.name))
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map(drop)
            .with_context(|| format!("killing {}", self.name))
    }

    /// Sends SIGTERM and waits; how it ended.
    ///
    /// # Errors
    /// If it does not end in time.
    pub async fn terminate(&mut self, patience: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.end(patience).await
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.child.id().cast_signed()).context("a process has an id")?;
        kill_process(pid, signal).with_context(|| format!("sending a signal to {}", self.name))
    }

    /// Waits until it ends by itself; how it ended.
    ///
    /// # Errors
    /// If it does not end in time.
    pub async fn end(&mut self, patience: Duration) -> Result<ExitStatus> {
        until(&format!("{} to end", self.name), patience, async || self.ended()).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            let said = self.said();
            let lines: Vec<&str> = said.lines().collect();
            let last = lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n");
            eprintln!("---- the last that {} said ({} lines)\n{last}", self.name, lines.len());
        }
    }
}

/// Lines of each log that a failed test prints.
const LINES_SHOWN: usize = 30;

/// Polls `ask` until it yields a value.
///
/// # Errors
/// If `ask` fails, or yields nothing in time.
pub async fn until<T>(
    what: &str,
    patience: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await.with_context(|| format!("waiting for {what}"))? {
            return Ok(answer);
        }
        ensure!(begun.elapsed() < patience, "waited {patience:?} in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// When nats-server flushes the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncInterval {
    /// Before it acknowledges a message.
    Always,
    /// After the interval of the server's own default.
    Default,
}

/// A nats-server with JetStream on a port and in a folder of its own.
#[derive(Debug)]
pub struct NatsServer {
    process: Process,
    program: PathBuf,
    folder: PathBuf,
    listen_at: ListenAt,
}

/// The address and settings of a nats-server.
#[derive(Debug, Clone)]
pub struct ListenAt {
    /// Its address for clients.
    pub address: SocketAddr,
    /// The network namespace it runs in; none for the one of the test.
    pub namespace: Option<String>,
    /// Further lines of its settings.
    pub more: String,
}

impl NatsServer {
    /// Starts it with everything below `folder`, set up as `gouji up` does.
    ///
    /// # Errors
    /// If there is no nats-server, or it does not start.
    pub async fn start(folder: &Path, sync: SyncInterval) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        Self::start_as(folder, sync, ListenAt { address, namespace: None, more: String::new() }).await
    }

    /// The same with this address and these settings.
    ///
    /// # Errors
    /// If there is no nats-server, or it does not start.
    pub async fn start_as(folder: &Path, sync: SyncInterval, listen_at: ListenAt) -> Result<Self> {
        let program = nats_server()?;
        fs::create_dir_all(folder).context("making a folder for the nats-server")?;
        let sync = match sync {
            SyncInterval::Always => ", sync_interval: always",
            SyncInterval::Default => "",
        };
        let store = folder.join("store");
        let settings = format!(
            "listen: \"{}\"\nmax_payload: 2MB\njetstream {{ store_dir: {store:?}{sync} }}\n{}",
            listen_at.address, listen_at.more
        );
        fs::write(folder.join("nats.conf"), settings).context("writing the settings of the nats-server")?;
        let process = Self::spawn(&program, folder, &listen_at)?;
        let mut server = Self { process, program, folder: folder.to_owned(), listen_at };
        server.listening().await?;
        Ok(server)
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("nats://{}", self.listen_at.address)
    }

    /// The same without its scheme.
    pub fn address(&self) -> String {
        self.listen_at.address.to_string()
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

    /// Starts it again after it was killed, on the same port and store.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start_again(&mut self) -> Result<()> {
        self.process = Self::spawn(&self.program, &self.folder, &self.listen_at)?;
        self.listening().await
    }

    fn spawn(program: &Path, folder: &Path, listen_at: &ListenAt) -> Result<Process> {
        let mut command = match &listen_at.namespace {
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace]).arg(program);
                command
            }
            None => Command::new(program),
        };
        Process::start("nats-server", command.arg("--config").arg(folder.join("nats.conf")), folder)
    }

    async fn listening(&mut self) -> Result<()> {
        let address = self.listen_at.address;
        until("nats-server to listen", Duration::from_secs(30), async || {
            if let Some(status) = self.process.ended()? {
                bail!("nats-server ended at once: {status}");
            }
            Ok(tokio::net::TcpStream::connect(address).await.ok().map(drop))
        })
        .await
    }
}

/// A program of this workspace, from the folder of the running program.
///
/// # Errors
/// If it was not built.
pub fn program(name: &str) -> Result<PathBuf> {
    let here = std::env::current_exe().context("finding the running program")?;
    // Test binaries are in `deps` below the programs; the bench is among them.
    let folder = here.ancestors().skip(1).find(|folder| folder.file_name() != Some(OsStr::new("deps")));
    let path = folder.context("a program lies in a folder")?.join(name);
    let release = if cfg!(debug_assertions) { "" } else { " --release" };
    ensure!(
        path.is_file(),
        "{} is not built; build it with: cargo build{release} --workspace --bins",
        path.display()
    );
    Ok(path)
}

/// `GOUJI_NATS_SERVER`, else the one on the PATH, else the private copy of xtask.
///
/// # Errors
/// If there is none.
pub fn nats_server() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("GOUJI_NATS_SERVER").filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&folders).map(|folder| folder.join("nats-server"));
    let copies = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/nats-server"));
    let copies = copies.into_iter().flatten().flatten().map(|entry| entry.path());
    let found = on_path.chain(copies).find(|path| path.is_file());
    found.context("there is no nats-server; install one with: cargo xtask nats-server")
}

/// A free port, below those that the system gives to outgoing connections, so that it is still free after a
/// restart. This process gets each port once.
///
/// # Errors
/// If there is none.
pub fn free_port() -> Result<u16> {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let of_this_process = (std::process::id() % 37) as u16 * 300;
    for _ in 0..COUNT {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (of_this_process + next % COUNT) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port from {FIRST} on")
}
