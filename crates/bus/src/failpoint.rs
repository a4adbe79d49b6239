//! Points at which a test aborts the process, as `kill -9` would, between two steps of a promise.
//! A release build has none.

/// Aborts the process here if `GOUJI_FAILPOINT` names this point: `published`, or `published@7` for the
/// seventh time that it is reached. Debug builds only, and no setting: an operator has nothing to decide here.
#[cfg(debug_assertions)]
pub fn failpoint(point: &str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static REACHED: AtomicU64 = AtomicU64::new(0);
    static NAMED: LazyLock<Option<(String, u64)>> = LazyLock::new(|| {
        let named = std::env::var("GOUJI_FAILPOINT").ok()?;
        let (point, time) = named.split_once('@').unwrap_or((&named, "1"));
        Some((point.to_owned(), time.parse().unwrap_or(1)))
    });
    if let Some((named, time)) = &*NAMED
        && named == point
        && REACHED.fetch_add(1, Ordering::Relaxed) + 1 == *time
    {
        std::process::abort();
    }
}

/// Does nothing in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn failpoint(_point: &str) {}
