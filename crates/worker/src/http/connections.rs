//! The open connections of a listener, and which of them is evicted for a new one.
//!
//! A connection is idle until the head of a request has arrived, and again once its answer was sent. The
//! longest idle one goes first: an honest client sends its head within milliseconds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The open connections of a listener; clones share them.
#[derive(Clone)]
pub(super) struct Connections(Arc<Shared>);

struct Shared {
    most: usize,
    state: Mutex<State>,
    /// A connection closed or became idle.
    changed: Notify,
}

#[derive(Default)]
struct State {
    open: usize,
    /// Connections that were evicted and are not closed yet.
    closing: usize,
    /// Counts the times that a connection became idle.
    clock: u64,
    /// The idle connections by the time since when they are, with what evicts each.
    idle: BTreeMap<u64, CancellationToken>,
}

/// One open connection, until it is dropped.
pub(super) struct Connection(Arc<Slot>);

struct Slot {
    connections: Connections,
    evicted: CancellationToken,
    /// Since when it is idle; none while it is busy.
    idle_since: Mutex<Option<u64>>,
}

/// Keeps a connection from being evicted until it is dropped.
pub(super) struct Busy(Arc<Slot>);

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Shared { most, state: Mutex::default(), changed: Notify::new() }))
    }

    /// Waits until there is room for one more, and evicts an idle connection for it where there is one.
    pub(super) async fn wait_for_room(&self) {
        loop {
            let changed = self.0.changed.notified();
            let is_closing = {
                let state = self.state();
                if state.open < self.0.most {
                    return;
                }
                state.closing > 0
            };
            if !is_closing {
                self.evict_idle();
            }
            changed.await;
        }
    }

    /// Evicts the connection that has been idle for longest; false where all are busy.
    pub(super) fn evict_idle(&self) -> bool {
        let mut state = self.state();
        let Some((_, evict)) = state.idle.pop_first() else { return false };
        state.closing += 1;
        evict.cancel();
        true
    }

    /// Counts one more connection, which is idle.
    pub(super) fn enter(&self) -> Connection {
        let evicted = CancellationToken::new();
        let slot = Slot { connections: self.clone(), evicted, idle_since: Mutex::default() };
        self.state().open += 1;
        slot.became_idle();
        Connection(Arc::new(slot))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Waits until the connection is evicted.
    pub(super) fn evicted(&self) -> impl Future<Output = ()> + use<> {
        self.0.evicted.clone().cancelled_owned()
    }

    /// The connection is busy with a request until the guard is dropped. HTTP/1.1 has one at a time.
    pub(super) fn busy(&self) -> Busy {
        self.0.became_busy();
        Busy(self.0.clone())
    }
}

impl Slot {
    fn became_idle(&self) {
        if self.evicted.is_cancelled() {
            return;
        }
        let mut state = self.connections.state();
        state.clock += 1;
        let since = state.clock;
        state.idle.insert(since, self.evicted.clone());
        *self.idle_since() = Some(since);
        drop(state);
        self.connections.0.changed.notify_one();
    }

    fn became_busy(&self) {
        if let Some(since) = self.idle_since().take() {
            self.connections.state().idle.remove(&since);
        }
    }

    fn idle_since(&self) -> MutexGuard<'_, Option<u64>> {
        self.idle_since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.became_idle();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.became_busy();
        let mut state = self.connections.state();
        state.open -= 1;
        state.closing -= usize::from(self.evicted.is_cancelled());
        drop(state);
        self.connections.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn is_evicted(connection: &Connection) -> bool {
        connection.evicted().now_or_never().is_some()
    }

    #[tokio::test]
    async fn the_longest_idle_one_is_evicted_and_busy_ones_stay() {
        let connections = Connections::new(3);
        let [first, second, third] = [(); 3].map(|()| connections.enter());
        let busy = second.busy();
        drop(first.busy());
        assert!(connections.wait_for_room().now_or_never().is_none());
        assert!(
            !is_evicted(&first) && !is_evicted(&second) && is_evicted(&third),
            "the first was busy later"
        );
        drop(third);
        assert!(connections.wait_for_room().now_or_never().is_some());
        let fourth = connections.enter();
        assert!(connections.evict_idle() && is_evicted(&first));
        assert!(connections.evict_idle() && is_evicted(&fourth));
        assert!(!connections.evict_idle(), "the second is busy");
        drop(busy);
        assert!(connections.evict_idle() && is_evicted(&second));
    }

    #[tokio::test]
    async fn where_all_are_busy_a_new_one_waits() {
        let connections = Connections::new(1);
        let first = connections.enter();
        let busy = first.busy();
        let waiting = connections.clone();
        let mut waiting = tokio::spawn(async move { waiting.wait_for_room().await });
        assert!((&mut waiting).now_or_never().is_none());
        tokio::task::yield_now().await;
        drop(busy);
        first.evicted().await;
        drop(first);
        waiting.await.unwrap();
    }
}
