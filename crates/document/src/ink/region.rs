//! What a shape covers of a page, asked at points.

use hayro_interpret::kurbo::{BezPath, CubicBez, ParamCurve, PathEl, Point, QuadBez, Rect};

/// Pieces that a curve is replaced by.
const PIECES: usize = 12;

/// Points on a side of a [`Samples`].
pub(super) const SIDE: usize = 4;
/// Points of a [`Samples`].
pub(super) const POINTS: usize = SIDE * SIDE;
/// A bit for each point of a [`Samples`].
pub(super) type Mask = u16;

/// Points spread evenly over a box, row by row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Samples {
    pub(super) xs: [f64; SIDE],
    pub(super) ys: [f64; SIDE],
}

impl Samples {
    pub(super) fn over(area: Rect) -> Samples {
        let spread =
            |from: f64, to: f64| [0.125, 0.375, 0.625, 0.875].map(|share| from + share * (to - from));
        Samples { xs: spread(area.x0, area.x1), ys: spread(area.y0, area.y1) }
    }

    /// The points with the number of their bit.
    pub(super) fn points(&self) -> impl Iterator<Item = (usize, Point)> + use<> {
        let Samples { xs, ys } = *self;
        ys.into_iter().flat_map(move |y| xs.into_iter().map(move |x| Point::new(x, y))).enumerate()
    }
}

/// An area of a page.
#[derive(Debug, Clone)]
pub(crate) struct Region {
    pub(super) bounds: Rect,
    shape: Shape,
}

#[derive(Debug, Clone)]
enum Shape {
    Box,
    /// Closed polygons.
    Polygons {
        sides: Vec<(Point, Point)>,
        is_even_odd: bool,
    },
    /// All points this near to a line.
    Line {
        sides: Vec<(Point, Point)>,
        reach: f64,
    },
}

impl Region {
    /// An upright box.
    pub(crate) fn of_box(area: Rect) -> Region {
        Region { bounds: area.abs(), shape: Shape::Box }
    }

    /// What a path surrounds; none where a point of it is nowhere.
    pub(crate) fn filled(path: &BezPath, is_even_odd: bool) -> Option<Region> {
        let mut sides = Vec::new();
        for part in parts(path) {
            sides.extend(part.iter().copied().zip(part.iter().copied().skip(1)));
            sides.extend(part.last().copied().zip(part.first().copied()));
        }
        Region::of_sides(sides, 0.0, |sides| Shape::Polygons { sides, is_even_odd })
    }

    /// What a line of this width covers; none where a point of it is nowhere.
    pub(crate) fn stroked(path: &BezPath, width: f64) -> Option<Region> {
        let mut sides = Vec::new();
        for part in parts(path) {
            sides.extend(part.iter().copied().zip(part.iter().copied().skip(1)));
        }
        let reach = width / 2.0;
        Region::of_sides(sides, reach, |sides| Shape::Line { sides, reach })
    }

    fn of_sides(
        sides: Vec<(Point, Point)>,
        reach: f64,
        shape: impl FnOnce(Vec<(Point, Point)>) -> Shape,
    ) -> Option<Region> {
        let bounds = sides.iter().map(|(from, to)| Rect::from_points(*from, *to));
        let bounds = bounds.reduce(|one, other| one.union(other))?.inflate(reach, reach);
        bounds.is_finite().then(|| Region { bounds, shape: shape(sides) })
    }

    /// What asking for it costs, beside the points.
    pub(super) fn cost(&self) -> usize {
        match &self.shape {
            Shape::Box => 1,
            Shape::Polygons { sides, .. } | Shape::Line { sides, .. } => 1 + sides.len() / 4,
        }
    }

    pub(super) fn is_box(&self) -> bool {
        matches!(self.shape, Shape::Box)
    }

    /// Which points of samples are in it.
    pub(super) fn mask(&self, samples: &Samples) -> Mask {
        let within = |value: f64, from: f64, to: f64| (from..=to).contains(&value);
        let near = samples.points().fold(0, |mask, (bit, point)| {
            let holds = within(point.x, self.bounds.x0, self.bounds.x1)
                && within(point.y, self.bounds.y0, self.bounds.y1);
            mask | Mask::from(holds) << bit
        });
        if near == 0 {
            return 0;
        }
        near & match &self.shape {
            Shape::Box => Mask::MAX,
            Shape::Polygons { sides, is_even_odd } => inside(sides, *is_even_odd, samples),
            Shape::Line { sides, reach } => along(sides, *reach, samples),
        }
    }

    pub(super) fn holds(&self, point: Point) -> bool {
        let samples = Samples { xs: [point.x; SIDE], ys: [point.y; SIDE] };
        self.mask(&samples) != 0
    }
}

