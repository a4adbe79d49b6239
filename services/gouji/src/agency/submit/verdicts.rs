//! The verdicts on the reports that were sent.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _};
use report::Verdict;

use super::Sent;
use crate::client::Server;
use crate::client::answers::{Record, State};
use crate::language::text;

/// How many reports have each verdict.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdicts {
    pass: u64,
    warn: u64,
    fail: u64,
}

/// Reports that are asked for at once.
const AT_ONCE: usize = 8;
/// The console opens a new state of the index twice a second.
const LOOKS: u32 = 8;
const LOOK_EVERY: Duration = Duration::from_millis(250);

impl Verdicts {
    /// Asks for the verdict on each report that is indexed; none where there is no such report, and where the
    /// server does not know it: ingest as a process of its own has no verdicts.
    pub(super) async fn of(server: &Server, sent: &[Sent]) -> Option<Self> {
        let indexed = sent.iter().filter(|one| one.state == State::Indexed);
        let verdicts = futures::stream::iter(indexed).map(|one| verdict(server, &one.id));
        let verdicts: Vec<Option<Verdict>> = verdicts.buffer_unordered(AT_ONCE).try_collect().await.ok()?;
        let mut counts = Self::default();
        for verdict in verdicts.iter().flatten() {
            *match verdict {
                Verdict::Pass => &mut counts.pass,
                Verdict::Warn => &mut counts.warn,
                Verdict::Fail => &mut counts.fail,
            } += 1;
        }
        (counts != Self::default()).then_some(counts)
    }
}

/// The verdict by the index, which also counts what was found beside the report of last year.
async fn verdict(server: &Server, id: &str) -> Result<Option<Verdict>> {
    let path = format!("/api/v1/reports/{id}");
    let mut record: Record = server.get(&path, &[]).await?;
    for _ in 0..LOOKS {
        if !record.versions.is_empty() {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        record = server.get(&path, &[]).await?;
    }
    Ok(record.verdict)
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pass, warn, fail } = self;
        f.write_str(&text!(
            "结论：通过{pass}份，有警告{warn}份，有错误{fail}份。",
            "verdicts: {pass} pass, {warn} warn, {fail} fail"
        ))
    }
}
