//! Changes on a topic.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bus::topology::{Changes, apply};
use bus::{Bus, BusConfig};
use deliver::change::Batch;
use deliver::target::{Target as _, TargetError};
use futures::StreamExt as _;
use proto::v1::{
    Blob, IndexOutcome, Region, Report, ReportIndexed, ReportSubmitted, ReportValidated, Verdict,
};
use tests::asyncapi;
use tests::kafka::{GUEST, Read, USER};
use tests::processes::{NatsServer, Process, SyncInterval, program, until};

use super::{MADE_AT, batch, broker, target};

/// Everything once, the changes of a report in their order, and all of them as they were sent.
fn is_whole(messages: &[Read], batch: &Batch) {
    assert_eq!(messages.len(), batch.changes.len());
    let by_id: BTreeMap<&str, &Read> =
        messages.iter().map(|message| (message.headers["ce_id"].as_str(), message)).collect();
    for change in &batch.changes {
        let message = by_id[change.id.as_str()];
        assert_eq!((&message.key, &message.value), (&change.report, &change.json));
        let expected = [
            ("ce_specversion", "1.0".to_owned()),
            ("ce_id", change.id.clone()),
            ("ce_source", "/gouji/test".to_owned()),
            ("ce_type", "cn.gouji.report.gone.v1".to_owned()),
            ("ce_subject", change.report.clone()),
            ("ce_sequence", format!("{:020}", change.sequence)),
            ("content-type", "application/json".to_owned()),
        ];
        for (name, value) in expected {
            assert_eq!(message.headers.get(name), Some(&value), "{name} of {}", change.id);
        }
        assert!(message.headers["ce_time"].ends_with('Z') && message.headers["ce_logmadeat"].ends_with('Z'));
    }
    in_order(messages);
}

