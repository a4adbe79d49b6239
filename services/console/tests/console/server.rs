//! A real `nats-server` on a free loopback port, with a store of its own; it ends with the test.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) struct Server {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = folder.path().join("nats.conf");
        let store = folder.path().join("store");
        let mut file = std::fs::File::create(&settings).unwrap();
        writeln!(file, "listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: {store:?} }}").unwrap();
        let program = program();
        let mut process = Command::new(&program)
            .arg("--config")
            .arg(&settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{} ({error}); install it with: cargo xtask nats-server", program.display())
            });
        let patience = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert_eq!(process.try_wait().unwrap(), None, "nats-server ended");
            assert!(Instant::now() < patience, "nats-server does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { process, port, folder }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// `GOUJI_NATS_SERVER`, else the one that xtask installed, else the one on the PATH.
fn program() -> PathBuf {
    let installed =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/nats-server/nats-server"));
    match std::env::var_os("GOUJI_NATS_SERVER") {
        Some(program) => program.into(),
        None if installed.is_file() => installed,
        None => "nats-server".into(),
    }
}
