//! Tells ink from paper: coloured ink apart, paper to white, black below a threshold.

use crate::bits::Bits;
use crate::picture::{Gray, Picture};

/// A page with its black ink in grey values and the places of its coloured ink.
#[derive(Debug, Clone)]
pub(crate) struct Inked {
    pub(crate) gray: Gray,
    pub(crate) coloured: Bits,
}

/// How far apart the channels of a coloured pixel are. Paper that has yellowed is below, seals and pens above.
const COLOURED: u8 = 56;
/// Side of the squares that the brightness of the paper is taken from, in inches.
const SQUARE: f32 = 0.16;
/// Paper is no darker than this; a darker square has no paper.
const DARKEST_PAPER: u8 = 60;

/// Separates coloured ink: the brightest channel of red or blue ink is as bright as paper.
pub(crate) fn separate(picture: &Picture) -> Inked {
    let (width, height) = (picture.width, picture.height);
    let mut gray = Gray::of(width, height, 255);
    let mut coloured = Bits::white(width, height);
    for (at, (pixel, gray)) in picture.rgb.chunks_exact(3).zip(&mut gray.pixels).enumerate() {
        let brightest = pixel.iter().copied().max().unwrap_or(255);
        let darkest = pixel.iter().copied().min().unwrap_or(255);
        *gray = brightest;
        if brightest - darkest > COLOURED {
            coloured.set(at % width, at / width);
        }
    }
    Inked { gray, coloured }
}

/// Whether a page was scanned in black and white only: its paper is quite white and its ink quite black, but for the
/// edges that are grey because it was drawn in another size.
pub(crate) fn is_bilevel(gray: &Gray) -> bool {
    const LEAST_PAPER: f32 = 0.95;
    const LEAST_INK: f32 = 0.3;
    let (mut paper, mut white, mut ink, mut black) = (0_u32, 0_u32, 0_u32, 0_u32);
    for pixel in &gray.pixels {
        match *pixel {
            0..=3 => (ink, black) = (ink + 1, black + 1),
            4..=127 => ink += 1,
            128..=251 => paper += 1,
            252.. => (paper, white) = (paper + 1, white + 1),
        }
    }
    white as f32 >= LEAST_PAPER * paper as f32 && black as f32 >= LEAST_INK * ink as f32
}

/// Divides by the brightness of the paper around, so that paper is white everywhere.
pub(crate) fn whiten(gray: &mut Gray, dpi: f32) {
    let side = ((SQUARE * dpi) as usize).max(8);
    let (columns, rows) = (gray.width.div_ceil(side), gray.height.div_ceil(side));
    let mut paper = Gray::of(columns, rows, 255);
    for row in 0..rows {
        for column in 0..columns {
            let brightness = paper_of(gray, (column * side, row * side), side);
            if let Some(square) = paper.pixels.get_mut(row * columns + column) {
                *square = brightness;
            }
        }
    }
    let paper = brightest_near(&paper);
    let (width, height) = (gray.width, gray.height);
    for y in 0..height {
        let row = (y as f32 + 0.5) / side as f32 - 0.5;
        for x in 0..width {
            let column = (x as f32 + 0.5) / side as f32 - 0.5;
            let (column, row) = (column.clamp(0.0, (columns - 1) as f32), row.clamp(0.0, (rows - 1) as f32));
            let brightness = within(&paper, column, row).max(f32::from(DARKEST_PAPER));
            if let Some(pixel) = gray.pixels.get_mut(y * width + x) {
                *pixel = (f32::from(*pixel) * 255.0 / brightness).min(255.0) as u8;
            }
        }
    }
}

/// The value between four squares; the last ones go on beyond the edge.
fn within(paper: &Gray, x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (right, bottom) = (x - left, y - top);
    let (last_x, last_y) = (paper.width as isize - 1, paper.height as isize - 1);
    let at = |dx: isize, dy: isize| {
        f32::from(paper.at((left as isize + dx).min(last_x), (top as isize + dy).min(last_y)))
    };
    let above = at(0, 0) * (1.0 - right) + at(1, 0) * right;
    let below = at(0, 1) * (1.0 - right) + at(1, 1) * right;
    above * (1.0 - bottom) + below * bottom
}

