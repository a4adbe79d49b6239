//! A nats-server of our own: bound to loopback, its own port, folder and password, gone when we are gone.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::operator::bus::new_for_us;
use nats_server::find;

/// Its one user.
const USER: &str = "gouji";
/// The variable by which it learns that user's password, so that the password stands in no configuration.
const PASSWORD: &str = "GOUJI_PRIVATE_NATS_PASSWORD";
/// Beside its log, for us only.
const PASSWORD_FILE: &str = "password";

/// The hidden verb under which this program becomes the nats-server.
pub(crate) const VERB: &str = "nats-server-of-our-own";

/// A running nats-server; dropping it stops it. If it ends by itself it is started again, on the same
/// port and log.
pub(crate) struct Nats {
    pub(crate) url: String,
    child: Arc<Mutex<Option<Child>>>,
    keeper: Option<JoinHandle<()>>,
}

impl Nats {
    /// Starts a nats-server with its log below `folder`.
    ///
    /// # Errors
    /// If there is none and none can be installed, or it does not come up.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let server = find(&folder.join("bin"))?;
        let child = Arc::new(Mutex::new(None));
        let (tell, told) = mpsc::channel();
        let keeper = {
            let (folder, child) = (folder.to_owned(), child.clone());
            // The server goes with the thread that started it, so this one lives as long as it.
            std::thread::spawn(move || keep(&server, &folder, &child, &tell))
        };
        let url = told.recv().context("starting nats-server")??;
        Ok(Self { url, child, keeper: Some(keeper) })
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        // A child that is not there any more is not started again.
        if let Some(mut child) = held(&self.child).take() {
            child.kill().ok();
            child.wait().ok();
        }
        if let Some(keeper) = self.keeper.take() {
            keeper.join().ok();
        }
    }
}

fn held(child: &Mutex<Option<Child>>) -> MutexGuard<'_, Option<Child>> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Between two looks whether it is still there.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Before a server that did not come up is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the server, tells where it listens, and starts it again whenever it has ended.
fn keep(server: &Path, folder: &Path, child: &Mutex<Option<Child>>, tell: &mpsc::Sender<Result<String>>) {
    let port = match spawn(server, folder, "-1").and_then(|(started, url)| {
        let port = url.rsplit(':').next().context("an address has a port")?.to_owned();
        *held(child) = Some(started);
        Ok((port, url))
    }) {
        Ok((port, url)) => {
            tell.send(Ok(url)).ok();
            port
        }
        Err(error) => {
            tell.send(Err(error)).ok();
            return;
        }
    };
    loop {
        sleep(LOOK_EVERY);
        let ended = match held(child).as_mut() {
            None => return,
            Some(child) => child.try_wait(),
        };
        let Ok(Some(status)) = ended else { continue };
        tracing::error!("nats-server ended: {status}; starting it again");
        match spawn(server, folder, &port) {
            Ok((mut started, _)) => match held(child).as_mut() {
                Some(child) => *child = started,
                // It was told to stop meanwhile.
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

/// A server that listens, and where.
fn spawn(server: &Path, folder: &Path, port: &str) -> Result<(Child, String)> {
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
        .stdin(Stdio::null())
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

/// What is acknowledged is on the disk: there is one server and no replica to fall back on.
fn configuration(folder: &Path, ports: &Path, port: &str) -> String {
    let path = |path: PathBuf| Value::String(path.display().to_string()).to_string();
    format!(
        "host: 127.0.0.1\nport: {port}\nauthorization {{ user: {USER}, password: ${PASSWORD} }}\nports_file_dir: {}\nlog_file: {}\nmax_payload: 2MB\njetstream {{ store_dir: {}, sync_interval: always }}\n",
        path(ports.to_owned()),
        path(folder.join("nats.log")),
        path(folder.join("log")),
    )
}

/// Where the server listens, as it writes into its ports file once it is ready.
fn address(child: &mut Child, ports: &Path) -> Result<String> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        if let Some(status) = child.try_wait()? {
            bail!("nats-server ended at once: {status}");
        }
        if let Some(url) = told(ports) {
            return Ok(url);
        }
        sleep(Duration::from_millis(20));
    }
    bail!("nats-server did not come up within 30 s")
}

/// What the newest ports file says.
fn told(ports: &Path) -> Option<String> {
    let written = |file: &fs::DirEntry| {
        file.metadata().and_then(|about| about.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let newest = fs::read_dir(ports).ok()?.flatten().max_by_key(written)?;
    let ports: Value = serde_json::from_slice(&fs::read(newest.path()).ok()?).ok()?;
    Some(ports["nats"][0].as_str()?.to_owned())
}

/// Where the server with its log below `folder` listens, for whoever may read its password; none where none
/// runs.
pub(crate) fn running(folder: &Path) -> Option<String> {
    Some(with_user(&told(&folder.join("ports"))?, &known_password(folder)?))
}

/// The password, made where there is none. Whoever may read it may do everything on this bus; other users of
/// this host may not.
fn password(folder: &Path) -> Result<String> {
    let path = folder.join(PASSWORD_FILE);
    if let Some(password) = known_password(folder) {
        return Ok(password);
    }
    // What a killed process had begun to write.
    fs::remove_file(&path).ok();
    let password = access::key::generate()?;
    new_for_us(&path)
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

/// Becomes the nats-server, tied to the life of the process that asked for it.
pub(crate) fn become_server(arguments: &[String]) -> ExitCode {
    let Some((server, rest)) = arguments.split_first() else { return ExitCode::FAILURE };
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        let parent = getppid();
        let tied = set_parent_process_death_signal(Some(Signal::TERM));
        // A parent that died before that is not heard of any more.
        if tied.is_err() || parent != getppid() {
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
