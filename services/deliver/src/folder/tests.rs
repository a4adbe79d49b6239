use std::time::Duration;

use crate::change::{CellRow, Standing, State};

use super::*;

const MADE: i64 = 1_764_000_000_000;

fn target(folder: &Path) -> FolderTarget {
    let config = FolderConfig {
        path: folder.to_owned(),
        every: Duration::ZERO,
        rows: 10,
        formats: vec!["parquet".into(), "jsonl".into()],
    };
    FolderTarget::new("sheng", &config, Carry::Findings).unwrap()
}

fn change(sequence: u64) -> Change {
    let standing = Standing {
        version: format!("{sequence:032x}-g0"),
        original: String::new(),
        region: "370400".into(),
        region_name: "山东省枣庄市".into(),
        agency: "=cmd|' /C calc'!A0".into(),
        year: 2024,
        form: "2021".into(),
        published: String::new(),
        verdict: "pass",
        errors: 0,
        warnings: 0,
        rejudged: false,
        cells: [("0", "read"), ("", "blank"), ("", "missing"), ("", "doubtful")]
            .map(|(value, state)| CellRow {
                cell: format!("a.{state}"),
                label: "标签".into(),
                value: value.into(),
                state,
            })
            .into(),
        findings: Vec::new(),
    };
    Change {
        sequence,
        at_ms: MADE,
        id: format!("k{sequence}.v"),
        report: format!("k{sequence}"),
        state: State::Stands(Box::new(standing)),
        json: format!("{{\"report\":\"k{sequence}\"}}"),
    }
}

fn batch(from: u64, to: u64, sequences: &[u64]) -> Batch {
    let changes = sequences.iter().map(|sequence| change(*sequence)).collect();
    Batch { log_made_at_ms: MADE, from, to, changes }
}

async fn place(target: &mut FolderTarget) -> Option<u64> {
    match target.place().await.unwrap() {
        Kept::AtTarget(place) => place.map(|place| place.sequence),
        Kept::OnBus => unreachable!("a folder keeps its place"),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.ends_with(".ledger")).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_batch_is_a_directory_with_tables_and_a_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let mut target = target(folder.path());
    assert_eq!(place(&mut target).await, None);
    target.deliver(&batch(1, 9, &[3, 7])).await.unwrap();
    let name = format!("sheng-{MADE}-000000000001-000000000009");
    assert_eq!(names(folder.path()), [name.clone()]);
    assert_eq!(place(&mut target).await, Some(9));
    let directory = folder.path().join(name);
    let reports = fs::read_to_string(directory.join("reports.csv")).unwrap();
    assert!(reports.starts_with("\u{feff}key,version,event,"), "{reports}");
    assert!(reports.contains(",'=cmd|' /C calc'!A0,"), "{reports}");
    assert_eq!(reports.lines().count(), 3);
    let cells = fs::read_to_string(directory.join("cells.csv")).unwrap();
    assert!(cells.contains("a.read,标签,0,read,3\r\n") && cells.contains("a.blank,标签,,blank,3"), "{cells}");
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(directory.join(MANIFEST)).unwrap()).unwrap();
    let files: Vec<&str> =
        manifest["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(
        files,
        [
            "reports.csv",
            "reports.parquet",
            "cells.csv",
            "cells.parquet",
            "findings.csv",
            "findings.parquet",
            "reports.jsonl"
        ]
    );
    assert_eq!((&manifest["sequences"], &manifest["files"][2]["rows"]), (&"3,7".into(), &8.into()));
    assert_eq!(target.delivered(MADE).await.unwrap(), Some(BTreeSet::from([3, 7])));
    fs::write(directory.join("reports.csv"), "other").unwrap();
    let error = target.delivered(MADE).await.unwrap_err().to_string();
    assert!(error.contains("is not what was written"), "{error}");
}

