//! A whole worker process, from its settings to its end.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use proto::v1::ReportParsed;

use crate::server::Server;
use crate::{open, submitted, wait_for};

/// The example `echo`, which cargo builds beside the tests.
fn worker() -> Command {
    let test = std::env::current_exe().unwrap();
    let program: PathBuf = test.ancestors().nth(2).unwrap().join("examples").join("echo");
    let mut worker = Command::new(program);
    worker.env("GOUJI_LOG", "json").stderr(Stdio::piped()).stdout(Stdio::piped());
    worker
}

#[test]
fn a_wrong_setting_is_one_line_and_exit_64() {
    let Output { status, stderr, .. } = worker().env("GOUJI_PERMITS", "none").output().unwrap();
    assert_eq!(status.code(), Some(64));
    let line = "GOUJI_PERMITS=\"none\": invalid digit found in string\n";
    assert_eq!(String::from_utf8(stderr).unwrap(), line);
}

#[tokio::test]
async fn sigterm_ends_a_worker_in_good_order() {
    let server = Server::start();
    let ingest = open(&server, "ingest").await;
    let worker = worker()
        .env("GOUJI_NATS_URL", server.url())
        .env("GOUJI_ORIGINALS", server.folder().join("originals"))
        .env("GOUJI_LISTEN", "127.0.0.1:0")
        .spawn()
        .unwrap();
    ingest.bus().publish(&submitted(1)).await.unwrap();
    wait_for::<ReportParsed>(&ingest, 1).await;
    let kill = Command::new("kill").arg("-TERM").arg(worker.id().to_string()).status().unwrap();
    assert!(kill.success());
    let Output { status, stderr, .. } = worker.wait_with_output().unwrap();
    let lines = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(0), "{lines}");
    assert!(lines.contains("shutting down; a second signal ends at once"), "{lines}");
    assert!(lines.lines().all(|line| line.starts_with('{')), "{lines}");
}
