//! Tells marks by their shape alone, which knows no digits: readers of characters take `/` for `1`.

use crate::blobs::Blob;

/// What a single piece of ink is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Slash,
    Dash,
    /// A thin stroke too upright for a slash and too slanted for a one.
    Either,
}

/// The slant of a slash in degrees.
const SLASH: std::ops::RangeInclusive<f64> = 15.0..=60.0;
/// Below this a thin stroke stands upright.
const UPRIGHT: f64 = 9.0;
/// A stroke is this thick for its length at most.
const THIN: f64 = 0.13;
/// A dash is level within so many degrees.
const LEVEL: f64 = 80.0;

/// The mark that the pieces of a line are, if they are one; `size` is the height of characters.
pub(crate) fn mark(blobs: &[Blob], size: f32) -> Option<Mark> {
    match blobs {
        [one] => single(one, size),
        // A dash of two strokes one after the other: ——.
        [one, other] => {
            let both = [one, other].map(|blob| single(blob, size) == Some(Mark::Dash));
            let apart = one.centre().1 - other.centre().1;
            (both == [true, true] && apart.abs() < 0.12 * size).then_some(Mark::Dash)
        }
        _ => None,
    }
}

fn single(blob: &Blob, size: f32) -> Option<Mark> {
    let (angle, thickness) = blob.slant();
    let (width, height) = (blob.width() as f32, blob.height() as f32);
    if angle.abs() >= LEVEL && width >= 1.8 * height && height <= 0.28 * size && width >= 0.2 * size {
        return Some(Mark::Dash);
    }
    if thickness > THIN || height < 0.5 * size {
        return None;
    }
    if SLASH.contains(&angle) {
        return Some(Mark::Slash);
    }
    (angle > UPRIGHT && angle < *SLASH.start()).then_some(Mark::Either)
}
