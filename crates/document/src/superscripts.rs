//! Raised and lowered text beside figures: the mark of a note, which would turn 12 into 121, is removed; digits that
//! may be part of the figure are kept as doubtful.

use std::ops::Range;

use crate::model::{Doubt, Text, is_blank};

/// Longer raised text is no mark.
const LONGEST: usize = 40;

/// A piece of text off its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Raised {
    /// In bytes of the text.
    pub(crate) range: Range<usize>,
    /// Below the line and not above it.
    pub(crate) is_low: bool,
}

/// A text without the marks of notes; `raised` are its raised and lowered pieces, in order.
pub(crate) fn text_without_marks(text: &Text, raised: &[Raised]) -> Text {
    let line = text.as_str();
    let mut marked = text.clone();
    let mut rest = Text::default();
    let mut start = 0;
    let mut removed = Vec::new();
    for Piece { range, kind } in beside_figures(line, raised) {
        match kind {
            Kind::Note => removed.push(range),
            Kind::Digits => marked.mark_doubtful(range, Doubt::Raised),
            Kind::Leads => {
                marked.mark_doubtful(range.end..range.end, Doubt::Raised);
                removed.push(range);
            }
        }
    }
    removed.push(line.len()..line.len());
    for mark in removed {
        if start < mark.start {
            rest.append(&marked.slice(start..mark.start));
        }
        start = mark.end;
    }
    if rest.is_empty() { marked.slice(0..0) } else { rest }
}

struct Piece {
    range: Range<usize>,
    kind: Kind,
}

enum Kind {
    /// The mark of a note.
    Note,
    /// Digits that may belong to the figure.
    Digits,
    /// Digits in front of a figure, which may be a mark.
    Leads,
}

/// The pieces that touch a figure on either side; all others (`m²`) belong to the text.
fn beside_figures(line: &str, raised: &[Raised]) -> Vec<Piece> {
    let mut pieces: Vec<Raised> = Vec::new();
    for Raised { range, is_low } in raised {
        let (start, end) = (range.start.min(line.len()), range.end.min(line.len()));
        match pieces.last_mut() {
            Some(last) if start <= last.range.end && last.is_low == *is_low => {
                last.range.end = last.range.end.max(end);
            }
            _ => pieces.push(Raised { range: start..end, is_low: *is_low }),
        }
    }
    pieces.retain(|piece| line.get(piece.range.clone()).is_some_and(|piece| !piece.is_empty()));
    let shows = |character: &char| !is_blank(*character);
    // The characters before and behind each piece.
    let (mut end, mut last) = (0, None);
    let before: Vec<Option<char>> = pieces
        .iter()
        .map(|Raised { range, .. }| {
            last = line.get(end..range.start).and_then(|between| between.chars().rfind(shows)).or(last);
            end = range.end;
            last
        })
        .collect();
    let (mut start, mut next) = (line.len(), None);
    let mut found = Vec::new();
    for (Raised { range, is_low }, before) in pieces.into_iter().zip(before).rev() {
        next = line.get(range.end..start).and_then(|between| between.chars().find(shows)).or(next);
        start = range.start;
        let (follows, leads) = (before.is_some_and(is_digit), next.is_some_and(is_digit));
        if range.len() > LONGEST || !follows && !leads {
            continue;
        }
        let goes_on = line.get(range.end..).is_some_and(|rest| rest.starts_with(is_digit));
        let piece = line.get(range.clone()).unwrap_or("").trim_matches(is_blank);
        let is_figure = !piece.is_empty() && piece.chars().all(is_of_figure) && piece.contains(is_digit);
        let kind = match () {
            () if !is_figure => Kind::Note,
            () if is_low || follows && goes_on => Kind::Digits,
            () if !follows => Kind::Leads,
            () => Kind::Note,
        };
        found.push(Piece { range, kind });
    }
    found.reverse();
    found
}

fn is_digit(character: char) -> bool {
    matches!(character, '0'..='9' | '０'..='９')
}

fn is_of_figure(character: char) -> bool {
    is_digit(character) || matches!(character, '.' | '．')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Raised pieces stand in braces, lowered ones in angle brackets.
    #[track_caller]
    fn read(marked: &str) -> Text {
        let (mut line, mut raised) = (String::new(), Vec::new());
        for character in marked.chars() {
            match character {
                '{' | '<' => {
                    raised.push(Raised { range: line.len()..line.len(), is_low: character == '<' });
                }
                '}' | '>' => raised.last_mut().unwrap().range.end = line.len(),
                character => line.push(character),
            }
        }
        let mut text = Text::default();
        text.push(&line, 1, 0..line.len() as u64, crate::model::Width::Utf8);
        text_without_marks(&text, &raised)
    }

    #[track_caller]
    fn check(marked: &str, expected: &str) {
        let text = read(marked);
        assert_eq!((text.as_str(), text.doubt()), (expected, None), "{marked}");
    }

    #[track_caller]
    fn check_doubtful(marked: &str, expected: &str) {
        let text = read(marked);
        assert_eq!((text.as_str(), text.doubt()), (expected, Some(Doubt::Raised)), "{marked}");
    }

    #[test]
    fn marks_beside_figures_go() {
        check("12{1}", "12");
        check("12{①}件", "12件");
        check("12 {[1]}", "12 ");
        check("{[1]}12", "12");
        check("１２{*}", "１２");
        check("12{1}{,}{2} 3{4}", "12 3");
        check("12{}", "12");
        check("12<注>", "12");
    }

    #[test]
    fn what_is_raised_elsewhere_stays() {
        check("100m{2}", "100m2");
        check("H<2>O", "H2O");
        check("{12}", "12");
        check("规章{①}", "规章①");
        check("甲{}乙", "甲乙");
        check("", "");
    }

    #[test]
    fn digits_off_their_line_are_doubtful() {
        check_doubtful("14<6>", "146");
        check_doubtful("1<46>", "146");
        check_doubtful("<1>46", "146");
        check_doubtful("1{4}6", "146");
        check_doubtful("{1}12", "12");
        check_doubtful("甲 1<.5>", "甲 1.5");
    }
}
