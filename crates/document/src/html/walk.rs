//! Reads the tree of a page into paragraphs and tables, in one walk without recursion.

use std::collections::HashSet;

use ego_tree::iter::Edge;
use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Html, Node};

use super::grid::{self, Declared, DeclaredRow};
use super::ink::{Generated, Ink, Inks, Moved, Shift, shows};
use super::{breaks, controls, meta, scripts, source_markers, tables};
use crate::error::ReadError;
use crate::limits::Limits;
use crate::model::{Block, Content, Doubt, Layout, Paragraph, Table, Text, Width};
use crate::source::Source;
use crate::superscripts::{Raised, text_without_marks};
use crate::text;

/// Reads the tree; `source` is the page without markers.
pub(super) fn walk(tree: &Html, inks: &Inks, source: &Source, limits: &Limits) -> Result<Content, ReadError> {
    let mut walk = Walk {
        source,
        limits,
        inks,
        data: tables::of_data(tree, inks),
        blocks: Vec::new(),
        text: Text::default(),
        space: false,
        last: 0,
        raised: Vec::new(),
        order: Order::default(),
        level: None,
        table: None,
        slots: 0,
    };
    let mut title = None;
    let mut metadata = Vec::new();
    let (mut hidden, mut skipped) = (0, None);
    for edge in tree.tree.root().traverse() {
        let (node, opens) = match edge {
            Edge::Open(node) => (node, true),
            Edge::Close(node) => (node, false),
        };
        let element = ElementRef::wrap(node);
        if let (true, None, Some(element)) = (opens, &title, element)
            && element.value().name() == "title"
        {
            node.children().for_each(|child| walk.text(child));
            title = Some(std::mem::take(&mut walk.text).trimmed()).filter(|title| !title.is_empty());
            walk.space = false;
        }
        if let (true, Some(element)) = (opens, element)
            && element.value().name() == "meta"
        {
            meta::add(&mut metadata, element, source);
        }
        let hides = element.is_some_and(|element| inks.of(element.id()).is_gone);
        if let (true, 0, None, true, Some(element)) = (opens, hidden, skipped, hides, element) {
            walk.instead_of(element);
        }
        hidden += usize::from(hides && opens);
        if skipped == Some(node.id()) {
            skipped = None;
        } else if hidden == 0 && skipped.is_none() {
            match element {
                Some(element) if opens && walk.verbatim(element)? => skipped = Some(node.id()),
                Some(element) => walk.visit(element, opens)?,
                None if opens => walk.seen_text(node),
                None => {}
            }
        }
        // Decrease after the element: the end of a hidden cell is hidden, too.
        hidden -= usize::from(hides && !opens);
    }
    walk.end_paragraph();
    Ok(Content { encoding: None, title, metadata, blocks: walk.blocks })
}

struct Walk<'a> {
    source: &'a Source<'a>,
    limits: &'a Limits,
    inks: &'a Inks,
    /// The tables that hold data.
    data: HashSet<NodeId>,
    blocks: Vec<Block>,
    /// The paragraph or the cell that is being read.
    text: Text,
    /// Whether white space follows it.
    space: bool,
    /// Where the last piece of text ended, in the decoded source.
    last: usize,
    /// The raised and lowered pieces of the text; the last one may be open.
    raised: Vec<Raised>,
    order: Order,
    level: Option<u8>,
    /// The table that is being read.
    table: Option<Open>,
    slots: usize,
}

/// A table of data that is being read.
struct Open {
    id: NodeId,
    rows: Vec<DeclaredRow>,
    groups: usize,
    /// The cell that is being read.
    cell: Option<NodeId>,
}

/// Whether the pieces of a cell stand in the order of the page.
#[derive(Default)]
struct Order {
    /// The element around the first piece that is not in its place.
    first: Option<Option<Moved>>,
    is_broken: bool,
    /// Whether a picture stands in the cell.
    has_picture: bool,
}

