//! Reads the content of an ODT into paragraphs and tables, in one walk without recursion.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use quick_xml::events::BytesStart;

use super::lists::{Counts, Styles};
use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::model::{Block, Doubt, Paragraph};
use crate::nested_tables::{Grid, GridCell, lines, whole};
use crate::open_styles::Look;
use crate::package::Part;
use crate::superscripts::{Raised, text_without_marks};
use crate::xml::{self, Event, Xml};

/// Tables and text boxes inside each other. Their content is moved once for each.
const MOST_NESTED: usize = 64;
/// Columns that one cell covers.
const MOST_COLUMNS: u32 = 1_000;
/// Spaces that one element can mean.
const MOST_SPACES: u32 = 100;

/// Elements that are not printed, or that are no part of the text.
const SKIPPED: [&str; 21] = [
    "note",
    "annotation",
    "table-of-content",
    "forms",
    "ruby-text",
    "binary-data",
    "hidden-text",
    "hidden-paragraph",
    "title",
    "desc",
    "object",
    "automatic-styles",
    "font-face-decls",
    "scripts",
    "settings",
    "meta",
    "master-styles",
    "styles",
    "sequence-decls",
    "variable-decls",
    "user-field-decls",
];

/// Reads the content.
pub(super) fn walk(part: &Part, styles: Styles, limits: &Limits) -> Result<Vec<Block>, ReadError> {
    let mut walk = Walk {
        limits,
        styles,
        source: part.range.clone(),
        flows: vec![Flow::default()],
        tables: Vec::new(),
        lists: Vec::new(),
        counts: Vec::new(),
        by_style: HashMap::new(),
        by_id: HashMap::new(),
        outline: Counts::default(),
        deletions: HashSet::new(),
        hidden: 0,
        looks: Vec::new(),
        line: 0,
        paragraphs: 0,
        slots: 0,
    };
    let mut xml = Xml::new(part, Kind::Odt, limits);
    let mut open: Vec<Element> = Vec::new();
    while let Some(event) = xml.next()? {
        match event {
            Event::Open(tag) => {
                if let Some(element) = walk.open(&tag, &open, &mut xml)? {
                    open.push(element);
                }
            }
            Event::Close => {
                if let Some(element) = open.pop() {
                    walk.close(element)?;
                }
            }
            Event::Text(text) => walk.text(&text),
        }
    }
    Ok(walk.flows.pop().map(|flow| flow.blocks).unwrap_or_default())
}

/// An element that is open.
enum Element {
    Paragraph,
    /// A span, where it begins in the paragraph, and whether it is hidden.
    Span {
        start: usize,
        is_hidden: bool,
    },
    List,
    Table,
    Row,
    Cell,
    /// A text box or a shape with text in it.
    Box,
    /// Anything that only holds other elements.
    Other,
}

struct Walk<'a> {
    limits: &'a Limits,
    styles: Styles,
    source: Range<u64>,
    /// The document, and above it the cells and text boxes that are open.
    flows: Vec<Flow>,
    tables: Vec<Open>,
    lists: Vec<List>,
    /// How far each list has counted.
    counts: Vec<Counts>,
    /// The last list of each style, and lists by their names; indices of `counts`.
    by_style: HashMap<String, usize>,
    by_id: HashMap<String, usize>,
    outline: Counts,
    /// Names of the changes that deleted something.
    deletions: HashSet<String>,
    /// Spans of hidden or deleted text that are open.
    hidden: usize,
    /// How the text looks in the paragraph and in the spans that are open.
    looks: Vec<Look>,
    /// Number of the paragraph or the table row.
    line: u32,
    /// Paragraphs, rows and lists.
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
    cell: CellSpan,
    /// The style of the cell.
    style: Option<String>,
    /// Whether it has text of its own, and a shape or a picture.
    has_text: bool,
    has_drawing: bool,
    /// Lists that were open outside.
    lists: usize,
}

#[derive(Default, Clone, Copy)]
struct CellSpan {
    rows: u32,
    columns: u32,
    repeated: u32,
    covered: bool,
}

