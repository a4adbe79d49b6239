//! Reads the main part of a DOCX into paragraphs and tables, in one walk without recursion.

mod alternatives;
mod fields;
mod paragraphs;

use std::collections::HashMap;
use std::ops::Range;

use quick_xml::events::BytesStart;

use super::binding::Bindings;
use super::numbering::Numbering;
use super::styles::{Format, Look, Styles, is_on};
use super::table::{self, Open};
use crate::error::ReadError;
use crate::kind::Kind;
use crate::letters::{Ground, WHITE, are_near};
use crate::limits::Limits;
use crate::model::{Block, Doubt};
use crate::nested_tables::moved;
use crate::package::Part;
use crate::superscripts::Raised;
use crate::xml::{self, Event, Xml};

/// Fields inside fields whose state is kept.
const MOST_FIELDS: usize = 64;
/// Tables and text boxes inside each other. Their content is moved once for each.
const MOST_NESTED: usize = 64;
/// Characters of the code of a field that are kept.
const LONGEST_CODE: usize = 200;
/// Twips of a line below which its letters are cut off.
const LOWEST_LINE: i32 = 60;
/// Twips to the left by which a paragraph leaves its cell.
const FARTHEST_INDENT: i32 = 1_000;
/// Columns of a table whose widths are kept.
const MOST_COLUMNS: usize = 1_000;

/// Elements that are not printed, or whose text is elsewhere.
const SKIPPED: [&str; 18] = [
    "del",
    "moveFrom",
    "footnote",
    "endnote",
    "binData",
    "hdr",
    "ftr",
    "delText",
    "delInstrText",
    "sdtEndPr",
    "sectPr",
    "rt",
    "rubyPr",
    "ffData",
    "fldData",
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
    /// The data that controls show.
    pub(super) bindings: Bindings,
}

/// Reads the main part.
pub(super) fn walk(
    part: &Part,
    format: Kind,
    around: Around,
    limits: &Limits,
) -> Result<Vec<Block>, ReadError> {
    let Around { styles, numbering, chunks, bindings } = around;
    let mut walk = Walk {
        limits,
        styles,
        numbering,
        chunks,
        bindings,
        bound: Vec::new(),
        page: Some(WHITE),
        source: part.range.clone(),
        flows: vec![Flow::default()],
        tables: Vec::new(),
        fields: Vec::new(),
        drawing: 0,
        hidden_drawing: 0,
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
            Event::Text(text) => match open.last() {
                // Breaks in the XML are spaces on paper.
                Some(Element::Text { .. }) => {
                    walk.push(text.chars().map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }));
                }
                Some(Element::Instruction) => {
                    if let Some(field) =
                        walk.fields.last_mut().filter(|field| field.code.len() < LONGEST_CODE)
                    {
                        field.code.push_str(&text);
                    }
                }
                _ => {}
            },
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
    /// Shapes and pictures: nothing in them is read but text boxes. Whether they are hidden.
    Drawing(bool),
    /// The code of a field.
    Instruction,
    /// A field with its code in an attribute, whose result is out of date.
    OldField(usize),
    /// Something in which the order or the arrangement of the text is its own.
    Doubtful(usize, Doubt),
    /// A control.
    Control,
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
    bindings: Bindings,
    /// The controls that are open, and what each shows.
    bound: Vec<Bound>,
    /// What is behind the text of the document.
    page: Ground,
    source: Range<u64>,
    /// The document, and above it the cells and text boxes that are open.
    flows: Vec<Flow>,
    tables: Vec<Open>,
    fields: Vec<Field>,
    drawing: usize,
    /// Hidden drawings that are open.
    hidden_drawing: usize,
    /// Of the run that is being read.
    look: Look,
    /// Number of the paragraph or the table row.
    line: u32,
    paragraphs: usize,
    slots: usize,
}

/// A field that is open.
#[derive(Default)]
struct Field {
    code: String,
    /// Whether its code, and not yet its result, is being read.
    is_code: bool,
    /// Its result is out of date: Word computes it again.
    is_dirty: bool,
    /// Where its result begins in the paragraph.
    start: usize,
}

/// A control that is open.
struct Bound {
    /// What it shows; none where it shows its own text.
    value: Option<String>,
    flow: usize,
    /// Where its content begins: blocks of the flow, bytes of its paragraph, cells of the row.
    blocks: usize,
    start: usize,
    cells: usize,
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
    /// Whether it has text of its own, and a shape or a picture.
    has_text: bool,
    has_drawing: bool,
    /// Of a text box: what is behind it is not known.
    is_box: bool,
}

