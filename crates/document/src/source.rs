//! A decoded file, with a map from its characters back to its bytes.

use std::borrow::Cow;
use std::ops::Range;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::model::{Text, Width};

/// A decoded file.
pub(crate) struct Source<'a> {
    /// The decoded text.
    pub(crate) text: Cow<'a, str>,
    /// How it was decoded.
    pub(crate) encoding: &'static Encoding,
    bytes: &'a [u8],
    /// Length of the byte order mark.
    bom: usize,
    /// Known positions, in order and close together: a look-up decodes the bytes after one again.
    marks: Vec<Mark>,
}

/// A position where a byte and a character are known to begin together.
#[derive(Clone, Copy)]
struct Mark {
    text: u32,
    byte: u32,
    line: u32,
}

/// Characters between two marks, in bytes: the price of a look-up against the memory of the marks.
const STEP: usize = 64;

impl<'a> Source<'a> {
    /// Decodes a file. Offsets are kept in 32 bits, so it must be shorter than a gigabyte.
    pub(crate) fn decode(bytes: &'a [u8], encoding: &'static Encoding, bom: usize) -> Source<'a> {
        let plain = (encoding == UTF_8).then(|| std::str::from_utf8(bytes.get(bom..)?).ok()).flatten();
        let mut source =
            Source { text: Cow::Borrowed(plain.unwrap_or("")), encoding, bytes, bom, marks: Vec::new() };
        if plain.is_none() {
            source.text = Cow::Owned(source.decode_in_steps());
        } else {
            let count = source.text.len() / STEP + 1;
            source.marks = (0..count).map(|step| mark(step * STEP, bom + step * STEP)).collect();
        }
        source.number_lines();
        source
    }

    fn decode_in_steps(&mut self) -> String {
        let mut text = String::with_capacity(self.bytes.len());
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        let (mut buffer, mut byte) = ([0; STEP], self.bom);
        loop {
            self.marks.push(mark(text.len(), byte));
            let rest = self.bytes.get(byte..).unwrap_or_default();
            // The decoder stops between two characters when the buffer is full.
            let (result, read, written, _) = decoder.decode_to_utf8(rest, &mut buffer, true);
            text.push_str(
                std::str::from_utf8(buffer.get(..written).unwrap_or(&buffer))
                    .expect("a decoder writes UTF-8"),
            );
            byte += read;
            if result == encoding_rs::CoderResult::InputEmpty {
                return text;
            }
        }
    }

    fn number_lines(&mut self) {
        let (mut line, mut from) = (1, 0);
        let text = self.text.as_bytes();
        for mark in &mut self.marks {
            line += breaks(text, from..mark.text as usize);
            from = mark.text as usize;
            mark.line = line;
        }
    }

    /// A piece of the source; `range` is in bytes of `self.text`.
    pub(crate) fn slice(&self, range: Range<usize>) -> Text {
        let mut text = Text::default();
        self.push_onto(&mut text, range);
        text
    }

    /// Appends a piece of the source to a text.
    pub(crate) fn push_onto(&self, text: &mut Text, range: Range<usize>) {
        let piece = &self.text[range.clone()];
        let (start, end) = (self.byte(range.start), self.byte(range.end));
        let width = match self.encoding {
            encoding if encoding == UTF_8 => Width::Utf8,
            encoding if encoding == UTF_16LE || encoding == UTF_16BE => Width::Utf16,
            _ => Width::Double,
        };
        if width.of(piece) == end - start {
            text.push(piece, self.line(range.start), start as u64..end as u64, width);
            return;
        }
        // A character of unusual length, or one that was not decodable: each gets its own place.
        for (at, character) in piece.char_indices() {
            let at = range.start + at;
            let next = at + character.len_utf8();
            let (start, end) = (self.byte(at) as u64, self.byte(next) as u64);
            text.push(&self.text[at..next], self.line(at), start..end, Width::Whole);
        }
    }

    /// The line of a character, from 1.
    pub(crate) fn line(&self, at: usize) -> u32 {
        let mark = self.mark(at);
        mark.line + breaks(self.text.as_bytes(), mark.text as usize..at)
    }

    /// Where the bytes of a character begin.
    pub(crate) fn byte(&self, at: usize) -> usize {
        let mark = self.mark(at);
        let (mut text, mut byte) = (mark.text as usize, mark.byte as usize);
        if matches!(self.text, Cow::Borrowed(_)) {
            return byte + (at - text);
        }
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        let mut buffer = [0; 16];
        // Decode one byte at a time: a character appears when its last byte has been read.
        let mut next = byte;
        while let Some(one) = self.bytes.get(next..=next).filter(|_| text < at) {
            let (_, _, written, _) = decoder.decode_to_utf8(one, &mut buffer, false);
            next += 1;
            if written > 0 {
                text += written;
                byte = next;
            }
        }
        if text < at { self.bytes.len() } else { byte }
    }

    fn mark(&self, at: usize) -> Mark {
        let next = self.marks.partition_point(|mark| mark.text as usize <= at);
        self.marks.get(next.saturating_sub(1)).copied().unwrap_or(Mark { text: 0, byte: 0, line: 1 })
    }
}

fn mark(text: usize, byte: usize) -> Mark {
    let short = |offset| u32::try_from(offset).expect("files are shorter than a gigabyte");
    Mark { text: short(text), byte: short(byte), line: 1 }
}

/// Line breaks in a range: LF, CR LF, or CR alone.
fn breaks(text: &[u8], range: Range<usize>) -> u32 {
    let after = text.get(range.end);
    let bytes = text.get(range).unwrap_or_default();
    let next = bytes.iter().skip(1).map(Some).chain([after]);
    let is_break = |(byte, next): &(&u8, Option<&u8>)| match byte {
        b'\n' => true,
        b'\r' => *next != Some(&b'\n'),
        _ => false,
    };
    bytes.iter().zip(next).filter(is_break).count() as u32
}
