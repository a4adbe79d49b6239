//! Excel and WPS workbooks before 2007: BIFF8 records in a stream of a compound file.

use encoding_rs::{Encoding, UTF_16LE, WINDOWS_1252};

use super::formats::{Font, Style, indexed};
use super::{Count, Merge, Sheet, Value, number};
use crate::compound::{Compound, u16_at, u32_at};
use crate::error::ReadError;
use crate::kind::Kind;
use crate::letters::{Ground, Letters, Rgb, WHITE};
use crate::limits::Limits;
use crate::model::{Doubt, Text, Width};
use crate::superscripts::{Raised, text_without_marks};

/// Twips of a row, and 256ths of a character of a column, below which nothing of it is shown.
const CLOSED: u16 = 10;

/// The visible sheets in the order of the workbook.
pub(super) fn sheets(bytes: &[u8], limits: &Limits) -> Result<Vec<Sheet>, ReadError> {
    let mut file = Compound::open(bytes, Kind::Xls)?;
    let Some(stream) = file.stream("Workbook")? else {
        return Err(match file.stream("Book")? {
            Some(_) => outdated(),
            None => broken("no workbook"),
        });
    };
    let book = book(&stream)?;
    let mut count = Count::new(limits, Kind::Xls);
    let mut sheets = Vec::new();
    let mut left = stream.len();
    for &start in &book.sheets {
        let (sheet, read) = sheet(stream.get(start..).unwrap_or_default(), &book, &mut count)?;
        // Sheets do not overlap. A file that lists one of them again and again is a bomb.
        left = left.checked_sub(read).ok_or_else(|| broken("two sheets are one"))?;
        sheets.push(sheet);
    }
    Ok(sheets)
}

fn broken(what: &str) -> ReadError {
    ReadError::Broken { format: Kind::Xls, what: what.into() }
}

fn outdated() -> ReadError {
    ReadError::Outdated { format: Kind::Xls, version: "Excel 95" }
}

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000A;
const CONTINUE: u16 = 0x003C;

/// A record with those that continue it.
struct Record<'a> {
    id: u16,
    parts: Vec<&'a [u8]>,
}

impl<'a> Record<'a> {
    fn data(&self) -> &'a [u8] {
        self.parts.first().copied().unwrap_or_default()
    }
}

struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    fn header(&self) -> Option<(u16, &'a [u8])> {
        let (id, length) = (u16_at(self.stream, self.at)?, u16_at(self.stream, self.at + 2)?);
        let start = self.at + 4;
        // The last record of a file cut short is read as far as it goes.
        let end = (start + usize::from(length)).min(self.stream.len());
        Some((id, self.stream.get(start..end)?))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (id, data) = self.header()?;
        self.at += 4 + data.len();
        let mut parts = vec![data];
        while let Some((CONTINUE, data)) = self.header() {
            self.at += 4 + data.len();
            parts.push(data);
        }
        Some(Record { id, parts })
    }
}

/// The parts of the workbook that every sheet needs.
struct Book {
    from_1904: bool,
    encoding: &'static Encoding,
    strings: Vec<Shared>,
    styles: Vec<Style>,
    /// By their numbers in the file.
    fonts: Vec<Font>,
    /// The colours that the file numbers itself, from 8 on.
    palette: Vec<Rgb>,
    /// Where the visible sheets begin in the stream.
    sheets: Vec<usize>,
}

/// A text that several cells may show, and the fonts of its pieces by where they begin.
#[derive(Default, Clone)]
struct Shared {
    text: String,
    runs: Vec<(usize, usize)>,
}

impl Book {
    fn colour(&self, index: u16) -> Option<Rgb> {
        let index = usize::from(index);
        let own = index.checked_sub(8).and_then(|index| self.palette.get(index)).copied();
        // The last ones are those of the window.
        own.or_else(|| if index < 64 { indexed(index) } else { None })
    }

    /// A font: height, strike, colour, and how far it is off the line.
    fn font(&self, data: &[u8]) -> Font {
        let word = |at| u16_at(data, at).unwrap_or(0);
        Font {
            letters: Letters {
                size: Some(u32::from(word(0)) / 10),
                colour: Some(self.colour(word(4))),
                ..Letters::default()
            },
            is_struck: word(2) & 8 != 0,
            raised: match word(8) {
                1 => Some(false),
                2 => Some(true),
                _ => None,
            },
        }
    }

