//! Signatures of narratives, to find copies.

use crate::SectionKind;

/// The MinHash signature of one section's text, with years, numbers and the agency's own name masked.
///
/// The share of positions in which two signatures agree estimates the Jaccard similarity of the texts'
/// shingles, with a standard error of at most 1/16.
///
/// Signatures are stored and compared over years, so the algorithm never changes. The shingles are the
/// runs of five characters. Each is hashed once to 64 bits: the six highest bits are the bin, the 32 lowest
/// the value, and the least value of a bin counts (one-permutation hashing, Li, Owen and Zhang 2012). A bin
/// without a shingle takes the minimum of another bin, chosen by its own hashes (optimal densification,
/// Shrivastava 2017).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The section: the overview, the problems, or the other matters.
    pub section: SectionKind,
    /// How many different shingles the text has. Too few cannot be compared.
    pub shingles: u32,
    /// The least hash of the shingles under each of 64 hash functions.
    pub minima: [u32; Self::HASHES],
}

impl Fingerprint {
    /// How many hash functions there are.
    pub const HASHES: usize = 64;
    /// Characters in a shingle: two words, with what joins them.
    const SHINGLE: usize = 5;
    /// Minima in one band: two texts with a similarity of s share a band with a probability of
    /// 1 − (1 − s⁴)¹⁶, which is one half at s = 0.45 and 0.99 at 0.7.
    const ROWS: usize = 4;

    /// The signature of a masked text; none if it has no shingle.
    pub fn of(section: SectionKind, masked: &str) -> Option<Self> {
        let characters: Vec<char> = masked.chars().collect();
        let mut hashes: Vec<u64> = characters.windows(Self::SHINGLE).map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        let mut least = [None; Self::HASHES];
        for hash in &hashes {
            let place = &mut least[(hash >> 58) as usize];
            let value = *hash as u32;
            *place = Some(place.map_or(value, |known: u32| known.min(value)));
        }
        (!hashes.is_empty()).then(|| Self {
            section,
            shingles: hashes.len() as u32,
            minima: std::array::from_fn(|place| filled(&least, place)),
        })
    }

    /// The share of positions in which both agree.
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

/// A shingle to 64 bits; five characters of 21 bits each fit into two words.
fn hash(shingle: &[char]) -> u64 {
    let word = |characters: &[char]| characters.iter().fold(0, |word, c| word << 21 | u64::from(*c));
    let (head, tail) = shingle.split_at(shingle.len().min(3));
    mix(mix(word(head)) ^ word(tail))
}

/// The minimum of a bin. An empty bin takes that of the first other bin that its hashes name.
fn filled(least: &[Option<u32>; Fingerprint::HASHES], place: usize) -> u32 {
    let donors = (1..=DONORS).map(|attempt| (mix((place as u64) << 32 | attempt) >> 58) as usize);
    let own = std::iter::once(place);
    // No donor has a minimum: the text is too short to be compared.
    own.chain(donors)
        .find_map(|place| least[place])
        .or_else(|| least.iter().find_map(|least| *least))
        .unwrap_or(0)
}

/// How many bins are tried for a minimum. With six shingles in 64 bins, one text in a million needs more.
const DONORS: u64 = 140;

/// Removes figures, years, punctuation and white space. Two texts with the same result are copies.
pub fn masked(text: &str) -> String {
    // Nearly all are Chinese characters, which are letters.
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let mut masked = String::with_capacity(text.len());
    masked.extend(text.chars().filter(|c| is_han(*c) || c.is_alphabetic() && *c != '〇'));
    masked
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

    /// Signatures are stored: the same text gives the same one for all time.
    #[test]
    fn the_same_text_has_the_same_signature_for_all_time() {
        let text = masked("坚持以公开为常态、不公开为例外，主动公开政府信息475条，及时回应社会关切。");
        let fingerprint = Fingerprint::of(SectionKind::Problems, &text).unwrap();
        assert_eq!(fingerprint.shingles, 27);
        let first =
            [1616384699, 423488703, 288361885, 3413231165, 1177398435, 3864097491, 1283467692, 23744292];
        assert_eq!(fingerprint.minima[..8], first);
        assert_eq!(fingerprint.bands().fold(0, |all, band| all ^ band), 11_705_308_128_147_730_678);
        assert_eq!(Fingerprint::of(SectionKind::Problems, "四个汉字"), None);
    }

    #[test]
    fn signatures_estimate_how_much_two_texts_share() {
        // Characters of a sequence that never repeats; the other text shares the first part of it.
        let text = |from: u32, length: u32| -> Vec<char> {
            (from..from + length).filter_map(|at| char::from_u32(0x4e00 + at * 7 % 20_000)).collect()
        };
        for (shared, own) in [(600, 0), (600, 60), (600, 150), (600, 600), (0, 600), (90, 10)] {
            let one: String = text(0, shared + own).iter().collect();
            let other: String = text(0, shared).iter().chain(&text(5_000, own)).collect();
            let of = |text: &str| Fingerprint::of(SectionKind::Overview, text).unwrap();
            let expected = f64::from(shared) / f64::from(shared + 2 * own);
            let estimate = of(&one).similarity(&of(&other));
            assert!((estimate - expected).abs() < 0.15, "{shared}+{own}: {estimate} for {expected}");
        }
    }

    #[test]
    fn figures_and_marks_are_set_aside() {
        assert_eq!(masked("2024 年，公开“信息”１２条（99.9%）。"), "年公开信息条");
        assert_eq!(masked("二〇二四年：APP"), "二二四年APP");
        assert!(('\u{4e00}'..='\u{9fff}').all(char::is_alphabetic));
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
