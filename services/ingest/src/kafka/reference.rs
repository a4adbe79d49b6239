//! Fetches the files that messages refer to, and only from where the operator allows it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, StatusCode, Url};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use worker::outlets::KafkaConfig;

use super::envelope::{Reference, Unusable};
use super::object_store::ObjectStore;

/// For a connection to a file server.
const CONNECT: Duration = Duration::from_secs(10);
/// A transfer is broken off if nothing comes for so long.
const SILENCE: Duration = Duration::from_secs(30);
/// For a whole transfer: the archive of a city over a slow line.
const TRANSFER: Duration = Duration::from_secs(600);

/// Fetches files from the hosts and the object store of an inlet.
pub(super) struct Fetcher {
    hosts: Vec<Host>,
    /// For hosts that are named in full.
    named: Client,
    /// For all others: it connects to no address of an inner network.
    public: Client,
    s3: Option<ObjectStore>,
    most_bytes: u64,
}

/// The file, at its beginning.
pub(super) struct Fetched(pub(super) tokio::fs::File);

/// Why there is no file.
#[derive(Debug)]
pub(super) enum NotFetched {
    /// It is not allowed, not there, or another one than the message says.
    Never(Unusable),
    /// Its server is away.
    Later(anyhow::Error),
}

impl NotFetched {
    pub(super) fn never(message: &str, detail: &str) -> Self {
        Self::Never(Unusable::new(message, detail))
    }
}

impl Fetcher {
    /// # Errors
    /// If a host cannot be understood, or a file of certificates or keys cannot be read.
    pub(super) fn open(config: &KafkaConfig, most_bytes: u64) -> anyhow::Result<Self> {
        bus::tls::prepare();
        let hosts = config.hosts.iter().map(|host| Host::parse(host)).collect::<anyhow::Result<Vec<_>>>()?;
        let named = builder(config)?.build().context("making an HTTP client")?;
        let public = builder(config)?.dns_resolver(Arc::new(PublicOnly));
        let public = public.build().context("making an HTTP client")?;
        let s3 = config.s3.as_ref().map(ObjectStore::open).transpose()?;
        Ok(Self { hosts, named, public, s3, most_bytes })
    }

    /// The file that a message refers to, if it is the one whose SHA-256 the message says.
    pub(super) async fn fetch(&self, reference: &Reference) -> Result<Fetched, NotFetched> {
        let fetched = match (&reference.url, &reference.s3) {
            (Some(url), _) => self.fetch_url(url, &reference.sha256).await,
            (None, Some(address)) => self.fetch_object(address, &reference.sha256).await,
            (None, None) => Err(NotFetched::never("消息没有写明文件的地址。", "neither `url` nor `s3`")),
        };
        fetched.map(Fetched)
    }

