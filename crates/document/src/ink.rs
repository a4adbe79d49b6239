//! What can be seen of a page. PDF and OFD share it.
//!
//! The readers paint characters, areas and lines in the order of the page, and the canvas notes how much of each
//! character stands out from its ground: at sixteen points, from its colour, its opacity, its clip, the ground
//! below it and whatever is painted over it later. At the end each character is judged once. One that stands out
//! nowhere is not read. One that is doubtful is read and says why: more than a third of it is hidden, it is struck
//! through, or another character stands in its place.

mod color;
pub(crate) mod digits;
mod painted;
mod region;

use std::rc::Rc;

use hayro_interpret::kurbo::{Point, Rect};

use crate::lattice::{Glyph, Segment};
use crate::model::{Doubt, is_blank};
use color::darkened;
pub(crate) use color::{BLACK, Rgb, WHITE, contrast};
pub(crate) use painted::is_of_figure;
use painted::{Meeting, Painted, core};
use region::{Mask, POINTS, Samples};
pub(crate) use region::{Region, parts};

/// Contrast below which nothing is seen: 4 % of that of black on white.
const UNSEEN: f32 = 0.04;
/// Contrast below which a reader may miss it. Watermarks begin there, and grey print is far above it.
const NEAR: f32 = 0.15;
/// The contrast of what may or may not be seen: less than near, more than none.
const UNSURE: f32 = 0.1;
/// A character of which more than a third is hidden is doubtful.
const THIRD: u32 = POINTS as u32 / 3;
/// Characters below this height, in points of an A4 page, are specks.
const SPECK: f64 = 1.0;
/// Height of the page that specks are measured on.
const A4: f64 = 842.0;
/// Rows and columns of the index of a page: a cell holds a few characters of a printed page.
const CELLS: usize = 48;
/// A shape in more cells of the index than this is kept apart. It limits the memory a shape takes.
const LARGE: usize = 16;
/// Layers below a point that are looked at. Printed pages have three; beyond this the ground is unknown.
const LAYERS: usize = 200;
/// Characters that a character is compared with. Beyond this, so many lie over each other that all are doubtful.
const NEIGHBOURS: usize = 64;

/// A colour that is laid over what is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer {
    /// None if it is not known.
    pub(crate) color: Option<Rgb>,
    pub(crate) opacity: f32,
    pub(crate) blend: Blend,
}

/// How a colour mixes with what is below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blend {
    Normal,
    Multiply,
    /// Nothing is known but its colour and opacity.
    Other,
}

/// The colour of an area at each point of the page.
pub(crate) type Colors = Rc<dyn Fn(Point) -> Layer>;

/// What an area is painted with.
#[derive(Clone)]
pub(crate) enum Paint {
    Flat(Layer),
    /// A picture or a gradient.
    Varied(Colors),
    /// A picture that nobody has looked into yet, and what is known of it.
    Unseen(Option<Layer>),
    /// Neither colour nor opacity is known.
    Unknown,
}

impl Paint {
    /// Opaque paint.
    pub(crate) fn opaque(color: Rgb) -> Paint {
        Paint::Flat(Layer { color: Some(color), opacity: 1.0, blend: Blend::Normal })
    }

    /// Its colour at a point; none if neither colour nor opacity is known.
    fn at(&self, point: Point) -> Option<Layer> {
        match self {
            Paint::Flat(layer) => Some(*layer),
            Paint::Varied(layer) => Some(layer(point)),
            Paint::Unseen(layer) => *layer,
            Paint::Unknown => None,
        }
    }

    fn is_opaque(&self) -> bool {
        matches!(self, Paint::Flat(layer) | Paint::Unseen(Some(layer)) if layer.opacity >= 1.0 && layer.blend == Blend::Normal)
    }
}

/// The area that is shown, as the intersection of a box and of others.
#[derive(Debug, Clone)]
pub(crate) struct Clip {
    pub(crate) area: Rect,
    regions: Option<Rc<Clipped>>,
}

#[derive(Debug)]
struct Clipped {
    /// Any of them.
    regions: Vec<Region>,
    /// Whether every program clips by it.
    is_certain: bool,
    outer: Option<Rc<Clipped>>,
}

