//! One page: straightened, its rules to cells, its ink to lines, its lines to characters.

use document::scanned::{self, Confidence, Flag, Glyph, Reading, Segment};
use document::{Area, ReadError};

use crate::bits::Bits;
use crate::blobs::{self, Blob};
use crate::ctc::{Figures, Greedy, Steps};
use crate::holes;
use crate::ink::{self, Inked};
use crate::lines::{self, Line};
use crate::marks::{self, Mark};
use crate::picture::{Gray, Picture};
use crate::recogniser::{Crop, Recogniser};
use crate::straighten::{self, Map};
use crate::strokes::{self, Ruling};
use crate::{ModelError, ScanError};

/// Points of an inch.
const POINTS: f32 = 72.0;

/// A page that was read.
#[derive(Debug)]
pub(crate) struct PageRead {
    pub(crate) page: scanned::Page,
    pub(crate) readings: Vec<Reading>,
    pub(crate) place: Place,
    /// Lines of text.
    pub(crate) lines: usize,
}

/// Leads a box on the straight page back to the page of the file.
#[derive(Debug)]
pub(crate) struct Place {
    map: Map,
    quarters: u8,
    /// Sides of the page as it was scanned, in pixels.
    size: (f32, f32),
    /// Pixels of a point on the straight page, and points of a pixel on the page of the file.
    pixels: f32,
    points: f32,
}

impl Place {
    pub(crate) fn of(&self, area: Area) -> Area {
        let (left, right) = (f32::from(area.left) * self.pixels, f32::from(area.right) * self.pixels);
        let (top, bottom) = (f32::from(area.top) * self.pixels, f32::from(area.bottom) * self.pixels);
        let corners = [(left, top), (right, top), (left, bottom), (right, bottom)];
        let corners = corners.map(|corner| self.unturned(self.map.source(corner)));
        let least = |values: [f32; 4]| values.into_iter().fold(f32::MAX, f32::min) * self.points;
        let most = |values: [f32; 4]| values.into_iter().fold(f32::MIN, f32::max) * self.points;
        let (xs, ys) = (corners.map(|(x, _)| x), corners.map(|(_, y)| y));
        Area::around([least(xs), least(ys), most(xs), most(ys)])
    }

    /// The place before the page was turned by quarters.
    fn unturned(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (width, height) = self.size;
        match self.quarters % 4 {
            1 => (y, height - x),
            2 => (width - x, height - y),
            3 => (width - y, x),
            _ => (x, y),
        }
    }
}

/// Below this mean probability the characters of a page are no words: it may lie on its side or upside down.
const LEGIBLE: f32 = 0.7;

/// Reads a page with at most so many lines.
pub(crate) fn read(
    picture: &Picture,
    recogniser: &Recogniser,
    number: u32,
    most_lines: usize,
) -> Result<PageRead, ScanError> {
    let mut best = Straight::of(picture, 0);
    let mut legible = best.legibility(recogniser)?;
    for quarters in [1, 3, 2] {
        if legible.is_none_or(|legible| legible >= LEGIBLE) {
            break;
        }
        let turned = Straight::of(picture, quarters);
        let other = turned.legibility(recogniser)?;
        if other > legible {
            (best, legible) = (turned, other);
        }
    }
    best.read(recogniser, number, most_lines)
}

/// A page that was made level.
struct Straight {
    page: Inked,
    /// Its ink without its rules.
    ink: Bits,
    ruling: Ruling,
    lines: Vec<Found>,
    /// Height of the characters in its cells.
    size: f32,
    /// Whether it was scanned in black and white only.
    is_bilevel: bool,
    dpi: f32,
    place: Place,
}

/// A line of ink.
struct Found {
    line: Line,
    in_cell: bool,
    flags: Vec<Flag>,
}