    /// A cell format.
    fn style(&self, data: &[u8], codes: &std::collections::HashMap<u16, String>) -> Style {
        let word = |at| u16_at(data, at).unwrap_or(0);
        let ground: Ground = match (u32_at(data, 14).unwrap_or(0) >> 26, word(18) & 0x7F) {
            (0, _) => Some(WHITE),
            (1, colour) => self.colour(colour),
            _ => None,
        };
        Style {
            code: codes.get(&word(2)).cloned().unwrap_or_else(|| number::builtin(word(2).into()).into()),
            framed: word(10) != 0,
            font: self.fonts.get(usize::from(word(0))).copied().unwrap_or_default(),
            ground,
            repeats: word(6) & 7 == 4,
        }
    }
}

fn book(stream: &[u8]) -> Result<Book, ReadError> {
    let mut records = Records { stream, at: 0 };
    let first = records.next().filter(|record| record.id == BOF).ok_or_else(|| broken("no beginning"))?;
    if u16_at(first.data(), 0) != Some(0x0600) {
        return Err(outdated());
    }
    let mut book = Book {
        from_1904: false,
        encoding: WINDOWS_1252,
        strings: Vec::new(),
        styles: Vec::new(),
        fonts: Vec::new(),
        palette: Vec::new(),
        sheets: Vec::new(),
    };
    let mut codes = std::collections::HashMap::new();
    // The palette may follow the fonts and formats that use it.
    let (mut fonts, mut formats): (Vec<&[u8]>, Vec<&[u8]>) = (Vec::new(), Vec::new());
    for record in records {
        let data = record.data();
        match record.id {
            EOF => {
                for data in fonts {
                    book.fonts.push(book.font(data));
                    // There is no font with the number 4.
                    if book.fonts.len() == 4 {
                        book.fonts.push(Font::default());
                    }
                }
                book.styles = formats.iter().map(|data| book.style(data, &codes)).collect();
                return Ok(book);
            }
            // FILEPASS: from here on everything is encrypted.
            0x002F => return Err(ReadError::Encrypted { format: Kind::Xls }),
            0x0022 => book.from_1904 = u16_at(data, 0) == Some(1),
            // CODEPAGE
            0x0042 if u16_at(data, 0) == Some(936) => book.encoding = encoding_rs::GB18030,
            // BOUNDSHEET: a worksheet, not hidden.
            0x0085 => {
                let start = u32_at(data, 0).ok_or_else(|| broken("a sheet has no place"))?;
                if data.get(4).is_some_and(|state| state & 3 == 0) && data.get(5) == Some(&0) {
                    book.sheets.push(start as usize);
                }
            }
            // FONT
            0x0031 => fonts.push(data),
            // PALETTE
            0x0092 => {
                let colours = data.get(2..).unwrap_or_default().as_chunks::<4>().0.iter();
                book.palette = colours.map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
            }
            // FORMAT
            0x041E => {
                if let (Some(id), Some(code)) = (u16_at(data, 0), text(data, 2, book.encoding)) {
                    codes.insert(id, code);
                }
            }
            // XF
            0x00E0 => formats.push(data),
            // SST
            0x00FC => book.strings = Strings::new(&record.parts, &book).read(),
            _ => {}
        }
    }
    Err(broken("the workbook has no end"))
}

/// A string with a length of two bytes, and whether it is wide.
fn text(data: &[u8], at: usize, narrow: &'static Encoding) -> Option<String> {
    let length = usize::from(u16_at(data, at)?);
    let is_wide = data.get(at + 2)? & 1 == 1;
    let rest = data.get(at + 3..)?;
    let length = if is_wide { 2 * length } else { length };
    Some(characters(rest.get(..length).unwrap_or(rest), is_wide, narrow))
}

fn characters(bytes: &[u8], is_wide: bool, narrow: &'static Encoding) -> String {
    // Narrow strings have one byte a character, but some writers store their code page.
    let encoding = match () {
        () if is_wide => UTF_16LE,
        () if bytes.is_ascii() => WINDOWS_1252,
        () => narrow,
    };
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// The shared strings, which run over the ends of records.
struct Strings<'a> {
    parts: &'a [&'a [u8]],
    part: usize,
    at: usize,
    narrow: &'static Encoding,
}