impl Clip {
    pub(crate) fn of(area: Rect) -> Clip {
        Clip { area, regions: None }
    }

    /// A part of it that lies in a region.
    pub(crate) fn within(&self, region: Region) -> Clip {
        if region.is_box() {
            return Clip { area: self.area.intersect(region.bounds), regions: self.regions.clone() };
        }
        let area = self.area.intersect(region.bounds);
        Clip { area, ..self.within_any(vec![region], true) }
    }

    /// A part of it that lies in any of these regions. If not every program clips by them, what is outside is
    /// doubtful instead of hidden.
    pub(crate) fn within_any(&self, regions: Vec<Region>, is_certain: bool) -> Clip {
        let outer = self.regions.clone();
        Clip { area: self.area, regions: Some(Rc::new(Clipped { regions, is_certain, outer })) }
    }

    /// The points that are shown for certain, and those that may be.
    fn masks(&self, samples: &Samples) -> (Mask, Mask) {
        let mut shown = Region::of_box(self.area).mask(samples);
        if !(self.area.width() >= 0.0 && self.area.height() >= 0.0) {
            shown = 0;
        }
        let mut unsure = 0;
        let mut next = self.regions.as_deref();
        while let Some(clipped) = next {
            let inside = clipped.regions.iter().fold(0, |mask, region| mask | region.mask(samples));
            match clipped.is_certain {
                true => shown &= inside,
                false => unsure |= !inside,
            }
            next = clipped.outer.as_deref();
        }
        (shown & !unsure, shown & unsure)
    }

    fn cost(&self) -> usize {
        let mut cost = 1;
        let mut next = self.regions.as_deref();
        while let Some(clipped) = next {
            cost += clipped.regions.iter().map(Region::cost).sum::<usize>();
            next = clipped.outer.as_deref();
        }
        cost
    }
}

/// A character that is painted.
pub(crate) struct Letter {
    pub(crate) glyph: Glyph,
    /// Height of its type, and its width where that is squeezed.
    pub(crate) size: f64,
    /// Quarter turns clockwise.
    pub(crate) turns: usize,
    /// Whether it is seen in a mirror.
    pub(crate) is_mirrored: bool,
    /// The number of the outline that draws it, where one does.
    pub(crate) outline: Option<u32>,
    pub(crate) paint: Paint,
}

struct Area {
    region: Region,
    clip: Clip,
    paint: Paint,
}

/// A rule or another line that is painted.
struct Drawn {
    segment: Segment,
    /// Whether it is straight: only such lines are rules.
    is_rule: bool,
    /// Whether it stands out from its ground.
    is_seen: bool,
}

/// A page that is being painted.
pub(crate) struct Canvas {
    frame: Rect,
    letters: Vec<Painted>,
    /// The letters of which something is still seen.
    alive: Vec<u32>,
    areas: Vec<Area>,
    lines: Vec<Drawn>,
    cells: Vec<Cell>,
    large: Cell,
    /// Looks at characters and areas since it was asked last.
    looks: usize,
    /// Whether a figure lies over or under a picture that nobody has looked into.
    has_unseen_pictures: bool,
}

/// What lies in a cell of the index.
#[derive(Default, Clone)]
struct Cell {
    letters: Vec<u32>,
    areas: Vec<u32>,
}

/// A character as it is seen, and its quarter turns.
pub(crate) struct Seen {
    pub(crate) glyph: Glyph,
    pub(crate) turns: usize,
    pub(crate) outline: Option<u32>,
}

impl Canvas {
    /// A white page.
    pub(crate) fn new(frame: Rect) -> Canvas {
        Canvas {
            frame,
            letters: Vec::new(),
            alive: Vec::new(),
            areas: Vec::new(),
            lines: Vec::new(),
            cells: vec![Cell::default(); CELLS * CELLS],
            large: Cell::default(),
            looks: 0,
            has_unseen_pictures: false,
        }
    }

    /// Whether a figure lies over or under a picture that nobody has looked into.
    pub(crate) fn has_unseen_pictures(&self) -> bool {
        self.has_unseen_pictures
    }

    /// The looks at characters and areas since the last call, for the budget of the caller.
    pub(crate) fn take_looks(&mut self) -> usize {
        std::mem::take(&mut self.looks)
    }

