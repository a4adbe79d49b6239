//! The pipeline as it is deployed: every service a process of its own, on a real nats-server, with
//! generated reports whose truth is known.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

mod doors;
mod province;
mod versions;
mod years;

use tests::proof::{Log, PATIENCE, SEED, archive, counts, everything_arrived, id, reports, sha256};
