//! The tests that every engine passes, against a real node of OpenSearch, and what only a cluster can do.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its index has failed")]

mod cluster;
#[path = "../../../../tests/src/opensearch.rs"]
#[expect(unreachable_pub, reason = "it is public in `tests`, where it belongs")]
mod node;
mod place;
#[path = "../../../../tests/src/skip.rs"]
#[expect(unreachable_pub, reason = "it is public in `tests`, where it belongs")]
mod skip;
#[path = "../../../search/tests/it/suite/mod.rs"]
mod suite;
