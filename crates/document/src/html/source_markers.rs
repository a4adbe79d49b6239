//! Source offsets for html5ever, which keeps none: they are smuggled through the parser as
//! private-use characters.
//!
//! A marker is inserted in front of each text before it
//! is parsed: two private-use characters that spell the offset of what follows. Wherever the parser
//! moves the text, the marker goes with it. Markers stand only where there is text anyway, so the
//! tree is the one that the page would have had.

use std::ops::Range;

use crate::error::ReadError;
use crate::limits::Limits;
use crate::source::Source;

/// The first character of a marker is one of `HIGH`, the second one of `LOW`, both of plane 15.
const HIGH: Range<u32> = 0xF_0000..0xF_8000;
const LOW: Range<u32> = 0xF_8000..0xF_FD00;
const BASE: u32 = LOW.end - LOW.start;

/// Stands for a plane 15 character of the page itself; as many bytes long.
const STRANGER: char = '\u{10FFFD}';

/// Elements whose content is not text, or is not shown.
const RAW: [&str; 9] =
    ["script", "style", "noscript", "iframe", "noembed", "noframes", "xmp", "textarea", "plaintext"];

/// The attribute with the offset of a table cell.
pub(super) const OFFSET: &str = "\u{F0000}";

/// Inserts markers into a page. Refuses tags with too many attributes, on which html5ever is slow.
pub(super) fn insert(source: &Source, limits: &Limits) -> Result<String, ReadError> {
    let text = &*source.text;
    let bytes = text.as_bytes();
    let mut page = String::with_capacity(text.len() + text.len() / 4);
    // Whether the next visible character begins a piece of text.
    let mut begins = true;
    // In a title there are no tags but the one that ends it.
    let mut in_title = false;
    let mut at = 0;
    while let Some(&first) = bytes.get(at) {
        let rest = &text[at..];
        let end = match first {
            b'<' if is_markup(rest) && (!in_title || is_end_tag(rest, "title")) => {
                begins = true;
                let end = at + markup(rest, |found| too_many_attributes(source, at, found, limits))?;
                let name = start_tag_name(rest);
                in_title = name == "title";
                if matches!(name.as_str(), "td" | "th") {
                    page.push_str(&rest[..3]);
                    page.extend([" ", OFFSET, "="]);
                    push_marker(&mut page, end);
                    page.push(' ');
                    at += 3;
                }
                if RAW.contains(&name.as_str()) { raw_end(text, end, &name) } else { end }
            }
            b'&' if entity_length(rest) > 0 => {
                let token = &rest[..entity_length(rest)];
                if !is_space_entity(token) {
                    push_marker(&mut page, at);
                }
                begins = true;
                at + token.len()
            }
            byte if is_space(byte) => {
                begins |= matches!(byte, b'\n' | b'\r');
                at + 1
            }
            _ => {
                if begins {
                    push_marker(&mut page, at);
                    begins = false;
                }
                at + rest.chars().next().map_or(1, char::len_utf8)
            }
        };
        push_clean(&mut page, &text[at..end]);
        at = end;
    }
    Ok(page)
}

/// The pieces of a marked text, each with the offset in its marker; none before the first marker.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = (Option<usize>, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (offset, body) = offset(rest);
        let end = body.find(is_high).unwrap_or(body.len());
        rest = &body[end..];
        Some((offset, &body[..end]))
    })
}

/// The offset in the marker at the start of a text, and the rest of the text.
pub(super) fn offset(text: &str) -> (Option<usize>, &str) {
    let mut characters = text.chars();
    match (characters.next().map(u32::from), characters.next().map(u32::from)) {
        (Some(high), Some(low)) if HIGH.contains(&high) && LOW.contains(&low) => {
            (Some(((high - HIGH.start) * BASE + low - LOW.start) as usize), characters.as_str())
        }
        (Some(high), _) if HIGH.contains(&high) => (None, &text[4..]),
        _ => (None, text),
    }
}

/// Whether a piece is the same as the source at its offset.
pub(super) fn is_verbatim(piece: &str, original: &str) -> bool {
    piece.len() == original.len()
        && piece.chars().zip(original.chars()).all(|(one, other)| one == other || one == clean(other))
}

/// The length of a character reference at the start of a text, 0 if there is none.
pub(super) fn entity_length(text: &str) -> usize {
    // No name is longer than 32 letters.
    let bytes = text.as_bytes().get(..40).unwrap_or(text.as_bytes());
    if bytes.first() != Some(&b'&') {
        return 0;
    }
    let start = if bytes.get(1) == Some(&b'#') { 2 } else { 1 };
    let name = bytes.iter().skip(start).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    match name {
        0 => 0,
        _ => start + name + usize::from(bytes.get(start + name) == Some(&b';')),
    }
}

/// White space that HTML collapses.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0C')
}

fn is_high(character: char) -> bool {
    HIGH.contains(&u32::from(character))
}

