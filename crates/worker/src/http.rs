//! The HTTP server of a process: HTTP/1.1, with limits on connections and timeouts for slow clients. Where
//! the connections are used up, a new one evicts the one that has been without a request for longest, so that
//! idle clients cannot keep others out.

mod connections;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::header;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use self::connections::{Busy, Connections};
use crate::shutdown::Shutdown;

/// Open connections of one listener; each takes a few KB.
const MAX_CONNECTIONS: usize = 4_000;
/// Open connections of one address; no limit for this machine itself, where proxies run.
const MAX_PER_ADDRESS: usize = 250;
/// How long the head of a request may take, and how long a connection may idle between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest head of a request.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// How much of a body is read, and for how long, after the request was answered early: a client that is still
/// sending reads the response only afterwards, and would see a reset connection instead.
const MAX_DISCARDED_BYTES: u64 = 8 << 20;
const DISCARD_TIMEOUT: Duration = Duration::from_secs(2);
/// The pause after a failed accept, mostly because file descriptors ran out.
const PAUSE: Duration = Duration::from_millis(200);

/// Serves until the process shuts down, and then until every request in progress is answered. Requests carry
/// the address of their peer as [`ConnectInfo`].
pub(crate) async fn serve(listener: TcpListener, router: Router, shutdown: &Shutdown) {
    let open = Connections::new(max_connections());
    let peers = Peers::default();
    let graceful = GracefulShutdown::new();
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
    loop {
        let accepted = async {
            open.wait_for_room().await;
            listener.accept().await
        };
        let accepted = tokio::select! {
            () = shutdown.requested() => break,
            accepted = accepted => accepted,
        };
        let (stream, peer): (TcpStream, SocketAddr) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("accepting a connection: {error}");
                if !open.evict_idle() {
                    tokio::time::sleep(PAUSE).await;
                }
                continue;
            }
        };
        let Some(slot) = peers.enter(peer.ip()) else {
            tracing::debug!(%peer, "too many connections from one address");
            continue;
        };
        stream.set_nodelay(true).ok();
        let router = router.clone();
        let connection = open.enter();
        let evicted = connection.evicted();
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let busy = connection.busy();
            let expects_continue = request.headers().contains_key(header::EXPECT);
            let (mut head, body) = request.into_parts();
            head.extensions.insert(ConnectInfo(peer));
            let body = Shared(Arc::new(Mutex::new(body)));
            let answer = router.clone().oneshot(hyper::Request::from_parts(head, Body::new(body.clone())));
            async move {
                let answer = answer.await;
                if !expects_continue {
                    body.discard_rest().await;
                }
                // The connection is idle again once the client has the whole answer.
                answer.map(|answer| answer.map(|body| Body::new(Watched { body, _busy: busy })))
            }
        });
        let served = graceful.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            tokio::select! {
                // An error means that the client disconnected.
                _ = served => (),
                () = evicted => (),
            }
            drop(slot);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// How many connections a listener may have: descriptors are for other files too.
fn max_connections() -> usize {
    let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let half =
        descriptors.map_or(usize::MAX, |descriptors| usize::try_from(descriptors / 2).unwrap_or(usize::MAX));
    half.clamp(1, MAX_CONNECTIONS)
}

/// The body of a response; its connection is busy until it is sent or given up.
struct Watched {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a request; clones continue where another clone stopped.
#[derive(Clone)]
struct Shared(Arc<Mutex<Incoming>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Incoming> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads and discards the rest of the body, up to a limit.
    async fn discard_rest(mut self) {
        let mut left = MAX_DISCARDED_BYTES;
        let read = async {
            while left > 0 && self.size_hint().lower() <= left {
                match std::future::poll_fn(|context| Pin::new(&mut self).poll_frame(context)).await {
                    Some(Ok(frame)) => {
                        left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
                    }
                    None | Some(Err(_)) => break,
                }
            }
        };
        tokio::time::timeout(DISCARD_TIMEOUT, read).await.ok();
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut *self.lock()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.lock().size_hint()
    }
}

/// The number of connections of each address.
#[derive(Clone, Default)]
struct Peers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One counted connection of an address, until it is dropped.
struct Slot {
    peers: Peers,
    peer: IpAddr,
}

impl Peers {
    fn enter(&self, peer: IpAddr) -> Option<Slot> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(peer).or_default();
        if *count >= MAX_PER_ADDRESS && !peer.to_canonical().is_loopback() {
            return None;
        }
        *count += 1;
        Some(Slot { peers: self.clone(), peer })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_one_address_are_limited_except_for_this_machine() {
        let peers = Peers::default();
        let enter = |address: &str, count: usize| -> Vec<Option<Slot>> {
            (0..count).map(|_| peers.enter(address.parse().unwrap())).collect()
        };
        let open = enter("192.0.2.1", MAX_PER_ADDRESS);
        assert!(open.iter().all(Option::is_some));
        assert!(enter("192.0.2.1", 1)[0].is_none());
        assert!(enter("192.0.2.2", 1)[0].is_some());
        assert!(enter("::ffff:127.0.0.1", MAX_PER_ADDRESS + 1).iter().all(Option::is_some));
        drop(open);
        assert!(peers.0.lock().unwrap().is_empty());
    }
}
