//! How the letters of a run look in a word processor or a workbook, and whether a person can see them.

use crate::model::Doubt;

/// Red, green and blue.
pub(crate) type Rgb = [u8; 3];

pub(crate) const WHITE: Rgb = [255; 3];
pub(crate) const BLACK: Rgb = [0; 3];

/// Differences of colours up to which letters cannot be distinguished from their ground.
const NEAR: u8 = 32;
/// Half-points below which letters cannot be read.
const TINY: u32 = 6;
/// The size where nothing is said, in half-points: that of a Chinese office's running text is between 20 and 32.
const SIZE: u32 = 21;
/// Per cent of their width below which letters cannot be read.
const NARROW: u32 = 20;

/// The formats of a run that decide what is seen of it; none where it does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Letters {
    /// None inside for the automatic colour, which is always seen.
    pub(crate) colour: Option<Option<Rgb>>,
    /// What is painted behind the letters alone.
    pub(crate) ground: Option<Option<Rgb>>,
    /// In half-points.
    pub(crate) size: Option<u32>,
    /// Added between the letters, in twips.
    pub(crate) spacing: Option<i32>,
    /// Width in per cent.
    pub(crate) width: Option<u32>,
    /// Above the line, in half-points.
    pub(crate) raised_by: Option<i32>,
    /// Written from right to left whatever the letters are.
    pub(crate) is_reversed: Option<bool>,
    /// Hidden where the document is shown as a page of the web.
    pub(crate) is_hidden_on_web: Option<bool>,
}

/// What is behind a paragraph or a cell: its colour, none where it is not known.
pub(crate) type Ground = Option<Rgb>;

impl Letters {
    /// Overrides the formats that `over` sets.
    pub(crate) fn change(&mut self, over: Letters) {
        *self = Letters {
            colour: over.colour.or(self.colour),
            ground: over.ground.or(self.ground),
            size: over.size.or(self.size),
            spacing: over.spacing.or(self.spacing),
            width: over.width.or(self.width),
            raised_by: over.raised_by.or(self.raised_by),
            is_reversed: over.is_reversed.or(self.is_reversed),
            is_hidden_on_web: over.is_hidden_on_web.or(self.is_hidden_on_web),
        };
    }

    /// Why what is seen of the letters may differ from what is stored, on this ground.
    pub(crate) fn doubt(&self, ground: Ground) -> Option<Doubt> {
        let size = self.size.unwrap_or(SIZE);
        let ground = self.ground.flatten().or(ground);
        let is_squeezed =
            || self.spacing.is_some_and(|spacing| spacing.saturating_mul(4) < -(size as i32 * 10));
        let is_on_its_colour = || match (self.colour.flatten(), ground) {
            (Some(colour), Some(ground)) => are_near(colour, ground),
            _ => false,
        };
        match () {
            () if size < TINY || self.width.is_some_and(|width| width < NARROW) => Some(Doubt::Tiny),
            () if is_on_its_colour() => Some(Doubt::SameColour),
            () if is_squeezed() => Some(Doubt::Overlapping),
            () if self.raised_by.unwrap_or(0).unsigned_abs() > size => Some(Doubt::Clipped),
            () if self.is_reversed == Some(true) => Some(Doubt::Reordered),
            () if self.is_hidden_on_web == Some(true) => Some(Doubt::Hidden),
            () => None,
        }
    }

    /// Whether the letters stand above or below their line, and which of the two: `true` for below.
    pub(crate) fn is_low(&self) -> Option<bool> {
        let (by, size) = (self.raised_by.unwrap_or(0), self.size.unwrap_or(SIZE));
        (by.unsigned_abs() * 4 > size).then_some(by < 0)
    }
}

/// Whether two colours look the same.
pub(crate) fn are_near(one: Rgb, other: Rgb) -> bool {
    one.iter().zip(other).all(|(one, other)| one.abs_diff(other) < NEAR)
}

/// `FFFFFF` or `#ffffff`.
pub(crate) fn hex(value: &str) -> Option<Rgb> {
    let value = value.trim().trim_start_matches('#');
    let digits = value.get(value.len().checked_sub(6)?..)?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

/// The sixteen colours that word processors mark text with, by their English names.
pub(crate) fn named(name: &str) -> Option<Rgb> {
    Some(match name {
        "black" => BLACK,
        "white" => WHITE,
        "blue" => [0, 0, 255],
        "cyan" => [0, 255, 255],
        "green" => [0, 255, 0],
        "magenta" => [255, 0, 255],
        "red" => [255, 0, 0],
        "yellow" => [255, 255, 0],
        "darkBlue" => [0, 0, 128],
        "darkCyan" => [0, 128, 128],
        "darkGreen" => [0, 128, 0],
        "darkMagenta" => [128, 0, 128],
        "darkRed" => [128, 0, 0],
        "darkYellow" => [128, 128, 0],
        "darkGray" => [128; 3],
        "lightGray" => [192; 3],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_seen_where_they_differ_from_their_ground() {
        let white = Letters { colour: Some(Some(WHITE)), ..Letters::default() };
        assert_eq!(white.doubt(Some(WHITE)), Some(Doubt::SameColour));
        assert_eq!(white.doubt(Some([0, 0, 128])), None);
        assert_eq!(white.doubt(None), None);
        let marked = Letters { ground: Some(Some(BLACK)), ..white };
        assert_eq!(marked.doubt(Some(WHITE)), None);
        let automatic = Letters { colour: Some(None), ..Letters::default() };
        assert_eq!(automatic.doubt(Some(BLACK)), None);
        assert!(are_near(hex("FFF0F0F0").unwrap(), WHITE));
        assert!(!are_near(hex("#CCCCCC").unwrap(), WHITE));
    }

    #[test]
    fn letters_are_seen_where_they_have_a_size() {
        let sized = |size| Letters { size: Some(size), ..Letters::default() };
        assert_eq!(sized(1).doubt(None), Some(Doubt::Tiny));
        assert_eq!(sized(15).doubt(None), None);
        let spaced = |spacing| Letters { spacing: Some(spacing), ..Letters::default() };
        assert_eq!(spaced(-2_000).doubt(None), Some(Doubt::Overlapping));
        assert_eq!(spaced(-20).doubt(None), None);
        let raised = |by| Letters { raised_by: Some(by), ..Letters::default() };
        assert_eq!(raised(-200).doubt(None), Some(Doubt::Clipped));
        assert_eq!(
            (raised(3).is_low(), raised(8).is_low(), raised(-8).is_low()),
            (None, Some(false), Some(true))
        );
    }
}