impl<'a> Strings<'a> {
    fn new(parts: &'a [&'a [u8]], book: &Book) -> Self {
        // The record begins with two counts.
        Strings { parts, part: 0, at: 8, narrow: book.encoding }
    }

    /// As many as there are, whatever the counts say.
    fn read(mut self) -> Vec<Shared> {
        let mut strings = Vec::new();
        while let Some(string) = self.string() {
            strings.push(string);
        }
        strings
    }

    /// The rest of the current record, none at the end.
    fn rest(&mut self) -> Option<&'a [u8]> {
        loop {
            let part = self.parts.get(self.part)?;
            if let Some(rest) = part.get(self.at..).filter(|rest| !rest.is_empty()) {
                return Some(rest);
            }
            (self.part, self.at) = (self.part + 1, 0);
        }
    }

    /// A few bytes of the same record.
    fn few(&mut self, count: usize) -> Option<&'a [u8]> {
        let bytes = self.rest()?.get(..count)?;
        self.at += count;
        Some(bytes)
    }

    fn string(&mut self) -> Option<Shared> {
        let head = self.few(3)?;
        let (mut left, flags) = (usize::from(u16_at(head, 0)?), *head.get(2)?);
        let runs = if flags & 8 != 0 { usize::from(u16_at(self.few(2)?, 0)?) } else { 0 };
        let extension = if flags & 4 != 0 { u32_at(self.few(4)?, 0)? as usize } else { 0 };
        let mut is_wide = flags & 1 == 1;
        let mut string = String::new();
        let mut part = self.part;
        while left > 0 {
            self.rest()?;
            if self.part != part {
                // A continued record begins with the width of its characters.
                part = self.part;
                is_wide = self.few(1)?.first()? & 1 == 1;
            }
            let width = if is_wide { 2 } else { 1 };
            let rest = self.rest()?;
            if self.part != part {
                continue;
            }
            let count = left.min(rest.len() / width);
            string.push_str(&characters(rest.get(..count * width)?, is_wide, self.narrow));
            left -= count;
            self.at += if count == 0 { rest.len() } else { count * width };
        }
        let runs = self.taken(runs.saturating_mul(4), true);
        // Readings.
        self.taken(extension, false);
        let run = |run: &[u8; 4]| {
            let [start, _, font, _] = [u16_at(run, 0), None, u16_at(run, 2), None];
            (usize::from(start.unwrap_or(0)), usize::from(font.unwrap_or(0)))
        };
        Some(Shared { text: string, runs: runs.as_chunks::<4>().0.iter().map(run).collect() })
    }

    /// The next bytes, which may run over the ends of records.
    fn taken(&mut self, mut count: usize, is_kept: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        while count > 0 {
            let Some(rest) = self.rest() else { break };
            let here = rest.get(..count).unwrap_or(rest);
            if is_kept {
                bytes.extend(here);
            }
            self.at += here.len();
            count -= here.len();
        }
        bytes
    }
}

impl Shared {
    /// What a cell of a style shows of it, without marks of notes, and why that is doubtful.
    fn shown(&self, style: Option<&Style>, fonts: &[Font]) -> (number::Shown, Option<Doubt>) {
        let ground = style.map_or(Some(WHITE), |style| style.ground);
        let of_cell = || style.and_then(|style| style.doubt(None));
        let mut text = Text::default();
        text.push(&self.text, 1, 0..0, Width::Whole);
        let mut raised: Vec<Raised> = Vec::new();
        let mut runs = self.runs.iter().peekable();
        let (mut font, mut units) = (None, 0);
        for (at, character) in self.text.char_indices() {
            while let Some((_, next)) = runs.next_if(|(start, _)| *start <= units) {
                font = fonts.get(*next);
            }
            let range = at..at + character.len_utf8();
            let doubt = font.map_or_else(of_cell, |font| font.doubt(ground));
            doubt.into_iter().for_each(|doubt| text.mark_doubtful(range.clone(), doubt));
            raised.extend(font.and_then(|font| font.raised).map(|is_low| Raised { range, is_low }));
            units += character.len_utf16();
        }
        let text = text_without_marks(&text, &raised);
        let code = style.map_or("General", |style| &style.code);
        (number::shown_text(text.as_str().to_owned(), code), text.doubt())
    }
}

