//! Groups the ruled lines of a page into the frames of its tables.

use super::{NEAR, Segment};

/// A rule: horizontal at a height, or vertical at a distance from the left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    pub(super) at: f32,
    pub(super) from: f32,
    pub(super) to: f32,
}

/// Rules that touch each other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    pub(super) horizontal: Vec<Rule>,
    pub(super) vertical: Vec<Rule>,
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) top: f32,
    pub(super) bottom: f32,
}

/// Rules shorter than this are strokes of drawn letters.
const SHORTEST: f32 = 5.0;
/// Rules of one direction on a page; a page of figures has a hundred.
const MOST_RULES: usize = 4_000;

impl Frame {
    pub(super) fn area(&self) -> f32 {
        (self.right - self.left) * (self.bottom - self.top)
    }
}

/// The level rules of a page.
pub(super) fn level(segments: &[Segment]) -> Vec<Rule> {
    rules(segments).0
}

/// The frames of a page, those that hold others first. Rules of a page that has too many are left
/// alone: it is a drawing.
pub(super) fn frames(segments: &[Segment]) -> Vec<Frame> {
    let (horizontal, vertical) = rules(segments);
    let mut frames = joined(&horizontal, &vertical);
    take_in_sides(&mut frames);
    frames.retain(|frame| !frame.horizontal.is_empty() && !frame.vertical.is_empty());
    frames.sort_by(|one, other| other.area().total_cmp(&one.area()));
    frames
}

/// How far from the rest of a table its side may stand that no other rule touches.
const FARTHEST_SIDE: f32 = 150.0;

/// Gives frames the upright rules beside them that nothing touches: the side of a label that began on
/// the page before and goes on on the next.
fn take_in_sides(frames: &mut Vec<Frame>) {
    let is_frame = |frame: &Frame| !frame.horizontal.is_empty() && !frame.vertical.is_empty();
    let (mut whole, rest): (Vec<Frame>, Vec<Frame>) = std::mem::take(frames).into_iter().partition(is_frame);
    let sides = rest.into_iter().filter(|frame| frame.horizontal.is_empty() && !frame.vertical.is_empty());
    for side in sides {
        let is_beside = |frame: &&mut Frame| {
            let distance = (frame.left - side.right).max(side.left - frame.right);
            let (top, bottom) = (frame.top.max(side.top), frame.bottom.min(side.bottom));
            (0.0..FARTHEST_SIDE).contains(&distance)
                && bottom - top > 0.6 * (frame.bottom - frame.top)
                && side.top > frame.top - 2.0 * NEAR
                && side.bottom < frame.bottom + 2.0 * NEAR
        };
        if let Some(frame) = whole.iter_mut().take(MOST_SIDES).find(is_beside) {
            frame.left = frame.left.min(side.left);
            frame.right = frame.right.max(side.right);
            frame.vertical.extend(side.vertical);
        }
    }
    *frames = whole;
}

/// Frames of a page that are asked whether a side is theirs.
const MOST_SIDES: usize = 200;

/// The level and the upright rules of a page.
fn rules(segments: &[Segment]) -> (Vec<Rule>, Vec<Rule>) {
    let (mut horizontal, mut vertical) = (Vec::new(), Vec::new());
    for segment in segments {
        let (x0, x1) = (segment.x0.min(segment.x1), segment.x0.max(segment.x1));
        let (y0, y1) = (segment.y0.min(segment.y1), segment.y0.max(segment.y1));
        if y1 - y0 <= 1.0 && x1 - x0 > y1 - y0 {
            horizontal.push(Rule { at: (y0 + y1) / 2.0, from: x0, to: x1 });
        } else if x1 - x0 <= 1.0 {
            vertical.push(Rule { at: (x0 + x1) / 2.0, from: y0, to: y1 });
        }
    }
    let (horizontal, vertical) = (merge(horizontal), merge(vertical));
    if horizontal.len() > MOST_RULES || vertical.len() > MOST_RULES {
        return (Vec::new(), Vec::new());
    }
    (horizontal, vertical)
}

