//! A private nats-server: bound to loopback, with its own port, folder and password; it ends with this process.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, bail, ensure};
use nats_server::find;
use serde::Deserialize;
use serde_json::Value;

use crate::language::text;
use crate::operator::bus::new_private_file;

/// Its one user.
const USER: &str = "gouji";
/// The variable that passes that user's password to it, so that no configuration contains the password.
const PASSWORD: &str = "GOUJI_PRIVATE_NATS_PASSWORD";
/// The file with the password, beside the log; only this user may read it.
const PASSWORD_FILE: &str = "password";

/// The hidden verb under which this program becomes the nats-server.
pub(crate) const VERB: &str = "nats-server-of-our-own";

/// A running nats-server; dropping it stops it. If it ends by itself, it is started again on the same port and
/// log.
pub(crate) struct Nats {
    pub(crate) url: String,
    child: Arc<Mutex<Option<Child>>>,
    supervisor: Option<JoinHandle<()>>,
}

impl Nats {
    /// Starts a nats-server with its log below `folder`.
    ///
    /// # Errors
    /// If there is none and none can be installed, or it does not come up.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let server = find(&folder.join("bin"))?;
        let lock = lock(folder)?;
        let child = Arc::new(Mutex::new(None));
        let (started, address) = mpsc::channel();
        let supervisor = {
            let (folder, child) = (folder.to_owned(), child.clone());
            // The system ends the server together with the thread that started it.
            std::thread::spawn(move || supervise(&Start { server, folder, lock }, &child, &started))
        };
        let url = address.recv().context("starting nats-server")??;
        Ok(Self { url, child, supervisor: Some(supervisor) })
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        // The supervisor does not start a child again that was taken out.
        if let Some(mut child) = locked(&self.child).take() {
            child.kill().ok();
            child.wait().ok();
        }
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.join().ok();
        }
    }
}

fn locked(child: &Mutex<Option<Child>>) -> MutexGuard<'_, Option<Child>> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Between two checks whether it still runs.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Before a server that did not start is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// How long the server of a killed process may take to end: it was sent SIGTERM, and flushes its store.
const LEFT_OVER: Duration = Duration::from_secs(60);

/// Locks the folder of the log. The server inherits the lock, so that it holds until both this process and the
/// server are gone: after a kill of this process the server needs a moment to end, and a second one on the same
/// store would write into its files.
///
/// # Errors
/// If the server of an earlier process does not end.
fn lock(folder: &Path) -> Result<File> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join("lock");
    let file = File::create(&path).with_context(|| format!("making {}", path.display()))?;
    let begun = Instant::now();
    let mut has_said = false;
    let folder = folder.display();
    while file.try_lock().is_err() {
        if !std::mem::replace(&mut has_said, true) {
            eprintln!(
                "{}",
                text!(
                    "等待上一次运行的 nats-server 退出（{folder}）",
                    "waiting for the nats-server of an earlier run to end in {folder}"
                )
            );
        }
        ensure!(
            begun.elapsed() < LEFT_OVER,
            text!(
                "上一次运行的 nats-server 仍在使用 {folder}；请结束该进程后重新启动",
                "a nats-server of an earlier run still uses {folder}; end that process and start again"
            )
        );
        sleep(LOOK_EVERY);
    }
    Ok(file)
}

/// What a server is started with.
struct Start {
    server: PathBuf,
    folder: PathBuf,
    lock: File,
}

/// Starts the server, sends its address, and starts it again whenever it has ended.
fn supervise(start: &Start, child: &Mutex<Option<Child>>, address: &mpsc::Sender<Result<String>>) {
    let port = match spawn(start, "-1").and_then(|(started, url)| {
        let port = url.rsplit(':').next().context("an address has a port")?.to_owned();
        *locked(child) = Some(started);
        Ok((port, url))
    }) {
        Ok((port, url)) => {
            address.send(Ok(url)).ok();
            port
        }
        Err(error) => {
            address.send(Err(error)).ok();
            return;
        }
    };
    loop {
        sleep(LOOK_EVERY);
        let ended = match locked(child).as_mut() {
            None => return,
            Some(child) => child.try_wait(),
        };
        let Ok(Some(status)) = ended else { continue };
        tracing::error!("nats-server ended: {status}; starting it again");
        match spawn(start, &port) {
            Ok((mut started, _)) => match locked(child).as_mut() {
                Some(child) => *child = started,
                // It was dropped meanwhile.
                None => {
                    started.kill().ok();
                    started.wait().ok();
                }
            },
            Err(error) => {
                tracing::error!("{error:#}");
                sleep(PAUSE);
            }
        }
    }
}

