//! Originals in a service that speaks S3.

use std::fs;

use blobs::{Blobs, BlobsConfig, GetError, PutError};
use futures::TryStreamExt as _;
use serde_json::Value;
use tests::api::{Api, list};
use tests::generate::{Generated, Options, generate};
use tests::judge::judge;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;
use worker::Config;

use super::s3_server::{S3Server, SECRET_KEY};

const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn originals(server: &S3Server, more: &[(&str, &str)]) -> Blobs {
    let settings = server.settings("of/2024");
    let config = Config::from_variables(|name| {
        let given = more.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        given.or_else(|| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()))
    });
    match config.unwrap().originals {
        BlobsConfig::S3(config) => Blobs::s3(&config).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn originals_are_kept_once_and_proved() {
    let server = S3Server::start().await;
    let originals = originals(&server, &[]);
    let first = originals.put(&b"abc"[..], 3).await.unwrap();
    assert_eq!((first.sha256.as_str(), first.size_bytes, first.new), (ABC, 3, true));
    assert!(!originals.put(&b"abc"[..], 3).await.unwrap().new);
    assert_eq!(originals.get(ABC).await.unwrap(), "abc");
    assert!(originals.exists(ABC).await.unwrap());
    assert_eq!(originals.put(&b""[..], 3).await.unwrap().size_bytes, 0);

    assert!(matches!(originals.put(&b"abcd"[..], 3).await, Err(PutError::TooLarge { limit_bytes: 3 })));
    assert!(matches!(originals.get(&"0".repeat(64)).await, Err(GetError::Missing(_))));
    assert!(matches!(originals.get("../../etc/passwd").await, Err(GetError::Missing(_))));
    assert!(!originals.exists(&"0".repeat(64)).await.unwrap());

    // Larger than two parts, and no multiple of one.
    let large: Vec<u8> = (0..20_000_001_u32).map(|number| (number % 251) as u8).collect();
    let stored = originals.put(&large[..], u64::MAX).await.unwrap();
    assert!(stored.new && !originals.put(&large[..], u64::MAX).await.unwrap().new);
    assert!(originals.get(&stored.sha256).await.unwrap() == large, "in parts and back");

    let listed: Vec<_> = originals.list().try_collect().await.unwrap();
    let mut sizes: Vec<_> = listed.iter().map(|one| one.size_bytes).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [0, 3, 20_000_001]);

    let object = server.file_of(&format!("of/2024/{}", stored.sha256));
    let mut flipped = fs::read(&object).unwrap();
    flipped[17_000_000] ^= 1;
    fs::write(&object, flipped).unwrap();
    assert!(originals.put(&large[..], u64::MAX).await.unwrap().new, "in parts as well");
    assert!(originals.get(&stored.sha256).await.unwrap() == large);

    let object = server.file_of(&format!("of/2024/{ABC}"));
    fs::write(&object, "abd").unwrap();
    assert!(matches!(originals.get(ABC).await, Err(GetError::Corrupt(_))));
    assert!(originals.put(&b"abc"[..], 3).await.unwrap().new, "one with a flipped byte is replaced");
    assert_eq!(originals.get(ABC).await.unwrap(), "abc");
    assert!(!originals.put(&b"abc"[..], 3).await.unwrap().new, "a sound one is not");
    fs::write(&object, "ab").unwrap();
    assert!(originals.put(&b"abc"[..], 3).await.unwrap().new, "one cut short is replaced");
    assert_eq!(originals.get(ABC).await.unwrap(), "abc");
}

#[tokio::test]
async fn many_may_put_the_same_at_once() {
    let server = S3Server::start().await;
    let originals = originals(&server, &[]);
    let all = futures::future::join_all((0..32).map(|_| originals.put(&b"abc"[..], 3))).await;
    assert!(all.into_iter().all(|stored| stored.unwrap().sha256 == ABC));
    assert_eq!(originals.get(ABC).await.unwrap(), "abc");
}

#[tokio::test]
async fn errors_of_the_storage_name_no_secrets() {
    let mut server = S3Server::start().await;
    let originals = originals(&server, &[]);
    originals.put(&b"abc"[..], 3).await.unwrap();
    let check = async |originals: &Blobs, trouble: &str| {
        let put = originals.put(&b"other"[..], 9).await;
        let Err(PutError::Store(error)) = put else { panic!("{trouble}: {put:?}") };
        assert!(!format!("{error:?}").contains(SECRET_KEY), "{trouble}");
        assert!(matches!(originals.get(ABC).await, Err(GetError::Store(..))), "{trouble}");
        assert!(originals.exists(ABC).await.is_err(), "{trouble}");
    };
    for status in [500, 503] {
        server.answer_with(status);
        let before = server.requests();
        check(&originals, &status.to_string()).await;
        assert!((6..40).contains(&(server.requests() - before)), "tried again, and not for ever");
    }
    server.answer_with(0);
    assert_eq!(originals.get(ABC).await.unwrap(), "abc");
    server.leave().await;
    check(&originals, "away").await;
    server.come_back().await;
    assert_eq!(originals.get(ABC).await.unwrap(), "abc");

    let wrong = tempfile::NamedTempFile::new().unwrap();
    fs::write(wrong.path(), "another").unwrap();
    let stranger =
        self::originals(&server, &[("GOUJI_ORIGINALS_SECRET_KEY", wrong.path().to_str().unwrap())]);
    check(&stranger, "a wrong key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_pipeline_works_on_it_and_outlives_its_absence() {
    let mut server = S3Server::start().await;
    let pipeline = Pipeline::start_with(Shape::default(), &server.settings("pipeline")).await.unwrap();
    let api = pipeline.api();
    let report = generate(7, 1, &Options::default());
    let receipt = api.submit(&report.file_name, report.bytes.clone()).await.unwrap();
    arrives(&api, &receipt, &report).await;

    // Nobody is promised anything while it is away.
    server.leave().await;
    let late = generate(7, 2, &Options::default());
    let (status, answer) = api.send(&late.file_name, late.bytes.clone(), None).await.unwrap();
    assert_eq!(status, 503, "{answer}");
    server.come_back().await;
    let sent = until("ingest to accept again", SOON, async || {
        let (status, answer) = api.send(&late.file_name, late.bytes.clone(), None).await?;
        Ok((status == 202).then_some(answer))
    });
    arrives(&api, &sent.await.unwrap(), &late).await;
    let originals = pipeline.blobs().await.unwrap();
    let kept: Vec<_> = originals.list().try_collect().await.unwrap();
    assert_eq!(kept.len(), 4, "two originals and what was sent with them: {kept:?}");
}

/// The report of this receipt is searchable, and as its truth says.
async fn arrives(api: &Api, receipt: &Value, report: &Generated) {
    let id = list(&receipt["reports"])[0]["id"].as_str().unwrap().to_owned();
    let record =
        until("the report to be indexed", SOON, async || Ok(api.report(&id).await.ok())).await.unwrap();
    assert_eq!(judge(&record, &report.truth).complaints, Vec::<String>::new());
}