/// Joins rules that go on where another ends: dashes, and borders drawn cell by cell.
fn merge(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort_by(|one, other| (one.at, one.from).partial_cmp(&(other.at, other.from)).expect("finite"));
    let mut merged: Vec<Rule> = Vec::new();
    // Rules at one height are brought together first, then each height is joined from left to right.
    let mut rest = &mut rules[..];
    while let Some(first) = rest.first().copied() {
        let count = rest.partition_point(|rule| rule.at - first.at <= 0.75);
        let (same, after) = rest.split_at_mut(count);
        same.sort_by(|one, other| one.from.total_cmp(&other.from));
        let mut open: Option<Rule> = None;
        for rule in same {
            match &mut open {
                Some(last) if rule.from - last.to <= NEAR => last.to = last.to.max(rule.to),
                _ => merged.extend(open.replace(Rule { at: first.at, ..*rule })),
            }
        }
        merged.extend(open);
        rest = after;
    }
    merged.retain(|rule| rule.to - rule.from >= SHORTEST);
    merged
}

/// Groups of rules that cross, touch or run side by side.
fn joined(horizontal: &[Rule], vertical: &[Rule]) -> Vec<Frame> {
    let count = horizontal.len() + vertical.len();
    let mut group = Groups::new(count);
    for (index, rule) in horizontal.iter().enumerate() {
        let from = vertical.partition_point(|other| other.at < rule.from - NEAR);
        for (offset, other) in vertical.iter().skip(from).enumerate() {
            if other.at > rule.to + NEAR {
                break;
            }
            if (other.from - NEAR..=other.to + NEAR).contains(&rule.at) {
                group.join(index, horizontal.len() + from + offset);
            }
        }
    }
    for (rules, base) in [(horizontal, 0), (vertical, horizontal.len())] {
        for (index, rule) in rules.iter().enumerate() {
            for (offset, other) in rules.iter().skip(index + 1).enumerate() {
                if other.at - rule.at > NEAR {
                    break;
                }
                if other.from <= rule.to + NEAR && rule.from <= other.to + NEAR {
                    group.join(base + index, base + index + 1 + offset);
                }
            }
        }
    }
    let empty = Frame {
        horizontal: Vec::new(),
        vertical: Vec::new(),
        left: f32::MAX,
        right: f32::MIN,
        top: f32::MAX,
        bottom: f32::MIN,
    };
    let mut frames = vec![empty; count];
    for (index, rule) in horizontal.iter().chain(vertical).enumerate() {
        let Some(frame) = frames.get_mut(group.of(index)) else { continue };
        let (left, right, top, bottom) = if index < horizontal.len() {
            frame.horizontal.push(*rule);
            (rule.from, rule.to, rule.at, rule.at)
        } else {
            frame.vertical.push(*rule);
            (rule.at, rule.at, rule.from, rule.to)
        };
        frame.left = frame.left.min(left);
        frame.right = frame.right.max(right);
        frame.top = frame.top.min(top);
        frame.bottom = frame.bottom.max(bottom);
    }
    frames
}

/// A disjoint-set forest.
pub(super) struct Groups {
    of: Vec<usize>,
}

impl Groups {
    pub(super) fn new(count: usize) -> Groups {
        Groups { of: (0..count).collect() }
    }

    pub(super) fn of(&mut self, mut index: usize) -> usize {
        while let Some(&above) = self.of.get(index).filter(|above| **above != index) {
            let root = self.of.get(above).copied().unwrap_or(above);
            self.set(index, root);
            index = root;
        }
        index
    }

    pub(super) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        self.set(one.max(other), one.min(other));
    }

    fn set(&mut self, index: usize, above: usize) {
        if let Some(of) = self.of.get_mut(index) {
            *of = above;
        }
    }
}
