//! Finds the piece of text that a place in the source became.
//!
//! Formats differ in how exact a place is: a text knows the bytes of each character, a Word document only the line of
//! a paragraph. So a place is looked up by its table, row and column first, then by its line and bytes, and within the
//! text by what is printed there.

use std::collections::HashMap;
use std::ops::Range;

use document::{Block, Document, Text};

use crate::model::{Mark, Target};

/// Characters of a text that are looked at for one target: more than any paragraph has.
const MOST_CHARACTERS: usize = 200_000;

/// A text of the document.
struct Spot<'a> {
    text: &'a Text,
    piece: u32,
    row: u32,
    cell: u32,
}

/// The place of one character.
#[derive(Clone, Copy)]
struct Letter {
    at: usize,
    line: u32,
    start: u64,
    end: u64,
}

pub(crate) fn find(document: &Document, targets: &[Target]) -> Vec<Mark> {
    let spots = spots(document);
    let mut finder =
        Finder { tables: tables(&spots, document), lines: lines(&spots), spots, letters: HashMap::new() };
    let marks = (0..).zip(targets).filter_map(|(index, target)| finder.mark(index, target));
    marks.collect()
}

struct Finder<'a> {
    spots: Vec<Spot<'a>>,
    /// Spots by table, row and column.
    tables: HashMap<(u32, u32, u32), usize>,
    /// Spots by each line that they have text of.
    lines: HashMap<u32, Vec<usize>>,
    /// The characters of the spots that were looked into.
    letters: HashMap<usize, Vec<Letter>>,
}

impl Finder<'_> {
    fn mark(&mut self, index: u32, target: &Target) -> Option<Mark> {
        let in_table = target.table.zip(target.row).zip(target.column);
        let by_table =
            in_table.and_then(|((table, row), column)| self.tables.get(&(table, row, column)).copied());
        let by_table = by_table.and_then(|spot| Some((spot, self.range(spot, target)?)));
        let (spot, range) = by_table.or_else(|| self.by_line(target))?;
        let spot = self.spots.get(spot)?;
        let (from, to) = (range.start as u32, range.end as u32);
        Some(Mark { target: index, piece: spot.piece, row: spot.row, cell: spot.cell, from, to })
    }

    /// The shortest range of any text of the line; where two are as short, the first.
    fn by_line(&mut self, target: &Target) -> Option<(usize, Range<usize>)> {
        let candidates = self.lines.get(&target.line).cloned().unwrap_or_default();
        let found = candidates.into_iter().filter_map(|spot| Some((spot, self.range(spot, target)?)));
        found.min_by_key(|(_, range)| range.len())
    }

    /// The part of a text that the target is; none where it is not in this text.
    fn range(&mut self, spot: usize, target: &Target) -> Option<Range<usize>> {
        let text = self.spots.get(spot)?.text;
        if text.is_empty() {
            let place = text.place();
            let is_here = place.line == target.line && (place.start..=place.end).contains(&target.start);
            return is_here.then_some(0..0);
        }
        let letters = self.letters.entry(spot).or_insert_with(|| letters(text));
        let is_inside = |letter: &&Letter| match target.start == target.end {
            true => letter.line == target.line && (letter.start..=letter.end).contains(&target.start),
            false => letter.start < target.end && target.start < letter.end,
        };
        let is_begun = letters.iter().any(|letter| letter.line == target.line && is_inside(&letter));
        // Formats without bytes of their own give every character the whole file or nothing.
        let is_coarse = letters.iter().all(|letter| (letter.start, letter.end) == (target.start, target.end));
        let mut inside = letters.iter().filter(|letter| match is_coarse {
            true => letter.line == target.line,
            false => is_begun && is_inside(letter),
        });
        let first = inside.next()?;
        let last = inside.next_back().unwrap_or(first);
        let length =
            text.as_str().get(last.at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let range = first.at..last.at + length;
        Some(narrowed(text.as_str(), range, &target.text))
    }
}

/// Where the printed words stand in the range, if they stand there once; else all of it.
fn narrowed(text: &str, range: Range<usize>, words: &str) -> Range<usize> {
    let part = text.get(range.clone()).unwrap_or_default();
    if words.is_empty() || part.len() == words.len() {
        return range;
    }
    let mut found = part.match_indices(words);
    match (found.next(), found.next()) {
        (Some((at, _)), None) => range.start + at..range.start + at + words.len(),
        _ => range,
    }
}

fn letters(text: &Text) -> Vec<Letter> {
    let characters = text.as_str().char_indices().take(MOST_CHARACTERS);
    let letter = |(at, character): (usize, char)| {
        let place = text.place_of(at..at + character.len_utf8());
        Letter { at, line: place.line, start: place.start, end: place.end }
    };
    characters.map(letter).collect()
}

fn spots(document: &Document) -> Vec<Spot<'_>> {
    let mut spots = Vec::new();
    for (piece, block) in (0..).zip(&document.blocks) {
        match block {
            Block::Paragraph(paragraph) => spots.push(Spot { text: &paragraph.text, piece, row: 0, cell: 0 }),
            Block::Table(table) => {
                for (row, cells) in (0..).zip(&table.rows) {
                    let cells = (0..).zip(&cells.cells);
                    spots.extend(cells.map(|(index, cell)| Spot {
                        text: &cell.text,
                        piece,
                        row,
                        cell: index,
                    }));
                }
            }
        }
    }
    spots
}

fn tables(spots: &[Spot<'_>], document: &Document) -> HashMap<(u32, u32, u32), usize> {
    let mut numbers = HashMap::new();
    let tables = (0..).zip(&document.blocks).filter(|(_, block)| matches!(block, Block::Table(_)));
    for (number, (piece, _)) in (0..).zip(tables) {
        numbers.insert(piece, number);
    }
    let column = |spot: &Spot<'_>| match document.blocks.get(spot.piece as usize)? {
        Block::Table(table) => Some(table.rows.get(spot.row as usize)?.cells.get(spot.cell as usize)?.column),
        Block::Paragraph(_) => None,
    };
    let places = spots.iter().enumerate().filter_map(|(index, spot)| {
        let number: u32 = *numbers.get(&spot.piece)?;
        Some(((number, spot.row, column(spot)?), index))
    });
    places.collect()
}

fn lines(spots: &[Spot<'_>]) -> HashMap<u32, Vec<usize>> {
    let mut lines: HashMap<u32, Vec<usize>> = HashMap::new();
    for (index, spot) in spots.iter().enumerate() {
        let mut last = None;
        let own = spot.text.place().line;
        let of_letters = letters(spot.text).into_iter().map(|letter| letter.line);
        for line in of_letters.chain([own]) {
            if last != Some(line) {
                let entry = lines.entry(line).or_default();
                if entry.last() != Some(&index) {
                    entry.push(index);
                }
                last = Some(line);
            }
        }
    }
    lines
}
