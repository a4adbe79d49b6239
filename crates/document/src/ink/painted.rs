//! A painted character: where its ink is, what is seen of it, and how it stands to others.

use hayro_interpret::kurbo::Rect;

use super::region::POINTS;
use super::{NEAR, THIRD, UNSEEN};
use crate::lattice::{Glyph, Segment};
use crate::model::Doubt;

/// A character with what can be seen of it.
pub(super) struct Painted {
    pub(super) glyph: Glyph,
    pub(super) turns: u8,
    pub(super) outline: Option<u32>,
    /// Where its ink is.
    pub(super) core: [f32; 4],
    /// Its contrast at each point, in 255ths.
    pub(super) seen: [u8; POINTS],
    /// Why it stands out less than black on white.
    pub(super) cause: Option<Doubt>,
    pub(super) is_speck: bool,
}

/// How two characters stand to each other.
pub(super) enum Meeting {
    Apart,
    /// The same, printed twice.
    Twice,
    /// One over the other.
    Over,
}

impl Painted {
    pub(super) fn see(&mut self, bit: usize, contrast: f32, cause: Option<Doubt>) {
        let seen = if contrast < UNSEEN { 0.0 } else { contrast.min(1.0) * 255.0 };
        if let Some(point) = self.seen.get_mut(bit) {
            *point = seen as u8;
        }
        if contrast < NEAR {
            self.cause = cause.or(self.cause);
        }
    }

    pub(super) fn contrast(&self, bit: usize) -> f32 {
        self.seen.get(bit).map_or(0.0, |seen| f32::from(*seen) / 255.0)
    }

    pub(super) fn core(&self) -> Rect {
        let [x0, y0, x1, y1] = self.core.map(f64::from);
        Rect::new(x0, y0, x1, y1)
    }

    /// Whether anything of it is seen.
    pub(super) fn is_read(&self) -> bool {
        !self.is_speck && self.seen.iter().any(|seen| *seen > 0)
    }

    /// Why what is seen of it is too little.
    pub(super) fn doubt(&self) -> Option<Doubt> {
        let near = (NEAR * 255.0) as u8;
        let dim = self.seen.iter().filter(|seen| **seen < near).count() as u32;
        if dim > THIRD { self.cause } else { None }
    }

    pub(super) fn is_plain(&self) -> bool {
        self.glyph.doubt.is_none() && self.doubt().is_none()
    }

    /// Whether it is printed as strongly as text is.
    pub(super) fn is_strong(&self) -> bool {
        self.seen.iter().filter(|seen| **seen > 110).count() as u32 > THIRD
    }

    /// How it stands to another that is painted over it.
    pub(super) fn meets(&self, above: &Painted, [is_read, is_above_read]: [bool; 2]) -> Meeting {
        let (one, other) = (self.core(), above.core());
        let common = one.intersect(other);
        let is_touched = common.width() > 0.0 && common.height() > 0.0;
        if !(is_read && is_touched) {
            return Meeting::Apart;
        }
        let (mine, theirs) = (self.glyph.character, above.glyph.character);
        let shift = (one.x0 - other.x0).abs() + (one.y0 - other.y0).abs();
        let is_same_size = (one.height() - other.height()).abs() < 0.2 * one.height();
        if mine == theirs && is_above_read && is_same_size && shift < em(&one, mine) / 3.0 {
            return Meeting::Twice;
        }
        let (is_mine, is_theirs) = (is_of_figure(mine), is_of_figure(theirs));
        let is_word = |character: char| character.is_alphanumeric();
        let is_concerned = is_mine && (is_theirs || is_word(theirs)) || is_theirs && is_word(mine);
        // A watermark lies over figures and leaves them as they are.
        let is_watermark = |letter: &Painted, other: &Painted| {
            letter.core().height() > 2.0 * other.core().height() && !letter.is_strong()
        };
        let is_light = is_watermark(self, above) || is_watermark(above, self);
        let smaller = one.area().min(other.area());
        match is_concerned && !is_light && common.area() > smaller / 3.0 {
            true => Meeting::Over,
            false => Meeting::Apart,
        }
    }

    /// Whether a line goes through its middle.
    pub(super) fn is_struck_by(&self, segment: &Segment) -> bool {
        // Along the base line, whichever way it runs.
        let [x0, y0, x1, y1] = self.core;
        let Segment { x0: from_x, y0: from_y, x1: to_x, y1: to_y } = *segment;
        let (low, high, from, to, top, bottom) = match self.turns % 2 {
            0 => (x0, x1, (from_x, from_y), (to_x, to_y), y0, y1),
            _ => (y0, y1, (from_y, from_x), (to_y, to_x), x0, x1),
        };
        let (from, to) = if from.0 <= to.0 { (from, to) } else { (to, from) };
        let (start, end) = (from.0.max(low), to.0.min(high));
        if end - start < 0.5 * (high - low) || !is_of_figure(self.glyph.character) {
            return false;
        }
        let at = |along: f32| {
            let way = to.0 - from.0;
            from.1 + if way > 0.0 { (along - from.0) / way * (to.1 - from.1) } else { 0.0 }
        };
        let middle = at((start + end) / 2.0);
        // A hyphen is a line itself.
        let (top, bottom) =
            if self.glyph.character == '-' { (top - 1.0, bottom + 1.0) } else { (top, bottom) };
        let share = (middle - top) / (bottom - top).max(0.1);
        (0.15..=0.85).contains(&share)
    }
}

/// Whether a character is a part of a figure.
pub(crate) fn is_of_figure(character: char) -> bool {
    matches!(character, '0'..='9' | '０'..='９' | '.' | ',' | '-' | '−' | '%' | '/')
}

/// The width of a character as type is measured.
fn em(core: &Rect, character: char) -> f64 {
    if character.is_ascii() { core.height() * 0.7 } else { core.height() }
}

/// Where the ink of a character is in its box, which goes from an eighth of its height below the base line to
/// seven eighths above it.
pub(super) fn core(glyph: &Glyph, turns: usize) -> Rect {
    // Shares of the box: from the left, and up from its foot.
    let (mut from, mut to, low, high) = match glyph.character {
        '.' | ',' => (0.15, 0.7, 0.06, 0.28),
        '-' => (0.1, 0.9, 0.28, 0.48),
        character if character.is_ascii() => (0.1, 0.9, 0.13, 0.82),
        _ => (0.1, 0.9, 0.08, 0.92),
    };
    let (left, top, right, bottom) =
        (f64::from(glyph.left), f64::from(glyph.top), f64::from(glyph.right), f64::from(glyph.bottom));
    let (width, height) = match turns % 2 {
        0 => (right - left, bottom - top),
        _ => (bottom - top, right - left),
    };
    // Some fonts give every letter the width of an ideograph, and figures fill half of it.
    if glyph.character.is_ascii() && width > 0.62 * height && width > 0.0 {
        let own = 0.56 * height / width;
        (from, to) = (from * own, to * own);
    }
    let (from, to, low, high) = (from * width, to * width, low * height, high * height);
    let area = match turns {
        1 => Rect::new(left + low, top + from, left + high, top + to),
        2 => Rect::new(right - to, top + low, right - from, top + high),
        3 => Rect::new(right - high, bottom - to, right - low, bottom - from),
        _ => Rect::new(left + from, bottom - high, left + to, bottom - low),
    };
    area.abs()
}
