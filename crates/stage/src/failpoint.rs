//! Places at which a test ends a process as `kill -9` would, between any two steps of its promise.
//! A release build has none.

/// Ends the process here, at once, where `GOUJI_FAILPOINT` names this place: `published`, or
/// `published@7` for the seventh time that it is reached. In debug builds only, and no setting: there is
/// nothing in it for an operator to decide.
#[cfg(debug_assertions)]
pub fn failpoint(place: &str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static REACHED: AtomicU64 = AtomicU64::new(0);
    static NAMED: LazyLock<Option<(String, u64)>> = LazyLock::new(|| {
        let named = std::env::var("GOUJI_FAILPOINT").ok()?;
        let (place, time) = named.split_once('@').unwrap_or((&named, "1"));
        Some((place.to_owned(), time.parse().unwrap_or(1)))
    });
    if let Some((named, time)) = &*NAMED
        && named == place
        && REACHED.fetch_add(1, Ordering::Relaxed) + 1 == *time
    {
        std::process::abort();
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn failpoint(_place: &str) {}
