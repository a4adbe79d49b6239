//! SplitMix64: small, fixed, and the same on every machine.

/// A stream of numbers that its seed decides.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of these numbers: each list of numbers has its own.
    pub(crate) fn of(parts: &[u64]) -> Self {
        let mut random = Self(0x9e37_79b9_7f4a_7c15);
        for part in parts {
            random.0 = random.next() ^ part.wrapping_mul(0xd1b5_4a32_d192_ed03);
        }
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[(self.next() % items.len() as u64) as usize]
    }

    /// A position, drawn in proportion to its weight.
    pub(crate) fn weighted(&mut self, weights: &[i64]) -> usize {
        let mut left = self.between(0, weights.iter().sum::<i64>() - 1);
        weights
            .iter()
            .position(|weight| {
                left -= weight;
                left < 0
            })
            .expect("the draw is less than the sum of the weights")
    }

    /// Some of these in their order, `count` of them.
    pub(crate) fn some<'a, T>(&mut self, items: &'a [T], count: usize) -> Vec<&'a T> {
        let mut left = count.min(items.len());
        let mut chosen = Vec::new();
        for (position, item) in items.iter().enumerate() {
            if self.between(1, (items.len() - position) as i64) <= left as i64 {
                chosen.push(item);
                left -= 1;
            }
        }
        chosen
    }
}
