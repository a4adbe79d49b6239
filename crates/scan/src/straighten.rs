//! Makes a page level: its turn by the profile of its rows, then a smooth field by its long ruled lines, so
//! that photographs and curled pages become level too.

use crate::bits::Bits;
use crate::ink::Inked;
use crate::picture::Gray;
use crate::strokes::{Ruling, Stroke};

/// Where the pixels of the straightened page were: a turn about the middle, and a field added before it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Map {
    middle: (f32, f32),
    sine: f32,
    cosine: f32,
    /// What is added to x, and to y.
    across: Field,
    down: Field,
}

/// A smooth function of the place: weights of the terms of [`terms`].
type Field = [f32; TERMS];

const TERMS: usize = 6;

/// Largest turn that is looked for, in degrees.
const MOST_TURN: f32 = 6.0;
const STEP: f32 = 0.1;
/// How often the field is found: steep ends of a line are seen only once its middle is level.
pub(crate) const ROUNDS: usize = 3;
/// Height of the page on which the turn is found.
const PROFILE_HEIGHT: usize = 1_000;

impl Map {
    pub(crate) fn turn(width: usize, height: usize, degrees: f32) -> Self {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        let middle = (width as f32 / 2.0, height as f32 / 2.0);
        Self { middle, sine, cosine, across: [0.0; TERMS], down: [0.0; TERMS] }
    }

    /// The place on the page as it was scanned of a place on the straight page.
    pub(crate) fn source(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let terms = terms(self.scaled(x, y));
        let value = |field: &Field| field.iter().zip(terms).map(|(weight, term)| weight * term).sum::<f32>();
        let (x, y) = (x + value(&self.across) - self.middle.0, y + value(&self.down) - self.middle.1);
        (self.cosine * x - self.sine * y + self.middle.0, self.sine * x + self.cosine * y + self.middle.1)
    }

    fn scaled(&self, x: f32, y: f32) -> (f32, f32) {
        (x / self.middle.0 - 1.0, y / self.middle.1 - 1.0)
    }

    /// The straight page.
    pub(crate) fn apply(&self, page: &Inked) -> Inked {
        let (width, height) = (page.gray.width, page.gray.height);
        let mut gray = Gray::of(width, height, 255);
        let mut coloured = Bits::white(width, height);
        for y in 0..height {
            for x in 0..width {
                let (from_x, from_y) = self.source((x as f32, y as f32));
                if let Some(pixel) = gray.pixels.get_mut(y * width + x) {
                    *pixel = page.gray.between(from_x, from_y).round() as u8;
                }
                let (near_x, near_y) = (from_x.round(), from_y.round());
                if near_x >= 0.0 && near_y >= 0.0 && page.coloured.get(near_x as usize, near_y as usize) {
                    coloured.set(x, y);
                }
            }
        }
        Inked { gray, coloured }
    }

    /// Adds the field that makes long ruled lines straight; none where there are too few.
    pub(crate) fn fit(&mut self, ruling: &Ruling, dpi: f32) -> bool {
        let long = |strokes: &[Stroke]| -> Vec<Stroke> {
            strokes.iter().filter(|stroke| stroke.length() as f32 >= 1.2 * dpi).cloned().collect()
        };
        let down = self.field(&long(&ruling.level), false);
        let across = self.field(&long(&ruling.upright), true);
        let largest = |field: &Option<Field>| {
            field.map_or(0.0, |field| field.iter().map(|weight| weight.abs()).fold(0.0, f32::max))
        };
        let is_bent = largest(&down).max(largest(&across)) > 0.004 * dpi;
        if is_bent {
            // What is left after an earlier round adds to what was found then.
            let add = |field: &mut Field, more: Option<Field>| {
                field.iter_mut().zip(more.unwrap_or_default()).for_each(|(weight, more)| *weight += more);
            };
            add(&mut self.down, down);
            add(&mut self.across, across);
        }
        is_bent
    }