    /// Paints a character; whether any of it is seen.
    pub(crate) fn letter(&mut self, letter: Letter, clip: &Clip) -> bool {
        let Letter { glyph, size, turns, is_mirrored, outline, paint } = letter;
        let core = core(&glyph, turns);
        let samples = Samples::over(core);
        let (shown, unsure) = clip.masks(&samples);
        self.looks += clip.cost();
        let blank = is_blank(glyph.character);
        let mut painted = Painted {
            glyph,
            turns: turns as u8,
            outline,
            core: [core.x0, core.y0, core.x1, core.y1].map(|value| value as f32),
            seen: [0; POINTS],
            cause: None,
            is_speck: size < SPECK * (self.frame.height().max(self.frame.width()) / A4).min(1.0),
        };
        if is_mirrored && !blank {
            painted.glyph.doubt = painted.glyph.doubt.or(Some(Doubt::Reordered));
        }
        for (bit, point) in samples.points() {
            let (mut seen, mut cause) = match (shown >> bit & 1, unsure >> bit & 1) {
                (0, 0) => (0.0, Some(Doubt::Clipped)),
                (0, _) => (UNSURE, Some(Doubt::Clipped)),
                _ => (1.0, None),
            };
            if !blank && seen > 0.0 {
                let (contrast, why) = self.contrast_at(point, &paint, is_of_figure(glyph.character));
                if contrast < seen {
                    (seen, cause) = (contrast, why);
                }
            }
            painted.see(bit, seen, cause);
        }
        let number = self.letters.len() as u32;
        self.alive.push(number);
        match self.cells_of(core) {
            Some(cells) => cells.for_each(|cell| {
                if let Some(cell) = self.cells.get_mut(cell) {
                    cell.letters.push(number);
                }
            }),
            None => self.large.letters.push(number),
        }
        let is_read = painted.is_read();
        self.letters.push(painted);
        is_read
    }

    /// How a paint stands out from the ground, and why no more than that.
    fn contrast_at(&mut self, point: Point, paint: &Paint, is_figure: bool) -> (f32, Option<Doubt>) {
        let unsure = (UNSURE, Some(Doubt::SameColour));
        let Some(Layer { color, opacity, blend }) = paint.at(point) else { return unsure };
        if opacity < UNSEEN {
            return (0.0, Some(Doubt::Faint));
        }
        let ground = self.ground(point);
        if let Ground::Picture = ground {
            self.has_unseen_pictures |= is_figure;
        }
        let (Some(color), Ground::Color(ground)) = (color, ground) else { return unsure };
        let color = if blend == Blend::Multiply { darkened(color, ground) } else { color };
        let full = contrast(color, ground);
        (full * opacity, Some(if full < NEAR { Doubt::SameColour } else { Doubt::Faint }))
    }

    /// The colour of the page at a point.
    fn ground(&mut self, point: Point) -> Ground {
        let cell = self.cell_at(point).and_then(|cell| self.cells.get(cell));
        let own = cell.map_or(&[] as &[u32], |cell| &cell.areas);
        let (mut own, mut large) = (own.iter().rev().peekable(), self.large.areas.iter().rev().peekable());
        let (mut color, mut left) = (BLACK, WHITE);
        let mut looks = 0;
        let found = loop {
            let newest = match (own.peek(), large.peek()) {
                (Some(one), Some(other)) if one < other => large.next(),
                (Some(_), _) => own.next(),
                (None, _) => large.next(),
            };
            let Some(area) = newest.and_then(|area| self.areas.get(*area as usize)) else { break None };
            looks += 1;
            if looks > LAYERS {
                break Some(Ground::Unknown);
            }
            if !area.holds(point) {
                continue;
            }
            let unknown = if let Paint::Unseen(_) = area.paint { Ground::Picture } else { Ground::Unknown };
            let Some(layer) = area.paint.at(point) else { break Some(unknown) };
            let opacity = layer.opacity.clamp(0.0, 1.0);
            if opacity < UNSEEN {
                continue;
            }
            let Some(own) = layer.color else { break Some(unknown) };
            match layer.blend {
                Blend::Normal => {
                    for ((color, left), own) in color.iter_mut().zip(&mut left).zip(own) {
                        *color += *left * opacity * own;
                        *left *= 1.0 - opacity;
                    }
                }
                Blend::Multiply => {
                    for (left, own) in left.iter_mut().zip(own) {
                        *left *= 1.0 - opacity + opacity * own;
                    }
                }
                Blend::Other => break Some(Ground::Unknown),
            }
            if left.iter().all(|left| *left < 0.02) {
                break None;
            }
        };
        // A look at an area is a fraction of one at a character.
        self.looks += looks / 4;
        for (color, left) in color.iter_mut().zip(left) {
            *color += left;
        }
        found.unwrap_or(Ground::Color(color))
    }

