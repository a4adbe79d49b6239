//! Lines outside tables to paragraphs.

use super::lines::{Line, text};
use super::page_breaks::is_numbered;
use super::{Context, Item};
use crate::model::{Block, Paragraph};

/// Where the lines of running text begin and end.
pub(super) struct Margins {
    left: f32,
    right: f32,
    /// Height of the characters of running text.
    size: f32,
}

impl Margins {
    pub(super) fn of(items: &[Item]) -> Margins {
        let lines = || items.iter().filter_map(Item::line);
        let mut sizes: Vec<f32> =
            lines().flat_map(|line| std::iter::repeat_n(line.size, 1 + line.text.len() / 30)).collect();
        sizes.sort_by(f32::total_cmp);
        let size = sizes.get(sizes.len() / 2).copied().unwrap_or(12.0);
        let body = || lines().filter(|line| (line.size - size).abs() < size * 0.15);
        let mut lefts: Vec<f32> = body().map(|line| line.left).collect();
        lefts.sort_by(f32::total_cmp);
        // A margin is where more than one line begins; a single line may hang out.
        let shared = lefts.iter().zip(lefts.iter().skip(1)).find(|(left, next)| *next - *left < 2.0);
        let left = shared.map(|(left, _)| *left).or(lefts.first().copied()).unwrap_or(0.0);
        // Punctuation hangs out of some lines: the margin is where the middle one of the long lines ends.
        let longest = body().map(|line| line.right).fold(0.0, f32::max);
        let mut rights: Vec<f32> =
            body().map(|line| line.right).filter(|right| *right > longest * 0.85).collect();
        rights.sort_by(f32::total_cmp);
        let right = rights.get(rights.len() / 2).copied().unwrap_or(longest);
        Margins { left, right, size }
    }

    /// Whether a line begins a paragraph after the line before it, the last of `count`.
    pub(super) fn begins(&self, before: &Line, line: &Line, count: usize) -> bool {
        let size = before.size.min(line.size);
        if (before.size - line.size).abs() > size * 0.15 {
            return true;
        }
        let gap = if before.page == line.page { line.top - before.bottom } else { 0.0 };
        if gap > size * 1.8 {
            return true;
        }
        // A title goes on in the line below, wherever that begins, if that is no heading.
        if size > self.size * 1.2 {
            return is_numbered(&line.text);
        }
        let is_indented = line.left > self.left + size * 1.2;
        let is_full = before.right > self.right - size * 1.6 && before.right - before.left > size * 6.0;
        let ends = before.text.ends_with(['。', '；', '：', '！', '？']);
        // Of a paragraph that is indented as a whole, only the first line stands apart.
        let hangs = count > 1 && (line.left - before.left).abs() < 1.0;
        !is_full || is_indented && !hangs || is_numbered(&line.text) && (ends || self.is_heading(line))
    }

    /// Whether a numbered line is short and no end of a sentence.
    fn is_heading(&self, line: &Line) -> bool {
        line.right < self.right - line.size * 6.0
            && line.text.starts_with(|c| "一二三四五六七八九十".contains(c))
            && !line.text.ends_with(['。', '；', '，'])
    }
}

/// Ends the paragraph that is being read.
pub(super) fn end(lines: &mut Vec<Line>, blocks: &mut Vec<Block>, number: &mut u32, context: &Context) {
    let lines = std::mem::take(lines);
    if lines.is_empty() {
        return;
    }
    let text = text(&lines, None, *number + 1, context).trimmed();
    if !text.is_empty() {
        *number += 1;
        blocks.push(Block::Paragraph(Paragraph { text, level: None }));
    }
}
