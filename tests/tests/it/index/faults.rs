//! A disk without room refuses nobody, and one report that cannot be written keeps out no other.

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::*;

#[tokio::test]
async fn a_disk_without_room_is_waited_for() {
    let house = House::new().await;
    // Files of half a megabyte and no more: the same as a full disk to whoever writes.
    let mut limited = Command::new("sh");
    let index = program("gouji-index").unwrap();
    limited.args(["-c", "trap '' XFSZ; ulimit -S -f 1024; exec \"$0\" 2>/dev/null"]).arg(index);
    limited.stderr(Stdio::null());
    let keeper = house.start_as("a", limited);
    let mut facts = Vec::new();
    for number in 0..12 {
        let mut fact = house.validated(number).await;
        // Nothing that compresses: every character once in a while.
        let text: String = (0..60_000_u32)
            .filter_map(|place| {
                char::from_u32(0x4e00 + (place.wrapping_mul(2_654_435_761) ^ (number as u32 * 7919)) % 20_000)
            })
            .collect();
        house.blobs.put(text.as_bytes(), u64::MAX).await.unwrap();
        fact.text = Some(Blob { sha256: sha256(text.as_bytes()), ..Default::default() });
        facts.push(fact);
    }
    for fact in &facts {
        house.log.publish(fact).await.unwrap();
    }
    keeper.says("the index cannot be written").await;
    let counts = house.counts().await;
    assert!(counts.indexed < 12 && counts.refused == 0, "{counts:?}");
    let pid = Pid::from_raw(keeper.process.id().cast_signed()).unwrap();
    prlimit(Some(pid), Resource::Fsize, Rlimit { current: None, maximum: None }).unwrap();
    house.indexed(12).await;
    keeper.says("ready").await;
    assert_eq!(house.contents("a").len(), 12);
    assert_eq!(house.counts().await.refused, 0);
}

#[tokio::test]
async fn one_that_cannot_be_written_keeps_out_no_other() {
    let house = House::new().await;
    house.publish(0..1).await;
    let keeper = house.start("a");
    house.indexed(1).await;
    keeper.end().await;
    // What the index holds of the second report is damaged.
    let damaged = house.validated(1).await;
    let report = report::Review::try_from(&damaged).unwrap().report;
    let folder = search::Generations::new(house.index("a"));
    let engine = tantivy::Index::open_in_dir(folder.path(folder.current().unwrap().unwrap())).unwrap();
    let schema = engine.schema();
    let mut document = tantivy::TantivyDocument::new();
    document.add_text(schema.get_field("key").unwrap(), search::Entry::key_of(&report, ""));
    document.add_bytes(schema.get_field("card").unwrap(), b"no card");
    for name in ["words", "cn"] {
        engine.tokenizers().register(name, tantivy::tokenizer::SimpleTokenizer::default());
    }
    let mut writer: tantivy::IndexWriter = engine.writer_with_num_threads(1, 20 << 20).unwrap();
    writer.add_document(document).unwrap();
    let mut commit = writer.prepare_commit().unwrap();
    commit.set_payload("0@0");
    commit.commit().unwrap();
    drop(writer);
    house.publish(1..20).await;
    let _keeper = house.start("a");
    house.indexed(19).await;
    let id = damaged.id().to_owned();
    let refused = house.refusal(&id).await;
    assert_eq!(
        (refused.class.as_str(), refused.attempts.len()),
        (proto::RefusalClass::GaveUp.name(), worker::retry::ATTEMPTS)
    );
    assert!(refused.detail.contains("damaged"), "{}", refused.detail);
    let counts = house.counts().await;
    assert_eq!((counts.indexed, counts.refused), (19, 1));
}
