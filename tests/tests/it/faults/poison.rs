//! Files and events that nobody should have sent, among those of everybody else.

use async_nats::HeaderMap;
use proto::v1::{Blob, ReportSubmitted};
use proto::{Fact, Message as _};
use reqwest::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tests::api::{list, text, zip};
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;
use tests::proof::{Log, archive, contents, counts, id, reports, same, send_until_taken, sha256};

use super::undisturbed;

#[tokio::test]
async fn hostile_files_are_refused_once_and_their_neighbours_go_through() {
    let range = 15_000..15_030;
    let good = reports(range.clone());
    let spaces = vec![b' '; 150 << 20];
    let types = b"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";
    let bomb = zip([("[Content_Types].xml", &types[..]), ("word/document.xml", &spaces)]).unwrap();
    let poison: [(&str, Vec<u8>, &str); 5] = [
        ("bomb.docx", bomb, "too-much-inflated"),
        ("deep.html", "<div>".repeat(1_000_000).into_bytes(), "too-deep"),
        ("long.txt", "字\n".repeat(2_000_000).into_bytes(), "too-many-lines"),
        ("bytes.txt", b"\0\x01\x02\xff".repeat(10_000), "not-text"),
        ("torn.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n".to_vec(), "broken-file"),
    ];
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let (status, problem) = api.send("huge.txt", vec![b'x'; 50_000_001], None).await.unwrap();
    assert_eq!((status, text(&problem["code"]).as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too-large"));
    let sending = async {
        for batch in good.chunks(6) {
            send_until_taken(&api, "some.zip", &archive(batch)).await;
        }
    };
    let poisoning = async {
        for (name, bytes, _) in &poison {
            send_until_taken(&api, name, bytes).await;
        }
    };
    tokio::join!(sending, poisoning);
    log.until("indexed", good.len()).await;
    log.until("refused", poison.len()).await;
    let ids: Vec<String> = poison.iter().map(|(_, bytes, _)| id(bytes)).collect();
    let states = api.states(&ids).await.unwrap();
    for ((name, _, class), state) in poison.iter().zip(list(&states)) {
        assert_eq!((&state["state"], &state["class"]), (&json!("refused"), &json!(class)), "{name}");
    }
    counts(&api, good.len() + poison.len(), good.len(), poison.len()).await;
    same(&contents(&api).await, &undisturbed(range).await);
}

/// Readers that somebody kills, or that get no time to compute, cost no report: others read what they had.
#[tokio::test]
async fn readers_that_die_or_stand_still_cost_nothing() {
    let reports = reports(15_100..15_112);
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let all = |signal| {
        for reader in children(pipeline.parse[0].process.id()) {
            kill_process(Pid::from_raw(reader).unwrap(), signal).ok();
        }
    };
    send_until_taken(&api, "first.txt", "某县财政局2024年政府信息公开工作年度报告".as_bytes()).await;
    log.until("indexed", 1).await;
    let end: [&dyn Fn(); 3] = [
        &|| all(Signal::KILL),
        // As a fault of the program would; it comes to a process once that goes on.
        &|| [Signal::SEGV, Signal::CONT].into_iter().for_each(all),
        // Longer than a reader may take.
        &|| (),
    ];
    for (number, (victims, end)) in reports.chunks(4).zip(end).enumerate() {
        assert!(!children(pipeline.parse[0].process.id()).is_empty(), "somebody read what was before");
        all(Signal::STOP);
        send_until_taken(&api, &format!("{number}.zip"), &archive(victims)).await;
        until("the victims to be at a reader", SOON, async || {
            Ok((pipeline.parse[0].metric("gouji_stage_in_flight").await? >= 4.0).then_some(()))
        })
        .await
        .unwrap();
        end();
        log.until("indexed", 1 + 4 * (number + 1)).await;
    }
    assert!(log.refusals().await.is_empty());
}

/// The processes that this one started.
fn children(parent: u32) -> Vec<i32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| {
        // pid (name) state parent …
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let parents =
            stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        parents == Some(parent)
    })
    .collect()
}

/// Events put on the log by hand: each goes no further, with its class, and nobody stumbles.
#[tokio::test]
async fn events_that_cannot_be_understood_are_refused() {
    let good = reports(15_200..15_206);
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let original = |bytes: &[u8]| Blob {
        sha256: sha256(bytes),
        size_bytes: bytes.len() as u64,
        media_type: "text/plain".into(),
    };
    let fact = |bytes: &[u8]| ReportSubmitted {
        id: id(bytes),
        original: Some(original(bytes)),
        file_name: "by-hand.txt".into(),
        submitted_at_ms: 1,
        ..Default::default()
    };
    // Stored, and its bytes changed since.
    let tampered = b"tampered with";
    let stored = pipeline.blobs().await.unwrap().put(&tampered[..], 100).await.unwrap();
    let place = pipeline.originals_folder().join(&stored.sha256[..2]).join(&stored.sha256);
    std::fs::write(&place, b"tampered WITH").unwrap();
    let subject = |id: &str| format!("gouji.v1.submitted.{id}._._._._");
    let newer = ("ce-type", "gouji.v2.ReportSubmitted");
    let same_type = ("ce-type", ReportSubmitted::TYPE);
    let whole = |bytes: &[u8]| fact(bytes).encode_to_vec();
    let events = [
        ("a version that nobody knows yet", subject(&id(b"1")), newer, whole(b"1"), "undecodable-event"),
        ("cut short", subject(&id(b"2")), same_type, whole(b"2")[..20].to_vec(), "undecodable-event"),
        ("about another report", subject(&id(b"3")), same_type, whole(b"4"), "undecodable-event"),
        (
            "of no subject of the contract",
            "gouji.v1.submitted.odd._._._._.odd".into(),
            same_type,
            whole(b"5"),
            "undecodable-event",
        ),
        ("whose original is not there", subject(&id(b"6")), same_type, whole(b"6"), "original-lost"),
        ("whose original was changed", subject(&id(tampered)), same_type, whole(tampered), "original-lost"),
    ];
    let client = async_nats::connect(pipeline.nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    for (_, subject, (name, value), payload, _) in &events {
        let mut headers = HeaderMap::new();
        headers.insert(*name, *value);
        let sent = jetstream.publish_with_headers(subject.clone(), headers, payload.clone().into());
        sent.await.unwrap().await.unwrap();
    }
    for report in &good {
        send_until_taken(&api, &report.file_name, &report.bytes).await;
    }
    log.until("refused", events.len()).await;
    log.until("indexed", good.len()).await;
    let mut classes: Vec<String> = log.refusals().await.into_iter().map(|refused| refused.class).collect();
    classes.sort();
    let mut expected: Vec<&str> = events.iter().map(|(.., class)| *class).collect();
    expected.sort_unstable();
    assert_eq!(classes, expected);
}
