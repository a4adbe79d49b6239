//! Black and white pixels, a bit each, with the runs of black ones in a row.

use crate::picture::Gray;

/// Pixels, black where a bit is set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bits {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Words of a row.
    stride: usize,
    words: Vec<u64>,
}

/// Black pixels from `from` to before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Run {
    pub(crate) fn length(self) -> usize {
        self.to - self.from
    }
}

impl Bits {
    pub(crate) fn white(width: usize, height: usize) -> Self {
        let stride = width.div_ceil(64);
        Self { width, height, stride, words: vec![0; stride * height] }
    }

    /// Black where the grey value is below the threshold.
    pub(crate) fn darker(gray: &Gray, threshold: u8) -> Self {
        let mut bits = Self::white(gray.width, gray.height);
        for y in 0..gray.height {
            for (x, pixel) in gray.row(y).iter().enumerate() {
                if *pixel < threshold {
                    bits.set(x, y);
                }
            }
        }
        bits
    }

    pub(crate) fn get(&self, x: usize, y: usize) -> bool {
        x < self.width
            && self.words.get(y * self.stride + x / 64).is_some_and(|word| word >> (x % 64) & 1 == 1)
    }

    pub(crate) fn set(&mut self, x: usize, y: usize) {
        if x < self.width
            && let Some(word) = self.words.get_mut(y * self.stride + x / 64)
        {
            *word |= 1 << (x % 64);
        }
    }

    pub(crate) fn clear(&mut self, x: usize, y: usize) {
        if x < self.width
            && let Some(word) = self.words.get_mut(y * self.stride + x / 64)
        {
            *word &= !(1 << (x % 64));
        }
    }

    /// The runs of a row, from the left.
    pub(crate) fn runs(&self, y: usize) -> Vec<Run> {
        let row = self.words.get(y * self.stride..(y + 1) * self.stride).unwrap_or_default();
        let mut runs: Vec<Run> = Vec::new();
        for (index, word) in row.iter().enumerate() {
            let (mut rest, mut at) = (*word, 0);
            while rest != 0 {
                let white = rest.trailing_zeros() as usize;
                rest >>= white;
                at += white;
                let black = rest.trailing_ones() as usize;
                rest = if black == 64 { 0 } else { rest >> black };
                let (from, to) = (64 * index + at, 64 * index + at + black);
                at += black;
                match runs.last_mut() {
                    Some(last) if last.to == from => last.to = to,
                    _ => runs.push(Run { from, to }),
                }
            }
        }
        runs
    }

    /// Rows as columns and columns as rows.
    pub(crate) fn transposed(&self) -> Self {
        let mut turned = Self::white(self.height, self.width);
        for y in 0..self.height {
            for run in self.runs(y) {
                for x in run.from..run.to {
                    turned.set(y, x);
                }
            }
        }
        turned
    }

    /// Black pixels of a box.
    pub(crate) fn count(&self, (x0, y0): (usize, usize), (x1, y1): (usize, usize)) -> usize {
        let here = |run: Run| run.to.min(x1).saturating_sub(run.from.max(x0));
        (y0..y1.min(self.height)).map(|y| self.runs(y).into_iter().map(here).sum::<usize>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_go_on_over_words() {
        let mut bits = Bits::white(200, 2);
        (60..130).chain([0, 199]).for_each(|x| bits.set(x, 1));
        let run = |from, to| Run { from, to };
        assert_eq!(bits.runs(1), [run(0, 1), run(60, 130), run(199, 200)]);
        assert_eq!(bits.runs(0), []);
        assert_eq!(bits.transposed().runs(60), [run(1, 2)]);
        assert_eq!(bits.transposed().transposed(), bits);
        assert_eq!(bits.count((61, 0), (70, 2)), 9);
        bits.clear(61, 1);
        assert_eq!(bits.count((61, 0), (70, 2)), 8);
    }
}