impl Straight {
    fn of(picture: &Picture, quarters: u8) -> Self {
        let turned = if quarters == 0 { None } else { Some(picture.turned(quarters)) };
        let turned = turned.as_ref().unwrap_or(picture);
        let dpi = picture.dpi;
        let mut scanned = ink::separate(turned);
        let is_bilevel = ink::is_bilevel(&scanned.gray);
        ink::whiten(&mut scanned.gray, dpi);
        let turn = straighten::turn_of(&Bits::darker(&scanned.gray, ink::threshold(&scanned.gray)));
        let mut map = Map::turn(turned.width, turned.height, turn);
        let mut page = if turn == 0.0 { scanned.clone() } else { map.apply(&scanned) };
        let mut ink = Bits::darker(&page.gray, ink::threshold(&page.gray));
        let mut ruling = strokes::find(&ink, dpi);
        for _ in 0..straighten::ROUNDS {
            if !map.fit(&ruling, dpi) {
                break;
            }
            page = map.apply(&scanned);
            ink = Bits::darker(&page.gray, ink::threshold(&page.gray));
            ruling = strokes::find(&ink, dpi);
        }
        ruling.wipe(&mut ink);
        let size = (picture.width as f32, picture.height as f32);
        let place = Place { map, quarters, size, pixels: dpi / POINTS, points: picture.points };
        let (lines, size) = (Vec::new(), 0.0);
        let mut straight = Self { page, ink, ruling, lines, size, is_bilevel, dpi, place };
        straight.find_lines();
        straight
    }

    /// The rules in points.
    fn segments(&self) -> Vec<Segment> {
        let points = POINTS / self.dpi;
        let level = self.ruling.level.iter().map(|stroke| Segment {
            x0: stroke.from as f32 * points,
            y0: stroke.at * points,
            x1: stroke.to as f32 * points,
            y1: stroke.at * points,
        });
        let upright = self.ruling.upright.iter().map(|stroke| Segment {
            x0: stroke.at * points,
            y0: stroke.from as f32 * points,
            x1: stroke.at * points,
            y1: stroke.to as f32 * points,
        });
        level.chain(upright).collect()
    }

    /// The boxes of the cells in pixels, the smallest first.
    fn cells(&self) -> Vec<[f32; 4]> {
        let found = scanned::cells(&self.segments(), &document::Limits::default()).unwrap_or_default();
        let pixels = self.dpi / POINTS;
        let mut cells: Vec<[f32; 4]> = found.into_iter().map(|cell| cell.map(|edge| edge * pixels)).collect();
        let area = |[left, top, right, bottom]: &[f32; 4]| (right - left) * (bottom - top);
        cells.sort_by(|one, other| area(one).total_cmp(&area(other)));
        cells
    }

    fn find_lines(&mut self) {
        let cells = self.cells();
        let Some(blobs) = blobs::find(&self.ink) else { return };
        let mut by_cell: Vec<Vec<Blob>> = vec![Vec::new(); cells.len()];
        let mut outside = Vec::new();
        for blob in blobs {
            let (x, y) = blob.centre();
            let holds = |[left, top, right, bottom]: &[f32; 4]| {
                (*left..*right).contains(&x) && (*top..*bottom).contains(&y)
            };
            match cells.iter().position(holds) {
                Some(cell) => by_cell.get_mut(cell).into_iter().for_each(|blobs| blobs.push(blob)),
                None => outside.push(blob),
            }
        }
        // Tables are often set smaller than the text around them.
        self.size = lines::size(by_cell.iter().flatten(), self.dpi);
        let mut found = Vec::new();
        for (cell, blobs) in cells.iter().zip(by_cell) {
            found.extend(self.lines_of(*cell, blobs));
        }
        let size = lines::size(&outside, self.dpi);
        // What is larger than letters is a picture, a seal or a stain.
        outside.retain(|blob| !lines::is_speck(blob, self.dpi) && !is_picture(blob, size));
        for line in lines::lines(outside, size, Some(LINE_GAP)) {
            if (line.bottom - line.top) as f32 > MOST_LINE_HEIGHT * size {
                continue;
            }
            let flags = self.flags(&line);
            found.push(Found { line, in_cell: false, flags });
        }
        self.lines = found;
    }

