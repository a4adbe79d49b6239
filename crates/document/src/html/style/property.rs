//! The declarations that decide what a person sees of a text; all others are passed over.

use std::rc::Rc;

use cssparser::Token;

use super::value::{self, Colour, Length, WINDOW, flat, length, number};

/// A declaration as it was written.
#[derive(Debug, Clone)]
pub(super) struct Declaration {
    pub(super) setting: Setting,
    pub(super) is_important: bool,
}

/// What a declaration sets.
#[derive(Debug, Clone)]
pub(super) enum Setting {
    /// `inherit`, `initial` and the like.
    Wide(Property, Wide),
    /// `--name: value`
    Variable(Rc<str>, Rc<str>),
    /// The name and the value of a property that uses variables.
    Pending(Rc<str>, Rc<str>),
    Display(Display),
    Visible(bool),
    Opacity(f32),
    Colour(Colour),
    Fill(Colour),
    Ground(Colour),
    FontSize(Length),
    Zoom(f32),
    Struck(bool),
    Position(Position),
    /// Left, right, top, bottom.
    Inset(Side, Length),
    Margin(Side, Length),
    Indent(Length),
    Spacing(Length),
    Clip(Clip),
    ClipPath(Clip),
    Width(Length),
    Height(Length),
    MostWidth(Length),
    MostHeight(Length),
    Clips(bool),
    Rtl(bool),
    Overrides(bool),
    Order(i32),
    /// In a certain field of a grid.
    Placed(bool),
    Floats(Float),
    Reverses(bool),
    Transform(Transform),
    Align(Align),
    Obscured(bool),
    Numbered(bool),
    Content(Rc<[Piece]>),
}

/// A property, for `inherit` and `initial`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property {
    All,
    Display,
    Visible,
    Opacity,
    Colour,
    Fill,
    Ground,
    FontSize,
    Struck,
    Position,
    Indent,
    Spacing,
    Size,
    Clip,
    Clips,
    Rtl,
    Order,
    Floats,
    Transform,
    Align,
    Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wide {
    Inherit,
    Initial,
    /// Inherited where the property is, initial elsewhere.
    Unset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::html) enum Display {
    None,
    Inline,
    InlineBlock,
    Block,
    /// A flexible box or a grid, whose children stand where it says.
    Flex,
    Contents,
    /// A part of a table.
    Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::html) enum Position {
    Static,
    Relative,
    /// Taken out of the text.
    Absolute,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::html) enum Side {
    Left,
    Right,
    Top,
    Bottom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::html) enum Float {
    None,
    Left,
    Right,
}

/// What is left of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::html) enum Clip {
    All,
    Part,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::html) enum Transform {
    None,
    /// Moved to the right and down.
    Moved(Length, Length),
    /// Mirrored, turned or slanted.
    Turned,
    /// Too small to be seen.
    Shrunk,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::html) enum Align {
    Baseline,
    Up,
    Down,
    /// Raised by a length.
    By(Length),
}

/// A piece of generated content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::html) enum Piece {
    Words(String),
    Attribute(String),
    /// A counter or a picture, whose text is not known.
    Unknown,
}

/// The settings of a declaration; none if it does not matter or is invalid.
pub(super) fn settings(name: &str, value: &str) -> Vec<Setting> {
    if name.starts_with("--") {
        return vec![Setting::Variable(name.into(), value.trim().into())];
    }
    let name = name.to_ascii_lowercase();
    let name = name
        .strip_prefix("-webkit-")
        .or(name.strip_prefix("-moz-"))
        .or(name.strip_prefix("-ms-"))
        .unwrap_or(&name);
    let Some(property) = property(name) else { return Vec::new() };
    if value.to_ascii_lowercase().contains("var(") {
        return vec![Setting::Pending(name.into(), value.into())];
    }
    let lower = value.trim().to_ascii_lowercase();
    let wide = match lower.as_str() {
        "inherit" => Some(Wide::Inherit),
        "initial" => Some(Wide::Initial),
        "unset" | "revert" | "revert-layer" => Some(Wide::Unset),
        _ => None,
    };
    if let Some(wide) = wide {
        return vec![Setting::Wide(property, wide)];
    }
    one(name, value, &lower).unwrap_or_default()
}

