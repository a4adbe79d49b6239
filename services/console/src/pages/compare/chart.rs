//! Charts as SVG, drawn here: lines over the years and bars of a ranking. Each has a title, a description and a table
//! beside it; a gap is a gap in the line, and every point and bar is a link.

use maud::{Markup, html};
use report::{Decimal, Year};

/// One line.
pub(super) struct Series {
    pub(super) name: String,
    /// One for each year; none where there is no value.
    pub(super) points: Vec<Option<Mark>>,
}

/// A point or a bar.
pub(super) struct Mark {
    pub(super) value: Decimal,
    /// What a screen reader says of it.
    pub(super) label: String,
    /// Where it leads to.
    pub(super) address: String,
    /// Whether it rests on a figure that was not printed.
    pub(super) is_derived: bool,
}

/// A bar of a ranking.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) mark: Mark,
}

/// The size of the drawing, in its own units.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
/// Room for the numbers on the left and on the right of the lines, above and below them.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 46.0;
/// Lines across a chart.
const TICKS: f64 = 4.0;
/// Kinds of line that the style sheet tells apart.
const STYLES: usize = 6;

/// Lines over the years; `notes` stand below the years. The first line has a number at each point: those of more lines
/// would overlap.
pub(super) fn lines(id: &str, title: &str, years: &[Year], notes: &[String], series: &[Series]) -> Markup {
    let values =
        series.iter().flat_map(|series| series.points.iter().flatten()).map(|mark| float(mark.value));
    let scale = Scale::of(values);
    let step = (WIDTH - LEFT - RIGHT) / (years.len().max(2) - 1) as f64;
    let x = |position: usize| if years.len() == 1 { WIDTH / 2.0 } else { LEFT + step * position as f64 };
    let y = |value: f64| scale.place(value, HEIGHT - BOTTOM, TOP);
    html! {
        figure.chart {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="group" aria-labelledby={ (id) "-title " (id) "-desc" } xmlns="http://www.w3.org/2000/svg" {
                title id={ (id) "-title" } { (title) }
                desc id={ (id) "-desc" } { (description(years, series)) }
                @for tick in scale.ticks() {
                    line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(round(y(tick))) y2=(round(y(tick))) {}
                    text.tick x=(LEFT - 8.0) y=(round(y(tick) + 4.0)) text-anchor="end" { (tick_label(tick)) }
                }
                @for (position, year) in years.iter().enumerate() {
                    text.tick x=(round(x(position))) y=(HEIGHT - BOTTOM + 20.0) text-anchor="middle" { (year) "年" }
                    @if let Some(note) = notes.get(position) {
                        text.note x=(round(x(position))) y=(HEIGHT - BOTTOM + 37.0) text-anchor="middle" { (note) }
                    }
                }
                @for (number, series) in series.iter().enumerate() {
                    g class={ "series s" (number % STYLES) } {
                        @for segment in segments(&series.points) {
                            polyline points=(segment.iter().map(|(position, mark)| format!("{},{}", round(x(*position)), round(y(float(mark.value))))).collect::<Vec<_>>().join(" ")) {}
                        }
                        @for (position, mark) in series.points.iter().enumerate() {
                            @if let Some(mark) = mark {
                                a href=(mark.address) aria-label=(mark.label) {
                                    circle.derived[mark.is_derived] cx=(round(x(position))) cy=(round(y(float(mark.value)))) r="5" { title { (mark.label) } }
                                }
                                @if number == 0 {
                                    text.value x=(round(x(position))) y=(round(y(float(mark.value)) - 9.0)) text-anchor=(anchor(position, years.len())) { (mark.value.normalize()) }
                                }
                            }
                        }
                    }
                }
            }
            @if series.len() > 1 {
                figcaption { ul.keys { @for (number, series) in series.iter().enumerate() { li class={ "s" (number % STYLES) } { (series.name) } } } }
            }
        }
    }
}

/// Bars, one below the other.
pub(super) fn bars(id: &str, title: &str, bars: &[Bar]) -> Markup {
    const ROW: f64 = 22.0;
    const NAMES: f64 = 230.0;
    const VALUES: f64 = 80.0;
    let height = ROW * bars.len() as f64 + 8.0;
    let scale = Scale::of(bars.iter().map(|bar| float(bar.mark.value)));
    let x = |value: f64| scale.place(value, NAMES, WIDTH - VALUES);
    let zero = x(0.0);
    html! {
        figure.chart {
            svg viewBox={ "0 0 " (WIDTH) " " (height) } role="group" aria-labelledby={ (id) "-title " (id) "-desc" } xmlns="http://www.w3.org/2000/svg" {
                title id={ (id) "-title" } { (title) }
                desc id={ (id) "-desc" } { (bars.iter().map(|bar| bar.mark.label.clone()).collect::<Vec<_>>().join("；")) }
                @for (row, bar) in bars.iter().enumerate() {
                    @let top = 4.0 + ROW * row as f64;
                    @let end = x(float(bar.mark.value));
                    a href=(bar.mark.address) aria-label=(bar.mark.label) {
                        text.name x=(NAMES - 8.0) y=(round(top + 15.0)) text-anchor="end" { (shortened(&bar.name)) }
                        rect.bar.derived[bar.mark.is_derived] x=(round(zero.min(end))) y=(round(top + 3.0)) width=(round((end - zero).abs().max(1.0))) height=(ROW - 6.0) { title { (bar.mark.label) } }
                        text.value x=(round(zero.max(end) + 6.0)) y=(round(top + 15.0)) { (bar.mark.value.normalize()) }
                    }
                }
                line.zero x1=(round(zero)) x2=(round(zero)) y1="0" y2=(height) {}
            }
        }
    }
}

