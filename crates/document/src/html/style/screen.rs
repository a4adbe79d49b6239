//! Media queries, answered for the screen that a page is read on.

use super::property::window;
use super::value::length_of;

/// Whether a list of media queries, in lower case, holds.
pub(super) fn matches(queries: &str) -> bool {
    queries.trim().is_empty() || queries.split(',').any(|query| holds(query.trim()))
}

fn holds(query: &str) -> bool {
    let (query, is_negated) = match query.strip_prefix("not ") {
        Some(query) => (query, true),
        None => (query.strip_prefix("only ").unwrap_or(query), false),
    };
    let mut parts = query.split(" and ").map(str::trim);
    parts.all(|part| match part.strip_prefix('(').and_then(|feature| feature.strip_suffix(')')) {
        Some(feature) => is_so(feature.trim()),
        None => matches!(part, "all" | "screen"),
    }) != is_negated
}

/// Whether the screen has a feature: it is a large one in colour, with a mouse.
fn is_so(feature: &str) -> bool {
    if let Some(position) = feature.find(['<', '>']) {
        let is_width = feature.contains("width");
        if !is_width && !feature.contains("height") {
            return false;
        }
        return compare(feature, position, window(is_width));
    }
    let (name, value) = feature.split_once(':').unwrap_or((feature, ""));
    let (name, value) = (name.trim(), value.trim());
    let size = || length_of(value).and_then(|length| length.px(16.0));
    match name {
        "min-width" | "min-device-width" => size().is_some_and(|least| window(true) >= least),
        "max-width" | "max-device-width" => size().is_some_and(|most| window(true) <= most),
        "min-height" | "min-device-height" => size().is_some_and(|least| window(false) >= least),
        "max-height" | "max-device-height" => size().is_some_and(|most| window(false) <= most),
        "orientation" => value == "landscape",
        "hover" | "any-hover" => value != "none",
        "pointer" | "any-pointer" => value != "none" && value != "coarse",
        "color" => value != "0",
        "prefers-color-scheme" => value == "light",
        "prefers-reduced-motion" | "prefers-contrast" => value == "no-preference",
        "width" | "height" => value.is_empty(),
        _ => false,
    }
}

/// `width >= 600px`, `400px <= width < 700px`.
fn compare(feature: &str, _first: usize, window: f32) -> bool {
    let mut sides: Vec<Option<f32>> = Vec::new();
    let mut signs = Vec::new();
    for piece in feature.split_inclusive(['<', '>']) {
        let side = piece.trim_end_matches(['<', '>']).trim_start_matches('=').trim();
        sides.push(match side {
            "width" | "height" | "device-width" | "device-height" => Some(window),
            side => length_of(side).and_then(|length| length.px(16.0)),
        });
        signs.extend(piece.chars().last().filter(|sign| matches!(sign, '<' | '>')));
    }
    sides.windows(2).zip(signs).all(|(pair, sign)| match (pair, sign) {
        ([Some(left), Some(right)], '<') => left <= right,
        ([Some(left), Some(right)], _) => left >= right,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_on_a_large_screen() {
        for query in [
            "",
            "screen",
            "all and (min-width: 768px)",
            "print, screen",
            "only screen and (min-width:48em) and (orientation: landscape)",
            "not print",
            "(width >= 600px)",
            "(400px <= width <= 2000px)",
        ] {
            assert!(matches(query), "{query}");
        }
        for query in [
            "print",
            "screen and (max-width: 768px)",
            "not screen",
            "(prefers-color-scheme: dark)",
            "(width < 600px)",
        ] {
            assert!(!matches(query), "{query}");
        }
    }
}
