//! The bus as `deploy/nats` sets it up: TLS, a user for each process, and nothing allowed that is not needed.
//! Real servers on the shipped configuration, real certificates, real processes.

mod cluster;
mod kept_out;
mod least;
mod poison;
mod regions;
mod settings;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tests::processes::{Process, free_port, nats_server, program, until};

/// Waiting for something that comes at once where nothing is wrong.
const SOON: Duration = Duration::from_secs(30);

/// An authority, as an office has one.
struct Authority(Issuer<'static, KeyPair>, String);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self(Issuer::new(params, key), pem)
    }

    /// Its own certificate, as a file.
    fn file(&self, path: &Path) -> PathBuf {
        fs::write(path, &self.1).unwrap();
        path.to_owned()
    }

    /// A certificate for these names and its key, as `<path>.pem` and `<path>.key`.
    fn certify(&self, path: &Path, names: &[&str]) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.0).unwrap();
        fs::write(path.with_extension("pem"), certificate.pem()).unwrap();
        fs::write(path.with_extension("key"), key.serialize_pem()).unwrap();
    }
}

/// A folder as `gouji bus init` and an authority fill it, and the servers on it.
struct Bus {
    servers: Vec<Process>,
    ports: Vec<u16>,
    configurations: Vec<PathBuf>,
    authority: Authority,
    folder: TempDir,
}

impl Bus {
    /// One server, as `nats-server.conf` has it; `change` may set it up otherwise.
    async fn start(change: impl Fn(String) -> String) -> Self {
        let mut bus = Self::prepare("127.0.0.1");
        let text = fs::read_to_string(bus.path("nats-server.conf")).unwrap();
        let text = bus.placed(&change(text), "gouji-1");
        bus.add("gouji-1", &text);
        bus.run(0).await;
        bus
    }

    /// The folder, and a certificate for a name of the servers.
    fn prepare(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let bus =
            Self { servers: Vec::new(), ports: Vec::new(), configurations: Vec::new(), authority, folder };
        let init =
            Command::new(program("gouji").unwrap()).args(["bus", "init"]).arg(bus.folder.path()).output();
        let init = init.unwrap();
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        fs::create_dir(bus.path("tls")).unwrap();
        bus.authority.file(&bus.path("tls/ca.pem"));
        bus.authority.certify(&bus.path("tls/server"), &[name]);
        bus
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A shipped configuration with a port, a monitoring port and a store of this test's own.
    fn placed(&mut self, text: &str, name: &str) -> String {
        let port = free_port().unwrap();
        let store = self.path(&format!("store-{name}")).display().to_string();
        let mut placed = text.to_owned();
        for (shipped, ours) in [
            ("server_name: gouji-1", format!("server_name: {name}")),
            ("listen: 0.0.0.0:4222", format!("listen: 127.0.0.1:{port}")),
            ("http: 127.0.0.1:8222", format!("http: 127.0.0.1:{}", free_port().unwrap())),
            ("/var/lib/gouji/nats", store),
            // The reservation is compared with the disk that is there.
            ("max_file_store: 100GB", "max_file_store: 1GB".to_owned()),
        ] {
            assert!(placed.contains(shipped), "{shipped} is not in the shipped configuration");
            placed = placed.replace(shipped, &ours);
        }
        self.ports.push(port);
        placed
    }

    /// Writes a configuration and has nats-server check it.
    fn add(&mut self, name: &str, text: &str) {
        let path = self.path(&format!("{name}.conf"));
        fs::write(&path, text).unwrap();
        let check = Command::new(nats_server().unwrap()).arg("-t").arg("-c").arg(&path).output().unwrap();
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
        self.configurations.push(path);
    }

    /// Starts a server and waits until it listens.
    async fn run(&mut self, number: usize) {
        let mut command = Command::new(nats_server().unwrap());
        command.arg("-c").arg(&self.configurations[number]);
        let process =
            Process::start(&format!("nats-server-{number}"), &mut command, self.folder.path()).unwrap();
        if number < self.servers.len() {
            self.servers[number] = process;
        } else {
            self.servers.push(process);
        }
        let (port, server) = (self.ports[number], &mut self.servers[number]);
        until("nats-server to listen", SOON, async || {
            assert!(server.ended()?.is_none(), "nats-server ended at once: {}", server.said());
            Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok().map(drop))
        })
        .await
        .unwrap();
    }

