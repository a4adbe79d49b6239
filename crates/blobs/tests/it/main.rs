//! Blobs in a folder and in an object store on a real nats-server.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

#[path = "../../../bus/tests/it/server.rs"]
mod server;

use std::path::PathBuf;
use std::time::Duration;

use blobs::{Blobs, BlobsConfig, GetError, PutError, StoredText};
use bus::topology::{Changes, apply};
use bus::{Bus, BusConfig};
use futures::TryStreamExt;

use server::Server;

const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

async fn check(originals: &Blobs) {
    let first = originals.put(&b"abc"[..], 3).await.unwrap();
    assert_eq!((first.sha256.as_str(), first.size_bytes, first.new), (ABC, 3, true));
    assert!(!originals.put(&b"abc"[..], 3).await.unwrap().new);
    assert_eq!(originals.get(ABC).await.unwrap(), "abc");
    assert!(originals.exists(ABC).await.unwrap());

    assert!(matches!(originals.put(&b"abcd"[..], 3).await, Err(PutError::TooLarge { limit_bytes: 3 })));
    assert!(matches!(originals.get(&"0".repeat(64)).await, Err(GetError::Missing(_))));
    assert!(matches!(originals.get("../../etc/passwd").await, Err(GetError::Missing(_))));
    assert!(!originals.exists(&"0".repeat(64)).await.unwrap());

    assert_eq!(originals.put(&b""[..], 3).await.unwrap().size_bytes, 0);
    let large: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    let stored = originals.put(&large[..], u64::MAX).await.unwrap();
    assert_eq!(originals.get(&stored.sha256).await.unwrap(), large);

    let mut listed: Vec<_> =
        originals.list().map_ok(|one| (one.sha256, one.size_bytes)).try_collect().await.unwrap();
    listed.sort();
    let mut put = vec![(EMPTY.to_owned(), 0), (ABC.to_owned(), 3), (stored.sha256, 3_000_000)];
    put.sort();
    assert_eq!(listed, put);

    let broken_off = tokio_util::io::StreamReader::new(futures::stream::iter([
        Ok(&b"abc"[..]),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]));
    assert!(matches!(originals.put(broken_off, 10).await, Err(PutError::Source(_))));
}

#[tokio::test]
async fn a_folder_keeps_originals() {
    let folder = tempfile::tempdir().unwrap();
    let originals = Blobs::folder(folder.path()).unwrap();
    check(&originals).await;
    let left = std::fs::read_dir(folder.path().join("incoming")).unwrap().count();
    assert_eq!(left, 0, "nothing half-stored stays");

    let place: PathBuf = folder.path().join("ba").join(ABC);
    std::fs::write(&place, "abd").unwrap();
    assert!(matches!(originals.get(ABC).await, Err(GetError::Corrupt(_))));
    assert!(originals.put(&b"abc"[..], 3).await.unwrap().new, "one with a flipped byte is replaced");
    assert_eq!(originals.get(ABC).await.unwrap(), "abc");
    assert!(!originals.put(&b"abc"[..], 3).await.unwrap().new, "a sound one is not");
    std::fs::write(&place, "ab").unwrap();
    assert!(originals.put(&b"abc"[..], 3).await.unwrap().new, "one cut short is replaced");
    assert_eq!(originals.get(ABC).await.unwrap(), "abc");
}

/// The blobs of a group have no name before they are flushed, and all have theirs after it.
async fn check_group(count: u32) {
    let folder = tempfile::tempdir().unwrap();
    let originals = Blobs::folder(folder.path()).unwrap();
    let names = async || -> Vec<String> {
        originals.list().map_ok(|listed| listed.sha256).try_collect().await.unwrap()
    };
    let group = originals.group();
    let mut put = Vec::new();
    for number in 0..count {
        let bytes = format!("original {number}");
        put.push(group.put(bytes.as_bytes(), 100).await.unwrap());
    }
    assert!(put.iter().all(|stored| stored.new));
    assert_eq!(names().await, [""; 0]);
    group.flush().await.unwrap();
    for (number, stored) in put.iter().enumerate() {
        assert_eq!(originals.get(&stored.sha256).await.unwrap(), format!("original {number}"));
    }
    let left = || std::fs::read_dir(folder.path().join("incoming")).unwrap().count();
    assert_eq!((names().await.len(), left()), (put.len(), 0));

    let again = originals.group();
    assert!(!again.put(&b"original 0"[..], 100).await.unwrap().new);
    assert!(matches!(again.put(&b"too much"[..], 3).await, Err(PutError::TooLarge { limit_bytes: 3 })));
    again.put(&b"given up"[..], 100).await.unwrap();
    assert_eq!(left(), 1);
    drop(again);
    assert_eq!((names().await.len(), left()), (put.len(), 0), "nothing stays of an upload that was given up");

    let damaged = folder.path().join(&put[0].sha256[..2]).join(&put[0].sha256);
    std::fs::write(&damaged, "other bytes").unwrap();
    let healing = originals.group();
    assert!(healing.put(&b"original 0"[..], 100).await.unwrap().new);
    healing.flush().await.unwrap();
    assert_eq!(originals.get(&put[0].sha256).await.unwrap(), "original 0");
}

#[tokio::test]
async fn few_blobs_become_durable_together() {
    check_group(2).await;
}

#[tokio::test]
async fn many_blobs_become_durable_together() {
    check_group(300).await;
}

