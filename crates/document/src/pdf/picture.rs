//! What a picture covers and shows.

use std::rc::Rc;

use hayro_interpret::hayro_syntax::Filter;
use hayro_interpret::hayro_syntax::object::{Dict, Stream};
use hayro_interpret::kurbo::Affine;
use hayro_interpret::{Image, ImageData, LumaData, Paint, RasterImage, StencilImage};

use super::paint::{Laid, painted};
use crate::ink::{self, Layer};

/// Pixels of a picture that is looked into: a page at 150 dots an inch has two million.
const MOST_PIXELS: u64 = 4_000_000;
/// Pixels that are as much work as drawing one character.
const PIXELS: u64 = 64;
/// Rows and columns that are kept of a picture.
const KEPT: u32 = 128;

/// What a picture paints, and what finding out costs. A picture that is not looked into covers what is below it,
/// if nothing of it is transparent.
pub(super) fn paint(
    image: &Image<'_, '_>,
    laid: Option<Laid>,
    transform: Affine,
    looks: bool,
) -> (ink::Paint, usize) {
    let Some(Laid { opacity, blend }) = laid else { return (ink::Paint::Unknown, 0) };
    let whole = match image {
        Image::Raster(raster) if !is_masked(raster.stream().dict()) => {
            Some(Layer { color: None, opacity, blend })
        }
        _ => None,
    };
    if !looks {
        return (ink::Paint::Unseen(whole), 0);
    }
    let unknown = whole.map_or(ink::Paint::Unknown, ink::Paint::Flat);
    let (width, height) = (image.width(), image.height());
    let pixels = u64::from(width) * u64::from(height);
    let stream = match image {
        Image::Raster(raster) => raster.stream(),
        Image::Stencil(stencil) => stencil.stream(),
    };
    if pixels == 0 || pixels > MOST_PIXELS || !can_be_unpacked(stream) {
        return (unknown, 0);
    }
    let seen = match image {
        Image::Raster(raster) => colors(raster),
        Image::Stencil(stencil) => stencilled(stencil, laid),
    };
    let Some(seen) = seen else { return (unknown, (pixels / PIXELS) as usize) };
    let inverse = transform.inverse();
    let paint = ink::Paint::Varied(Rc::new(move |point| {
        let at = inverse * point;
        let [red, green, blue, alpha] = seen.at(at.x / f64::from(width), at.y / f64::from(height));
        Layer { color: Some([red, green, blue]), opacity: opacity * alpha, blend }
    }));
    (paint, (pixels / PIXELS) as usize)
}

fn is_masked(dict: &Dict<'_>) -> bool {
    [b"SMask".as_slice(), b"Mask", b"SMaskInData"].iter().any(|key| dict.contains_key(*key))
}

