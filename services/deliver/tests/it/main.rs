//! Targets with real servers.

#[path = "../../../../tests/src/mariadb.rs"]
mod mariadb;
#[path = "../../../../tests/src/postgres.rs"]
mod postgres;
#[path = "../../../../tests/src/processes.rs"]
#[expect(dead_code, reason = "most of it is for tests with a bus")]
mod processes;
#[path = "../../../../tests/src/skip.rs"]
mod skip;
mod tables;