#[tokio::test]
async fn what_a_killed_process_left_is_finished_or_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut target = target(folder.path());
    target.deliver(&batch(1, 9, &[3])).await.unwrap();
    let [name] = names(folder.path()).try_into().unwrap();
    // Killed after the ledger, before the rename.
    fs::rename(folder.path().join(&name), folder.path().join(format!(".{name}"))).unwrap();
    // Killed before the ledger.
    let unfinished = format!(".sheng-{MADE}-000000000010-000000000012");
    fs::create_dir(folder.path().join(&unfinished)).unwrap();
    // Not ours.
    fs::create_dir(folder.path().join(".other-1-2-3")).unwrap();
    assert_eq!(place(&mut target).await, Some(9));
    assert_eq!(names(folder.path()), [".other-1-2-3".to_owned(), name]);
    // Half a line of the ledger.
    let ledger = folder.path().join(".sheng.ledger");
    let whole = fs::read_to_string(&ledger).unwrap();
    fs::write(&ledger, format!("{whole}{{\"batch\":{{\"dir")).unwrap();
    assert_eq!(place(&mut target).await, Some(9));
    target.deliver(&batch(10, 12, &[11])).await.unwrap();
    assert_eq!(place(&mut target).await, Some(12));
}

#[tokio::test]
async fn after_a_rewind_only_what_was_taken_away_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut target = target(folder.path());
    target.deliver(&batch(1, 9, &[3])).await.unwrap();
    target.deliver(&batch(10, 19, &[10, 12])).await.unwrap();
    let first = names(folder.path()).swap_remove(0);
    fs::remove_dir_all(folder.path().join(&first)).unwrap();
    target.rewind(Place { log_made_at_ms: MADE, sequence: 0 }).await.unwrap();
    assert_eq!(place(&mut target).await, Some(0));
    target.deliver(&batch(1, 30, &[3, 10, 12, 25])).await.unwrap();
    let written = folder.path().join(format!("sheng-{MADE}-000000000001-000000000030"));
    let reports = fs::read_to_string(written.join("reports.csv")).unwrap();
    let keys: Vec<&str> = reports.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(keys, ["k3", "k25"]);
    assert_eq!(place(&mut target).await, Some(30));
    // One change that was set aside, tried once more.
    target.deliver(&batch(5, 30, &[5])).await.unwrap();
    assert_eq!(place(&mut target).await, Some(30));
    assert_eq!(target.delivered(MADE).await.unwrap(), Some(BTreeSet::from([3, 5, 10, 12, 25])));
}

#[tokio::test]
async fn a_log_that_was_made_again_starts_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut target = target(folder.path());
    target.deliver(&batch(1, 9, &[3])).await.unwrap();
    target.deliver(&Batch { log_made_at_ms: MADE + 1, ..batch(1, 4, &[3]) }).await.unwrap();
    assert_eq!(names(folder.path()).len(), 2);
    assert_eq!(place(&mut target).await, Some(4));
    assert_eq!(target.delivered(MADE + 1).await.unwrap(), Some(BTreeSet::from([3])));
}

#[tokio::test]
async fn a_folder_that_is_not_there_blocks_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let away = folder.path().join("away");
    let mut target = target(&away);
    for error in [target.test().await.unwrap_err(), target.deliver(&batch(1, 2, &[1])).await.unwrap_err()] {
        assert!(matches!(error, TargetError::Blocked(_)) && error.to_string().contains("mount"), "{error}");
    }
    assert!(!away.exists());
}

#[test]
fn directories_of_other_outlets_are_distinguished() {
    let name = |outlet| Directory::name(outlet, &batch(1, 2, &[]));
    assert_eq!(Directory::parse("a", &name("a")).unwrap().to, 2);
    assert_eq!(Directory::parse("a", &format!("{}.3", name("a"))).unwrap().from, 1);
    assert!(Directory::parse("a", &name("a-1")).is_none());
    assert!(Directory::parse("a-1", &name("a")).is_none());
    assert!(Directory::parse("a", "a.test").is_none());
}