/// The changes of each report are in one partition, in the order of the log once repeats are dropped.
fn in_order(messages: &[Read]) {
    let mut messages: Vec<&Read> = messages.iter().collect();
    messages.sort_by_key(|message| (message.partition, message.offset));
    let mut last: BTreeMap<&str, (i64, &str)> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for message in messages {
        if !seen.insert(message.headers["ce_id"].as_str()) {
            continue;
        }
        let sequence = message.headers["ce_sequence"].as_str();
        let (partition, before) = *last.entry(&message.key).or_insert((message.partition, ""));
        assert_eq!(partition, message.partition, "{} is in two partitions", message.key);
        assert!(before < sequence, "{}: {sequence} after {before}", message.key);
        last.insert(&message.key, (partition, sequence));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_clients_read_what_is_delivered() {
    let Some((kafka, clients)) = broker("foreign_clients_read_what_is_delivered").await else { return };
    kafka.make_topic("read", 3, &[("cleanup.policy", "compact")]).await.unwrap();
    let lines = kafka.lines("SCRAM-SHA-512", USER.0, "password");
    let mut target = target(&format!("{lines}topic = \"read\"\n"));
    let said = target.test().await.unwrap().join("\n");
    assert!(said.contains("1 brokers, with TLS and SCRAM-SHA-512"), "{said}");
    assert!(said.contains("topic read: 3 partitions, 1 replicas, 1 in sync"), "{said}");
    assert!(
        said.contains("largest message: 1048588 bytes") && said.contains("cleanup.policy=compact"),
        "{said}"
    );
    let all = batch(1..=200, 900);
    target.deliver(&all).await.unwrap();
    for client in ["aiokafka", "confluent"] {
        is_whole(&kafka.read(&clients, client, "read").await.unwrap(), &all);
    }
    let delivered = target.delivered(MADE_AT).await.unwrap();
    assert_eq!(delivered, Some((1..=200).collect()));
    assert_eq!(target.delivered(MADE_AT + 1).await.unwrap(), Some(BTreeSet::new()), "of another log");

    // The same cluster by a certificate, and by PLAIN.
    let certificate = format!(
        "brokers = \"{}\"\ntls = true\nca = {:?}\ncertificate = {:?}\nkey = {:?}\ntopic = \"read\"\n",
        kafka.tls(),
        kafka.file("ca.pem"),
        kafka.file("client.pem"),
        kafka.file("client.key")
    );
    super::target(&certificate).test().await.unwrap();
    let plain = kafka.lines("PLAIN", USER.0, "password");
    super::target(&format!("{plain}topic = \"read\"\n")).test().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_changes_from_being_delivered_is_said() {
    let Some((kafka, _)) = broker("what_keeps_changes_from_being_delivered_is_said").await else { return };
    kafka.make_topic("said", 1, &[]).await.unwrap();
    let check = async |lines: String, why: &str| {
        let mut target = target(&lines);
        for error in [
            target.test().await.unwrap_err(),
            target.deliver(&batch(1..=3, 10)).await.unwrap_err(),
            target.delivered(MADE_AT).await.unwrap_err(),
        ] {
            assert!(matches!(error, TargetError::Blocked(_)), "{error}");
            assert!(error.to_string().contains(why), "{error}");
        }
    };
    let ours = kafka.lines("SCRAM-SHA-256", USER.0, "password");
    check(format!("{ours}topic = \"none\"\n"), "there is no topic none on").await;
    check(format!("{ours}topic = \"no topic\"\n"), "cannot be the name of a topic").await;
    let wrong = kafka.lines("SCRAM-SHA-256", USER.0, "wrong");
    check(format!("{wrong}topic = \"said\"\n"), "refuses the user or the password").await;
    let guest = kafka.lines("PLAIN", GUEST.0, "guest");
    check(format!("{guest}topic = \"said\"\n"), "user guest may not use the topic said").await;
    let other = ours.replace("ca.pem", "other-ca.pem");
    check(format!("{other}topic = \"said\"\n"), "no TLS with").await;
    let none = ours.replace("ca.pem", "none.pem");
    check(format!("{none}topic = \"said\"\n"), "kafka.ca = ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_large_is_refused_alone() {
    let Some((kafka, clients)) = broker("a_message_that_is_too_large_is_refused_alone").await else { return };
    kafka.make_topic("large", 2, &[("max.message.bytes", "20000")]).await.unwrap();
    let mut target = target(&format!("brokers = \"{}\"\ntopic = \"large\"\n", kafka.plain()));
    let mut all = batch(1..=30, 3_000);
    all.changes[17] = batch(18..=18, 50_000).changes.remove(0);
    let error = target.deliver(&all).await.unwrap_err();
    assert!(matches!(error, TargetError::Refused(_)), "{error}");
    let bytes = all.changes[17].json.len();
    assert!(
        error.to_string().contains(&format!("r3.v18 has {bytes} bytes and large takes 20000")),
        "{error}"
    );
    // Its neighbours pass in batches as large as the topic takes.
    let at_fault = all.changes.remove(17);
    target.deliver(&all).await.unwrap();
    let messages = kafka.read(&clients, "confluent", "large").await.unwrap();
    let ids: BTreeSet<&str> = messages.iter().map(|message| message.headers["ce_id"].as_str()).collect();
    assert_eq!(ids, all.changes.iter().map(|change| change.id.as_str()).collect());
    assert!(!ids.contains(at_fault.id.as_str()));
    in_order(&messages);
    // Compressed it fits.
    let packed = format!("brokers = \"{}\"\ntopic = \"large\"\ncompression = \"gzip\"\n", kafka.plain());
    let alone = Batch { changes: vec![at_fault], ..batch(18..=18, 0) };
    super::target(&packed).deliver(&alone).await.unwrap();
}

/// Reports, each with so many versions.
const REPORTS: usize = 400;
const VERSIONS: usize = 5;
/// How often the process is killed.
const KILLS: i64 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_however_often_the_outlet_is_killed() {
    let Some((kafka, clients)) = broker("nothing_is_lost_however_often_the_outlet_is_killed").await else {
        return;
    };
    kafka.make_topic("killed", 3, &[]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let nats = NatsServer::start(&folder.path().join("nats"), SyncInterval::Default).await.unwrap();
    let bus = BusConfig { url: Some(nats.url()), ..BusConfig::default() };
    apply(&bus, Changes::Missing).await.unwrap();
    let log = Bus::operator(&bus).await.unwrap();
    // While the outlet runs, so that every kill comes between messages.
    let publishing = tokio::spawn(async move { publish(&log).await });
    let lines = kafka.lines("SCRAM-SHA-256", USER.0, "password");
    let settings = folder.path().join("gouji.toml");
    let outlet =
        format!("[[outlet]]\nname = \"o\"\nto = \"kafka\"\n[outlet.kafka]\n{lines}topic = \"killed\"\n");
    std::fs::write(&settings, outlet).unwrap();
    let all = (REPORTS * VERSIONS) as i64;
    for _ in 0..KILLS {
        let mut process = start(folder.path(), &nats, &settings);
        let before = kafka.count("killed", 3).unwrap();
        until("some messages", Duration::from_secs(60), async || {
            let count = kafka.count("killed", 3)?;
            Ok((count >= all || count >= before + all / (2 * KILLS)).then_some(()))
        })
        .await
        .unwrap();
        process.kill().unwrap();
    }
    publishing.await.unwrap();
    let mut process = start(folder.path(), &nats, &settings);
    let mut messages = Vec::new();
    until("all messages", Duration::from_secs(60), async || {
        messages = kafka.read(&clients, "confluent", "killed").await?;
        let ids: BTreeSet<&str> = messages.iter().map(|message| message.headers["ce_id"].as_str()).collect();
        Ok((ids.len() == REPORTS * VERSIONS).then_some(()))
    })
    .await
    .unwrap();
    // A repeat has the same identity and says the same.
    let mut said: BTreeMap<&str, &Read> = BTreeMap::new();
    for message in &messages {
        let first = said.entry(&message.headers["ce_id"]).or_insert(message);
        let same =
            (&first.key, &first.headers, &first.value) == (&message.key, &message.headers, &message.value);
        assert!(same, "{message:?} and {first:?}");
    }
    in_order(&messages);
    let described: Vec<asyncapi::Message> = said
        .values()
        .map(|message| asyncapi::Message {
            channel: "kafka",
            headers: message.headers.clone(),
            payload: message.value.clone(),
        })
        .collect();
    asyncapi::check("buses::kafka", &described);
    let ended = process.terminate(Duration::from_secs(30)).await.unwrap();
    assert!(ended.success(), "{ended}: {}", process.said());
    assert!(!process.said().contains("%3|"), "librdkafka wrote to stderr: {}", process.said());
}

fn start(folder: &Path, nats: &NatsServer, settings: &Path) -> Process {
    let mut command = Command::new(program("gouji-deliver").unwrap());
    command.arg("o").env("GOUJI_CONFIG", settings).env("GOUJI_NATS_URL", nats.url()).env("GOUJI_LOG", "json");
    command.env("GOUJI_ORIGINALS", folder.join("originals"));
    Process::start("deliver", &mut command, folder).unwrap()
}

/// The facts of all versions, the earlier ones of each report first.
async fn publish(log: &Bus) {
    for version in 0..VERSIONS {
        let facts = futures::stream::iter(0..REPORTS).map(|report| async move {
            let (validated, indexed) = facts(report, version);
            log.publish(&validated).await.unwrap();
            log.publish(&indexed).await.unwrap();
        });
        facts.buffer_unordered(64).collect::<Vec<()>>().await;
    }
}

fn facts(report: usize, version: usize) -> (ReportValidated, ReportIndexed) {
    let number = report * VERSIONS + version;
    let submitted = ReportSubmitted {
        id: format!("{number:032x}-g0"),
        original: Some(Blob { sha256: format!("{number:064x}"), ..Blob::default() }),
        submitted_at_ms: MADE_AT + number as i64,
        ..ReportSubmitted::default()
    };
    let region = Some(Region { code: "370400".into(), name: "山东省枣庄市".into() });
    let agency = format!("枣庄市第{report}局");
    let validated = ReportValidated {
        submitted: Some(submitted.clone()),
        report: Some(Report {
            agency: agency.clone(),
            year: 2024,
            region: region.clone(),
            ..Report::default()
        }),
        verdict: Verdict::Pass.into(),
        ..ReportValidated::default()
    };
    let indexed = ReportIndexed {
        submitted: Some(submitted),
        report: format!("r{report:030}"),
        outcome: IndexOutcome::Current.into(),
        agency,
        year: 2024,
        region,
        verdict: Verdict::Pass.into(),
    };
    (validated, indexed)
}