    /// Paints an area over everything that is there.
    pub(crate) fn fill(&mut self, region: Region, paint: Paint, clip: &Clip) {
        let bounds = region.bounds.intersect(clip.area);
        if !(bounds.width() >= 0.0 && bounds.height() >= 0.0) {
            return;
        }
        self.cover(&region, &paint, clip, bounds);
        // A hairline is no ground.
        if bounds.width().min(bounds.height()) < 1.0 {
            return;
        }
        let number = self.areas.len() as u32;
        match self.cells_of(bounds) {
            Some(cells) => cells.for_each(|cell| {
                if let Some(cell) = self.cells.get_mut(cell) {
                    cell.areas.push(number);
                }
            }),
            None => {
                if region.is_box() && clip.regions.is_none() && paint.is_opaque() && bounds == self.frame {
                    self.clear_grounds();
                }
                self.large.areas.push(number);
            }
        }
        self.areas.push(Area { region, clip: clip.clone(), paint });
    }

    /// Nothing below the whole page is seen any more.
    fn clear_grounds(&mut self) {
        self.large.areas.clear();
        self.cells.iter_mut().for_each(|cell| cell.areas.clear());
    }

    /// Takes what an area hides from the characters below it.
    fn cover(&mut self, region: &Region, paint: &Paint, clip: &Clip, bounds: Rect) {
        let cost = region.cost() + clip.cost();
        let numbers: Vec<u32> = match self.cells_of(bounds) {
            None => self.alive.clone(),
            Some(cells) => {
                let mut numbers: Vec<u32> = cells
                    .filter_map(|cell| self.cells.get(cell))
                    .chain([&self.large])
                    .flat_map(|cell| cell.letters.iter().copied())
                    .collect();
                numbers.sort_unstable();
                numbers.dedup();
                numbers
            }
        };
        self.looks += numbers.len() / 8;
        for number in numbers {
            let Some(letter) = self.letters.get_mut(number as usize) else { continue };
            let [x0, y0, x1, y1] = letter.core.map(f64::from);
            let core = Rect::new(x0, y0, x1, y1);
            if !core.overlaps(bounds) {
                continue;
            }
            self.looks += cost;
            let samples = Samples::over(core);
            let (shown, unsure) = clip.masks(&samples);
            let hidden = region.mask(&samples) & (shown | unsure);
            if hidden == 0 {
                continue;
            }
            if let Paint::Unseen(None) = paint {
                self.has_unseen_pictures |= is_of_figure(letter.glyph.character);
            }
            for (bit, point) in samples.points().filter(|(bit, _)| hidden >> bit & 1 == 1) {
                let before = letter.contrast(bit);
                let after = match paint.at(point) {
                    _ if unsure >> bit & 1 == 1 => before.min(UNSURE),
                    None => before.min(UNSURE),
                    Some(layer) => layer.veil(before),
                };
                if after < before {
                    letter.see(bit, after, Some(Doubt::Covered));
                }
            }
        }
        let letters = &self.letters;
        let is_seen = |number: &u32| {
            letters.get(*number as usize).is_some_and(|letter| letter.seen.iter().any(|seen| *seen > 0))
        };
        if self.cells_of(bounds).is_none() {
            self.alive.retain(is_seen);
        }
        if region.is_box() && paint.is_opaque() && clip.regions.is_none() {
            self.cover_lines(bounds);
        }
    }

    /// Takes away the lines that lie wholly under an opaque box.
    fn cover_lines(&mut self, area: Rect) {
        self.looks += self.lines.len() / 8;
        let inner = area.inset(-1.0);
        let is_covered = |x: f32, y: f32| inner.contains(Point::new(x.into(), y.into()));
        self.lines.retain(|line| {
            let Segment { x0, y0, x1, y1 } = line.segment;
            !(is_covered(x0, y0) && is_covered(x1, y1))
        });
    }