/// The brightness that nine tenths of the pixels of a square do not exceed: that of its paper.
fn paper_of(gray: &Gray, (left, top): (usize, usize), side: usize) -> u8 {
    let mut counts = [0_usize; 256];
    let mut all = 0;
    for y in top..(top + side).min(gray.height) {
        for pixel in gray.row(y).iter().skip(left).take(side) {
            if let Some(count) = counts.get_mut(usize::from(*pixel)) {
                *count += 1;
            }
            all += 1;
        }
    }
    let mut above = 0;
    for (value, count) in counts.iter().enumerate().rev() {
        above += count;
        if 10 * above >= all {
            return value as u8;
        }
    }
    255
}

/// A square within thick ink has no paper of its own and takes that of its brightest neighbour.
fn brightest_near(paper: &Gray) -> Gray {
    let mut near = paper.clone();
    for y in 0..paper.height {
        for x in 0..paper.width {
            let own = paper.at(x as isize, y as isize);
            let around = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy)));
            let inside = around.filter(|(dx, dy)| {
                (0..paper.width as isize).contains(&(x as isize + dx))
                    && (0..paper.height as isize).contains(&(y as isize + dy))
            });
            let brightest = inside.map(|(dx, dy)| paper.at(x as isize + dx, y as isize + dy)).max();
            // A shadow that falls over a page is no ink: neighbours differ by less.
            let is_ink = brightest.is_some_and(|brightest| u32::from(own) * 10 < u32::from(brightest) * 8);
            if let (Some(pixel), Some(brightest), true) =
                (near.pixels.get_mut(y * paper.width + x), brightest, is_ink)
            {
                *pixel = brightest;
            }
        }
    }
    near
}

/// The grey value below which a pixel is ink: Otsu's, within what ink and paper can be.
pub(crate) fn threshold(gray: &Gray) -> u8 {
    const LOWEST: f64 = 110.0;
    const HIGHEST: f64 = 205.0;
    let mut counts = [0_u64; 256];
    for pixel in &gray.pixels {
        if let Some(count) = counts.get_mut(usize::from(*pixel)) {
            *count += 1;
        }
    }
    let all: f64 = gray.pixels.len() as f64;
    let weigh = |(value, count): (usize, &u64)| value as f64 * *count as f64;
    let total: f64 = counts.iter().enumerate().map(weigh).sum();
    let (mut below, mut sum, mut best, mut found) = (0.0, 0.0, 0.0, 128.0);
    for (value, count) in counts.iter().enumerate() {
        below += *count as f64;
        sum += value as f64 * *count as f64;
        let above = all - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let apart = sum / below - (total - sum) / above;
        let variance = below * above * apart * apart;
        if variance > best {
            (best, found) = (variance, value as f64 + 1.0);
        }
    }
    found.clamp(LOWEST, HIGHEST) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_red_seal_is_no_black_ink() {
        let rgb = [[200, 30, 40], [20, 20, 25], [250, 248, 240]].concat();
        let Inked { gray, coloured } = separate(&Picture::new(3, 1, rgb, 150.0, 0.48).unwrap());
        assert_eq!(gray.pixels, [200, 25, 250]);
        assert_eq!([0, 1, 2].map(|x| coloured.get(x, 0)), [true, false, false]);
    }

    #[test]
    fn pages_of_black_and_white_are_known() {
        let page = |paper: u8, ink: u8, edge: u8| {
            let mut gray = Gray::of(100, 10, paper);
            gray.pixels.iter_mut().step_by(20).for_each(|pixel| *pixel = ink);
            gray.pixels.iter_mut().skip(1).step_by(40).for_each(|pixel| *pixel = edge);
            is_bilevel(&gray)
        };
        assert!(page(255, 0, 0) && page(255, 0, 120));
        assert!(!page(250, 0, 120) && !page(255, 30, 120));
    }

    #[test]
    fn paper_in_a_shadow_becomes_white_and_ink_stays_dark() {
        let (width, height) = (200, 100);
        let mut gray = Gray::of(width, height, 255);
        for (at, pixel) in gray.pixels.iter_mut().enumerate() {
            let (x, y) = (at % width, at / width);
            let paper = 250 - x / 2;
            *pixel = if y % 20 < 3 { (paper / 4) as u8 } else { paper as u8 };
        }
        whiten(&mut gray, 150.0);
        let threshold = threshold(&gray);
        for (at, pixel) in gray.pixels.iter().enumerate() {
            assert_eq!(*pixel < threshold, at / width % 20 < 3, "{at}: {pixel}");
        }
    }
}
