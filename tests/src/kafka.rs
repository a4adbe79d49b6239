//! A real Apache Kafka of one process, with TLS and SASL, and clients in Python that are not ours.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use rdkafka::ClientConfig;
use rdkafka::Offset;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Header, Message as _, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::topic_partition_list::TopicPartitionList;
use serde_json::Value;
use tempfile::TempDir;

use crate::pip;
use crate::processes::{Process, free_port, until};

/// The version that the tests run against.
const VERSION: &str = "4.3.1";
/// The clients that are not ours.
const CLIENTS: [&str; 2] = ["aiokafka==0.14.0", "confluent-kafka==2.16.0"];
/// A JVM beside a busy compiler takes its time.
const START: Duration = Duration::from_secs(120);
const ANSWER: Duration = Duration::from_secs(30);

/// The user that may do everything, and its password.
pub const USER: (&str, &str) = ("gouji", "枣庄-secret");
/// A user that may do nothing.
pub const GUEST: (&str, &str) = ("guest", "guest");

/// A broker, killed when this is dropped.
#[derive(Debug)]
pub struct Kafka {
    process: Mutex<Process>,
    folder: TempDir,
    plain: u16,
    tls: u16,
    sasl: u16,
}

/// The folder with the libraries of Kafka, a private copy below `target`; why there is none.
///
/// # Errors
/// Why, in a line: there is no Java or no Maven, or the repository cannot be reached.
pub fn installed() -> Result<PathBuf, String> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _turn = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let target = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/kafka"));
    let folder = target.join(VERSION);
    if folder.is_dir() {
        return Ok(folder);
    }
    run(Command::new("java").arg("-version"))?;
    let work = target.join(format!("installing-{}", std::process::id()));
    let project = format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\
         <groupId>gouji</groupId><artifactId>kafka</artifactId><version>1</version><dependencies><dependency>\
         <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version>\
         </dependency></dependencies></project>"
    );
    fs::create_dir_all(&work).map_err(|error| error.to_string())?;
    fs::write(work.join("pom.xml"), project).map_err(|error| error.to_string())?;
    let mut maven = Command::new("mvn");
    maven.args(["--quiet", "--batch-mode", "dependency:copy-dependencies", "-DoutputDirectory=libraries"]);
    let copied = run(maven.current_dir(&work));
    let moved =
        copied.and_then(|_| fs::rename(work.join("libraries"), &folder).map_err(|error| error.to_string()));
    fs::remove_dir_all(&work).ok();
    moved.map(|()| folder)
}

/// The folder with the clients in Python; why there is none.
///
/// # Errors
/// As [`pip::installed`].
pub fn clients() -> Result<PathBuf, String> {
    pip::installed("kafka-clients", &CLIENTS)
}

/// What a program says; if it fails, the last line of it.
fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().display().to_string();
    let Output { status, stdout, stderr } =
        command.output().map_err(|error| format!("{program}: {error}"))?;
    let said = format!("{}{}", String::from_utf8_lossy(&stderr), String::from_utf8_lossy(&stdout));
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    Err(format!("{program}: {}", said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default()))
}

/// What a message has.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// Where it is.
    pub partition: i64,
    /// Where it is in its partition.
    pub offset: i64,
    /// Its key.
    pub key: String,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its value.
    pub value: String,
}

