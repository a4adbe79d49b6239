//! Rebuilds a lost log from the manifests and statements among the originals.

use anyhow::{Context as _, Result};
use bus::{Bus, BusConfig, Published, topology};
use proto::ReportId;
use proto::v1::ReportSubmitted;

use super::store::Store;
use crate::language::text;

/// How much was published.
#[derive(Debug, Default)]
pub(super) struct Rebuilt {
    submissions: u64,
    reports: u64,
    /// Reports that the log had already.
    there: u64,
}

impl Rebuilt {
    pub(super) fn text(&self) -> String {
        let Self { submissions, reports, there } = self;
        text!(
            "重新发布：{submissions}次报送的{reports}份报告，日志中已有{there}份；机关名录需重新导入，以前重读或退回的按首次读取处理",
            "rebuilt: {reports} reports of {submissions} submissions put on the log, {there} were there; import the rosters again; earlier replays and refusals are not restored"
        )
    }
}

/// Publishes what the log lacks, in the order in which it was sent, and has every stage look at all that the log has. A
/// second run publishes nothing more.
pub(super) async fn rebuild(bus: &Bus, config: &BusConfig, store: &Store, who: &str) -> Result<Rebuilt> {
    let mut sent: Vec<_> = store.sent.iter().collect();
    if sent.is_empty() {
        return Ok(Rebuilt::default());
    }
    sent.sort_by_key(|one| one.at_ms);
    bus.record_action(who, "rebuild", "", &format!("{} submissions", sent.len())).await?;
    topology::deliver_again(bus, config).await?;
    let mut rebuilt = Rebuilt::default();
    for one in sent {
        rebuilt.submissions += 1;
        for fact in &one.facts {
            // New reports go first.
            match put(bus, ReportSubmitted { bulk: true, ..fact.clone() }, one.again)
                .await
                .with_context(|| format!("putting {} on the log", fact.id))?
            {
                Published::New => rebuilt.reports += 1,
                Published::AlreadyThere => rebuilt.there += 1,
            }
        }
    }
    Ok(rebuilt)
}

/// Publishes one submission. Bytes that were sent again, or under another scope, become the next generation, as
/// ingest does it, unless this submission has one already.
async fn put(bus: &Bus, mut fact: ReportSubmitted, again: bool) -> Result<Published> {
    loop {
        let published = bus.publish(&fact).await?;
        if published == Published::New {
            return Ok(published);
        }
        let there = bus.last_of_id::<ReportSubmitted>(&fact.id).await?.unwrap_or_default();
        if there.submission == fact.submission || (!again && there.scope == fact.scope) {
            return Ok(published);
        }
        fact.generation += 1;
        let original = fact.original.as_ref().map_or("", |original| &original.sha256);
        fact.id = ReportId::of(original, fact.generation)?.to_string();
    }
}
