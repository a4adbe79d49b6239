//! Webhooks against a receiver that is not ours, which verifies each and misbehaves on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use deliver::change::{Batch, Change, State};
use deliver::target::{Target as _, TargetError};
use deliver::webhook::Webhook;
use proto::subject;
use proto::v1::{IndexOutcome, ReportIndexed};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;
use tests::asyncapi;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::{Process, program, until};
use tests::proof::{Log, archive, reports, send_until_taken};
use tests::webhook::{Receiver, SECRETS};
use worker::outlets::WebhookConfig;

/// A batch with two changes of each of three reports.
fn batch(from: u64) -> Batch {
    let change = |sequence: u64| Change {
        sequence,
        at_ms: 1_735_689_600_000,
        id: format!("r{}.v{sequence}", sequence % 3),
        report: format!("r{}", sequence % 3),
        state: State::Gone { region: "370403".into(), year: 2024 },
        json: format!("{{\"机关\":\"枣庄\",\"n\":\"{sequence}.50\"}}"),
    };
    Batch { log_made_at_ms: 1, from, to: from + 5, changes: (from..from + 6).map(change).collect() }
}

fn config(receiver: &Receiver, folder: &Path, hosts: &[&str]) -> WebhookConfig {
    for (name, secret) in ["new", "old"].iter().zip(SECRETS) {
        fs::write(folder.join(name), format!("{secret}\n")).unwrap();
    }
    WebhookConfig {
        url: receiver.url(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        secrets: vec![folder.join("new"), folder.join("old")],
        ca: Some(folder.join("ca.pem")),
        sign: worker::outlets::SignConfig::default(),
        values: BTreeMap::new(),
        parallel: 4,
    }
}

/// An authority and a certificate for `localhost`, in the folder.
fn certify(folder: &Path) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    fs::write(folder.join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    let authority = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority);
    fs::write(folder.join("server.pem"), certificate.unwrap().pem()).unwrap();
    fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
}

fn blocked(outcome: Result<(), TargetError>, part: &str) {
    match outcome {
        Err(TargetError::Blocked(error)) => {
            let error = format!("{error:#}");
            assert!(error.contains(part), "{error}");
        }
        other => panic!("{part}: {other:?}"),
    }
}

