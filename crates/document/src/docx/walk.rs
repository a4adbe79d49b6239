//! Reads the main part of a DOCX into paragraphs and tables, in one walk without recursion.

use std::collections::HashMap;
use std::ops::Range;

use quick_xml::events::BytesStart;

use super::numbering::Numbering;
use super::styles::{Format, Look, Styles};
use super::table::{self, Open};
use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::list_numbering;
use crate::model::{Block, Paragraph, is_blank};
use crate::nested_tables::{moved, whole};
use crate::package::Part;
use crate::superscripts::without_marks;
use crate::xml::{self, Event, Xml};

/// Fields inside fields whose state is kept.
const MOST_FIELDS: usize = 64;
/// Tables and text boxes inside each other. Their content is moved once for each.
const MOST_NESTED: usize = 64;
/// Columns of a table whose widths are kept.
const MOST_COLUMNS: usize = 1_000;

/// Elements that are not printed, or whose text is elsewhere.
const SKIPPED: [&str; 21] = [
    "del",
    "moveFrom",
    "footnote",
    "endnote",
    "binData",
    "hdr",
    "ftr",
    "instrText",
    "delText",
    "delInstrText",
    "sdtPr",
    "sdtEndPr",
    "sectPr",
    "rt",
    "rubyPr",
    "ffData",
    "fldData",
    "tblPr",
    "tblPrEx",
    "customXmlPr",
    "smartTagPr",
];

/// The content of the other parts.
#[derive(Default)]
pub(super) struct Around {
    pub(super) styles: Styles,
    pub(super) numbering: Numbering,
    /// Documents that this one takes in, by the ids of their relations.
    pub(super) chunks: HashMap<String, Vec<Block>>,
}

/// Reads the main part.
pub(super) fn walk(
    part: &Part,
    format: Kind,
    around: Around,
    limits: &Limits,
) -> Result<Vec<Block>, ReadError> {
    let Around { styles, numbering, chunks } = around;
    let mut walk = Walk {
        limits,
        styles,
        numbering,
        chunks,
        source: part.range.clone(),
        flows: vec![Flow::default()],
        tables: Vec::new(),
        fields: Vec::new(),
        drawing: 0,
        look: Look::default(),
        line: 0,
        paragraphs: 0,
        slots: 0,
    };
    let mut xml = Xml::new(part, format, limits);
    let mut open: Vec<Element> = Vec::new();
    while let Some(event) = xml.next()? {
        match event {
            Event::Open(tag) => {
                if let Some(element) = walk.open(&tag, &mut open, &mut xml)? {
                    open.push(element);
                }
            }
            Event::Close => {
                if let Some(element) = open.pop() {
                    walk.close(element)?;
                }
            }
            Event::Text(text) => {
                if let Some(Element::Text { .. }) = open.last() {
                    // Breaks in the XML are spaces on paper.
                    walk.push(text.chars().map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }));
                }
            }
        }
    }
    walk.end_paragraph();
    Ok(walk.flows.pop().map(|flow| flow.blocks).unwrap_or_default())
}

/// An element that is open.
enum Element {
    Paragraph,
    /// A run, and where it begins in the paragraph.
    Run(usize),
    /// Words; where they begin in the paragraph if the white space around them is not meant.
    Text {
        loose: Option<usize>,
    },
    Table,
    Row,
    Cell,
    /// A text box, and the depth of the drawings around it.
    Box(usize),
    /// Shapes and pictures: nothing in them is read but text boxes.
    Drawing,
    /// Several ways to say the same; whether one has been read.
    Alternatives(bool),
    /// Anything that only holds other elements.
    Other,
}

struct Walk<'a> {
    limits: &'a Limits,
    styles: Styles,
    numbering: Numbering,
    chunks: HashMap<String, Vec<Block>>,
    source: Range<u64>,
    /// The document, and above it the cells and text boxes that are open.
    flows: Vec<Flow>,
    tables: Vec<Open>,
    /// The fields that are open; whether their instruction, and not yet their result, is being read.
    fields: Vec<bool>,
    drawing: usize,
    /// Of the run that is being read.
    look: Look,
    /// Number of the paragraph or the table row.
    line: u32,
    paragraphs: usize,
    slots: usize,
}

