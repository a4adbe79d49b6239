//! Which bracket is open at each place of a sentence.

/// The brackets of a sentence.
#[derive(Debug, Default)]
pub(super) struct Brackets {
    /// From each of these positions on, the innermost bracket that is open.
    changes: Vec<(usize, Option<usize>)>,
}

impl Brackets {
    /// Reads a sentence once.
    pub(super) fn of(sentence: &str) -> Self {
        let mut opened = Vec::new();
        let mut changes = Vec::new();
        for (at, c) in sentence.char_indices() {
            match c {
                '（' | '(' => opened.push(at),
                '）' | ')' => {
                    opened.pop();
                }
                _ => continue,
            }
            changes.push((at + c.len_utf8(), opened.last().copied()));
        }
        Self { changes }
    }

    /// The position of the innermost bracket that is still open at `at`.
    pub(super) fn open_at(&self, at: usize) -> Option<usize> {
        let before = self.changes.partition_point(|(from, _)| *from <= at).checked_sub(1)?;
        self.changes.get(before)?.1
    }

    /// Whether a bracket that was opened behind `from` is still open at `at`.
    pub(super) fn is_open_since(&self, from: usize, at: usize) -> bool {
        self.open_at(at).is_some_and(|opened| opened >= from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_open_bracket_is_known_everywhere() {
        let sentence = "a(b（c）d)e)f(";
        let open: Vec<Option<usize>> =
            sentence.char_indices().map(|(at, _)| Brackets::of(sentence).open_at(at)).collect();
        let (outer, inner) = (Some(1), Some(3));
        assert_eq!(open, [None, None, outer, outer, inner, inner, outer, outer, None, None, None, None]);
        assert_eq!(Brackets::of(sentence).open_at(sentence.len()), Some(sentence.len() - 1));
        assert!(Brackets::of(sentence).is_open_since(2, 6) && !Brackets::of(sentence).is_open_since(4, 6));
    }
}
