//! Ways in with real servers.

#[path = "../../../../tests/src/mariadb.rs"]
#[expect(unreachable_pub, reason = "it is public in `tests`, where it belongs")]
#[expect(dead_code, reason = "other tests kill it")]
mod mariadb;
#[path = "../../../../tests/src/postgres.rs"]
#[expect(unreachable_pub, reason = "it is public in `tests`, where it belongs")]
#[expect(dead_code, reason = "other tests kill it")]
mod postgres;
#[path = "../../../../tests/src/processes.rs"]
#[expect(dead_code, unreachable_pub, reason = "it is public in `tests`, where most of it is used")]
mod processes;
#[path = "../../../../tests/src/skip.rs"]
#[expect(unreachable_pub, reason = "it is public in `tests`, where it belongs")]
mod skip;
mod table;
