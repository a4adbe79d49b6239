//! Styles of paragraphs: which are headings, and which bring a list.

use super::Look;
use super::paragraph::{Properties, level};
use crate::compound::u16_at;

/// Styles based on styles; Word allows eleven.
const MOST_BASES: usize = 16;

/// A style of the style sheet.
struct Style<'a> {
    /// Number of a style that every Word knows; 1 to 9 are headings.
    known: u16,
    base: usize,
    properties: &'a [u8],
    /// Of characters, where it is a style of those.
    of_characters: &'a [u8],
}

/// How each style of characters makes them look.
pub(super) fn looks(sheet: &[u8]) -> Vec<Look> {
    let look = |style: &Option<Style>| {
        let mut look = Look::default();
        look.apply(style.as_ref().map_or(&[], |style| style.of_characters), &[]);
        look
    };
    styles(sheet).unwrap_or_default().iter().map(look).collect()
}

/// The properties that each style gives its paragraphs.
pub(super) fn read(sheet: &[u8], data: &[u8], budget: &mut usize) -> Vec<Properties> {
    let styles = styles(sheet).unwrap_or_default();
    let resolve = |index: usize| {
        // Walk from the style up to its base styles, then apply them from the base down.
        let mut chain = Vec::new();
        let mut at = Some(index);
        while let Some(style) = at.and_then(|at| styles.get(at)).and_then(Option::as_ref) {
            chain.push(style);
            at = Some(style.base).filter(|_| chain.len() < MOST_BASES);
        }
        let mut properties = Properties::default();
        for style in chain.into_iter().rev() {
            if (1..=9).contains(&style.known) {
                properties.level = level(style.known as u8 - 1);
            }
            properties.apply(style.properties, data, budget);
        }
        properties
    };
    (0..styles.len()).map(resolve).collect()
}

fn styles(sheet: &[u8]) -> Option<Vec<Option<Style<'_>>>> {
    let head = usize::from(u16_at(sheet, 0)?);
    let base_size = usize::from(u16_at(sheet, 4)?);
    let mut at = 2 + head;
    let mut styles = Vec::new();
    while let Some(size) = u16_at(sheet, at) {
        let bytes = sheet.get(at + 2..).unwrap_or_default();
        let bytes = bytes.get(..usize::from(size)).unwrap_or(bytes);
        styles.push(style(bytes, base_size));
        at += 2 + usize::from(size) + usize::from(size % 2);
    }
    Some(styles)
}

/// A style; none for an empty place of the sheet.
fn style(bytes: &[u8], base_size: usize) -> Option<Style<'_>> {
    let known = u16_at(bytes, 0)? & 0x0FFF;
    let kind_and_base = u16_at(bytes, 2)?;
    let kind = kind_and_base & 0xF;
    // The name, in two bytes a character with a zero at its end, and then the paragraph's properties.
    let name = usize::from(u16_at(bytes, base_size)?);
    let mut at = base_size + 2 + name * 2 + 2;
    at += at % 2;
    let size = u16_at(bytes, at).map_or(0, usize::from);
    let properties = bytes.get(at + 4..at + 2 + size).filter(|_| kind == 1).unwrap_or_default();
    let of_characters = bytes.get(at + 2..at + 2 + size).filter(|_| kind == 2).unwrap_or_default();
    Some(Style { known, base: usize::from(kind_and_base >> 4), properties, of_characters })
}
