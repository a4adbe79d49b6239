//! Lines of text from pieces of ink.

use crate::blobs::Blob;

/// A line of text: its box and its pieces of ink, from the left.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) left: usize,
    pub(crate) top: usize,
    pub(crate) right: usize,
    pub(crate) bottom: usize,
    pub(crate) blobs: Vec<Blob>,
}

/// A piece that is smaller than this in both directions, in inches, is a speck.
const SPECK: f32 = 0.014;

/// Heights that characters have, in inches.
const SIZES: std::ops::Range<f32> = 0.05..0.24;
/// The height of characters where a page has none to measure, in inches.
const USUAL_SIZE: f32 = 0.13;

/// The height of the characters of a page.
pub(crate) fn size<'a>(blobs: impl IntoIterator<Item = &'a Blob>, dpi: f32) -> f32 {
    let mut heights: Vec<usize> = blobs
        .into_iter()
        .map(Blob::height)
        .filter(|height| SIZES.contains(&(*height as f32 / dpi)))
        .collect();
    heights.sort_unstable();
    // Most pieces of Chinese characters are lower than the whole, and figures are a little lower.
    heights.get(heights.len() * 3 / 4).map_or(USUAL_SIZE * dpi, |height| *height as f32)
}

pub(crate) fn is_speck(blob: &Blob, dpi: f32) -> bool {
    (blob.width().max(blob.height()) as f32) < (SPECK * dpi).max(2.0)
}

/// Groups pieces into lines, from the top. `gap` is the distance, in heights of characters, at which a line is two.
pub(crate) fn lines(blobs: Vec<Blob>, size: f32, gap: Option<f32>) -> Vec<Line> {
    let is_large = |blob: &Blob| blob.height() as f32 >= 0.5 * size;
    let (mut large, small): (Vec<Blob>, Vec<Blob>) = blobs.into_iter().partition(is_large);
    large.sort_by_key(|blob| blob.top + blob.bottom);
    let mut lines: Vec<Line> = Vec::new();
    for blob in large {
        let (_, y) = blob.centre();
        match lines.iter_mut().rev().take(NEAREST).find(|line| line.holds(y)) {
            Some(line) => line.add(blob),
            None => lines.push(Line::of(blob)),
        }
    }
    let mut alone: Vec<Line> = Vec::new();
    for blob in small {
        let (_, y) = blob.centre();
        let distance = |line: &Line| (line.top as f32 - y).max(y - line.bottom as f32);
        let nearest = lines.iter_mut().min_by(|one, other| distance(one).total_cmp(&distance(other)));
        match nearest {
            Some(line) if distance(line) < 0.3 * size => line.blobs.push(blob),
            _ => alone.push(Line::of(blob)),
        }
    }
    lines.iter_mut().for_each(Line::fit);
    lines.extend(alone);
    lines.sort_by_key(|line| line.top);
    let mut joined: Vec<Line> = Vec::new();
    for line in lines {
        match joined.last_mut() {
            Some(last) if last.goes_with(&line, size) => last.join(line),
            _ => joined.push(line),
        }
    }
    joined.iter_mut().for_each(|line| line.blobs.sort_by_key(|blob| (blob.left, blob.top)));
    match gap {
        Some(gap) => joined.into_iter().flat_map(|line| line.split(gap * size)).collect(),
        None => joined,
    }
}

/// Lines that a piece is compared with; pieces come from the top.
const NEAREST: usize = 4;

impl Line {
    fn of(blob: Blob) -> Self {
        Self { left: blob.left, top: blob.top, right: blob.right, bottom: blob.bottom, blobs: vec![blob] }
    }

    /// Its own box grows with large pieces only while lines are found.
    fn add(&mut self, blob: Blob) {
        // A tall bracket does not reach into the next line.
        if (self.bottom - self.top) * 3 > blob.height() * 2 || self.blobs.is_empty() {
            self.top = self.top.min(blob.top);
            self.bottom = self.bottom.max(blob.bottom);
        }
        self.left = self.left.min(blob.left);
        self.right = self.right.max(blob.right);
        self.blobs.push(blob);
    }

    fn fit(&mut self) {
        for blob in &self.blobs {
            self.left = self.left.min(blob.left);
            self.right = self.right.max(blob.right);
            self.top = self.top.min(blob.top);
            self.bottom = self.bottom.max(blob.bottom);
        }
    }

    fn holds(&self, y: f32) -> bool {
        (self.top as f32..self.bottom as f32).contains(&y)
    }

    /// Whether both are parts of the same characters: the strokes of 二, a comma below its line.
    fn goes_with(&self, next: &Line, size: f32) -> bool {
        let height = self.bottom.max(next.bottom) - self.top.min(next.top);
        (height as f32) <= 1.15 * size
    }

    fn join(&mut self, other: Line) {
        self.blobs.extend(other.blobs);
        self.fit();
    }

    /// The parts between broad gaps.
    fn split(self, gap: f32) -> Vec<Line> {
        let mut parts: Vec<Line> = Vec::new();
        for blob in self.blobs {
            match parts.last_mut() {
                Some(last) if blob.left as f32 - last.right as f32 <= gap => {
                    last.blobs.push(blob);
                    last.fit();
                }
                _ => parts.push(Line::of(blob)),
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::Bits;
    use crate::blobs;

    fn boxes(pieces: &[(usize, usize, usize, usize)], gap: Option<f32>) -> Vec<(usize, usize, usize, usize)> {
        let mut ink = Bits::white(1_000, 300);
        for (left, top, right, bottom) in pieces {
            (*top..*bottom).for_each(|y| (*left..*right).for_each(|x| ink.set(x, y)));
        }
        let found = lines(blobs::find(&ink).unwrap(), 24.0, gap);
        found.iter().map(|line| (line.left, line.top, line.right, line.bottom)).collect()
    }

    #[test]
    fn digits_of_two_heights_are_one_line_and_rows_are_two() {
        let digits = [(10, 10, 20, 34), (24, 12, 34, 33), (36, 30, 39, 36), (10, 50, 20, 74)];
        assert_eq!(boxes(&digits, None), [(10, 10, 39, 36), (10, 50, 20, 74)]);
    }

    #[test]
    fn strokes_of_one_character_are_one_line() {
        assert_eq!(boxes(&[(10, 10, 30, 13), (8, 30, 32, 34)], None), [(8, 10, 32, 34)]);
    }

    #[test]
    fn columns_are_parted_by_broad_gaps() {
        let columns = [(10, 10, 34, 34), (36, 10, 60, 34), (400, 10, 424, 34)];
        assert_eq!(boxes(&columns, Some(3.0)), [(10, 10, 60, 34), (400, 10, 424, 34)]);
        assert_eq!(boxes(&columns, None).len(), 1);
    }
}
