//! The paints of the interpreter as those of the canvas.

use std::rc::Rc;

use hayro_interpret::Paint;
use hayro_interpret::pattern::{Pattern, ShadingPattern};
use hayro_interpret::shading::ShadingType;

use crate::ink::{self, Blend, Layer};

/// How paint is laid on the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Laid {
    pub(super) opacity: f32,
    pub(super) blend: Blend,
}

/// What is painted by a paint that is laid on so; none stands for a mask that decides.
pub(super) fn painted(paint: &Paint<'_>, laid: Option<Laid>) -> ink::Paint {
    let Some(Laid { opacity, blend }) = laid else { return ink::Paint::Unknown };
    match paint {
        Paint::Color(color) => {
            let [red, green, blue, alpha] = color.to_rgba().components();
            ink::Paint::Flat(Layer { color: Some([red, green, blue]), opacity: opacity * alpha, blend })
        }
        Paint::Pattern(pattern) => match pattern.as_ref() {
            Pattern::Shading(shading) => gradient(shading, opacity, blend),
            Pattern::Tiling(_) => ink::Paint::Unknown,
        },
    }
}

/// A gradient; meshes are not looked into, since one may have any number of triangles.
fn gradient(shading: &ShadingPattern, opacity: f32, blend: Blend) -> ink::Paint {
    let own = &shading.shading;
    let is_plain = matches!(
        own.shading_type.as_ref(),
        ShadingType::FunctionBased { .. } | ShadingType::RadialAxial { .. }
    );
    if !is_plain || own.clip_path.is_some() {
        return ink::Paint::Unknown;
    }
    let encoded = shading.encode();
    ink::Paint::Varied(Rc::new(move |point| {
        let [red, green, blue, alpha] = encoded.sample(encoded.base_transform * point);
        Layer { color: Some([red, green, blue]), opacity: opacity * alpha, blend }
    }))
}

/// Whether a paint leaves everything as it is.
pub(super) fn is_transparent(paint: &Paint<'_>) -> bool {
    match paint {
        Paint::Color(color) => color.to_rgba().to_rgba8()[3] == 0,
        Paint::Pattern(pattern) => match pattern.as_ref() {
            Pattern::Shading(shading) => shading.opacity <= 0.0,
            Pattern::Tiling(tiling) => tiling.opacity <= 0.0,
        },
    }
}
