//! Submissions from a topic.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tests::api::zip;
use tests::generate::Generated;
use tests::kafka::{Kafka, USER};
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::{program, until};
use tests::proof::{Log, reports, sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::broker;
use crate::observed::s3_server::S3Server;

type Message = (i32, Vec<(&'static str, String)>, Option<Vec<u8>>);

/// A settings file with an inlet, and the file of keys with that of a city.
fn settings(folder: &Path, kafka: &Kafka, topic: &str, region: &str, more: &str) -> (PathBuf, PathBuf) {
    let keys = folder.join("keys.toml");
    let mut command = Command::new(program("gouji").unwrap());
    command.args(["key", "new", "--name", "city", "--role", "submit", "--region", region, "--file"]);
    let made = command.arg(&keys).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let lines = kafka.lines("SCRAM-SHA-512", USER.0, "password");
    let text = format!(
        "[[inlet]]\nname = \"i\"\nfrom = \"kafka\"\nsender = \"city\"\n[inlet.kafka]\n{lines}topic = \"{topic}\"\n\
         group = \"{topic}\"\n{more}"
    );
    let file = folder.join("gouji.toml");
    std::fs::write(&file, text).unwrap();
    (file, keys)
}

fn variables((settings, keys): (PathBuf, PathBuf)) -> Vec<(&'static str, String)> {
    vec![
        ("GOUJI_CONFIG", settings.display().to_string()),
        ("GOUJI_KEYS", keys.display().to_string()),
        // The inlet says why it waits.
        ("RUST_LOG", "info".to_owned()),
    ]
}

/// A file server on loopback: every path is a file of this name.
async fn serve(files: BTreeMap<String, Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut request = vec![0; 8_192];
            let read = client.read(&mut request).await.unwrap_or_default();
            let asked = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = asked.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
            let (status, body) = files.get(path).map_or(("404 Not Found", &[][..]), |body| ("200 OK", body));
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            client.write_all(&[head.as_bytes(), body].concat()).await.ok();
        }
    });
    address
}

/// So many reports of one province, and one of another.
fn of_one_province(count: usize) -> (Vec<Generated>, Generated) {
    let all = reports(0..count as u64 * 40 + 40);
    let province = |report: &Generated| report.truth.region_code[..2].to_owned();
    let first = province(&all[0]);
    let (ours, theirs): (Vec<_>, Vec<_>) = all.into_iter().partition(|report| province(report) == first);
    assert!(ours.len() >= count);
    (ours.into_iter().take(count).collect(), theirs.into_iter().next().unwrap())
}

