//! Decodes what a recogniser says of each step of a line: for text the likeliest class of each step, for
//! figures a beam over their own alphabet.

use std::collections::BTreeMap;

/// What the recogniser says of a line: steps, each with the probability of every class. Class 0 is the blank.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    pub(crate) classes: usize,
    pub(crate) values: Vec<f32>,
}

/// Characters with the steps that they stand at.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Greedy {
    /// Class, step, probability.
    pub(crate) characters: Vec<(usize, usize, f32)>,
}

/// The figures that a line may be, the likeliest first, with their shares.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Figures {
    pub(crate) readings: Vec<(String, f32)>,
    /// The least probability, over the steps, that the step shows the alphabet or nothing.
    pub(crate) inside: f32,
}

/// Prefixes that are kept.
const BEAM: usize = 12;
/// Readings below this share are none.
const LEAST: f32 = 1e-5;

impl Steps {
    pub(crate) fn count(&self) -> usize {
        self.values.len() / self.classes.max(1)
    }

    fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.classes.max(1))
    }

    /// The likeliest class of each step, repeated ones once.
    pub(crate) fn greedy(&self) -> Greedy {
        let mut found = Greedy::default();
        let mut before = 0;
        for (step, values) in self.iter().enumerate() {
            let best = values.iter().enumerate().max_by(|one, other| one.1.total_cmp(other.1));
            let Some((class, value)) = best.map(|(class, value)| (class, *value)) else { continue };
            match found.characters.last_mut() {
                Some(last) if class == before && class != 0 => last.2 = last.2.max(value),
                _ if class != 0 => found.characters.push((class, step, value)),
                _ => {}
            }
            before = class;
        }
        found
    }

    /// The figures that the line may be. `alphabet` has each class that stands for a character.
    pub(crate) fn figures(&self, alphabet: &[(usize, char)], blanks: &[usize]) -> Figures {
        let mut symbols: Vec<char> = alphabet.iter().map(|(_, symbol)| *symbol).collect();
        symbols.sort_unstable();
        symbols.dedup();
        // For each prefix, the probability that it ends in a blank, and that it ends in its last symbol.
        let mut beam: BTreeMap<String, (f64, f64)> = BTreeMap::from([(String::new(), (1.0, 0.0))]);
        let mut inside = 1.0_f32;
        for values in self.iter() {
            let value = |class: usize| values.get(class).copied().unwrap_or(0.0);
            let blank: f32 = value(0) + blanks.iter().map(|class| value(*class)).sum::<f32>();
            let chance = |symbol: char| -> f32 {
                alphabet.iter().filter(|(_, other)| *other == symbol).map(|(class, _)| value(*class)).sum()
            };
            let chances: Vec<(char, f64)> =
                symbols.iter().map(|symbol| (*symbol, f64::from(chance(*symbol)))).collect();
            let all = f64::from(blank) + chances.iter().map(|(_, chance)| chance).sum::<f64>();
            inside = inside.min(all as f32);
            // What lies outside the alphabet is no evidence within it.
            let all = all.max(1e-9);
            let mut next: BTreeMap<String, (f64, f64)> = BTreeMap::new();
            for (prefix, (ends_blank, ends_symbol)) in &beam {
                let both = ends_blank + ends_symbol;
                let last = prefix.chars().last();
                let same = next.entry(prefix.clone()).or_default();
                same.0 += both * f64::from(blank) / all;
                for (symbol, chance) in &chances {
                    let chance = chance / all;
                    if chance < 1e-9 {
                        continue;
                    }
                    if last == Some(*symbol) {
                        next.entry(prefix.clone()).or_default().1 += ends_symbol * chance;
                        next.entry(format!("{prefix}{symbol}")).or_default().1 += ends_blank * chance;
                    } else {
                        next.entry(format!("{prefix}{symbol}")).or_default().1 += both * chance;
                    }
                }
            }
            beam = kept(next);
        }
        let total: f64 = beam.values().map(|(blank, symbol)| blank + symbol).sum();
        let mut readings: Vec<(String, f32)> = beam
            .into_iter()
            .map(|(prefix, (blank, symbol))| {
                (prefix, ((blank + symbol) / total.max(f64::MIN_POSITIVE)) as f32)
            })
            .collect();
        readings.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        readings.retain(|(_, share)| *share >= LEAST);
        Figures { readings, inside }
    }
}

/// The likeliest prefixes, scaled so that long lines do not vanish.
fn kept(next: BTreeMap<String, (f64, f64)>) -> BTreeMap<String, (f64, f64)> {
    let mut all: Vec<(String, (f64, f64))> = next.into_iter().collect();
    let sum = |(blank, symbol): &(f64, f64)| blank + symbol;
    all.sort_by(|one, other| sum(&other.1).total_cmp(&sum(&one.1)).then_with(|| one.0.cmp(&other.0)));
    all.truncate(BEAM);
    let total: f64 = all.iter().map(|(_, chances)| sum(chances)).sum();
    let total = total.max(f64::MIN_POSITIVE);
    all.into_iter().map(|(prefix, (blank, symbol))| (prefix, (blank / total, symbol / total))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps over the classes blank, 1, 2, o, x.
    fn steps(rows: &[[f32; 5]]) -> Steps {
        Steps { classes: 5, values: rows.concat() }
    }

    const ALPHABET: [(usize, char); 3] = [(1, '1'), (2, '2'), (3, '0')];

    #[test]
    fn a_repeated_digit_needs_a_blank_between() {
        let once = steps(&[[0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0]]);
        let twice = steps(&[[0.0, 1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0]]);
        assert_eq!(once.figures(&ALPHABET, &[]).readings, [("1".into(), 1.0)]);
        assert_eq!(twice.figures(&ALPHABET, &[]).readings, [("11".into(), 1.0)]);
        assert_eq!(twice.greedy().characters, [(1, 0, 1.0), (1, 2, 1.0)]);
    }

    #[test]
    fn alternatives_have_their_shares() {
        let figures = steps(&[[0.1, 0.6, 0.3, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0]]).figures(&ALPHABET, &[]);
        let names: Vec<&str> = figures.readings.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(names, ["1", "2", ""]);
        assert!((figures.readings[1].1 - 0.3).abs() < 1e-5, "{figures:?}");
        assert!((figures.inside - 1.0).abs() < 1e-5);
    }

    #[test]
    fn what_the_alphabet_lacks_leaves_little_inside() {
        let figures = steps(&[[0.0, 0.1, 0.0, 0.1, 0.8]]).figures(&ALPHABET, &[]);
        assert_eq!(figures.readings[0].0, "0");
        assert!(figures.inside < 0.21);
    }
}