fn property(name: &str) -> Option<Property> {
    Some(match name {
        "all" => Property::All,
        "display" => Property::Display,
        "visibility" => Property::Visible,
        "opacity" | "filter" | "mask" | "mask-image" | "mix-blend-mode" | "text-security"
        | "content-visibility" | "mso-hide" => Property::Opacity,
        "color" => Property::Colour,
        "text-fill-color" => Property::Fill,
        "background" | "background-color" => Property::Ground,
        "font" | "font-size" | "zoom" => Property::FontSize,
        "text-decoration" | "text-decoration-line" => Property::Struck,
        "position" | "left" | "right" | "top" | "bottom" | "inset" | "margin" | "margin-left"
        | "margin-top" | "margin-right" | "margin-bottom" => Property::Position,
        "text-indent" => Property::Indent,
        "letter-spacing" => Property::Spacing,
        "width" | "height" | "max-width" | "max-height" => Property::Size,
        "clip" | "clip-path" => Property::Clip,
        "overflow" | "overflow-x" | "overflow-y" => Property::Clips,
        "direction" | "unicode-bidi" => Property::Rtl,
        "order" | "grid-column" | "grid-column-start" | "grid-row" | "grid-row-start" | "grid-area" => {
            Property::Order
        }
        "float" => Property::Floats,
        "flex-direction" | "flex-flow" | "box-direction" => Property::Order,
        "transform" | "rotate" | "scale" | "translate" => Property::Transform,
        "vertical-align" | "font-variant-position" => Property::Align,
        "list-style" | "list-style-type" => Property::Align,
        "content" => Property::Content,
        _ => return None,
    })
}

