//! Removes note marks: a small superscript next to a number, which would turn 12 into 121.

use std::ops::Range;

use crate::model::{Text, is_blank};

/// Longer raised text is no mark.
const LONGEST: usize = 40;

/// A line without the marks of notes; `raised` are its raised and lowered pieces, in order.
pub(crate) fn without_marks(line: &str, raised: &[Range<usize>]) -> String {
    kept(line, raised).map(|range| &line[range]).collect()
}

/// The same for a text that knows its places.
pub(crate) fn text_without_marks(text: &Text, raised: &[Range<usize>]) -> Text {
    let mut rest = Text::default();
    for range in kept(text.as_str(), raised).filter(|range| !range.is_empty()) {
        rest.append(&text.slice(range));
    }
    if rest.is_empty() { text.slice(0..0) } else { rest }
}

/// The pieces between the marks.
fn kept(line: &str, raised: &[Range<usize>]) -> impl Iterator<Item = Range<usize>> {
    let mut marks = marks(line, raised);
    marks.push(line.len()..line.len());
    let mut start = 0;
    marks.into_iter().map(move |mark| std::mem::replace(&mut start, mark.end)..mark.start)
}

/// The raised pieces that touch a figure on either side; all others (`m²`) belong to the text.
fn marks(line: &str, raised: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut pieces: Vec<Range<usize>> = Vec::new();
    for range in raised {
        let (start, end) = (range.start.min(line.len()), range.end.min(line.len()));
        match pieces.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => pieces.push(start..end),
        }
    }
    pieces.retain(|piece| line.get(piece.clone()).is_some_and(|piece| !piece.is_empty()));
    let shows = |character: &char| !is_blank(*character);
    // The characters before and behind each piece.
    let (mut end, mut last) = (0, None);
    let before: Vec<Option<char>> = pieces
        .iter()
        .map(|piece| {
            last = line[end..piece.start].chars().rfind(shows).or(last);
            end = piece.end;
            last
        })
        .collect();
    let (mut start, mut next) = (line.len(), None);
    let mut marks = Vec::new();
    for (piece, before) in pieces.iter().zip(before).rev() {
        next = line[piece.end..start].chars().find(shows).or(next);
        start = piece.start;
        if piece.len() <= LONGEST && (before.is_some_and(is_digit) || next.is_some_and(is_digit)) {
            marks.push(piece.clone());
        }
    }
    marks.reverse();
    marks
}

fn is_digit(character: char) -> bool {
    matches!(character, '0'..='9' | '０'..='９')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Raised pieces stand in braces.
    #[track_caller]
    fn check(marked: &str, expected: &str) {
        let (mut line, mut raised) = (String::new(), Vec::new());
        for character in marked.chars() {
            match character {
                '{' => raised.push(line.len()..line.len()),
                '}' => raised.last_mut().unwrap().end = line.len(),
                character => line.push(character),
            }
        }
        assert_eq!(without_marks(&line, &raised), expected, "{marked}");
        let mut text = Text::default();
        text.push(&line, 1, 0..line.len() as u64, crate::model::Width::Utf8);
        assert_eq!(text_without_marks(&text, &raised).as_str(), expected, "{marked}");
    }

    #[test]
    fn marks_beside_figures_go() {
        check("12{1}", "12");
        check("12{①}件", "12件");
        check("{1}12", "12");
        check("12 {[1]}", "12 ");
        check("１２{*}", "１２");
        check("12{1}{,}{2} 3{4}", "12 3");
        check("12{}", "12");
    }

    #[test]
    fn what_is_raised_elsewhere_stays() {
        check("100m{2}", "100m2");
        check("{12}", "12");
        check("规章{①}", "规章①");
        check("甲{}乙", "甲乙");
        check("", "");
    }
}