/// Starts a server and waits until it listens; returns its address too.
fn spawn(start: &Start, port: &str) -> Result<(Child, String)> {
    let Start { server, folder, lock } = start;
    let ports = folder.join("ports");
    if ports.exists() {
        fs::remove_dir_all(&ports).with_context(|| format!("emptying {}", ports.display()))?;
    }
    fs::create_dir_all(&ports).with_context(|| format!("making {}", ports.display()))?;
    let password = password(folder)?;
    let config = folder.join("nats.conf");
    fs::write(&config, configuration(folder, &ports, port))
        .with_context(|| format!("writing {}", config.display()))?;
    let ourselves = std::env::current_exe().context("finding this program")?;
    let mut child = Command::new(ourselves)
        .arg(VERB)
        .arg(server)
        .arg("--config")
        .arg(&config)
        .env(PASSWORD, &password)
        // It reads nothing, and thereby has the lock until it ends; no other child of this process does.
        .stdin(lock.try_clone().context("handing on the lock")?)
        .spawn()
        .with_context(|| format!("starting {}", server.display()))?;
    match address(&mut child, &ports) {
        Ok(url) => Ok((child, with_user(&url, &password))),
        Err(error) => {
            child.kill().ok();
            child.wait().ok();
            Err(error.context(format!("the nats-server's log is {}", folder.join("nats.log").display())))
        }
    }
}

/// There is no replica, so the server syncs every message to the disk before it acknowledges it.
fn configuration(folder: &Path, ports: &Path, port: &str) -> String {
    let path = |path: PathBuf| Value::String(path.display().to_string()).to_string();
    format!(
        "host: 127.0.0.1\nport: {port}\nauthorization {{ user: {USER}, password: ${PASSWORD} }}\nports_file_dir: {}\nlog_file: {}\nmax_payload: 2MB\njetstream {{ store_dir: {}, sync_interval: always }}\n",
        path(ports.to_owned()),
        path(folder.join("nats.log")),
        path(folder.join("log")),
    )
}

/// The address of the server, which it writes into its ports file once it is ready.
fn address(child: &mut Child, ports: &Path) -> Result<String> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        if let Some(status) = child.try_wait()? {
            bail!("nats-server ended at once: {status}");
        }
        if let Some(url) = listed(ports) {
            return Ok(url);
        }
        sleep(Duration::from_millis(20));
    }
    bail!("nats-server did not come up within 30 s")
}

/// The ports file of nats-server.
#[derive(Deserialize)]
struct Ports {
    /// Addresses of the client port.
    nats: Vec<String>,
}

/// The address in the newest ports file.
fn listed(ports: &Path) -> Option<String> {
    let written = |file: &fs::DirEntry| {
        file.metadata().and_then(|about| about.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let newest = fs::read_dir(ports).ok()?.flatten().max_by_key(written)?;
    let ports: Ports = serde_json::from_slice(&fs::read(newest.path()).ok()?).ok()?;
    ports.nats.into_iter().next()
}

/// The address of the server with its log below `folder`, with its password; none where none runs and where this
/// user may not read the password.
pub(crate) fn running(folder: &Path) -> Option<String> {
    Some(with_user(&listed(&folder.join("ports"))?, &known_password(folder)?))
}

/// Reads the password, or makes one. Anyone who may read it may do everything on this bus; other users of this
/// host may not read it.
fn password(folder: &Path) -> Result<String> {
    let path = folder.join(PASSWORD_FILE);
    if let Some(password) = known_password(folder) {
        return Ok(password);
    }
    // A killed process may have left an empty file.
    fs::remove_file(&path).ok();
    let password = access::key::generate()?;
    new_private_file(&path)
        .and_then(|mut file| file.write_all(password.as_bytes()))
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(password)
}

fn known_password(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join(PASSWORD_FILE)).ok().filter(|password| !password.is_empty())
}

fn with_user(url: &str, password: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    format!("nats://{USER}:{password}@{host}")
}

/// Becomes the nats-server; the system ends it when the process that started it ends.
pub(crate) fn become_server(arguments: &[String]) -> ExitCode {
    let Some((server, rest)) = arguments.split_first() else { return ExitCode::FAILURE };
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        let parent = getppid();
        let set = set_parent_process_death_signal(Some(Signal::TERM));
        // The signal does not come if the parent ended before.
        if set.is_err() || parent != getppid() {
            return ExitCode::FAILURE;
        }
    }
    let mut command = Command::new(server);
    command.args(rest);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let error = command.exec();
        eprintln!("{server}: {error}");
        ExitCode::FAILURE
    }
    #[cfg(not(unix))]
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
