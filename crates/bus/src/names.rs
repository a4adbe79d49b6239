//! The names of streams, buckets and durable consumers, and the limits that more than one file needs.
//! None of them is a setting, so no two services can disagree on one.

use std::time::Duration;

use proto::v1::{ReportParsed, ReportSubmitted, ReportValidated};
use proto::{Fact, subject};

/// The stream of facts: the log.
pub(crate) const STREAM: &str = "GOUJI";
/// The stream of outward messages; each account of a region has a copy of its part under the same name.
pub(crate) const EXPORT: &str = "EXPORT";
/// The bucket of originals.
pub(crate) const BUCKET: &str = "gouji-originals";
/// The bucket of leases: one key for each task that only one process may do at a time.
pub const LEASES: &str = "gouji-leases";
/// The bucket of accounts: who may sign in.
pub const ACCOUNTS: &str = "gouji-accounts";
/// The bucket of sessions: who is signed in.
pub const SESSIONS: &str = "gouji-sessions";
/// The bucket of published pages: which addresses are visited, and what was seen there.
pub const PUBLISHED: &str = "gouji-published";
/// The bucket of outlets: how far each has delivered, and what operators asked of it.
pub const OUTLETS: &str = "gouji-outlets";
/// A session ends so long after it began, whatever its user does; the bucket keeps nothing for longer. A working day
/// with its breaks.
pub const LONGEST_SESSION: Duration = Duration::from_secs(12 * 3600);
/// The largest account, session or outlet. They have a few hundred bytes, and a long list of agencies some thousands.
pub(crate) const MAX_VALUE_BYTES: i32 = 64 << 10;
/// A lease expires when it was not renewed for this long. Its holder renews it about three times as often.
pub const LEASE: Duration = Duration::from_secs(15);
/// The lease of the process that writes the index and answers for all replicas of the stage.
pub const INDEX_LEASE: &str = "index";
/// The lease of the process that visits published pages.
pub const FETCH_LEASE: &str = "fetch";
/// The server redelivers a message that was not acknowledged for this long; a progress message restarts the clock.
pub(crate) const ACK_WAIT: Duration = Duration::from_secs(30);
/// The default `max_payload` of the server. A fact is a few KB.
pub(crate) const MAX_MESSAGE_BYTES: i32 = 1 << 20;

/// A durable consumer of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Durable {
    pub(crate) name: &'static str,
    pub(crate) stage: &'static str,
    /// The name of the facts that it delivers.
    fact: &'static str,
    lane: Lane,
}

/// Which of the facts of one kind a durable consumer delivers. A stage with two lanes takes turns, so that the
/// archive of one sender does not stand before the single reports of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    All,
    Single,
    Bulk,
}

/// The durable consumers, in the order of the pipeline. The first of a stage has its name.
pub(crate) const DURABLES: [Durable; 4] = [
    Durable { name: "parse", stage: "parse", fact: ReportSubmitted::NAME, lane: Lane::Single },
    Durable { name: "parse-bulk", stage: "parse", fact: ReportSubmitted::NAME, lane: Lane::Bulk },
    Durable { name: "validate", stage: "validate", fact: ReportParsed::NAME, lane: Lane::All },
    Durable { name: "index", stage: "index", fact: ReportValidated::NAME, lane: Lane::All },
];

impl Durable {
    /// Whether it is the bulk lane of its stage.
    pub(crate) fn is_bulk(&self) -> bool {
        self.lane == Lane::Bulk
    }

    /// The durable consumers of the stages after this one.
    pub(crate) fn later(&self) -> impl Iterator<Item = Durable> {
        let stage = self.stage;
        DURABLES
            .into_iter()
            .skip_while(move |durable| durable.stage != stage)
            .filter(move |one| one.stage != stage)
    }

    /// The subjects that it delivers.
    pub(crate) fn filter(&self) -> String {
        match self.lane {
            Lane::All => subject::all_of(self.fact),
            Lane::Single => subject::single(self.fact),
            Lane::Bulk => subject::bulk(self.fact),
        }
    }
}

/// The durable consumers that deliver the facts `F`, the bulk lane last.
pub(crate) fn durables_of<F: Fact>() -> impl Iterator<Item = Durable> {
    DURABLES.into_iter().filter(|durable| durable.fact == F::NAME)
}

/// The durable consumer that delivers the facts with this name in this lane.
pub(crate) fn durable_of(fact: &str, is_bulk: bool) -> Option<&'static str> {
    let delivers = |durable: &&Durable| {
        durable.fact == fact && durable.lane != if is_bulk { Lane::Single } else { Lane::Bulk }
    };
    DURABLES.iter().find(delivers).map(|durable| durable.name)
}

/// The consumer that never advances, so that the server counts the facts `F` as pending for it.
pub(crate) fn tally<F: Fact>() -> String {
    format!("tally-{}", F::NAME)
}
