//! The names of streams, buckets and durable consumers, and the limits that more than one file needs.
//! None of them is a setting, so no two services can disagree on one.

use std::time::Duration;

use proto::v1::{ReportParsed, ReportSubmitted, ReportValidated};
use proto::{Fact, subject};

/// The stream of facts: the log.
pub(crate) const STREAM: &str = "GOUJI";
/// The bucket of originals.
pub(crate) const BUCKET: &str = "gouji-originals";
/// The bucket of leases: one key for each task that only one process may do at a time.
pub const LEASES: &str = "gouji-leases";
/// A lease expires when it was not renewed for this long. Its holder renews it about three times as often.
pub const LEASE: Duration = Duration::from_secs(15);
/// The lease of the process that writes the index and answers for all replicas of the stage.
pub const INDEX_LEASE: &str = "index";
/// The server redelivers a message that was not acknowledged for this long; a progress message restarts the clock.
pub(crate) const ACK_WAIT: Duration = Duration::from_secs(30);
/// The default `max_payload` of the server. A fact is a few KB.
pub(crate) const MAX_MESSAGE_BYTES: i32 = 1 << 20;

/// The durable consumers, one for each stage, and the subject filter of each.
pub(crate) fn durables() -> [(&'static str, String); 3] {
    [
        ("parse", subject::filter::<ReportSubmitted>()),
        ("validate", subject::filter::<ReportParsed>()),
        ("index", subject::filter::<ReportValidated>()),
    ]
}

/// The durable consumer that delivers the facts `F`.
pub(crate) fn durable_of<F: Fact>() -> Option<&'static str> {
    let filter = subject::filter::<F>();
    durables().into_iter().find(|(_, taken)| *taken == filter).map(|(durable, _)| durable)
}

/// The consumer that never advances, so that the server counts the facts `F` as pending for it.
pub(crate) fn tally<F: Fact>() -> String {
    format!("tally-{}", F::NAME)
}
