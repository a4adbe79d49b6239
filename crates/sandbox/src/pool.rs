//! The parent: a pool of children that answer one request at a time each, and why some gave no response.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, setpriority_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::{self, SandboxError};
use crate::wire::{self, Cost, Lengths, RESPONSE_HEADER};
use crate::{Confinement, Limits};

/// The response of a child, and what it cost.
#[derive(Debug)]
pub struct Response {
    /// The short part.
    pub head: Vec<u8>,
    /// The long part.
    pub body: Vec<u8>,
    /// CPU time that the child used for it.
    pub cpu: Duration,
    /// Peak memory of the child.
    pub peak_bytes: u64,
    /// What the kernel enforces on the child.
    pub confinement: Confinement,
}

/// One request to one child.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The child's process id.
    pub pid: u32,
    /// When the request began, including the start of the child if it was started for it.
    pub started_at: SystemTime,
    /// When the response was complete, or the child had ended.
    pub ended_at: SystemTime,
    /// Why it gave no response, if it gave none.
    pub error: Option<SandboxError>,
}

/// The program that runs as a child.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<String>,
}

impl Program {
    /// The program at a path, with a verb under which it calls [`crate::serve`].
    pub fn new(path: impl Into<PathBuf>, verb: &str) -> Self {
        Self { path: path.into(), arguments: vec![verb.to_owned()] }
    }

    /// The same program with a further argument after its verb.
    #[must_use]
    pub fn with_argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// The running program.
    ///
    /// # Errors
    /// If the system does not know its path.
    pub fn this(verb: &str) -> io::Result<Self> {
        // On Linux this names the running program even after an upgrade replaced the file.
        let path = if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
        Ok(Self::new(path, verb))
    }
}

/// Children that answer requests, at most `children` of them at a time.
#[derive(Debug)]
pub struct Pool {
    program: Program,
    limits: Limits,
    permits: Semaphore,
    idle: Mutex<Vec<Child>>,
}

impl Pool {
    /// A pool of at most `children` children; the first request starts the first of them.
    pub fn new(program: Program, limits: Limits, children: usize) -> Self {
        Self { program, limits, permits: Semaphore::new(children), idle: Mutex::default() }
    }

    /// Sends a request to a child, as soon as one is free. Dropping the future kills the child.
    ///
    /// # Errors
    /// If the request crashed the child or exceeded a limit. A child that was lost through no fault of the
    /// request is replaced once.
    pub async fn request(&self, head: &[u8], body: &[u8]) -> Result<Response, SandboxError> {
        self.request_traced(head, body, &mut Vec::new()).await
    }

