//! Which hosts may be called. A name is resolved once, its addresses are checked, and the connection goes to one of
//! the checked addresses, so that a name that resolves otherwise a moment later leads nowhere else.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The hosts that the settings list, by name and by address.
#[derive(Debug, Clone, Default)]
pub(super) struct Hosts(Arc<Listed>);

#[derive(Debug, Default)]
struct Listed {
    names: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
}

impl Hosts {
    pub(super) fn new(hosts: &[String]) -> Self {
        let mut listed = Listed::default();
        for host in hosts {
            match host.trim_matches(['[', ']']).parse() {
                Ok(address) => drop(listed.addresses.insert(address)),
                Err(_) => drop(listed.names.insert(host.to_ascii_lowercase())),
            }
        }
        Self(Arc::new(listed))
    }

    /// The address to call, if its host is listed.
    pub(super) fn check(&self, url: &str) -> anyhow::Result<Url> {
        let parsed = Url::parse(url).with_context(|| format!("url = {url:?}"))?;
        ensure!(matches!(parsed.scheme(), "http" | "https"), "url = {url:?} is neither https:// nor http://");
        ensure!(
            parsed.username().is_empty() && parsed.password().is_none(),
            "url has a user or a password; requests are signed with `secrets`"
        );
        let host = parsed.host_str().unwrap_or_default();
        let is_listed = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => self.0.addresses.contains(&address),
            Err(_) => self.0.names.contains(host),
        };
        ensure!(is_listed, "the host {host} of url is not in `hosts`, the hosts that may be called");
        Ok(parsed)
    }

    /// Whether a listed name may lead to this address: to a public one always, to one of an inner network only if that
    /// address is listed too.
    fn allows(&self, address: IpAddr) -> bool {
        self.0.addresses.contains(&address) || !is_inner(address)
    }
}

impl Resolve for Hosts {
    fn resolve(&self, name: Name) -> Resolving {
        let hosts = self.clone();
        Box::pin(async move {
            let name = name.as_str();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name, 0)).await?.collect();
            let allowed: Vec<_> =
                found.iter().copied().filter(|address| hosts.allows(address.ip())).collect();
            if allowed.is_empty() {
                let found: Vec<String> = found.iter().map(|address| address.ip().to_string()).collect();
                let found = found.join(", ");
                return Err(format!(
                    "{name} has the address {found} of an inner network; list the address in `hosts` if it may be called"
                )
                .into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether an address belongs to this machine, to an inner network, or to no host at all.
fn is_inner(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_inner_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(within) => is_inner_v4(within),
            None => {
                let first = address.segments()[0];
                address.is_loopback()
                    || address.is_unspecified()
                    || address.is_multicast()
                    // fc00::/7 unique local, fe80::/10 link local, fec0::/10 site local.
                    || first & 0xfe00 == 0xfc00
                    || first & 0xff80 == 0xfe80
            }
        },
    }
}

fn is_inner_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || a == 0
        // Shared by carriers (RFC 6598), of protocols (RFC 6890), for measurements (RFC 2544), reserved.
        || (a == 100 && b & 0xc0 == 64)
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && b & 0xfe == 18)
        || a >= 240
}

/// The IPv4 address that an IPv6 address stands for: mapped, translated by NAT64, or of 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => of(g, h),
        (0x2002, high, low, ..) => of(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_inner_networks_are_known() {
        let check =
            |address: &str, inner: bool| assert_eq!(is_inner(address.parse().unwrap()), inner, "{address}");
        for address in [
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.8",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fec0::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
        ] {
            check(address, true);
        }
        for address in [
            "1.2.3.4",
            "172.32.0.1",
            "100.128.0.1",
            "192.0.2.1",
            "198.20.0.1",
            "240e::1",
            "2408:8000::1",
            "::ffff:1.2.3.4",
            "64:ff9b::102:304",
            "2002:102:304::",
        ] {
            check(address, false);
        }
    }

    #[test]
    fn only_listed_hosts_are_called() {
        let listed = ["Bus.example.cn", "10.1.2.3", "[fd00::7]"].map(str::to_owned);
        let hosts = Hosts::new(&listed);
        let check = |url: &str, problem: &str| match hosts.check(url) {
            Ok(_) => assert_eq!(problem, "", "{url}"),
            Err(error) => {
                assert!(!problem.is_empty() && format!("{error:#}").contains(problem), "{url}: {error:#}")
            }
        };
        check("https://bus.example.cn/in", "");
        check("https://BUS.example.cn:8443/in?a=b", "");
        check("http://10.1.2.3:8181/httpproxy", "");
        check("http://[fd00::7]/", "");
        check("https://bus.example.cn.evil.cn/", "not in `hosts`");
        check("https://bus.example.cn@evil.cn/", "user or a password");
        check("https://evil.cn/", "the host evil.cn of url");
        check("http://127.0.0.1/", "not in `hosts`");
        // The same address in another notation.
        check("http://0x0a010203/", "");
        check("http://2130706433/", "127.0.0.1");
        check("file:///etc/passwd", "neither https:// nor http://");
        check("bus.example.cn", "url = ");
        assert!(hosts.allows("10.1.2.3".parse().unwrap()));
        assert!(!hosts.allows("10.1.2.4".parse().unwrap()));
        assert!(hosts.allows("1.2.3.4".parse().unwrap()));
    }

    #[tokio::test]
    async fn a_listed_name_does_not_lead_to_an_inner_network() {
        let resolve = async |listed: &[&str]| {
            let listed: Vec<String> = listed.iter().map(|host| (*host).to_owned()).collect();
            match Hosts::new(&listed).resolve("localhost".parse().unwrap()).await {
                Ok(found) => Ok(found.map(|address| address.ip().to_string()).collect::<Vec<_>>()),
                Err(error) => Err(error.to_string()),
            }
        };
        let refused = resolve(&["localhost"]).await.unwrap_err();
        assert!(
            refused.contains("localhost has the address") && refused.contains("list the address"),
            "{refused}"
        );
        assert_eq!(resolve(&["localhost", "127.0.0.1"]).await.unwrap(), ["127.0.0.1"]);
    }
}