#[tokio::test]
async fn an_ordinary_text_travels_and_a_long_one_is_a_blob() {
    let folder = tempfile::tempdir().unwrap();
    let originals = Blobs::folder(folder.path()).unwrap();
    // Characters without a pattern do not compress, and a text of one character is long only until it is compressed.
    let characters = |count: u32| -> String {
        (0..count).filter_map(|n| char::from_u32(0x4e00 + n.wrapping_mul(2_654_435_761) % 20_000)).collect()
    };
    let (short, packed_long, long) = (characters(2_000), characters(60_000), "一".repeat(300_000));
    for (text, travels) in [(&short, true), (&packed_long, false), (&long, false), (&String::new(), true)] {
        let stored = originals.put_text(text, u64::MAX).await.unwrap();
        assert_eq!((stored.size_bytes, !stored.zstd.is_empty()), (text.len() as u64, travels));
        assert_eq!(originals.exists(&stored.sha256).await.unwrap(), !travels);
        let got = originals.get_text(&stored.sha256, &stored.zstd).await.unwrap();
        assert_eq!(String::from_utf8(got).unwrap(), *text);
    }
    assert!(matches!(originals.put_text(&long, 10).await, Err(PutError::TooLarge { .. })));

    let StoredText { sha256, zstd, .. } = originals.put_text(&short, u64::MAX).await.unwrap();
    for place in 0..zstd.len() {
        let mut damaged = zstd.clone();
        damaged[place] ^= 1;
        let got = originals.get_text(&sha256, &damaged).await;
        // A flag of the frame that nothing reads may change; the text may not.
        if let Ok(text) = got {
            assert_eq!(text, short.as_bytes());
        }
    }
    assert!(matches!(originals.get_text(&sha256, &zstd[..9]).await, Err(GetError::Corrupt(_))));
    assert!(matches!(originals.get_text(&sha256, &[]).await, Err(GetError::Missing(_))));
}

#[tokio::test]
async fn many_may_put_the_same_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let originals = Blobs::folder(folder.path()).unwrap();
    futures::future::join_all((0..32).map(|_| originals.put(&b"abc"[..], 3)))
        .await
        .into_iter()
        .for_each(|stored| assert_eq!(stored.unwrap().sha256, ABC));
    assert_eq!(originals.get(ABC).await.unwrap(), "abc");
}

#[tokio::test]
async fn what_a_dead_process_left_is_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    Blobs::folder(folder.path()).unwrap();
    let (old, new) = (folder.path().join("incoming/old"), folder.path().join("incoming/new"));
    for path in [&old, &new] {
        std::fs::write(path, "x").unwrap();
    }
    let two_days_ago = std::time::SystemTime::now() - Duration::from_secs(48 * 3600);
    std::fs::File::options().write(true).open(&old).unwrap().set_modified(two_days_ago).unwrap();
    Blobs::folder(folder.path()).unwrap();
    assert_eq!((old.exists(), new.exists()), (false, true));
}

#[tokio::test]
async fn a_bucket_keeps_originals_in_large_chunks() {
    let mut server = Server::start();
    let config = BusConfig { url: Some(server.url()), object_store: true, ..BusConfig::default() };
    apply(&config, Changes::Missing).await.unwrap();
    let bus = Bus::operator(&config).await.unwrap();
    let originals = Blobs::open(&BlobsConfig::Bucket, &bus).await.unwrap();
    check(&originals).await;
    let two_megabytes = vec![7; 2 << 20];
    let stored = originals.put(&two_megabytes[..], u64::MAX).await.unwrap();
    let jetstream = async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let bucket = jetstream.get_object_store("gouji-originals").await.unwrap();
    assert_eq!(bucket.info(&stored.sha256).await.unwrap().chunks, 4);
    server.restart();
    let bus = Bus::operator(&config).await.unwrap();
    let originals = Blobs::open(&BlobsConfig::Bucket, &bus).await.unwrap();
    assert_eq!(originals.get(&stored.sha256).await.unwrap(), two_megabytes);
}

#[tokio::test]
async fn a_damaged_object_of_the_bus_is_replaced() {
    let server = Server::start();
    let config = BusConfig { url: Some(server.url()), object_store: true, ..BusConfig::default() };
    apply(&config, Changes::Missing).await.unwrap();
    let bus = Bus::operator(&config).await.unwrap();
    let originals = Blobs::open(&BlobsConfig::Bucket, &bus).await.unwrap();
    originals.put(&b"abc"[..], 3).await.unwrap();
    let jetstream = async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let stream = jetstream.get_stream("OBJ_gouji-originals").await.unwrap();
    let chunks = async || {
        let bucket = jetstream.get_object_store("gouji-originals").await.unwrap();
        let object = bucket.info(ABC).await.unwrap();
        format!("$O.{}.C.{}", object.bucket, object.nuid)
    };

    // Another byte in the place of one, and then no byte at all.
    for replacement in [Some("abd"), None] {
        let subject = chunks().await;
        let chunk = stream.get_last_raw_message_by_subject(&subject).await.unwrap();
        assert!(stream.delete_message(chunk.sequence).await.unwrap());
        if let Some(bytes) = replacement {
            jetstream.publish(subject, bytes.into()).await.unwrap().await.unwrap();
        }
        assert!(matches!(originals.get(ABC).await, Err(GetError::Corrupt(_))), "{replacement:?}");
        assert!(originals.put(&b"abc"[..], 3).await.unwrap().new, "{replacement:?}");
        assert_eq!(originals.get(ABC).await.unwrap(), "abc");
        assert!(!originals.put(&b"abc"[..], 3).await.unwrap().new, "a sound one is not replaced");
    }
}