    fn url(&self) -> String {
        let urls: Vec<String> = self.ports.iter().map(|port| format!("tls://127.0.0.1:{port}")).collect();
        urls.join(",")
    }

    fn seed(&self, name: &str) -> PathBuf {
        self.path(&format!("seeds/{name}.nk"))
    }

    /// The settings of a process of this identity.
    fn variables(&self, name: &str) -> BTreeMap<&'static str, String> {
        let below = |name: &str| self.path(name).display().to_string();
        BTreeMap::from([
            ("GOUJI_NATS_URL", self.url()),
            ("GOUJI_NATS_NKEY", self.seed(name).display().to_string()),
            ("GOUJI_NATS_CA", below("tls/ca.pem")),
            ("GOUJI_ORIGINALS", below("originals")),
            ("GOUJI_INDEX", below("index")),
            ("GOUJI_LOG", "json".to_owned()),
        ])
    }

    /// The operator makes the log.
    fn apply_topology(&self, replicas: usize) {
        let mut command = Command::new(program("gouji").unwrap());
        command.args(["topology", "apply"]).envs(self.variables("operator"));
        let applied = command.env("GOUJI_NATS_REPLICAS", replicas.to_string()).output().unwrap();
        let said = [applied.stdout, applied.stderr].concat();
        assert!(applied.status.success(), "{}", String::from_utf8_lossy(&said));
    }

    /// A client of this identity, and what the server complained of to it.
    async fn client(&self, name: &str) -> Client {
        let (complain, complaints) = tokio::sync::mpsc::unbounded_channel();
        let options = async_nats::ConnectOptions::with_nkey(
            fs::read_to_string(self.seed(name)).unwrap().trim().to_owned(),
        )
        .custom_inbox_prefix(format!("_INBOX_{name}"))
        .add_root_certificates(self.path("tls/ca.pem"))
        .require_tls(true)
        .event_callback(move |event| {
            if let async_nats::Event::ServerError(error) = event {
                complain.send(error.to_string()).ok();
            }
            async {}
        });
        let nats = options.connect(format!("tls://127.0.0.1:{}", self.ports[0])).await.unwrap();
        Client { jetstream: async_nats::jetstream::new(nats.clone()), nats, complaints }
    }
}

/// A client outside the pipeline.
struct Client {
    nats: async_nats::Client,
    jetstream: async_nats::jetstream::Context,
    complaints: tokio::sync::mpsc::UnboundedReceiver<String>,
}

/// A service as a process of its own, with an identity of its own.
struct Service {
    process: Process,
    name: &'static str,
    port: u16,
}

impl Service {
    fn start(bus: &Bus, name: &'static str) -> Self {
        Self::start_with(bus, name, bus.variables(name))
    }

    fn start_with(bus: &Bus, name: &'static str, variables: BTreeMap<&'static str, String>) -> Self {
        Self::start_by(bus, name, &[], variables)
    }

    fn start_by(
        bus: &Bus,
        name: &'static str,
        arguments: &[&str],
        mut variables: BTreeMap<&'static str, String>,
    ) -> Self {
        let port = free_port().unwrap();
        variables.insert("GOUJI_LISTEN", format!("127.0.0.1:{port}"));
        let mut command = Command::new(program(&format!("gouji-{name}")).unwrap());
        let process =
            Process::start(name, command.args(arguments).envs(variables), bus.folder.path()).unwrap();
        Self { process, name, port }
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits until `/readyz` answers this; a part of it is enough.
    async fn answers(&mut self, ready: bool, part: &str) {
        let http = tests::api::http().build().unwrap();
        let url = format!("{}/readyz", self.address());
        let mut last = String::new();
        let what = format!("{} to answer {part:?}", self.name);
        let answered = until(&what, SOON, async || {
            assert!(self.process.ended()?.is_none(), "{} ended at once: {}", self.name, self.process.said());
            let Ok(answer) = http.get(&url).send().await else { return Ok(None) };
            let is_ready = answer.status().is_success();
            last = answer.text().await.unwrap_or_default();
            Ok((is_ready == ready && last.contains(part)).then_some(()))
        });
        answered.await.unwrap_or_else(|error| panic!("{error:#}; the last answer: {last}"));
    }
}