fn one(name: &str, value: &str, lower: &str) -> Option<Vec<Setting>> {
    let has =
        |word: &str| lower.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|found| found == word);
    let a_length = || value::length_of(value);
    let setting = match name {
        "display" => Setting::Display(display(lower)?),
        "visibility" => Setting::Visible(match lower {
            "visible" => true,
            "hidden" | "collapse" => false,
            _ => return None,
        }),
        "opacity" => Setting::Opacity(number(flat(value).first()?)?.clamp(0.0, 1.0)),
        "filter" => return filter(value),
        "mask" | "mask-image" => Setting::Obscured(lower != "none"),
        "mix-blend-mode" => Setting::Obscured(lower != "normal"),
        "text-security" => Setting::Obscured(lower != "none"),
        // Word hides it, browsers show it.
        "mso-hide" => Setting::Obscured(lower == "all"),
        "content-visibility" => Setting::ClipPath(if lower == "hidden" { Clip::All } else { Clip::Nothing }),
        "color" => Setting::Colour(value::colour(&flat(value))?),
        "text-fill-color" => Setting::Fill(value::colour(&flat(value))?),
        "background-color" => Setting::Ground(value::colour(&flat(value))?),
        "background" => Setting::Ground(value::colour(&flat(value)).unwrap_or(Colour::CLEAR)),
        "font-size" => Setting::FontSize(font_size(&flat(value))?),
        "font" => Setting::FontSize(font_size(&flat(value))?),
        "zoom" => Setting::Zoom(number(flat(value).first()?).filter(|zoom| *zoom > 0.0)?),
        "text-decoration" | "text-decoration-line" => Setting::Struck(has("line-through")),
        "position" => Setting::Position(match lower {
            "static" => Position::Static,
            "relative" | "sticky" => Position::Relative,
            "absolute" | "fixed" => Position::Absolute,
            _ => return None,
        }),
        "left" => Setting::Inset(Side::Left, a_length()?),
        "right" => Setting::Inset(Side::Right, a_length()?),
        "top" => Setting::Inset(Side::Top, a_length()?),
        "bottom" => Setting::Inset(Side::Bottom, a_length()?),
        "margin-left" => Setting::Margin(Side::Left, a_length()?),
        "margin-right" => Setting::Margin(Side::Right, a_length()?),
        "margin-top" => Setting::Margin(Side::Top, a_length()?),
        "margin-bottom" => Setting::Margin(Side::Bottom, a_length()?),
        "inset" => return Some(sides(value)?.map(|(side, length)| Setting::Inset(side, length)).into()),
        "margin" => return Some(sides(value)?.map(|(side, length)| Setting::Margin(side, length)).into()),
        "text-indent" => Setting::Indent(length(flat(value).first()?)?),
        "letter-spacing" => Setting::Spacing(a_length()?),
        "width" => Setting::Width(a_length()?),
        "height" => Setting::Height(a_length()?),
        "max-width" => Setting::MostWidth(a_length()?),
        "max-height" => Setting::MostHeight(a_length()?),
        "clip" => Setting::Clip(clip(value)),
        "clip-path" => Setting::ClipPath(clip_path(value)),
        "overflow" | "overflow-x" | "overflow-y" => Setting::Clips(!has("visible")),
        "direction" => Setting::Rtl(lower == "rtl"),
        "unicode-bidi" => Setting::Overrides(lower.contains("override")),
        "order" => match flat(value).first()? {
            Token::Number { int_value: Some(order), .. } => Setting::Order(*order),
            _ => return None,
        },
        "grid-column" | "grid-column-start" | "grid-row" | "grid-row-start" | "grid-area" => {
            Setting::Placed(!lower.starts_with("auto") && !lower.starts_with("span"))
        }
        "float" => Setting::Floats(match lower {
            "left" | "inline-start" => Float::Left,
            "right" | "inline-end" => Float::Right,
            "none" => Float::None,
            _ => return None,
        }),
        "flex-direction" | "flex-flow" | "box-direction" => Setting::Reverses(lower.contains("reverse")),
        "transform" => Setting::Transform(transform(&flat(value))),
        "rotate" | "scale" | "translate" if lower == "none" => Setting::Transform(Transform::None),
        "rotate" => Setting::Transform(transform(&flat(&format!("rotate({value})")))),
        "scale" | "translate" => {
            let with_commas = value.split_whitespace().collect::<Vec<_>>().join(",");
            Setting::Transform(transform(&flat(&format!("{name}({with_commas})"))))
        }
        "vertical-align" => Setting::Align(match lower {
            "sub" => Align::Down,
            "super" => Align::Up,
            _ => value::length_of(value).map_or(Align::Baseline, Align::By),
        }),
        "font-variant-position" => Setting::Align(match lower {
            "sub" => Align::Down,
            "super" => Align::Up,
            _ => return None,
        }),
        "list-style" | "list-style-type" => {
            let shows_none = ["none", "disc", "circle", "square"].into_iter().any(has);
            Setting::Numbered(!shows_none)
        }
        "content" => Setting::Content(content(&flat(value)).into()),
        _ => return None,
    };
    Some(vec![setting])
}

fn display(value: &str) -> Option<Display> {
    Some(match value {
        "none" => Display::None,
        "inline" | "ruby" | "run-in" => Display::Inline,
        "inline-block" | "inline-table" => Display::InlineBlock,
        "block" | "list-item" | "flow-root" | "table" | "table-caption" => Display::Block,
        "contents" => Display::Contents,
        // Columns draw nothing.
        "table-column" | "table-column-group" => Display::None,
        _ if value.starts_with("table-") => Display::Table,
        _ if value.contains("flex") || value.contains("grid") || value.contains("box") => Display::Flex,
        _ => return None,
    })
}

/// The size among the tokens of `font` or `font-size`.
fn font_size(tokens: &[Token]) -> Option<Length> {
    tokens.iter().find_map(|token| match token {
        Token::Ident(name) => Some(match name.to_ascii_lowercase().as_str() {
            "xx-small" => Length::Px(9.0),
            "x-small" => Length::Px(10.0),
            "small" => Length::Px(13.0),
            "medium" | "caption" | "icon" | "menu" | "message-box" | "small-caption" | "status-bar" => {
                Length::Px(16.0)
            }
            "large" => Length::Px(18.0),
            "x-large" => Length::Px(24.0),
            "xx-large" => Length::Px(32.0),
            "xxx-large" => Length::Px(48.0),
            "smaller" => Length::Em(0.83),
            "larger" => Length::Em(1.2),
            _ => return None,
        }),
        Token::Percentage { unit_value, .. } => Some(Length::Em(*unit_value)),
        token => length(token),
    })
}

