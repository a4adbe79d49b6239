//! Regions copy what leaves about them, and nothing else: real servers on the shipped configuration, a leaf node on the
//! files that a region gets, and messages that the outlet itself stores.

mod pipeline;

use std::process::{Command, Output};
use std::time::Duration;
use std::{fs, str};

use async_nats::Client;
use async_nats::jetstream::{self, consumer::pull};
use bus::BusConfig;
use bytes::Bytes;
use deliver::change::{Batch, Change, Place, Standing, State};
use deliver::nats::Nats;
use deliver::target::{Kept, Target as _};
use futures::StreamExt as _;
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::processes::{Process, free_port, nats_server, program, until};
use tokio_util::sync::CancellationToken;

use super::{Bus, SOON};

/// A copy whose origin was made again looks for it in growing intervals.
const RECREATED: Duration = Duration::from_secs(60);
/// What the city of the test may hear, in the order in which it leaves; the other half is about others.
const OF_THE_CITY: [&str; 4] = ["370403", "370403001", "370400", "370481"];
const OF_OTHERS: [&str; 4] = ["370500", "370000", "110000", ""];

fn standing(region: &str) -> State {
    State::Stands(Box::new(Standing {
        version: "v".into(),
        original: "0".repeat(64),
        region: region.into(),
        region_name: String::new(),
        agency: "某局".into(),
        year: 2024,
        form: "2021".into(),
        published: String::new(),
        verdict: "pass",
        errors: 0,
        warnings: 0,
        rejudged: false,
        cells: Vec::new(),
        findings: Vec::new(),
    }))
}

/// A batch with a change about each region; every second one about the city was taken back.
fn batch(log_made_at_ms: i64, from: u64) -> Batch {
    let regions = OF_THE_CITY.into_iter().zip(OF_OTHERS).flat_map(|(ours, other)| [ours, other]);
    let changes: Vec<Change> = regions
        .zip(from..)
        .map(|(region, sequence)| Change {
            sequence,
            at_ms: 1_735_689_600_000,
            id: format!("k{sequence}.v"),
            report: format!("k{sequence}"),
            state: match region {
                "370400" => State::Gone { region: region.into(), year: 2024 },
                _ => standing(region),
            },
            json: format!("{{\"region\":\"{region}\"}}"),
        })
        .collect();
    let to = from + changes.len() as u64 + 1;
    Batch { log_made_at_ms, from, to, changes }
}

impl Bus {
    fn export(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program("gouji").unwrap());
        command.args(["--lang", "en", "bus", "export"]).args(arguments).arg(self.folder.path());
        command.envs(self.variables("operator")).output().unwrap()
    }

    /// Has the server read its configuration again, as an operator does; the imports of a new account work after the
    /// second time.
    async fn reload_twice(&self) {
        for times in 1..=2 {
            self.servers[0].signal(Signal::HUP).unwrap();
            until("nats-server to reload", SOON, async || {
                let said = self.servers[0].said();
                Ok((said.matches("Reloaded server configuration").count() == times).then_some(()))
            })
            .await
            .unwrap();
        }
    }

    /// The outlet, with the user that it has in production.
    async fn outlet(&self) -> (bus::Bus, Nats) {
        let config = BusConfig {
            url: Some(self.url()),
            nkey: Some(self.seed("deliver")),
            ca: Some(self.path("tls/ca.pem")),
            ..BusConfig::default()
        };
        let bus = bus::Bus::connect("deliver", &config, CancellationToken::new()).await.unwrap();
        let nats = Nats::new(bus.export(), "/gouji/枣庄".into());
        (bus, nats)
    }

    async fn region(&self, code: &str) -> Client {
        let seed = fs::read_to_string(self.seed(&format!("region-{code}"))).unwrap();
        async_nats::ConnectOptions::with_nkey(seed.trim().to_owned())
            .add_root_certificates(self.path("tls/ca.pem"))
            .require_tls(true)
            .connect(format!("tls://127.0.0.1:{}", self.ports[0]))
            .await
            .unwrap()
    }
}

