//! Three nats-servers as one cluster, each in a network namespace of its own, so that a test can cut the
//! network between them. That needs root.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::{Context as _, Result, ensure};

use crate::processes::{ListenAt, NatsServer, SyncInterval};
use crate::skip::skip;

/// The number of servers; a log with a copy on each survives the loss of one.
pub const SERVERS: u8 = 3;

/// Hosts on a network of their own, removed when this is dropped.
#[derive(Debug)]
pub struct Hosts {
    /// The prefix of the names of all interfaces and namespaces.
    name: String,
    /// The network's first three octets.
    network: [u8; 3],
}

impl Hosts {
    /// Creates them.
    ///
    /// # Errors
    /// If the system refuses, as it does without root.
    pub fn make() -> Result<Self> {
        static MADE: AtomicU8 = AtomicU8::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        // Reserved for measurements between networks (RFC 2544), so no host has such an address.
        let hosts = Self {
            name: format!("gj{process}x{made}"),
            network: [198, 18, (process as u8).wrapping_add(made)],
        };
        let bridge = &hosts.name;
        ip(&format!("link add {bridge} type bridge"))?;
        ip(&format!("address add {}/24 dev {bridge}", hosts.address(254)))?;
        ip(&format!("link set {bridge} up"))?;
        for host in 1..=SERVERS {
            let (namespace, cable) = (hosts.namespace(host), hosts.cable(host));
            ip(&format!("netns add {namespace}"))?;
            ip(&format!("link add {cable} type veth peer name eth0 netns {namespace}"))?;
            ip(&format!("link set {cable} master {bridge} up"))?;
            ip(&format!("-n {namespace} address add {}/24 dev eth0", hosts.address(host)))?;
            ip(&format!("-n {namespace} link set eth0 up"))?;
            ip(&format!("-n {namespace} link set lo up"))?;
        }
        Ok(hosts)
    }

    /// Disconnects the host with this number, from 1 on.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn cut(&self, host: u8) -> Result<()> {
        ip(&format!("link set {} down", self.cable(host)))
    }

    /// Connects it again.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn heal(&self, host: u8) -> Result<()> {
        ip(&format!("link set {} up", self.cable(host)))
    }

    /// Starts a server on each.
    ///
    /// # Errors
    /// If one does not start.
    pub async fn cluster(&self, folder: &Path, sync: SyncInterval) -> Result<Vec<NatsServer>> {
        let mut servers = Vec::new();
        for host in 1..=SERVERS {
            let folder = folder.join(format!("nats-{host}"));
            fs::create_dir_all(&folder).context("making a folder for a nats-server")?;
            let routes: Vec<String> = (1..=SERVERS)
                .filter(|other| *other != host)
                .map(|other| format!("\"nats://{}:6222\"", self.address(other)))
                .collect();
            let listen_at = ListenAt {
                address: SocketAddr::new(self.address(host), 4222),
                namespace: Some(self.namespace(host)),
                more: format!(
                    "server_name: \"host-{host}\"\nlame_duck_duration: \"30s\"\nlame_duck_grace_period: \"1s\"\n\
                     cluster {{ name: gouji, listen: \"{}:6222\", routes: [{}] }}\n",
                    self.address(host),
                    routes.join(", ")
                ),
            };
            servers.push(NatsServer::start_as(&folder, sync, listen_at).await?);
        }
        Ok(servers)
    }

    fn address(&self, host: u8) -> IpAddr {
        let [a, b, c] = self.network;
        Ipv4Addr::new(a, b, c, host).into()
    }

    fn namespace(&self, host: u8) -> String {
        format!("{}n{host}", self.name)
    }

    fn cable(&self, host: u8) -> String {
        format!("{}c{host}", self.name)
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for host in 1..=SERVERS {
            ip(&format!("netns delete {}", self.namespace(host))).ok();
        }
        ip(&format!("link delete {}", self.name)).ok();
    }
}

fn ip(arguments: &str) -> Result<()> {
    let output = Command::new("ip")
        .args(arguments.split(' '))
        .output()
        .context("running ip; install it with: apt-get install iproute2")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {arguments}: {}", said.trim());
    Ok(())
}

/// Whether this process may make networks and mount disks. Records the test as skipped if not.
pub fn is_root(test: &str) -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        skip(test, "only root may mount disks and make networks", "sudo -E cargo xtask test");
    }
    is_root
}
