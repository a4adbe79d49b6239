//! The objects of a page as shapes to draw, in points and in the order in which they are painted.
//!
//! Reading looks for characters that can be seen; drawing takes everything as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use hayro_interpret::kurbo::{Affine, BezPath, Rect, Shape as _, Vec2};

use super::Budget;
use super::media::Media;
use super::object::{self, Color, Glyphs, Layer, Object, Text};
use super::page::{DEEPEST, LINE, PRINT, outline};
use super::resources::{Resources, Style};
use crate::error::ReadError;

/// Points of a millimetre.
const POINTS: f64 = 72.0 / 25.4;

/// What a page paints.
#[derive(Debug)]
pub struct Painting {
    /// In points.
    pub width: f64,
    /// In points.
    pub height: f64,
    /// The fonts that the file holds, by their number.
    pub fonts: BTreeMap<String, Arc<Vec<u8>>>,
    /// The pictures, by their number.
    pub pictures: BTreeMap<String, Arc<Vec<u8>>>,
    /// What is painted, the lowest first.
    pub drawn: Vec<Drawn>,
}

/// Something that is painted.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// Red, green and blue, from 0 to 1.
    pub color: [f32; 3],
    /// From 0 to 1.
    pub opacity: f32,
    /// From the coordinates of the shape to the points of the page.
    pub transform: Affine,
    /// Only what is inside all of these is shown; in points of the page.
    pub clips: Arc<Vec<BezPath>>,
    /// What it is.
    pub shape: Shape,
}

/// What is painted.
#[derive(Debug, Clone)]
pub enum Shape {
    /// The inside of an outline.
    Fill {
        /// The outline.
        path: BezPath,
        /// Whether what is enclosed twice is outside.
        is_even_odd: bool,
    },
    /// A line along an outline.
    Line {
        /// The outline.
        path: BezPath,
        /// In the coordinates of the shape.
        width: f64,
    },
    /// A character whose base line begins at the origin, of size 1.
    Character {
        /// The number of its font.
        font: Option<String>,
        /// The name of its font.
        family: Arc<str>,
        /// The character.
        character: char,
        /// The glyph, where the file says it.
        glyph: Option<u16>,
    },
    /// A picture that fills a square of size 1.
    Picture {
        /// The number of the picture.
        id: String,
    },
}

/// Collects what is painted.
pub(super) struct Brush<'a> {
    resources: Vec<&'a Resources>,
    media: &'a Media,
    drawn: Vec<Drawn>,
}

/// Where objects are painted, and how.
#[derive(Clone)]
struct Place {
    transform: Affine,
    clips: Arc<Vec<BezPath>>,
    opacity: f32,
    style: Style,
    depth: usize,
}

