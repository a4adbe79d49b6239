//! A folder that was lost, is old, or was made by another version; and a new index beside live traffic.

use search::Generations;

use super::*;

#[tokio::test]
async fn a_folder_that_is_lost_or_old_mends_itself() {
    let setup = Setup::new().await;
    let indexer = setup.start("a");
    setup.publish(0..30).await;
    setup.indexed(30).await;
    indexer.end().await;
    copy(&setup.index("a"), &setup.index("old"));
    let indexer = setup.start("a");
    setup.publish(30..60).await;
    setup.indexed(60).await;
    indexer.end().await;
    let contents = setup.contents("a");
    let events = setup.log.extent().await.unwrap().last;
    for index in ["old", "lost"] {
        let indexer = setup.start(index);
        setup.holds_the_same(index, &contents).await;
        indexer.end().await;
    }
    assert_eq!(setup.log.extent().await.unwrap().last, events, "nothing was published again");
}

/// A replay may find that the bytes are another report: then the first report is as if it had never come.
#[tokio::test]
async fn a_replay_that_becomes_another_report_leaves_the_first() {
    let setup = Setup::new().await;
    let indexer = setup.start("a");
    // Two versions of one report; the later one is in truth of another agency.
    let (earlier, taken_for_it) = (setup.validated(0).await, setup.validated(35).await);
    let mut in_truth = taken_for_it.clone();
    let submitted = in_truth.submitted.as_mut().unwrap();
    (submitted.generation, submitted.id) = (1, submitted.id.replace("-g0", "-g1"));
    in_truth.report.as_mut().unwrap().agency = "另一局".into();
    let ids = |facts: &[&ReportValidated]| -> BTreeSet<String> {
        facts.iter().map(|fact| fact.submitted.clone().unwrap().id).collect()
    };
    let holds = async |index: &str, expected: BTreeSet<String>| {
        let what = format!("{index} to hold {expected:?}");
        let holds = until(&what, PATIENCE, async || {
            let there = CurrentReader::new(&setup.index(index)).reader().is_ok();
            let held = there.then(|| setup.contents(index).into_values().map(|(id, ..)| id).collect());
            Ok((held == Some(expected.clone())).then_some(()))
        });
        holds.await.unwrap();
    };
    setup.log.publish(&earlier).await.unwrap();
    setup.log.publish(&taken_for_it).await.unwrap();
    holds("a", ids(&[&taken_for_it])).await;
    setup.log.publish(&in_truth).await.unwrap();
    holds("a", ids(&[&earlier, &in_truth])).await;
    indexer.end().await;
    let contents = setup.contents("a");
    let _other = setup.start("lost");
    setup.holds_the_same("lost", &contents).await;
}

#[tokio::test]
async fn a_pointer_that_is_lost_or_damaged_is_written_again() {
    let setup = Setup::new().await;
    let indexer = setup.start("a");
    setup.publish(0..10).await;
    setup.indexed(10).await;
    let pointer = setup.index("a").join("current");
    let said = std::fs::read_to_string(&pointer).unwrap();
    let is_back = async || {
        let there =
            async || Ok((std::fs::read_to_string(&pointer).ok().as_ref() == Some(&said)).then_some(()));
        until("the pointer to be back", PATIENCE, there).await.unwrap();
    };
    std::fs::remove_file(&pointer).unwrap();
    setup.publish(10..20).await;
    setup.indexed(20).await;
    is_back().await;
    std::fs::write(&pointer, "").unwrap();
    is_back().await;
    indexer.end().await;
    std::fs::write(&pointer, "what\n").unwrap();
    let _indexer = setup.start("a");
    is_back().await;
    setup.holds("a", 20).await;
}