    /// Adds a line of this colour. Whether it is a rule is for the lattice; through a character, it strikes it out.
    pub(crate) fn line(&mut self, segment: Segment, paint: &Paint, is_rule: bool) {
        let middle =
            Point::new(f64::from(segment.x0 + segment.x1) / 2.0, f64::from(segment.y0 + segment.y1) / 2.0);
        let is_seen = self.contrast_at(middle, paint, false).0 >= UNSURE;
        self.lines.push(Drawn { segment, is_rule, is_seen });
    }

    /// Marks what a note of the page covers or strikes out.
    pub(crate) fn mark(&mut self, region: &Region, doubt: Doubt) {
        self.looks += self.letters.len() * region.cost() / 4;
        for letter in &mut self.letters {
            let is_figure = is_of_figure(letter.glyph.character);
            if is_figure && region.mask(&Samples::over(letter.core())).count_ones() > THIRD {
                letter.glyph.doubt = letter.glyph.doubt.or(Some(doubt));
            }
        }
    }

    /// The characters that are seen, in their order, and the rules.
    pub(crate) fn finish(mut self) -> (Vec<Seen>, Vec<Segment>) {
        self.strike();
        let kept = self.compare();
        let letters = self.letters.into_iter().zip(kept).filter(|(_, is_kept)| *is_kept);
        let seen = letters.map(|(letter, _)| {
            // Words may be hard to see; only figures are doubted for it.
            let hidden = letter.doubt().filter(|_| is_of_figure(letter.glyph.character));
            let doubt = letter.glyph.doubt.or(hidden);
            let doubt = doubt.filter(|_| !is_blank(letter.glyph.character));
            Seen {
                glyph: Glyph { doubt, ..letter.glyph },
                turns: letter.turns.into(),
                outline: letter.outline,
            }
        });
        let rules = self.lines.into_iter().filter(|line| line.is_rule).map(|line| line.segment);
        (seen.collect(), rules.collect())
    }

    /// Marks the characters that a line goes through.
    fn strike(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        for Drawn { segment, .. } in lines.iter().filter(|line| line.is_seen) {
            let Segment { x0, y0, x1, y1 } = segment.finite();
            let bounds = Rect::new(x0.into(), y0.into(), x1.into(), y1.into()).abs();
            let cells: Vec<usize> = match self.cells_of(bounds) {
                Some(cells) => cells.collect(),
                // A long level or upright line is in one row or column of the index alone.
                None => self.cells_along(segment.finite()),
            };
            for cell in cells {
                let Some(cell) = self.cells.get(cell) else { continue };
                self.looks += cell.letters.len();
                for number in &cell.letters {
                    if let Some(letter) = self.letters.get_mut(*number as usize)
                        && letter.is_struck_by(segment)
                    {
                        letter.glyph.doubt = letter.glyph.doubt.or(Some(Doubt::Struck));
                    }
                }
            }
        }
        self.lines = lines;
    }

