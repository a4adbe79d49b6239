//! Lengths and colours as style sheets write them.

use cssparser::color::{parse_hash_color, parse_named_color};
use cssparser::{ParseError, Parser, Token};

/// The window that pages are laid out for, in pixels: a desktop screen.
pub(super) const WINDOW: (f32, f32) = (1_440.0, 900.0);

/// A length that may depend on the size of the font or of the box around.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::html) enum Length {
    /// `auto`, `none` and `normal`.
    Auto,
    /// In pixels.
    Px(f32),
    /// In sizes of the font.
    Em(f32),
    /// In sizes of the font of the root element.
    Rem(f32),
    /// As a part of the box around: 1 is all of it.
    Part(f32),
}

impl Length {
    /// In pixels; none where only the layout knows.
    pub(in crate::html) fn px(self, font_size: f32) -> Option<f32> {
        match self {
            Length::Px(px) => Some(px),
            Length::Em(em) => Some(em * font_size),
            Length::Rem(rem) => Some(rem * super::FONT_SIZE),
            Length::Part(0.0) => Some(0.0),
            Length::Part(_) | Length::Auto => None,
        }
    }

    /// The same length for a root element with a font of this size.
    pub(super) fn of_root(self, font_size: f32) -> Length {
        match self {
            Length::Rem(rem) => Length::Px(rem * font_size),
            length => length,
        }
    }
}

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::html) enum Colour {
    /// Red, green and blue from 0 to 255, opacity from 0 to 1.
    Rgba([f32; 3], f32),
    /// That of the text.
    Current,
    /// In a notation that is not read.
    Unknown,
}

impl Colour {
    pub(in crate::html) const BLACK: Colour = Colour::Rgba([0.0; 3], 1.0);
    pub(in crate::html) const CLEAR: Colour = Colour::Rgba([0.0; 3], 0.0);
}

/// All tokens of a value in one list; functions are followed by what is in them and by their end.
pub(super) fn flat<'i>(value: &'i str) -> Vec<Token<'i>> {
    let mut tokens = Vec::new();
    flatten(&mut Parser::new(value), &mut tokens);
    tokens
}

fn flatten<'i>(input: &mut Parser<'i>, tokens: &mut Vec<Token<'i>>) {
    while let Ok(token) = input.next().cloned() {
        let opens = matches!(token, Token::Function(_) | Token::ParenthesisBlock);
        tokens.push(token);
        if opens {
            let inside: Result<(), ParseError<()>> = input.parse_nested_block(|input| {
                flatten(input, tokens);
                Ok(())
            });
            if inside.is_ok() {
                tokens.push(Token::CloseParenthesis);
            }
        }
    }
}

/// The length that a token is.
pub(super) fn length(token: &Token) -> Option<Length> {
    Some(match token {
        Token::Number { value, .. } if *value == 0.0 => Length::Px(0.0),
        Token::Percentage { unit_value, .. } => Length::Part(*unit_value),
        Token::Dimension { value, unit, .. } => {
            let px = |size: f32| Length::Px(value * size);
            match unit.to_ascii_lowercase().as_str() {
                "px" => px(1.0),
                "pt" => px(4.0 / 3.0),
                "pc" => px(16.0),
                "in" => px(96.0),
                "cm" => px(37.8),
                "mm" => px(3.78),
                "q" => px(0.945),
                "vw" | "vmax" | "vi" => px(WINDOW.0 / 100.0),
                "vh" | "vmin" | "vb" => px(WINDOW.1 / 100.0),
                "rem" => Length::Rem(*value),
                "em" | "ic" => Length::Em(*value),
                "lh" => Length::Em(value * 1.2),
                "ex" | "ch" => Length::Em(value / 2.0),
                _ => return None,
            }
        }
        Token::Ident(name)
            if ["auto", "none", "normal"].iter().any(|auto| name.eq_ignore_ascii_case(auto)) =>
        {
            Length::Auto
        }
        _ => return None,
    })
}

/// The length of a value; a calculation is read where it is one length by itself.
pub(super) fn length_of(value: &str) -> Option<Length> {
    match flat(value).as_slice() {
        [token] => length(token),
        [Token::Function(name), token, Token::CloseParenthesis] if name.eq_ignore_ascii_case("calc") => {
            length(token)
        }
        _ => None,
    }
}

/// A number or a percentage.
pub(super) fn number(token: &Token) -> Option<f32> {
    match token {
        Token::Number { value, .. } => Some(*value),
        Token::Percentage { unit_value, .. } => Some(*unit_value),
        _ => None,
    }
}

/// An angle in degrees.
pub(super) fn degrees(token: &Token) -> Option<f32> {
    match token {
        Token::Dimension { value, unit, .. } => Some(match unit.to_ascii_lowercase().as_str() {
            "deg" => *value,
            "rad" => value.to_degrees(),
            "turn" => value * 360.0,
            "grad" => value * 0.9,
            _ => return None,
        }),
        Token::Number { value, .. } if *value == 0.0 => Some(0.0),
        _ => None,
    }
}