    /// Does the same as [`Self::request`], and adds every attempt to `attempts`.
    ///
    /// # Errors
    /// Those of [`Self::request`].
    pub async fn request_traced(
        &self,
        head: &[u8],
        body: &[u8],
        attempts: &mut Vec<Attempt>,
    ) -> Result<Response, SandboxError> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let idle = self.idle().pop();
        match self.attempt(idle, head, body, attempts).await {
            Err(SandboxError::Failed(_)) => self.attempt(None, head, body, attempts).await,
            result => result,
        }
    }

    async fn attempt(
        &self,
        idle: Option<Child>,
        head: &[u8],
        body: &[u8],
        attempts: &mut Vec<Attempt>,
    ) -> Result<Response, SandboxError> {
        let started_at = SystemTime::now();
        let mut child = match idle {
            Some(child) => child,
            None => Child::start(&self.program, &self.limits).map_err(|error| {
                SandboxError::Failed(format!("starting {}: {error}", self.program.path.display()))
            })?,
        };
        let pid = child.pid;
        let cpu_before = cpu_of(pid);
        let result = match timeout(self.limits.wall, child.exchange(head, body, self.limits.memory_bytes))
            .await
        {
            Ok(Ok(response)) => {
                if child.answered < self.limits.requests && response.peak_bytes <= self.limits.reuse_bytes {
                    self.idle().push(child);
                }
                Ok(response)
            }
            Ok(Err(error)) => Err(child.failure(&error, &self.limits).await),
            Err(_) => {
                let cpu = cpu_of(pid).saturating_sub(cpu_before);
                // Dropping the child kills it.
                drop(child);
                Err(error::out_of_time(cpu, &self.limits))
            }
        };
        let error = result.as_ref().err().cloned();
        attempts.push(Attempt { pid, started_at, ended_at: SystemTime::now(), error });
        result
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Child>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One child; dropping it kills it.
#[derive(Debug)]
struct Child {
    process: tokio::process::Child,
    pid: u32,
    requests: ChildStdin,
    responses: ChildStdout,
    stderr: ChildStderr,
    answered: u32,
}

impl Child {
    fn start(program: &Program, limits: &Limits) -> io::Result<Self> {
        let mut process = Command::new(&program.path)
            .args(&program.arguments)
            .args([limits.memory_bytes, limits.cpu_seconds].map(|number| number.to_string()))
            .env_clear()
            .current_dir("/")
            // A Ctrl-C on the terminal reaches the parent only, which decides about its children.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pid = process.id().unwrap_or_default();
        if limits.background
            && let Some(child) = i32::try_from(pid).ok().and_then(Pid::from_raw)
        {
            setpriority_process(Some(child), LOWEST_PRIORITY)?;
        }
        Ok(Self {
            pid,
            requests: process.stdin.take().expect("stdin is piped"),
            responses: process.stdout.take().expect("stdout is piped"),
            stderr: process.stderr.take().expect("stderr is piped"),
            process,
            answered: 0,
        })
    }

    /// Cannot deadlock: the child reads the whole request before it writes.
    async fn exchange(&mut self, head: &[u8], body: &[u8], longest: u64) -> io::Result<Response> {
        self.requests.write_all(&wire::request_header(&Lengths::of(head, body))).await?;
        self.requests.write_all(head).await?;
        self.requests.write_all(body).await?;
        self.requests.flush().await?;
        let mut header = [0; RESPONSE_HEADER];
        self.responses.read_exact(&mut header).await?;
        let (lengths, Cost { cpu, peak_bytes }, confinement) = wire::read_response_header(header);
        // The memory limit of the child leaves no room for a longer one.
        if lengths.total() > longest {
            return Err(ErrorKind::InvalidData.into());
        }
        let head = self.read(lengths.head).await?;
        let body = self.read(lengths.body).await?;
        self.answered += 1;
        Ok(Response { head, body, cpu, peak_bytes, confinement })
    }

    async fn read(&mut self, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.responses.read_exact(&mut bytes).await?;
        Ok(bytes)
    }

    /// Why it gave no response.
    async fn failure(mut self, error: &io::Error, limits: &Limits) -> SandboxError {
        if error.kind() == ErrorKind::InvalidData {
            return SandboxError::Crashed { how: "its answer was nonsense".into() };
        }
        // The pipes of a process close before the kernel reports its end.
        let status = match timeout(EXIT_TIMEOUT, self.process.wait()).await {
            Ok(Ok(status)) => status,
            Ok(Err(error)) => return SandboxError::Failed(format!("waiting for a child: {error}")),
            Err(_) => return SandboxError::Crashed { how: format!("it stopped answering: {error}") },
        };
        let mut stderr = Vec::new();
        // If this fails, the message says less and nothing else changes.
        self.stderr.take(STDERR_BYTES).read_to_end(&mut stderr).await.ok();
        error::cause(status, &String::from_utf8_lossy(&stderr), limits)
    }
}

/// The niceness with which a process computes only where no other wants to.
const LOWEST_PRIORITY: i32 = 19;

/// The CPU time that a process has used; none where it is gone, and on systems without `/proc`.
fn cpu_of(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name of the program, in brackets, may contain anything; user and system time are the twelfth and
    // thirteenth value after it.
    let values = stat.rsplit_once(") ").map_or("", |(_, values)| values).split(' ');
    let ticks: u64 = values.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
}

/// How long the kernel may take to report the end of a process whose pipes are closed.
const EXIT_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of what a child printed is read for the cause.
const STDERR_BYTES: u64 = 4 << 10;