    /// The field by which all these lines are straight: each line has a place of its own, and all share the field.
    fn field(&self, strokes: &[Stroke], is_upright: bool) -> Option<Field> {
        const FEWEST_LINES: usize = 3;
        if strokes.len() < FEWEST_LINES {
            return None;
        }
        let place = |along: f32, across: f32| if is_upright { (across, along) } else { (along, across) };
        let samples: Vec<Vec<(Field, f32, f32)>> = strokes
            .iter()
            .map(|stroke| {
                let sample = |&(along, across, weight): &(f32, f32, f32)| {
                    let (x, y) = place(along, across);
                    let (u, v) = self.scaled(x, y);
                    // Along the line first, in both directions.
                    let terms = if is_upright { terms((v, u)) } else { terms((u, v)) };
                    (terms, across, weight)
                };
                stroke.pieces.iter().map(sample).collect()
            })
            .collect();
        let mut field = [0.0; TERMS];
        // The places of the lines and the field in turn; a dozen rounds settle both.
        for _ in 0..12 {
            let mut system = Normal::default();
            for stroke in &samples {
                let weight: f32 = stroke.iter().map(|(_, _, weight)| weight).sum();
                let rest = |(terms, at, weight): &(Field, f32, f32)| (at - dot(&field, terms)) * weight;
                let place = stroke.iter().map(rest).sum::<f32>() / weight.max(1.0);
                for (terms, at, weight) in stroke {
                    system.add(terms, at - place, *weight);
                }
            }
            field = system.solve()?;
        }
        // `terms` counts along the line first; the map counts x first.
        Some(if is_upright { swapped(field) } else { field })
    }
}

/// The terms of a field: none is constant along a line.
fn terms((u, v): (f32, f32)) -> Field {
    [u, v, u * u, u * v, v * v, u * u * u]
}

/// The field with its two directions exchanged. The cubic term is of the level direction, and is left out.
fn swapped([u, v, uu, uv, vv, _]: Field) -> Field {
    [v, u, vv, uv, uu, 0.0]
}

fn dot(one: &Field, other: &Field) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// Least squares by the normal equations, slightly towards zero.
#[derive(Default)]
struct Normal {
    matrix: [[f64; TERMS]; TERMS],
    right: [f64; TERMS],
    weight: f64,
}

impl Normal {
    fn add(&mut self, terms: &Field, value: f32, weight: f32) {
        let weight = f64::from(weight);
        self.weight += weight;
        for ((row, right), one) in self.matrix.iter_mut().zip(&mut self.right).zip(terms) {
            for (entry, other) in row.iter_mut().zip(terms) {
                *entry += weight * f64::from(*one) * f64::from(*other);
            }
            *right += weight * f64::from(*one) * f64::from(value);
        }
    }

    fn solve(mut self) -> Option<Field> {
        const TOWARDS_ZERO: f64 = 1e-3;
        for at in 0..TERMS {
            self.matrix[at][at] += TOWARDS_ZERO * self.weight;
        }
        for at in 0..TERMS {
            let pivot = self.matrix[at][at];
            if pivot.abs() < 1e-9 {
                return None;
            }
            for row in at + 1..TERMS {
                let factor = self.matrix[row][at] / pivot;
                for column in at..TERMS {
                    self.matrix[row][column] -= factor * self.matrix[at][column];
                }
                self.right[row] -= factor * self.right[at];
            }
        }
        let mut solution = [0.0; TERMS];
        for at in (0..TERMS).rev() {
            let rest: f64 = (at + 1..TERMS).map(|column| self.matrix[at][column] * solution[column]).sum();
            solution[at] = (self.right[at] - rest) / self.matrix[at][at];
        }
        Some(solution.map(|value| value as f32))
    }
}

/// The turn of a page in degrees, by which its rows of ink are sharpest.
pub(crate) fn turn_of(ink: &Bits) -> f32 {
    let points = points(ink);
    let best = |around: f32, reach: f32, step: f32| {
        let steps = (reach / step).round() as i32;
        let turns = (-steps..=steps).map(|index| around + index as f32 * step);
        // The smallest of equals, so that a blank page stays as it is.
        let sharp = turns.map(|turn| (sharpness(&points, turn), turn));
        sharp.reduce(|one, other| {
            let is_better = other.0 > one.0 || other.0 == one.0 && other.1.abs() < one.1.abs();
            if is_better { other } else { one }
        })
    };
    let coarse = best(0.0, MOST_TURN, 5.0 * STEP).map_or(0.0, |(_, turn)| turn);
    best(coarse, 5.0 * STEP, STEP).map_or(0.0, |(_, turn)| turn)
}

