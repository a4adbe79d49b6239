//! One writer, durable at commit and only there.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use search::{Index, IndexError};

use crate::{Random, entry, find, index_of};

#[test]
fn there_is_one_writer() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let writer = index.writer().unwrap();
    let again = Index::open(dir.path()).unwrap();
    assert!(matches!(again.writer(), Err(IndexError::LockBusy)));
    drop(writer);
    again.writer().unwrap();
}

#[test]
fn an_index_of_another_version_asks_for_a_rebuild() {
    let (reader, dir) = index_of(vec![entry(1, "甲")]);
    drop(reader);
    let version = dir.path().join("gouji-index-version");
    std::fs::write(&version, "schema 0").unwrap();
    assert!(
        matches!(Index::open(dir.path()), Err(IndexError::NeedsRebuild { found, .. }) if found == "schema 0")
    );
    std::fs::remove_file(&version).unwrap();
    assert!(matches!(Index::open(dir.path()), Err(IndexError::NeedsRebuild { .. })));
}

#[test]
fn another_handle_sees_commits_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let reader = Index::open(dir.path()).unwrap().reader().unwrap();
    let mut writer = index.writer().unwrap();
    writer.apply(vec![entry(1, "甲")]).unwrap();
    writer.commit("1").unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while reader.count().unwrap() == 0 {
        assert!(Instant::now() < deadline, "the commit was not seen");
        std::thread::yield_now();
    }
}

/// A process that writes is killed in the middle of it; what it said was committed is there.
#[test]
fn a_killed_writer_loses_nothing_committed() {
    const FOLDER: &str = "GOUJI_TEST_WRITE_UNTIL_KILLED";
    if let Ok(dir) = std::env::var(FOLDER) {
        let mut writer = Index::open(dir.as_ref()).unwrap().writer().unwrap();
        for number in 0.. {
            writer.apply(vec![entry(2 * number, "甲"), entry(2 * number + 1, "乙")]).unwrap();
            writer.commit(&number.to_string()).unwrap();
            println!("committed {number}");
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let mut committed = 0;
    for kill in 1..=3 {
        let test = "writing::a_killed_writer_loses_nothing_committed";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(FOLDER, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let commits = lines.filter_map(|line| line.rsplit_once("committed ")?.1.parse::<u64>().ok());
        committed = commits.take(2 + kill).last().unwrap().max(committed);
        child.kill().unwrap();
        child.wait().unwrap();
        let index = Index::open(dir.path()).unwrap();
        let payload: u64 = index.payload().unwrap().unwrap().parse().unwrap();
        let reader = index.reader().unwrap();
        assert!(reader.count().unwrap() >= 2 * (committed + 1), "{} of {committed}", reader.count().unwrap());
        assert_eq!(reader.count().unwrap() % 2, 0);
        assert_eq!(find(&reader, "甲").total * 2, reader.count().unwrap());
        assert!(payload < reader.count().unwrap());
        index.writer().unwrap();
    }
}

/// A process that may only write small files fails to commit, and goes on from the commit before.
#[test]
fn a_failed_commit_is_undone() {
    const FOLDER: &str = "GOUJI_TEST_SMALL_FILES";
    if let Ok(dir) = std::env::var(FOLDER) {
        let index = Index::open(dir.as_ref()).unwrap();
        let mut writer = index.writer().unwrap();
        let reader = index.reader().unwrap();
        writer.apply(vec![entry(1, "甲")]).unwrap();
        writer.commit("1").unwrap();
        let mut random = Random(1);
        let mut large = || {
            let text: String =
                (0..40_000).filter_map(|_| char::from_u32(0x4e00 + random.below(20_000) as u32)).collect();
            vec![entry(2, &text), entry(3, &text)]
        };
        for _ in 0..2 {
            let failed = writer.apply(large()).and_then(|_| writer.commit("2"));
            assert!(matches!(failed, Err(IndexError::Engine(_))), "{failed:?}");
            assert_eq!(writer.pending(), 0);
            assert_eq!((reader.count().unwrap(), index.payload().unwrap().as_deref()), (1, Some("1")));
        }
        writer.apply(vec![entry(2, "乙")]).unwrap();
        writer.commit("3").unwrap();
        assert_eq!((reader.count().unwrap(), index.payload().unwrap().as_deref()), (2, Some("3")));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let child = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 256; exec \"$0\" writing::a_failed_commit_is_undone --exact --nocapture",
        ])
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, dir.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    assert_eq!(Index::open(dir.path()).unwrap().reader().unwrap().count().unwrap(), 2);
}
