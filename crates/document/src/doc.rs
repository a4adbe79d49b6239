//! Word and WPS documents of before 2007: streams of a compound file.
//!
//! The text is in pieces in the stream `WordDocument`. Pages of properties format its paragraphs and
//! characters, by byte offset. Behind the body there are headers, notes and
//! comments, which are left out, and the text boxes, which are read after the body. Field codes, hidden
//! and deleted text are left out, numbers of lists are counted as they are printed.
//!
//! Origins: `line` is the running number of the paragraph or table row in the document, and the bytes
//! are those of the whole file, since the streams of a compound file are scattered over it.

mod lists;
mod pages;
mod paragraph;
mod pieces;
mod sprm;
mod styles;

use std::collections::HashMap;
use std::ops::Range;

use crate::compound::{Compound, u16_at, u32_at};
use crate::error::ReadError;
use crate::kind::Kind;
use crate::letters::{Ground, Letters, WHITE, are_near};
use crate::limits::Limits;
use crate::model::{Block, Doubt, Text, Width};
use crate::superscripts::{Raised, text_without_marks};
use crate::word_tables::{Cells, blank};
use lists::Lists;
use pages::Run;
use paragraph::Properties;
use sprm::sprms;

/// The blocks of a document.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<Block>, ReadError> {
    let mut file = Compound::open(bytes, Kind::Doc)?;
    let stream = file.stream("WordDocument")?.ok_or_else(|| broken("no text"))?;
    let head = Head::read(&stream)?;
    let table = file.stream(head.table)?.ok_or_else(|| broken("no tables of its parts"))?;
    let data = file.stream("Data")?.unwrap_or_default();
    let part = |(start, size): (usize, usize)| {
        let end = start.saturating_add(size).min(table.len());
        table.get(start..end).unwrap_or_default()
    };
    let pieces = pieces::read(part(head.pieces), &[0..head.characters, head.boxes.clone()])
        .ok_or_else(|| broken("the pieces of its text"))?;
    // No byte of the text is in two pieces.
    let bytes_of_text: u64 =
        pieces.pieces.iter().map(|piece| u64::from(piece.count) * if piece.is_narrow { 1 } else { 2 }).sum();
    if bytes_of_text > stream.len() as u64 {
        return Err(broken("its text is longer than the file"));
    }
    let mut budget = limits.inflated_bytes;
    let mut reader = Reader {
        styles: styles::read(part(head.styles), &data, &mut budget),
        character_styles: styles::looks(part(head.styles)),
        characters: pages::characters(part(head.character_pages), &stream),
        paragraphs: pages::paragraphs(part(head.paragraph_pages), &stream),
        lists: Lists::read(&table, head.lists, head.list_uses),
        looks: HashMap::new(),
        data: &data,
        budget,
        fields: Vec::new(),
        text: String::new(),
        raised: Vec::new(),
        doubts: Vec::new(),
        number: String::new(),
        ground: Some(WHITE),
        line: 1,
        bytes: bytes.len() as u64,
        cells: Cells::new(limits),
    };
    if reader.paragraphs.iter().any(|run| paints_cells(run.properties)) {
        reader.ground = None;
    }
    for (index, piece) in pieces.pieces.iter().enumerate() {
        if index == pieces.of_body {
            reader.end_paragraph(0, None)?;
        }
        let properties = piece.properties.and_then(|index| pieces.properties.get(index)).copied();
        reader.piece(piece, properties.unwrap_or_default(), &stream)?;
        if reader.budget == 0 {
            return Err(ReadError::TooMuchInflated { format: Kind::Doc, limit: limits.inflated_bytes });
        }
    }
    reader.end_paragraph(0, None)?;
    reader.cells.finish(&[])
}

/// Whether the end of a row paints something else than white behind its cells.
fn paints_cells(properties: &[u8]) -> bool {
    let shadings = sprms(properties.get(2..).unwrap_or_default())
        .filter(|sprm| sprm::CELLS_SHADING.contains(&sprm.code))
        .flat_map(|sprm| sprm.operand.chunks_exact(10));
    shadings.filter_map(sprm::shading).any(|ground| !are_near(ground, WHITE))
}

fn broken(what: &str) -> ReadError {
    ReadError::Broken { format: Kind::Doc, what: what.into() }
}

