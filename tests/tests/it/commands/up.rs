//! `gouji up` and the verbs that need it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::bail;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tests::processes::{Process, free_port, until};

use super::{Said, gouji, reports, run};

const PATIENCE: Duration = Duration::from_secs(30);

/// A running `gouji up` on a folder of its own.
struct Up {
    process: Process,
    data: PathBuf,
    url: String,
    folder: TempDir,
}

impl Up {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (process, url) = Self::spawn(&data, folder.path());
        let mut up = Self { process, data, url, folder };
        up.ready().await;
        up
    }

    async fn start_again(&mut self) {
        (self.process, self.url) = Self::spawn(&self.data, self.folder.path());
        self.ready().await;
    }

    fn spawn(data: &Path, folder: &Path) -> (Process, String) {
        let address = format!("127.0.0.1:{}", free_port().unwrap());
        let mut command = gouji(&["up", "--data", data.to_str().unwrap(), "--listen", &address]);
        command.env("XDG_STATE_HOME", folder.join("state"));
        (Process::start("gouji", &mut command, folder).unwrap(), format!("http://{address}"))
    }

    async fn ready(&mut self) {
        bus::tls::prepare();
        let client = tests::api::http().build().unwrap();
        let url = format!("{}/readyz", self.url);
        until("gouji to be up", PATIENCE, async || {
            if let Some(status) = self.process.ended()? {
                bail!("it ended: {status}");
            }
            Ok(client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()).then_some(()))
        })
        .await
        .unwrap();
    }

    /// Another verb, pointed at this one.
    fn verb(&self, arguments: &[&str]) -> Said {
        let mut command = gouji(arguments);
        command.env("GOUJI_SERVER", &self.url);
        run(command)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let Said { code, out, err } = self.verb(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {err}");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// The nats-server that it started.
    fn nats_server(&self) -> u32 {
        let servers = self.nats_servers();
        assert_eq!(servers.len(), 1, "{servers:?}");
        servers[0]
    }

    fn nats_servers(&self) -> Vec<u32> {
        let children = children(self.process.id());
        let is_server = |id: &u32| {
            let name = fs::read_to_string(format!("/proc/{id}/comm"));
            name.is_ok_and(|name| name.starts_with("nats-server"))
        };
        children.into_iter().filter(is_server).collect()
    }
}

/// The processes that this one started.
fn children(parent: u32) -> Vec<u32> {
    let ids =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| stat(*id).is_some_and(|(_, of)| of == parent)).collect()
}

fn is_alive(id: u32) -> bool {
    stat(id).is_some_and(|(state, _)| state != "Z")
}

/// State and parent.
fn stat(id: u32) -> Option<(String, u32)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name before it may have spaces in it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

