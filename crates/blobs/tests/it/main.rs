//! Blobs in a folder and in an object store on a real nats-server.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

#[path = "../../../bus/tests/it/server.rs"]
mod server;

use std::path::PathBuf;
use std::time::Duration;

use blobs::{Blobs, BlobsConfig, GetError, PutError};
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
