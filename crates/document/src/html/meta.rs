//! The metadata of a page: `<meta name="PubDate" content="2025-01-17">`.

use scraper::ElementRef;

use crate::model::{Text, Width};
use crate::source::Source;

/// Entries kept of one page; the guide for government sites asks for about ten.
const ENTRIES: usize = 32;

/// Characters of a value that names or dates something; descriptions are longer.
const LONGEST: usize = 200;

/// Bytes of a page in which the place of a value is sought.
const HEAD: usize = 1 << 16;

/// Adds a `<meta>` element.
pub(super) fn add(metadata: &mut Vec<(String, Text)>, element: ElementRef, source: &Source) {
    // Pages that are made to be shared have `<meta property="og:title">`.
    let name = element.attr("name").or(element.attr("property"));
    let (Some(name), Some(content)) = (name, element.attr("content")) else { return };
    let content = content.trim();
    let is_short = (1..=LONGEST).contains(&content.chars().count()) && name.len() <= LONGEST;
    if metadata.len() >= ENTRIES || !is_short {
        return;
    }
    let head = &source.text[..source.text.floor_char_boundary(HEAD)];
    let value = match head.find(content) {
        Some(at) => source.slice(at..at + content.len()),
        // Written with entities: the value is known, its place is not.
        None => {
            let mut value = Text::default();
            value.push(content, 1, 0..0, Width::Whole);
            value
        }
    };
    metadata.push((name.to_owned(), value));
}