impl Kafka {
    /// The broker that the tests of this process share; it ends with the last of them.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn shared(libraries: &Path) -> Result<Arc<Self>> {
        static SHARED: tokio::sync::Mutex<Weak<Kafka>> = tokio::sync::Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(kafka) = shared.upgrade() {
            return Ok(kafka);
        }
        let kafka = Arc::new(Self::start(libraries).await?);
        *shared = Arc::downgrade(&kafka);
        Ok(kafka)
    }

    /// A broker of its own.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start(libraries: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().context("making a folder")?;
        let (plain, tls, sasl, controller) = (free_port()?, free_port()?, free_port()?, free_port()?);
        certify(folder.path())?;
        fs::write(folder.path().join("password"), format!("{}\n", USER.1))?;
        fs::write(folder.path().join("guest"), format!("{}\n", GUEST.1))?;
        fs::write(folder.path().join("wrong"), "wrong\n")?;
        let settings = settings(folder.path(), plain, tls, sasl, controller);
        fs::write(folder.path().join("server.properties"), settings)?;
        fs::write(folder.path().join("libraries"), libraries.display().to_string())?;
        let mut format = java(folder.path(), "kafka.tools.StorageTool")?;
        format.args(["format", "--standalone", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", "server.properties"]);
        for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
            let (name, password) = USER;
            format.args(["--add-scram", &format!("{mechanism}=[name={name},password={password}]")]);
        }
        tokio::task::spawn_blocking(move || run(&mut format)).await?.map_err(anyhow::Error::msg)?;
        let process = Mutex::new(Self::spawn(folder.path())?);
        let kafka = Self { process, folder, plain, tls, sasl };
        kafka.ready().await?;
        Ok(kafka)
    }

    fn spawn(folder: &Path) -> Result<Process> {
        Process::start("kafka", java(folder, "kafka.Kafka")?.arg("server.properties"), folder)
    }

    /// Waits until it answers for its topics.
    async fn ready(&self) -> Result<()> {
        for port in [self.plain, self.tls, self.sasl] {
            until("kafka to listen", START, async || {
                let mut process = self.process();
                if let Some(status) = process.ended()? {
                    bail!("kafka ended at once: {status}: {}", process.said());
                }
                drop(process);
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                Ok(tokio::net::TcpStream::connect(address).await.ok().map(drop))
            })
            .await?;
        }
        let client = self.consumer("ready")?;
        let asked = tokio::task::spawn_blocking(move || client.fetch_metadata(None, START).map(drop));
        asked.await?.context("asking kafka for its topics")
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(&self) -> Result<()> {
        self.process().kill()
    }

    /// Starts it again after it was killed, with what it had.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start_again(&self) -> Result<()> {
        *self.process() = Self::spawn(self.folder.path())?;
        self.ready().await
    }

    /// Where it listens without TLS and without a password.
    pub fn plain(&self) -> String {
        format!("127.0.0.1:{}", self.plain)
    }

    /// Where it listens with TLS and wants a certificate.
    pub fn tls(&self) -> String {
        format!("127.0.0.1:{}", self.tls)
    }

    /// Where it listens with TLS and wants a password.
    pub fn sasl(&self) -> String {
        format!("127.0.0.1:{}", self.sasl)
    }

    /// A file beside it: `ca.pem`, `client.pem`, `client.key`, `other-ca.pem`, `password`, `guest`, `wrong`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The lines of an outlet or inlet for a user with the password in this file.
    pub fn lines(&self, mechanism: &str, user: &str, password: &str) -> String {
        format!(
            "brokers = \"{}\"\ntls = true\nca = {:?}\nsasl = \"{mechanism}\"\nuser = \"{user}\"\npassword = {:?}\n",
            self.sasl(),
            self.file("ca.pem"),
            self.file(password)
        )
    }

    fn properties(&self) -> ClientConfig {
        let mut properties = ClientConfig::new();
        properties.set("bootstrap.servers", self.plain());
        properties
    }

    fn consumer(&self, group: &str) -> Result<BaseConsumer> {
        self.properties().set("group.id", group).create().context("making a consumer")
    }

    /// Makes a topic.
    ///
    /// # Errors
    /// If the broker refuses.
    pub async fn make_topic(&self, name: &str, partitions: i32, settings: &[(&str, &str)]) -> Result<()> {
        let admin: AdminClient<DefaultClientContext> = self.properties().create()?;
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        let topic = settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value));
        let made = admin.create_topics([&topic], &AdminOptions::new().request_timeout(Some(ANSWER))).await?;
        for one in made {
            one.map_err(|(name, code)| anyhow::anyhow!("{name}: {code}"))?;
        }
        let client = self.consumer("made")?;
        let name = name.to_owned();
        // The controller has it before the broker answers for it.
        until("the topic to be known", ANSWER, async || {
            let metadata = client.fetch_metadata(Some(&name), ANSWER)?;
            let found = metadata.topics().iter().find(|topic| topic.name() == name);
            let is_known =
                found.is_some_and(|topic| topic.error().is_none() && !topic.partitions().is_empty());
            Ok(is_known.then_some(()))
        })
        .await
    }

    /// Sends messages one after the other: partition, headers, value.
    ///
    /// # Errors
    /// If the broker refuses one.
    pub async fn send(
        &self,
        topic: &str,
        messages: &[(i32, Vec<(&str, String)>, Option<Vec<u8>>)],
    ) -> Result<()> {
        let mut properties = self.properties();
        let producer: FutureProducer = properties.set("message.max.bytes", "10000000").create()?;
        let mut under_way = Vec::new();
        for (partition, headers, value) in messages {
            let headers = headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header { key, value: Some(value) })
            });
            let record: FutureRecord<'_, (), Vec<u8>> =
                FutureRecord::to(topic).partition(*partition).headers(headers);
            let record = match value {
                Some(value) => record.payload(value),
                None => record,
            };
            let sent = producer.send_result(record).map_err(|(error, _)| error).context("sending")?;
            under_way.push(sent);
        }
        for sent in under_way {
            sent.await?.map_err(|(error, _)| error).context("sending")?;
        }
        Ok(())
    }

    /// How many messages a topic has, as far as none was deleted.
    ///
    /// # Errors
    /// If the broker does not answer.
    pub fn count(&self, topic: &str, partitions: i32) -> Result<i64> {
        let client = self.consumer("count")?;
        (0..partitions)
            .map(|partition| {
                Ok(client.fetch_watermarks(topic, partition, ANSWER).map(|(low, high)| high - low)?)
            })
            .sum()
    }

    /// The key and the value of every message of a topic.
    ///
    /// # Errors
    /// If the broker does not answer.
    pub fn messages(&self, topic: &str, partitions: i32) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let count = usize::try_from(self.count(topic, partitions)?)?;
        let client = self.consumer("messages")?;
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition_offset(topic, partition, Offset::Beginning)?;
        }
        client.assign(&list)?;
        let mut messages = Vec::with_capacity(count);
        while messages.len() < count {
            let message = client.poll(ANSWER).context("the topic ends early")??;
            let bytes = |part: Option<&[u8]>| part.unwrap_or_default().to_vec();
            messages.push((bytes(message.key()), bytes(message.payload())));
        }
        Ok(messages)
    }

    /// The offsets that a consumer group committed, added up over the partitions.
    ///
    /// # Errors
    /// If the broker does not answer.
    pub fn committed(&self, group: &str, topic: &str, partitions: i32) -> Result<i64> {
        let client = self.consumer(group)?;
        let mut list = TopicPartitionList::new();
        list.add_partition_range(topic, 0, partitions - 1);
        let committed = client.committed_offsets(list, ANSWER)?;
        let offsets = committed.elements();
        Ok(offsets.iter().filter_map(|one| one.offset().to_raw()).filter(|offset| *offset > 0).sum())
    }

    /// Everything on a topic, read by a client that is not ours: `aiokafka` over TLS with a password, or `confluent`
    /// over TLS with a certificate.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn read(&self, clients: &Path, client: &str, topic: &str) -> Result<Vec<Read>> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/kafka/read.py");
        let brokers = if client == "aiokafka" { self.sasl() } else { self.tls() };
        let mut command = Command::new("python3");
        command.env("PYTHONPATH", clients).env("PYTHONUTF8", "1").arg(script).args([client, &brokers, topic]);
        command.arg(self.folder.path()).args([USER.0, USER.1]);
        let said =
            tokio::task::spawn_blocking(move || run(&mut command)).await?.map_err(anyhow::Error::msg)?;
        said.lines().map(read).collect()
    }
}

