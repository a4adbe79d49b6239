//! The state that all handlers share.

use std::sync::Arc;
use std::time::Duration;

use access::AccessControl;
use blobs::Blobs;
use bus::Bus;
use policy::{InForce, PolicyFollower};
use search::{CurrentReader, IndexError, Reader};
use tokio::sync::Semaphore;
use worker::Worker;

use crate::checks::Checks;
use crate::children::Children;
use crate::export_api;
use crate::news::News;
use crate::original::Originals;
use crate::pipeline_status::{PipelineMonitor, Snapshot};
use crate::problem::{self, Problem};

/// How long a request waits for the log to say which rule policy is in force. It has said so after the start.
const POLICY_TIMEOUT: Duration = Duration::from_secs(5);

/// The state of the service; a clone is the same state.
#[derive(Clone)]
pub(crate) struct App(Arc<State>);

struct State {
    worker: Worker,
    index: Arc<CurrentReader>,
    policy: PolicyFollower,
    access: AccessControl,
    monitor: PipelineMonitor,
    checks: Checks,
    news: News,
    originals: Originals,
    exports: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(
        worker: Worker,
        policy: PolicyFollower,
        access: AccessControl,
        children: Children,
    ) -> Self {
        let index = Arc::new(CurrentReader::new(&worker.config().index));
        let monitor = PipelineMonitor::start(&worker, index.clone());
        let checks = Checks::new(worker.config(), &children.reader);
        let news = News::start(&worker, &index);
        let originals = Originals::new(children.renderer, children.renderer_limits, worker.config().sandbox);
        Self(Arc::new(State {
            worker,
            index,
            policy,
            access,
            monitor,
            checks,
            news,
            originals,
            exports: export_api::room(),
        }))
    }

    pub(crate) fn worker(&self) -> &Worker {
        &self.0.worker
    }

    pub(crate) fn bus(&self) -> &Bus {
        self.0.worker.bus()
    }

    /// Who may do what: accounts, sessions, the audit trail.
    pub(crate) fn access(&self) -> &AccessControl {
        &self.0.access
    }

    pub(crate) fn blobs(&self) -> &Blobs {
        self.0.worker.blobs()
    }

    /// The rule policy in force: the office's own severities, disabled rules and waivers.
    ///
    /// # Errors
    /// If the bus does not say in time which it is.
    pub(crate) async fn policy(&self) -> Result<InForce, Problem> {
        let in_force = tokio::time::timeout(POLICY_TIMEOUT, self.0.policy.in_force()).await;
        in_force
            .ok()
            .flatten()
            .ok_or_else(|| Problem::bus(&anyhow::anyhow!("the rule policy is not known yet")))
    }

    /// Waits until this process follows a change of the policy, or for a moment: the log has it in any case.
    pub(crate) async fn policy_reached(&self, id: &str) {
        let reached = async {
            while self.0.policy.known().is_none_or(|known| known.id() != id) {
                self.0.policy.changed().await;
            }
        };
        let _ = tokio::time::timeout(POLICY_TIMEOUT, reached).await;
    }

    /// The checks of files that are not sent yet.
    pub(crate) fn checks(&self) -> &Checks {
        &self.0.checks
    }

    /// What is new.
    pub(crate) fn news(&self) -> &News {
        &self.0.news
    }

    /// Room for exports.
    pub(crate) fn exports(&self) -> &Arc<Semaphore> {
        &self.0.exports
    }

    pub(crate) fn monitor(&self) -> &PipelineMonitor {
        &self.0.monitor
    }

    /// Draws originals.
    pub(crate) fn originals(&self) -> &Originals {
        &self.0.originals
    }

    /// The counts of the pipeline now.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub(crate) async fn snapshot(&self) -> anyhow::Result<Snapshot> {
        Snapshot::take(self.bus(), &self.0.index).await
    }

    /// Reads the current generation of the index on a blocking thread and waits for the result. An index that
    /// cannot be read is reported at `/readyz` until it can.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, IndexError> + Send + 'static,
    ) -> Result<T, Problem> {
        let app = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let read = app.0.index.reader().and_then(|reader| {
                reader.check()?;
                work(&reader)
            });
            let problem = read.as_ref().err().filter(|error| !matches!(error, IndexError::BadCursor(_)));
            app.worker().set_degraded(problem.map(ToString::to_string));
            read
        });
        read.await.map_err(|error| Problem::internal(&error.into()))?.map_err(problem::of_search)
    }

    /// Whether the index can be read now; if not, `/readyz` says why.
    pub(crate) async fn is_readable(&self) -> bool {
        let app = self.clone();
        let checked =
            tokio::task::spawn_blocking(move || app.0.index.reader().and_then(|reader| reader.check()));
        let problem = match checked.await {
            Ok(checked) => checked.err().map(|error| error.to_string()),
            Err(panicked) => Some(panicked.to_string()),
        };
        let is_readable = problem.is_none();
        self.worker().set_degraded(problem);
        is_readable
    }

    /// Starts `work` on a blocking thread and returns once it has a reader, so that `work` can stream its
    /// results.
    pub(crate) async fn start_reading(
        &self,
        work: impl FnOnce(&Reader) + Send + 'static,
    ) -> Result<(), Problem> {
        let reader = self.read(|reader| Ok(reader.clone())).await?;
        tokio::task::spawn_blocking(move || work(&reader));
        Ok(())
    }
}
