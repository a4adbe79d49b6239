//! The pipeline as it is deployed: every service a process of its own, on a real nats-server, with
//! generated reports whose truth is known.

mod policy;
mod province;
mod reviews;
mod submission;
mod versions;
mod years;

use tests::proof::{Log, PATIENCE, SEED, archive, counts, everything_arrived, id, reports, sha256};
