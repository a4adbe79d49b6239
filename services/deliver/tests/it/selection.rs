//! The settings of an outlet choose other regions than before.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use worker::{OutletState, OutletStates, Position};

use crate::killed::{outlet, publish, worker};
use crate::processes::{NatsServer, Process, SyncInterval, until};

const PATIENCE: Duration = Duration::from_secs(120);
const REPORTS: usize = 3;

fn settings(folder: &Path, regions: &str) -> PathBuf {
    let settings = folder.join("gouji.toml");
    let out = folder.join("out");
    let text = format!(
        "[[outlet]]\nname = \"sheng\"\nto = \"folder\"\nregions = [{regions}]\n[outlet.folder]\npath = {out:?}\nevery = \"0s\"\n"
    );
    fs::write(&settings, text).unwrap();
    settings
}

/// The state of the outlet as soon as it is so.
async fn state(
    states: &OutletStates,
    process: &mut Process,
    is_so: impl Fn(&OutletState) -> bool,
) -> OutletState {
    let mut last = OutletState::default();
    let reached = until("the outlet", PATIENCE, async || {
        assert_eq!(process.ended()?, None, "{}", process.said());
        last = states.read("sheng").await?;
        Ok(is_so(&last).then(|| last.clone()))
    });
    let reached = reached.await;
    reached.unwrap_or_else(|error| panic!("{error:#}: {last:?}: {}", process.said()))
}

/// Rows of reports in all batches.
fn rows(folder: &Path) -> usize {
    let batches = fs::read_dir(folder.join("out")).unwrap().map(|batch| batch.unwrap().path());
    let whole = batches.filter(|batch| batch.join("manifest.json").is_file());
    whole.map(|batch| fs::read_to_string(batch.join("reports.csv")).unwrap().lines().count() - 1).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_of_a_region_that_is_added_wait_for_a_rewind_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("out")).unwrap();
    let nats = NatsServer::start(&folder.join("nats"), SyncInterval::Default).await.unwrap();
    let worker = worker(folder, &nats.url()).await;
    let bus = worker.bus();
    let states = OutletStates::new(bus);
    for number in 0..REPORTS {
        publish(bus, number).await;
    }
    // All of them are about 370400.
    let start = |regions: &str| outlet(&settings(folder, regions), &nats.url(), folder, None);
    let mut process = start("\"3705\"");
    state(&states, &mut process, |state| state.selection.contains("3705") && state.waiting == 0).await;
    // A folder keeps the place with its batches, and there is none yet: nothing was delivered, so nothing is left out.
    process.kill().unwrap();
    let mut process = start("");
    let now = state(&states, &mut process, |state| state.delivered == REPORTS as u64).await;
    assert_eq!((now.selected_from, rows(folder)), (0, REPORTS));
    // From now on only another city, and then everything again.
    process.kill().unwrap();
    let mut process = start("\"3705\"");
    let place = bus.extent().await.unwrap().last;
    let now = state(&states, &mut process, |state| state.selected_from > 0).await;
    assert_eq!((now.selected_from, now.selection.as_str()), (place, "figures of regions 3705"));
    publish(bus, REPORTS).await;
    state(&states, &mut process, |state| state.waiting == 0 && state.oldest_ms == 0).await;
    process.kill().unwrap();
    let mut process = start("");
    let now = state(&states, &mut process, |state| state.selection == "figures of all regions").await;
    assert!(now.selected_from >= place, "{now:?}");
    let log_made_at_ms = bus.extent().await.unwrap().made_at_ms;
    let asked = states.change("sheng", |state| {
        state.rewind = Some(Position { log_made_at_ms, sequence: 0 });
        Ok(())
    });
    asked.await.unwrap();
    let done = |state: &OutletState| state.rewind.is_none() && state.selected_from == 0;
    state(&states, &mut process, done).await;
    until("every report in the folder", PATIENCE, async || Ok((rows(folder) == REPORTS + 1).then_some(())))
        .await
        .unwrap_or_else(|error| panic!("{error:#}: {} rows: {}", rows(folder), process.said()));
    worker.shutdown().trigger();
}