/// The points that closed polygons wind round.
fn inside(sides: &[(Point, Point)], is_even_odd: bool, samples: &Samples) -> Mask {
    let mut mask = 0;
    for (row, y) in samples.ys.iter().enumerate() {
        let mut turns = [0_i32; SIDE];
        for (from, to) in sides {
            let direction = match (from.y <= *y, to.y <= *y) {
                (true, false) => 1,
                (false, true) => -1,
                _ => continue,
            };
            let crossing = from.x + (y - from.y) / (to.y - from.y) * (to.x - from.x);
            for (turns, x) in turns.iter_mut().zip(samples.xs) {
                *turns += if crossing <= x { direction } else { 0 };
            }
        }
        for (column, turns) in turns.into_iter().enumerate() {
            let holds = if is_even_odd { turns % 2 != 0 } else { turns != 0 };
            mask |= Mask::from(holds) << (row * SIDE + column);
        }
    }
    mask
}

/// The points near to a line.
fn along(sides: &[(Point, Point)], reach: f64, samples: &Samples) -> Mask {
    let is_near = |point: Point, (from, to): &(Point, Point)| {
        let way = *to - *from;
        let share = if way.hypot2() > 0.0 { (point - *from).dot(way) / way.hypot2() } else { 0.0 };
        (point - (*from + way * share.clamp(0.0, 1.0))).hypot2() <= reach * reach
    };
    samples
        .points()
        .filter(|(_, point)| sides.iter().any(|side| is_near(*point, side)))
        .fold(0, |mask, (bit, _)| mask | 1 << bit)
}

/// The points of the parts of a path, curves in pieces.
pub(crate) fn parts(path: &BezPath) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    for element in path.elements() {
        let last = parts.last().and_then(|part| part.last()).copied();
        let steps = || (1..=PIECES).map(|step| step as f64 / PIECES as f64);
        let points: Vec<Point> = match (*element, last) {
            (PathEl::MoveTo(point), _) => {
                parts.push(vec![point]);
                continue;
            }
            (_, None) => continue,
            (PathEl::LineTo(point), _) => vec![point],
            (PathEl::QuadTo(middle, point), Some(last)) => {
                let curve = QuadBez::new(last, middle, point);
                steps().map(|step| curve.eval(step)).collect()
            }
            (PathEl::CurveTo(one, other, point), Some(last)) => {
                let curve = CubicBez::new(last, one, other, point);
                steps().map(|step| curve.eval(step)).collect()
            }
            (PathEl::ClosePath, _) => {
                parts.last().and_then(|part| part.first()).copied().into_iter().collect()
            }
        };
        if let Some(part) = parts.last_mut() {
            part.extend(points);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(data: &str) -> BezPath {
        BezPath::from_svg(data).unwrap()
    }

    /// Samples whose points are (1, 1) to (4, 4).
    fn four() -> Samples {
        Samples { xs: [1.0, 2.0, 3.0, 4.0], ys: [1.0, 2.0, 3.0, 4.0] }
    }

    fn drawn(mask: Mask) -> String {
        let row = |row: usize| {
            (0..SIDE).map(|x| if mask >> (row * SIDE + x) & 1 == 1 { '#' } else { '.' }).collect()
        };
        (0..SIDE).map(row).collect::<Vec<String>>().join(" ")
    }

    #[track_caller]
    fn check(region: &Region, expected: &str) {
        assert_eq!(drawn(region.mask(&four())), expected);
    }

    #[test]
    fn points_are_in_boxes_polygons_and_lines() {
        check(&Region::of_box(Rect::new(1.5, 0.0, 3.5, 2.5)), ".##. .##. .... ....");
        let filled = |data: &str, is_even_odd| Region::filled(&path(data), is_even_odd).unwrap();
        check(&filled("M0 0 L5 0 L0 5 Z", false), "###. ##.. #... ....");
        // A ring: its hole is open by either rule only where its sides run against each other.
        let ring = "M0 0 L5 0 L5 5 L0 5 Z M1.5 1.5 L3.5 1.5 L3.5 3.5 L1.5 3.5 Z";
        check(&filled(ring, true), "#### #..# #..# ####");
        check(&filled(ring, false), "#### #### #### ####");
        check(&Region::stroked(&path("M0 2 L5 2"), 0.5).unwrap(), ".... #### .... ....");
        check(
            &filled("M2.5 0.9 C4.9 0.9 4.9 4.1 2.5 4.1 C0.1 4.1 0.1 0.9 2.5 0.9 Z", false),
            ".##. #### #### .##.",
        );
    }

    #[test]
    fn what_is_nowhere_is_no_region() {
        let mut odd = BezPath::new();
        odd.move_to((f64::NAN, 0.0));
        odd.line_to((1.0, f64::INFINITY));
        assert!(Region::filled(&odd, false).is_none());
        assert!(Region::stroked(&BezPath::new(), 1.0).is_none());
    }
}
