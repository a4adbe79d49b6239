//! Snippets: short pieces of the text around the first matches.

use std::ops::Range;

use crate::analyzer::{Glyph, Located, glyphs};

/// Snippets of one hit.
const MAX_SNIPPETS: usize = 3;
/// Glyphs of one snippet.
const SNIPPET_GLYPHS: usize = 60;
/// Glyphs of it before the first match.
const GLYPHS_BEFORE: usize = 18;

/// A piece of a report's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The piece, not escaped; white space is joined, and `…` stands where the text goes on.
    pub text: String,
    /// The byte ranges of it that match, in their order, not touching each other.
    pub highlights: Vec<Range<usize>>,
}

/// The byte ranges of a text that a query matches, in their order, not touching each other. Where nothing
/// matches exactly, the ranges that a relaxed search matches.
pub fn highlights(query: &str, text: &str) -> Vec<Range<usize>> {
    let (typed, _) = crate::parse(query);
    let glyphs = glyphs(text);
    let ranges = |relaxed| {
        let found = matches(&glyphs, &needles(&crate::clauses::highlighted(&typed, relaxed)));
        found.into_iter().map(|found| glyphs[found.start].from..glyphs[found.end - 1].to).collect::<Vec<_>>()
    };
    let exact = ranges(false);
    if exact.is_empty() { ranges(true) } else { exact }
}

/// The first pieces of the text that contain one of the phrases.
pub(crate) fn snippets(text: &str, phrases: &[String]) -> Vec<Snippet> {
    let needles = needles(phrases);
    let glyphs = glyphs(text);
    let matches = matches(&glyphs, &needles);
    let mut snippets = Vec::new();
    let mut shown_to = 0;
    for found in &matches {
        if snippets.len() == MAX_SNIPPETS {
            break;
        }
        if found.start < shown_to {
            continue;
        }
        let start = found.start.saturating_sub(GLYPHS_BEFORE).max(shown_to);
        let end = (start + SNIPPET_GLYPHS).min(glyphs.len());
        let inside = matches.iter().filter(|other| other.start >= start && other.start < end);
        let end = inside.clone().map(|other| other.end).fold(end, usize::max);
        snippets.push(draw(text, &glyphs, start..end, inside));
        shown_to = end;
    }
    snippets
}

fn needles(phrases: &[String]) -> Vec<Vec<Glyph>> {
    phrases
        .iter()
        .map(|phrase| glyphs(phrase).into_iter().map(|located| located.glyph).collect())
        .filter(|needle: &Vec<Glyph>| !needle.is_empty())
        .collect()
}

/// Ranges of glyphs that match, in their order; those that touch are one.
fn matches(glyphs: &[Located], needles: &[Vec<Glyph>]) -> Vec<Range<usize>> {
    let mut matches: Vec<Range<usize>> = Vec::new();
    for start in 0..glyphs.len() {
        let longest = needles
            .iter()
            .filter(|needle| {
                glyphs.len() - start >= needle.len()
                    && needle.iter().zip(&glyphs[start..]).all(|(wanted, located)| *wanted == located.glyph)
            })
            .map(Vec::len)
            .max();
        let Some(length) = longest else { continue };
        match matches.last_mut() {
            Some(last) if last.end >= start => last.end = last.end.max(start + length),
            _ => matches.push(start..start + length),
        }
    }
    matches
}

fn draw<'a>(
    text: &str,
    glyphs: &[Located],
    shown: Range<usize>,
    matches: impl Iterator<Item = &'a Range<usize>>,
) -> Snippet {
    let mut drawn = String::new();
    if shown.start > 0 {
        drawn.push('…');
    }
    // The byte range of each glyph in the snippet.
    let mut ranges = Vec::with_capacity(shown.len());
    for (index, located) in glyphs[shown.clone()].iter().enumerate() {
        let gap = index > 0 && glyphs[shown.start + index - 1].to < located.from;
        if gap {
            drawn.push(' ');
        }
        let from = drawn.len();
        drawn.push_str(&text[located.from..located.to]);
        ranges.push(from..drawn.len());
    }
    if shown.end < glyphs.len() {
        drawn.push('…');
    }
    let range = |found: &Range<usize>| {
        ranges[found.start - shown.start].start..ranges[found.end - 1 - shown.start].end
    };
    Snippet { highlights: matches.map(range).collect(), text: drawn }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, phrases: &[&str], expected: &[&str]) {
        let phrases: Vec<String> = phrases.iter().map(|phrase| (*phrase).to_owned()).collect();
        let drawn: Vec<String> = snippets(text, &phrases).iter().map(draw_marked).collect();
        assert_eq!(drawn, expected);
    }

    fn draw_marked(snippet: &Snippet) -> String {
        let mut marked = snippet.text.clone();
        for range in snippet.highlights.iter().rev() {
            marked.insert(range.end, ']');
            marked.insert(range.start, '[');
        }
        marked
    }

    #[test]
    fn snippets_mark_what_matched() {
        check("共收到申请 9 件。", &["申请9件"], &["共收到[申请 9 件]。"]);
        check("公開\n\n制度，公开", &["公开"], &["[公開] 制度，[公开]"]);
        check("政府信息公开", &["政府信息", "信息公开"], &["[政府信息公开]"]);
        check("一二三", &["四"], &[]);
        check("一二三", &[""], &[]);
        check("", &["四"], &[]);
    }

    #[test]
    fn a_whole_text_is_marked_as_its_snippets_are() {
        let check = |query: &str, text: &str, expected: &[&str]| {
            let marked: Vec<&str> = highlights(query, text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(marked, expected, "{query}");
        };
        check("申请9件 year:2024", "共收到申请 9 件。申请9件", &["申请 9 件", "申请9件"]);
        check("公开 -保密", "公開\n制度，保密", &["公開"]);
        check("公开情况", "公开了情况", &["公开", "情况"]);
        check("\"公开情况\"", "公开了情况", &[]);
        check("", "公开", &[]);
    }

    #[test]
    fn far_matches_get_their_own_snippets() {
        let far = "文".repeat(200);
        let text = format!("{far}税{far}税{far}税{far}税{far}");
        let found = snippets(&text, &["税".to_owned()]);
        assert_eq!(found.len(), MAX_SNIPPETS);
        for snippet in found {
            assert_eq!(snippet.text.chars().count(), SNIPPET_GLYPHS + 2);
            assert_eq!(&snippet.text[snippet.highlights[0].clone()], "税");
        }
    }
}
