//! What is left of a narrative to tell whether another one is its copy.

use crate::SectionKind;

/// The MinHash signature of one section's text, with years, numbers and the agency's own name masked.
///
/// The share of places in which two signatures agree estimates the Jaccard similarity of the texts'
/// shingles, with a standard error of at most 1/16.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The section: the overview, the problems, or the other matters.
    pub section: SectionKind,
    /// How many different shingles the text has; too few tell nothing.
    pub shingles: u32,
    /// The least hash of the shingles under each of 64 hash functions.
    pub minima: [u32; Self::HASHES],
}

impl Fingerprint {
    /// How many hash functions there are.
    pub const HASHES: usize = 64;
    /// Minima in one band: two texts with a similarity of s share a band with a probability of
    /// 1 − (1 − s⁴)¹⁶, which is one half at s = 0.45 and 0.99 at 0.7.
    const ROWS: usize = 4;

    /// The share of places in which both agree.
    pub fn similarity(&self, other: &Self) -> f64 {
        let equal = self.minima.iter().zip(&other.minima).filter(|(one, other)| one == other).count();
        equal as f64 / Self::HASHES as f64
    }

    /// One key for each band; texts that are alike share one.
    pub fn bands(&self) -> impl Iterator<Item = u64> + '_ {
        self.minima.chunks_exact(Self::ROWS).enumerate().map(|(band, minima)| {
            let start = (self.section as u64) << 32 | band as u64;
            minima.iter().fold(mix(start), |key, minimum| mix(key ^ u64::from(*minimum)))
        })
    }
}

/// What is left of a text when figures, years, punctuation and white space are set aside; two texts of
/// which this is the same are copies of each other.
pub fn masked(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic() && *c != '〇').collect()
}

/// Spreads every bit over all bits (the finalizer of SplitMix64).
fn mix(key: u64) -> u64 {
    let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_marks_are_set_aside() {
        assert_eq!(masked("2024 年，公开“信息”１２条（99.9%）。"), "年公开信息条");
        assert_eq!(masked("二〇二四年：APP"), "二二四年APP");
    }

    #[test]
    fn alike_texts_share_bands() {
        let one = Fingerprint {
            section: SectionKind::Overview,
            shingles: 100,
            minima: std::array::from_fn(|at| at as u32),
        };
        let mut other = one.clone();
        other.minima[7] = 0;
        assert_eq!(one.similarity(&other), 63.0 / 64.0);
        let shared = one.bands().zip(other.bands()).filter(|(one, other)| one == other).count();
        assert_eq!(shared, 15);
        other.section = SectionKind::Other;
        assert!(one.bands().zip(other.bands()).all(|(one, other)| one != other));
    }
}
