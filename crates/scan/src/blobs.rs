//! Pieces of ink that hang together, each with its box and its shape.

use crate::bits::{Bits, Run};
use crate::groups::touching;

/// A piece of ink.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Blob {
    pub(crate) left: usize,
    pub(crate) top: usize,
    /// One past the last column.
    pub(crate) right: usize,
    /// One past the last row.
    pub(crate) bottom: usize,
    /// Its pixels.
    pub(crate) ink: usize,
    /// Sums of x, y, x², y² and xy over its pixels.
    sums: [f64; 5],
}

/// Runs of a page; a page with more is noise or a picture.
const MOST_RUNS: usize = 3_000_000;

impl Blob {
    pub(crate) fn width(&self) -> usize {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> usize {
        self.bottom - self.top
    }

    pub(crate) fn centre(&self) -> (f32, f32) {
        ((self.left + self.right) as f32 / 2.0, (self.top + self.bottom) as f32 / 2.0)
    }

    /// The angle of its longer axis from the upright in degrees, 90 at most, positive where its top is on the right,
    /// as a slash does; and how thick it is for its length.
    pub(crate) fn slant(&self) -> (f64, f64) {
        let count = self.ink.max(1) as f64;
        let [x, y, xx, yy, xy] = self.sums.map(|sum| sum / count);
        // A pixel is a square, and no point.
        let (xx, yy, xy) = (xx - x * x + 1.0 / 12.0, yy - y * y + 1.0 / 12.0, xy - x * y);
        let (half, apart) = ((xx + yy) / 2.0, (((xx - yy) / 2.0).powi(2) + xy * xy).sqrt());
        let thickness = ((half - apart).max(0.0) / (half + apart).max(f64::MIN_POSITIVE)).sqrt();
        // y counts downwards.
        let from_upright = 0.5 * (-2.0 * xy).atan2(yy - xx);
        (from_upright.to_degrees(), thickness)
    }

    fn add(&mut self, y: usize, run: Run) {
        self.left = self.left.min(run.from);
        self.right = self.right.max(run.to);
        self.top = self.top.min(y);
        self.bottom = self.bottom.max(y + 1);
        self.ink += run.length();
        for x in run.from..run.to {
            let (x, y) = (x as f64, y as f64);
            for (sum, value) in self.sums.iter_mut().zip([x, y, x * x, y * y, x * y]) {
                *sum += value;
            }
        }
    }
}

/// The pieces of ink of a page, from the top; none where there are too many.
pub(crate) fn find(ink: &Bits) -> Option<Vec<Blob>> {
    let (found, mut groups) = touching(ink.height, MOST_RUNS, |y| ink.runs(y))?;
    let empty = Blob { left: usize::MAX, top: usize::MAX, right: 0, bottom: 0, ink: 0, sums: [0.0; 5] };
    let mut blobs = vec![empty; found.len()];
    for (index, (y, run)) in found.iter().enumerate() {
        if let Some(blob) = blobs.get_mut(groups.of(index)) {
            blob.add(*y, *run);
        }
    }
    blobs.retain(|blob| blob.ink > 0);
    Some(blobs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(rows: &[&str]) -> Vec<Blob> {
        let mut ink = Bits::white(64, rows.len());
        for (y, row) in rows.iter().enumerate() {
            row.chars().enumerate().filter(|(_, c)| *c == '#').for_each(|(x, _)| ink.set(x, y));
        }
        find(&ink).unwrap()
    }

    #[test]
    fn what_touches_is_one_piece() {
        let blobs = drawn(&["#.#...##", "#.#..#..", "###.....", "......#."]);
        let boxes: Vec<_> =
            blobs.iter().map(|blob| (blob.left, blob.top, blob.right, blob.bottom, blob.ink)).collect();
        assert_eq!(boxes, [(0, 0, 3, 3, 7), (5, 0, 8, 2, 3), (6, 3, 7, 4, 1)]);
    }

    #[test]
    fn the_top_of_a_slash_is_on_the_right() {
        let slash: Vec<String> = (0..24).map(|y| format!("{}##", ".".repeat((24 - y) / 2))).collect();
        let rows: Vec<&str> = slash.iter().map(String::as_str).collect();
        let (angle, thickness) = drawn(&rows)[0].slant();
        assert!((20.0..35.0).contains(&angle), "{angle}");
        assert!(thickness < 0.12, "{thickness}");
        let one = vec![".##"; 24];
        let (angle, _) = drawn(&one)[0].slant();
        assert!(angle.abs() < 1.0, "{angle}");
        let (angle, _) = drawn(&["##########"])[0].slant();
        assert!(angle.abs() > 89.0, "{angle}");
    }
}
