//! Fonts that a file names and does not hold: programs draw them by their codes, whatever the file says that the
//! codes mean.

use std::collections::HashSet;

use hayro_interpret::hayro_cmap::{BfString, CMap};
use hayro_interpret::hayro_syntax::object::{Array, Dict, Name, Stream};
use hayro_interpret::hayro_syntax::page::Page;

/// Fonts of a page that are looked at.
const MOST_FONTS: usize = 200;

/// The codes of digits in the fonts of a page, and the other digits that the file says they are. Only the encodings
/// whose codes are those of Unicode are looked at.
pub(super) fn misnamed(page: &Page<'_>) -> HashSet<(u32, char)> {
    let fonts = &page.resources().fonts;
    let fonts = fonts.keys().take(MOST_FONTS).filter_map(|name| fonts.get::<Dict<'_>>(name));
    fonts.flat_map(|font| misnamed_in(&font).unwrap_or_default()).collect()
}

fn misnamed_in(font: &Dict<'_>) -> Option<Vec<(u32, char)>> {
    let encoding = font.get::<Name<'_>>("Encoding")?;
    let own = font.get::<Array<'_>>("DescendantFonts")?.iter::<Dict<'_>>().next()?;
    let holds = |descriptor: Dict<'_>| {
        ["FontFile", "FontFile2", "FontFile3"].iter().any(|file| descriptor.contains_key(*file))
    };
    let is_held = own.get::<Dict<'_>>("FontDescriptor").is_some_and(holds);
    if is_held || !encoding.starts_with(b"Uni") {
        return None;
    }
    let said = font.get::<Stream<'_>>("ToUnicode")?.decoded_data().ok()?;
    let said = CMap::parse(&said, |_| None)?;
    let digits = ('0'..='9').filter_map(|digit| match said.lookup_bf_string(digit.into()) {
        Some(BfString::Char(other)) if other != digit => Some((digit.into(), other)),
        _ => None,
    });
    Some(digits.collect())
}
