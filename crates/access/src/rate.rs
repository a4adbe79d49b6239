//! Rate limits: for each key, and for each address without a valid key.

use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// A burst may have the requests of so many seconds.
const BURST_SECONDS: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
/// Requests between two purges of idle keys or addresses, so that a flood of addresses does not stay in memory.
const PURGE_EVERY: u64 = 4096;

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock>;

pub(crate) struct RateLimits {
    keys: Limiter<String>,
    addresses: Limiter<IpAddr>,
    requests: AtomicU64,
}

impl RateLimits {
    pub(crate) fn new(requests_per_second: usize) -> Self {
        let rate =
            u32::try_from(requests_per_second).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(rate).allow_burst(rate.saturating_mul(BURST_SECONDS));
        Self {
            keys: RateLimiter::hashmap(quota),
            addresses: RateLimiter::hashmap(quota),
            requests: AtomicU64::new(0),
        }
    }

    /// # Errors
    /// The seconds after which this key may send requests again.
    pub(crate) fn key(&self, name: &str) -> Result<(), u64> {
        check(&self.keys, &self.requests, &name.to_owned())
    }

    /// # Errors
    /// The seconds after which this address may send requests again.
    pub(crate) fn address(&self, address: IpAddr) -> Result<(), u64> {
        check(&self.addresses, &self.requests, &network(address))
    }
}

/// Limits how often one address may do what costs much.
pub struct AddressRate {
    limiter: Limiter<IpAddr>,
    requests: AtomicU64,
}

impl AddressRate {
    /// So many times a minute, all of them at once if need be.
    pub fn per_minute(times: usize) -> Self {
        let times = u32::try_from(times).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        Self { limiter: RateLimiter::hashmap(Quota::per_minute(times)), requests: AtomicU64::new(0) }
    }

    /// Counts one request of a caller from this address, which is the [`crate::Caller::origin`]; callers whose address
    /// is unknown share one limit.
    ///
    /// # Errors
    /// The seconds after which the address may send the next request.
    pub fn check(&self, origin: &str) -> Result<(), u64> {
        let address = origin.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        check(&self.limiter, &self.requests, &network(address))
    }
}

/// Counts one request of `who`, and now and then forgets those who sent none for long.
fn check<K: Hash + Eq + Clone>(limiter: &Limiter<K>, requests: &AtomicU64, who: &K) -> Result<(), u64> {
    if requests.fetch_add(1, Ordering::Relaxed).is_multiple_of(PURGE_EVERY) {
        limiter.retain_recent();
    }
    limiter
        .check_key(who)
        .map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
}

/// An IPv6 subscriber has a whole /64, so all its addresses share one limit.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_does_not_use_up_what_another_may_do() {
        let rate = AddressRate::per_minute(2);
        assert_eq!([rate.check("127.0.0.1"), rate.check("127.0.0.1")], [Ok(()), Ok(())]);
        assert!(matches!(rate.check("127.0.0.1"), Err(25..=31)));
        assert_eq!(rate.check("127.0.0.2"), Ok(()));
        assert_eq!([rate.check(""), rate.check("nonsense")], [Ok(()), Ok(())]);
        assert!(rate.check("").is_err(), "unknown addresses share one limit");
    }

    #[test]
    fn a_burst_has_the_requests_of_ten_seconds() {
        let rate = RateLimits::new(1);
        for _ in 0..10 {
            assert_eq!(rate.key("a"), Ok(()));
        }
        assert!(matches!(rate.key("a"), Err(1..=2)));
        assert_eq!(rate.key("b"), Ok(()));
        let near = ["2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap()];
        for at in 0..10 {
            assert_eq!(rate.address(near[at % 2]), Ok(()));
        }
        assert!(rate.address(near[0]).is_err(), "addresses of one /64 share a limit");
        assert_eq!(rate.address("2001:db8:0:1::1".parse().unwrap()), Ok(()));
    }
}
