//! A disk without room refuses nobody, and one report that cannot be written keeps out no other.

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::*;

#[tokio::test]
async fn a_disk_without_room_is_waited_for() {
    let setup = Setup::new().await;
    // Files of half a megabyte and no more: the writer sees the same error as on a full disk.
    let mut limited = Command::new("sh");
    let index = program("gouji-index").unwrap();
    limited.args(["-c", "trap '' XFSZ; ulimit -S -f 1024; exec \"$0\" 2>/dev/null"]).arg(index);
    limited.stderr(Stdio::null());
    let indexer = setup.start_as("a", limited);
    let mut facts = Vec::new();
    for number in 0..12 {
        let mut fact = setup.validated(number).await;
        // Nothing that compresses: every character once in a while.
        let text: String = (0..60_000_u32)
            .filter_map(|place| {
                char::from_u32(0x4e00 + (place.wrapping_mul(2_654_435_761) ^ (number as u32 * 7919)) % 20_000)
            })
            .collect();
        setup.blobs.put(text.as_bytes(), u64::MAX).await.unwrap();
        fact.text = Some(Blob { sha256: sha256(text.as_bytes()), ..Default::default() });
        facts.push(fact);
    }
    for fact in &facts {
        setup.log.publish(fact).await.unwrap();
    }
    indexer.says("the index cannot be written").await;
    let counts = setup.counts().await;
    assert!(counts.indexed < 12 && counts.refused == 0, "{counts:?}");
    let pid = Pid::from_raw(indexer.process.id().cast_signed()).unwrap();
    prlimit(Some(pid), Resource::Fsize, Rlimit { current: None, maximum: None }).unwrap();
    setup.indexed(12).await;
    indexer.says("ready").await;
    assert_eq!(setup.contents("a").len(), 12);
    assert_eq!(setup.counts().await.refused, 0);
}

#[tokio::test]
async fn one_that_cannot_be_written_keeps_out_no_other() {
    let setup = Setup::new().await;
    setup.publish(0..1).await;
    let indexer = setup.start("a");
    setup.indexed(1).await;
    indexer.end().await;
    // What the index holds of the second report is damaged.
    let damaged = setup.validated(1).await;
    let report = report::Review::try_from(&damaged).unwrap().report;
    let folder = search::Generations::new(setup.index("a"));
    let engine = tantivy::Index::open_in_dir(folder.path(folder.current().unwrap().unwrap())).unwrap();
    let schema = engine.schema();
    let mut document = tantivy::TantivyDocument::new();
    document.add_text(schema.get_field("key").unwrap(), search::Entry::key_of(&report, ""));
    document.add_bytes(schema.get_field("card").unwrap(), b"no card");
    engine.tokenizers().register("cn", tantivy::tokenizer::SimpleTokenizer::default());
    let mut writer: tantivy::IndexWriter = engine.writer_with_num_threads(1, 20 << 20).unwrap();
    writer.add_document(document).unwrap();
    let mut commit = writer.prepare_commit().unwrap();
    commit.set_payload("0@0");
    commit.commit().unwrap();
    drop(writer);
    setup.publish(1..20).await;
    let _indexer = setup.start("a");
    setup.indexed(19).await;
    let id = damaged.id().to_owned();
    let refused = setup.refusal(&id).await;
    assert_eq!(
        (refused.class.as_str(), refused.attempts.len()),
        (proto::RefusalClass::GaveUp.name(), worker::retry::ATTEMPTS)
    );
    assert!(refused.detail.contains("damaged"), "{}", refused.detail);
    let counts = setup.counts().await;
    assert_eq!((counts.indexed, counts.refused), (19, 1));
}