/// The four values of `margin` and `inset`, which may be fewer.
fn sides(value: &str) -> Option<[(Side, Length); 4]> {
    let lengths: Vec<Length> = flat(value).iter().map(length).collect::<Option<_>>()?;
    let top = *lengths.first()?;
    let right = lengths.get(1).copied().unwrap_or(top);
    let bottom = lengths.get(2).copied().unwrap_or(top);
    let left = lengths.get(3).copied().unwrap_or(right);
    Some([(Side::Top, top), (Side::Right, right), (Side::Bottom, bottom), (Side::Left, left)])
}

/// Only what makes text unreadable; a page in grey is as readable as any.
fn filter(value: &str) -> Option<Vec<Setting>> {
    let tokens = flat(value);
    let mut settings = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Function(name) = token else { continue };
        let argument = tokens.get(at + 1);
        let amount = argument.and_then(number);
        match name.to_ascii_lowercase().as_str() {
            "opacity" => settings.push(Setting::Opacity(amount?.clamp(0.0, 1.0))),
            "blur" => {
                let radius = argument.and_then(length).and_then(|length| length.px(16.0)).unwrap_or(0.0);
                settings.push(Setting::Obscured(radius > 2.0));
            }
            "invert" => settings.push(Setting::Obscured(amount.unwrap_or(1.0) > 0.3)),
            "brightness" | "contrast" => {
                settings.push(Setting::Obscured(amount.is_some_and(|amount| !(0.3..=3.0).contains(&amount))));
            }
            _ => {}
        }
    }
    Some(settings)
}

/// `rect(0, 0, 0, 0)` as the edges of what is shown: top, right, bottom, left.
fn clip(value: &str) -> Clip {
    let tokens = flat(value);
    let is_rect = matches!(tokens.first(), Some(Token::Function(name)) if name.eq_ignore_ascii_case("rect"));
    if !is_rect {
        return Clip::Nothing;
    }
    let edges: Vec<Option<f32>> =
        tokens.iter().skip(1).filter_map(length).map(|length| length.px(16.0)).take(4).collect();
    let edge = |at: usize| edges.get(at).copied().flatten();
    let height = edge(2).map(|bottom| bottom - edge(0).unwrap_or(0.0));
    let width = edge(1).map(|right| right - edge(3).unwrap_or(0.0));
    match (width, height) {
        (Some(width), _) if width <= 1.0 => Clip::All,
        (_, Some(height)) if height <= 1.0 => Clip::All,
        (None, None) if edge(0).is_none() && edge(3).is_none() => Clip::Nothing,
        _ => Clip::Part,
    }
}

fn clip_path(value: &str) -> Clip {
    let tokens = flat(value);
    let Some(Token::Function(name)) = tokens.first() else { return Clip::Nothing };
    let lengths: Vec<Length> = tokens.iter().skip(1).filter_map(length).collect();
    let part = |at: usize| match lengths.get(at).or(lengths.get(at.saturating_sub(2))).or(lengths.first()) {
        Some(Length::Part(part)) => *part,
        Some(Length::Px(px)) if *px >= 100.0 => 1.0,
        _ => 0.0,
    };
    let is_nothing = |length: &Length| length.px(16.0).is_some_and(|px| px <= 1.0);
    match name.to_ascii_lowercase().as_str() {
        "inset" if part(0) + part(2) >= 0.98 || part(1) + part(3) >= 0.98 => Clip::All,
        "inset" if lengths.iter().all(is_nothing) => Clip::Nothing,
        "circle" | "ellipse" if lengths.first().is_some_and(is_nothing) => Clip::All,
        "polygon" if lengths.chunks(2).all(|point| Some(point) == lengths.chunks(2).next()) => Clip::All,
        _ => Clip::Part,
    }
}