fn push_marker(page: &mut String, offset: usize) {
    let offset = u32::try_from(offset).expect("files are shorter than a gigabyte");
    let (high, low) = (HIGH.start + offset / BASE, LOW.start + offset % BASE);
    page.extend([high, low].map(|code| char::from_u32(code).expect("plane 15 has no surrogates")));
}

fn push_clean(page: &mut String, piece: &str) {
    if piece.bytes().any(|byte| byte >= 0xF0) {
        page.extend(piece.chars().map(clean));
    } else {
        page.push_str(piece);
    }
}

fn clean(character: char) -> char {
    if (0xF_0000..=0xF_FFFF).contains(&u32::from(character)) { STRANGER } else { character }
}

fn is_space_entity(token: &str) -> bool {
    let token = token.trim_end_matches(';').to_ascii_lowercase();
    let code = match token.strip_prefix("&#") {
        Some(hex) if hex.starts_with('x') => u32::from_str_radix(&hex[1..], 16).ok(),
        Some(decimal) => decimal.parse().ok(),
        None => return matches!(token.as_str(), "&tab" | "&newline"),
    };
    matches!(code, Some(9 | 10 | 12 | 13 | 32))
}

/// Whether `<` opens a tag, a comment or the like.
fn is_markup(rest: &str) -> bool {
    match rest.as_bytes().get(1) {
        Some(b'!' | b'?') => true,
        Some(b'/') => rest.len() > 2,
        Some(byte) => byte.is_ascii_alphabetic(),
        None => false,
    }
}

/// The length of a tag, comment or the like at the start of a text.
fn markup(rest: &str, check: impl Fn(usize) -> Result<(), ReadError>) -> Result<usize, ReadError> {
    let bytes = rest.as_bytes();
    if rest.starts_with("<!--") {
        // `<!-->` is a whole comment.
        let ends = bytes.windows(3).enumerate().skip(2).find_map(|(at, window)| match window {
            b"-->" => Some(at + 3),
            b"--!" if at > 3 && bytes.get(at + 3) == Some(&b'>') => Some(at + 4),
            _ => None,
        });
        return Ok(ends.unwrap_or(rest.len()));
    }
    let name = if bytes.get(1) == Some(&b'/') { 2 } else { 1 };
    if !bytes.get(name).is_some_and(u8::is_ascii_alphabetic) {
        return Ok(rest.find('>').map_or(rest.len(), |at| at + 1));
    }
    let mut at = name;
    while bytes.get(at).is_some_and(|byte| !is_space(*byte) && !matches!(byte, b'/' | b'>')) {
        at += 1;
    }
    let mut attributes = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'>' => return Ok(at + 1),
            byte if is_space(byte) || byte == b'/' => at += 1,
            _ => {
                attributes += 1;
                check(attributes)?;
                at = attribute(bytes, at);
            }
        }
    }
    Ok(rest.len())
}

/// The end of the attribute that begins at `at`.
fn attribute(bytes: &[u8], mut at: usize) -> usize {
    let skip = |mut at: usize, stop: fn(u8) -> bool| {
        while bytes.get(at).is_some_and(|byte| !stop(*byte)) {
            at += 1;
        }
        at
    };
    // A name may begin with `=`.
    at = skip(at + 1, |byte| is_space(byte) || matches!(byte, b'/' | b'>' | b'='));
    let equals = skip(at, |byte| !is_space(byte));
    if bytes.get(equals) != Some(&b'=') {
        return at;
    }
    let value = skip(equals + 1, |byte| !is_space(byte));
    let end = match bytes.get(value) {
        Some(b'"') => skip(value + 1, |byte| byte == b'"') + 1,
        Some(b'\'') => skip(value + 1, |byte| byte == b'\'') + 1,
        _ => skip(value, |byte| is_space(byte) || byte == b'>'),
    };
    end.min(bytes.len())
}

fn too_many_attributes(source: &Source, at: usize, found: usize, limits: &Limits) -> Result<(), ReadError> {
    if found > limits.attributes {
        return Err(ReadError::TooManyAttributes { line: source.line(at), found, limit: limits.attributes });
    }
    Ok(())
}

/// The name of a start tag in lower case; empty for anything else.
fn start_tag_name(rest: &str) -> String {
    let name = rest.bytes().skip(1).take(12).take_while(|byte| byte.is_ascii_alphanumeric());
    name.map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// Where the content of a raw element ends: at its end tag, or with the page.
fn raw_end(text: &str, start: usize, name: &str) -> usize {
    let ends = |at: &usize| text.as_bytes().get(*at) == Some(&b'<') && is_end_tag(&text[*at..], name);
    (start..text.len()).find(ends).unwrap_or(text.len())
}

/// Whether a text begins with the end tag of this name.
fn is_end_tag(rest: &str, name: &str) -> bool {
    let after = rest.as_bytes().get(2 + name.len());
    rest.starts_with("</")
        && rest.get(2..2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
        && after.is_none_or(|byte| is_space(*byte) || matches!(byte, b'/' | b'>'))
}
