//! Targets with real servers, and their process on a real log.

#[path = "../../../../tests/src/disk.rs"]
#[expect(dead_code, unreachable_pub, reason = "it is public in `tests`, where most of it is used")]
mod disk;
mod killed;
#[path = "../../../../tests/src/mariadb.rs"]
#[expect(unreachable_pub, reason = "it is public in `tests`, where it belongs")]
mod mariadb;
#[path = "../../../../tests/src/postgres.rs"]
#[expect(unreachable_pub, reason = "it is public in `tests`, where it belongs")]
mod postgres;
#[path = "../../../../tests/src/processes.rs"]
#[expect(dead_code, unreachable_pub, reason = "it is public in `tests`, where most of it is used")]
mod processes;
mod selection;
#[path = "../../../../tests/src/skip.rs"]
#[expect(unreachable_pub, reason = "it is public in `tests`, where it belongs")]
mod skip;
mod tables;
