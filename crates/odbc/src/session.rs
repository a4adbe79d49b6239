//! A connection on a thread of its own, and calls with a deadline.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::connection_string::ConnectionString;
use crate::{Database, OdbcError};

/// A thread is left behind if it makes no progress for this many times the limit of a statement. The database or
/// the driver ends a statement at its limit if it can; this is for those that cannot.
const LIMITS: u32 = 2;
/// Threads that hang in a driver at the same time. A process with more of them needs an operator.
const HUNG: usize = 4;

/// A connection that is made when it is needed, and closed after an error.
pub struct Session {
    file: PathBuf,
    timeout: Duration,
    thread: Option<mpsc::Sender<Job>>,
    /// Statements that the present thread has finished.
    progress: Arc<AtomicUsize>,
    /// Threads that have not ended, the present one included.
    threads: Arc<AtomicUsize>,
    /// Whether the driver inserts every row of an array; another connection of it does not know better.
    arrays: Arc<AtomicBool>,
}

type Job = Box<dyn FnOnce(&mut Option<Database>) + Send>;

impl Session {
    /// Of the connection string in a file, with a limit for the login and for each statement; opens nothing.
    pub fn new(file: PathBuf, timeout: Duration) -> Self {
        let arrays = Arc::new(AtomicBool::new(true));
        Self { file, timeout, thread: None, progress: Arc::default(), threads: Arc::default(), arrays }
    }

