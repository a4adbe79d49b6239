//! Ruled lines by morphology on rows of bits: gaps are closed, then only long runs stay, and runs of
//! neighbouring rows that touch are one stroke. Upright lines are level ones of the transposed page.

use crate::bits::{Bits, Run};
use crate::groups::{Groups, touching};

/// A ruled line, level as it is named here: `along` the line, and `across` it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stroke {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// First and last row.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// The middle of its ink.
    pub(crate) at: f32,
    /// The runs that it is made of: middle, row, length.
    pub(crate) pieces: Vec<(f32, f32, f32)>,
}

impl Stroke {
    pub(crate) fn length(&self) -> usize {
        self.to - self.from
    }

    /// Mean thickness.
    fn thickness(&self) -> f32 {
        let ink: f32 = self.pieces.iter().map(|(_, _, length)| length).sum();
        ink / self.length().max(1) as f32
    }
}

/// The ruled lines of a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ruling {
    pub(crate) level: Vec<Stroke>,
    pub(crate) upright: Vec<Stroke>,
}

/// Shortest level line, in inches: longer than the strokes of all but the largest letters.
const LEVEL: f32 = 0.32;
/// Shortest upright line, in inches: a row of small print.
const UPRIGHT: f32 = 0.17;
/// Lines of this length, in inches, need nothing that they end at.
const LONG: f32 = 0.7;
/// A gap within a line, in inches: dots, and what a scanner lost.
const GAP: f32 = 0.02;
/// Thickest line, in inches. What is thicker is a bar or a picture.
const THICKEST: f32 = 0.06;
/// How near to a line another ends, in inches.
const TOUCH: f32 = 0.05;
/// How far beside a line its ground has to be paper, in inches.
const BESIDE: f32 = 0.02;
/// Most of the ground beside a line is paper.
const MOST_INK_BESIDE: f32 = 0.45;
/// Strokes of a page; a page with more is a picture or noise.
const MOST_STROKES: usize = 6_000;

/// Finds the ruled lines.
pub(crate) fn find(ink: &Bits, dpi: f32) -> Ruling {
    let turned = ink.transposed();
    let mut level = strokes(ink, LEVEL, dpi);
    let mut upright = strokes(&turned, UPRIGHT, dpi);
    level.retain(|stroke| stands_alone(stroke, ink, dpi));
    upright.retain(|stroke| stands_alone(stroke, &turned, dpi));
    // Short strokes are lines only between lines; long ones may be lost, so both ends count twice.
    let long = (LONG * dpi) as usize;
    let is_long = |stroke: &&Stroke| stroke.length() >= long;
    let long_level: Vec<Stroke> = level.iter().filter(is_long).cloned().collect();
    let long_upright: Vec<Stroke> = upright.iter().filter(is_long).cloned().collect();
    level.retain(|stroke| stroke.length() >= long || ends_at(stroke, &upright, dpi));
    upright.retain(|stroke| stroke.length() >= long || ends_at(stroke, &level, dpi));
    level.retain(|stroke| stroke.length() >= long || ends_at(stroke, &upright, dpi));
    if level.len() > MOST_STROKES || upright.len() > MOST_STROKES {
        return Ruling { level: long_level, upright: long_upright };
    }
    Ruling { level, upright }
}

/// Strokes of at least this length, in inches.
fn strokes(ink: &Bits, shortest: f32, dpi: f32) -> Vec<Stroke> {
    let gap = (GAP * dpi).round().max(1.0) as usize;
    let shortest = (shortest * dpi) as usize;
    let touching = touching(ink.height, usize::MAX, |y| long_runs(&ink.runs(y), gap, shortest));
    let Some((found, mut groups)) = touching else { return Vec::new() };
    gather(&found, &mut groups, (THICKEST * dpi).max(4.0))
}

/// Runs, with small gaps closed, that are long enough.
fn long_runs(runs: &[Run], gap: usize, shortest: usize) -> Vec<Run> {
    let mut long: Vec<Run> = Vec::new();
    for run in runs {
        match long.last_mut() {
            Some(last) if run.from - last.to <= gap => last.to = run.to,
            _ => long.push(*run),
        }
    }
    long.retain(|run| run.length() >= shortest);
    long
}

