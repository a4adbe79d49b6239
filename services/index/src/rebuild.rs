//! Builds the next generation from the log, while the current one is read and written.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use proto::v1::ReportRefused;
use rules::RulePolicy;
use search::{Compatibility, Generations};
use worker::Worker;

use crate::state::IndexState;

/// The result of a rebuild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The new generation.
    pub generation: u32,
    /// Whether readers use it from now on. They do not where another version of the program writes the current
    /// one: then `gouji-index` of this version switches to it when it starts.
    pub is_current: bool,
}

/// Builds the next generation of the index in the folder of `worker` from the whole log, and makes readers use
/// it. Continues an earlier attempt that was interrupted. `on_progress` gets the number of facts left. None
/// where shutdown is requested.
///
/// # Errors
/// If another process builds one, the folder cannot be written, or the index cannot take a report that was not
/// refused before. Then the current generation stays.
pub async fn rebuild(worker: &Worker, on_progress: impl Fn(u64)) -> anyhow::Result<Option<Rebuilt>> {
    let generations = Generations::new(&worker.config().index);
    let policy = Arc::new(RulePolicy::of(worker.config().rule_policy.as_deref())?);
    let Some(_lock) = generations.lock_builder()? else {
        bail!("another process builds the next index in {}", worker.config().index.display());
    };
    build(worker, &policy, &generations, on_progress).await
}

/// The same; the caller has [`Generations::lock_builder`].
pub(crate) async fn build(
    worker: &Worker,
    policy: &Arc<RulePolicy>,
    generations: &Generations,
    on_progress: impl Fn(u64),
) -> anyhow::Result<Option<Rebuilt>> {
    let next = {
        let generations = generations.clone();
        worker
            .cpu()
            .run(move || generations.open_next().and_then(|(next, index)| Ok((next, index.writer()?))))
            .await?
    };
    let (generation, writer) = next.context("opening the next index")?;
    let mut state = IndexState::new(worker, policy, generation, writer).context("opening the next index")?;
    let Some(passed_over) = state.catch_up(on_progress).await else { return Ok(None) };
    for id in passed_over {
        if worker.bus().last_of_id::<ReportRefused>(&id).await?.is_none() {
            bail!("the next index cannot take {id}; the log says why. The current index stays.");
        }
    }
    state.commit().await.context("completing the next index")?;
    // Releases the lock of the writer, for the process that writes this generation from now on.
    drop(state);
    let current = generations.current()?;
    let compatibility = current.map(|current| generations.compatibility(current)).transpose()?;
    let is_current = compatibility != Some(Compatibility::Incompatible);
    if is_current {
        generations.switch_to(generation)?;
        generations.remove_outdated()?;
    }
    Ok(Some(Rebuilt { generation, is_current }))
}