/// Degrees by which text can be turned and still be read as it is.
const SLIGHT: f32 = 30.0;

fn transform(tokens: &[Token]) -> Transform {
    let mut moved = Transform::None;
    for (at, token) in tokens.iter().enumerate() {
        let Token::Function(name) = token else { continue };
        let inside = tokens.get(at + 1..).unwrap_or_default();
        let arguments: Vec<&Token> = inside
            .iter()
            .take_while(|token| !matches!(token, Token::CloseParenthesis))
            .filter(|token| !matches!(token, Token::Comma))
            .collect();
        let amount = |at: usize| arguments.get(at).and_then(|token| number(token));
        let length_at =
            |at: usize| arguments.get(at).and_then(|token| length(token)).unwrap_or(Length::Px(0.0));
        let scaled = |scale: f32| match scale {
            _ if scale < -0.01 => Transform::Turned,
            _ if scale < 0.15 => Transform::Shrunk,
            _ => Transform::None,
        };
        let turned = |degrees: f32| {
            let degrees = degrees.rem_euclid(360.0);
            if degrees.min(360.0 - degrees) > SLIGHT { Transform::Turned } else { Transform::None }
        };
        let angle = |at: usize| arguments.get(at).and_then(|token| value::degrees(token)).unwrap_or(0.0);
        let found = match name.to_ascii_lowercase().as_str() {
            "scale" | "scale3d" => match (scaled(amount(0).unwrap_or(1.0)), amount(1)) {
                (Transform::None, Some(second)) => scaled(second),
                (found, _) => found,
            },
            "scalex" | "scaley" => scaled(amount(0).unwrap_or(1.0)),
            "rotate" | "rotatex" | "rotatey" | "rotatez" => {
                turned(arguments.iter().find_map(|token| value::degrees(token)).unwrap_or(0.0))
            }
            "rotate3d" => turned(angle(3)),
            "skew" | "skewx" | "skewy" => turned(angle(0)),
            "translate" | "translate3d" => Transform::Moved(length_at(0), length_at(1)),
            "translatex" => Transform::Moved(length_at(0), Length::Px(0.0)),
            "translatey" => Transform::Moved(Length::Px(0.0), length_at(0)),
            "matrix" => match (amount(0), amount(1), amount(2), amount(3)) {
                (Some(a), Some(b), Some(c), Some(d)) if b.abs() < 0.5 && c.abs() < 0.5 => {
                    match scaled(a.min(d)) {
                        Transform::None => {
                            let by = |at: usize| Length::Px(amount(at).unwrap_or(0.0));
                            Transform::Moved(by(4), by(5))
                        }
                        found => found,
                    }
                }
                _ => Transform::Turned,
            },
            "matrix3d" => Transform::Turned,
            _ => Transform::None,
        };
        match found {
            Transform::None => {}
            Transform::Moved(..) => moved = found,
            found => return found,
        }
    }
    moved
}

fn content(tokens: &[Token]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut tokens = tokens.iter();
    while let Some(token) = tokens.next() {
        match token {
            Token::QuotedString(words) => pieces.push(Piece::Words(words.to_string())),
            Token::UnquotedUrl(_) => pieces.push(Piece::Unknown),
            // What follows is the text for readers aloud.
            Token::Delim('/') => break,
            Token::Function(name) => {
                let arguments = tokens.by_ref().take_while(|token| !matches!(token, Token::CloseParenthesis));
                let first = arguments.collect::<Vec<_>>().first().copied();
                pieces.push(match first {
                    Some(Token::Ident(attribute)) if name.eq_ignore_ascii_case("attr") => {
                        Piece::Attribute(attribute.to_ascii_lowercase())
                    }
                    _ => Piece::Unknown,
                });
            }
            _ => {}
        }
    }
    pieces
}

/// Whether a window of the assumed size is at least so wide or high.
pub(super) fn window(is_width: bool) -> f32 {
    if is_width { WINDOW.0 } else { WINDOW.1 }
}