    /// Which characters are read. One that was printed twice in the same place is read once; others that stand in
    /// one place are doubtful.
    fn compare(&mut self) -> Vec<bool> {
        let read: Vec<bool> = self.letters.iter().map(Painted::is_read).collect();
        let mut copies = vec![false; read.len()];
        for cell in self.cells.iter().chain([&self.large]) {
            let mut numbers: Vec<(f32, u32)> = cell
                .letters
                .iter()
                .filter_map(|number| Some((self.letters.get(*number as usize)?.core[0], *number)))
                .collect();
            numbers.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
            for (index, (_, one)) in numbers.iter().enumerate() {
                let mut doubt = None;
                for (count, (left, other)) in numbers.iter().skip(index + 1).enumerate() {
                    let pair = [*one.min(other), *one.max(other)];
                    let [Some(below), Some(above)] = pair.map(|number| self.letters.get(number as usize))
                    else {
                        continue;
                    };
                    if self.letters.get(*one as usize).is_none_or(|letter| *left > letter.core[2]) {
                        break;
                    }
                    self.looks += 1;
                    if count > NEIGHBOURS {
                        doubt = Some(*one);
                        break;
                    }
                    let is_in =
                        |list: &[bool], number: u32| list.get(number as usize).copied().unwrap_or(false);
                    if pair.iter().any(|number| is_in(&copies, *number)) {
                        continue;
                    }
                    match below.meets(above, pair.map(|number| is_in(&read, number))) {
                        Meeting::Apart => {}
                        Meeting::Twice => {
                            // The copy that is plainer is read.
                            let worse = if below.is_plain() || !above.is_plain() { pair[1] } else { pair[0] };
                            if let Some(copy) = copies.get_mut(worse as usize) {
                                *copy = true;
                            }
                        }
                        Meeting::Over => {
                            for number in pair {
                                if let Some(letter) = self.letters.get_mut(number as usize) {
                                    letter.glyph.doubt = letter.glyph.doubt.or(Some(Doubt::Overlapping));
                                }
                            }
                        }
                    }
                }
                if let Some(letter) = doubt.and_then(|number| self.letters.get_mut(number as usize)) {
                    letter.glyph.doubt = letter.glyph.doubt.or(Some(Doubt::Overlapping));
                }
            }
        }
        read.into_iter().zip(copies).map(|(is_read, is_copy)| is_read && !is_copy).collect()
    }

    fn cell_at(&self, point: Point) -> Option<usize> {
        let place = |value: f64, from: f64, length: f64| {
            let share = (value - from) / length.max(1.0) * CELLS as f64;
            share.clamp(0.0, CELLS as f64 - 1.0) as usize
        };
        let column = place(point.x, self.frame.x0, self.frame.width());
        let row = place(point.y, self.frame.y0, self.frame.height());
        point.is_finite().then_some(row * CELLS + column)
    }

    /// The cells of the index that a box is in; none if it is in very many.
    fn cells_of(&self, area: Rect) -> Option<impl Iterator<Item = usize> + use<>> {
        let first = self.cell_at(Point::new(area.x0, area.y0))?;
        let last = self.cell_at(Point::new(area.x1, area.y1))?;
        let (rows, columns) = (first / CELLS..=last / CELLS, first % CELLS..=last % CELLS);
        let count = rows.clone().count() * columns.clone().count();
        (count <= LARGE)
            .then(|| rows.flat_map(move |row| columns.clone().map(move |column| row * CELLS + column)))
    }

    /// The cells that a line goes through.
    fn cells_along(&self, segment: Segment) -> Vec<usize> {
        let steps = 4 * CELLS;
        let mut cells: Vec<usize> = (0..=steps)
            .filter_map(|step| {
                let share = step as f32 / steps as f32;
                let between = |from: f32, to: f32| f64::from(from + (to - from) * share);
                self.cell_at(Point::new(between(segment.x0, segment.x1), between(segment.y0, segment.y1)))
            })
            .collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }
}

impl Area {
    fn holds(&self, point: Point) -> bool {
        let clip = &self.clip;
        clip.area.contains(point)
            && self.region.holds(point)
            && (clip.regions.is_none() || clip.masks(&Samples::over(Rect::from_points(point, point))).0 != 0)
    }
}

impl Segment {
    /// Its points, moved to the origin where they are nowhere.
    fn finite(self) -> Segment {
        let point = |value: f32| if value.is_finite() { value } else { 0.0 };
        Segment { x0: point(self.x0), y0: point(self.y0), x1: point(self.x1), y1: point(self.y1) }
    }
}

impl Layer {
    /// What is left of a contrast below it.
    fn veil(self, contrast_below: f32) -> f32 {
        let opacity = self.opacity.clamp(0.0, 1.0);
        match self.blend {
            Blend::Normal => contrast_below * (1.0 - opacity),
            Blend::Multiply if opacity < UNSEEN => contrast_below,
            Blend::Multiply => match self.color {
                Some(color) => contrast_below * (1.0 - opacity + opacity * contrast(color, BLACK)),
                None => contrast_below.min(UNSURE),
            },
            Blend::Other if opacity < NEAR => contrast_below,
            Blend::Other => contrast_below.min(UNSURE),
        }
    }
}

/// What is below a point.
enum Ground {
    Color(Rgb),
    /// A picture that nobody has looked into.
    Picture,
    Unknown,
}
