//! Fields and controls: text that Word makes or takes from elsewhere.

use quick_xml::events::BytesStart;

use super::{Bound, Element, Field, MOST_FIELDS, Opened, Walk};
use crate::docx::styles::is_on;
use crate::docx::table::Open;
use crate::model::{Block, Doubt, Text};
use crate::xml::{self, Xml};

impl Walk<'_> {
    /// The begin, the middle or the end of a field.
    pub(super) fn field_mark(&mut self, tag: &BytesStart) -> Element {
        match xml::attribute(tag, "fldCharType").as_deref() {
            Some("begin") if self.fields.len() < MOST_FIELDS => {
                let is_dirty = xml::attribute(tag, "dirty").is_some_and(|value| is_on(&value));
                let start = self.length();
                self.fields.push(Field { is_code: true, is_dirty, start, ..Field::default() });
            }
            Some("separate") => {
                let start = self.length();
                if let Some(field) = self.fields.last_mut() {
                    (field.is_code, field.start) = (false, start);
                }
            }
            Some("end") => {
                if let Some(field) = self.fields.pop() {
                    self.end_field(&field);
                }
            }
            _ => {}
        }
        Element::Other
    }

    /// Marks the result of a field that Word computes itself.
    pub(super) fn end_field(&mut self, field: &Field) {
        let name = field.code.split_whitespace().next().unwrap_or("").to_ascii_uppercase();
        let end = self.length();
        let start = field.start.min(end);
        if field.is_dirty {
            self.doubt(start..end, Doubt::Generated);
        } else if matches!(name.as_str(), "EQ" | "SYMBOL" | "ADVANCE") {
            self.doubt(start..end, Doubt::Fraction);
        } else if matches!(name.as_str(), "FORMDROPDOWN" | "MACROBUTTON" | "GOTOBUTTON") {
            self.doubt(start..end, Doubt::Generated);
        }
    }

    pub(super) fn open_control(&mut self) -> Element {
        let flow = self.flows.len();
        let blocks = self.flows.last().map_or(0, |flow| flow.blocks.len());
        let cells = self.tables.last().map_or(0, Open::cells_of_row);
        let start = self.length();
        self.bound.push(Bound { value: None, flow, blocks, start, cells });
        Element::Control
    }

    pub(super) fn read_control_properties(&mut self, xml: &mut Xml) -> Opened {
        let mut value = None;
        let bindings = &self.bindings;
        xml.within(|tag, _| {
            if xml::name(tag) == "dataBinding" {
                let attribute = |name| xml::attribute(tag, name).unwrap_or_default();
                value = bindings.value(&attribute("storeItemID"), &attribute("xpath"));
            }
            Ok(())
        })?;
        self.bound.last_mut().into_iter().for_each(|bound| bound.value = value.take());
        Ok(None)
    }

    /// Marks the content of a control that shows something else.
    pub(super) fn end_control(&mut self) {
        let Some(Bound { value, flow: depth, blocks, start, cells }) = self.bound.pop() else { return };
        let Some(value) = value.filter(|_| depth == self.flows.len()) else { return };
        let without_space = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let Some(flow) = self.flows.last_mut() else { return };
        let mut shown = flow
            .blocks
            .get(blocks..)
            .unwrap_or_default()
            .iter()
            .filter_map(Block::paragraph_text)
            .fold(String::new(), |words, text| words + text.as_str());
        let start = if flow.blocks.len() > blocks { 0 } else { start };
        let running =
            flow.paragraph.as_ref().map_or("", |paragraph| paragraph.text.get(start..).unwrap_or(""));
        shown.push_str(running);
        let cell = self.tables.last_mut().and_then(|table| table.cell_since(cells));
        shown.extend(
            cell.iter().flat_map(|blocks| blocks.iter()).filter_map(Block::paragraph_text).map(Text::as_str),
        );
        if without_space(&shown) == without_space(&value) {
            return;
        }
        let end = flow.paragraph.as_ref().map_or(0, |paragraph| paragraph.text.len());
        let blocks = flow.blocks.get_mut(blocks..).unwrap_or_default().iter_mut();
        for block in blocks.chain(cell.into_iter().flatten()) {
            if let Block::Paragraph(paragraph) = block {
                paragraph.text.mark_doubtful_since(0, Doubt::Generated);
            }
        }
        if flow.paragraph.is_some() {
            self.doubt(start.min(end)..end, Doubt::Generated);
        }
    }
}
