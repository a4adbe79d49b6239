//! Writers of the drop folder that pause, and files in it that are no reports.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;
use tests::proof::{Log, counts, reports, sha256};

/// Longer than anything here takes, so that only end marks make a file complete.
const NEVER: &str = "3600";

#[tokio::test]
async fn a_file_is_taken_whole_or_not_at_all() {
    let settings = [("GOUJI_INBOX_QUIET_SECONDS", NEVER.to_owned())];
    let pipeline = Pipeline::start_with(Shape::default(), &settings).await.unwrap();
    let (api, mut log, inbox) = (pipeline.api(), Log::of(&pipeline).await, pipeline.inbox());
    let reports = reports(16_300..16_308);
    let mut others = reports[1..].iter();
    // A report that is complete, so that several polls are over once it is taken.
    let mut polls_pass = async || {
        let report = others.next().unwrap();
        fs::write(inbox.join(&report.file_name), &report.bytes).unwrap();
        fs::write(inbox.join(format!("{}.ok", report.file_name)), "").unwrap();
        taken(&inbox, &report.file_name).await;
    };

    // A writer that pauses.
    let slow = inbox.join("慢.html");
    let mut writer = File::create(&slow).unwrap();
    for part in reports[0].bytes.chunks(reports[0].bytes.len().div_ceil(2)) {
        writer.write_all(part).unwrap();
        polls_pass().await;
        assert!(slow.exists(), "half a report, or one that nobody called complete, was taken");
    }
    // A checksum that does not fit, and then one that does.
    let sum = inbox.join("慢.html.sha256");
    fs::write(&sum, format!("{}  慢.html\n", "0".repeat(64))).unwrap();
    fs::write(inbox.join("慢.html.ok"), "").unwrap();
    polls_pass().await;
    assert!(slow.exists(), "its checksum does not fit");
    fs::write(&sum, format!("{}  慢.html\n", sha256(&reports[0].bytes))).unwrap();
    let receipt = taken(&inbox, "慢.html").await;
    assert_eq!(receipt["reports"][0]["original"], sha256(&reports[0].bytes), "{receipt}");
    for suffix in [".ok", ".sha256"] {
        assert!(
            !inbox.join(format!("慢.html{suffix}")).exists(),
            "the end mark of one file is that of no other"
        );
        assert!(inbox.join(format!("done/慢.html{suffix}")).exists(), "{suffix}");
    }

    // What is no report, though its end mark says that it is complete.
    let names = [
        "a.docx.md5",
        "a.docx.sm3",
        "manifest.json",
        "批次.manifest.csv",
        "a.receipt.json",
        "~$a.docx",
        ".a.docx",
        "a.docx.part",
        "a.docx.filepart",
        "a.docx.crdownload",
        "a.tmp",
        "Thumbs.db",
    ];
    for name in names {
        fs::write(inbox.join(name), "no report").unwrap();
        fs::write(inbox.join(format!("{name}.ok")), "").unwrap();
    }
    polls_pass().await;
    polls_pass().await;
    for name in names {
        assert!(inbox.join(name).exists(), "{name} was taken for a report");
    }
    log.until("indexed", 6).await;
    counts(&api, 6, 6, 0).await;
}

/// Waits until a file lies in `done`; its receipt.
async fn taken(inbox: &Path, name: &str) -> Value {
    let done = inbox.join("done").join(name);
    let receipt = inbox.join(format!("done/{name}.receipt.json"));
    until("the file to be taken", SOON, async || {
        Ok(if done.exists() { serde_json::from_slice(&fs::read(&receipt)?)? } else { None })
    })
    .await
    .unwrap()
}