    /// The lines of a cell. Ink that is no part of a line flags all of them.
    fn lines_of(&self, cell: [f32; 4], blobs: Vec<Blob>) -> Vec<Found> {
        let is_in = |x: f32, y: f32, margin: f32| {
            let [left, top, right, bottom] = cell;
            (left - margin..=right + margin).contains(&x) && (top - margin..=bottom + margin).contains(&y)
        };
        let reach = 0.02 * self.dpi;
        let stays = |blob: &Blob| {
            is_in(blob.left as f32, blob.top as f32, reach)
                && is_in(blob.right as f32, blob.bottom as f32, reach)
        };
        let (specks, blobs): (Vec<Blob>, Vec<Blob>) =
            blobs.into_iter().partition(|blob| lines::is_speck(blob, self.dpi));
        let (own, crossing): (Vec<Blob>, Vec<Blob>) =
            blobs.into_iter().partition(|blob| stays(blob) && !is_picture(blob, self.size));
        let [left, top, right, bottom] = cell;
        let touches = |blob: &Blob| {
            let near = 0.012 * self.dpi;
            (blob.left as f32) < left + near
                || (blob.top as f32) < top + near
                || blob.right as f32 > right - near
                || blob.bottom as f32 > bottom - near
        };
        let corner = |x: f32, y: f32| ((x + reach).max(0.0) as usize, (y + reach).max(0.0) as usize);
        let end = |x: f32, y: f32| ((x - reach).max(0.0) as usize, (y - reach).max(0.0) as usize);
        let all = self.ink.count(corner(left, top), end(right, bottom));
        let of_own: usize = own.iter().chain(&specks).map(|blob| blob.ink).sum();
        // A stain of the size of a dash.
        let stain = (0.3 * self.size * 0.08 * self.size).max(6.0) as usize;
        let is_foreign = !crossing.is_empty() || all > of_own + stain;
        let border = own.iter().any(touches);
        let mut found = lines::lines(own, self.size, None);
        if found.is_empty() && is_foreign {
            // Something stands there, and nobody knows what: the cell is not blank.
            let (left, top) = corner(left, top);
            let (right, bottom) = end(right, bottom);
            found.push(Line {
                left,
                top,
                right: right.max(left + 1),
                bottom: bottom.max(top + 1),
                blobs: Vec::new(),
            });
        }
        let flagged = found.into_iter().map(|line| {
            let mut flags = self.flags(&line);
            flags.extend(border.then_some(Flag::Border));
            flags.extend(is_foreign.then_some(Flag::Foreign));
            Found { line, in_cell: true, flags }
        });
        flagged.collect()
    }

    fn flags(&self, line: &Line) -> Vec<Flag> {
        let coloured = self.page.coloured.count((line.left, line.top), (line.right, line.bottom));
        // Colours at the edges of characters come from the scanner.
        let is_coloured = coloured * 50 > (line.right - line.left) * (line.bottom - line.top);
        let is_bilevel = self.is_bilevel.then_some(Flag::Bilevel);
        is_coloured.then_some(Flag::Coloured).into_iter().chain(is_bilevel).collect()
    }

    /// The mean probability of the characters of its longest lines; none without lines.
    fn legibility(&self, recogniser: &Recogniser) -> Result<Option<f32>, ModelError> {
        const SAMPLE: usize = 8;
        /// In inches.
        const SAMPLE_WIDTH: f32 = 0.8;
        let width = |found: &&Found| found.line.right - found.line.left;
        let mut sample: Vec<&Found> = self.lines.iter().filter(|found| found.line.blobs.len() > 4).collect();
        // Lines of a few characters say as much as those of forty, which take ten times as long.
        sample.sort_by_key(|found| (width(found) as f32 - SAMPLE_WIDTH * self.dpi).abs() as usize);
        sample.truncate(SAMPLE);
        let crops: Vec<Crop> = sample.iter().map(|found| self.crop(found)).collect();
        let (mut sum, mut count) = (0.0, 0);
        recogniser.read(&crops, |_, steps| {
            for (_, _, chance) in steps.greedy().characters {
                sum += chance;
                count += 1;
            }
        })?;
        Ok((!sample.is_empty()).then(|| if count == 0 { 0.0 } else { sum / count as f32 }))
    }