/// The nats-server of a region, on the file that `gouji bus export` writes for it.
struct Leaf {
    process: Option<Process>,
    command: Box<dyn Fn() -> Command>,
    folder: std::path::PathBuf,
    url: String,
}

impl Leaf {
    fn new(bus: &Bus, code: &str, hub_port: u16) -> Self {
        let port = free_port().unwrap();
        let mut text = fs::read_to_string(bus.path(&format!("regions/{code}/leaf.conf"))).unwrap();
        let own = bus.path("leaf").display().to_string();
        fs::create_dir(&own).unwrap();
        let seed = fs::read_to_string(bus.seed(&format!("region-{code}"))).unwrap();
        fs::copy(bus.path("tls/ca.pem"), format!("{own}/ca.pem")).unwrap();
        for (shipped, ours) in [
            ("listen: 127.0.0.1:4222", format!("listen: 127.0.0.1:{port}")),
            ("tls://gouji-1:7422", format!("tls://127.0.0.1:{hub_port}")),
            ("/etc/gouji-region", own.clone()),
            ("/var/lib/gouji-region", own.clone()),
        ] {
            assert!(text.contains(shipped), "{shipped} is not in the file of the region");
            text = text.replace(shipped, &ours);
        }
        fs::write(bus.path("leaf/leaf.conf"), text).unwrap();
        let command = move || {
            let mut command = Command::new(nats_server().unwrap());
            command.args(["-c", &format!("{own}/leaf.conf")]).env("GOUJI_REGION_SEED", seed.trim());
            command
        };
        let url = format!("nats://127.0.0.1:{port}");
        Self { process: None, command: Box::new(command), folder: bus.path("leaf"), url }
    }

    async fn start(&mut self) -> jetstream::Context {
        let process = Process::start("leaf", &mut (self.command)(), &self.folder).unwrap();
        self.process = Some(process);
        let client =
            until("the leaf node to listen", SOON, async || Ok(async_nats::connect(&self.url).await.ok()));
        jetstream::new(client.await.unwrap())
    }

    fn kill(&mut self) {
        self.process.take().unwrap().kill().unwrap();
    }
}

/// How many messages the copy of a leaf node has.
async fn count(leaf: &jetstream::Context) -> u64 {
    let info: Value = leaf.request("STREAM.INFO.EXPORT".to_owned(), &()).await.unwrap();
    info["state"]["messages"].as_u64().unwrap_or_default()
}