/// Characters of a name that fit beside a bar.
const NAME_CHARS: usize = 16;

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS {
        return name.to_owned();
    }
    // The end tells agencies of one place apart.
    let end: Vec<char> = name.chars().rev().take(NAME_CHARS - 1).collect();
    format!("…{}", end.into_iter().rev().collect::<String>())
}

/// The outermost numbers do not stand over the edge.
fn anchor(position: usize, years: usize) -> &'static str {
    match position {
        0 if years > 1 => "start",
        last if years > 1 && last + 1 == years => "end",
        _ => "middle",
    }
}

/// The points of a line without its gaps: neighbours are joined, and nothing is joined over a gap.
fn segments(points: &[Option<Mark>]) -> Vec<Vec<(usize, &Mark)>> {
    let mut segments: Vec<Vec<(usize, &Mark)>> = vec![Vec::new()];
    for (position, point) in points.iter().enumerate() {
        match (point, segments.last_mut()) {
            (Some(mark), Some(segment)) => segment.push((position, mark)),
            _ => segments.push(Vec::new()),
        }
    }
    segments.retain(|segment| segment.len() > 1);
    segments
}

fn description(years: &[Year], series: &[Series]) -> String {
    let point = |(year, point): (&Year, &Option<Mark>)| match point {
        Some(mark) => format!("{year}年{}", mark.value.normalize()),
        None => format!("{year}年无"),
    };
    let line = |series: &Series| {
        let points = years.iter().zip(&series.points).map(point);
        format!("{}：{}", series.name, points.collect::<Vec<_>>().join("，"))
    };
    series.iter().map(line).collect::<Vec<_>>().join("；")
}

/// From values to places. Zero is always in the picture: lengths are compared.
struct Scale {
    least: f64,
    greatest: f64,
    step: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (least, greatest) = values
            .fold((0.0_f64, 0.0_f64), |(least, greatest), value| (least.min(value), greatest.max(value)));
        let step = nice((greatest - least) / TICKS);
        Self {
            least: (least / step).floor() * step,
            greatest: (greatest / step).ceil().max(1.0) * step,
            step,
        }
    }

    fn place(&self, value: f64, from: f64, to: f64) -> f64 {
        from + (to - from) * (value - self.least) / (self.greatest - self.least)
    }

    fn ticks(&self) -> Vec<f64> {
        let count = ((self.greatest - self.least) / self.step).round() as usize;
        (0..=count).map(|number| self.least + self.step * number as f64).collect()
    }
}

/// 1, 2 or 5 times a power of ten, not less than this.
fn nice(step: f64) -> f64 {
    if step <= 0.0 || !step.is_finite() {
        return 1.0;
    }
    let power = 10_f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|times| times * power)
        .find(|nice| *nice >= step * 0.999)
        .unwrap_or(10.0 * power)
}

/// Only places are drawn from it, to a tenth of a unit; every number that is shown is exact.
fn float(value: Decimal) -> f64 {
    value.to_string().parse().unwrap_or_default()
}

fn round(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}

fn tick_label(tick: f64) -> String {
    let rounded = (tick * 1_000.0).round() / 1_000.0;
    if rounded.abs() >= 100_000.0 { format!("{}万", rounded / 10_000.0) } else { format!("{rounded}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(value: i64) -> Mark {
        Mark {
            value: Decimal::from(value),
            label: format!("<{value}>"),
            address: "/reports/a?b=1&c".into(),
            is_derived: value == 7,
        }
    }

    /// Every element is closed and every text is escaped.
    #[track_caller]
    fn check(svg: &str) {
        let mut depth = 0;
        let mut reader = quick_xml::Reader::from_str(svg);
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Start(_) => depth += 1,
                quick_xml::events::Event::End(_) => depth -= 1,
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0, "{svg}");
    }

    #[test]
    fn charts_are_well_formed_and_leave_gaps() {
        let years: Vec<Year> = (2021..=2025).filter_map(Year::new).collect();
        let points = || vec![Some(mark(7)), Some(mark(-3)), None, Some(mark(100)), Some(mark(90))];
        let series = [
            Series { name: "甲<局>".into(), points: points() },
            Series { name: "乙".into(), points: points() },
        ];
        let notes = vec!["3/4家".to_owned(); 5];
        let drawn = lines("trend", "新收 & 总计", &years, &notes, &series).into_string();
        check(&drawn);
        assert_eq!(drawn.matches("<polyline").count(), 4, "{drawn}");
        assert_eq!(drawn.matches("<circle").count(), 8);
        assert_eq!(drawn.matches("3/4家").count(), 5);
        assert!(drawn.contains("2023年无") && !drawn.contains("甲<局>"));
        for years in [&years[..0], &years[..1]] {
            check(&lines("trend", "空", years, &[], &[]).into_string());
        }
        let drawn = bars(
            "rank",
            "排名",
            &[
                Bar { name: "一个名称很长很长很长很长的机关办公室".into(), mark: mark(3) },
                Bar { name: "丙".into(), mark: mark(-1) },
            ],
        )
        .into_string();
        check(&drawn);
        assert_eq!(drawn.matches("<rect").count(), 2);
    }

    #[test]
    fn scales_have_round_steps_and_contain_zero() {
        let check = |values: &[f64], least: f64, greatest: f64, step: f64| {
            let scale = Scale::of(values.iter().copied());
            assert_eq!((scale.least, scale.greatest, scale.step), (least, greatest, step), "{values:?}");
        };
        check(&[], 0.0, 1.0, 1.0);
        check(&[0.0], 0.0, 1.0, 1.0);
        check(&[7.0, 100.0], 0.0, 100.0, 50.0);
        check(&[3.0], 0.0, 3.0, 1.0);
        check(&[-30.0, 100.0], -50.0, 100.0, 50.0);
    }
}