/// The file information block: the properties of the file, and the offsets of the parts in its table stream.
struct Head {
    table: &'static str,
    /// Characters of the body.
    characters: u32,
    /// The characters of its text boxes, counted on from the body.
    boxes: Range<u32>,
    pieces: (usize, usize),
    styles: (usize, usize),
    character_pages: (usize, usize),
    paragraph_pages: (usize, usize),
    lists: (usize, usize),
    list_uses: (usize, usize),
}

impl Head {
    fn read(stream: &[u8]) -> Result<Head, ReadError> {
        let word = |at| u16_at(stream, at).ok_or_else(|| broken("its head is cut off"));
        let part = |at| -> Result<(usize, usize), ReadError> {
            match (u32_at(stream, at), u32_at(stream, at + 4)) {
                (Some(start), Some(size)) => Ok((start as usize, size as usize)),
                _ => Err(broken("its head is cut off")),
            }
        };
        if word(0)? != 0xA5EC && word(0)? != 0xA5DC {
            return Err(broken("its head is not Word's"));
        }
        if word(2)? < 0xC1 {
            return Err(ReadError::Outdated { format: Kind::Doc, version: "Word 6/95" });
        }
        // Body, notes, headers, macros, comments, endnotes, text boxes.
        let mut ends = [0_u32; 7];
        let mut end = 0_u32;
        for (index, found) in ends.iter_mut().enumerate() {
            end = end.saturating_add(u32_at(stream, 0x4C + index * 4).unwrap_or(0));
            *found = end;
        }
        let flags = word(0x0A)?;
        if flags & 0x0100 != 0 {
            return Err(ReadError::Encrypted { format: Kind::Doc });
        }
        Ok(Head {
            table: if flags & 0x0200 != 0 { "1Table" } else { "0Table" },
            characters: u32_at(stream, 0x4C).ok_or_else(|| broken("its head is cut off"))?,
            boxes: ends[5]..ends[6],
            pieces: part(0x1A2)?,
            styles: part(0xA2)?,
            character_pages: part(0xFA)?,
            paragraph_pages: part(0x102)?,
            lists: part(0x2E2).unwrap_or_default(),
            list_uses: part(0x2EA).unwrap_or_default(),
        })
    }
}

/// The character formats that matter for reading.
#[derive(Debug, Clone, Copy, Default)]
struct Look {
    is_left_out: bool,
    is_deleted: bool,
    is_struck: bool,
    /// Off its line; whether below it.
    raised: Option<bool>,
    letters: Letters,
    symbol: Option<u16>,
}

impl Look {
    /// Applies a list of properties; `styles` are the looks of character styles.
    fn apply(&mut self, list: &[u8], styles: &[Look]) {
        for sprm in sprms(list) {
            match sprm.code {
                sprm::CHARACTER_STYLE => {
                    let style = styles.get(usize::from(sprm.word())).copied().unwrap_or_default();
                    self.raised = style.raised.or(self.raised);
                    self.is_left_out |= style.is_left_out;
                    self.is_struck |= style.is_struck;
                    self.letters.change(style.letters);
                }
                sprm::RAISED => {
                    self.raised = match sprm.byte() {
                        0 => None,
                        raised => Some(raised == 2),
                    };
                }
                sprm::COLOUR => self.letters.colour = Some(sprm::colour(sprm.operand)),
                sprm::COLOUR_INDEX => self.letters.colour = Some(sprm::indexed(sprm.byte())),
                sprm::HIGHLIGHT => self.letters.ground = Some(sprm::indexed(sprm.byte())),
                sprm::SHADING => self.letters.ground = Some(sprm::shading(sprm.operand)),
                sprm::SIZE => self.letters.size = Some(sprm.word().into()),
                sprm::SPACING => self.letters.spacing = Some((sprm.word() as i16).into()),
                sprm::SCALE => self.letters.width = Some(sprm.word().into()),
                sprm::RAISED_BY => self.letters.raised_by = Some((sprm.word() as i16).into()),
                // Struck out by hand is deleted.
                code if sprm::STRUCK.contains(&code) => self.is_struck = sprm.byte() & 1 == 1,
                sprm::DELETED => self.is_deleted = sprm.byte() & 1 == 1,
                sprm::HIDDEN => self.is_left_out = sprm.byte() & 1 == 1,
                sprm::SYMBOL => self.symbol = u16_at(sprm.operand, 2),
                _ => {}
            }
        }
    }
}

