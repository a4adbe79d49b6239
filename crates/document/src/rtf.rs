//! RTF: control words and groups, read once from front to back.
//!
//! The place of a text is its bytes and its line in the file. Text that is not shown is skipped:
//! deleted and hidden text, headers, footers, notes, pictures, field codes.

mod codepage;
mod token;

use std::collections::HashMap;
use std::ops::Range;

use encoding_rs::Encoding;

use crate::error::ReadError;
use crate::letters::{Letters, Rgb, WHITE};
use crate::limits::Limits;
use crate::model::{Content, Doubt, Text, Width};
use crate::superscripts::{Raised, text_without_marks};
use crate::word_tables::{Cells, Edges, blank};
use token::{Token, Tokens};

/// Colours of a file; Word numbers them in a byte.
const MOST_COLOURS: usize = 256;
/// Bytes of the code of a field that are looked at.
const LONGEST_CODE: usize = 100;

/// The title and the blocks of a file.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Content, ReadError> {
    let mut reader = Reader {
        tokens: Tokens::new(bytes),
        limits,
        state: State::default(),
        groups: Vec::new(),
        star: false,
        fresh: false,
        fonts: HashMap::new(),
        font: 0,
        file_encoding: codepage::DEFAULT,
        styles: HashMap::new(),
        style: 0,
        pending: Pending::default(),
        surrogate: None,
        fallback: 0,
        colours: Vec::new(),
        colour: None,
        alternative: None,
        result_is_old: None,
        has_box: false,
        text: Text::default(),
        raised: Vec::new(),
        title: Text::default(),
        row: RowState::default(),
        outer_rows: Vec::new(),
        last_index: None,
        around: Vec::new(),
        cells: Cells::new(limits),
    };
    let complete = reader.run()?;
    reader.flush();
    let depth = reader.depth();
    if complete || depth == 0 {
        reader.end_paragraph()?;
    }
    // Otherwise the file is cut within a cell: half a figure is worse than none.
    let title = Some(reader.title.trimmed()).filter(|title| !title.is_empty());
    Ok(Content { title, ..reader.cells.finish(&reader.row.edges)?.into() })
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    limits: &'a Limits,
    state: State,
    /// The states of the groups around.
    groups: Vec<State>,
    /// Whether `\*` precedes.
    star: bool,
    /// Whether nothing has been read of the group.
    fresh: bool,
    fonts: HashMap<i32, &'static Encoding>,
    /// The font that is being declared.
    font: i32,
    file_encoding: &'static Encoding,
    /// Heading levels of paragraph styles.
    styles: HashMap<i32, u8>,
    /// The style that is being declared.
    style: i32,
    pending: Pending,
    /// First half of a character beyond the basic plane.
    surrogate: Option<(u16, usize)>,
    /// Fallback characters to skip, which are for readers without Unicode.
    fallback: u32,
    /// The colours of the file; none for the automatic one.
    colours: Vec<Option<Rgb>>,
    /// The colour that is being declared.
    colour: Option<Rgb>,
    /// The group around two ways to say the same, whose first one is for old readers.
    alternative: Option<usize>,
    /// The group of a field whose result is out of date, and where its result begins.
    result_is_old: Option<(usize, usize)>,
    /// Whether a text box stands in the cell.
    has_box: bool,
    text: Text,
    /// The raised pieces of the text.
    raised: Vec<Raised>,
    title: Text,
    row: RowState,
    /// Row definitions of the tables around.
    outer_rows: Vec<(usize, RowState)>,
    /// Number of the row before, as it is numbered.
    last_index: Option<i32>,
    /// The text around the text boxes that are open, with the group of each box.
    around: Vec<(usize, Text, Vec<Raised>)>,
    cells: Cells<'a>,
}

/// The strength of a pattern from which nothing is seen through it.
const SOLID: i32 = 9_000;
/// The height of a row in twips from which its text is seen; exact ones are negative.
const LOWEST: i32 = -80;

