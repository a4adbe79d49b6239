//! Real readers in real child processes: what they read, what breaks them, and what the detour costs.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use parse::{LIMITS, READER_VERB, ReadDocument, Readers};
use proto::RefusalClass;
use rustix::time::{ClockId, clock_gettime};
use sandbox::{Limits, Program};
use worker::{HandlerError, Refusal};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn readers(limits: Limits) -> Readers {
    Readers::of(&Program::new(env!("CARGO_BIN_EXE_gouji-parse"), READER_VERB), limits)
}

async fn refusal(readers: &Readers, bytes: &[u8]) -> Refusal {
    match readers.read(bytes, "report").await {
        Err(HandlerError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/reports"));
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn read_here(bytes: &[u8], file_name: &str) -> (proto::v1::Report, String) {
    let document = document::read(bytes, &document::Limits::default()).unwrap();
    ((&reading::read(&document, Some(file_name))).into(), document::plain_text(&document))
}

#[tokio::test]
async fn a_child_reads_as_we_do_and_costs_little() {
    let readers = readers(LIMITS);
    let (mut here, mut there) = (Duration::ZERO, Duration::ZERO);
    for path in samples() {
        let (bytes, name) = (fs::read(&path).unwrap(), path.file_name().unwrap().to_str().unwrap());
        for _ in 0..10 {
            let begun = cpu();
            let expected = read_here(&bytes, name);
            here += cpu() - begun;
            let begun = cpu();
            let ReadDocument { report, text, cpu: of_child, .. } = readers.read(&bytes, name).await.unwrap();
            there += cpu() - begun + of_child;
            assert!((report, text) == expected, "{name} is read otherwise in a child");
        }
    }
    println!("computed here {here:?}, by way of a child {there:?}: {:.2}", there.div_duration_f64(here));
}

/// What this thread has computed.
fn cpu() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

#[tokio::test]
async fn hostile_documents_are_refused_and_others_are_read() {
    let readers = readers(LIMITS);
    let sample =
        samples().into_iter().find(|path| path.ends_with("tabs.txt")).unwrap_or(samples()[0].clone());
    let sample = fs::read(sample).unwrap();
    let check = async |bytes: Vec<u8>, class: &str| {
        let refusal = refusal(&readers, &bytes).await;
        assert_eq!(refusal.class.name(), class, "{}", refusal.detail);
        assert!(readers.read(&sample, "report").await.is_ok(), "after {class}");
    };
    check(Vec::new(), "empty").await;
    check(vec![0; 50_000_001], "too-large").await;
    check(b"\0\x01\x02\xff".repeat(10_000), "not-text").await;
    check("<div>".repeat(1_000_000).into_bytes(), "too-deep").await;
    check(format!("<p>{}", "<b>".repeat(20_000)).into_bytes(), "too-deep").await;
    check("字\n".repeat(2_000_000).into_bytes(), "too-many-lines").await;
    check(bomb(), "too-much-inflated").await;
}

/// A Word document that unpacks to gigabytes.
fn bomb() -> Vec<u8> {
    let mut packed = Cursor::new(Vec::new());
    let mut zip = ZipWriter::new(&mut packed);
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    zip.start_file("[Content_Types].xml", options).unwrap();
    zip.write_all(b"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>")
        .unwrap();
    zip.start_file("word/document.xml", options).unwrap();
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..200 {
        zip.write_all(&spaces).unwrap();
    }
    zip.finish().unwrap();
    packed.into_inner()
}

#[tokio::test]
async fn a_refusal_names_the_limit_that_was_reached() {
    let text = "一、本年新收政府信息公开申请数量\t9\n".repeat(200_000);
    let cramped = readers(Limits { memory_bytes: 24 << 20, ..LIMITS });
    let refused = refusal(&cramped, text.as_bytes()).await;
    assert_eq!(refused.class, RefusalClass::TooMuchMemory);
    assert_eq!(refused.detail, "reading wanted more than the limit memory_bytes = 25165824");
    assert!(refused.message.contains("请"), "{}", refused.message);
}

/// How long it takes is the machine's, and what it computes is the document's.
#[tokio::test]
async fn a_machine_that_is_too_slow_is_no_refusal() {
    let hasty = readers(Limits { wall: Duration::from_millis(1), ..LIMITS });
    let text = "一、本年新收政府信息公开申请数量\t9\n".repeat(200_000);
    assert!(matches!(hasty.read(text.as_bytes(), "report").await, Err(HandlerError::Failed(_))));
}

#[tokio::test]
async fn no_reader_is_no_refusal() {
    let nobody = Readers::of(&Program::new("/no/such/program", READER_VERB), LIMITS);
    assert!(matches!(nobody.read(b"text", "report").await, Err(HandlerError::Failed(_))));
}