    async fn fetch_url(&self, address: &str, sha256: &str) -> Result<tokio::fs::File, NotFetched> {
        let url = Url::parse(address)
            .map_err(|error| NotFetched::never("url 不是完整的地址。", &format!("url: {error}")))?;
        let client = match allowed(&self.hosts, &url) {
            Some(Host { below: false, .. }) => &self.named,
            Some(Host { below: true, .. }) => &self.public,
            None => {
                let host = url.host_str().unwrap_or_default();
                let detail =
                    format!("{host} is not in kafka.hosts of the inlet, or the address is not https or http");
                return Err(NotFetched::never("文件地址的主机不在允许之列，请联系接收方。", &detail));
            }
        };
        let later = |error: reqwest::Error| {
            NotFetched::Later(anyhow!(error.without_url()).context("fetching a file"))
        };
        let response = client.get(url).send().await.map_err(later)?;
        let status = response.status();
        match status {
            _ if status.is_success() => {}
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                return Err(NotFetched::Later(anyhow!("the file server answers {status}")));
            }
            _ if status.is_server_error() => {
                return Err(NotFetched::Later(anyhow!("the file server answers {status}")));
            }
            _ if status.is_redirection() => {
                let detail = format!("{status}; redirects are not followed");
                return Err(NotFetched::never("文件地址转到了别处。请写明文件最终的地址。", &detail));
            }
            _ => {
                let detail = format!("the file server answers {status}");
                return Err(NotFetched::never("文件地址取不到文件。请确认文件可以下载。", &detail));
            }
        }
        let chunks = response.bytes_stream().map_err(|error| io::Error::other(error.without_url()));
        self.store(chunks, sha256).await
    }

    async fn fetch_object(&self, address: &str, sha256: &str) -> Result<tokio::fs::File, NotFetched> {
        let Some(store) = &self.s3 else {
            let detail = "the inlet has no section `kafka.s3`";
            return Err(NotFetched::never("接收方没有开通对象存储，请改用 url 或直接发送文件。", detail));
        };
        self.store(store.get(address).await?, sha256).await
    }

    /// Stores what comes in a temporary file, and compares its hash.
    async fn store(
        &self,
        chunks: impl Stream<Item = io::Result<Bytes>>,
        sha256: &str,
    ) -> Result<tokio::fs::File, NotFetched> {
        let later = |error: io::Error| NotFetched::Later(anyhow!(error).context("fetching a file"));
        let file = tempfile::tempfile().map_err(later)?;
        let mut file = tokio::fs::File::from_std(file);
        let (mut digest, mut size) = (Sha256::new(), 0);
        let mut chunks = std::pin::pin!(chunks);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(later)?;
            size += chunk.len() as u64;
            if size > self.most_bytes {
                let mb = self.most_bytes / 1_000_000;
                let detail = format!("the file has more than {mb} MB");
                return Err(NotFetched::never(
                    &format!("文件超过 {mb} MB 的上限。请分批压缩后发送。"),
                    &detail,
                ));
            }
            digest.update(&chunk);
            file.write_all(&chunk).await.map_err(later)?;
        }
        let found = HEXLOWER.encode(&digest.finalize());
        if found != sha256.to_ascii_lowercase() {
            let detail = format!("the message says {sha256}, and the file has {found}");
            return Err(NotFetched::never("取到的文件与消息中的SHA-256不符。请核对后重新发送。", &detail));
        }
        file.flush().await.map_err(later)?;
        file.rewind().await.map_err(later)?;
        Ok(file)
    }
}

fn builder(config: &KafkaConfig) -> anyhow::Result<ClientBuilder> {
    let builder = Client::builder()
        // A proxy would connect where this process must not.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .timeout(TRANSFER);
    let Some(ca) = &config.hosts_ca else { return Ok(builder) };
    let reading = || format!("kafka.hosts_ca = \"{}\"", ca.display());
    let pem = std::fs::read(ca).with_context(reading)?;
    Ok(builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(&pem).with_context(reading)?))
}

/// An entry of `kafka.hosts`.
#[derive(Debug, PartialEq, Eq)]
struct Host {
    /// Whether it stands for all hosts below it.
    below: bool,
    name: String,
    /// The port; that of the scheme where it is absent.
    port: Option<u16>,
}

impl Host {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let wrong = || {
            format!("kafka.hosts: `{text}` is no host such as `files.gov.cn`, `10.1.2.3:8080` or `*.gov.cn`")
        };
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !name.ends_with(':') && !port.contains(']') => {
                (name, Some(port.parse().ok().with_context(wrong)?))
            }
            _ => (text, None),
        };
        let (below, name) = name.strip_prefix("*.").map_or((false, name), |rest| (true, rest));
        // As addresses are written: lower case, and Chinese names in their ASCII form.
        let url = Url::parse(&format!("http://{name}/")).with_context(wrong)?;
        let host =
            url.host_str().filter(|_| !name.contains(['/', '@', '?', '#', '*'])).with_context(wrong)?;
        Ok(Self { below, name: host.to_owned(), port })
    }

    fn covers(&self, url: &Url) -> bool {
        let port = match self.port {
            None => url.port().is_none(),
            port => url.port_or_known_default() == port,
        };
        let host = url.host_str().unwrap_or_default();
        let is_name = matches!(url.domain(), Some(_));
        let covers = match self.below {
            false => host == self.name,
            true => is_name && host.strip_suffix(&self.name).is_some_and(|rest| rest.ends_with('.')),
        };
        port && covers
    }
}

