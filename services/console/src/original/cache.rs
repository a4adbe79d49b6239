//! Values that are kept as long as there is room, those that were used last the longest.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Values of at most so many bytes together.
pub(super) struct Cache<K, V> {
    limit: usize,
    kept: Mutex<Kept<K, V>>,
}

struct Kept<K, V> {
    values: HashMap<K, Value<V>>,
    bytes: usize,
    /// How often a value was used.
    uses: u64,
}

struct Value<V> {
    value: Arc<V>,
    size: usize,
    used: u64,
}

impl<K: Clone + Eq + Hash, V> Cache<K, V> {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, kept: Mutex::new(Kept { values: HashMap::new(), bytes: 0, uses: 0 }) }
    }

    pub(super) fn get(&self, key: &K) -> Option<Arc<V>> {
        let mut kept = self.lock();
        kept.uses += 1;
        let used = kept.uses;
        let value = kept.values.get_mut(key)?;
        value.used = used;
        Some(value.value.clone())
    }

    /// Keeps a value of so many bytes, unless it alone is more than fits.
    pub(super) fn put(&self, key: K, value: Arc<V>, size: usize) {
        if size > self.limit {
            return;
        }
        let mut kept = self.lock();
        kept.uses += 1;
        let used = kept.uses;
        kept.bytes += size;
        if let Some(before) = kept.values.insert(key, Value { value, size, used }) {
            kept.bytes -= before.size;
        }
        while kept.bytes > self.limit {
            // There are a few hundred values.
            let oldest = kept.values.iter().min_by_key(|(_, value)| value.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            kept.bytes -= kept.values.remove(&oldest).map_or(0, |value| value.size);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept<K, V>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let cache = Cache::new(10);
        for key in ["a", "b"] {
            cache.put(key, Arc::new(key), 4);
        }
        assert!(cache.get(&"a").is_some());
        cache.put("c", Arc::new("c"), 4);
        let kept = |key| cache.get(&key).is_some();
        assert_eq!([kept("a"), kept("b"), kept("c")], [true, false, true]);
        cache.put("d", Arc::new("d"), 11);
        assert!(!kept("d"));
        cache.put("c", Arc::new("c"), 1);
        cache.put("e", Arc::new("e"), 5);
        assert_eq!([kept("a"), kept("c"), kept("e")], [true, true, true]);
    }
}
