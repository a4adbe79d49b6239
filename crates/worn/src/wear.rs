//! Wears a drawn page: each kind of wear is a seed and a few lines of code, so that no picture is kept.

use scan::Picture;

/// What happened to a page between the printer and the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wear {
    /// A good scanner.
    Office,
    /// Laid on the glass askew.
    Skewed,
    /// Out of focus.
    Blurred,
    /// Grains all over.
    Noisy,
    /// Recycled paper under a lamp at one side.
    Grey,
    /// Little toner.
    Faint,
    /// A red seal over the table.
    Seal,
    /// A blue pen over the table.
    Pen,
    /// A fold across the page.
    Fold,
    /// Only black and white.
    Bilevel,
    /// A photograph of a sheet that is not flat.
    Photograph,
    /// Blocks of eight by eight pixels as a strong JPEG leaves them.
    Compressed,
}

impl Wear {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Office,
        Self::Skewed,
        Self::Blurred,
        Self::Noisy,
        Self::Grey,
        Self::Faint,
        Self::Seal,
        Self::Pen,
        Self::Fold,
        Self::Bilevel,
        Self::Photograph,
        Self::Compressed,
    ];
}

/// SplitMix64: numbers that are the same on every machine.
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From -1 to 1, mostly near 0.
    fn around(&mut self) -> f32 {
        let parts = (0..3).map(|_| (self.next() >> 40) as f32 / (1_u64 << 23) as f32 - 1.0);
        parts.sum::<f32>() / 3.0
    }
}

/// The page as it comes out of the scanner. The seed moves folds, seals and grains.
pub fn wear(page: &Picture, wear: Wear, seed: u64) -> Picture {
    let mut random = Random(seed);
    let mut worn = page.clone();
    match wear {
        Wear::Office => {
            worn = moved(&worn, turn(page, 0.3 + 0.2 * random.around()));
            worn = blurred(&worn, 1);
            grains(&mut worn, 8.0, &mut random);
        }
        Wear::Skewed => {
            worn = moved(&worn, turn(page, -2.4 + random.around()));
            grains(&mut worn, 8.0, &mut random);
        }
        Wear::Blurred => worn = blurred(&blurred(&worn, 1), 1),
        Wear::Noisy => grains(&mut worn, 60.0, &mut random),
        Wear::Grey => {
            let width = worn.width as f32;
            each(&mut worn, |x, _, value| value * (0.82 - 0.18 * x as f32 / width) - 4.0);
            grains(&mut worn, 10.0, &mut random);
        }
        Wear::Faint => {
            each(&mut worn, |_, _, value| 255.0 - (255.0 - value) * 0.42);
            grains(&mut worn, 8.0, &mut random);
        }
        Wear::Seal => {
            let (x, y) = (0.55 + 0.15 * random.around(), 0.4 + 0.2 * random.around());
            ring(&mut worn, (x, y), [205, 40, 50]);
            worn = blurred(&worn, 1);
        }
        Wear::Pen => {
            let height = 0.4 + 0.2 * random.around();
            stroke(&mut worn, height, [40, 60, 190]);
        }
        Wear::Fold => {
            let at = (0.45 + 0.1 * random.around()) * worn.height as f32;
            each(&mut worn, |_, y, value| {
                let distance = (y as f32 - at).abs();
                if distance < 14.0 { value * (0.62 + 0.38 * distance / 14.0) } else { value }
            });
        }
        Wear::Bilevel => {
            worn = blurred(&worn, 1);
            grains(&mut worn, 30.0, &mut random);
            each(&mut worn, |_, _, value| if value < 150.0 { 0.0 } else { 255.0 });
        }
        Wear::Photograph => {
            let (width, height) = (page.width as f32, page.height as f32);
            let bend = 0.012 * height * (1.0 + 0.3 * random.around());
            worn = moved(&worn, move |x, y| {
                let (u, v) = (2.0 * x / width - 1.0, 2.0 * y / height - 1.0);
                (x + 0.012 * width * v * u + 0.004 * width * v, y + bend * (u * u - 0.5) + 0.006 * height * u)
            });
            each(&mut worn, |x, y, value| {
                value * (0.95 - 0.12 * (x as f32 / width) - 0.1 * (y as f32 / height))
            });
            grains(&mut worn, 10.0, &mut random);
        }
        Wear::Compressed => worn = compressed(&blurred(&worn, 1)),
    }
    worn
}

/// Applies this to each channel of each pixel.
fn each(page: &mut Picture, change: impl Fn(usize, usize, f32) -> f32) {
    let width = page.width;
    for (at, pixel) in page.rgb.chunks_exact_mut(3).enumerate() {
        for value in pixel {
            *value = change(at % width, at / width, f32::from(*value)).clamp(0.0, 255.0) as u8;
        }
    }
}

fn grains(page: &mut Picture, strength: f32, random: &mut Random) {
    for pixel in page.rgb.chunks_exact_mut(3) {
        let grain = strength * random.around();
        for value in pixel {
            *value = (f32::from(*value) + grain).clamp(0.0, 255.0) as u8;
        }
    }
}