/// The entry that allows an address; one that names the host in full counts first.
fn allowed<'a>(hosts: &'a [Host], url: &Url) -> Option<&'a Host> {
    if !matches!(url.scheme(), "https" | "http") {
        return None;
    }
    let mut covering: Vec<&Host> = hosts.iter().filter(|host| host.covers(url)).collect();
    covering.sort_by_key(|host| host.below);
    covering.first().copied()
}

/// Resolves names to addresses of the internet only: what a name below `*.gov.cn` points to is up to its owner.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let public: Vec<SocketAddr> = found.into_iter().filter(|one| !is_inner(one.ip())).collect();
            if public.is_empty() {
                return Err(format!(
                    "{name} has no address but of inner networks; name it in full in kafka.hosts"
                )
                .into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is not one of the internet.
fn is_inner(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_inner_v4(address),
        IpAddr::V6(address) => is_inner_v6(address),
    }
}

fn is_inner_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || first == 0
        // Shared by providers, for protocols, for measuring, and reserved.
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && (18..20).contains(&second))
        || first >= 240
}

fn is_inner_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [.., high, low] = segments;
    let embedded = || is_inner_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] => address.is_loopback() || address.is_unspecified() || embedded(),
        // NAT64 and 6to4 lead to an address of version 4.
        [0x64, 0xff9b, ..] => embedded(),
        [0x2002, high, low, ..] => is_inner_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))),
        // Unique local, link local, site local and multicast.
        [first, ..] => (first & 0xfe00) == 0xfc00 || (first & 0xff80) == 0xfe80 || first >= 0xff00,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_allowed_hosts_are_asked() {
        let hosts = ["files.gov.cn", "10.1.2.3:8080", "*.sd.gov.cn", "[::1]:81", "甲.cn"];
        let hosts: Vec<Host> = hosts.iter().map(|host| Host::parse(host).unwrap()).collect();
        let check = |address: &str, expected: Option<bool>| {
            let url = Url::parse(address).unwrap();
            assert_eq!(allowed(&hosts, &url).map(|host| host.below), expected, "{address}");
        };
        check("https://files.gov.cn/a.docx", Some(false));
        check("http://FILES.gov.cn:80/a.docx", Some(false));
        check("https://files.gov.cn:8443/a.docx", None);
        check("https://files.gov.cn.evil.cn/a.docx", None);
        check("https://files.gov.cn@evil.cn/a.docx", None);
        check("ftp://files.gov.cn/a.docx", None);
        check("file:///etc/passwd", None);
        check("http://10.1.2.3:8080/a", Some(false));
        check("http://0x0a010203:8080/a", Some(false));
        check("http://10.1.2.3/a", None);
        check("https://zz.sd.gov.cn/a", Some(true));
        check("https://sd.gov.cn/a", None);
        check("https://evilsd.gov.cn/a", None);
        check("http://[::1]:81/", Some(false));
        check("http://甲.cn/", Some(false));
        for wrong in ["", "a/b", "*.*.cn", "a:b", "a@b", "*"] {
            assert!(Host::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn inner_networks_are_known() {
        let inner = [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "::7f00:1",
        ];
        for address in inner {
            assert!(is_inner(address.parse().unwrap()), "{address}");
        }
        for address in
            ["8.8.8.8", "100.128.0.1", "172.32.0.1", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
        {
            assert!(!is_inner(address.parse().unwrap()), "{address}");
        }
    }
}