    /// A line with the paper around it.
    fn crop(&self, found: &Found) -> Crop {
        let line = &found.line;
        let height = (line.bottom - line.top) as f32;
        // Marks and lone strokes keep the height of a character.
        let missing = (0.8 * self.size - height).max(0.0) / 2.0;
        let (above, beside) = (0.12 * self.size + missing, 0.25 * self.size);
        Crop::of(
            &self.page.gray,
            (line.left as f32 - beside, line.top as f32 - above),
            (line.right as f32 + beside, line.bottom as f32 + above),
            if found.in_cell { 1.0 } else { PROSE_SQUEEZE },
        )
    }

    fn read(
        mut self,
        recogniser: &Recogniser,
        number: u32,
        most_lines: usize,
    ) -> Result<PageRead, ScanError> {
        let count = self.lines.len();
        if count > most_lines {
            return Err(ReadError::TooManyLines { found: count, limit: most_lines }.into());
        }
        self.whiten_rules();
        let lines = std::mem::take(&mut self.lines);
        let mut page = scanned::Page {
            height: self.page.gray.height as f32 * POINTS / self.dpi,
            segments: self.segments(),
            ..scanned::Page::default()
        };
        let mut recognised: Vec<Option<Recognised>> = lines.iter().map(|found| self.mark(found)).collect();
        let waiting: Vec<usize> = (0..lines.len())
            .filter(|index| recognised.get(*index).is_some_and(Option::is_none))
            .filter(|index| lines.get(*index).is_some_and(|found| !found.line.blobs.is_empty()))
            .collect();
        let crops: Vec<Crop> =
            waiting.iter().filter_map(|index| lines.get(*index)).map(|found| self.crop(found)).collect();
        recogniser.read(&crops, |position, steps| {
            if let (Some(index), Some(crop)) = (waiting.get(position), crops.get(position))
                && let (Some(found), Some(place)) = (lines.get(*index), recognised.get_mut(*index))
            {
                *place = Some(self.decode(found, crop, &steps, recogniser));
            }
        })?;
        let mut readings = Vec::new();
        for (found, recognised) in lines.iter().zip(recognised) {
            let recognised = recognised.unwrap_or_else(Recognised::unreadable);
            let glyphs = recognised.glyphs(&found.line, POINTS / self.dpi);
            readings.extend(recognised.reading(&glyphs, number, found));
            page.glyphs.extend(glyphs);
        }
        Ok(PageRead { page, readings, place: self.place, lines: count })
    }

    /// Paints the rules white, so that the recogniser takes none for a digit.
    fn whiten_rules(&mut self) {
        let Gray { width, height, .. } = self.page.gray;
        let mut clear = |x: usize, y: usize| {
            if x < width
                && y < height
                && let Some(pixel) = self.page.gray.pixels.get_mut(y * width + x)
            {
                *pixel = 255;
            }
        };
        for stroke in &self.ruling.level {
            for y in stroke.first.saturating_sub(2)..=stroke.last + 2 {
                (stroke.from..stroke.to).for_each(|x| clear(x, y));
            }
        }
        for stroke in &self.ruling.upright {
            for x in stroke.first.saturating_sub(2)..=stroke.last + 2 {
                (stroke.from..stroke.to).for_each(|y| clear(x, y));
            }
        }
    }