async fn counts_to(leaf: &jetstream::Context, wanted: u64, patience: Duration) {
    let mut last = 0;
    let reached = until("the copy of the region", patience, async || {
        last = count(leaf).await;
        Ok((last >= wanted).then_some(()))
    });
    reached.await.unwrap_or_else(|error| panic!("{error:#}: it has {last} of {wanted}"));
    assert_eq!(last, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_copies_what_concerns_it_and_nothing_else() {
    let mut bus = Bus::prepare("127.0.0.1");
    let hub_port = free_port().unwrap();
    let leafnodes = fs::read_to_string(bus.path("leafnodes.conf")).unwrap();
    fs::write(
        bus.path("leafnodes.conf"),
        leafnodes.replace("0.0.0.0:7422", &format!("127.0.0.1:{hub_port}")),
    )
    .unwrap();
    let text = fs::read_to_string(bus.path("nats-server.conf")).unwrap();
    let text = bus.placed(&text, "gouji-1") + "include \"leafnodes.conf\"\n";
    bus.add("gouji-1", &text);
    bus.run(0).await;
    bus.apply_topology(1);
    let said = |output: Output| {
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    };
    // The command says what it would do, does what it can, and says that the server has to reload.
    let (code, text) = said(bus.export(&["plan", "--regions", "3704,11"]));
    assert!(code == Some(2) && text.contains("hears gouji.bus.v1.*.37.04.>"), "{text}");
    assert!(!bus.seed("region-3704").exists());
    let (code, text) = said(bus.export(&["apply", "--regions", "3704,11"]));
    assert!(code == Some(2) && text.contains("does not have the account yet"), "{text}");
    bus.reload_twice().await;
    let (code, text) = said(bus.export(&["apply"]));
    assert!(code == Some(0) && text.contains("region 3704: create stream EXPORT"), "{text}");
    let (code, text) = said(bus.export(&["plan"]));
    assert!(code == Some(0) && text.contains("region 11: its copy has 0 messages"), "{text}");
    let (code, text) = said(bus.export(&["apply", "--regions", "37x"]));
    assert!(code == Some(1) && text.contains("`37x` is no code of a region"), "{text}");

    let city = bus.region("3704").await;
    let mut live = city.subscribe("gouji.bus.v1.>").await.unwrap();
    city.flush().await.unwrap();
    let (_outlet_bus, mut outlet) = bus.outlet().await;
    assert_eq!(outlet.place().await.unwrap(), Kept::AtTarget(None));
    let first = batch(1_700_000_000_000, 1);
    outlet.deliver(&first).await.unwrap();
    let place = Place { log_made_at_ms: first.log_made_at_ms, sequence: first.to };
    assert_eq!(outlet.place().await.unwrap(), Kept::AtTarget(Some(place)));

    // Live, and from its copy.
    let mut heard = Vec::new();
    while heard.len() < OF_THE_CITY.len() {
        let message = tokio::time::timeout(SOON, live.next()).await.unwrap().unwrap();
        heard.push(message.subject.to_string());
    }
    let expected = [
        "gouji.bus.v1.stands.37.04.03.k1",
        "gouji.bus.v1.stands.37.04.03.001.k3",
        "gouji.bus.v1.gone.37.04.00.k5",
        "gouji.bus.v1.stands.37.04.81.k7",
    ];
    assert_eq!(heard, expected);
    let of_city = jetstream::new(city.clone());
    let consumer = pull::Config { durable_name: Some("ours".into()), ..Default::default() };
    let consumer = of_city.create_consumer_on_stream(consumer, "EXPORT").await.unwrap();
    let mut copied = Vec::new();
    let mut messages = consumer.messages().await.unwrap();
    while copied.len() < OF_THE_CITY.len() {
        let message = tokio::time::timeout(SOON, messages.next()).await.unwrap().unwrap().unwrap();
        message.ack().await.unwrap();
        let headers = message.headers.as_ref().unwrap();
        assert_eq!(headers.get("ce-source").unwrap().as_str(), "/gouji/%E6%9E%A3%E5%BA%84");
        assert_eq!(headers.get("ce-logmadeat").unwrap().as_str(), "2023-11-14T22:13:20Z");
        copied.push(message.subject.to_string());
    }
    assert_eq!(copied, expected);
    // Others: the copy has nothing of theirs, and nobody answers beyond it.
    let mut info = of_city.get_stream("EXPORT").await.unwrap();
    assert_eq!(info.info().await.unwrap().state.messages, 4);
    let other = pull::Config { filter_subject: "gouji.bus.v1.*.11.>".into(), ..Default::default() };
    let mut other = of_city.create_consumer_on_stream(other, "EXPORT").await.unwrap();
    assert_eq!(other.info().await.unwrap().num_pending, 0);

    an_answer_reaches_nothing(&bus, &city).await;

    // Its own server copies on, through a kill.
    let mut leaf = Leaf::new(&bus, "3704", hub_port);
    let copy = leaf.start().await;
    let mirror: Value =
        serde_json::from_str(&fs::read_to_string(bus.path("regions/3704/mirror.json")).unwrap()).unwrap();
    let made: Value = copy.request("STREAM.CREATE.EXPORT".to_owned(), &mirror).await.unwrap();
    assert_eq!(made["error"], Value::Null, "{made}");
    counts_to(&copy, 4, SOON).await;
    leaf.kill();
    outlet.deliver(&batch(first.log_made_at_ms, first.to + 1)).await.unwrap();
    let copy = leaf.start().await;
    counts_to(&copy, 8, SOON).await;

    // The stream is made again, as when a disk was lost: the copies go on and say so in each message.
    let operator = bus.client("operator").await;
    operator.jetstream.delete_stream("EXPORT").await.unwrap();
    bus.apply_topology(1);
    assert_eq!(outlet.place().await.unwrap(), Kept::AtTarget(None));
    outlet.deliver(&batch(1_800_000_000_000, 1)).await.unwrap();
    counts_to(&copy, 12, RECREATED).await;
    let stream = copy.get_stream("EXPORT").await.unwrap();
    let last = stream.get_last_raw_message_by_subject("gouji.bus.v1.>").await.unwrap();
    assert_eq!(last.headers.get("ce-logmadeat").unwrap().as_str(), "2027-01-15T08:00:00Z");
    assert_eq!(outlet.delivered(1_800_000_000_000).await.unwrap().unwrap(), (1..=8).collect());
}

/// A request names the subject of its answer. No answer to a region gets onto the log, into the stream of what leaves, or
/// to another region.
async fn an_answer_reaches_nothing(bus: &Bus, city: &Client) {
    let operator = bus.client("operator").await;
    let last = async |stream: &str| {
        let mut stream = operator.jetstream.get_stream(stream).await.unwrap();
        stream.info().await.unwrap().state.last_sequence
    };
    let before = (last("GOUJI").await, last("EXPORT").await);
    let evil = "gouji.v1.submitted.evil-g0._._._._";
    // A consumer that delivers to a fact of the log: in the account of the region that subject is nothing.
    let spy = json!({ "stream_name": "EXPORT", "config": {
        "name": "spy", "deliver_subject": evil, "ack_policy": "none", "deliver_policy": "all",
    } });
    let spy = Bytes::from(spy.to_string());
    let requests = [
        ("$JS.API.CONSUMER.CREATE.EXPORT.spy", spy.clone()),
        ("$JS.API.CONSUMER.INFO.EXPORT.spy", Bytes::new()),
        ("$JS.API.CONSUMER.INFO.EXPORT.ours", Bytes::new()),
        ("$JS.API.STREAM.INFO.EXPORT", Bytes::new()),
        ("$JS.API.CONSUMER.MSG.NEXT.EXPORT.ours", Bytes::new()),
    ];
    let replies = [
        evil,
        "gouji.bus.v1.stands.37.04.03.evil",
        "LOG.API.CONSUMER.CREATE.EXPORT.spy.gouji.bus.v1.*.37.04.>",
        "REGION.11.API.STREAM.DELETE.EXPORT",
        "$JS.API.STREAM.DELETE.EXPORT",
    ];
    for (request, body) in requests {
        for reply in replies {
            city.publish_with_reply(request, reply, body.clone()).await.unwrap();
        }
    }
    // What it may not ask is refused before it reaches anything.
    for request in ["$JS.API.STREAM.DELETE.EXPORT", "LOG.API.CONSUMER.DELETE.EXPORT.x", evil] {
        city.publish(request, Bytes::new()).await.unwrap();
    }
    city.flush().await.unwrap();
    // Its server has handled all of it when it answers this.
    let of_city = jetstream::new(city.clone());
    of_city.get_stream("EXPORT").await.unwrap();
    assert_eq!((last("GOUJI").await, last("EXPORT").await), before);
    let (_, other) = (operator.nats.flush().await.unwrap(), bus.region("11").await);
    let mut other = jetstream::new(other).get_stream("EXPORT").await.unwrap();
    assert_eq!(other.info().await.unwrap().state.messages, 1);
}
