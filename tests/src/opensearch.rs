//! A real node of OpenSearch: a whole cluster in one process.
//!
//! The tests of `opensearch` include this file, because they must not compile all of `tests`.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The version that the tests run against.
const VERSION: &str = "2.19.6";
/// A JVM beside a busy compiler takes its time.
const START: Duration = Duration::from_secs(180);
/// Between two looks whether it is there.
const PAUSE: Duration = Duration::from_millis(200);
/// What the server needs beside its own jars: HTTP, and a library that its manifest calls optional.
const ARTIFACTS: [(&str, &str, &str); 4] = [
    ("org.opensearch", "opensearch", VERSION),
    ("org.opensearch.plugin", "transport-netty4-client", VERSION),
    ("org.apache.logging.log4j", "log4j-core", "2.25.4"),
    ("net.java.dev.jna", "jna", "5.13.0"),
];

/// The folder with the libraries of OpenSearch and the program that starts a node, a private copy below `target`.
///
/// # Errors
/// Why there is none, in a line: there is no Java or no Maven, or the repository cannot be reached.
pub fn installed() -> Result<PathBuf, String> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _turn = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let root = workspace();
    let folder = root.join("target/opensearch").join(VERSION);
    if folder.is_dir() {
        return Ok(folder);
    }
    run(Command::new("java").arg("-version"))?;
    let work = root.join("target/opensearch").join(format!("installing-{}", std::process::id()));
    let installed = install(&root, &work)
        .and_then(|()| fs::rename(work.join("libraries"), &folder).map_err(|error| error.to_string()));
    fs::remove_dir_all(&work).ok();
    installed.map(|()| folder)
}

fn install(root: &Path, work: &Path) -> Result<(), String> {
    let dependencies: String = ARTIFACTS
        .iter()
        .map(|(group, artifact, version)| {
            format!("<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>")
        })
        .collect();
    let project = format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         <groupId>gouji</groupId><artifactId>opensearch</artifactId><version>1</version><packaging>pom</packaging>\
         <dependencies>{dependencies}</dependencies></project>"
    );
    fs::create_dir_all(work).map_err(|error| error.to_string())?;
    fs::write(work.join("pom.xml"), project).map_err(|error| error.to_string())?;
    let mut maven = Command::new("mvn");
    maven.args(["--quiet", "--batch-mode", "dependency:copy-dependencies", "-DoutputDirectory=libraries"]);
    run(maven.current_dir(work))?;
    let mut compiler = Command::new("javac");
    compiler.args(["-cp", "libraries/*", "-d", "libraries"]).arg(root.join("tests/opensearch/Node.java"));
    run(compiler.current_dir(work)).map(drop)
}

/// The folder of the workspace: the manifests of `tests` and of the crates that include this file lie below it.
fn workspace() -> PathBuf {
    let mut folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    while !folder.join("Cargo.lock").is_file() {
        let Some(parent) = folder.parent() else { break };
        folder = parent;
    }
    folder.to_owned()
}

/// What a program says; if it fails, the last line of it.
fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().display().to_string();
    let Output { status, stdout, stderr } =
        command.output().map_err(|error| format!("{program}: {error}"))?;
    let said = format!("{}{}", String::from_utf8_lossy(&stderr), String::from_utf8_lossy(&stdout));
    if status.success() {
        return Ok(said);
    }
    Err(format!("{program}: {}", said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default()))
}

/// A node; it is killed when this is dropped, and ends by itself when this process does.
#[derive(Debug)]
pub struct OpenSearch {
    process: Mutex<Child>,
    folder: TempDir,
    libraries: PathBuf,
    port: u16,
    transport: u16,
}

impl OpenSearch {
    /// Starts a node, and waits until it answers.
    ///
    /// # Errors
    /// If it does not start; with the last that it said.
    pub fn start(libraries: &Path) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let (port, transport) = (free_port()?, free_port()?);
        let process = spawn(libraries, folder.path(), port, transport)?;
        let libraries = libraries.to_owned();
        let node = Self { process: Mutex::new(process), folder, libraries, port, transport };
        node.ready()?;
        Ok(node)
    }

    /// Where it answers, as `127.0.0.1:9200`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(&self) -> Result<(), String> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        process.kill().and_then(|()| process.wait()).map(drop).map_err(|error| error.to_string())
    }

    /// Starts it again after it was killed, with what it had.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start_again(&self) -> Result<(), String> {
        let started = spawn(&self.libraries, self.folder.path(), self.port, self.transport)?;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = started;
        self.ready()
    }

    /// What it answers to a request without a body.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Result<String, String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(START))?;
            let length = body.len();
            write!(
                stream,
                "{method} {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            )?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().map_err(|error| error.to_string())
    }

    /// Waits until it has found its indexes.
    fn ready(&self) -> Result<(), String> {
        let deadline = Instant::now() + START;
        loop {
            let health = self.ask("GET", "/_cluster/health?wait_for_status=yellow&timeout=5s", "");
            if health.as_ref().is_ok_and(|said| said.contains("\"timed_out\":false")) {
                return Ok(());
            }
            let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
            let ended = process.try_wait().map_err(|error| error.to_string())?;
            drop(process);
            if ended.is_some() || Instant::now() > deadline {
                let said = fs::read_to_string(self.folder.path().join("said")).unwrap_or_default();
                let last: Vec<&str> = said.lines().rev().take(10).collect();
                return Err(format!("opensearch does not start: {health:?}: {last:?}"));
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for OpenSearch {
    fn drop(&mut self) {
        self.kill().ok();
    }
}

fn spawn(libraries: &Path, folder: &Path, port: u16, transport: u16) -> Result<Child, String> {
    let path = folder.join("said");
    let said = File::options().create(true).append(true).open(path).map_err(|error| error.to_string())?;
    let errors = said.try_clone().map_err(|error| error.to_string())?;
    let mut java = Command::new("java");
    // The quick compiler only: the process lives for minutes.
    java.args(["-Xms384m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
    java.args(["-Djava.awt.headless=true", "-Dlog4j2.disable.jmx=true", "-cp"]);
    java.arg(format!("{0}/*:{0}", libraries.display())).arg("Node").arg(folder);
    java.args([port.to_string(), transport.to_string()]);
    java.stdin(Stdio::null()).stdout(said).stderr(errors);
    java.spawn().map_err(|error| format!("java: {error}"))
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}
