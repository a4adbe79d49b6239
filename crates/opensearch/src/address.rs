//! The address of an index in a cluster.

use std::io;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use reqwest::Url;
use search::ClusterSettings;

/// What every address of a cluster begins with.
const SCHEME: &str = "opensearch+";
/// The port of OpenSearch.
const PORT: u16 = 9200;
/// More shards of one index than any cluster of this use has nodes.
const MAX_SHARDS: u32 = 64;
/// More copies than anybody keeps.
const MAX_REPLICAS: u32 = 8;

/// Why an address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It is no address.
    #[error("`{address}` is no address of a cluster: {why}; write opensearch+https://HOST:9200/NAME")]
    Malformed {
        /// The address.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// Requests would travel unencrypted.
    #[error("`{0}` is not encrypted: use opensearch+https://, or an address of this host")]
    Unencrypted(String),
    /// A file that the address names cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The files that the address names are not what they should be.
    #[error("{path}: {why}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// The address of an index in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The nodes, which are asked one after the other until one answers.
    pub nodes: Vec<Url>,
    /// How the index is named and made.
    pub settings: ClusterSettings,
    /// The certificates of the authority that the nodes' certificates have to be from; those of the system where none.
    pub ca: Option<PathBuf>,
    /// A file with one line: `USER:PASSWORD`, or `ApiKey KEY`.
    pub credentials: Option<PathBuf>,
}

impl Address {
    /// Reads an address; none where the text is no address of a cluster, but the path of a folder.
    ///
    /// # Errors
    /// If it begins like an address and is none.
    pub fn parse(text: &str) -> Result<Option<Self>, AddressError> {
        let Some(rest) = text.strip_prefix(SCHEME) else { return Ok(None) };
        let malformed = |why: &str| AddressError::Malformed { address: text.to_owned(), why: why.to_owned() };
        let (scheme, rest) = rest.split_once("://").ok_or_else(|| malformed("it names no host"))?;
        if !["http", "https"].contains(&scheme) {
            return Err(malformed("the scheme is neither opensearch+https nor opensearch+http"));
        }
        let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, name) = rest.split_once('/').unwrap_or((rest, ""));
        let mut nodes = Vec::new();
        for host in hosts.split(',') {
            if host.contains('@') {
                return Err(malformed("a password belongs in the file that `credentials` names"));
            }
            let mut node = Url::parse(&format!("{scheme}://{host}"))
                .map_err(|error| malformed(&format!("`{host}` is no host: {error}")))?;
            if !host.rsplit(']').next().unwrap_or(host).contains(':') {
                node.set_port(Some(PORT)).map_err(|()| malformed("a host takes no port"))?;
            }
            if scheme == "http" && !is_loopback(&node) {
                return Err(AddressError::Unencrypted(text.to_owned()));
            }
            nodes.push(node);
        }
        let mut address = Self { nodes, settings: ClusterSettings::default(), ca: None, credentials: None };
        let name = name.trim_end_matches('/');
        if !name.is_empty() {
            let is_name = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
            if !name.chars().all(is_name) || name.starts_with('-') {
                return Err(malformed("the name of the index takes a-z, 0-9 and -"));
            }
            name.clone_into(&mut address.settings.name);
        }
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
            let number = |least: u32, most: u32| {
                let number = value.parse().ok().filter(|number| (least..=most).contains(number));
                number.ok_or_else(|| malformed(&format!("{key} is not a number from {least} to {most}")))
            };
            match key {
                "ca" => address.ca = Some(value.into()),
                "credentials" => address.credentials = Some(value.into()),
                "shards" => address.settings.shards = number(1, MAX_SHARDS)?,
                "replicas" => address.settings.replicas = number(0, MAX_REPLICAS)?,
                _ => return Err(malformed(&format!("`{key}` is none of ca, credentials, shards, replicas"))),
            }
        }
        Ok(Some(address))
    }
}

fn is_loopback(node: &Url) -> bool {
    match node.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_nodes_index_and_files() {
        let text = "opensearch+https://os-1,os-2:9300/sheng?ca=/etc/ca.pem&credentials=/etc/a%20b&shards=3&replicas=2";
        let address = Address::parse(text).unwrap().unwrap();
        let nodes: Vec<&str> = address.nodes.iter().map(Url::as_str).collect();
        assert_eq!(nodes, ["https://os-1:9200/", "https://os-2:9300/"]);
        assert_eq!(address.settings, ClusterSettings { name: "sheng".into(), shards: 3, replicas: 2 });
        assert_eq!((address.ca, address.credentials), (Some("/etc/ca.pem".into()), Some("/etc/a b".into())));
        let local = Address::parse("opensearch+http://[::1]").unwrap().unwrap();
        assert_eq!((local.nodes[0].as_str(), &*local.settings.name), ("http://[::1]:9200/", "gouji"));
        assert_eq!(Address::parse("/var/lib/gouji/index").unwrap(), None);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("opensearch+http://os-1:9200/gouji", "not encrypted");
        check("opensearch+ftp://127.0.0.1/gouji", "scheme");
        check("opensearch+https:os-1", "no host");
        check("opensearch+https://user:secret@os-1/gouji", "credentials");
        check("opensearch+https://os-1/GOUJI", "name of the index");
        check("opensearch+https://os-1/gouji?shards=0", "from 1 to 64");
        check("opensearch+https://os-1/gouji?shard=1", "none of");
        check("opensearch+https://", "no host");
    }
}