/// Paragraphs and tables one after another.
#[derive(Default)]
struct Flow {
    blocks: Vec<Block>,
    paragraph: Option<Running>,
    /// Text boxes that are anchored in the paragraph.
    boxes: Vec<Block>,
    /// Of a cell.
    properties: table::Properties,
}

/// A paragraph that is being read.
#[derive(Default)]
struct Running {
    text: String,
    /// The raised pieces of the text.
    raised: Vec<Range<usize>>,
    line: u32,
    style: Option<String>,
    format: Format,
    /// Its number as Word 2003 has counted it.
    number: Option<String>,
    /// Its end was deleted, so that it runs on in the next one.
    runs_on: bool,
}

/// What is left of an opened element: the element to put on the stack, or none if it has been read to
/// its end or skipped.
type Opened = Result<Option<Element>, ReadError>;

impl Walk<'_> {
    /// Handles the start of an element; `open` are the elements around it.
    fn open(&mut self, tag: &BytesStart, open: &mut [Element], xml: &mut Xml) -> Opened {
        let is_text = self.drawing == 0;
        match xml::name(tag) {
            "p" if is_text => self.open_paragraph(),
            "pPr" => self.read_paragraph_properties(xml),
            "r" => Ok(Some(self.open_run())),
            "rPr" => self.read_run_properties(open, xml),
            // Word counts the mark itself; a mark of the author's own is the text of the run.
            "footnoteReference" | "endnoteReference" => {
                self.look.raise();
                Ok(Some(Element::Other))
            }
            "t" if is_text => Ok(Some(self.open_text(tag))),
            "tab" | "ptab" => Ok(Some(self.character('\t'))),
            "br" | "cr" => Ok(Some(self.character('\n'))),
            "noBreakHyphen" => Ok(Some(self.character('-'))),
            "sym" => Ok(Some(self.symbol(tag))),
            "fldChar" => Ok(Some(self.field_mark(tag))),
            "tbl" if is_text => self.open_table(),
            "tblGrid" if matches!(open.last(), Some(Element::Table)) => self.read_column_widths(xml),
            "tr" if is_in(open, |element| matches!(element, Element::Table)) => self.open_row(),
            "trPr" => self.read_row_properties(open, xml),
            "tc" if is_in(open, |element| matches!(element, Element::Row)) => {
                self.flows.push(Flow::default());
                Ok(Some(Element::Cell))
            }
            "tcPr" => self.read_cell_properties(open, xml),
            "drawing" | "pict" | "object" => {
                self.drawing += 1;
                Ok(Some(Element::Drawing))
            }
            "txbxContent" => self.open_text_box(),
            "altChunk" => Ok(Some(self.insert_chunk(tag))),
            "AlternateContent" => Ok(Some(Element::Alternatives(false))),
            "Choice" | "Fallback" => open_alternative(open, xml),
            // Word 2003 marks deleted text this way.
            "annotation" if xml::attribute(tag, "type").is_some_and(|kind| kind.ends_with(".Deletion")) => {
                skip(xml)
            }
            name if SKIPPED.contains(&name) || name.ends_with("Change") => skip(xml),
            _ => Ok(Some(Element::Other)),
        }
    }

    fn open_paragraph(&mut self) -> Opened {
        self.begin_paragraph()?;
        Ok(Some(Element::Paragraph))
    }

    fn open_run(&mut self) -> Element {
        let style = self.running().and_then(|paragraph| paragraph.style.clone());
        self.look = self.styles.look(style.as_deref());
        Element::Run(self.running().map_or(0, |paragraph| paragraph.text.len()))
    }

    fn read_run_properties(&mut self, open: &[Element], xml: &mut Xml) -> Opened {
        let (mut style, mut own) = (Look::default(), Look::default());
        xml.within(|tag, _| {
            match xml::name(tag) {
                "rStyle" => style = self.styles.look(xml::attribute(tag, "val").as_deref()),
                _ => own.read(tag),
            }
            Ok(())
        })?;
        if matches!(open.last(), Some(Element::Run(_))) {
            self.look.change(style);
            self.look.change(own);
        }
        Ok(None)
    }

    fn open_text(&mut self, tag: &BytesStart) -> Element {
        let is_loose = xml::attribute(tag, "space").as_deref() != Some("preserve");
        let length = || self.running().map_or(0, |paragraph| paragraph.text.len());
        Element::Text { loose: is_loose.then(length) }
    }

    /// Adds the character that an element means.
    fn character(&mut self, character: char) -> Element {
        self.push(std::iter::once(character));
        Element::Other
    }

    fn symbol(&mut self, tag: &BytesStart) -> Element {
        let code = xml::attribute(tag, "char").and_then(|code| u32::from_str_radix(&code, 16).ok());
        // Only a symbol font knows what a character of the private use area looks like.
        let character = code.and_then(char::from_u32).filter(|c| !('\u{E000}'..='\u{F8FF}').contains(c));
        character.map_or(Element::Other, |character| self.character(character))
    }

    /// The begin, the middle or the end of a field.
    fn field_mark(&mut self, tag: &BytesStart) -> Element {
        match xml::attribute(tag, "fldCharType").as_deref() {
            Some("begin") if self.fields.len() < MOST_FIELDS => self.fields.push(true),
            Some("separate") => self.fields.last_mut().into_iter().for_each(|field| *field = false),
            Some("end") => drop(self.fields.pop()),
            _ => {}
        }
        Element::Other
    }

    fn open_table(&mut self) -> Opened {
        self.end_paragraph();
        self.check_depth()?;
        self.tables.push(Open::default());
        Ok(Some(Element::Table))
    }

    fn read_column_widths(&mut self, xml: &mut Xml) -> Opened {
        let mut widths = Vec::new();
        xml.within(|tag, _| {
            if xml::name(tag) == "gridCol" && widths.len() < MOST_COLUMNS {
                widths.push(xml::attribute(tag, "w").and_then(|w| w.parse().ok()).unwrap_or(0));
            }
            Ok(())
        })?;
        if let Some(table) = self.tables.last_mut() {
            table.grid.widths = widths;
        }
        Ok(None)
    }

    fn open_row(&mut self) -> Opened {
        self.count_line()?;
        let line = self.line;
        self.tables.last_mut().into_iter().for_each(|table| table.begin_row(line));
        Ok(Some(Element::Row))
    }

    fn read_row_properties(&mut self, open: &[Element], xml: &mut Xml) -> Opened {
        let table = self.tables.last_mut();
        let mut table = table.filter(|_| matches!(open.last(), Some(Element::Row)));
        xml.within(|tag, _| {
            table.iter_mut().for_each(|table| table.row_property(tag));
            Ok(())
        })?;
        Ok(None)
    }

    fn read_cell_properties(&mut self, open: &[Element], xml: &mut Xml) -> Opened {
        let mut properties = table::Properties::default();
        xml.within(|tag, _| {
            properties.read(tag);
            Ok(())
        })?;
        if let Some(flow) = self.flows.last_mut().filter(|_| matches!(open.last(), Some(Element::Cell))) {
            flow.properties = properties;
        }
        Ok(None)
    }

    fn open_text_box(&mut self) -> Opened {
        self.check_depth()?;
        self.flows.push(Flow::default());
        Ok(Some(Element::Box(std::mem::take(&mut self.drawing))))
    }

    /// Inserts the blocks of an embedded file.
    fn insert_chunk(&mut self, tag: &BytesStart) -> Element {
        let id = xml::attribute(tag, "id").unwrap_or_default();
        // Each file is inserted once, so that the result is never longer than what was sent.
        let chunk = self.chunks.remove(&*id).unwrap_or_default();
        self.end_paragraph();
        let cells = |block: &Block| match block {
            Block::Table(table) => table.rows.iter().map(|row| row.cells.len()).sum(),
            Block::Paragraph(_) => 0,
        };
        if let Some(table) = self.tables.last_mut() {
            table.grid.inside = chunk.iter().map(cells).max().unwrap_or(0).max(table.grid.inside);
        }
        let chunk = moved(chunk, &mut self.line, &self.source);
        if let Some(flow) = self.flows.last_mut() {
            flow.blocks.extend(chunk);
        }
        Element::Other
    }

    fn close(&mut self, element: Element) -> Result<(), ReadError> {
        match element {
            Element::Paragraph => {
                let paragraph = self.flows.last_mut().and_then(|flow| flow.paragraph.as_ref());
                if !paragraph.is_some_and(|paragraph| paragraph.runs_on) {
                    self.end_paragraph();
                }
                // An instruction that never ends would hide the rest of the document.
                self.fields.retain(|instructs| !instructs);
            }
            Element::Run(start) => {
                if std::mem::take(&mut self.look).is_raised()
                    && let Some(paragraph) = self.running()
                {
                    let end = paragraph.text.len();
                    paragraph.raised.push(start.min(end)..end);
                }
            }
            Element::Drawing => self.drawing = self.drawing.saturating_sub(1),
            Element::Box(drawing) => {
                self.drawing = drawing;
                self.end_paragraph();
                if let (Some(text_box), Some(flow)) = (self.flows.pop(), self.flows.last_mut()) {
                    flow.boxes.extend(text_box.blocks);
                }
            }
            Element::Cell => {
                self.end_paragraph();
                let limit = self.limits.cells;
                if let (Some(flow), Some(table)) = (self.flows.pop(), self.tables.last_mut()) {
                    table.cell(&flow.properties, flow.blocks, &mut self.slots, limit)?;
                }
            }
            Element::Row => self.tables.last_mut().into_iter().for_each(Open::end_row),
            Element::Table => {
                let Some(table) = self.tables.pop() else { return Ok(()) };
                if let Some(outer) = self.tables.last_mut() {
                    outer.grid.inside = outer.grid.inside.max(table.grid.cells());
                }
                if let Some(flow) = self.flows.last_mut() {
                    flow.blocks.extend(table.grid.finish(&self.source));
                }
            }
            Element::Text { loose: Some(start) } => {
                if let Some(paragraph) = self.running() {
                    let words =
                        paragraph.text.get(start..).unwrap_or("").trim_matches([' ', '\t']).to_owned();
                    paragraph.text.truncate(start);
                    paragraph.text += &words;
                }
            }
            Element::Text { .. } | Element::Alternatives(_) | Element::Other => {}
        }
        Ok(())
    }

    /// Refuses a document whose tables and text boxes are nested too deep.
    fn check_depth(&self) -> Result<(), ReadError> {
        let found = self.flows.len();
        if found > MOST_NESTED {
            return Err(ReadError::TooDeep { line: self.line, found, limit: MOST_NESTED });
        }
        Ok(())
    }

    fn count_line(&mut self) -> Result<(), ReadError> {
        self.paragraphs += 1;
        if self.paragraphs > self.limits.lines {
            return Err(ReadError::TooManyLines { found: self.paragraphs, limit: self.limits.lines });
        }
        self.line += 1;
        Ok(())
    }

    fn begin_paragraph(&mut self) -> Result<(), ReadError> {
        let runs_on = |flow: &Flow| flow.paragraph.as_ref().is_some_and(|paragraph| paragraph.runs_on);
        if !self.flows.last().is_some_and(runs_on) {
            self.end_paragraph();
        }
        let line = self.line;
        self.count_line()?;
        if !self.tables.is_empty() {
            // In a table the rows are counted.
            self.line = line;
        }
        let line = self.line;
        if let Some(flow) = self.flows.last_mut() {
            let paragraph = flow.paragraph.get_or_insert_default();
            let Running { text, raised, .. } = std::mem::take(paragraph);
            *paragraph = Running { text, raised, line, ..Running::default() };
        }
        Ok(())
    }

    fn read_paragraph_properties(&mut self, xml: &mut Xml) -> Opened {
        let mut read = Running::default();
        xml.within(|tag, _| {
            let value = || xml::attribute(tag, "val").unwrap_or_default();
            match xml::name(tag) {
                "pStyle" => read.style = Some(value().into_owned()),
                "del" | "moveFrom" => read.runs_on = true,
                "annotation" => {
                    let kind = xml::attribute(tag, "type");
                    read.runs_on = kind.is_some_and(|kind| kind.ends_with(".Deletion"));
                }
                "t" => read.number = Some(value().into_owned()),
                // Bullets are letters of such fonts.
                "font" if value().starts_with("Wingdings") || value() == "Symbol" => read.number = None,
                name => read.format.read(name, &value()),
            }
            Ok(())
        })?;
        if let Some(paragraph) = self.running() {
            let Running { style, format, number, runs_on, .. } = read;
            *paragraph = Running { style, format, number, runs_on, ..std::mem::take(paragraph) };
        }
        Ok(None)
    }

    /// Ends the paragraph that is being read, if there is one.
    fn end_paragraph(&mut self) {
        let Some(flow) = self.flows.last_mut() else { return };
        if let Some(paragraph) = flow.paragraph.take() {
            let style = paragraph.style.as_deref();
            let mut format = paragraph.format;
            let own_level = format.number_level;
            let own_number = format.number.is_some();
            format.inherit(&self.styles.format(style));
            if own_number {
                // The level of the style belongs to the number of the style.
                format.number_level = own_level.or(Some(0));
            }
            let number = paragraph.number.map(list_numbering::with_gap);
            let number =
                number.or_else(|| self.numbering.next(&format, style, &self.styles)).unwrap_or_default();
            if !format.contents {
                let text = number + &without_marks(&paragraph.text, &paragraph.raised);
                // A line break ends a paragraph as it does on a web page.
                for line in text.split('\n').map(|line| line.trim_matches(is_blank)) {
                    if !line.is_empty() {
                        let text = whole(line, paragraph.line, &self.source);
                        flow.blocks.push(Block::Paragraph(Paragraph { text, level: format.level() }));
                    }
                }
            }
        }
        flow.blocks.append(&mut flow.boxes);
    }

    fn push(&mut self, characters: impl Iterator<Item = char>) {
        let instructs = self.fields.iter().any(|instructs| *instructs);
        if instructs || !self.look.is_shown() || self.drawing > 0 {
            return;
        }
        let line = self.line.max(1);
        if let Some(flow) = self.flows.last_mut() {
            let paragraph = flow.paragraph.get_or_insert_with(|| Running { line, ..Running::default() });
            paragraph.text.extend(characters);
        }
    }

    /// The paragraph that is being read.
    fn running(&mut self) -> Option<&mut Running> {
        self.flows.last_mut()?.paragraph.as_mut()
    }
}

/// Whether the innermost open element with a meaning is one of these.
fn is_in(open: &[Element], is: fn(&Element) -> bool) -> bool {
    open.iter().rfind(|element| !matches!(element, Element::Other | Element::Alternatives(_))).is_some_and(is)
}

/// Skips an element and everything in it.
fn skip(xml: &mut Xml) -> Opened {
    xml.skip()?;
    Ok(None)
}

/// Reads the first of several alternatives, and skips the others.
fn open_alternative(open: &mut [Element], xml: &mut Xml) -> Opened {
    match open.last_mut() {
        Some(Element::Alternatives(read)) if *read => skip(xml),
        Some(Element::Alternatives(read)) => {
            *read = true;
            Ok(Some(Element::Other))
        }
        _ => Ok(Some(Element::Other)),
    }
}
