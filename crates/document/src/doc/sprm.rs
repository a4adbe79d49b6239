//! Properties as Word stores them: codes with operands, one after another.

use crate::compound::u16_at;
use crate::letters::{self, Rgb};

/// A property: its code and its operand.
#[derive(Clone, Copy)]
pub(super) struct Sprm<'a> {
    pub(super) code: u16,
    pub(super) operand: &'a [u8],
}

impl Sprm<'_> {
    /// The first byte of the operand.
    pub(super) fn byte(&self) -> u8 {
        self.operand.first().copied().unwrap_or(0)
    }

    /// The first two bytes of the operand.
    pub(super) fn word(&self) -> u16 {
        u16_at(self.operand, 0).unwrap_or(0)
    }
}

/// The properties of a list; it ends where it makes no sense.
pub(super) fn sprms(list: &[u8]) -> impl Iterator<Item = Sprm<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let code = u16_at(list, at)?;
        let rest = list.get(at + 2..)?;
        let (skipped, size) = extent(code, rest)?;
        let operand = rest.get(skipped..skipped + size)?;
        at += 2 + skipped + size;
        Some(Sprm { code, operand })
    })
}

/// How many bytes the length of an operand takes, and the length.
fn extent(code: u16, rest: &[u8]) -> Option<(usize, usize)> {
    Some(match (code, code >> 13) {
        // The definition of a row can be longer than a byte can say.
        (DEFINE_ROW, _) => (2, usize::from(u16_at(rest, 0)?).checked_sub(1)?),
        // Tabs: when there are too many for the length, they are counted.
        (0xC615, _) if rest.first() == Some(&255) => {
            let deleted = usize::from(*rest.get(1)?) * 4;
            let added = usize::from(*rest.get(2 + deleted)?) * 3;
            (1, 2 + deleted + added)
        }
        (_, 0 | 1) => (0, 1),
        (_, 2 | 4 | 5) => (0, 2),
        (_, 3) => (0, 4),
        (_, 7) => (0, 3),
        _ => (1, usize::from(*rest.first()?)),
    })
}

/// Deleted, with changes tracked.
pub(super) const DELETED: u16 = 0x0800;
pub(super) const HIDDEN: u16 = 0x083C;
/// Struck out, once or twice.
pub(super) const STRUCK: [u16; 2] = [0x0837, 0x2A53];
/// 1 raised, 2 lowered.
pub(super) const RAISED: u16 = 0x2A48;
/// Style of characters.
pub(super) const CHARACTER_STYLE: u16 = 0x4A30;
/// A character of a symbol font.
pub(super) const SYMBOL: u16 = 0x6A09;
pub(super) const STYLE: u16 = 0x4600;
pub(super) const IN_TABLE: u16 = 0x2416;
pub(super) const ENDS_ROW: u16 = 0x2417;
/// How many tables are around.
pub(super) const DEPTH: u16 = 0x6649;
pub(super) const ENDS_INNER_CELL: u16 = 0x244B;
pub(super) const ENDS_INNER_ROW: u16 = 0x244C;
pub(super) const LIST_LEVEL: u16 = 0x260A;
pub(super) const LIST: u16 = 0x460B;
pub(super) const OUTLINE_LEVEL: u16 = 0x2640;
/// Properties in the stream `Data`, because they are too long for their page.
pub(super) const ELSEWHERE: [u16; 3] = [0x6645, 0x6646, 0x646B];
/// Edges and merges of the cells of a row.
pub(super) const DEFINE_ROW: u16 = 0xD608;
pub(super) const MERGE: u16 = 0x5624;
pub(super) const SPLIT: u16 = 0x5625;
pub(super) const MERGE_DOWN: u16 = 0xD62B;
/// The colour of characters, as numbers or as one of the sixteen.
pub(super) const COLOUR: u16 = 0x6870;
pub(super) const COLOUR_INDEX: u16 = 0x2A42;
/// What is painted behind characters.
pub(super) const HIGHLIGHT: u16 = 0x2A0C;
pub(super) const SHADING: u16 = 0xCA71;
/// In half-points.
pub(super) const SIZE: u16 = 0x4A43;
/// Between characters, in twips.
pub(super) const SPACING: u16 = 0x8840;
/// In per cent of their width.
pub(super) const SCALE: u16 = 0x4852;
/// Above the line, in half-points.
pub(super) const RAISED_BY: u16 = 0x4845;
/// What is painted behind the cells of a row.
pub(super) const CELLS_SHADING: [u16; 3] = [0xD612, 0xD616, 0xD60C];

/// A colour of four bytes; none for the automatic one.
pub(super) fn colour(operand: &[u8]) -> Option<Rgb> {
    match operand {
        [red, green, blue, 0, ..] => Some([*red, *green, *blue]),
        _ => None,
    }
}

/// The background of a shading.
pub(super) fn shading(operand: &[u8]) -> Option<Rgb> {
    colour(operand.get(4..).unwrap_or_default())
}

/// One of the sixteen colours of Word; none for the automatic one.
pub(super) fn indexed(index: u8) -> Option<Rgb> {
    const NAMES: [&str; 16] = [
        "black",
        "blue",
        "cyan",
        "green",
        "magenta",
        "red",
        "yellow",
        "white",
        "darkBlue",
        "darkCyan",
        "darkGreen",
        "darkMagenta",
        "darkRed",
        "darkYellow",
        "darkGray",
        "lightGray",
    ];
    NAMES.get(usize::from(index).checked_sub(1)?).and_then(|name| letters::named(name))
}