/// A paragraph that is being read.
#[derive(Default)]
struct Running {
    text: String,
    /// The raised pieces of the text.
    raised: Vec<Raised>,
    doubts: Vec<(Range<usize>, Doubt)>,
    line: u32,
    style: Option<String>,
    format: Format,
    /// How its end looks, and by that its number.
    end: Look,
    /// Its number as Word 2003 has counted it.
    number: Option<String>,
    /// In a cell it is put elsewhere, or cut off.
    doubt: Option<Doubt>,
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
            "bdo" | "dir" if xml::attribute(tag, "val").as_deref() == Some("rtl") => {
                Ok(Some(Element::Doubtful(self.length(), Doubt::Reordered)))
            }
            name if alternatives::is_arranged(name) && tag.name().into_inner().starts_with("m:") => {
                Ok(Some(Element::Doubtful(self.length(), Doubt::Fraction)))
            }
            "instrText" => Ok(Some(Element::Instruction)),
            "fldSimple" if xml::attribute(tag, "dirty").is_some_and(|value| is_on(&value)) => {
                Ok(Some(Element::OldField(self.length())))
            }
            "sdt" => Ok(Some(self.open_control())),
            "sdtPr" => self.read_control_properties(xml),
            "tblPr" => self.read_table_properties(open, xml),
            "background" => {
                self.page = super::styles::colour_of_page(tag).or(self.page);
                Ok(Some(Element::Other))
            }
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
                Ok(Some(Element::Drawing(false)))
            }
            "docPr" | "shape" | "rect" if is_hidden_drawing(tag) => {
                self.hide_drawing(open);
                Ok(Some(Element::Other))
            }
            "txbxContent" => self.open_text_box(),
            "altChunk" => Ok(Some(self.insert_chunk(tag))),
            "AlternateContent" => Ok(Some(Element::Alternatives(false))),
            "Choice" | "Fallback" => alternatives::open(tag, open, xml),
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
        let table = self.tables.last().filter(|_| self.flows.last().is_some_and(|flow| !flow.is_box));
        let table = table.and_then(|table| table.style.as_deref());
        self.look = self.styles.paragraph_look(style.as_deref(), table);
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
            self.look.change_by_style(style);
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
        let font = xml::attribute(tag, "font").unwrap_or_default();
        let start = self.length();
        match code {
            // Only a symbol font knows what a character of the private use area looks like.
            Some(code @ 0xF020..=0xF07E) if !crate::symbols::is_pictures(&font) => {
                self.character(char::from_u32(code - 0xF000).unwrap_or(' '));
                if !crate::symbols::is_known(&font) {
                    let end = self.length();
                    self.doubt(start..end, Doubt::OtherShape);
                }
            }
            Some(0xE000..=0xF8FF) => self.doubt(start..start, Doubt::OtherShape),
            Some(code) => {
                char::from_u32(code).map(|character| self.character(character));
            }
            None => {}
        }
        Element::Other
    }

    /// Bytes of the paragraph that is being read.
    fn length(&mut self) -> usize {
        self.running().map_or(0, |paragraph| paragraph.text.len())
    }

    /// Marks a part of the paragraph as doubtful.
    fn doubt(&mut self, range: Range<usize>, doubt: Doubt) {
        let line = self.line.max(1);
        if let Some(flow) = self.flows.last_mut() {
            let paragraph = flow.paragraph.get_or_insert_with(|| Running { line, ..Running::default() });
            match paragraph.doubts.last_mut() {
                Some((last, same)) if *same == doubt && last.end == range.start && last.start < last.end => {
                    last.end = range.end;
                }
                _ => paragraph.doubts.push((range, doubt)),
            }
        }
    }

    /// What is behind the text that is being read.
    fn ground(&self) -> Ground {
        let flow = self.flows.last()?;
        let paragraph = flow.paragraph.as_ref();
        let own = paragraph.and_then(|paragraph| {
            paragraph.format.ground.or_else(|| self.styles.format(paragraph.style.as_deref()).ground)
        });
        if own.is_some() || flow.is_box {
            return own;
        }
        let Some(table) = self.tables.last() else { return self.page };
        if let Some(ground) = flow.properties.ground.or(table.ground) {
            return Some(ground);
        }
        // The style of a table may paint its first row, or every second one.
        let colour = self.look.letters.colour.flatten().unwrap_or(WHITE);
        let mut grounds = table.style.iter().flat_map(|style| self.styles.grounds(style));
        grounds.find(|ground| !are_near(*ground, colour)).or(self.page)
    }

    fn read_table_properties(&mut self, open: &[Element], xml: &mut Xml) -> Opened {
        let table = self.tables.last_mut().filter(|_| matches!(open.last(), Some(Element::Table)));
        let (mut style, mut ground) = (None, None);
        xml.within(|tag, _| {
            match xml::name(tag) {
                "tblStyle" => style = xml::attribute(tag, "val").map(|style| style.into_owned()),
                "shd" => ground = super::styles::fill(tag),
                _ => {}
            }
            Ok(())
        })?;
        if let Some(table) = table {
            (table.style, table.ground) = (style, ground);
        }
        Ok(None)
    }

    /// Hides the drawing around.
    fn hide_drawing(&mut self, open: &mut [Element]) {
        let drawing = open.iter_mut().rev().find_map(|element| match element {
            Element::Drawing(is_hidden) => Some(is_hidden),
            _ => None,
        });
        if let Some(is_hidden) = drawing.filter(|is_hidden| !**is_hidden) {
            *is_hidden = true;
            self.hidden_drawing += 1;
        }
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
        self.flows.push(Flow { is_box: true, ..Flow::default() });
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
                self.fields.retain(|field| !field.is_code);
            }
            Element::Run(start) => self.end_run(start),
            Element::Drawing(is_hidden) => {
                self.drawing = self.drawing.saturating_sub(1);
                self.hidden_drawing -= usize::from(is_hidden);
                self.flows.last_mut().into_iter().for_each(|flow| flow.has_drawing |= !is_hidden);
            }
            Element::OldField(start) => {
                let end = self.length();
                self.doubt(start.min(end)..end, Doubt::Generated);
            }
            Element::Doubtful(start, doubt) => {
                let end = self.length();
                if start < end {
                    self.doubt(start..end, doubt);
                }
            }
            Element::Control => self.end_control(),
            Element::Box(drawing) => {
                self.drawing = drawing;
                self.end_paragraph();
                let is_hidden = self.hidden_drawing > 0;
                if let (Some(text_box), Some(flow)) = (self.flows.pop(), self.flows.last_mut())
                    && !is_hidden
                {
                    flow.boxes.extend(text_box.blocks);
                }
            }
            Element::Cell => {
                self.end_paragraph();
                let limit = self.limits.cells;
                if let (Some(mut flow), Some(table)) = (self.flows.pop(), self.tables.last_mut()) {
                    let hides = table.style.as_ref().is_some_and(|style| self.styles.hides_somewhere(style));
                    flow.judge(hides);
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
            Element::Text { .. } | Element::Alternatives(_) | Element::Instruction | Element::Other => {}
        }
        Ok(())
    }

    /// Marks what a run has added by how it looks.
    fn end_run(&mut self, start: usize) {
        // Letters without a colour of their own are seen on every ground.
        let ground = self.look.letters.colour.flatten().and_then(|_| self.ground());
        let look = std::mem::take(&mut self.look);
        let end = self.length();
        if start >= end {
            return;
        }
        if let (Some(is_low), Some(paragraph)) = (look.is_low(), self.running()) {
            paragraph.raised.push(Raised { range: start..end, is_low });
        }
        if let Some(doubt) = look.doubt(ground) {
            self.doubt(start..end, doubt);
        }
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

    fn push(&mut self, characters: impl Iterator<Item = char>) {
        let instructs = self.fields.iter().any(|field| field.is_code);
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

impl Flow {
    /// Marks the text of a cell that something lies over, or that the style of its table may hide.
    fn judge(&mut self, hides: bool) {
        let has_digit = |block: &Block| {
            block.paragraph_text().is_some_and(|text| text.as_str().contains(|c: char| c.is_ascii_digit()))
        };
        let is_covered = self.has_drawing && self.has_text && self.blocks.iter().any(has_digit);
        let doubt = if is_covered { Some(Doubt::Covered) } else { hides.then_some(Doubt::Hidden) };
        for block in &mut self.blocks {
            if let (Block::Paragraph(paragraph), Some(doubt)) = (block, doubt) {
                paragraph.text.mark_doubtful_since(0, doubt);
            }
        }
    }
}

/// Whether a tag says that its drawing is not shown.
fn is_hidden_drawing(tag: &BytesStart) -> bool {
    let style = xml::attribute(tag, "style").unwrap_or_default().replace(' ', "");
    xml::attribute(tag, "hidden").is_some_and(|value| is_on(&value)) || style.contains("visibility:hidden")
}

/// Whether the innermost open element with a meaning is one of these.
fn is_in(open: &[Element], is: fn(&Element) -> bool) -> bool {
    let means =
        |element: &&Element| !matches!(element, Element::Other | Element::Alternatives(_) | Element::Control);
    open.iter().rfind(means).is_some_and(is)
}

/// Skips an element and everything in it.
fn skip(xml: &mut Xml) -> Opened {
    xml.skip()?;
    Ok(None)
}
