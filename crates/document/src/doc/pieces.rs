//! Where the characters of the text stand: in pieces, in the order of the text and not of the file.

use crate::compound::{u16_at, u32_at};

/// A part of the text that stands together.
#[derive(Debug)]
pub(super) struct Piece {
    /// How many characters it has.
    pub(super) count: u32,
    /// Where they stand in the stream `WordDocument`.
    pub(super) start: u32,
    /// One byte a character (windows-1252), else two.
    pub(super) is_narrow: bool,
    /// Properties for the whole piece, in [`Pieces::properties`].
    pub(super) properties: Option<usize>,
}

/// The table of pieces.
pub(super) struct Pieces<'a> {
    pub(super) pieces: Vec<Piece>,
    /// Lists of properties that pieces name by number.
    pub(super) properties: Vec<&'a [u8]>,
}

/// Reads the table; none if it is broken. Only the first `count` characters are the body.
pub(super) fn read(table: &[u8], count: u32) -> Option<Pieces<'_>> {
    let mut properties = Vec::new();
    let mut at = 0;
    while table.get(at)? == &1 {
        let size = usize::from(u16_at(table, at + 1)?);
        properties.push(table.get(at + 3..at + 3 + size)?);
        at += 3 + size;
    }
    if table.get(at)? != &2 {
        return None;
    }
    let size = u32_at(table, at + 1)? as usize;
    let list = table.get(at + 5..)?;
    let list = &list[..list.len().min(size)];
    let number = list.len().checked_sub(4)? / 12;
    let mut pieces = Vec::with_capacity(number);
    let mut last = 0;
    for index in 0..number {
        let (from, to) = (u32_at(list, index * 4)?, u32_at(list, index * 4 + 4)?.min(count));
        // Pieces follow each other without a gap.
        if from != last || to < from {
            return None;
        }
        let entry = (number + 1) * 4 + index * 8;
        let (start, modifier) = (u32_at(list, entry + 2)?, u16_at(list, entry + 6)?);
        let is_narrow = start & 0x4000_0000 != 0;
        let start = start & 0x3FFF_FFFF;
        pieces.push(Piece {
            count: to - from,
            start: if is_narrow { start / 2 } else { start },
            is_narrow,
            properties: (modifier & 1 == 1).then_some(usize::from(modifier >> 1)),
        });
        last = to;
        if to == count {
            break;
        }
    }
    (last == count).then_some(Pieces { pieces, properties })
}
