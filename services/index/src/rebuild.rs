//! The next generation, built from the log beside the one that is read and written meanwhile.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use proto::v1::ReportRefused;
use rules::RulePolicy;
use search::{Compatibility, Generations};
use worker::Worker;

use crate::keep::Keep;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The new generation.
    pub generation: u32,
    /// Whether it is read from now on. It is not where another version keeps the current one: then
    /// `gouji-index` of this version takes it when it starts.
    pub is_current: bool,
}

/// Builds the next generation of the index in the folder of `worker`, as far as the log goes, and has it
/// read. Goes on where an earlier attempt was broken off. `tell` hears how many facts are left. None where
/// it is time to stop.
///
/// # Errors
/// If another process builds one, the folder cannot be written, or a report cannot be taken in that was
/// not refused before: then the current generation stays.
pub async fn rebuild(worker: &Worker, tell: impl Fn(u64)) -> anyhow::Result<Option<Rebuilt>> {
    let generations = Generations::new(&worker.config().index);
    let policy = Arc::new(RulePolicy::of(worker.config().rule_policy.as_deref())?);
    let Some(_hold) = generations.lock_builder()? else {
        bail!("another process builds the next index in {}", worker.config().index.display());
    };
    build(worker, &policy, &generations, tell).await
}

/// The same, for whoever holds [`Generations::lock_builder`].
pub(crate) async fn build(
    worker: &Worker,
    policy: &Arc<RulePolicy>,
    generations: &Generations,
    tell: impl Fn(u64),
) -> anyhow::Result<Option<Rebuilt>> {
    let next = {
        let generations = generations.clone();
        worker
            .cpu()
            .run(move || generations.open_next().and_then(|(next, index)| Ok((next, index.writer()?))))
            .await?
    };
    let (generation, writer) = next.context("opening the next index")?;
    let mut keep = Keep::new(worker, policy, generation, writer).context("opening the next index")?;
    let Some(passed_over) = keep.catch_up(tell).await else { return Ok(None) };
    for id in passed_over {
        if worker.bus().last_of_id::<ReportRefused>(&id).await?.is_none() {
            bail!("the next index cannot take {id}; the log says why. The current index stays.");
        }
    }
    keep.commit().await.context("ending the next index")?;
    // Gives up its lock, for whoever keeps the index from now on.
    drop(keep);
    let current = generations.current()?;
    let maker = current.map(|current| generations.compatibility(current)).transpose()?;
    let is_ours = maker != Some(Compatibility::Incompatible);
    if is_ours {
        generations.switch_to(generation)?;
        generations.remove_outdated()?;
    }
    Ok(Some(Rebuilt { generation, is_current: is_ours }))
}