/// A line of the script.
fn read(line: &str) -> Result<Read> {
    let message: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let headers = message["headers"].as_object().context("headers")?;
    Ok(Read {
        partition: message["partition"].as_i64().context("partition")?,
        offset: message["offset"].as_i64().context("offset")?,
        key: text(&message["key"]),
        headers: headers.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        value: text(&message["value"]),
    })
}

fn java(folder: &Path, class: &str) -> Result<Command> {
    let libraries = fs::read_to_string(folder.join("libraries")).context("finding the libraries")?;
    let mut java = Command::new("java");
    // The quick compiler only: the process lives for a minute.
    java.args([
        "-Xmx384m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        &format!("{libraries}/*"),
        class,
    ]);
    java.current_dir(folder);
    Ok(java)
}

/// One process that is broker and controller, with a user that may do everything.
fn settings(folder: &Path, plain: u16, tls: u16, sasl: u16, controller: u16) -> String {
    let (user, password) = USER;
    let (guest, guests) = GUEST;
    let folder = folder.display();
    let module = "org.apache.kafka.common.security";
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.bootstrap.servers=127.0.0.1:{controller}\n\
         listeners=PLAIN://127.0.0.1:{plain},TLS://127.0.0.1:{tls},SASL://127.0.0.1:{sasl},\
         CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAIN://127.0.0.1:{plain},TLS://127.0.0.1:{tls},SASL://127.0.0.1:{sasl}\n\
         listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAIN:PLAINTEXT,TLS:SSL,SASL:SASL_SSL\n\
         inter.broker.listener.name=PLAIN\n\
         controller.listener.names=CONTROLLER\n\
         log.dirs={folder}/data\n\
         offsets.topic.replication.factor=1\n\
         offsets.topic.num.partitions=1\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n\
         auto.create.topics.enable=false\n\
         ssl.keystore.type=PEM\n\
         ssl.keystore.location={folder}/server.pem\n\
         ssl.truststore.type=PEM\n\
         ssl.truststore.location={folder}/ca.pem\n\
         listener.name.tls.ssl.client.auth=required\n\
         sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\n\
         listener.name.sasl.plain.sasl.jaas.config={module}.plain.PlainLoginModule required \
         user_{user}=\"{}\" user_{guest}=\"{guests}\";\n\
         listener.name.sasl.scram-sha-256.sasl.jaas.config={module}.scram.ScramLoginModule required;\n\
         listener.name.sasl.scram-sha-512.sasl.jaas.config={module}.scram.ScramLoginModule required;\n\
         authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
         super.users=User:ANONYMOUS;User:{user};User:CN={user}\n",
        escaped(password)
    )
}

/// A text in a file of properties, which is Latin-1.
fn escaped(text: &str) -> String {
    let units = text.encode_utf16();
    units
        .map(|unit| if unit < 128 { char::from(unit as u8).to_string() } else { format!("\\u{unit:04x}") })
        .collect()
}

/// An authority with a certificate for the broker and one for a client, and another authority.
fn certify(folder: &Path) -> Result<()> {
    let authority = |name: &str| -> Result<Issuer<'static, KeyPair>> {
        let mut params = named(Vec::new(), "authority")?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        fs::write(folder.join(name), params.self_signed(&key)?.pem())?;
        Ok(Issuer::new(params, key))
    };
    authority("other-ca.pem")?;
    let ours = authority("ca.pem")?;
    let certify = |names: &[&str]| -> Result<(String, String)> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate()?;
        Ok((named(names, USER.0)?.signed_by(&key, &ours)?.pem(), key.serialize_pem()))
    };
    let (certificate, key) = certify(&["127.0.0.1", "localhost"])?;
    fs::write(folder.join("server.pem"), format!("{certificate}{key}"))?;
    let (certificate, key) = certify(&[])?;
    ensure!(key.contains("BEGIN PRIVATE KEY"), "the broker reads PKCS #8");
    fs::write(folder.join("client.pem"), certificate)?;
    fs::write(folder.join("client.key"), key)?;
    Ok(())
}

fn named(names: Vec<String>, name: &str) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}