/// What holds until the group ends.
#[derive(Clone, Copy, Default)]
struct State {
    target: Target,
    /// None for the encoding of the file.
    encoding: Option<&'static Encoding>,
    /// Less one, so that its default is the right one.
    fallback_less_one: i32,
    hidden: bool,
    deleted: bool,
    struck: bool,
    /// Off its line; whether below it.
    raised: Option<bool>,
    letters: Letters,
    /// The pattern behind the letters: its strength up to 10,000, and its colour.
    pattern: (i32, Option<Rgb>),
    /// What is painted behind the paragraph.
    ground: Option<Rgb>,
    moved_away: bool,
    in_table: bool,
    depth: i32,
    level: Option<u8>,
}

/// What is being read.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Target {
    #[default]
    Body,
    Nothing,
    /// A shape; only its text is read.
    Shape,
    Fonts,
    Colours,
    Styles,
    Info,
    Title,
}

/// Bytes of a character that is not complete.
#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

/// The row definition that is being read.
#[derive(Default)]
struct RowState {
    edges: Vec<Edges>,
    next: Edges,
    left: i32,
    /// What is painted behind each cell, and behind the one that comes next.
    grounds: Vec<Option<Rgb>>,
    ground: Option<Rgb>,
    /// It is exactly so high that its text is cut off.
    is_low: bool,
    /// Number of the row in its table.
    index: Option<i32>,
}