/// As after a loss of power where the log is not flushed with each message: its end is gone, and other facts
/// are in those places by the time the index looks.
#[tokio::test]
async fn a_log_that_lost_its_end_and_grew_again_is_read_from_the_beginning() {
    let mut setup = Setup::new().await;
    setup.publish(0..5).await;
    setup.nats.kill().unwrap();
    let (log, kept) = (setup.folder.path().join("nats"), setup.folder.path().join("kept"));
    copy(&log, &kept);
    setup.nats.start_again().await.unwrap();
    setup.publish(5..15).await;
    let indexer = setup.start("a");
    setup.indexed(15).await;
    indexer.end().await;
    setup.nats.kill().unwrap();
    std::fs::remove_dir_all(&log).unwrap();
    copy(&kept, &log);
    setup.nats.start_again().await.unwrap();
    setup.publish(20..60).await;
    let _indexer = setup.start("a");
    // The five that both logs had, ten that only the index has now, and forty.
    setup.holds("a", 55).await;
}

#[tokio::test]
async fn a_folder_that_goes_while_it_is_kept_mends_itself() {
    let setup = Setup::new().await;
    let _indexer = setup.start("a");
    setup.publish(0..20).await;
    setup.indexed(20).await;
    let contents = setup.contents("a");
    std::fs::remove_dir_all(setup.index("a")).unwrap();
    setup.holds_the_same("a", &contents).await;
    setup.publish(20..40).await;
    setup.indexed(40).await;
}

#[tokio::test]
async fn an_index_of_another_version_is_rebuilt_and_then_read() {
    let setup = Setup::new().await;
    let indexer = setup.start("a");
    setup.publish(0..30).await;
    setup.indexed(30).await;
    indexer.end().await;
    let contents = setup.contents("a");
    let generations = Generations::new(setup.index("a"));
    let made = generations.current().unwrap().unwrap();
    let version = generations.path(made).join("gouji-index-version");
    std::fs::write(version, "schema 0, analyzer 0").unwrap();
    assert!(matches!(
        CurrentReader::new(&setup.index("a")).reader(),
        Err(search::IndexError::NeedsRebuild { .. })
    ));
    let _indexer = setup.start("a");
    setup.holds_the_same("a", &contents).await;
    assert_eq!(generations.current().unwrap(), Some(made + 1));
    setup.publish(30..40).await;
    setup.indexed(40).await;
}

#[tokio::test]
async fn a_new_index_is_built_beside_live_traffic() {
    let setup = Setup::new().await;
    let _indexer = setup.start("a");
    let reader = CurrentReader::new(&setup.index("a"));
    setup.publish(0..40).await;
    setup.indexed(40).await;
    let contents = setup.contents("a");
    let generations = Generations::new(setup.index("a"));
    let before = generations.current().unwrap().unwrap();
    assert_eq!(reader.reader().unwrap().count().unwrap(), 35);
    for round in 1..=3 {
        let (numbers, all) = (40 * u64::from(round)..40 * u64::from(round + 1), 40 * (round as usize + 1));
        let reindexed = tokio::task::spawn_blocking({
            let mut command = Command::new(program("gouji").unwrap());
            command.arg("reindex").envs(variables(setup.folder.path(), &setup.nats, &setup.index("a")));
            move || command.output().unwrap()
        });
        let (reindexed, ()) = tokio::join!(reindexed, setup.publish(numbers));
        let reindexed = reindexed.unwrap();
        assert!(reindexed.status.success(), "{}", String::from_utf8_lossy(&reindexed.stderr));
        setup.indexed(all).await;
        assert_eq!(generations.current().unwrap(), Some(before + round));
    }
    // The last but one is kept, those before are gone.
    assert!(generations.path(before + 2).exists() && !generations.path(before + 1).exists());
    assert_eq!(reader.reader().unwrap().count().unwrap(), 35);
    // What was written in place and what is built from the log are the same.
    let written = setup.holds("a", 160).await;
    assert_ne!(written, contents);
    let _other = setup.start("b");
    setup.holds_the_same("b", &written).await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
