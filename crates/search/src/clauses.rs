//! What clauses mean whichever engine is asked.

use crate::analyzer::pieces;
use crate::{Clause, Query};

/// A phrase in the title weighs as much as three in the text.
pub(crate) const TITLE_BOOST: f32 = 3.0;
/// Pieces that a relaxed match looks for: Lucene takes some thousand conditions, and each piece is two.
const MAX_PIECES: usize = 400;
/// Share of the pairs of characters that a relaxed match needs, in percent.
const RELAXED_PERCENT: usize = 70;

/// The phrases that a clause wants to be there, and whether each is quoted.
pub(crate) fn phrases(clause: &Clause) -> Vec<(&str, bool)> {
    match clause {
        Clause::Phrase { text, quoted } => vec![(text, *quoted)],
        Clause::And(parts) | Clause::Or(parts) => parts.iter().flat_map(phrases).collect(),
        _ => Vec::new(),
    }
}

/// The phrases that a snippet marks in the text of a hit.
pub(crate) fn highlighted(typed: &Clause, relaxed: bool) -> Vec<String> {
    let phrases = phrases(typed).into_iter();
    phrases
        .flat_map(|(text, quoted)| if relaxed && !quoted { pieces(text) } else { vec![text.to_owned()] })
        .collect()
}

/// The text and the filters of a query together, to be matched exactly.
pub(crate) fn whole_clause(query: &Query) -> Clause {
    let (typed, _) = crate::parse(&query.text);
    with_filters(typed, &query.filters)
}

/// The typed clause and the filters together. A relaxed match relaxes only what was typed.
pub(crate) fn with_filters(typed: Clause, filters: &[Clause]) -> Clause {
    if filters.is_empty() {
        return typed;
    }
    let mut parts = match typed {
        Clause::And(parts) => parts,
        Clause::All => Vec::new(),
        typed => vec![typed],
    };
    parts.extend(filters.iter().cloned());
    Clause::And(parts)
}

/// The pieces that a relaxed match looks for, and how many of them have to stand somewhere in the text or in the title.
pub(crate) fn relaxed_pieces(texts: &[&str]) -> (Vec<String>, usize) {
    let mut pieces: Vec<String> = texts.iter().flat_map(|text| pieces(text)).collect();
    pieces.sort();
    pieces.dedup();
    pieces.truncate(MAX_PIECES);
    let needed = (pieces.len() * RELAXED_PERCENT).div_ceil(100).max(1);
    (pieces, needed)
}

/// The parts of a conjunction: the texts of its loose phrases, which are one bag of pieces where the match is relaxed,
/// and the others.
pub(crate) fn loose_and_strict(parts: &[Clause], relaxed: bool) -> (Vec<&str>, Vec<&Clause>) {
    let is_loose = |part: &&Clause| relaxed && matches!(part, Clause::Phrase { quoted: false, .. });
    let (loose, strict): (Vec<&Clause>, Vec<&Clause>) = parts.iter().partition(is_loose);
    (loose.into_iter().flat_map(phrases).map(|(text, _)| text).collect(), strict)
}
