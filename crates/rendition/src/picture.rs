//! Pictures: a scanned page that was sent as one, or one on a page.

use std::io::Cursor;
use std::sync::Arc;

use document::{Kind, sniff};
use hayro::kurbo::{Affine, Rect};
use hayro::vello_cpu::peniko::{Extend, ImageQuality, ImageSampler};
use hayro::vello_cpu::{Image, ImageSource, Pixmap, RenderContext};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::model::{Page, Sheet};
use crate::{RenditionError, ofd, scale};

/// Points of a pixel where a picture does not say its size: a scanner's 150 dots per inch.
const POINTS_OF_A_PIXEL: f32 = 72.0 / 150.0;

/// A picture as the one page of its file.
pub(crate) fn sheet(bytes: &[u8]) -> Result<Sheet, RenditionError> {
    let pixmap = decode(bytes)?;
    let points = |pixels: u16| f32::from(pixels) * POINTS_OF_A_PIXEL;
    Ok(Sheet { width: points(pixmap.width()), height: points(pixmap.height()), ..Sheet::default() })
}

pub(crate) fn draw(bytes: &[u8], page: &Page) -> Result<Pixmap, RenditionError> {
    let pixmap = decode(bytes)?;
    let points = |pixels: u16| f64::from(f32::from(pixels) * POINTS_OF_A_PIXEL);
    let (width, height) = (points(pixmap.width()), points(pixmap.height()));
    let (scale, columns, rows) = scale(width, height, page.dpi);
    let mut context = RenderContext::new(columns, rows);
    lay(&mut context, pixmap, Affine::scale(scale) * Affine::scale_non_uniform(width, height));
    Ok(ofd::pixels(&mut context))
}

/// Lays a picture on the page; it fills a square of size 1.
pub(crate) fn lay(context: &mut RenderContext, pixmap: Pixmap, transform: Affine) {
    let (width, height) = (f64::from(pixmap.width()), f64::from(pixmap.height()));
    let sampler = ImageSampler {
        x_extend: Extend::Pad,
        y_extend: Extend::Pad,
        quality: ImageQuality::Medium,
        alpha: 1.0,
    };
    context.set_transform(transform * Affine::scale_non_uniform(1.0 / width, 1.0 / height));
    context.set_paint(Image { image: ImageSource::Pixmap(Arc::new(pixmap)), sampler });
    context.fill_rect(&Rect::new(0.0, 0.0, width, height));
}

/// The pixels of a PNG or a JPEG.
pub(crate) fn decode(bytes: &[u8]) -> Result<Pixmap, RenditionError> {
    let broken = |what: String| RenditionError::Picture(what);
    match sniff(bytes) {
        Kind::Png => Pixmap::from_png(Cursor::new(bytes)).map_err(|error| broken(error.to_string())),
        Kind::Jpeg => {
            let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGBA);
            let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
            let pixels = decoder.decode().map_err(|error| broken(error.to_string()))?;
            let info = decoder.info().ok_or_else(|| broken("it has no size".into()))?;
            let expected = usize::from(info.width) * usize::from(info.height) * 4;
            if pixels.len() != expected {
                return Err(broken(format!("it has {} bytes of pixels, not {expected}", pixels.len())));
            }
            let mut pixmap = Pixmap::new(info.width, info.height);
            pixmap.data_as_u8_slice_mut().copy_from_slice(&pixels);
            pixmap.set_may_have_transparency(false);
            Ok(pixmap)
        }
        other => Err(broken(format!("format {} is not decoded", other.as_str()))),
    }
}
