#![doc = include_str!("../README.md")]

use std::sync::Arc;

use bus::Since;
use proto::subject;
use proto::v1::RulePolicyChanged;
use rules::RulePolicy;
use tokio::sync::watch;
use worker::Worker;

/// The policy by which this process judges now.
#[derive(Debug, Clone)]
pub struct InForce {
    /// The policy.
    pub policy: Arc<RulePolicy>,
    /// The change that brought it; none where the log has none, and the file of the settings is in force.
    pub change: Option<Arc<RulePolicyChanged>>,
}

impl InForce {
    /// The id of the change that brought it; empty where the log has none.
    pub fn id(&self) -> &str {
        self.change.as_deref().map_or("", |change| &change.id)
    }
}

/// Follows the log for changes of the policy; clones share what it found.
#[derive(Debug, Clone)]
pub struct PolicyFollower(watch::Receiver<Option<InForce>>);

impl PolicyFollower {
    /// Follows the log until shutdown, in a task. Has to be called inside a Tokio runtime.
    ///
    /// # Errors
    /// If the file of the settings cannot be used.
    pub fn start(worker: &Worker) -> Result<Self, rules::PolicyError> {
        let base = Arc::new(RulePolicy::of(worker.config().rule_policy.as_deref())?);
        let (sender, receiver) = watch::channel(None);
        tokio::spawn(follow(worker.clone(), base, sender));
        Ok(Self(receiver))
    }

    /// The policy in force, as soon as the log has said which; none at shutdown.
    pub async fn in_force(&self) -> Option<InForce> {
        let mut receiver = self.0.clone();
        receiver.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// Waits until another policy comes into force.
    pub async fn changed(&self) {
        let mut receiver = self.0.clone();
        receiver.mark_unchanged();
        // At shutdown nothing comes any more.
        if receiver.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The policy in force, if the log has said which.
    pub fn known(&self) -> Option<InForce> {
        self.0.borrow().clone()
    }
}

async fn follow(worker: Worker, base: Arc<RulePolicy>, sender: watch::Sender<Option<InForce>>) {
    let filter = subject::filter::<RulePolicyChanged>();
    let Some(mut feed) = worker.retry(|| worker.bus().follow(filter.clone(), Since::Start)).await else {
        return;
    };
    let mut in_force = InForce { policy: Arc::clone(&base), change: None };
    loop {
        // The changes that were there at the start come first, and only the last of them counts.
        if feed.left() == 0 {
            sender.send_replace(Some(in_force.clone()));
        }
        let Some(event) = feed.next().await else { return };
        if !event.matches_its_subject() {
            continue;
        }
        let Some(change) = event.decode::<RulePolicyChanged>() else { continue };
        match change.policy.as_deref().map(RulePolicy::parse).transpose() {
            Ok(policy) => {
                let policy = policy.map_or_else(|| Arc::clone(&base), Arc::new);
                tracing::info!(
                    stage = worker.name(),
                    policy = change.id,
                    version = policy.version(),
                    "the rule policy {} is in force",
                    change.id
                );
                in_force = InForce { policy, change: Some(Arc::new(change)) };
            }
            // Another version of the program wrote it. The policy before it stays.
            Err(error) => tracing::error!(
                stage = worker.name(),
                policy = change.id,
                "the rule policy {} cannot be used: {error}",
                change.id
            ),
        }
    }
}
