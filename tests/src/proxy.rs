//! A bad line to a server: everything passes, late or not at all.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// What is sent arrives.
    Good,
    /// It arrives so much later.
    Slow(Duration),
    /// Nothing arrives, without an error; it arrives after the line works again.
    Cut,
}

/// A proxy in this process, gone when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    line: watch::Sender<Line>,
    listening: JoinHandle<()>,
}

/// Bytes under way at once; little, so that a cut line backs up to the sender.
const UNDER_WAY: usize = 64 << 10;

impl Proxy {
    /// A good line to `server`, `127.0.0.1:4222`.
    ///
    /// # Errors
    /// If there is no port.
    pub async fn to(server: String) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("listening for a proxy")?;
        let address = listener.local_addr().context("listening for a proxy")?;
        let (line, state) = watch::channel(Line::Good);
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&server).await else { continue };
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(carry(from_client, to_server, state.clone()));
                tokio::spawn(carry(from_server, to_client, state.clone()));
            }
        });
        Ok(Self { address, line, listening })
    }

    /// Where it listens, as a bus.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// From now on.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// One direction, until either end or the proxy goes.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut line: watch::Receiver<Line>) {
    let mut bytes = vec![0; UNDER_WAY];
    loop {
        let Ok(count @ 1..) = from.read(&mut bytes).await else { return };
        let late = match *line.borrow() {
            Line::Slow(late) => late,
            Line::Good | Line::Cut => Duration::ZERO,
        };
        tokio::time::sleep(late).await;
        if line.wait_for(|line| *line != Line::Cut).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