fn channel(page: &Picture, x: isize, y: isize, channel: usize) -> f32 {
    let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return 255.0 };
    if x >= page.width || y >= page.height {
        return 255.0;
    }
    f32::from(page.rgb[3 * (y * page.width + x) + channel])
}

/// The page with each pixel taken from elsewhere.
fn moved(page: &Picture, from: impl Fn(f32, f32) -> (f32, f32)) -> Picture {
    let mut rgb = Vec::with_capacity(page.rgb.len());
    for y in 0..page.height {
        for x in 0..page.width {
            let (x, y) = from(x as f32, y as f32);
            let (left, top) = (x.floor(), y.floor());
            let (right, bottom) = (x - left, y - top);
            for index in 0..3 {
                let at = |dx: isize, dy: isize| channel(page, left as isize + dx, top as isize + dy, index);
                let above = at(0, 0) * (1.0 - right) + at(1, 0) * right;
                let below = at(0, 1) * (1.0 - right) + at(1, 1) * right;
                rgb.push((above * (1.0 - bottom) + below * bottom) as u8);
            }
        }
    }
    Picture { rgb, ..page.clone() }
}

fn turn(page: &Picture, degrees: f32) -> impl Fn(f32, f32) -> (f32, f32) + use<> {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (middle_x, middle_y) = (page.width as f32 / 2.0, page.height as f32 / 2.0);
    move |x, y| {
        let (x, y) = (x - middle_x, y - middle_y);
        (cosine * x - sine * y + middle_x, sine * x + cosine * y + middle_y)
    }
}

fn blurred(page: &Picture, radius: isize) -> Picture {
    let mut rgb = Vec::with_capacity(page.rgb.len());
    let count = ((2 * radius + 1) * (2 * radius + 1)) as f32;
    for y in 0..page.height as isize {
        for x in 0..page.width as isize {
            for index in 0..3 {
                let around = (-radius..=radius).flat_map(|dy| (-radius..=radius).map(move |dx| (dx, dy)));
                let sum: f32 = around.map(|(dx, dy)| channel(page, x + dx, y + dy, index)).sum();
                rgb.push((sum / count) as u8);
            }
        }
    }
    Picture { rgb, ..page.clone() }
}

/// Lays a colour on a pixel as ink does: what is below shows through.
fn lay(page: &mut Picture, x: usize, y: usize, ink: [u8; 3]) {
    if x >= page.width || y >= page.height {
        return;
    }
    let at = 3 * (y * page.width + x);
    for (value, ink) in page.rgb[at..at + 3].iter_mut().zip(ink) {
        *value = (u16::from(*value) * u16::from(ink) / 255) as u8;
    }
}

/// A seal: a ring and a star's worth of ink in its middle.
fn ring(page: &mut Picture, (x, y): (f32, f32), ink: [u8; 3]) {
    let (x, y) = (x * page.width as f32, y * page.height as f32);
    let radius = 0.8 * page.dpi;
    for row in (y - radius).max(0.0) as usize..(y + radius) as usize {
        for column in (x - radius).max(0.0) as usize..(x + radius) as usize {
            let distance = (column as f32 - x).hypot(row as f32 - y);
            if (0.9 * radius..radius).contains(&distance) || distance < 0.25 * radius {
                lay(page, column, row, ink);
            }
        }
    }
}

/// A pen stroke from the left to the right that waves.
fn stroke(page: &mut Picture, height: f32, ink: [u8; 3]) {
    let thick = (0.012 * page.dpi) as usize;
    for x in page.width / 8..page.width * 7 / 8 {
        let wave = (x as f32 / page.width as f32 * 14.0).sin() * 0.02;
        let y = ((height + wave) * page.height as f32) as usize;
        (0..=thick).for_each(|dy| lay(page, x, y + dy, ink));
    }
}

/// Halves the resolution within blocks of eight pixels and rounds brightness to steps.
fn compressed(page: &Picture) -> Picture {
    let mut worn = page.clone();
    for top in (0..page.height).step_by(8) {
        for left in (0..page.width).step_by(8) {
            let places = (top..(top + 8).min(page.height))
                .flat_map(|y| (left..(left + 8).min(page.width)).map(move |x| (x, y)));
            let places: Vec<(usize, usize)> = places.collect();
            for index in 0..3 {
                let value = |(x, y): &(usize, usize)| channel(page, *x as isize, *y as isize, index);
                let mean = places.iter().map(value).sum::<f32>() / places.len() as f32;
                for (x, y) in &places {
                    let apart = channel(page, *x as isize, *y as isize, index) - mean;
                    let stepped = mean + (apart / 24.0).round() * 24.0;
                    worn.rgb[3 * (y * page.width + x) + index] = stepped.clamp(0.0, 255.0) as u8;
                }
            }
        }
    }
    worn
}