/// A sheet and the bytes that it takes in the stream.
fn sheet(stream: &[u8], book: &Book, count: &mut Count) -> Result<(Sheet, usize), ReadError> {
    let mut reader = SheetReader { book, count, sheet: Sheet::default(), awaited: None, hides_zeros: false };
    let mut records = Records { stream, at: 0 };
    if records.next().is_none_or(|record| record.id != BOF) {
        return Err(broken("a sheet is missing"));
    }
    // Charts inside the sheet have cells of their own.
    let mut inside = 0;
    while let Some(record) = records.next() {
        match (record.id, inside) {
            (BOF, _) => inside += 1,
            (EOF, 0) => return Ok((reader.sheet, records.at)),
            (EOF, _) => inside -= 1,
            (_, 0) => reader.record(&record)?,
            _ => {}
        }
    }
    Err(broken("a sheet has no end"))
}

/// Collects the cells of one sheet.
struct SheetReader<'a> {
    book: &'a Book,
    count: &'a mut Count,
    sheet: Sheet,
    /// The cell of a formula whose text comes in the next record.
    awaited: Option<CellHead>,
    hides_zeros: bool,
}

/// The first bytes of the record of a cell.
#[derive(Clone, Copy)]
struct CellHead {
    row: u16,
    column: u16,
    /// The index of its cell format.
    style: u16,
}

