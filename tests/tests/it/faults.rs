//! Whatever is killed, stopped, filled, cut or poisoned: nothing is lost, nothing is doubled, and the index
//! is the one that an undisturbed run of the same reports leaves. `docs/faults.md` lists them.

mod bus;
mod clusters;
mod disks;
mod everything;
mod poison;
mod power;
mod repeats;
mod steps;
mod stops;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tests::pipeline::Pipeline;
use tests::proof::{self, contents, everything_arrived, reconciled, reports, same};
use tokio::sync::OnceCell;

/// Everything that was sent came through once and as its truth says, and the index is the one of an
/// undisturbed run.
async fn nothing_is_lost(pipeline: &Pipeline, indices: Range<u64>) {
    let api = pipeline.api();
    everything_arrived(&api, &reports(indices.clone())).await;
    reconciled(pipeline).await;
    same(&contents(&api).await, &undisturbed(indices).await);
}

/// What the index holds of these reports where nothing is disturbed; each range is run once for all tests.
async fn undisturbed(indices: Range<u64>) -> BTreeMap<String, Value> {
    type Runs = BTreeMap<(u64, u64), Arc<OnceCell<BTreeMap<String, Value>>>>;
    static RUNS: Mutex<Runs> = Mutex::new(Runs::new());
    let run = RUNS.lock().unwrap().entry((indices.start, indices.end)).or_default().clone();
    run.get_or_init(async || proof::undisturbed(&reports(indices)).await).await.clone()
}