/// A paragraph that is being read.
#[derive(Default)]
struct Running {
    text: String,
    /// The raised pieces of the text.
    raised: Vec<Raised>,
    doubts: Vec<(Range<usize>, Doubt)>,
    line: u32,
    level: Option<u8>,
    /// The text that has been read of it is shown, and no span of it hidden.
    is_hidden: bool,
}

struct List {
    style: String,
    counts: usize,
    /// The start value of the next item.
    start: Option<u32>,
    /// Whether the next paragraph is the first of an item.
    is_item: bool,
}

/// A table that is being read.
#[derive(Default)]
struct Open {
    grid: Grid,
    row: Vec<GridCell>,
    column: u32,
    line: u32,
}

/// What is left of an opened element: the element to put on the stack, or none if it has been read to
/// its end or skipped.
type Opened = Result<Option<Element>, ReadError>;

impl Walk<'_> {
    /// Handles the start of an element; `open` are the elements around it.
    fn open(&mut self, tag: &BytesStart, open: &[Element], xml: &mut Xml) -> Opened {
        let value = |name: &str| xml::attribute(tag, name);
        match xml::name(tag) {
            "p" => {
                self.begin_paragraph(None, tag)?;
                Ok(Some(Element::Paragraph))
            }
            "h" => self.open_heading(tag),
            "span" => Ok(Some(self.open_span(tag))),
            "s" => {
                let count = number(tag, "c").unwrap_or(1).min(MOST_SPACES) as usize;
                Ok(Some(self.add(std::iter::repeat_n(' ', count))))
            }
            "tab" => Ok(Some(self.add("\t".chars()))),
            "line-break" => Ok(Some(self.add("\n".chars()))),
            "list" => {
                self.count()?;
                self.begin_list(tag);
                Ok(Some(Element::List))
            }
            "list-item" => {
                if let Some(list) = self.lists.last_mut() {
                    (list.is_item, list.start) = (true, number(tag, "start-value"));
                }
                Ok(Some(Element::Other))
            }
            "table" => {
                self.end_paragraph();
                self.check_depth()?;
                self.tables.push(Open::default());
                Ok(Some(Element::Table))
            }
            "table-column" if self.in_table(open) => Ok(Some(self.add_columns(tag))),
            "table-row" if self.in_table(open) => self.open_row(),
            name @ ("table-cell" | "covered-table-cell") if matches!(open.last(), Some(Element::Row)) => {
                Ok(Some(self.open_cell(tag, name == "covered-table-cell")))
            }
            "frame" => {
                self.flows.last_mut().into_iter().for_each(|flow| flow.has_drawing = true);
                Ok(Some(Element::Other))
            }
            "text-box" | "custom-shape" | "rect" | "ellipse" | "circle" | "polygon" | "path" => {
                self.check_depth()?;
                self.flows.last_mut().into_iter().for_each(|flow| flow.has_drawing = true);
                self.flows.push(Flow { lists: self.lists.len(), ..Flow::default() });
                Ok(Some(Element::Box))
            }
            "section" if value("display").as_deref() == Some("none") => skip(xml),
            "tracked-changes" => {
                self.read_deletions(xml)?;
                Ok(None)
            }
            // Deleted text may also stay in the text, between these two.
            "change-start" if self.is_deletion(tag) => {
                self.hidden += 1;
                Ok(Some(Element::Other))
            }
            "change-end" if self.is_deletion(tag) => {
                self.hidden = self.hidden.saturating_sub(1);
                Ok(Some(Element::Other))
            }
            // `text:title` and `text:meta` are fields, whose text is shown.
            "title" | "meta" if tag.name().into_inner().starts_with("text:") => Ok(Some(Element::Other)),
            name if SKIPPED.contains(&name) => skip(xml),
            _ => Ok(Some(Element::Other)),
        }
    }

    fn open_heading(&mut self, tag: &BytesStart) -> Opened {
        let value = |name: &str| xml::attribute(tag, name);
        let level = number(tag, "outline-level").unwrap_or(1).max(1);
        self.begin_paragraph(Some(level.min(6) as u8), tag)?;
        let is_listed = self.lists_here() || value("is-list-header").as_deref() == Some("true");
        if !is_listed {
            let start = number(tag, "start-value").filter(|_| value("restart-numbering").is_some());
            let number = self.styles.heading(level as usize - 1, start, &mut self.outline);
            self.add(number.chars());
        }
        Ok(Some(Element::Paragraph))
    }

    fn open_span(&mut self, tag: &BytesStart) -> Element {
        let Some(style) = xml::attribute(tag, "style-name") else { return Element::Other };
        let mut look = self.looks.last().copied().unwrap_or_default();
        look.change(self.styles.look(&style));
        let is_hidden = !look.is_shown();
        let start = self.running().map_or(0, |paragraph| paragraph.text.len());
        self.hidden += usize::from(is_hidden);
        self.looks.push(look);
        Element::Span { start, is_hidden }
    }

    /// Marks what a span has added by how it looks.
    fn end_span(&mut self, start: usize) {
        let Some(look) = self.looks.pop() else { return };
        let Some(paragraph) = self.running() else { return };
        let end = paragraph.text.len();
        if start >= end {
            return;
        }
        if let Some(is_low) = look.is_low() {
            paragraph.raised.push(Raised { range: start..end, is_low });
        }
        paragraph.doubts.extend(look.doubt().map(|doubt| (start..end, doubt)));
    }

    fn add_columns(&mut self, tag: &BytesStart) -> Element {
        let width = xml::attribute(tag, "style-name").map_or(0, |style| self.styles.width(&style));
        let count = number(tag, "number-columns-repeated").unwrap_or(1).min(MOST_COLUMNS) as usize;
        if let Some(table) = self.tables.last_mut().filter(|table| table.grid.widths.len() < 1_000) {
            table.grid.widths.extend(std::iter::repeat_n(width, count));
        }
        Element::Other
    }

    fn open_row(&mut self) -> Opened {
        self.count_line()?;
        if let Some(table) = self.tables.last_mut() {
            (table.column, table.line) = (0, self.line);
            table.row.clear();
        }
        Ok(Some(Element::Row))
    }

    fn open_cell(&mut self, tag: &BytesStart, covered: bool) -> Element {
        let cell = CellSpan {
            rows: number(tag, "number-rows-spanned").unwrap_or(1).max(1),
            columns: number(tag, "number-columns-spanned").unwrap_or(1).clamp(1, MOST_COLUMNS),
            repeated: number(tag, "number-columns-repeated").unwrap_or(1).clamp(1, MOST_COLUMNS),
            covered,
        };
        let style = xml::attribute(tag, "style-name").map(|style| style.into_owned());
        self.flows.push(Flow { cell, style, lists: self.lists.len(), ..Flow::default() });
        Element::Cell
    }

    /// Reads which of the changes are deletions.
    fn read_deletions(&mut self, xml: &mut Xml) -> Result<(), ReadError> {
        let mut id = String::new();
        xml.within(|tag, _| {
            match xml::name(tag) {
                "changed-region" => id = xml::attribute(tag, "id").unwrap_or_default().into_owned(),
                "deletion" => drop(self.deletions.insert(id.clone())),
                _ => {}
            }
            Ok(())
        })
    }

    fn is_deletion(&self, tag: &BytesStart) -> bool {
        xml::attribute(tag, "change-id").is_some_and(|id| self.deletions.contains(&*id))
    }

    fn close(&mut self, element: Element) -> Result<(), ReadError> {
        match element {
            Element::Paragraph => self.end_paragraph(),
            Element::Span { start, is_hidden } => {
                if !is_hidden {
                    self.end_span(start);
                } else {
                    self.looks.pop();
                }
                self.hidden = self.hidden.saturating_sub(usize::from(is_hidden));
            }
            Element::List => drop(self.lists.pop()),
            Element::Box => {
                self.end_paragraph();
                if let (Some(text_box), Some(flow)) = (self.flows.pop(), self.flows.last_mut()) {
                    flow.boxes.extend(text_box.blocks);
                    if flow.paragraph.is_none() {
                        flow.blocks.append(&mut flow.boxes);
                    }
                }
            }
            Element::Cell => {
                self.end_paragraph();
                let Some(mut flow) = self.flows.pop() else { return Ok(()) };
                flow.judge();
                self.cell(flow)?;
            }
            Element::Row => {
                if let Some(table) = self.tables.last_mut() {
                    let row = std::mem::take(&mut table.row);
                    table.grid.rows.push(row);
                }
            }
            Element::Table => {
                let Some(mut table) = self.tables.pop() else { return Ok(()) };
                if let Some(outer) = self.tables.last_mut() {
                    outer.grid.inside = outer.grid.inside.max(table.grid.cells());
                }
                let rows = table.grid.rows.len();
                for (y, row) in table.grid.rows.iter_mut().enumerate() {
                    row.iter_mut().for_each(|cell| cell.row_span = cell.row_span.min((rows - y) as u32));
                }
                if let Some(flow) = self.flows.last_mut() {
                    flow.blocks.extend(table.grid.finish(&self.source));
                }
            }
            Element::Other => {}
        }
        Ok(())
    }

    fn cell(&mut self, flow: Flow) -> Result<(), ReadError> {
        let Some(table) = self.tables.last_mut() else { return Ok(()) };
        let CellSpan { rows, columns, repeated, covered } = flow.cell;
        self.slots += (columns.max(1) * repeated) as usize;
        if self.slots > self.limits.cells {
            return Err(ReadError::TooManyCells { found: self.slots, limit: self.limits.cells });
        }
        if covered {
            // Its content is not shown.
            table.column += repeated;
            return Ok(());
        }
        // Only short content is repeated: long text is never the same twice.
        let says_little = match flow.blocks.as_slice() {
            [] => true,
            [Block::Paragraph(paragraph)] => paragraph.text.as_str().len() < 100,
            _ => false,
        };
        let repeated = if says_little { repeated } else { 1 };
        for _ in 0..repeated {
            let (column, line) = (table.column, table.line);
            let blocks = flow.blocks.clone();
            table.row.push(GridCell { blocks, column, row_span: rows, column_span: columns, line });
            // Cells that it covers follow and count for themselves.
            table.column += 1;
        }
        Ok(())
    }

    fn begin_list(&mut self, tag: &BytesStart) {
        let value = |name: &str| xml::attribute(tag, name).map(|value| value.into_owned());
        let outer = self.lists.last().filter(|_| self.lists_here());
        let style = value("style-name").or_else(|| outer.map(|list| list.style.clone())).unwrap_or_default();
        let continued = || {
            let by_id = value("continue-list").and_then(|id| self.by_id.get(&id).copied());
            let goes_on = value("continue-numbering").as_deref() == Some("true");
            by_id.or_else(|| self.by_style.get(&style).copied().filter(|_| goes_on))
        };
        let counts = outer.map(|list| list.counts).or_else(continued).unwrap_or_else(|| {
            self.counts.push(Counts::default());
            self.counts.len() - 1
        });
        if let Some(id) = value("id") {
            self.by_id.insert(id, counts);
        }
        self.by_style.insert(style.clone(), counts);
        self.lists.push(List { style, counts, start: None, is_item: false });
    }

    /// Whether a list is open in this cell, text box or document.
    fn lists_here(&self) -> bool {
        self.lists.len() > self.flows.last().map_or(0, |flow| flow.lists)
    }

    /// Whether the element that is being opened belongs to a table, maybe by way of a group of rows.
    fn in_table(&self, open: &[Element]) -> bool {
        let holder = open.iter().rfind(|element| !matches!(element, Element::Other));
        matches!(holder, Some(Element::Table))
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
        self.count()?;
        self.line += 1;
        Ok(())
    }

    fn count(&mut self) -> Result<(), ReadError> {
        self.paragraphs += 1;
        if self.paragraphs > self.limits.lines {
            return Err(ReadError::TooManyLines { found: self.paragraphs, limit: self.limits.lines });
        }
        Ok(())
    }

    fn begin_paragraph(&mut self, level: Option<u8>, tag: &BytesStart) -> Result<(), ReadError> {
        self.end_paragraph();
        let line = self.line;
        self.count_line()?;
        if !self.tables.is_empty() {
            // In a table the rows are counted.
            self.line = line;
        }
        let mut text = String::new();
        let depth = self.lists.len() - self.flows.last().map_or(0, |flow| flow.lists).min(self.lists.len());
        if depth > 0
            && self.hidden == 0
            && let Some(list) = self.lists.last_mut().filter(|list| list.is_item)
        {
            list.is_item = false;
            if let Some(counts) = self.counts.get_mut(list.counts) {
                text = self.styles.number(&list.style, depth - 1, list.start.take(), counts);
            }
        }
        // A paragraph stands in its cell.
        let mut look = Look::default();
        if let Some(style) = self.flows.last().and_then(|flow| flow.style.as_deref()) {
            look.change(self.styles.look(style));
        }
        if let Some(style) = xml::attribute(tag, "style-name") {
            look.change(self.styles.look(&style));
        }
        let is_hidden = !look.is_shown();
        self.looks = vec![look];
        if let Some(flow) = self.flows.last_mut() {
            flow.paragraph = Some(Running { text, line: self.line, level, is_hidden, ..Running::default() });
        }
        Ok(())
    }

    /// Ends the paragraph that is being read, if there is one.
    fn end_paragraph(&mut self) {
        let is_cell = self.flows.len() > 1;
        let look = self.looks.first().copied().unwrap_or_default();
        let Some(flow) = self.flows.last_mut() else { return };
        if let Some(paragraph) = flow.paragraph.take() {
            let mut text = whole(&paragraph.text, paragraph.line, &self.source);
            for (range, doubt) in paragraph.doubts {
                text.mark_doubtful(range, doubt);
            }
            if let Some(doubt) = look.doubt().filter(|_| text.doubt().is_none()) {
                text.mark_doubtful_since(0, doubt);
            }
            let text = text_without_marks(&text, &paragraph.raised);
            let level = paragraph.level;
            for text in lines(&text).filter(|line| is_cell || !line.is_empty()) {
                flow.has_text |= !text.is_empty();
                flow.blocks.push(Block::Paragraph(Paragraph { text, level }));
            }
        }
        flow.blocks.append(&mut flow.boxes);
    }

    /// Adds text, with white space as one space.
    fn text(&mut self, text: &str) {
        let Some(paragraph) = self.running() else { return };
        for character in text.chars() {
            match character {
                ' ' | '\t' | '\r' | '\n' if paragraph.text.ends_with(' ') => {}
                ' ' | '\t' | '\r' | '\n' => paragraph.text.push(' '),
                character => paragraph.text.push(character),
            }
        }
    }

    /// Adds the characters that an element means.
    fn add(&mut self, characters: impl Iterator<Item = char>) -> Element {
        if let Some(paragraph) = self.running() {
            paragraph.text.extend(characters);
        }
        Element::Other
    }

    /// The paragraph that is being read, if it is shown.
    fn running(&mut self) -> Option<&mut Running> {
        let flow = self.flows.last_mut().filter(|_| self.hidden == 0);
        flow.and_then(|flow| flow.paragraph.as_mut()).filter(|paragraph| !paragraph.is_hidden)
    }
}

impl Flow {
    /// Marks the text of a cell that something lies over.
    fn judge(&mut self) {
        let has_digit = |block: &Block| {
            block.paragraph_text().is_some_and(|text| text.as_str().contains(|c: char| c.is_ascii_digit()))
        };
        if !self.has_drawing || !self.has_text || !self.blocks.iter().any(has_digit) {
            return;
        }
        for block in &mut self.blocks {
            if let Block::Paragraph(paragraph) = block {
                paragraph.text.mark_doubtful_since(0, Doubt::Covered);
            }
        }
    }
}

/// An attribute that is a number.
fn number(tag: &BytesStart, name: &str) -> Option<u32> {
    xml::attribute(tag, name).and_then(|value| value.parse().ok())
}

/// Skips an element and everything in it.
fn skip(xml: &mut Xml) -> Opened {
    xml.skip()?;
    Ok(None)
}