/// Whether what a picture and its mask unpack to is as large as they say, and not too large.
pub(super) fn can_be_unpacked(stream: &Stream<'_>) -> bool {
    let mask = [b"SMask".as_slice(), b"Mask"].iter().find_map(|key| stream.dict().get::<Stream<'_>>(*key));
    is_small(stream) && mask.is_none_or(|mask| is_small(&mask))
}

fn is_small(stream: &Stream<'_>) -> bool {
    let side = |long: &str, short: &str| {
        let dict = stream.dict();
        u64::from(dict.get::<u32>(long).or_else(|| dict.get::<u32>(short)).unwrap_or(0))
    };
    let is_simple = |filter: &Filter| match filter {
        Filter::FlateDecode => true,
        Filter::DctDecode => jpeg_pixels(&stream.raw_data()).is_some_and(|pixels| pixels <= MOST_PIXELS),
        _ => false,
    };
    side("Width", "W") * side("Height", "H") <= MOST_PIXELS && stream.filters().iter().all(is_simple)
}

/// The pixels of a JPEG, by its frame header.
fn jpeg_pixels(bytes: &[u8]) -> Option<u64> {
    let mut rest = bytes.get(2..)?;
    while let [0xFF, marker, tail @ ..] = rest {
        match (marker, tail) {
            (0xFF, _) => rest = rest.get(1..)?,
            (0xC0..=0xC3, [_, _, _, h1, h2, w1, w2, ..]) => {
                let side = |high: u8, low: u8| u64::from(u16::from_be_bytes([high, low]));
                return Some(side(*h1, *h2) * side(*w1, *w2));
            }
            (_, [high, low, ..]) => {
                rest = tail.get(usize::from(u16::from_be_bytes([*high, *low])).max(2)..)?
            }
            _ => return None,
        }
    }
    None
}

/// A picture in few pixels.
struct Thumbnail {
    width: u32,
    height: u32,
    pixels: Vec<[u8; 4]>,
}

impl Thumbnail {
    /// One with the pixels that `pixel` finds at these shares of width and height.
    fn of(size: (u32, u32), pixel: impl Fn(f64, f64) -> Option<[u8; 4]>) -> Option<Thumbnail> {
        let (width, height) = (size.0.clamp(1, KEPT), size.1.clamp(1, KEPT));
        let middle = |index: u32, count: u32| (f64::from(index) + 0.5) / f64::from(count);
        let rows = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        let pixels = rows.map(|(row, column)| pixel(middle(column, width), middle(row, height)));
        Some(Thumbnail { width, height, pixels: pixels.collect::<Option<_>>()? })
    }

    fn at(&self, x: f64, y: f64) -> [f32; 4] {
        if !(0.0..1.0).contains(&x) || !(0.0..1.0).contains(&y) {
            return [0.0; 4];
        }
        let (column, row) = ((x * f64::from(self.width)) as usize, (y * f64::from(self.height)) as usize);
        let pixel = self.pixels.get(row * self.width as usize + column).copied().unwrap_or_default();
        pixel.map(|value| f32::from(value) / 255.0)
    }
}

/// Where in the data of a picture a share of its width and height is.
fn index((width, height): (u32, u32), x: f64, y: f64) -> usize {
    let (column, row) = ((x * f64::from(width)) as usize, (y * f64::from(height)) as usize);
    row * width as usize + column
}

fn colors(raster: &RasterImage<'_>) -> Option<Thumbnail> {
    let mut found = None;
    raster.with_rgba(
        |data, alpha| {
            let size = (data.width(), data.height());
            let alpha_at = |x: f64, y: f64| match &alpha {
                Some(alpha) => alpha.data.get(index((alpha.width, alpha.height), x, y)).copied(),
                None => Some(255),
            };
            let larger =
                alpha.as_ref().map_or(size, |alpha| (size.0.max(alpha.width), size.1.max(alpha.height)));
            found = Thumbnail::of(larger, |x, y| {
                let at = index(size, x, y);
                let [red, green, blue] = match &data {
                    ImageData::Rgb(rgb) => rgb.data.get(3 * at..3 * at + 3)?.try_into().ok()?,
                    ImageData::Luma(luma) => [*luma.data.get(at)?; 3],
                };
                Some([red, green, blue, alpha_at(x, y)?])
            });
        },
        Some((KEPT, KEPT)),
    );
    found
}

fn stencilled(stencil: &StencilImage<'_, '_>, laid: Option<Laid>) -> Option<Thumbnail> {
    let mut found = None;
    stencil.with_stencil(
        |mask: LumaData, paint: &Paint<'_>| {
            let own = Some(Laid {
                opacity: 1.0,
                ..laid.unwrap_or(Laid { opacity: 1.0, blend: ink::Blend::Normal })
            });
            let ink::Paint::Flat(Layer { color: Some(color), opacity, .. }) = painted(paint, own) else {
                return;
            };
            let [red, green, blue] = color.map(|value| (value * 255.0) as u8);
            let size = (mask.width, mask.height);
            found = Thumbnail::of(size, |x, y| {
                let shown = f32::from(*mask.data.get(index(size, x, y))?) * opacity;
                Some([red, green, blue, shown as u8])
            });
        },
        Some((KEPT, KEPT)),
    );
    found
}
