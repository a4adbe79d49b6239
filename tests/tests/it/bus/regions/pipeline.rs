//! A report goes through the whole pipeline into the copy of its region, past a kill of the outlet, and again after a
//! rewind.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use async_nats::jetstream::{self, consumer::pull};
use futures::StreamExt as _;
use serde_json::Value;
use tests::api::Api;
use tests::asyncapi::{Message, check};
use tests::processes::{program, until};

use super::super::{Bus, SOON, Service};

const TEST: &str = "bus::regions::pipeline::a_report_reaches_the_copy_of_its_region";
const AGENCY: &str = "潍坊市行政审批服务局";
const REGION: &str = "3707";

/// A report of the city, or of another one.
fn report(agency: &str, year: u16) -> Vec<u8> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/reports/pipe-lines.txt");
    let text = fs::read_to_string(sample).unwrap();
    text.replace(AGENCY, agency)
        .replace("潍坊市", &agency[..9])
        .replace("2024", &year.to_string())
        .into_bytes()
}

fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

/// What the copy of a region has, from its start.
struct Copy(jetstream::consumer::PullConsumer);

impl Copy {
    async fn of(bus: &Bus, region: &str) -> Self {
        let reader = jetstream::new(bus.region(region).await);
        let config = pull::Config { durable_name: Some("ours".into()), ..pull::Config::default() };
        Self(reader.create_consumer_on_stream(config, "EXPORT").await.unwrap())
    }

    /// The next messages.
    async fn take(&mut self, count: usize) -> Vec<Message> {
        let mut messages = self.0.messages().await.unwrap();
        let mut taken = Vec::new();
        while taken.len() < count {
            let message = tokio::time::timeout(SOON, messages.next()).await.unwrap().unwrap().unwrap();
            message.ack().await.unwrap();
            let headers = message.headers.iter().flat_map(async_nats::HeaderMap::iter);
            let headers = headers
                .map(|(name, values)| (name.to_string().to_lowercase(), values[0].to_string()))
                .collect::<BTreeMap<String, String>>();
            let payload = String::from_utf8(message.payload.to_vec()).unwrap();
            taken.push(Message { channel: "nats", headers, payload });
        }
        taken
    }

    async fn waits_for_more(&mut self) -> u64 {
        self.0.info().await.unwrap().num_pending
    }
}

fn ids(messages: &[Message]) -> BTreeSet<&str> {
    messages.iter().map(|message| message.headers["ce-id"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_reaches_the_copy_of_its_region() {
    let bus = Bus::start(|text| text).await;
    bus.apply_topology(1);
    assert_eq!(bus.export(&["apply", "--regions", REGION]).status.code(), Some(2));
    bus.reload_twice().await;
    let made = bus.export(&["apply"]);
    assert!(made.status.success(), "{}", said(&made));
    let start = |name| Service::start(&bus, name);
    let mut services = ["ingest", "parse", "validate", "index", "console"].map(start);
    for service in &mut services {
        service.answers(true, "ready").await;
    }
    let settings = bus.path("outlets.toml");
    fs::write(&settings, "[[outlet]]\nname = \"out\"\nto = \"nats\"\ncarry = \"findings\"\n").unwrap();
    let settings = settings.to_str().unwrap();
    let deliver =
        || Service::start_by(&bus, "deliver", &["out", "--config", settings], bus.variables("deliver"));
    let outlet = |arguments: &[&str]| {
        let all = [&["--lang", "en", "outlet"], arguments, &["--config", settings]].concat();
        let mut command = Command::new(program("gouji").unwrap());
        let output = command.args(all).envs(bus.variables("operator")).output().unwrap();
        (output.status.code(), said(&output))
    };
    let api = Api::new(&services[0].address(), &services[4].address());
    let submit = async |agency: &str, year: u16| {
        let receipt = api.submit("report.txt", report(agency, year)).await.unwrap();
        receipt["reports"][0]["id"].as_str().unwrap().to_owned()
    };
    let indexed = async |count: u64| {
        let mut counts = Value::Null;
        until("the reports to be indexed", SOON, async || {
            counts = api.status().await?["counts"].take();
            Ok((counts["indexed"] == count).then_some(()))
        })
        .await
        .unwrap_or_else(|error| panic!("{error:#}: {counts}"));
    };

    let mut process = deliver();
    let first = submit(AGENCY, 2024).await;
    submit("枣庄市行政审批服务局", 2024).await;
    indexed(2).await;
    let mut copy = Copy::of(&bus, REGION).await;
    let mut messages = copy.take(1).await;
    let object: Value = serde_json::from_str(&messages[0].payload).unwrap();
    assert_eq!((&object["version"], &object["agency"]), (&Value::from(first.as_str()), &Value::from(AGENCY)));
    assert_eq!(object["cells"]["requests.received.total"]["state"], "read", "{object}");

    // Its process is killed; what comes meanwhile is in flight, and nothing is missing.
    process.process.kill().unwrap();
    api.withdraw(&first, "张三", "更正").await.unwrap();
    // Beside the report of the year before it would be judged again, and stand once more.
    indexed(3).await;
    submit(AGENCY, 2023).await;
    indexed(4).await;
    let (code, text) = outlet(&["check", "out"]);
    assert!(code == Some(0) && text.contains("sound"), "{text}");
    process = deliver();
    messages.extend(copy.take(2).await);
    let types: Vec<&str> = messages.iter().map(|message| message.headers["ce-type"].as_str()).collect();
    let (stands, gone) = ("cn.gouji.report.stands.v1", "cn.gouji.report.gone.v1");
    assert_eq!(types.iter().filter(|is| **is == stands).count(), 2, "{types:?}");
    assert_eq!(types.iter().filter(|is| **is == gone).count(), 1, "{types:?}");
    check(TEST, &messages);
    until("everything to be delivered", SOON, async || {
        let (code, text) = outlet(&["check", "out", "--json"]);
        let found: Value = serde_json::from_str(text.lines().next().unwrap_or_default())?;
        Ok((code == Some(0) && found["delivered"] == 4 && found["in_flight"] == 0).then_some(()))
    })
    .await
    .unwrap_or_else(|error| panic!("{error:#}: {:?}: {}", outlet(&["check", "out"]), process.process.said()));
    assert_eq!(copy.waits_for_more().await, 0, "nothing about the other city");

    // Everything again, with equal ids; a step forward would leave something out.
    let (code, text) = outlet(&["rewind", "out", "--to", "start"]);
    assert_eq!(code, Some(0), "{text}");
    let again = copy.take(3).await;
    assert_eq!(ids(&again), ids(&messages));
    check(TEST, &again);
    let (code, text) = outlet(&["retry", "out", &first]);
    assert!(code == Some(1) && text.contains("has not set"), "{text}");
    process.process.kill().unwrap();
    submit(AGENCY, 2022).await;
    indexed(5).await;
    let last = bus
        .client("operator")
        .await
        .jetstream
        .get_stream("GOUJI")
        .await
        .unwrap()
        .info()
        .await
        .unwrap()
        .state
        .last_sequence;
    let (code, text) = outlet(&["rewind", "out", "--to", &last.to_string()]);
    assert!(code == Some(1) && text.contains("would leave out what lies between"), "{text}");
}