/// Every event once, and those of a report in the order of the log.
fn in_order(taken: &[Value], sequences: impl Iterator<Item = u64>) {
    let mut last = BTreeMap::new();
    for event in taken {
        let sequence: u64 = event["sequence"].as_str().unwrap().parse().unwrap();
        assert_eq!(event["id"], event["ce"]);
        assert_eq!(event["content-type"], "application/cloudevents+json; charset=utf-8");
        assert_eq!(event["type"], "cn.gouji.report.gone.v1");
        assert_eq!(event["data"]["n"], format!("{sequence}.50"));
        let before = last.insert(event["subject"].to_string(), sequence);
        assert!(before.is_none_or(|before| before < sequence), "{event} after {before:?}");
    }
    let found: BTreeSet<u64> =
        taken.iter().map(|event| event["sequence"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!((found.len(), found), (taken.len(), sequences.collect()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_gets_every_change_whatever_it_answers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certify(folder);
    let certificate = Some((folder.join("server.pem"), folder.join("server.key")));
    let test = "buses::webhook";
    let Some(mut receiver) = Receiver::start(test, folder, certificate).await.unwrap() else { return };
    let inner = ["localhost", "127.0.0.1"];
    let open = |config: &WebhookConfig| Webhook::open(config, "/gouji/枣庄").unwrap();
    let mut webhook = open(&config(&receiver, folder, &inner));

    // The test calls, and sends no event.
    let lines = webhook.test().await.unwrap();
    assert!(lines[0].contains("is at 127.0.0.1:") && lines[1].contains("localhost"), "{lines:?}");
    assert_eq!(receiver.requests(), ["HEAD /hook"]);
    // A name that leads to an inner network, an authority that nobody knows.
    let mut unlisted = open(&config(&receiver, folder, &["localhost"]));
    blocked(unlisted.test().await.map(drop), "of an inner network");
    let mut unknown = open(&WebhookConfig { ca: None, ..config(&receiver, folder, &inner) });
    blocked(unknown.test().await.map(drop), "invalid peer certificate");
    let by_address = receiver.url().replace("localhost", "127.0.0.1");
    let mut other_name = open(&WebhookConfig { url: by_address, ..config(&receiver, folder, &inner) });
    blocked(other_name.test().await.map(drop), "not valid for name");
    assert_eq!(receiver.requests().len(), 1);

    webhook.deliver(&batch(1)).await.unwrap();
    in_order(&receiver.taken().unwrap(), 1..7);

    // What concerns every message blocks. One failure is one request of several under way; the rest is sent with the
    // next try, and nothing that was taken comes again.
    let mut from = 7;
    for (behaviour, part) in [
        ("500", "500 Internal Server Error: says why"),
        ("503", "503 Service Unavailable"),
        ("401", "401 Unauthorized"),
        ("404", "404 Not Found"),
        ("close", "calling https://localhost:"),
        ("redirect", "redirects to /elsewhere; redirects are not followed"),
        ("hang", "timed out"),
    ] {
        receiver.behave(&[behaviour]).unwrap();
        blocked(webhook.deliver(&batch(from)).await, part);
        webhook.deliver(&batch(from)).await.unwrap();
        from += 6;
        in_order(&receiver.taken().unwrap(), 1..from);
    }
    assert!(!receiver.requests().contains(&"POST /elsewhere".to_owned()));

    // It asks for a pause, and is left alone for so long.
    receiver.behave(&["429 2"]).unwrap();
    blocked(webhook.deliver(&batch(from)).await, "429 Too Many Requests");
    let called = receiver.requests().len();
    blocked(webhook.deliver(&batch(from)).await, "has asked not to be called for");
    assert_eq!(receiver.requests().len(), called);
    until("the pause to end", Duration::from_secs(10), async || Ok(webhook.deliver(&batch(from)).await.ok()))
        .await
        .unwrap();
    from += 6;
    in_order(&receiver.taken().unwrap(), 1..from);

    // An answer without end is cut off.
    receiver.behave(&["huge"]).unwrap();
    webhook.deliver(&batch(from)).await.unwrap();
    from += 6;

    // One message alone is refused: the others are taken, and it is named.
    receiver.behave(&["422"]).unwrap();
    let refused = webhook.deliver(&batch(from)).await.unwrap_err();
    assert!(matches!(&refused, TargetError::Refused(_)), "{refused:?}");
    assert!(refused.to_string().contains("422 Unprocessable Entity"), "{refused}");
    let taken = receiver.taken().unwrap().len() as u64;
    assert_eq!(taken, from - 1 + 4, "the other two reports were taken");
    webhook.deliver(&batch(from)).await.unwrap();
    from += 6;
    in_order(&receiver.taken().unwrap(), 1..from);

    // It is killed while it takes: what was not answered comes again.
    receiver.kill().unwrap();
    blocked(webhook.deliver(&batch(from)).await, "calling https://localhost:");
    receiver.start_again().await.unwrap();
    webhook.deliver(&batch(from)).await.unwrap();
    from += 6;
    in_order(&receiver.taken().unwrap(), 1..from);

    // It wants no more.
    receiver.behave(&["410"]).unwrap();
    let ended = webhook.deliver(&batch(from)).await.unwrap_err();
    assert!(matches!(&ended, TargetError::Ended(_)), "{ended:?}");
    assert!(!receiver.said().contains("Traceback"), "{}", receiver.said());
}

/// Reports of the run, and how often the one side or the other is killed in it.
const REPORTS: u64 = 40;
const KILLS: usize = 8;
/// While everything else of the machine is busy too.
const PATIENCE: Duration = Duration::from_secs(120);

fn start(pipeline: &Pipeline, settings: &Path, failpoint: Option<&str>) -> Process {
    let mut command = Command::new(program("gouji-deliver").unwrap());
    for (name, value) in pipeline.command(&[]).unwrap().get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.arg("hook").env("GOUJI_CONFIG", settings).env("GOUJI_LISTEN", "127.0.0.1:0");
    if let Some(failpoint) = failpoint {
        command.env("GOUJI_FAILPOINT", failpoint);
    }
    Process::start("deliver", &mut command, settings.parent().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_either_side_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let Some(mut receiver) = Receiver::start("buses::webhook", folder, None).await.unwrap() else { return };
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    fs::write(folder.join("secret"), SECRETS[1]).unwrap();
    let settings = folder.join("gouji.toml");
    let text = format!(
        "[[outlet]]\nname = \"hook\"\nto = \"webhook\"\ncarry = \"figures\"\n[outlet.webhook]\nurl = {:?}\n\
         hosts = [\"localhost\", \"127.0.0.1\"]\nsecrets = [{:?}]\n",
        receiver.url(),
        folder.join("secret"),
    );
    fs::write(&settings, text).unwrap();
    let all = reports(42_000..42_000 + REPORTS);
    for (kill, some) in all.chunks(all.len() / KILLS).enumerate() {
        send_until_taken(&api, &format!("{kill}.zip"), &archive(some)).await;
        log.until("indexed", (kill + 1) * some.len()).await;
        // Every third dies when everything was taken and its place is not written yet.
        let failpoint = (kill % 3 == 0).then_some("delivered");
        let mut process = start(&pipeline, &settings, failpoint);
        let before = receiver.taken().unwrap().len();
        let more = async |count: usize| {
            until("another event", PATIENCE, async || {
                Ok((receiver.taken()?.len() >= before + count).then_some(()))
            })
            .await
            .unwrap_or_else(|error| panic!("{error:#}: {}", process.said()));
        };
        more(2).await;
        if kill % 2 == 1 {
            receiver.kill().unwrap();
            receiver.start_again().await.unwrap();
        }
        match failpoint {
            Some(_) => drop(process.end(SOON).await.unwrap()),
            None => process.kill().unwrap(),
        }
    }
    let mut process = start(&pipeline, &settings, None);
    let bus = pipeline.observer().await.unwrap();
    let mut expected = BTreeSet::new();
    bus.scan(&subject::filter::<ReportIndexed>(), |event| {
        let fact = event.decode::<ReportIndexed>().unwrap();
        if fact.outcome() == IndexOutcome::Current {
            expected.insert(event.sequence);
        }
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(expected.len(), all.len());
    let sequence = |event: &Value| event["sequence"].as_str().unwrap().parse::<u64>().unwrap();
    until("everything", PATIENCE, async || {
        let found: BTreeSet<u64> = receiver.taken()?.iter().map(sequence).collect();
        Ok(expected.is_subset(&found).then_some(()))
    })
    .await
    .unwrap_or_else(|error| panic!("{error:#}: {}", process.said()));
    // What came again has the same id, and once repeats are dropped a report never goes back.
    let (mut ids, mut last) = (BTreeMap::new(), BTreeMap::new());
    let taken = receiver.taken().unwrap();
    for event in &taken {
        let sequence = sequence(event);
        if let Some(id) = ids.insert(sequence, event["id"].clone()) {
            assert_eq!(id, event["id"]);
            continue;
        }
        let before = last.insert(event["subject"].to_string(), sequence);
        assert!(before.is_none_or(|before| before < sequence), "{event} after {before:?}");
    }
    assert!(taken.len() > ids.len(), "the kills made nothing come again");
    let described = |event: &Value| asyncapi::Message {
        channel: "webhook",
        headers: BTreeMap::new(),
        payload: event["event"].to_string(),
    };
    asyncapi::check("buses::webhook", &taken.iter().map(described).collect::<Vec<_>>());
    assert!(process.terminate(SOON).await.unwrap().success(), "{}", process.said());
}
