//! Counts the holes of digits: a second look at what a recogniser read, which knows nothing of its training.

use crate::bits::Bits;
use crate::blobs::Blob;

/// Smallest hole, as a share of the box of a digit: smaller ones are where ink did not take.
const LEAST_SHARE: f32 = 0.012;
/// Largest box that is looked at, in pixels of a side: digits of tables are smaller.
const LARGEST: usize = 160;

/// Whether the ink of a digit cannot be this digit, by its holes.
pub(crate) fn contradict(digit: char, ink: &Bits, blob: &Blob) -> bool {
    let Some(holes) = holes(ink, blob) else { return false };
    match digit {
        '0' | '6' | '9' => holes != 1,
        '8' => holes != 2,
        // The 4 of some faces is open.
        '4' => holes > 1,
        _ => holes > 0,
    }
}

/// The holes within the box of a piece of ink; none where the box is no digit's.
fn holes(ink: &Bits, blob: &Blob) -> Option<usize> {
    let (width, height) = (blob.width(), blob.height());
    if width > LARGEST || height > LARGEST {
        return None;
    }
    // A frame of paper around the box joins all that lies outside of the digit.
    let (columns, rows) = (width + 2, height + 2);
    let is_ink = |at: usize| {
        let (x, y) = (at % columns, at / columns);
        (1..=width).contains(&x) && (1..=height).contains(&y) && ink.get(blob.left + x - 1, blob.top + y - 1)
    };
    let mut seen: Vec<bool> = (0..columns * rows).map(is_ink).collect();
    let least = ((LEAST_SHARE * (width * height) as f32) as usize).max(2);
    let mut areas = 0;
    for from in 0..seen.len() {
        let area = fill(&mut seen, from, columns);
        // The first area is the outside.
        areas += usize::from(from == 0 || area >= least);
    }
    Some(areas - 1)
}

/// Marks the paper that hangs together with a place; its pixels.
fn fill(seen: &mut [bool], from: usize, columns: usize) -> usize {
    let mut waiting = vec![from];
    let mut count = 0;
    while let Some(at) = waiting.pop() {
        match seen.get_mut(at) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        count += 1;
        let x = at % columns;
        waiting.extend(at.checked_sub(columns));
        waiting.push(at + columns);
        waiting.extend((x > 0).then(|| at - 1));
        waiting.extend((x + 1 < columns).then_some(at + 1));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs;

    fn contradicts(digit: char, rows: &[&str]) -> bool {
        let mut ink = Bits::white(64, rows.len());
        for (y, row) in rows.iter().enumerate() {
            row.chars().enumerate().filter(|(_, c)| *c == '#').for_each(|(x, _)| ink.set(x, y));
        }
        contradict(digit, &ink, &blobs::find(&ink).unwrap()[0])
    }

    #[test]
    fn digits_have_their_holes() {
        let eight = [".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."];
        let three = [".###.", "#...#", "....#", ".###.", "....#", "#...#", ".###."];
        let zero = [".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."];
        for digit in ['8', '3', '0'] {
            for (other, shown) in [('8', &eight), ('3', &three), ('0', &zero)] {
                assert_eq!(contradicts(digit, shown), digit != other, "{digit} {other}");
            }
        }
        assert!(!contradicts('4', &["#..#", "#..#", "####", "...#"]));
        assert!(!contradicts('4', &["..##", ".#.#", "####", "...#"]));
        assert!(contradicts('1', &zero));
    }
}
