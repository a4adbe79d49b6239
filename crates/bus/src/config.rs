//! The settings of the connection. [`crate::Bus::connect`] uses them; somebody else reads them.

use std::path::PathBuf;

/// Where the bus is, how this process identifies itself there, and what the topology needs to know.
#[derive(Debug, Clone)]
pub struct BusConfig {
    /// `GOUJI_INSTALLATION`: the name of this installation, in the CloudEvents source of what leaves it.
    pub installation: String,
    /// `GOUJI_NATS_URL`: the servers, with commas between them; none means [`BusConfig::DEFAULT_URL`].
    pub url: Option<String>,
    /// `GOUJI_NATS_NKEY`: the file with the seed of this process's NATS user.
    pub nkey: Option<PathBuf>,
    /// `GOUJI_NATS_CREDENTIALS`: a credentials file, for servers that authenticate by JWT.
    pub credentials: Option<PathBuf>,
    /// `GOUJI_NATS_CA`: the certificate authority of the servers.
    pub ca: Option<PathBuf>,
    /// `GOUJI_NATS_CERTIFICATE`: the client certificate of this process.
    pub certificate: Option<PathBuf>,
    /// `GOUJI_NATS_KEY`: the private key of that certificate.
    pub key: Option<PathBuf>,
    /// `GOUJI_NATS_REPLICAS`: replicas of each stream. One, because three need three machines.
    pub replicas: usize,
    /// Whether originals lie in an object store on the bus, so that the topology includes its bucket.
    pub object_store: bool,
}

impl BusConfig {
    /// The server of a developer's machine.
    pub const DEFAULT_URL: &str = "nats://127.0.0.1:4222";

    /// The servers.
    pub fn url(&self) -> &str {
        self.url.as_deref().unwrap_or(Self::DEFAULT_URL)
    }
}

/// One local server, without authentication.
impl Default for BusConfig {
    fn default() -> Self {
        Self {
            installation: String::new(),
            url: None,
            nkey: None,
            credentials: None,
            ca: None,
            certificate: None,
            key: None,
            replicas: 1,
            object_store: false,
        }
    }
}
