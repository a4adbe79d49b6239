//! How often one key, or one address without a key, may ask.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// Seconds' worth of requests that may come at once.
const BURST: u32 = 10;
/// Requests between two looks for those who have not asked lately, so that no flood of addresses stays in
/// memory.
const FORGET_EVERY: u64 = 4096;

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock>;

pub(crate) struct Rate {
    keys: Limiter<String>,
    addresses: Limiter<IpAddr>,
    asked: AtomicU64,
}

impl Rate {
    pub(crate) fn new(a_second: usize) -> Self {
        let a_second = u32::try_from(a_second).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(a_second).allow_burst(a_second.saturating_mul(TEN));
        Self {
            keys: RateLimiter::hashmap(quota),
            addresses: RateLimiter::hashmap(quota),
            asked: AtomicU64::new(0),
        }
    }

    /// # Errors
    /// Seconds after which this key may ask again.
    pub(crate) fn key(&self, name: &str) -> Result<(), u64> {
        self.ask(&self.keys, &name.to_owned())
    }

    /// # Errors
    /// Seconds after which this address may ask again.
    pub(crate) fn address(&self, address: IpAddr) -> Result<(), u64> {
        self.ask(&self.addresses, &network(address))
    }

    fn ask<K: Hash + Eq + Clone>(&self, limiter: &Limiter<K>, who: &K) -> Result<(), u64> {
        if self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGET_EVERY) {
            self.keys.retain_recent();
            self.addresses.retain_recent();
        }
        limiter
            .check_key(who)
            .map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }
}

const TEN: NonZeroU32 = NonZeroU32::new(BURST).expect("not zero");

/// One subscriber of IPv6 has a whole /64.
fn network(address: IpAddr) -> IpAddr {
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
    fn ten_seconds_worth_may_come_at_once() {
        let rate = Rate::new(1);
        for _ in 0..10 {
            assert_eq!(rate.key("a"), Ok(()));
        }
        assert!(matches!(rate.key("a"), Err(1..=2)));
        assert_eq!(rate.key("b"), Ok(()));
        let near = ["2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap()];
        for at in 0..10 {
            assert_eq!(rate.address(near[at % 2]), Ok(()));
        }
        assert!(rate.address(near[0]).is_err(), "neighbours of one network are one");
        assert_eq!(rate.address("2001:db8:0:1::1".parse().unwrap()), Ok(()));
    }
}