struct Reader<'a> {
    styles: Vec<Properties>,
    /// Looks of the styles of characters.
    character_styles: Vec<Look>,
    characters: Vec<Run<'a>>,
    paragraphs: Vec<Run<'a>>,
    lists: Lists,
    /// Looks of the runs that have been met, by where they begin.
    looks: HashMap<u32, Look>,
    data: &'a [u8],
    /// Bytes of properties that may still be read.
    budget: usize,
    /// The fields that are open; whether each is still at its code.
    fields: Vec<bool>,
    text: String,
    /// The raised pieces of the text.
    raised: Vec<Raised>,
    doubts: Vec<(Range<usize>, Doubt)>,
    /// The number of the paragraph in its list.
    number: String,
    /// What is behind the text; none where the file paints behind cells.
    ground: Ground,
    /// Number of the next paragraph or row.
    line: u32,
    bytes: u64,
    cells: Cells<'a>,
}

impl Reader<'_> {
    fn piece(&mut self, piece: &pieces::Piece, properties: &[u8], stream: &[u8]) -> Result<(), ReadError> {
        let width = if piece.is_narrow { 1 } else { 2 };
        let (mut look, mut until) = (Look::default(), 0);
        let mut high = None;
        for index in 0..piece.count {
            let at = piece.start.saturating_add(index * width);
            let unit = match piece.is_narrow {
                true => stream.get(at as usize).map(|byte| narrow(*byte)),
                false => u16_at(stream, at as usize),
            };
            let unit = unit.ok_or_else(|| broken("its text is cut off"))?;
            if at >= until {
                (look, until) = self.look(at, properties);
            }
            if let Some(high) = high.take()
                && (0xDC00..0xE000).contains(&unit)
            {
                let decoded = char::decode_utf16([high, unit]).next().and_then(Result::ok);
                self.push(decoded.unwrap_or('\u{FFFD}'), look);
                continue;
            }
            match unit {
                0xD800..0xDC00 => high = Some(unit),
                0x07 | 0x0D => self.end(unit, at, look, properties)?,
                // Ends of lines, pages and columns.
                0x0B | 0x0C | 0x0E if !look.is_deleted && !look.is_left_out => {
                    let (depth, level) = self.here(at, properties);
                    self.end_paragraph(depth, level)?;
                }
                0x13 => self.fields.push(true),
                0x14 => _ = self.fields.last_mut().map(|field| *field = false),
                0x15 => _ = self.fields.pop(),
                0x1E => self.push('-', look),
                0x09 => self.push('\t', look),
                // Pictures, notes and other marks.
                0..0x20 => {}
                0x28 if look.symbol.is_some() => self.symbol(look),
                unit => self.push(char::from_u32(unit.into()).unwrap_or('\u{FFFD}'), look),
            }
        }
        Ok(())
    }

    /// How a character looks, and the byte up to which others look the same.
    fn look(&mut self, at: u32, properties: &[u8]) -> (Look, u32) {
        let Some(run) = pages::find(&self.characters, at) else { return (Look::default(), at + 1) };
        let mut look = *self.looks.entry(run.start).or_insert_with(|| {
            let mut look = Look::default();
            look.apply(run.properties, &self.character_styles);
            look
        });
        self.budget = self.budget.saturating_sub(properties.len());
        if self.budget > 0 {
            look.apply(properties, &self.character_styles);
        }
        (look, run.end)
    }

    /// Adds a character of a font that the run names.
    fn symbol(&mut self, look: Look) {
        let at = self.text.len();
        match look.symbol {
            // Only the font knows what a character of the private use area looks like: digits are digits in most.
            Some(code @ 0xF030..=0xF039) => {
                self.push(char::from_u32(u32::from(code) - 0xF000).unwrap_or(' '), look);
                self.doubts.push((at..self.text.len(), Doubt::OtherShape));
            }
            Some(0xE000..0xF900) | None => self.doubts.push((at..at, Doubt::OtherShape)),
            Some(code) => char::from_u32(code.into()).into_iter().for_each(|symbol| self.push(symbol, look)),
        }
    }

    fn push(&mut self, character: char, look: Look) {
        if !look.is_left_out && !look.is_deleted && !look.is_struck && !self.fields.contains(&true) {
            let start = self.text.len();
            self.text.push(character);
            let range = start..self.text.len();
            if let Some(is_low) = look.raised.or(look.letters.is_low()) {
                self.raised.push(Raised { range: range.clone(), is_low });
            }
            // What is painted behind a cell is known only at the end of its row.
            let ground: Ground = self.ground;
            if let Some(doubt) = look.letters.doubt(ground) {
                match self.doubts.last_mut() {
                    Some((last, same)) if *same == doubt && last.end == range.start => last.end = range.end,
                    _ => self.doubts.push((range, doubt)),
                }
            }
        }
    }

    /// The properties of the paragraph that ends at a byte.
    fn properties(&mut self, at: u32, of_piece: &[u8]) -> Properties {
        let run = pages::find(&self.paragraphs, at).map_or(&[][..], |run| run.properties);
        let mut style = usize::from(u16_at(run, 0).unwrap_or(0));
        let list = run.get(2..).unwrap_or_default();
        for sprm in sprms(of_piece) {
            if sprm.code == sprm::STYLE {
                style = sprm.word().into();
            }
        }
        let mut properties = self.styles.get(style).cloned().unwrap_or_default();
        properties.apply(list, self.data, &mut self.budget);
        properties.apply(of_piece, self.data, &mut self.budget);
        properties
    }

    fn here(&mut self, at: u32, of_piece: &[u8]) -> (usize, Option<u8>) {
        let properties = self.properties(at, of_piece);
        (depth(&properties), properties.level)
    }

    /// The end of a paragraph (13), or of a cell or row (7).
    fn end(&mut self, unit: u16, at: u32, look: Look, of_piece: &[u8]) -> Result<(), ReadError> {
        // A field code never goes beyond its paragraph; one that does has lost its end.
        self.fields.retain(|is_code| !is_code);
        let properties = self.properties(at, of_piece);
        let depth = depth(&properties);
        let is_row = properties.ends_inner_row || unit == 7 && properties.ends_row;
        let is_cell = unit == 7 || properties.ends_inner_cell;
        if is_row {
            self.text.clear();
            self.raised.clear();
            self.doubts.clear();
            self.cells.end_row(depth.max(1), &properties.edges)?;
            if depth <= 1 {
                self.line += 1;
            }
            return Ok(());
        }
        // A deleted end joins two paragraphs.
        if !is_cell && look.is_deleted {
            return Ok(());
        }
        if properties.list > 0 && !self.text.trim().is_empty() {
            let number = self.lists.next(properties.list, properties.list_level);
            self.number = number.filter(|_| !look.is_left_out).unwrap_or_default();
        }
        self.end_paragraph(if is_cell { depth.max(1) } else { depth }, properties.level)?;
        if is_cell {
            self.cells.end_cell(depth.max(1), blank(self.line, 0))?;
        }
        Ok(())
    }

    fn end_paragraph(&mut self, depth: usize, level: Option<u8>) -> Result<(), ReadError> {
        let mut string = std::mem::take(&mut self.text);
        if depth > 0 {
            string = string.replace('\t', " ");
        }
        let whole = |string: &str| {
            let mut text = Text::default();
            text.push(string, self.line, 0..self.bytes, Width::Whole);
            text
        };
        let mut own = whole(&string);
        for (range, doubt) in self.doubts.drain(..) {
            own.mark_doubtful(range, doubt);
        }
        let mut text = whole(&self.number);
        text.append(&text_without_marks(&own, &self.raised));
        self.raised.clear();
        self.number.clear();
        if depth == 0 && !text.as_str().trim().is_empty() {
            self.line += 1;
        }
        self.cells.paragraph(depth, text, level)
    }
}

fn depth(properties: &Properties) -> usize {
    match (properties.in_table || properties.depth > 0, properties.depth) {
        (false, _) => 0,
        (true, depth) => (depth as usize).max(1),
    }
}

/// A character of one byte: windows-1252, but control characters are Word's.
fn narrow(byte: u8) -> u16 {
    match byte {
        0x80..=0x9F => {
            let text = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.into_owned();
            text.chars().next().map_or(0xFFFD, |character| character as u32 as u16)
        }
        byte => byte.into(),
    }
}
