//! What one sender sends does not stand before the reports of the others. Counted on the log, not by the clock.

use std::process::Command;

use bus::{Bus, Event};
use proto::Fact as _;
use proto::subject;
use proto::v1::{ReportIndexed, ReportParsed, ReportRefused, ReportSubmitted, ReportValidated};
use reqwest::StatusCode;
use tests::api::zip;
use tests::pipeline::SOON;
use tests::processes::{program, until};

use super::{Keys, Setup, report};

/// Reports of the archive that floods the pipeline.
const FLOOD: u64 = 1_000;
/// What may be on its way besides: messages in flight of one process of each stage.
const IN_FLIGHT: usize = 64;

async fn open() -> Setup {
    let mut keys = Keys::new();
    keys.add("operator", &["--role", "operate"]);
    keys.add("flood", &["--role", "operate"]);
    keys.add("other", &["--role", "operate"]);
    Setup::open(keys, &[("GOUJI_RATE", "10000")]).await
}

impl Setup {
    fn operate(&self, arguments: &[&str]) {
        let mut command = Command::new(program("gouji").unwrap());
        command.args(arguments).args(["--nats", &self.pipeline.nats.url()]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    async fn send_archive(&self, who: &str, files: Vec<(String, Vec<u8>)>) {
        let archive = zip(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))).unwrap();
        let (status, receipt) = self.post(who, "/api/v1/reports?file_name=all.zip", archive).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{receipt}");
    }
}

async fn log(bus: &Bus) -> Vec<Event> {
    let mut events = Vec::new();
    bus.scan(subject::ALL, |event| {
        events.push(event);
        Ok(())
    })
    .await
    .unwrap();
    events
}

/// How many other reports came to this state between the submission of `id` and its own.
async fn before(bus: &Bus, id: &str, states: &[&str]) -> usize {
    let events = log(bus).await;
    let of = |facts: &[&str]| {
        let found = events.iter().find(|event| event.id() == id && facts.contains(&event.fact()));
        found.map(|event| event.sequence).unwrap()
    };
    let between = of(&[ReportSubmitted::NAME])..of(states);
    let others = |event: &&Event| states.contains(&event.fact()) && between.contains(&event.sequence);
    events.iter().filter(others).count()
}

#[tokio::test]
async fn an_archive_does_not_stand_before_a_single_report() {
    let setup = open().await;
    let bus = setup.pipeline.observer().await.unwrap();
    // The index takes nothing, so the flood fills what it may fill, and stays there.
    setup.operate(&["pause", "index"]);
    let files = (0..FLOOD).map(|index| (format!("{index}.html"), report(index).bytes)).collect();
    setup.send_archive("flood", files).await;
    let mut parsed = 0;
    until("the flood to fill what it may fill", 4 * SOON, async || {
        let before = std::mem::replace(&mut parsed, bus.last_sequence::<ReportValidated>().await?);
        let lag = bus.lag_now().await?;
        let waiting = lag.iter().find(|lag| lag.stage == "index").map_or(0, |lag| lag.waiting);
        Ok((waiting > 256 && parsed == before).then_some(()))
    })
    .await
    .unwrap();
    let (id, _) = setup.send("other", &report(FLOOD)).await;
    setup.until_state("other", &id, ReportValidated::NAME).await;
    let validated = before(&bus, &id, &[ReportValidated::NAME]).await;
    assert!(validated <= IN_FLIGHT, "{validated} of the archive were validated before it");
    let lag = bus.lag_now().await.unwrap();
    let bulk = lag.iter().find(|lag| lag.stage == "parse-bulk").unwrap();
    assert!(bulk.waiting > FLOOD / 2, "{bulk:?}");
    setup.operate(&["resume", "index"]);
    until("the report to be indexed", 4 * SOON, async || {
        Ok(bus.last_of_id::<ReportIndexed>(&id).await?.map(drop))
    })
    .await
    .unwrap();
    let indexed = before(&bus, &id, &[ReportIndexed::NAME]).await;
    assert!(indexed <= 256 + 2 * IN_FLIGHT + 400, "{indexed} of the archive were indexed before it");
}

#[tokio::test]
async fn many_single_reports_do_not_stand_before_that_of_another() {
    let setup = open().await;
    let bus = setup.pipeline.observer().await.unwrap();
    setup.operate(&["pause", "parse"]);
    for index in 0..40 {
        setup.send("flood", &report(index)).await;
    }
    let (id, _) = setup.send("other", &report(40)).await;
    let lag = bus.lag_now().await.unwrap();
    let waiting: Vec<_> = lag.iter().take(2).map(|lag| (lag.stage, lag.waiting)).collect();
    assert_eq!(waiting, [("parse", 5), ("parse-bulk", 36)]);
    setup.operate(&["resume", "parse"]);
    setup.until_state("other", &id, ReportIndexed::NAME).await;
    let parsed = before(&bus, &id, &[ReportParsed::NAME]).await;
    assert!(parsed <= 20, "{parsed} of 40 were parsed before it");
    // The sender who waited may send single reports again.
    let last = setup.send("flood", &report(39)).await;
    setup.until_state("flood", &last.0, ReportIndexed::NAME).await;
    setup.send("flood", &report(41)).await;
    let submitted = log(&bus).await.into_iter().rfind(|event| event.fact() == ReportSubmitted::NAME);
    assert_eq!(submitted.unwrap().consumer(), Some("parse"));
}

/// Files that are small and slow to read: one sentence with thousands of numbers.
#[tokio::test]
async fn an_archive_of_slow_files_does_not_hold_up_a_report() {
    let setup = open().await;
    let bus = setup.pipeline.observer().await.unwrap();
    let slow = |number: usize| {
        let sentence = format!("第{number}号：") + &"全年主动公开政府信息111条，其中A1条、".repeat(2_500);
        (format!("{number}.txt"), sentence.into_bytes())
    };
    setup.send_archive("flood", (0..12).map(slow).collect()).await;
    let (id, _) = setup.send("other", &report(0)).await;
    setup.until_state("other", &id, ReportIndexed::NAME).await;
    let read = before(&bus, &id, &[ReportParsed::NAME, ReportRefused::NAME]).await;
    let cores = std::thread::available_parallelism().unwrap().get();
    // Those that were being read, and those that began while the report was fetched.
    assert!(read <= 2 * cores, "{read} of 12 were read before it");
}
