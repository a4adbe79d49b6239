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
use crate::limits::Limits;
use crate::model::{Content, Text, Width};
use crate::superscripts::text_without_marks;
use crate::word_tables::{Cells, Edges, blank};
use token::{Token, Tokens};

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
    text: Text,
    /// The raised pieces of the text.
    raised: Vec<Range<usize>>,
    title: Text,
    row: RowState,
    /// Row definitions of the tables around.
    outer_rows: Vec<(usize, RowState)>,
    /// Number of the row before, as it is numbered.
    last_index: Option<i32>,
    /// The text around the text boxes that are open, with the group of each box.
    around: Vec<(usize, Text, Vec<Range<usize>>)>,
    cells: Cells<'a>,
}

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
    raised: bool,
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
                    if self.around.last().is_some_and(|(depth, ..)| *depth > self.groups.len()) {
                        self.end_paragraph()?;
                        let (_, text, raised) = self.around.pop().unwrap_or_default();
                        (self.text, self.raised) = (text, raised);
                    }
                    if self.outer_rows.last().is_some_and(|(depth, _)| *depth > self.groups.len()) {
                        self.row = self.outer_rows.pop().map(|(_, row)| row).unwrap_or_default();
                    }
                    self.state = state;
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
        if star && !matches!(name, "nesttableprops" | "listtext" | "pntext") || is_left_out(name) {
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
                let State { hidden, deleted, struck, raised, moved_away, encoding, .. } = State::default();
                self.state = State { hidden, deleted, struck, raised, moved_away, encoding, ..self.state };
            }
            "deleted" => self.state.deleted = on,
            "mvf" => self.state.moved_away = on,
            "v" => self.state.hidden = on,
            "strike" | "striked" => self.state.struck = on,
            "super" | "sub" => self.state.raised = on,
            "nosupersub" => self.state.raised = false,
            "pard" => (self.state.in_table, self.state.depth, self.state.level) = (false, 0, None),
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

    fn end_cell(&mut self, depth: usize, at: usize) -> Result<(), ReadError> {
        let text = self.take_text();
        self.cells.paragraph(depth, text, self.state.level)?;
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
        if self.state.raised && self.state.target == Target::Body {
            let start = self.text.as_str().len();
            self.raised.push(start..start + piece.len());
        }
        let text = if self.state.target == Target::Title { &mut self.title } else { &mut self.text };
        text.push(piece, line, range.start as u64..range.end as u64, width);
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
            | "colortbl"
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
