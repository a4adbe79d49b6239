//! The HTTP server of a process: HTTP/1.1, with bounds on how many may connect and how slowly they may ask.
//! Whoever talks slower than this is cut off, so that nobody can hold the door open by saying nothing.

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
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::Stop;

/// Open connections of one process; more wait until one closes. Each holds a few KB.
const CONNECTIONS: usize = 4_000;
/// Open connections of one address, but for this machine itself, where proxies are.
const OF_ONE_ADDRESS: usize = 250;
/// How long the head of a request may take, and how long a connection may be silent between two of them.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest head of a request.
const HEAD_BYTES: usize = 64 << 10;
/// What is still read of a request that was answered before its end, and for how long: whoever is sending
/// reads the answer only then, and would see a broken connection instead.
const REST_BYTES: u64 = 8 << 20;
const REST_TIMEOUT: Duration = Duration::from_secs(2);
/// After an accept that failed, mostly for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(200);

/// Answers until it is time to stop, and then until every request that has begun is answered. Requests carry
/// the address of their peer as [`ConnectInfo`].
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: &Stop) {
    let open = Arc::new(Semaphore::new(CONNECTIONS));
    let peers = Peers::default();
    let graceful = GracefulShutdown::new();
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_BYTES);
    loop {
        let accepted = async {
            // The semaphore is never closed.
            let permit = open.clone().acquire_owned().await.ok();
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            () = stop.wished() => break,
            accepted = accepted => accepted,
        };
        let (stream, peer): (TcpStream, SocketAddr) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("accepting a connection: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Some(place) = peers.enter(peer.ip()) else {
            tracing::debug!(%peer, "too many connections of one address");
            continue;
        };
        stream.set_nodelay(true).ok();
        let router = router.clone();
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let waits_for_our_word = request.headers().contains_key(header::EXPECT);
            let (mut head, body) = request.into_parts();
            head.extensions.insert(ConnectInfo(peer));
            let body = Shared(Arc::new(Mutex::new(body)));
            let answer = router.clone().oneshot(hyper::Request::from_parts(head, Body::new(body.clone())));
            async move {
                let answer = answer.await;
                if !waits_for_our_word {
                    body.read_rest().await;
                }
                answer
            }
        });
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // Whoever breaks off knows it.
            connection.await.ok();
            drop((place, permit));
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// The body of a request; clones read on where another one ended.
#[derive(Clone)]
struct Shared(Arc<Mutex<Incoming>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Incoming> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what the handler left, as far as it is not too much.
    async fn read_rest(mut self) {
        let mut left = REST_BYTES;
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
        tokio::time::timeout(REST_TIMEOUT, read).await.ok();
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

/// How many connections each address has.
#[derive(Clone, Default)]
struct Peers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection of an address; gone when dropped.
struct Place {
    peers: Peers,
    peer: IpAddr,
}

impl Peers {
    fn enter(&self, peer: IpAddr) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(peer).or_default();
        if *count >= OF_ONE_ADDRESS && !peer.to_canonical().is_loopback() {
            return None;
        }
        *count += 1;
        Some(Place { peers: self.clone(), peer })
    }
}

impl Drop for Place {
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
    fn one_address_has_so_many_connections_and_this_machine_any() {
        let peers = Peers::default();
        let enter = |address: &str, count: usize| -> Vec<Option<Place>> {
            (0..count).map(|_| peers.enter(address.parse().unwrap())).collect()
        };
        let open = enter("192.0.2.1", OF_ONE_ADDRESS);
        assert!(open.iter().all(Option::is_some));
        assert!(enter("192.0.2.1", 1)[0].is_none());
        assert!(enter("192.0.2.2", 1)[0].is_some());
        assert!(enter("::ffff:127.0.0.1", OF_ONE_ADDRESS + 1).iter().all(Option::is_some));
        drop(open);
        assert!(peers.0.lock().unwrap().is_empty());
    }
}