    /// What a line is by its shape.
    fn mark(&self, found: &Found) -> Option<Recognised> {
        if !found.in_cell {
            return None;
        }
        let text = match marks::mark(&found.line.blobs, self.size)? {
            Mark::Slash => "/",
            Mark::Dash => "-",
            Mark::Either => return None,
        };
        let (confidence, alternatives) = (Confidence::High, Vec::new());
        Some(Recognised {
            characters: text.chars().map(|character| (character, None)).collect(),
            figure: Some(Figure { confidence, alternatives, flags: Vec::new() }),
        })
    }

    /// What a line is by the recogniser.
    fn decode(&self, found: &Found, crop: &Crop, steps: &Steps, recogniser: &Recogniser) -> Recognised {
        let greedy = steps.greedy();
        let is_of_figure = |class: usize| {
            recogniser.alphabet().iter().any(|(other, _)| *other == class)
                || recogniser.spaces().contains(&class)
        };
        let is_figure = greedy.characters.iter().all(|(class, ..)| is_of_figure(*class));
        if is_figure && (found.in_cell || !greedy.characters.is_empty()) {
            let figures = steps.figures(recogniser.alphabet(), recogniser.spaces());
            return self.figure(found, &figures);
        }
        Recognised::text(&greedy, crop, steps.count(), recogniser, found.in_cell)
    }

    fn figure(&self, found: &Found, figures: &Figures) -> Recognised {
        let Some((text, share)) = figures.readings.first().filter(|(text, _)| !text.is_empty()) else {
            return if found.in_cell { Recognised::unreadable() } else { Recognised::default() };
        };
        // The shape says what is a mark; what the recogniser alone takes for one may be a digit.
        let is_mark = text.chars().all(|c| matches!(c, '/' | '-'));
        if is_mark && found.in_cell {
            return Recognised::unreadable();
        }
        let confidence = match *share {
            0.99.. => Confidence::High,
            0.95.. => Confidence::Middle,
            _ => Confidence::Low,
        };
        let mut flags = Vec::new();
        let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
        let large = |blob: &&Blob| blob.height() as f32 >= 0.4 * self.size;
        let pieces: Vec<&Blob> = found.line.blobs.iter().filter(large).collect();
        // Two digits that touch are as broad as they are high.
        let is_broad = |blob: &&&Blob| blob.width() as f32 > BROADEST_DIGIT * blob.height() as f32;
        if (pieces.len() != digits.len() || pieces.iter().any(|blob| is_broad(&blob))) && !text.contains('无')
        {
            flags.push(Flag::Pieces);
        } else if digits.iter().zip(&pieces).any(|(digit, blob)| holes::contradict(*digit, &self.ink, blob)) {
            flags.push(Flag::Shape);
        }
        if marks::mark(&found.line.blobs, self.size) == Some(Mark::Either) {
            flags.push(Flag::Pieces);
        }
        if figures.inside < LEAST_INSIDE {
            flags.push(Flag::Outside);
        }
        let others =
            figures.readings.iter().skip(1).filter(|(text, share)| !text.is_empty() && *share > 1e-4);
        let alternatives = others.take(4).map(|(text, _)| text.clone()).collect();
        Recognised {
            characters: text.chars().map(|character| (character, None)).collect(),
            figure: Some(Figure { confidence, alternatives, flags }),
        }
    }
}

/// Whether a piece of ink is larger than characters of this height.
fn is_picture(blob: &Blob, size: f32) -> bool {
    blob.height() as f32 > 3.0 * size || blob.width() as f32 > 12.0 * size
}

/// Characters outside tables are set larger, and the model knows narrow ones.
const PROSE_SQUEEZE: f32 = 0.72;
/// Width of the broadest digit, in its height.
const BROADEST_DIGIT: f32 = 0.85;
/// Gap between the parts of a line outside tables, in heights of characters.
const LINE_GAP: f32 = 4.0;
/// What is higher, in heights of characters, is no line of text: titles are set twice as large as tables.
const MOST_LINE_HEIGHT: f32 = 4.0;
/// Where a step has less than this for figures and blanks, it shows something else.
const LEAST_INSIDE: f32 = 0.5;
/// Characters outside tables that are less probable than this on average are stains.
const LEAST_TEXT: f32 = 0.45;

