//! Builds the next generation from the log, while the current one is read and written.

use anyhow::{Context as _, bail};
use policy::{InForce, PolicyFollower};
use proto::v1::ReportRefused;
use search::{Compatibility, Generations};
use worker::Worker;

use crate::rejudged::Role;
use crate::state::IndexState;

/// The result of a rebuild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The new generation.
    pub generation: u32,
    /// Whether it is current now. It is not if another version made the current one; then `gouji-index` of this
    /// version switches to it when it starts.
    pub is_current: bool,
}

/// Builds the next generation of the index in the folder of `worker`, up to the end of the log, and makes it
/// current. Continues an interrupted attempt. Calls `report_left` with the number of facts left. None at
/// shutdown.
///
/// # Errors
/// If another process builds one, the folder cannot be written, or the index cannot take a report that was
/// not refused before. Then the current generation stays.
pub async fn rebuild(worker: &Worker, report_left: impl Fn(u64)) -> anyhow::Result<Option<Rebuilt>> {
    let generations = Generations::new(&worker.config().index);
    let Some(policy) = PolicyFollower::start(worker)?.in_force().await else { return Ok(None) };
    let Some(_lock) = generations.lock_builder()? else {
        bail!("another process builds the next index in {}", worker.config().index.display());
    };
    build(worker, &policy, &generations, report_left).await
}

/// The same, for a caller that has the lock of [`Generations::lock_builder`].
pub(crate) async fn build(
    worker: &Worker,
    policy: &InForce,
    generations: &Generations,
    report_left: impl Fn(u64),
) -> anyhow::Result<Option<Rebuilt>> {
    let next = {
        let generations = generations.clone();
        worker
            .cpu()
            .run(move || generations.open_next().and_then(|(next, index)| Ok((next, index.writer()?))))
            .await?
    };
    let (generation, writer) = next.context("opening the next index")?;
    let mut state =
        IndexState::new(worker, policy.clone(), generation, writer).context("opening the next index")?;
    state
        .judge_under(policy.clone(), Role::Follower, |_| ())
        .await
        .context("judging under the rule policy in force")?;
    let Some(passed_over) = state.catch_up(report_left).await else { return Ok(None) };
    if state.review_follower().catch_up().await.is_none() {
        return Ok(None);
    }
    for id in passed_over {
        if worker.bus().last_of_id::<ReportRefused>(&id).await?.is_none() {
            bail!("the next index cannot take {id}; the log says why. The current index stays.");
        }
    }
    state.commit().await.context("ending the next index")?;
    // Releases its lock for the process that writes the index from now on.
    drop(state);
    let current = generations.current()?;
    let maker = current.map(|current| generations.compatibility(current)).transpose()?;
    let is_ours = maker != Some(Compatibility::Incompatible);
    if is_ours {
        generations.switch_to(generation)?;
        generations.remove_outdated()?;
    }
    Ok(Some(Rebuilt { generation, is_current: is_ours }))
}