impl Reader<'_> {
    /// Reads all tokens; whether the file ends as it should.
    fn run(&mut self) -> Result<bool, ReadError> {
        while let Some((token, range)) = self.tokens.next() {
            if self.fallback > 0 && self.is_fallback(token) {
                continue;
            }
            if !matches!(token, Token::Byte(_)) {
                self.flush();
            }
            let fresh = std::mem::replace(&mut self.fresh, token == Token::Open);
            match token {
                Token::Open => self.open(range.start)?,
                Token::Close => {
                    let Some(state) = self.groups.pop() else { return Ok(true) };
                    let ends_box = self.around.last().is_some_and(|(depth, ..)| *depth > self.groups.len());
                    if ends_box {
                        self.end_paragraph()?;
                        let (_, text, raised) = self.around.pop().unwrap_or_default();
                        (self.text, self.raised) = (text, raised);
                    }
                    if self.outer_rows.last().is_some_and(|(depth, _)| *depth > self.groups.len()) {
                        self.row = self.outer_rows.pop().map(|(_, row)| row).unwrap_or_default();
                    }
                    if self.alternative.is_some_and(|depth| depth > self.groups.len()) {
                        self.alternative = None;
                    }
                    if let Some((depth, start)) = self.result_is_old
                        && depth > self.groups.len()
                    {
                        self.text.mark_doubtful_since(start.min(self.text.as_str().len()), Doubt::Generated);
                        self.result_is_old = None;
                    }
                    self.state = state;
                    self.has_box |= ends_box && self.depth() > 0;
                    if self.groups.is_empty() {
                        return Ok(true);
                    }
                }
                Token::Symbol(b'*') if fresh => self.star = true,
                _ if self.state.target == Target::Nothing => {}
                Token::Word(name, number) => {
                    let star = std::mem::take(&mut self.star);
                    self.word(name, number, star, range)?;
                }
                Token::Symbol(symbol) => self.symbol(symbol, range),
                Token::Byte(byte) => self.byte(byte, range),
                Token::Binary => {}
            }
        }
        Ok(false)
    }

    /// Whether a token is a fallback character behind `\u`.
    fn is_fallback(&mut self, token: Token) -> bool {
        match token {
            Token::Open | Token::Close => {
                self.fallback = 0;
                false
            }
            // Files that count wrong lose a character of text, but never the end of a cell.
            Token::Word(name, _) if is_structure(name) => {
                self.fallback = 0;
                false
            }
            _ => {
                self.fallback -= 1;
                true
            }
        }
    }

    fn open(&mut self, at: usize) -> Result<(), ReadError> {
        self.star = false;
        self.groups.push(self.state);
        let (found, limit) = (self.groups.len(), self.limits.depth);
        if found > limit {
            return Err(ReadError::TooDeep { line: self.tokens.line(at), found, limit });
        }
        if self.state.target == Target::Styles {
            self.style = 0;
        }
        if self.alternative == Some(self.groups.len().saturating_sub(1)) {
            // For readers without Unicode; what follows says the same for all others.
            self.state.target = Target::Nothing;
            self.alternative = Some(usize::MAX);
        }
        Ok(())
    }

    fn word(
        &mut self,
        name: &str,
        number: Option<i32>,
        star: bool,
        range: Range<usize>,
    ) -> Result<(), ReadError> {
        let is_shape = matches!(name, "shpinst" | "do") && self.state.target == Target::Body;
        if is_shape {
            self.state.target = Target::Shape;
            return Ok(());
        }
        if name == "fldinst" && self.state.target == Target::Body {
            self.field_code(range.end);
        }
        if star && !matches!(name, "nesttableprops" | "listtext" | "pntext" | "ud") || is_left_out(name) {
            self.state.target = Target::Nothing;
            return Ok(());
        }
        let on = number != Some(0);
        let value = number.unwrap_or(0);
        match (self.state.target, name) {
            (_, "ansicpg") => self.file_encoding = codepage::of_number(value).unwrap_or(self.file_encoding),
            (_, "mac") => self.file_encoding = encoding_rs::MACINTOSH,
            (_, "uc") => self.state.fallback_less_one = value.clamp(0, 64) - 1,
            (_, "u") => self.unicode(value, range),
            (Target::Shape, "shptxt" | "dptxbxtext") => {
                // Text anchored in a paragraph comes before it.
                let State { encoding, fallback_less_one, .. } = self.state;
                self.state = State { target: Target::Body, encoding, fallback_less_one, ..State::default() };
                self.around.push((
                    self.groups.len(),
                    std::mem::take(&mut self.text),
                    std::mem::take(&mut self.raised),
                ));
            }
            (_, "fonttbl") => self.state.target = Target::Fonts,
            (_, "colortbl") => {
                self.state.target = Target::Colours;
                self.colours.clear();
            }
            (Target::Colours, "red" | "green" | "blue") => {
                let at = ["red", "green", "blue"].iter().position(|part| *part == name).unwrap_or(0);
                let part = self.colour.get_or_insert_default().get_mut(at);
                part.into_iter().for_each(|part| *part = value.clamp(0, 255) as u8);
            }
            (Target::Body, "upr") => self.alternative = Some(self.groups.len()),
            (Target::Body, "flddirty") => {
                self.result_is_old = Some((self.groups.len(), self.text.as_str().len()))
            }
            (_, "stylesheet") => self.state.target = Target::Styles,
            (_, "info") => self.state.target = Target::Info,
            (Target::Info, "title") => self.state.target = Target::Title,
            (Target::Info, _) if self.is_first_in_group() => self.state.target = Target::Nothing,
            (Target::Fonts, "f") => self.font = value,
            (Target::Fonts, "fcharset") => self.declare_font(codepage::of_charset(value)),
            (Target::Fonts, "cpg") => self.declare_font(codepage::of_number(value)),
            (Target::Styles, "s") => self.style = value,
            (Target::Styles, "outlinelevel") => {
                if let Some(level) = level(value) {
                    self.styles.insert(self.style, level);
                }
            }
            (Target::Body | Target::Title, "f") => self.state.encoding = self.fonts.get(&value).copied(),
            (Target::Body, _) => return self.body_word(name, value, on, range),
            _ => {}
        }
        Ok(())
    }

    fn is_first_in_group(&self) -> bool {
        self.groups.last().is_some_and(|outer| outer.target == Target::Info)
    }

    fn declare_font(&mut self, encoding: Option<&'static Encoding>) {
        if let Some(encoding) = encoding {
            self.fonts.insert(self.font, encoding);
        }
    }

    fn body_word(&mut self, name: &str, value: i32, on: bool, range: Range<usize>) -> Result<(), ReadError> {
        match name {
            "plain" => {
                let State { hidden, deleted, struck, raised, letters, pattern, moved_away, encoding, .. } =
                    State::default();
                self.state = State {
                    hidden,
                    deleted,
                    struck,
                    raised,
                    letters,
                    pattern,
                    moved_away,
                    encoding,
                    ..self.state
                };
            }
            "deleted" => self.state.deleted = on,
            "mvf" => self.state.moved_away = on,
            "v" => self.state.hidden = on,
            "webhidden" => self.state.letters.is_hidden_on_web = Some(on),
            "strike" | "striked" => self.state.struck = on,
            "super" | "sub" => self.state.raised = on.then_some(name == "sub"),
            "nosupersub" => self.state.raised = None,
            "cf" => self.state.letters.colour = Some(self.colour_at(value)),
            "cb" | "chcbpat" | "highlight" => self.state.letters.ground = Some(self.colour_at(value)),
            "chcfpat" | "chshdng" => {
                let (strength, colour) = self.state.pattern;
                let is_colour = name == "chcfpat";
                self.state.pattern =
                    if is_colour { (strength, self.colour_at(value)) } else { (value, colour) };
                if let (SOLID.., Some(colour)) = self.state.pattern {
                    self.state.letters.ground = Some(Some(colour));
                }
            }
            "trrh" => self.row.is_low = (LOWEST..0).contains(&value),
            "fs" => self.state.letters.size = u32::try_from(value).ok(),
            "expndtw" => self.state.letters.spacing = Some(value),
            "expnd" => self.state.letters.spacing = Some(value.saturating_mul(5)),
            "charscalex" => self.state.letters.width = u32::try_from(value).ok(),
            "up" => self.state.letters.raised_by = Some(value),
            "dn" => self.state.letters.raised_by = Some(value.saturating_neg()),
            "cbpat" => self.state.ground = self.colour_at(value),
            "clcbpat" => self.row.ground = self.colour_at(value),
            "pard" => {
                let State { in_table, depth, level, ground, .. } = State::default();
                self.state = State { in_table, depth, level, ground, ..self.state };
            }
            "intbl" => self.state.in_table = on,
            "itap" => self.state.depth = value,
            "s" => self.state.level = self.styles.get(&value).copied(),
            "outlinelevel" => self.state.level = level(value),
            // The mark of a deleted paragraph no longer ends one.
            "par" if self.state.deleted => {}
            "par" | "line" | "lbr" | "page" | "column" | "sect" => self.end_paragraph()?,
            "cell" => self.end_cell(1, range.start)?,
            "nestcell" => self.end_cell(self.state.depth.max(2) as usize, range.start)?,
            "row" => self.end_row(1)?,
            "nestrow" => self.end_row(self.state.depth.max(2) as usize)?,
            "nesttableprops" => {
                self.outer_rows.push((self.groups.len(), std::mem::take(&mut self.row)));
            }
            "trowd" => self.row = RowState::default(),
            "irow" => self.row.index = Some(value),
            "trleft" => self.row.left = value,
            "clvmgf" => self.row.next.begins_down = true,
            "clvmrg" => self.row.next.goes_on_down = true,
            "clmrg" => self.row.next.goes_on_right = true,
            "cellx" => {
                let left = self.row.edges.last().map_or(self.row.left, |cell| cell.right);
                let cell = Edges { left, right: value.max(left), ..std::mem::take(&mut self.row.next) };
                self.row.edges.push(cell);
                self.row.grounds.push(self.row.ground.take());
                let (found, limit) = (self.row.edges.len(), self.limits.cells);
                if found > limit {
                    return Err(ReadError::TooManyCells { found, limit });
                }
            }
            _ => {
                if let Some(character) = named(name) {
                    // In a cell a tab is only space.
                    let character = if character == "\t" && self.depth() > 0 { " " } else { character };
                    self.push(character, range);
                }
            }
        }
        Ok(())
    }

    fn symbol(&mut self, symbol: u8, range: Range<usize>) {
        match symbol {
            b'\\' | b'{' | b'}' => self.byte(symbol, range),
            b'~' => self.push("\u{A0}", range),
            b'_' => self.push("-", range),
            _ => {}
        }
    }

    /// The nesting depth of the paragraph in tables.
    fn depth(&self) -> usize {
        match (self.state.depth, self.state.in_table || self.cells.in_row()) {
            (depth @ 2.., _) => depth as usize,
            (_, true) => 1,
            _ => 0,
        }
    }

    fn end_paragraph(&mut self) -> Result<(), ReadError> {
        let text = self.take_text();
        self.cells.paragraph(self.depth(), text, self.state.level)
    }

    /// The text that has been read, without marks of notes.
    fn take_text(&mut self) -> Text {
        let text = std::mem::take(&mut self.text);
        match std::mem::take(&mut self.raised) {
            raised if raised.is_empty() => text,
            raised => text_without_marks(&text, &raised),
        }
    }

    /// Looks at the code of a field that begins at a byte of the file.
    fn field_code(&mut self, at: usize) {
        let code = self.tokens.ahead(at, LONGEST_CODE);
        let names = ["EQ", "SYMBOL", "ADVANCE"];
        let name = code.trim_start_matches(|c: char| !c.is_ascii_uppercase()).split_whitespace().next();
        if name.is_some_and(|name| names.contains(&name)) {
            let at = self.text.as_str().len();
            self.text.mark_doubtful(at..at, Doubt::Fraction);
        }
    }

    /// A colour of the file.
    fn colour_at(&self, index: i32) -> Option<Rgb> {
        usize::try_from(index).ok().and_then(|index| self.colours.get(index)).copied().flatten()
    }

    /// What is behind the text.
    fn ground(&self) -> Option<Rgb> {
        let cell = self.cells.cells_of_row();
        let of_cell = || self.row.grounds.get(cell).copied().flatten();
        self.state.ground.or_else(|| if self.depth() > 0 { of_cell() } else { None }).or(Some(WHITE))
    }

    fn end_cell(&mut self, depth: usize, at: usize) -> Result<(), ReadError> {
        let text = self.take_text();
        let is_covered = std::mem::take(&mut self.has_box) && !text.trimmed().is_empty();
        self.cells.paragraph(depth, text, self.state.level)?;
        if is_covered {
            self.cells.doubt_cell(Doubt::Covered);
        }
        if self.row.is_low {
            self.cells.doubt_cell(Doubt::Clipped);
        }
        let line = self.tokens.line(at);
        self.cells.end_cell(depth, blank(line, at as u64))
    }

    fn end_row(&mut self, depth: usize) -> Result<(), ReadError> {
        // The row numbers start again: this is the next table.
        if depth == 1 {
            if self.row.index == Some(0) && self.last_index.is_some_and(|last| last > 0) {
                self.cells.part_tables()?;
            }
            self.last_index = self.row.index;
        }
        self.cells.end_row(depth, &self.row.edges)
    }

    /// Adds a byte of text, and the character that it completes.
    fn byte(&mut self, byte: u8, range: Range<usize>) {
        if self.state.target == Target::Colours && byte == b';' {
            if self.colours.len() < MOST_COLOURS {
                self.colours.push(self.colour.take());
            }
            return;
        }
        if !self.is_read() {
            return;
        }
        let encoding = self.state.encoding.unwrap_or(self.file_encoding);
        if !self.pending.bytes.is_empty() && !codepage::goes_on(encoding, byte) {
            self.flush();
        }
        if self.pending.bytes.is_empty() {
            if byte.is_ascii() {
                return self.ascii(byte, range);
            }
            self.pending.start = range.start;
        }
        self.pending.bytes.push(byte);
        self.pending.end = range.end;
        let first = self.pending.bytes.first().copied().unwrap_or(byte);
        if self.pending.bytes.len() >= codepage::length(encoding, first) {
            self.flush();
        }
    }

    fn ascii(&mut self, byte: u8, range: Range<usize>) {
        let mut buffer = [0; 4];
        let piece = (byte as char).encode_utf8(&mut buffer);
        let width = if range.len() == 1 { Width::Utf8 } else { Width::Whole };
        self.push_wide(piece, range, width);
    }

    /// Adds the character whose bytes are there, or the mark for half a one.
    fn flush(&mut self) {
        if self.pending.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.pending.bytes);
        let encoding = self.state.encoding.unwrap_or(self.file_encoding);
        let (piece, _) = encoding.decode_without_bom_handling(&bytes);
        self.push(&piece, self.pending.start..self.pending.end);
    }

    /// Adds a character by its number. Numbers above 32,767 are written as negative.
    fn unicode(&mut self, value: i32, range: Range<usize>) {
        self.fallback = u32::try_from(self.state.fallback_less_one + 1).unwrap_or(0);
        let code = if value < 0 { value.wrapping_add(0x1_0000) } else { value } as u32;
        let high = self.surrogate.take();
        let (code, start) = match (code, high) {
            (0xD800..=0xDBFF, _) => {
                self.surrogate = Some((code as u16, range.start));
                return;
            }
            (0xDC00..=0xDFFF, Some((high, start))) => {
                (0x1_0000 + ((u32::from(high) - 0xD800) << 10) + (code - 0xDC00), start)
            }
            _ => (code, range.start),
        };
        let character = char::from_u32(code).unwrap_or('\u{FFFD}');
        self.push(character.encode_utf8(&mut [0; 4]), start..range.end);
    }

    fn is_read(&self) -> bool {
        let State { target, hidden, deleted, struck, moved_away, .. } = self.state;
        matches!(target, Target::Body | Target::Title) && !hidden && !deleted && !struck && !moved_away
    }

    fn push(&mut self, piece: &str, range: Range<usize>) {
        self.push_wide(piece, range, Width::Whole);
    }

    fn push_wide(&mut self, piece: &str, range: Range<usize>, width: Width) {
        if !self.is_read() {
            return;
        }
        let line = self.tokens.line(range.start);
        let source = range.start as u64..range.end as u64;
        if self.state.target == Target::Title {
            return self.title.push(piece, line, source, width);
        }
        let start = self.text.as_str().len();
        self.text.push(piece, line, source, width);
        let raised = self.state.raised.or(self.state.letters.is_low());
        if let Some(is_low) = raised {
            self.raised.push(Raised { range: start..start + piece.len(), is_low });
        }
        if self.state.letters != Letters::default()
            && let Some(doubt) = self.state.letters.doubt(self.ground())
        {
            self.text.mark_doubtful_since(start, doubt);
        }
    }
}