/// The characters of a line, each with where its middle is, in pixels, where that is known.
#[derive(Debug, Default)]
struct Recognised {
    characters: Vec<(char, Option<f32>)>,
    figure: Option<Figure>,
}

#[derive(Debug)]
struct Figure {
    confidence: Confidence,
    alternatives: Vec<String>,
    flags: Vec<Flag>,
}

impl Recognised {
    /// Ink that is no sign.
    fn unreadable() -> Self {
        Self { characters: vec![(char::REPLACEMENT_CHARACTER, None)], figure: None }
    }

    fn text(greedy: &Greedy, crop: &Crop, steps: usize, recogniser: &Recogniser, in_cell: bool) -> Self {
        let sum: f32 = greedy.characters.iter().map(|(_, _, chance)| chance).sum();
        let is_stain = sum < LEAST_TEXT * greedy.characters.len() as f32;
        if is_stain {
            return if in_cell { Self::unreadable() } else { Self::default() };
        }
        let characters = greedy.characters.iter().flat_map(|(class, step, _)| {
            let x = crop.x_of(*step, steps);
            recogniser.character(*class).chars().map(move |character| (character, Some(x)))
        });
        Self {
            characters: characters.filter(|(character, _)| !character.is_whitespace()).collect(),
            figure: None,
        }
    }

    /// The characters in their boxes, in points.
    fn glyphs(&self, line: &Line, points: f32) -> Vec<Glyph> {
        let count = self.characters.len().max(1) as f32;
        let (left, right) = (line.left as f32, line.right as f32);
        let even = (right - left) / count;
        let middle = |index: usize| {
            let known = self.characters.get(index).and_then(|(_, x)| *x);
            known.unwrap_or(left + (index as f32 + 0.5) * even).clamp(left, right)
        };
        let last = self.characters.len().saturating_sub(1);
        let height = (line.bottom - line.top) as f32;
        let glyphs = self.characters.iter().enumerate().map(|(index, (character, _))| {
            // A character reaches half way to its neighbours, and no further than it is high.
            let half = height.min(2.0 * even) / 1.6;
            let from = if index == 0 { left } else { (middle(index - 1) + middle(index)) / 2.0 };
            let to = if index == last { right } else { (middle(index) + middle(index + 1)) / 2.0 };
            let (from, to) = match self.characters.get(index) {
                Some((_, Some(_))) => (from.max(middle(index) - half), to.min(middle(index) + half)),
                _ => (from, to),
            };
            Glyph {
                character: *character,
                left: from * points,
                top: line.top as f32 * points,
                right: to.max(from + 1.0) * points,
                bottom: line.bottom as f32 * points,
                doubt: None,
            }
        });
        glyphs.collect()
    }

    /// What speaks for the figure, if it is one in a cell.
    fn reading(&self, glyphs: &[Glyph], page: u32, found: &Found) -> Option<Reading> {
        let Figure { confidence, alternatives, flags } = self.figure.as_ref()?;
        if !found.in_cell {
            return None;
        }
        let edges = |glyph: &Glyph| [glyph.left, glyph.top, glyph.right, glyph.bottom];
        let around = glyphs.iter().map(edges).reduce(|[left, top, right, bottom], other| {
            let [l, t, r, b] = other;
            [left.min(l), top.min(t), right.max(r), bottom.max(b)]
        })?;
        let mut flags: Vec<Flag> = flags.iter().chain(&found.flags).copied().collect();
        flags.sort_unstable();
        flags.dedup();
        Some(Reading {
            page,
            area: Area::around(around),
            text: self.characters.iter().map(|(character, _)| character).collect(),
            confidence: *confidence,
            alternatives: alternatives.clone(),
            flags,
        })
    }
}
