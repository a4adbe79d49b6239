//! What an outlet needs of its target.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::change::{Batch, Place};

/// A folder, a database, a topic or an address that takes changes.
///
/// A batch comes again after a kill or an error, as a whole or with other bounds, always from the place that
/// was kept. The changes of one report never overtake one another.
pub trait Target: Send {
    /// Looks whether everything that delivering needs is there and says so, a line each; delivers nothing.
    ///
    /// # Errors
    /// The first thing that is not there.
    fn test(&mut self) -> impl Future<Output = Result<Vec<String>, TargetError>> + Send;

    /// How large its batches may be, and how long changes are collected for one.
    fn batching(&self) -> Batching {
        Batching::default()
    }

    /// The place that the target keeps.
    ///
    /// # Errors
    /// If the target does not answer.
    fn place(&mut self) -> impl Future<Output = Result<Kept, TargetError>> + Send;

    /// Takes the changes of a batch, all or none where the target can; durable when this returns. A target that
    /// keeps the place has the place `batch.to` from then on.
    ///
    /// # Errors
    /// If it does not take them; see [`TargetError`].
    fn deliver(&mut self, batch: &Batch) -> impl Future<Output = Result<(), TargetError>> + Send;

    /// Moves the place that the target keeps, because an operator wants changes delivered again; nothing to do where
    /// the bus keeps it. What stands at the target already is not doubled afterwards.
    ///
    /// # Errors
    /// If the target does not answer.
    fn rewind(&mut self, _to: Place) -> impl Future<Output = Result<(), TargetError>> + Send {
        async { Ok(()) }
    }

    /// Whether the target keeps the changes of a report that later ones replaced; a compacted topic does not. Known
    /// after [`Target::delivered`].
    fn keeps_replaced(&self) -> bool {
        true
    }

    /// The sequences of the changes that stand at the target, of the log that was made then; none where the
    /// target cannot be asked.
    ///
    /// # Errors
    /// If the target does not answer.
    fn delivered(
        &mut self,
        log_made_at_ms: i64,
    ) -> impl Future<Output = Result<Option<BTreeSet<u64>>, TargetError>> + Send;
}

/// The limits of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batching {
    /// Changes.
    pub changes: usize,
    /// Bytes of their payloads.
    pub bytes: usize,
    /// How long changes are collected, from the first on, unless the batch is full before.
    pub wait: Duration,
}

impl Default for Batching {
    /// A transaction or a produce request of ordinary size, as soon as nothing more is there to be read.
    fn default() -> Self {
        Self { changes: 500, bytes: 4 << 20, wait: Duration::ZERO }
    }
}

/// Who keeps the place of an outlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The target, with what it took; none before the first batch.
    AtTarget(Option<Place>),
    /// The target cannot; a bucket on the bus keeps it after each batch, so a batch may be delivered twice.
    OnBus,
}

/// Why a target did not take a batch.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It is away, full, slow, or not set up: every other batch would fail as well. Delivering waits.
    #[error("{0:#}")]
    Blocked(anyhow::Error),
    /// It does not take this batch. The batch is halved until the one message that is at fault is found.
    #[error("{0:#}")]
    Refused(anyhow::Error),
    /// It wants no more messages, as an HTTP address says by 410: the outlet is paused until an operator resumes it.
    #[error("{0:#}")]
    Ended(anyhow::Error),
}
