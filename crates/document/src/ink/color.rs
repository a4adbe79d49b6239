//! Colours, and how well one is seen on another.

/// Red, green and blue, from 0 to 1.
pub(crate) type Rgb = [f32; 3];

pub(crate) const BLACK: Rgb = [0.0; 3];
pub(crate) const WHITE: Rgb = [1.0; 3];

/// How bright the eye finds each of the three.
const WEIGHTS: Rgb = [0.30, 0.59, 0.11];

/// How far two colours are apart: 0 for the same, 1 for black and white.
pub(crate) fn contrast(one: Rgb, other: Rgb) -> f32 {
    let squares =
        one.iter().zip(other).zip(WEIGHTS).map(|((one, other), weight)| weight * (one - other).powi(2));
    squares.sum::<f32>().sqrt()
}

/// A colour printed on a ground through which it is seen.
pub(super) fn darkened(color: Rgb, ground: Rgb) -> Rgb {
    let mut mixed = color;
    for (own, ground) in mixed.iter_mut().zip(ground) {
        *own *= ground;
    }
    mixed
}
