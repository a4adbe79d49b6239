//! Which addresses may be connected to: public ones, and the inner networks that an operator allows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The inner networks that may be reached; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

/// Addresses with a common beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

/// A text that is no list of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no network; write 10.1.0.0/16 or 10.1.2.3, with commas between several")]
pub struct NetworksError(String);

impl Networks {
    /// Whether an address may be connected to.
    pub fn allow(&self, address: IpAddr) -> bool {
        is_public(address) || self.0.iter().any(|network| network.contains(address.to_canonical()))
    }
}

impl FromStr for Networks {
    type Err = NetworksError;

    fn from_str(text: &str) -> Result<Self, NetworksError> {
        let all = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        all.map(|one| one.parse()).collect::<Result<_, _>>().map(Self)
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                ours.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(ours), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                ours.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworksError;

    fn from_str(text: &str) -> Result<Self, NetworksError> {
        let wrong = || NetworksError(text.to_owned());
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

/// Whether an address is reachable on the internet: no private, local, shared or reserved one, also where it is
/// embedded in one of IPv6.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => embedded(address).map_or_else(|| is_global_unicast(address), is_public_v4),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_reserved = match first {
        0 | 240.. => true,
        // Shared by carriers (RFC 6598); 阿里云 has its metadata service there.
        100 => (64..128).contains(&second),
        192 => second == 0 && (third == 0 || third == 2) || second == 88 && third == 99,
        198 => second == 18 || second == 19,
        _ => false,
    };
    !(is_reserved
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast())
}

/// The address of IPv4 in one of IPv6: mapped, compatible, NAT64 or 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(of(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

fn is_global_unicast(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_reserved = first == 0x2001 && (second < 0x200 || second == 0xdb8);
    (0x2000..0x4000).contains(&first) && !is_reserved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_reached() {
        let check = |address: &str, expected: bool| {
            assert_eq!(Networks::default().allow(address.parse().unwrap()), expected, "{address}");
        };
        for public in ["1.2.3.4", "100.63.0.1", "172.32.0.1", "192.0.66.1", "198.20.0.1", "223.5.5.5"] {
            check(public, true);
        }
        for inner in [
            "0.0.0.0",
            "10.0.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            check(inner, false);
            check(&format!("::ffff:{inner}"), false);
            check(&format!("64:ff9b::{inner}"), false);
        }
        check("2400:3200::1", true);
        check("64:ff9b::1.2.3.4", true);
        check("2002:102:304::", true);
        for inner in
            ["::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2002:a00:1::"]
        {
            check(inner, false);
        }
    }

    #[test]
    fn an_operator_allows_networks() {
        let networks: Networks = "10.1.0.0/16, 127.0.0.2,fd00::/8".parse().unwrap();
        let check = |address: &str, expected: bool| {
            assert_eq!(networks.allow(address.parse().unwrap()), expected, "{address}");
        };
        check("10.1.255.1", true);
        check("::ffff:10.1.255.1", true);
        check("10.2.0.1", false);
        check("127.0.0.2", true);
        check("127.0.0.1", false);
        check("fd12::1", true);
        check("fe80::1", false);
        assert_eq!("".parse(), Ok(Networks::default()));
        assert!("0.0.0.0/0".parse::<Networks>().unwrap().allow("127.0.0.1".parse().unwrap()));
        for wrong in ["10.0.0.0/33", "10.0.0", "a", "10.0.0.0/", "::/129"] {
            assert_eq!(wrong.parse::<Networks>(), Err(NetworksError(wrong.to_owned())));
        }
    }
}