/// Black pixels of a smaller page.
fn points(ink: &Bits) -> Vec<(f32, f32)> {
    let by = ink.height.max(ink.width).div_ceil(PROFILE_HEIGHT).max(1);
    let rows = (0..ink.height).step_by(by);
    let points = rows.flat_map(|y| {
        let runs = ink.runs(y).into_iter();
        // The pixels of a smaller page that a run touches.
        runs.flat_map(move |run| run.from / by..=(run.to - 1) / by).map(move |x| (x as f32, (y / by) as f32))
    });
    points.collect()
}

/// How unequal the rows are after this turn.
fn sharpness(points: &[(f32, f32)], degrees: f32) -> f32 {
    let slope = degrees.to_radians().tan();
    let mut rows = vec![0.0_f32; 3 * PROFILE_HEIGHT];
    for (x, y) in points {
        let row = (y - x * slope + PROFILE_HEIGHT as f32).round();
        if let Some(count) = rows.get_mut(row.max(0.0) as usize) {
            *count += 1.0;
        }
    }
    rows.iter().zip(rows.iter().skip(1)).map(|(one, next)| (one - next) * (one - next)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strokes;

    const SIZE: (usize, usize) = (800, 1_000);

    /// Level and upright lines where this says that they are.
    fn page(from: impl Fn(f32, f32) -> (f32, f32)) -> Inked {
        let mut gray = Gray::of(SIZE.0, SIZE.1, 255);
        let mut draw = |x: f32, y: f32| {
            let (x, y) = from(x, y);
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (x, y) = (x.round() as usize + dx, y.round() as usize + dy);
                if let Some(pixel) = gray.pixels.get_mut(y * SIZE.0 + x).filter(|_| x < SIZE.0) {
                    *pixel = 0;
                }
            }
        };
        for line in 0..10 {
            for step in 0..1_800 {
                let along = step as f32 / 3.0;
                draw(100.0 + along, 150.0 + 75.0 * line as f32);
                if line < 6 {
                    draw(100.0 + 120.0 * line as f32, 150.0 + along * 675.0 / 600.0);
                }
            }
        }
        Inked { gray, coloured: Bits::white(SIZE.0, SIZE.1) }
    }

    fn straight(page: &Inked) -> (f32, Inked, Map) {
        let ink = Bits::darker(&page.gray, 128);
        let turn = turn_of(&ink);
        let mut map = Map::turn(SIZE.0, SIZE.1, turn);
        let turned = map.apply(page);
        let mut straight = turned;
        for _ in 0..ROUNDS {
            if !map.fit(&strokes::find(&Bits::darker(&straight.gray, 128), 150.0), 150.0) {
                break;
            }
            straight = map.apply(page);
        }
        (turn, straight, map)
    }

    /// Rows over which each level line spreads.
    fn spread(page: &Inked) -> usize {
        let ruling = strokes::find(&Bits::darker(&page.gray, 128), 150.0);
        assert!(ruling.level.len() >= 8, "{}", ruling.level.len());
        let long = ruling.level.iter().filter(|stroke| stroke.length() > 300);
        long.map(|stroke| stroke.last - stroke.first).max().unwrap()
    }

    #[test]
    fn a_turned_page_becomes_level() {
        let (sine, cosine) = 2.3_f32.to_radians().sin_cos();
        let turned = page(|x, y| {
            let (x, y) = (x - 400.0, y - 500.0);
            (cosine * x - sine * y + 400.0, sine * x + cosine * y + 500.0)
        });
        let (turn, straight, map) = straight(&turned);
        assert!((turn - 2.3).abs() < 0.11, "{turn}");
        assert!(spread(&straight) <= 4, "{}", spread(&straight));
        let (x, y) = map.source((400.0, 500.0));
        assert!((x - 400.0).abs() < 1.5 && (y - 500.0).abs() < 1.5, "{x} {y}");
    }

    #[test]
    fn a_curled_page_becomes_level() {
        let curled = page(|x, y| (x + (y - 500.0) * 0.01, y + 14.0 * ((x - 400.0) / 400.0).powi(2)));
        let (_, straight, _) = straight(&curled);
        assert!(spread(&straight) <= 5, "{}", spread(&straight));
    }
}