/// The first colour among the tokens of a value.
pub(super) fn colour(tokens: &[Token]) -> Option<Colour> {
    tokens.iter().enumerate().find_map(|(at, token)| match token {
        Token::Hash(hash) | Token::IDHash(hash) => {
            let (red, green, blue, alpha) = parse_hash_color(hash.as_bytes()).ok()?;
            Some(Colour::Rgba([red, green, blue].map(f32::from), alpha))
        }
        Token::Ident(name) => named(&name.to_ascii_lowercase()),
        Token::Function(name) => {
            function(&name.to_ascii_lowercase(), tokens.get(at + 1..).unwrap_or_default())
        }
        _ => None,
    })
}

/// A colour of an attribute, which may leave out the `#`.
pub(super) fn colour_of_attribute(value: &str) -> Option<Colour> {
    let value = value.trim();
    let is_hex = value.len() == 6 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex { colour(&flat(&format!("#{value}"))) } else { colour(&flat(value)) }
}

fn named(name: &str) -> Option<Colour> {
    Some(match name {
        "transparent" => Colour::CLEAR,
        "currentcolor" => Colour::Current,
        "windowtext" | "canvastext" | "buttontext" | "fieldtext" | "menutext" | "captiontext"
        | "infotext" => Colour::BLACK,
        "window" | "canvas" | "field" | "background" => Colour::Rgba([255.0; 3], 1.0),
        "graytext" => Colour::Rgba([128.0; 3], 1.0),
        name => {
            let (red, green, blue) = parse_named_color(name).ok()?;
            Colour::Rgba([red, green, blue].map(f32::from), 1.0)
        }
    })
}

fn function(name: &str, inside: &[Token]) -> Option<Colour> {
    let is_hsl = match name {
        "rgb" | "rgba" => false,
        "hsl" | "hsla" => true,
        "hwb" | "lab" | "lch" | "oklab" | "oklch" | "color" | "color-mix" | "light-dark" => {
            return Some(Colour::Unknown);
        }
        _ => return None,
    };
    let inside = inside.iter().take_while(|token| !matches!(token, Token::CloseParenthesis));
    let parts: Vec<&Token> = inside
        .filter(|token| !matches!(token, Token::Comma | Token::Delim('/') | Token::WhiteSpace(_)))
        .collect();
    let alpha = parts.get(3).and_then(|token| number(token)).unwrap_or(1.0).clamp(0.0, 1.0);
    let part = |at: usize| parts.get(at).copied();
    if is_hsl {
        let hue = part(0).and_then(|token| degrees(token).or(number(token)))?;
        let (saturation, light) = (number(part(1)?)?, number(part(2)?)?);
        return Some(Colour::Rgba(of_hsl(hue, saturation, light), alpha));
    }
    let channel = |at: usize| match part(at)? {
        Token::Number { value, .. } => Some(value.clamp(0.0, 255.0)),
        Token::Percentage { unit_value, .. } => Some(unit_value.clamp(0.0, 1.0) * 255.0),
        _ => None,
    };
    Some(Colour::Rgba([channel(0)?, channel(1)?, channel(2)?], alpha))
}

fn of_hsl(hue: f32, saturation: f32, light: f32) -> [f32; 3] {
    let (saturation, light) = (saturation.clamp(0.0, 1.0), light.clamp(0.0, 1.0));
    [0.0, 8.0, 4.0].map(|offset| {
        let k = (offset + hue / 30.0).rem_euclid(12.0);
        let slope = (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        255.0 * (light - saturation * light.min(1.0 - light) * slope)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: [u8; 3], alpha: f32) {
        let Some(Colour::Rgba(found, found_alpha)) = colour(&flat(value)) else {
            panic!("{value}: no colour")
        };
        assert_eq!((found.map(|part| part.round() as u8), found_alpha), (expected, alpha), "{value}");
    }

    #[test]
    fn colours_are_read_in_every_notation() {
        check("#fff", [255; 3], 1.0);
        check("#F5F5F580", [245; 3], 128.0 / 255.0);
        check("White", [255; 3], 1.0);
        check("url(a.png) no-repeat #123456", [0x12, 0x34, 0x56], 1.0);
        check("rgb(255, 0 ,10)", [255, 0, 10], 1.0);
        check("rgba(0,0,0,.5)", [0; 3], 0.5);
        check("rgb(100% 0% 0% / 50%)", [255, 0, 0], 0.5);
        check("hsl(0, 0%, 100%)", [255; 3], 1.0);
        check("hsl(120deg 100% 50%)", [0, 255, 0], 1.0);
        check("transparent", [0; 3], 0.0);
        assert_eq!(colour(&flat("oklch(1 0 0)")), Some(Colour::Unknown));
        assert_eq!(colour(&flat("none")), None);
        assert_eq!(colour_of_attribute("FFFFFF"), Some(Colour::Rgba([255.0; 3], 1.0)));
    }

    #[test]
    fn lengths_are_read_in_every_unit() {
        assert_eq!(length_of("12pt"), Some(Length::Px(16.0)));
        assert_eq!(length_of("0"), Some(Length::Px(0.0)));
        assert_eq!(length_of("calc(0px)"), Some(Length::Px(0.0)));
        assert_eq!(length_of("-2em"), Some(Length::Em(-2.0)));
        assert_eq!(length_of("50%"), Some(Length::Part(0.5)));
        assert_eq!(length_of("12"), None);
        assert_eq!(length_of("auto"), Some(Length::Auto));
    }
}
