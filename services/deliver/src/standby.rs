//! The name of a process as a candidate for the lease of an outlet.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};

use worker::Worker;

/// The name of the candidate: that of the host for one process, with its number for others that run beside it.
///
/// A restarted process with the same name takes its lease over at once, and two that run must not have the same. A
/// socket in the abstract namespace tells them apart: only one process has it, and the kernel frees it with any end
/// of that process.
pub(crate) struct Candidate {
    name: String,
    _socket: Option<UnixListener>,
}

impl Candidate {
    pub(crate) fn of(worker: &Worker, outlet: &str) -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let mut hasher = DefaultHasher::new();
        worker.config().bus.url.hash(&mut hasher);
        let address = format!("gouji-outlet-{outlet}-{:016x}", hasher.finish());
        let bound =
            SocketAddr::from_abstract_name(address).and_then(|address| UnixListener::bind_addr(&address));
        match bound {
            Ok(socket) => Self { name: host, _socket: Some(socket) },
            Err(_) => Self { name: format!("{host}:{}", std::process::id()), _socket: None },
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}