impl<'a> Brush<'a> {
    pub(super) fn new(resources: Vec<&'a Resources>, media: &'a Media) -> Brush<'a> {
        Brush { resources, media, drawn: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<Drawn> {
        self.drawn
    }

    pub(super) fn layers(&mut self, layers: &[Layer], budget: &mut Budget) -> Result<(), ReadError> {
        for layer in layers {
            let place = Place { style: self.style(layer.style.as_deref()), ..page() };
            self.objects(&layer.objects, &place, budget)?;
        }
        Ok(())
    }

    /// The objects of a note, which are measured from its corner.
    pub(super) fn note(
        &mut self,
        boundary: [f32; 4],
        objects: &[Object],
        budget: &mut Budget,
    ) -> Result<(), ReadError> {
        let corner = Vec2::new(boundary[0].into(), boundary[1].into());
        let page = page();
        self.objects(
            objects,
            &Place { transform: page.transform * Affine::translate(corner), ..page },
            budget,
        )
    }

    fn style(&self, id: Option<&str>) -> Style {
        let none = Style::default();
        self.resources.iter().fold(none, |style, resources| style.over(&resources.style(id)))
    }

    fn objects(&mut self, objects: &[Object], place: &Place, budget: &mut Budget) -> Result<(), ReadError> {
        for object in objects {
            budget.spend(1)?;
            let own = self.place(object, place);
            match &object.shape {
                object::Shape::Text(text) => self.text(text, &own, budget)?,
                object::Shape::Path(path) => self.path(path, &own, budget)?,
                object::Shape::Picture(id) => self.picture(id.as_deref(), object, place, &own),
                object::Shape::Block(objects) => self.objects(objects, &own, budget)?,
                object::Shape::Composite(id) => {
                    let mut resources = self.resources.iter();
                    let unit = id.as_deref().and_then(|id| resources.find_map(|own| own.composite(id)));
                    if let Some(objects) = unit.filter(|_| own.depth < DEEPEST) {
                        self.objects(objects, &Place { depth: own.depth + 1, ..own }, budget)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn place(&self, object: &Object, outer: &Place) -> Place {
        let [left, top, ..] = object.boundary.unwrap_or([0.0; 4]).map(f64::from);
        let corner = outer.transform * Affine::translate((left, top));
        let transform = corner * Affine::new(object.matrix.map(f64::from));
        let mut clips = outer.clips.clone();
        for areas in &object.clips {
            let mut clip = BezPath::new();
            areas.iter().for_each(|area| clip_paths(area, transform, &mut clip));
            if !clip.is_empty() {
                Arc::make_mut(&mut clips).push(clip);
            }
        }
        let style = self.style(object.style.as_deref()).over(&outer.style);
        Place { transform, clips, opacity: outer.opacity * object.opacity, style, depth: outer.depth }
    }

    fn draw(&mut self, color: Color, transform: Affine, place: &Place, shape: Shape) {
        // A pattern is drawn as the grey that it is on average, more or less.
        const PATTERN: [f32; 3] = [0.5; 3];
        self.drawn.push(Drawn {
            color: color.value.unwrap_or(PATTERN),
            opacity: color.opacity * place.opacity,
            transform,
            clips: place.clips.clone(),
            shape,
        });
    }

    fn path(&mut self, path: &object::Path, place: &Place, budget: &mut Budget) -> Result<(), ReadError> {
        let outline = outline(&path.data);
        budget.spend(outline.elements().len())?;
        let colors = path.colors.over(place.style.colors);
        if path.fills
            && let Some(color) = colors.fill
        {
            let shape = Shape::Fill { path: outline.clone(), is_even_odd: path.is_even_odd };
            self.draw(color, place.transform, place, shape);
        }
        if path.strokes {
            let width = f64::from(path.width.or(place.style.width).unwrap_or(LINE));
            let shape = Shape::Line { path: outline, width };
            self.draw(colors.stroke.unwrap_or(PRINT), place.transform, place, shape);
        }
        Ok(())
    }

    fn picture(&mut self, id: Option<&str>, object: &Object, outer: &Place, own: &Place) {
        let (Some(id), Some(boundary)) = (id, object.boundary) else { return };
        let [left, top, width, height] = boundary.map(f64::from);
        // A picture fills a square of one millimetre before its matrix.
        let transform = match object.matrix {
            [1.0, 0.0, 0.0, 1.0, 0.0, 0.0] => {
                outer.transform * Affine::translate((left, top)) * Affine::scale_non_uniform(width, height)
            }
            _ => own.transform,
        };
        self.draw(PRINT, transform, own, Shape::Picture { id: id.to_owned() });
    }

    fn text(&mut self, text: &Text, place: &Place, budget: &mut Budget) -> Result<(), ReadError> {
        let colors = text.colors.over(place.style.colors);
        let color = match (text.fills, text.strokes) {
            (true, _) => colors.fill.unwrap_or(PRINT),
            (false, true) => colors.stroke.unwrap_or(PRINT),
            (false, false) => return Ok(()),
        };
        let family = text.font.as_deref().map(|id| self.media.font_name(id)).unwrap_or_default();
        let family = Arc::<str>::from(family);
        let mut index = 0;
        for code in &text.codes {
            budget.spend(code.text.chars().count())?;
            for (character, x, y, _) in code.positions(text) {
                let glyph = glyph_of(&text.glyphs, index);
                index += 1;
                // Characters of a ligature after the first draw nothing.
                if character.is_whitespace() || glyph == Some(None) {
                    continue;
                }
                let size = f64::from(text.size);
                let turn = Affine::rotate(f64::from(text.turned).to_radians());
                let own = Affine::translate((f64::from(x), f64::from(y)))
                    * turn
                    * Affine::scale_non_uniform(size * f64::from(text.stretch), size);
                let shape = Shape::Character {
                    font: text.font.clone(),
                    family: family.clone(),
                    character,
                    glyph: glyph.flatten(),
                };
                self.draw(color, place.transform * own, place, shape);
            }
        }
        Ok(())
    }
}

fn page() -> Place {
    Place {
        transform: Affine::scale(POINTS),
        clips: Arc::default(),
        opacity: 1.0,
        style: Style::default(),
        depth: 0,
    }
}

/// The glyph of a character: none where the font has to be asked, nothing where an earlier one stands for it too.
fn glyph_of(glyphs: &[Glyphs], index: usize) -> Option<Option<u16>> {
    let own =
        glyphs.iter().find(|own| (own.first..own.first.saturating_add(own.characters)).contains(&index));
    own.map(|own| own.ids.get(index - own.first).copied())
}

/// Adds the paths of an area of a clip.
fn clip_paths(area: &Object, transform: Affine, clip: &mut BezPath) {
    let [left, top, ..] = area.boundary.unwrap_or([0.0; 4]).map(f64::from);
    let transform = transform * Affine::translate((left, top)) * Affine::new(area.matrix.map(f64::from));
    match &area.shape {
        object::Shape::Path(path) => clip.extend(transform * outline(&path.data)),
        object::Shape::Block(inner) => inner.iter().for_each(|inner| clip_paths(inner, transform, clip)),
        _ => {}
    }
}

impl Painting {
    /// The whole page as an outline.
    pub fn frame(&self) -> BezPath {
        Rect::new(0.0, 0.0, self.width, self.height).to_path(0.1)
    }
}
