//! The pixels of a page as it was drawn or scanned.

/// A page in colour.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue of each pixel, row by row from the top.
    pub rgb: Vec<u8>,
    /// Pixels of an inch of the paper.
    pub dpi: f32,
    /// Points of the page of the file that a pixel is wide.
    pub points: f32,
}

impl Picture {
    /// A picture of these pixels; none where they are not as many as its sides say.
    pub fn new(width: usize, height: usize, rgb: Vec<u8>, dpi: f32, points: f32) -> Option<Self> {
        let is_whole = width.checked_mul(height).and_then(|count| count.checked_mul(3)) == Some(rgb.len());
        (is_whole && width > 0 && height > 0 && dpi.is_finite() && dpi >= 1.0).then_some(Self {
            width,
            height,
            rgb,
            dpi,
            points,
        })
    }

    /// The picture after so many quarter turns clockwise.
    pub fn turned(&self, quarters: u8) -> Self {
        let (width, height) =
            if quarters % 2 == 1 { (self.height, self.width) } else { (self.width, self.height) };
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for y in 0..height {
            for x in 0..width {
                let (column, row) = unturned(quarters, (x, y), (self.width, self.height));
                let at = 3 * (row * self.width + column);
                rgb.extend_from_slice(self.rgb.get(at..at + 3).unwrap_or(&[255; 3]));
            }
        }
        Self { width, height, rgb, dpi: self.dpi, points: self.points }
    }
}

/// Where a pixel of the turned picture was in the picture of this size.
fn unturned(quarters: u8, (x, y): (usize, usize), (width, height): (usize, usize)) -> (usize, usize) {
    match quarters % 4 {
        1 => (y, height - 1 - x),
        2 => (width - 1 - x, height - 1 - y),
        3 => (width - 1 - y, x),
        _ => (x, y),
    }
}

/// Grey values, 0 is black.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gray {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
}

impl Gray {
    pub(crate) fn of(width: usize, height: usize, value: u8) -> Self {
        Self { width, height, pixels: vec![value; width * height] }
    }

    /// A pixel, white beyond the edges.
    pub(crate) fn at(&self, x: isize, y: isize) -> u8 {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return 255 };
        if x >= self.width {
            return 255;
        }
        self.pixels.get(y * self.width + x).copied().unwrap_or(255)
    }

    /// The value between four pixels.
    pub(crate) fn between(&self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (right, bottom) = (x - left, y - top);
        let (left, top) = (left as isize, top as isize);
        let at = |dx: isize, dy: isize| f32::from(self.at(left + dx, top + dy));
        let above = at(0, 0) * (1.0 - right) + at(1, 0) * right;
        let below = at(0, 1) * (1.0 - right) + at(1, 1) * right;
        above * (1.0 - bottom) + below * bottom
    }

    pub(crate) fn row(&self, y: usize) -> &[u8] {
        self.pixels.get(y * self.width..(y + 1) * self.width).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_quarter_turns_are_none() {
        let rgb: Vec<u8> = (0..18).collect();
        let picture = Picture::new(3, 2, rgb, 150.0, 0.48).unwrap();
        let once = picture.turned(1);
        assert_eq!((once.width, once.height), (2, 3));
        // The lower left corner comes to the upper left.
        assert_eq!(once.rgb[..3], picture.rgb[9..12]);
        assert_eq!(once.turned(1), picture.turned(2));
        assert_eq!(once.turned(3), picture);
        assert_eq!(picture.turned(3).turned(1), picture);
    }

    #[test]
    fn a_picture_has_as_many_pixels_as_its_sides_say() {
        assert!(Picture::new(2, 2, vec![0; 11], 150.0, 0.48).is_none());
        assert!(Picture::new(usize::MAX, 2, vec![0; 12], 150.0, 0.48).is_none());
        assert!(Picture::new(0, 0, Vec::new(), 150.0, 0.48).is_none());
    }
}