    /// Does something with the connection. `work` commits what it changes; what it does not commit is taken back.
    ///
    /// # Errors
    /// If there is no connection, `work` fails, or the driver does not answer. It may have committed then.
    pub async fn run<T, F>(&mut self, doing: &'static str, work: F) -> Result<T, OdbcError>
    where
        T: Send + 'static,
        F: FnOnce(&Database) -> Result<T, OdbcError> + Send + 'static,
    {
        let (answer, mut answered) = oneshot::channel();
        let connecting = Connecting {
            file: self.file.clone(),
            timeout: self.timeout,
            arrays: self.arrays.clone(),
            progress: self.progress.clone(),
        };
        let job = Box::new(move |open: &mut Option<Database>| {
            let result = connecting.with_connection(open, work);
            // The caller may have stopped waiting.
            answer.send(result).ok();
        });
        self.start(job)?;
        let patience = self.timeout * LIMITS;
        let mut seen = self.progress.load(Ordering::Relaxed);
        loop {
            match tokio::time::timeout(patience, &mut answered).await {
                Ok(Ok(result)) => return result,
                Ok(Err(_)) => {
                    self.leave();
                    return Err(OdbcError::database(format!("{doing}: the driver panicked")));
                }
                Err(_) => {}
            }
            let now = self.progress.load(Ordering::Relaxed);
            if now == seen {
                self.leave();
                let seconds = patience.as_secs();
                return Err(OdbcError::database(format!(
                    "{doing}: the driver did not answer within {seconds} s"
                )));
            }
            seen = now;
        }
    }

    /// Leaves the thread behind; it ends when the driver returns.
    fn leave(&mut self) {
        self.thread = None;
        self.progress = Arc::default();
    }

    fn start(&mut self, job: Job) -> Result<(), OdbcError> {
        let job = match &self.thread {
            Some(thread) => match thread.send(job) {
                Ok(()) => return Ok(()),
                Err(mpsc::SendError(job)) => job,
            },
            None => job,
        };
        if self.threads.load(Ordering::Relaxed) >= HUNG {
            return Err(OdbcError::database(format!(
                "{HUNG} calls of the driver have not returned; restart this process"
            )));
        }
        let (sender, jobs) = mpsc::channel::<Job>();
        sender.send(job).expect("its receiver is here");
        let running = Running::new(&self.threads);
        thread::Builder::new()
            .name("odbc".into())
            .spawn(move || serve(&jobs, running))
            .map_err(|error| OdbcError::database(format!("starting a thread for the driver: {error}")))?;
        self.thread = Some(sender);
        Ok(())
    }
}

/// A thread that has not ended.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn new(threads: &Arc<AtomicUsize>) -> Self {
        threads.fetch_add(1, Ordering::Relaxed);
        Self(threads.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn serve(jobs: &mpsc::Receiver<Job>, _running: Running) {
    let mut open = None;
    // A driver that breaks its promises makes odbc-api panic; the connection is lost then, and the caller gets an error.
    while let Ok(job) = jobs.recv() {
        if catch_unwind(AssertUnwindSafe(|| job(&mut open))).is_err() {
            std::mem::forget(open);
            return;
        }
    }
    close(open);
}

/// What a connection is made with.
struct Connecting {
    file: PathBuf,
    timeout: Duration,
    arrays: Arc<AtomicBool>,
    progress: Arc<AtomicUsize>,
}

impl Connecting {
    fn with_connection<T>(
        self,
        open: &mut Option<Database>,
        work: impl FnOnce(&Database) -> Result<T, OdbcError>,
    ) -> Result<T, OdbcError> {
        let Self { file, timeout, arrays, progress } = self;
        let database = match open {
            Some(database) => database,
            None => {
                let database = Database::connect(ConnectionString::read(&file)?, timeout, progress)?;
                if !arrays.load(Ordering::Relaxed) {
                    database.insert_singly();
                }
                open.insert(database)
            }
        };
        let result = work(database);
        arrays.store(database.inserts_arrays(), Ordering::Relaxed);
        // Takes back what was not committed, and ends the transaction of what was only read.
        if result.is_err() || database.rollback().is_err() {
            close(open.take());
        }
        result
    }
}

/// Closes a connection. odbc-api panics if the driver fails to disconnect, which matters to nobody.
fn close(open: Option<Database>) {
    let Some(database) = open else { return };
    if let Err(error) = database.rollback() {
        tracing::debug!(%error, "closing a connection");
    }
    catch_unwind(AssertUnwindSafe(|| drop(database))).ok();
}

/// A schema that cannot be part of a statement.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("schema = {0:?}: a schema is letters, digits and `_`, and begins with a letter")]
pub struct SchemaNameError(String);

/// The name of a schema, which becomes part of statements.
///
/// # Errors
/// If it is no plain name.
pub fn schema_name(name: &str) -> Result<String, SchemaNameError> {
    let begins = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let is_plain = name.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'_');
    if begins && is_plain { Ok(name.to_owned()) } else { Err(SchemaNameError(name.to_owned())) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::Kind;

    const TIMEOUT: Duration = Duration::from_secs(10);

    #[test]
    fn a_schema_is_a_plain_name() {
        for name in ["gouji", "GOUJI", "a_1"] {
            assert_eq!(schema_name(name).unwrap(), name);
        }
        for name in ["", "1a", "a;b", "a.b", "a b", "\"a\"", "_a", "架构"] {
            assert!(schema_name(name).is_err(), "{name}");
        }
    }

    #[tokio::test]
    async fn a_driver_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.dsn");
        let check = async |text: &str, expected: &str| {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            let mut session = Session::new(file.clone(), TIMEOUT);
            let error = session.run("looking", |database| database.system()).await.unwrap_err();
            assert_eq!(error.kind, Kind::Database);
            assert!(error.message.contains(expected), "{error}");
            assert!(!error.message.contains("geheim"), "{error}");
        };
        check("Driver=/nowhere/libdodbc.so;Server=h;PWD=geheim", "/nowhere/libdodbc.so").await;
        check("Driver={No Such Driver};PWD=geheim", "No Such Driver").await;
        check("DSN=no-such-source;PWD=geheim", "there is no such DSN").await;
    }

    #[tokio::test]
    async fn a_call_that_hangs_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.dsn");
        let mut session = Session::new(file, TIMEOUT);
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(std::sync::Mutex::new(held));
        for _ in 0..HUNG {
            let held = held.clone();
            // As a driver that never returns.
            session.start(Box::new(move |_| drop(held.lock().map(|held| held.recv())))).unwrap();
            session.thread = None;
        }
        let error = session.run("looking", |database| database.system()).await.unwrap_err();
        assert!(error.message.contains("restart this process"), "{error}");
        drop(release);
        while session.threads.load(Ordering::Relaxed) > 0 {
            tokio::task::yield_now().await;
        }
        let error = session.run("looking", |database| database.system()).await.unwrap_err();
        assert!(error.message.contains("a.dsn"), "the file is not there: {error}");
    }
}
