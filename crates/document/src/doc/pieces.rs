//! The piece table: where the characters of the text are in the file.

use std::ops::Range;

use crate::compound::{u16_at, u32_at};

/// A contiguous part of the text.
#[derive(Debug)]
pub(super) struct Piece {
    /// How many characters it has.
    pub(super) count: u32,
    /// Their offset in the stream `WordDocument`.
    pub(super) start: u32,
    /// One byte a character (windows-1252), else two.
    pub(super) is_narrow: bool,
    /// Properties for the whole piece, in [`Pieces::properties`].
    pub(super) properties: Option<usize>,
}

/// The table of pieces.
pub(super) struct Pieces<'a> {
    pub(super) pieces: Vec<Piece>,
    /// How many of them are the body.
    pub(super) of_body: usize,
    /// Lists of properties that pieces name by number.
    pub(super) properties: Vec<&'a [u8]>,
}

/// Reads the pieces of these ranges of characters, the body and the text boxes; none if the table is
/// broken or does not have all of the body.
pub(super) fn read<'a>(table: &'a [u8], ranges: &[Range<u32>; 2]) -> Option<Pieces<'a>> {
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
    let list = list.get(..size).unwrap_or(list);
    let number = list.len().checked_sub(4)? / 12;
    let [body, boxes] = ranges;
    let most = body.end.max(boxes.end);
    let mut of_ranges = [Vec::new(), Vec::new()];
    let mut last = 0;
    for index in 0..number {
        let (from, to) = (u32_at(list, index * 4)?, u32_at(list, index * 4 + 4)?.min(most));
        // Pieces follow each other without a gap.
        if from != last || to < from {
            break;
        }
        let entry = (number + 1) * 4 + index * 8;
        let (start, modifier) = (u32_at(list, entry + 2)?, u16_at(list, entry + 6)?);
        let is_narrow = start & 0x4000_0000 != 0;
        let start = start & 0x3FFF_FFFF;
        let (start, width) = if is_narrow { (start / 2, 1) } else { (start, 2) };
        for (range, pieces) in ranges.iter().zip(&mut of_ranges) {
            let (first, end) = (from.max(range.start), to.min(range.end));
            if first < end {
                pieces.push(Piece {
                    count: end - first,
                    start: start.checked_add((first - from).checked_mul(width)?)?,
                    is_narrow,
                    properties: (modifier & 1 == 1).then_some(usize::from(modifier >> 1)),
                });
            }
        }
        last = to;
        if to == most {
            break;
        }
    }
    let [mut pieces, of_boxes] = of_ranges;
    let of_body = pieces.len();
    pieces.extend(of_boxes);
    (last >= body.end).then_some(Pieces { pieces, of_body, properties })
}
