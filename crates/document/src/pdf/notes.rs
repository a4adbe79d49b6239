//! Notes on a page that programs draw by themselves: those without an appearance, and those that strike out.

use hayro_interpret::hayro_syntax::object::{Array, Dict, Name, Object, Rect};
use hayro_interpret::hayro_syntax::page::Page;
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect as Bounds, Shape};
use hayro_interpret::util::{RectExt, TransformExt};

use super::device::PageDevice;
use crate::ink::Region;
use crate::model::Doubt;

/// Bits of a note that is not shown: hidden, and not for the screen.
const HIDDEN: u32 = 1 << 1 | 1 << 5;
/// Notes of a page that are looked at, and boxes or lines of one.
const MOST_NOTES: usize = 2_000;
const MOST_PARTS: usize = 200;

/// Marks what the notes of a page cover or strike out.
pub(super) fn mark(page: &Page<'_>, device: &mut PageDevice) {
    let Some(notes) = page.raw().get::<Array<'_>>("Annots") else { return };
    let transform = page.initial_transform(true).to_kurbo();
    for note in notes.iter::<Dict<'_>>().take(MOST_NOTES) {
        if note.get::<u32>("F").unwrap_or(0) & HIDDEN == 0 {
            mark_one(&note, transform, device);
        }
    }
}

fn mark_one(note: &Dict<'_>, transform: Affine, device: &mut PageDevice) {
    let Some(kind) = note.get::<Name<'_>>("Subtype") else { return };
    let is_drawn = note.get::<Dict<'_>>("AP").is_some_and(|appearance| appearance.contains_key("N"));
    let is_full = |key: &str| match note.get::<Object<'_>>(key) {
        Some(Object::String(text)) => !text.as_bytes().is_empty(),
        Some(Object::Array(values)) => values.iter::<Object<'_>>().next().is_some(),
        _ => false,
    };
    match &*kind {
        b"StrikeOut" => mark_boxes(note, transform, device, Doubt::Struck),
        b"Redact" => mark_boxes(note, transform, device, Doubt::Covered),
        _ if is_drawn => {}
        b"FreeText" if is_full("Contents") => mark_boxes(note, transform, device, Doubt::Covered),
        b"Widget" if is_full("V") => mark_boxes(note, transform, device, Doubt::Covered),
        b"Square" | b"Circle" | b"Polygon" if is_full("IC") => {
            mark_boxes(note, transform, device, Doubt::Covered);
        }
        b"Line" => lines(note, "L", transform, device),
        b"PolyLine" | b"Polygon" => lines(note, "Vertices", transform, device),
        b"Ink" => {
            if let Some(strokes) = note.get::<Array<'_>>("InkList") {
                strokes
                    .iter::<Array<'_>>()
                    .take(MOST_PARTS)
                    .for_each(|stroke| line(&stroke, transform, device));
            }
        }
        _ => {}
    }
}

/// Marks what is in the boxes of a note, or in its rectangle where it has none.
fn mark_boxes(note: &Dict<'_>, transform: Affine, device: &mut PageDevice, doubt: Doubt) {
    let points = note.get::<Array<'_>>("QuadPoints").map(|points| points_of(&points)).unwrap_or_default();
    let mut boxes: Vec<BezPath> = points
        .chunks_exact(4)
        .take(MOST_PARTS)
        .filter_map(|corners| {
            let corners = corners.iter().map(|corner| Bounds::from_points(*corner, *corner));
            Some(corners.reduce(|one, other| one.union(other))?.to_path(0.1))
        })
        .collect();
    if boxes.is_empty() {
        boxes.extend(note.get::<Rect>("Rect").map(|area| RectExt::to_kurbo(&area).to_path(0.1)));
    }
    for path in boxes {
        if let Some(region) = Region::filled(&(transform * path), false) {
            device.mark(&region, doubt);
        }
    }
}

fn lines(note: &Dict<'_>, key: &str, transform: Affine, device: &mut PageDevice) {
    if let Some(points) = note.get::<Array<'_>>(key) {
        line(&points, transform, device);
    }
}

fn line(points: &Array<'_>, transform: Affine, device: &mut PageDevice) {
    let points = points_of(points);
    // A stroke of many short pieces is taken as the line from its beginning to its end where that is level.
    if let (Some(from), Some(to)) = (points.first(), points.last()) {
        device.note_line(transform * *from, transform * *to);
    }
    for (from, to) in points.iter().zip(points.iter().skip(1)).take(MOST_PARTS) {
        device.note_line(transform * *from, transform * *to);
    }
}

fn points_of(values: &Array<'_>) -> Vec<Point> {
    let values: Vec<f64> = values.iter::<f64>().take(8 * MOST_PARTS).collect();
    let pairs = values.chunks_exact(2).filter_map(|pair| <[f64; 2]>::try_from(pair).ok());
    pairs.map(|[x, y]| Point::new(x, y)).collect()
}