impl Order {
    /// Adds a piece that shows something.
    fn add(&mut self, moved: Option<Moved>) {
        match self.first {
            None => self.first = Some(moved.filter(|moved| !moved.is_left)),
            Some(first) => self.is_broken |= first != moved,
        }
    }
}

impl Walk<'_> {
    /// Handles an element with what its style adds to it.
    fn visit(&mut self, element: ElementRef, opens: bool) -> Result<(), ReadError> {
        let id = element.id();
        if !opens && self.is_in_cell() {
            self.generated(self.inks.after(id));
        }
        self.element(element, opens)?;
        if opens && self.is_in_cell() {
            self.generated(self.inks.before(id));
            if self.inks.of(id).is_written {
                self.doubt_here(Doubt::Generated);
            }
        }
        Ok(())
    }

    fn element(&mut self, element: ElementRef, opens: bool) -> Result<(), ReadError> {
        let name = element.value().name();
        match name {
            "table" if self.table.is_none() && self.data.contains(&element.id()) => {
                self.end_paragraph();
                self.table = Some(Open { id: element.id(), rows: Vec::new(), groups: 0, cell: None });
            }
            "table" if !opens && self.table.as_ref().is_some_and(|table| table.id == element.id()) => {
                self.end_table()?;
            }
            "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" if self.is_of_table(element) => {
                self.table_part(element, opens);
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.end_paragraph();
                self.level = name.as_bytes().get(1).filter(|_| opens).map(|digit| digit - b'0');
            }
            _ => self.piece_of_line(element, opens),
        }
        Ok(())
    }

    /// Handles the start or the end of an element of running text.
    fn piece_of_line(&mut self, element: ElementRef, opens: bool) {
        let ink = self.inks.of(element.id());
        if ink.breaks.unwrap_or_else(|| breaks(element.value().name())) {
            self.end_paragraph();
        } else if let Some(shift) = ink.shift {
            let at = self.text.as_str().len();
            match self.raised.last_mut() {
                Some(last) if !opens => last.range.end = at,
                _ => self.raised.push(Raised { range: at..at, is_low: shift == Shift::Down }),
            }
        }
    }

    fn is_in_cell(&self) -> bool {
        self.table.as_ref().is_some_and(|table| table.cell.is_some())
    }

    /// Adds what is shown in place of an element whose content is not.
    fn instead_of(&mut self, element: ElementRef) {
        if !self.is_in_cell() {
            return;
        }
        match element.value().name() {
            "script" if scripts::writes_here(element) => self.doubt_here(Doubt::Generated),
            _ if !self.inks.of(element.id()).is_replaced => {}
            "img" | "iframe" | "object" | "embed" | "video" => {
                self.order.has_picture |= controls::is_visible(element);
            }
            _ => {
                let Some(shown) = controls::shown(element) else { return };
                let from = self.text.as_str().len();
                self.push(&shown.text, self.last, self.last);
                if let Some(doubt) = shown.doubt {
                    self.text.mark_doubtful_since(from, doubt);
                }
                // A box beside text is not a part of its figure.
                self.order.add(Some(Moved { id: element.id(), is_left: false }));
            }
        }
    }

    /// Adds what a style sheet writes.
    fn generated(&mut self, generated: Option<&Generated>) {
        let Some(Generated(words)) = generated else { return };
        let from = self.text.as_str().len();
        self.push(words.as_deref().unwrap_or(""), self.last, self.last);
        self.text.mark_doubtful_since(from, Doubt::Generated);
    }

    /// Marks that something is shown here which is not stored.
    fn doubt_here(&mut self, doubt: Doubt) {
        let at = self.text.as_str().len();
        if self.text.is_empty() {
            self.push("", self.last, self.last);
        }
        self.text.mark_doubtful(at..at, doubt);
    }

    /// Whether a row, a cell or a group of rows belongs to the table that is being read, and not to
    /// one inside it.
    fn is_of_table(&self, element: ElementRef) -> bool {
        let up = match element.value().name() {
            "td" | "th" => 3,
            "tr" => 2,
            _ => 1,
        };
        let table = element.ancestors().nth(up - 1).map(|table| table.id());
        self.table.as_ref().is_some_and(|open| Some(open.id) == table)
    }

    fn table_part(&mut self, element: ElementRef, opens: bool) {
        let (name, id) = (element.value().name(), element.id());
        let is_cell = matches!(name, "td" | "th");
        if is_cell && opens {
            // A caption, or text that the page has between its cells.
            self.end_paragraph();
            self.last = cell_offset(element).unwrap_or(self.last);
        }
        let text = if is_cell && !opens { self.take_text() } else { Text::default() };
        let Some(table) = &mut self.table else { return };
        match (name, opens) {
            ("tr", true) => {
                let helper = is_helper(element);
                table.rows.push(DeclaredRow { cells: Vec::new(), group: table.groups, helper });
            }
            (_, true) if is_cell => table.cell = Some(id),
            (_, false) if is_cell => {
                table.cell = None;
                self.space = false;
                let here = || self.source.slice(self.last..self.last);
                let text = if text.is_empty() && text.doubt().is_none() { here() } else { text };
                let span = |name| element.attr(name).and_then(number);
                let (row_span, column_span) = (span("rowspan").unwrap_or(1), span("colspan").unwrap_or(1));
                if let Some(row) = table.rows.last_mut() {
                    row.cells.push(Declared { text, row_span, column_span });
                }
            }
            ("tr", _) => {}
            _ => table.groups += 1,
        }
    }

    fn end_table(&mut self) -> Result<(), ReadError> {
        self.end_paragraph();
        if let Some(table) = self.table.take() {
            let rows = grid::form(table.rows, &mut self.slots, self.limits.cells)?;
            self.blocks.push(Block::Table(Table { layout: Layout::Grid, rows }));
        }
        Ok(())
    }

    /// Ends a paragraph; inside a cell, a line.
    fn end_paragraph(&mut self) {
        if self.table.as_ref().is_some_and(|table| table.cell.is_some()) {
            self.space = true;
            return;
        }
        self.space = false;
        let text = self.take_text();
        if !text.is_empty() {
            self.blocks.push(Block::Paragraph(Paragraph { text, level: self.level }));
        }
    }

    /// The text that has been read, without white space round it and without marks of notes.
    fn take_text(&mut self) -> Text {
        let mut text = std::mem::take(&mut self.text);
        let order = std::mem::take(&mut self.order);
        if order.is_broken && self.is_in_cell() {
            text.mark_doubtful_since(0, Doubt::Reordered);
        }
        if order.has_picture && text.as_str().contains(|c: char| c.is_ascii_digit()) {
            text.mark_doubtful_since(0, Doubt::Covered);
        }
        if self.inks.is_cut && self.is_in_cell() {
            text.mark_doubtful_since(0, Doubt::Hidden);
        }
        match std::mem::take(&mut self.raised) {
            raised if raised.is_empty() => text.trimmed(),
            raised => text_without_marks(&text, &raised).trimmed(),
        }
    }

    /// Reads preformatted text as plain text, with the tables in it.
    fn verbatim(&mut self, element: ElementRef) -> Result<bool, ReadError> {
        if !matches!(element.value().name(), "pre" | "body") || self.table.is_some() {
            return Ok(false);
        }
        let mut children = element.children();
        let Some(Node::Text(text)) = children.next().map(|child| child.value()) else { return Ok(false) };
        let Some(start) = source_markers::pieces(text).find_map(|(offset, _)| offset) else {
            return Ok(false);
        };
        let length = self.source.text[start..].find('<').unwrap_or(self.source.text.len() - start);
        let mut range = start..start + length;
        // The first cell may be blank, so its tabs belong to the text.
        let before = self.source.text[..start].trim_end_matches([' ', '\t']);
        range.start = before.len();
        let plain = &self.source.text[range.clone()];
        let ends =
            matches!(&self.source.text[range.end..], rest if rest.is_empty() || rest.starts_with("</"));
        if !ends || children.next().is_some() || plain.contains('&') || !plain.trim().contains(['\n', '\r']) {
            return Ok(false);
        }
        self.end_paragraph();
        self.last = range.end;
        self.blocks.extend(text::read(self.source, range, self.limits)?);
        Ok(true)
    }

    /// Adds the text of a node as far as it is drawn.
    fn seen_text(&mut self, node: NodeRef<Node>) {
        let ink = node.parent().map_or(Ink::default(), |parent| self.inks.of(parent.id()));
        if ink.is_unseen {
            return;
        }
        let from = self.text.as_str().len();
        self.text(node);
        let text = self.text.as_str().get(from..).unwrap_or("");
        if !shows(text) {
            return;
        }
        if let Some(doubt) = ink.doubt {
            self.text.mark_doubtful_since(from, doubt);
        }
        self.order.add(ink.moved);
    }

    /// Adds the text of a node.
    fn text(&mut self, node: NodeRef<Node>) {
        let Node::Text(text) = node.value() else { return };
        for (offset, piece) in source_markers::pieces(text) {
            let body = piece.trim_end_matches(|c: char| c.is_ascii() && source_markers::is_space(c as u8));
            match offset {
                Some(at) => self.piece(body, at),
                // A marker is missing: a rough place is better than no text.
                None if !body.is_empty() => self.push(body, self.last, self.last),
                None => {}
            }
            self.space |= body.len() < piece.len();
        }
    }

    /// Adds a piece of text that begins at an offset of the decoded source.
    fn piece(&mut self, piece: &str, at: usize) {
        let original = self.source.text.get(at..at + piece.len()).unwrap_or("");
        if !source_markers::is_verbatim(piece, original) {
            let rest = &self.source.text[at..];
            let length = match source_markers::entity_length(rest) {
                0 => rest.ceil_char_boundary(piece.len().min(rest.len())),
                length => length,
            };
            return self.push(piece, at, at + length);
        }
        let mut start = at;
        for word in original.split(|c: char| c.is_ascii() && source_markers::is_space(c as u8)) {
            if word.is_empty() {
                self.space = true;
            } else {
                self.space |= start > at;
                self.push_space();
                self.source.push_onto(&mut self.text, start..start + word.len());
            }
            start += word.len() + 1;
        }
        self.last = at + piece.len();
    }

    /// Adds text for a range of the decoded source.
    fn push(&mut self, text: &str, start: usize, end: usize) {
        self.push_space();
        let (first, last) = (self.source.byte(start) as u64, self.source.byte(end) as u64);
        self.text.push(text, self.source.line(start), first..last, Width::Whole);
        self.last = end;
    }

    fn push_space(&mut self) {
        if std::mem::take(&mut self.space) && !self.text.is_empty() {
            let place = self.text.place();
            self.text.push(" ", place.line, place.end..place.end, Width::Whole);
        }
    }
}

/// The offset of a cell, from its marker.
fn cell_offset(element: ElementRef) -> Option<usize> {
    let (_, value) = element.value().attrs().find(|(name, _)| *name == source_markers::OFFSET)?;
    source_markers::offset(value).0
}

/// A span, as HTML reads numbers: digits in front, whatever follows.
fn number(value: &str) -> Option<u32> {
    let value = value.trim_start();
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    match digits {
        0 => None,
        _ => Some(value[..digits].parse().unwrap_or(u32::MAX)),
    }
}

/// Whether a row is there only to carry column widths.
fn is_helper(row: ElementRef) -> bool {
    let style = row.attr("style").unwrap_or("").replace(char::is_whitespace, "").to_ascii_lowercase();
    row.attr("height").is_some_and(|height| number(height) == Some(0))
        || style.split(';').any(|rule| matches!(rule, "height:0" | "height:0px" | "height:0pt"))
}