fn reference(place: (&str, &str), sha256: &str, name: &str) -> Option<Vec<u8>> {
    let (kind, address) = place;
    Some(json!({kind: address, "sha256": sha256, "file_name": name}).to_string().into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_become_submissions_and_what_is_none_is_kept() {
    let Some((kafka, _)) = broker("messages_become_submissions_and_what_is_none_is_kept").await else {
        return;
    };
    kafka.make_topic("in", 2, &[("max.message.bytes", "5000000")]).await.unwrap();
    let (ours, theirs) = of_one_province(4);
    let s3 = S3Server::start().await;
    let object = s3.file_of("年报/四.html");
    std::fs::create_dir_all(object.parent().unwrap()).unwrap();
    std::fs::write(object, &ours[3].bytes).unwrap();
    let files = serve(BTreeMap::from([("a".to_owned(), ours[1].bytes.clone())])).await;
    let folder = tempfile::tempdir().unwrap();
    let [_, (_, endpoint), _, (_, access), (_, secret)] = s3.settings("");
    let more = format!(
        "hosts = [\"{files}\"]\n[inlet.kafka.s3]\nbuckets = [\"reports\"]\nendpoint = \"{endpoint}\"\n\
         access_key = {access:?}\nsecret_key = {secret:?}\npath_style = true\n"
    );
    let region = &ours[0].truth.region_code[..2];
    let settings = settings(folder.path(), &kafka, "in", region, &more);
    let pipeline = Pipeline::start_with(Shape::default(), &variables(settings)).await.unwrap();
    let mut log = Log::of(&pipeline).await;

    let named = |name: &str| ("file_name", name.to_owned());
    let event = |id: &str| vec![("ce_id", id.to_owned()), ("ce_source", "/city".to_owned())];
    let as_json = || vec![("content-type", "application/json".to_owned())];
    let url = format!("http://{files}/a");
    let wrong = sha256(b"something else");
    let archive = zip([("内.html", ours[2].bytes.as_slice())]).unwrap();
    let first = Some(ours[0].bytes.clone());
    let good: Vec<Message> = vec![
        (0, [event("1"), vec![named("一.html")]].concat(), first.clone()),
        (0, [event("1"), vec![named("一.html")]].concat(), first),
        (1, as_json(), reference(("url", &url), &sha256(&ours[1].bytes), "二.html")),
        (1, vec![named("三.zip")], Some(archive)),
        (1, as_json(), reference(("s3", "s3://reports/年报/四.html"), &sha256(&ours[3].bytes), "四.html")),
    ];
    let bad: Vec<(&str, Message)> = vec![
        ("the message says", (0, as_json(), reference(("url", &url), &wrong, "a.html"))),
        ("404", (0, as_json(), reference(("url", &format!("http://{files}/b")), &wrong, "a.html"))),
        (
            "is not in kafka.hosts",
            (1, as_json(), reference(("url", "http://127.0.0.1:1/a"), &wrong, "b.html")),
        ),
        ("has no object", (0, as_json(), reference(("s3", "s3://reports/none"), &wrong, "c.html"))),
        (
            "is not in kafka.s3.buckets",
            (0, as_json(), reference(("s3", "s3://other/none"), &wrong, "c.html")),
        ),
        ("the value is empty", (1, Vec::new(), None)),
        ("not the JSON of a reference", (0, as_json(), Some(b"<html>".to_vec()))),
        ("another message with this ce_id", (0, event("1"), Some(b"other bytes".to_vec()))),
        ("kafka.message_kb is 1000", (1, vec![named("大.html")], Some(vec![b'a'; 1_200_000]))),
    ];
    let foreign = (1, vec![named("别处.html")], Some(theirs.bytes.clone()));
    kafka.send("in", &good).await.unwrap();
    let messages: Vec<Message> = bad.iter().map(|(_, message)| message.clone()).collect();
    kafka.send("in", &messages).await.unwrap();
    kafka.send("in", &[foreign]).await.unwrap();

    log.until("indexed", 4).await;
    log.until("refused", bad.len() + 1).await;
    log.until("submitted", 4 + bad.len() + 1).await;
    let all = (good.len() + bad.len() + 1) as i64;
    until("the offsets", SOON, async || Ok((kafka.committed("in", "in", 2)? == all).then_some(())))
        .await
        .unwrap();

    let blobs = pipeline.blobs().await.unwrap();
    let refusals = log.refusals().await;
    for (why, (_, _, value)) in &bad {
        let refused = refusals.iter().find(|refused| refused.detail.contains(why));
        let refused = refused.unwrap_or_else(|| panic!("{why} is not among {refusals:#?}"));
        let class = if why.contains("message_kb") { "too-large" } else { "bad-envelope" };
        assert_eq!(refused.class, class, "{why}");
        let submitted = refused.submitted.as_ref().unwrap();
        assert_eq!((submitted.sender.as_str(), submitted.door.as_str()), ("city", "kafka"));
        assert!(refused.detail.starts_with("in-"), "{}", refused.detail);
        assert!(!refused.message.is_ascii(), "{}", refused.message);
        let kept = blobs.get(&submitted.original.as_ref().unwrap().sha256).await.unwrap();
        assert_eq!(kept, value.clone().unwrap_or_default(), "{why}");
    }
    assert!(refusals.iter().any(|refused| refused.class == "not-yours"), "{refusals:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_waits_while_there_is_no_room_and_no_kill_loses_a_message() {
    let Some((kafka, _)) = broker("a_topic_waits_while_there_is_no_room_and_no_kill_loses_a_message").await
    else {
        return;
    };
    const COUNT: usize = 90;
    const FIRST: usize = 15;
    kafka.make_topic("room", 3, &[]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (_, keys) = settings(folder.path(), &kafka, "room", "61", "");
    // Nobody's scope this time: the reports are of all provinces.
    let file = folder.path().join("gouji.toml");
    let text = std::fs::read_to_string(&file).unwrap().replace("sender = \"city\"\n", "");
    std::fs::write(&file, text).unwrap();
    let mut variables = variables((file, keys));
    variables.retain(|(name, _)| *name != "GOUJI_KEYS");
    variables.push(("GOUJI_HIGH_WATER", "10".to_owned()));
    let mut pipeline = Pipeline::start_with(Shape::default(), &variables).await.unwrap();
    let mut log = Log::of(&pipeline).await;
    pipeline.parse[0].kill().unwrap();
    let reports = reports(0..COUNT as u64);
    let messages: Vec<Message> = reports
        .iter()
        .enumerate()
        .map(|(number, report)| {
            let headers = vec![("file_name", report.file_name.clone())];
            ((number % 3) as i32, headers, Some(report.bytes.clone()))
        })
        .collect();
    let committed = || kafka.committed("room", "room", 3).unwrap();
    let (first, rest) = messages.split_at(FIRST);
    kafka.send("room", first).await.unwrap();
    until("the first to be taken", SOON, async || Ok((committed() == FIRST as i64).then_some(())))
        .await
        .unwrap();
    // Ingest counts what waits every two seconds. The same report once more is nothing new.
    let api = pipeline.api();
    until("ingest to be busy", SOON, async || {
        let (status, _) = api.send(&reports[0].file_name, reports[0].bytes.clone(), None).await?;
        Ok((status.as_u16() == 503).then_some(()))
    })
    .await
    .unwrap();
    kafka.send("room", rest).await.unwrap();
    until("the inlet to wait", SOON, async || {
        Ok(pipeline.ingest.process.said().contains("the inlet waits: busy").then_some(()))
    })
    .await
    .unwrap();
    assert_eq!(committed(), FIRST as i64, "messages were taken without room for them");
    pipeline.parse[0].start_again().unwrap();
    for kill in 1..=2 {
        until("some to be taken", Duration::from_secs(60), async || {
            Ok((committed() >= 25 * kill).then_some(()))
        })
        .await
        .unwrap();
        pipeline.ingest.kill().unwrap();
        pipeline.ingest.start_again().unwrap();
    }
    log.until("indexed", COUNT).await;
    until("the offsets", SOON, async || Ok((committed() == COUNT as i64).then_some(()))).await.unwrap();
    let counts = log.observer.counts().await.unwrap();
    assert_eq!((counts.submitted, counts.indexed, counts.refused), (COUNT as u64, COUNT as u64, 0));
    let ended = pipeline.ingest.terminate().await.unwrap();
    assert!(ended.success(), "{ended}");
}