fn gather(found: &[(usize, Run)], groups: &mut Groups, thickest: f32) -> Vec<Stroke> {
    let empty = Stroke { from: usize::MAX, to: 0, first: usize::MAX, last: 0, at: 0.0, pieces: Vec::new() };
    let mut strokes = vec![empty; found.len()];
    for (index, (y, run)) in found.iter().enumerate() {
        let Some(stroke) = strokes.get_mut(groups.of(index)) else { continue };
        stroke.from = stroke.from.min(run.from);
        stroke.to = stroke.to.max(run.to);
        stroke.first = stroke.first.min(*y);
        stroke.last = stroke.last.max(*y);
        let (length, middle) = (run.length() as f32, (run.from + run.to) as f32 / 2.0);
        stroke.pieces.push((middle, *y as f32, length));
    }
    strokes.retain(|stroke| !stroke.pieces.is_empty() && stroke.thickness() <= thickest);
    for stroke in &mut strokes {
        let ink: f32 = stroke.pieces.iter().map(|(_, _, length)| length).sum();
        let weighed: f32 = stroke.pieces.iter().map(|(_, y, length)| y * length).sum();
        stroke.at = weighed / ink.max(1.0) + 0.5;
    }
    strokes
}

/// Whether the ground on both sides of a line is paper. A stroke within a letter, a seal or a bar has ink there.
fn stands_alone(stroke: &Stroke, ink: &Bits, dpi: f32) -> bool {
    let beside = (BESIDE * dpi).round().max(2.0) as usize;
    let share = |y: Option<usize>| {
        let Some(y) = y.filter(|y| *y < ink.height) else { return 0.0 };
        ink.count((stroke.from, y), (stroke.to, y + 1)) as f32 / stroke.length().max(1) as f32
    };
    let is_paper = |y: Option<usize>| share(y) < MOST_INK_BESIDE;
    // A line that is not level has its own ink in the rows beside its middle.
    is_paper(stroke.first.checked_sub(beside)) && is_paper(Some(stroke.last + beside))
}

/// Whether a stroke begins and ends at others of the other direction.
fn ends_at(stroke: &Stroke, others: &[Stroke], dpi: f32) -> bool {
    let touch = TOUCH * dpi;
    let meets = |end: usize| {
        others.iter().any(|other| {
            (other.at - end as f32).abs() <= touch
                && other.from as f32 - touch <= stroke.at
                && stroke.at <= other.to as f32 + touch
        })
    };
    meets(stroke.from) && meets(stroke.to)
}

impl Ruling {
    /// Takes the lines out of the ink, a pixel more at either side.
    pub(crate) fn wipe(&self, ink: &mut Bits) {
        for stroke in &self.level {
            for y in stroke.first.saturating_sub(1)..=stroke.last + 1 {
                (stroke.from..stroke.to).for_each(|x| ink.clear(x, y));
            }
        }
        for stroke in &self.upright {
            for x in stroke.first.saturating_sub(1)..=stroke.last + 1 {
                (stroke.from..stroke.to.min(ink.height)).for_each(|y| ink.clear(x, y));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Bits {
        let mut ink = Bits::white(600, 400);
        // A frame of two rows, its middle line dotted.
        for x in 50..550 {
            for y in [50, 51, 349, 350] {
                ink.set(x, y);
            }
            if x % 4 < 2 {
                ink.set(x, 200);
            }
        }
        for y in 50..350 {
            for x in [50, 51, 300, 301, 548, 549] {
                ink.set(x, y);
            }
        }
        ink
    }

    #[test]
    fn lines_are_found_with_their_gaps() {
        let ruling = find(&page(), 200.0);
        let level: Vec<_> = ruling.level.iter().map(|stroke| (stroke.from, stroke.to, stroke.at)).collect();
        assert_eq!(level, [(50, 550, 51.0), (50, 550, 200.5), (50, 550, 350.0)]);
        let upright: Vec<_> = ruling.upright.iter().map(|stroke| (stroke.from, stroke.to)).collect();
        assert_eq!(upright, [(50, 351); 3]);
    }

    #[test]
    fn strokes_of_letters_and_bars_are_no_lines() {
        let mut ink = page();
        // An upright stroke within a cell, and a bar.
        (100..150).for_each(|y| ink.set(100, y));
        for y in 220..260 {
            (320..500).for_each(|x| ink.set(x, y));
        }
        let ruling = find(&ink, 200.0);
        assert_eq!((ruling.level.len(), ruling.upright.len()), (3, 3));
    }

    #[test]
    fn wiped_lines_leave_the_letters() {
        let mut ink = page();
        for y in 120..150 {
            (120..124).for_each(|x| ink.set(x, y));
        }
        let ruling = find(&ink, 200.0);
        ruling.wipe(&mut ink);
        assert_eq!(ink.count((0, 0), (600, 400)), 120);
    }
}