impl SheetReader<'_> {
    fn record(&mut self, record: &Record) -> Result<(), ReadError> {
        let data = record.data();
        let head = (u16_at(data, 0), u16_at(data, 2), u16_at(data, 4));
        let (Some(row), Some(column), Some(style)) = head else { return Ok(()) };
        let cell = CellHead { row, column, style };
        match record.id {
            // NUMBER
            0x0203 => self.put_number(cell, float(data, 6)),
            // RK
            0x027E => self.put_number(cell, u32_at(data, 6).map(small)),
            // MULRK and MULBLANK
            0x00BD => self.cells_side_by_side(cell, data, 6),
            0x00BE => self.cells_side_by_side(cell, data, 2),
            // ROW and COLINFO, where they are hidden or closed.
            0x0208
                if u16_at(data, 12).is_some_and(|flags| flags & 0x20 != 0)
                    || u16_at(data, 6).is_some_and(|height| height < CLOSED) =>
            {
                self.count.one_more()?;
                self.sheet.hidden_rows.push((row.into(), row.into()));
                Ok(())
            }
            0x007D if u16_at(data, 8).is_some_and(|flags| flags & 1 != 0) || style < CLOSED => {
                self.count.one_more()?;
                self.sheet.hidden_columns.push((row.into(), column.into()));
                Ok(())
            }
            // BLANK
            0x0201 => self.put(cell, String::new()),
            // LABELSST
            0x00FD => {
                let string = u32_at(data, 6).and_then(|index| self.book.strings.get(index as usize));
                let string = string.ok_or_else(|| broken("a text is missing"))?;
                let (shown, doubt) = string.shown(self.style(cell), &self.book.fonts);
                self.put_shown(cell, shown, doubt, true)
            }
            // LABEL and RSTRING
            0x0204 | 0x00D6 => self.put(cell, text(data, 6, self.book.encoding).unwrap_or_default()),
            // BOOLERR
            0x0205 => self.put(cell, truth_or_error(data.get(6), data.get(7) == Some(&1))),
            // FORMULA
            0x0006 => self.formula(cell, data),
            // STRING: the text that the formula before it shows.
            0x0207 => match self.awaited.take() {
                Some(cell) => self.put(cell, long_text(record, self.book.encoding)),
                None => Ok(()),
            },
            // WINDOW2
            0x023E => {
                self.hides_zeros = u16_at(data, 0).is_some_and(|flags| flags & 0x10 == 0);
                Ok(())
            }
            // MERGECELLS
            0x00E5 => self.merges(data),
            _ => Ok(()),
        }
    }

    fn style(&self, cell: CellHead) -> Option<&Style> {
        self.book.styles.get(usize::from(cell.style))
    }

    fn put(&mut self, cell: CellHead, text: String) -> Result<(), ReadError> {
        let code = self.style(cell).map_or("General", |style| &style.code);
        let shown = number::shown_text(text, code);
        self.put_shown(cell, shown, None, false)
    }

    /// Puts what a cell shows; whether the doubt already speaks of its font.
    fn put_shown(
        &mut self,
        cell: CellHead,
        shown: number::Shown,
        doubt: Option<Doubt>,
        is_judged: bool,
    ) -> Result<(), ReadError> {
        let style = self.style(cell);
        let framed = style.is_some_and(|style| style.framed);
        let of_style = style.filter(|_| !is_judged).and_then(|style| style.doubt(shown.colour));
        let of_format = shown.is_unsure.then_some(Doubt::Formatted);
        let doubt = if shown.text.is_empty() { None } else { doubt.or(of_format).or(of_style) };
        let value = Value { text: shown.text, framed, doubt };
        self.sheet.put((cell.row.into(), cell.column.into()), value, self.count)
    }

    /// Puts a number as its cell format shows it; a blank where the record is cut off.
    fn put_number(&mut self, cell: CellHead, value: Option<f64>) -> Result<(), ReadError> {
        let code = self.style(cell).map_or("General", |style| &style.code);
        let value = value.filter(|value| *value != 0.0 || !self.hides_zeros);
        let shown = value.map(|value| number::shown(value, code, self.book.from_1904));
        self.put_shown(cell, shown.unwrap_or_default(), None, false)
    }

    /// Cells of one row in one record, `size` bytes each, with the last column at the end.
    fn cells_side_by_side(&mut self, first: CellHead, data: &[u8], size: usize) -> Result<(), ReadError> {
        let cells = data.get(4..data.len().saturating_sub(2)).unwrap_or_default();
        for (cell, column) in cells.chunks_exact(size).zip(first.column..=u16::MAX) {
            let style = u16_at(cell, 0).unwrap_or(0);
            self.put_number(CellHead { column, style, ..first }, u32_at(cell, 2).map(small))?;
        }
        Ok(())
    }

    fn formula(&mut self, cell: CellHead, data: &[u8]) -> Result<(), ReadError> {
        self.awaited = None;
        match data.get(6..14) {
            Some(&[0, .., 0xFF, 0xFF]) => {
                self.awaited = Some(cell);
                Ok(())
            }
            Some(&[1, _, code, .., 0xFF, 0xFF]) => self.put(cell, truth_or_error(Some(&code), false)),
            Some(&[2, _, code, .., 0xFF, 0xFF]) => self.put(cell, truth_or_error(Some(&code), true)),
            Some(&[.., 0xFF, 0xFF]) => self.put(cell, String::new()),
            _ => self.put_number(cell, float(data, 6)),
        }
    }

    fn merges(&mut self, data: &[u8]) -> Result<(), ReadError> {
        for merge in data.get(2..).unwrap_or_default().chunks_exact(8) {
            let side = |at| u32::from(u16_at(merge, at).unwrap_or(0));
            let merge = Merge { top: side(0), bottom: side(2), left: side(4), right: side(6) };
            if merge.top <= merge.bottom && merge.left <= merge.right {
                self.count.one_more()?;
                self.sheet.merges.push(merge);
            }
        }
        Ok(())
    }
}

/// A string that may run over the end of its record.
fn long_text(record: &Record, narrow: &'static Encoding) -> String {
    let mut strings = Strings { parts: &record.parts, part: 0, at: 0, narrow };
    strings.string().unwrap_or_default().text
}

fn float(data: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_le_bytes(data.get(at..at + 8)?.try_into().ok()?))
}

/// A number in four bytes: an integer or the upper half of a float, whole or in hundredths.
fn small(rk: u32) -> f64 {
    let value = match rk & 2 {
        0 => f64::from_bits(u64::from(rk & !3) << 32),
        _ => f64::from(rk as i32 >> 2),
    };
    if rk & 1 == 1 { value / 100.0 } else { value }
}

fn truth_or_error(code: Option<&u8>, is_error: bool) -> String {
    match (code, is_error) {
        (Some(0), false) => "FALSE",
        (Some(_), false) => "TRUE",
        (Some(0x00), true) => "#NULL!",
        (Some(0x07), true) => "#DIV/0!",
        (Some(0x0F), true) => "#VALUE!",
        (Some(0x17), true) => "#REF!",
        (Some(0x1D), true) => "#NAME?",
        (Some(0x24), true) => "#NUM!",
        _ => "#N/A",
    }
    .into()
}