/// The heading level of `\outlinelevelN`.
fn level(outline: i32) -> Option<u8> {
    u8::try_from(outline).ok().filter(|outline| *outline < 6).map(|outline| outline + 1)
}

/// Control words that end something and never are a character.
fn is_structure(name: &str) -> bool {
    matches!(name, "par" | "cell" | "row" | "nestcell" | "nestrow" | "pard" | "trowd" | "u")
}

/// Groups whose text is not on the page, or not in its running text.
fn is_left_out(name: &str) -> bool {
    matches!(
        name,
        "pict"
            | "nonshppict"
            | "shprslt"
            | "nonesttables"
            | "filetbl"
            | "listtable"
            | "listoverridetable"
            | "revtbl"
            | "header"
            | "headerl"
            | "headerr"
            | "headerf"
            | "footer"
            | "footerl"
            | "footerr"
            | "footerf"
            | "footnote"
            | "annotation"
            | "ftnsep"
            | "ftnsepc"
            | "ftncn"
            | "aftnsep"
            | "aftnsepc"
            | "aftncn"
            | "pntxta"
            | "pntxtb"
            | "objdata"
            | "fldinst"
            | "xe"
            | "rxe"
            | "tc"
            | "tcn"
            | "txe"
            | "themedata"
            | "datastore"
    )
}

/// Characters that have a word of their own.
fn named(name: &str) -> Option<&'static str> {
    Some(match name {
        "tab" => "\t",
        "emdash" => "—",
        "endash" => "–",
        "bullet" => "•",
        "lquote" => "‘",
        "rquote" => "’",
        "ldblquote" => "“",
        "rdblquote" => "”",
        "emspace" => "\u{2003}",
        "enspace" => "\u{2002}",
        "qmspace" => "\u{2005}",
        "zwj" => "\u{200D}",
        "zwnj" => "\u{200C}",
        _ => return None,
    })
}