#[tokio::test]
async fn what_is_sent_is_found_and_kept() {
    let mut up = Up::start().await;
    let reports = reports(12, 30);
    let folder = up.folder.path().join("reports");
    fs::create_dir(&folder).unwrap();
    for report in &reports {
        fs::write(folder.join(&report.file_name), &report.bytes).unwrap();
    }
    let Said { code, out, err } = up.verb(&["submit", folder.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("共12份：可检索12份，处理中0份，退回0份。"), "{out}");
    assert!(out.contains("结论：通过") && out.contains(&format!("控制台：{}", up.url)), "{out}");

    let garbage = folder.join("garbage.txt");
    fs::write(&garbage, b"\0\x01\x02\0garbage\0\0").unwrap();
    let Said { code, out, err } = up.verb(&["submit", garbage.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{out}{err}");
    let line = out.lines().find(|line| line.starts_with("退回  ")).unwrap();
    assert!(line.contains("garbage.txt：文件内容不是文字"), "{line}");

    let agency = &reports[3].truth.agency;
    // The console looks for a new index twice a second.
    let found = async |up: &Up| {
        until("a hit", PATIENCE, async || {
            let page = up.json(&["search", "--json", &format!("\"{agency}\"")]);
            Ok(page["hits"].get(0).cloned())
        })
        .await
        .unwrap()
    };
    let hit = found(&up).await;
    assert_eq!(hit["agency"], *agency);
    let shown = up.verb(&["search", agency]).out;
    assert!(shown.starts_with("找到") && shown.contains(hit["id"].as_str().unwrap()), "{shown}");
    let status = up.json(&["status", hit["id"].as_str().unwrap(), "--json"]);
    assert_eq!(status["state"], "indexed");
    let counts = |up: &Up| up.json(&["status", "--json"])["counts"].clone();
    until("the counts", PATIENCE, async || Ok((counts(&up)["refused"] == 1).then_some(()))).await.unwrap();
    assert_eq!(counts(&up)["indexed"], 12);

    let nats_server = up.nats_server();
    assert!(up.process.terminate(PATIENCE).await.unwrap().success());
    assert!(!is_alive(nats_server), "the nats-server outlived a gouji that ended in order");
    assert_eq!(up.verb(&["status"]).code, Some(1), "nobody is there to answer");
    up.start_again().await;
    assert_eq!(found(&up).await, hit);
    assert_eq!(counts(&up)["indexed"], 12);
}

#[tokio::test]
async fn the_nats_server_goes_with_a_killed_gouji() {
    let mut up = Up::start().await;
    let nats_server = up.nats_server();
    assert!(is_alive(nats_server));
    up.process.kill().unwrap();
    until("the nats-server to be gone", PATIENCE, async || Ok((!is_alive(nats_server)).then_some(())))
        .await
        .unwrap();
    up.start_again().await;
}

/// Other users of this host reach its port, but not its data folder.
#[tokio::test]
async fn its_bus_accepts_only_users_that_may_read_its_folder() {
    let up = Up::start().await;
    let ports = fs::read_dir(up.data.join("nats/ports")).unwrap().next().unwrap().unwrap().path();
    let ports: Value = serde_json::from_slice(&fs::read(ports).unwrap()).unwrap();
    let stranger = async_nats::connect(ports["nats"][0].as_str().unwrap()).await.unwrap_err();
    assert_eq!(stranger.kind(), async_nats::ConnectErrorKind::AuthorizationViolation, "{stranger}");
    let mode = fs::metadata(up.data.join("nats/password")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let password = fs::read_to_string(up.data.join("nats/password")).unwrap();
    assert!(!up.process.said().contains(&password));
    let Said { code, out, err } = up.verb(&["reconcile", "--data", up.data.to_str().unwrap()]);
    assert!(code == Some(0) && out.contains("sound"), "{out}{err}");
}

#[tokio::test]
async fn a_killed_nats_server_is_started_again() {
    let up = Up::start().await;
    let reports = reports(2, 0);
    let send = |number: usize| {
        let file = up.folder.path().join(&reports[number].file_name);
        fs::write(&file, &reports[number].bytes).unwrap();
        let Said { code, out, err } = up.verb(&["submit", file.to_str().unwrap()]);
        assert!(code == Some(0) && out.contains("可检索1份"), "{out}{err}");
    };
    send(0);
    let killed = up.nats_server();
    kill_process(Pid::from_raw(killed.cast_signed()).unwrap(), Signal::KILL).unwrap();
    until("another nats-server", PATIENCE, async || {
        Ok(up.nats_servers().first().filter(|id| **id != killed && is_alive(**id)).map(drop))
    })
    .await
    .unwrap();
    send(1);
    // The log is the same; what many ask for may be some seconds old.
    let both = || (up.json(&["status", "--json"])["counts"]["indexed"] == 2).then_some(());
    until("both to be counted", PATIENCE, async || Ok(both())).await.unwrap();
}

/// Killed, its nats-server needs a moment to end; the next one waits for that.
#[tokio::test]
async fn a_killed_one_starts_again_at_once_and_never_beside_its_nats_server() {
    let mut up = Up::start().await;
    for _ in 0..5 {
        let before = up.nats_server();
        up.process.kill().unwrap();
        up.start_again().await;
        assert!(!is_alive(before), "two servers on one store");
    }
    // One that does not end yet.
    let before = Pid::from_raw(up.nats_server().cast_signed()).unwrap();
    kill_process(before, Signal::STOP).unwrap();
    up.process.kill().unwrap();
    (up.process, up.url) = Up::spawn(&up.data, up.folder.path());
    until("it to wait", PATIENCE, async || {
        Ok(up.process.said().contains("waiting for the nats-server of an earlier run").then_some(()))
    })
    .await
    .unwrap();
    assert_eq!(up.nats_servers(), [0_u32; 0], "no second server yet");
    kill_process(before, Signal::CONT).unwrap();
    up.ready().await;
    assert_ne!(up.nats_server().cast_signed(), before.as_raw_nonzero().get());
}

#[tokio::test]
async fn a_second_one_is_refused() {
    let up = Up::start().await;
    let check = |data: &Path, listen: &str, expected: &str| {
        let Said { code, err, .. } =
            run(gouji(&["up", "--data", data.to_str().unwrap(), "--listen", listen]));
        assert_eq!(code, Some(1), "{err}");
        assert!(err.lines().count() == 1 && err.contains(expected), "{err}");
    };
    check(&up.data, "127.0.0.1:0", "another gouji runs on");
    let taken = up.url.strip_prefix("http://").unwrap();
    check(&up.folder.path().join("other"), taken, "is taken");
}

/// Neither `--server` nor `--data`: the process that this user started is found.
#[tokio::test]
async fn verbs_find_the_one_that_runs() {
    let mut up = Up::start().await;
    let state = up.folder.path().join("state");
    let verb = |arguments: &[&str]| {
        let mut command = gouji(arguments);
        command.env("XDG_STATE_HOME", &state);
        run(command)
    };
    let Said { code, out, err } = verb(&["status"]);
    assert!(code == Some(0) && out.starts_with("stage"), "{out}{err}");
    for since in ["2026-11-22", "2026-11-22T09:30", "24h"] {
        let Said { code, err, .. } = verb(&["audit", "--since", since]);
        assert_eq!(code, Some(0), "{since}: {err}");
    }
    let Said { code, err, .. } = verb(&["search", "color:red"]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("color") && err.contains("可用字段：year:2024"), "{err}");
    assert_eq!(verb(&["search", "--sort", "colour", "x"]).code, Some(2));

    assert!(up.process.terminate(PATIENCE).await.unwrap().success());
    assert!(!state.join("gouji/up.json").exists() && !up.data.join("up.json").exists());
    // Not without `--server`: the demonstration of another test may listen on the default address.
    let Said { code, err, .. } = verb(&["search", "--lang", "en", "--server", &up.url, "x"]);
    assert!(code == Some(1) && err.contains(&up.url) && err.contains("start `gouji up`"), "{err}");
}

/// Files that were asked for are written, also where nobody reads what is printed.
#[tokio::test]
async fn a_roll_up_is_written_before_it_is_printed() {
    let up = Up::start().await;
    let written = up.folder.path().join("written");
    let rolled = || {
        let arguments = ["rollup", "--region", "37", "--year", "2024", "--out", written.to_str().unwrap()];
        let mut command = gouji(&arguments);
        command.env("GOUJI_SERVER", &up.url).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        child.wait_with_output().unwrap()
    };
    // The console opens the index within half a second.
    until("a roll-up", PATIENCE, async || Ok(rolled().status.success().then_some(()))).await.unwrap();
    for name in ["rollup-37-2024.xlsx", "rollup-37-2024.html"] {
        assert!(written.join(name).is_file(), "{name}");
    }
}

#[test]
fn the_demonstration_shows_everything_once() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut command: Command = gouji(&["demo", "--once"]);
    command.current_dir(root);
    let Said { code, out, err } = run(command);
    assert_eq!(code, Some(0), "{out}{err}");
    let samples = fs::read_dir(format!("{root}/samples/reports")).unwrap().count();
    let all = format!("共{samples}份：可检索{samples}份，处理中0份，退回0份。");
    for part in ["通过", "有错误", &all, "$ gouji search", "控制台：http://"] {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
}
