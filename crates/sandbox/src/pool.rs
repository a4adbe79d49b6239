//! The parent: children kept warm, each asked one question at a time, and what became of those that
//! gave no answer.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::Limits;
use crate::post_mortem::{self, NoAnswer};
use crate::wire::{self, ANSWER, Cost, Lengths};

/// What a child said, and what it cost.
#[derive(Debug)]
pub struct Answer {
    /// The short part.
    pub head: Vec<u8>,
    /// The long part.
    pub body: Vec<u8>,
    /// What the child computed for it.
    pub cpu: Duration,
    /// The most memory that the child ever had.
    pub peak_bytes: u64,
}

/// One child that was asked.
#[derive(Debug, Clone)]
pub struct Try {
    /// Its process.
    pub pid: u32,
    /// When it was asked, or started for that.
    pub begun: SystemTime,
    /// When it had answered, or had gone.
    pub ended: SystemTime,
    /// Why it gave no answer, if it gave none.
    pub failed: Option<NoAnswer>,
}

/// What is started as a child.
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

    /// The running program.
    ///
    /// # Errors
    /// If the system does not tell which it is.
    pub fn this(verb: &str) -> io::Result<Self> {
        // On Linux its name stays good when an upgrade has put another program in its place.
        let path = if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
        Ok(Self::new(path, verb))
    }
}

/// Children that answer questions, as many at a time as there are seats.
#[derive(Debug)]
pub struct Pool {
    program: Program,
    limits: Limits,
    seats: Semaphore,
    idle: Mutex<Vec<Child>>,
}

impl Pool {
    /// No child is started before the first question.
    pub fn new(program: Program, limits: Limits, children: usize) -> Self {
        Self { program, limits, seats: Semaphore::new(children), idle: Mutex::default() }
    }

    /// Asks a child, as soon as one is free. Dropping the future kills the child.
    ///
    /// # Errors
    /// If the question broke the child, or it went over a limit. A child that was lost through no fault
    /// of the question is replaced once.
    pub async fn ask(&self, head: &[u8], body: &[u8]) -> Result<Answer, NoAnswer> {
        self.ask_and_tell(head, body, &mut Vec::new()).await
    }

    /// Asks a child like [`Self::ask`], and adds to `tries` which children were asked and when.
    ///
    /// # Errors
    /// Those of [`Self::ask`].
    pub async fn ask_and_tell(
        &self,
        head: &[u8],
        body: &[u8],
        tries: &mut Vec<Try>,
    ) -> Result<Answer, NoAnswer> {
        let _seat = self.seats.acquire().await.expect("the semaphore is never closed");
        let idle = self.idle().pop();
        match self.ask_one(idle, head, body, tries).await {
            Err(NoAnswer::Failed(_)) => self.ask_one(None, head, body, tries).await,
            answered => answered,
        }
    }

    async fn ask_one(
        &self,
        idle: Option<Child>,
        head: &[u8],
        body: &[u8],
        tries: &mut Vec<Try>,
    ) -> Result<Answer, NoAnswer> {
        let begun = SystemTime::now();
        let mut child = match idle {
            Some(child) => child,
            None => Child::start(&self.program, &self.limits).map_err(|error| {
                NoAnswer::Failed(format!("starting {}: {error}", self.program.path.display()))
            })?,
        };
        let pid = child.pid;
        let answered =
            match timeout(self.limits.wall, child.exchange(head, body, self.limits.memory_bytes)).await {
                Ok(Ok(answer)) => {
                    if child.answered < self.limits.questions && answer.peak_bytes <= self.limits.keep_bytes {
                        self.idle().push(child);
                    }
                    Ok(answer)
                }
                Ok(Err(error)) => Err(child.lost(&error, &self.limits).await),
                // Dropping the child kills it.
                Err(_) => Err(NoAnswer::Wall { seconds: self.limits.wall.as_secs() }),
            };
        tries.push(Try { pid, begun, ended: SystemTime::now(), failed: answered.as_ref().err().cloned() });
        answered
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
    questions: ChildStdin,
    answers: ChildStdout,
    last_words: ChildStderr,
    answered: u32,
}

impl Child {
    fn start(program: &Program, limits: &Limits) -> io::Result<Self> {
        let mut process = Command::new(&program.path)
            .args(&program.arguments)
            .args([limits.memory_bytes, limits.cpu_seconds].map(|number| number.to_string()))
            .env_clear()
            .current_dir("/")
            // A Ctrl-C on the terminal is the parent's to answer.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            pid: process.id().unwrap_or_default(),
            questions: process.stdin.take().expect("it was asked for"),
            answers: process.stdout.take().expect("it was asked for"),
            last_words: process.stderr.take().expect("it was asked for"),
            process,
            answered: 0,
        })
    }

    /// Neither side waits for the other while it writes: a child reads the whole question first.
    async fn exchange(&mut self, head: &[u8], body: &[u8], longest: u64) -> io::Result<Answer> {
        self.questions.write_all(&wire::question(&Lengths::of(head, body))).await?;
        self.questions.write_all(head).await?;
        self.questions.write_all(body).await?;
        self.questions.flush().await?;
        let mut opening = [0; ANSWER];
        self.answers.read_exact(&mut opening).await?;
        let (lengths, Cost { cpu, peak_bytes }) = wire::read_answer(opening);
        // It had no room for a longer one.
        if lengths.all() > longest {
            return Err(ErrorKind::InvalidData.into());
        }
        let head = self.take(lengths.head).await?;
        let body = self.take(lengths.body).await?;
        self.answered += 1;
        Ok(Answer { head, body, cpu, peak_bytes })
    }

    async fn take(&mut self, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.answers.read_exact(&mut bytes).await?;
        Ok(bytes)
    }

    /// Why it did not answer.
    async fn lost(mut self, error: &io::Error, limits: &Limits) -> NoAnswer {
        if error.kind() == ErrorKind::InvalidData {
            return NoAnswer::Crashed { how: "its answer was nonsense".into() };
        }
        // The pipes of a process close before it can be waited for.
        let status = match timeout(PATIENCE, self.process.wait()).await {
            Ok(Ok(status)) => status,
            Ok(Err(error)) => return NoAnswer::Failed(format!("waiting for a child: {error}")),
            Err(_) => return NoAnswer::Crashed { how: format!("it stopped answering: {error}") },
        };
        let mut words = Vec::new();
        // What is missing of it tells less, and that is all.
        self.last_words.take(LONGEST_WORDS).read_to_end(&mut words).await.ok();
        post_mortem::cause(status, &String::from_utf8_lossy(&words), limits)
    }
}

/// How long the death of a process may take.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_WORDS: u64 = 4 << 10;
